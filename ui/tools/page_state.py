"""State of the page *Frequencies* that its tools read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from core.classifiers.families import ClassifierSpec
from core.shared.numbers import Frequency
from ui.maps.catalogue import Entry, entries
from ui.maps.models import Predictor
from ui.maps.predictions.cell_panel import PerturbedPicture
from ui.maps.predictions.cell_predictions import SamplePredictions, torch_starts, with_twins
from ui.shared.pictures import Picture

MAX_NETWORKS = 4


@dataclass(frozen=True, eq=False)
class PageState:
    """State of the page.

    perturbed: the picture under the wave; None without a picture or while classifiers must wait. predictors: the
    classifiers that predict; empty if none may. count: counts how often the wave flips the bundled samples. on_new_map:
    called with the label of a map that a sweep has finished. chart: draws the chart of errors.
    """

    chosen: Sequence[Entry]
    frequency: Frequency
    picture: Picture | None
    perturbed: PerturbedPicture | None
    predictors: Sequence[Predictor]
    count: Callable[[], list[SamplePredictions]]
    on_new_map: Callable[[str], None]
    chart: Callable[[], None]

    @property
    def networks(self) -> list[ClassifierSpec]:
        """Up to four predictors and robust twins; if torch does not start, none, and the page says why."""
        if self.picture is None or not self.predictors or not torch_starts():
            return []
        return with_twins(self.predictors, self.picture.class_set)[:MAX_NETWORKS]

    @property
    def available(self) -> list[Entry]:
        """All available maps."""
        return list(entries().values())
