"""Predictions for the story's pictures: under every wave of its map, and mixed in pairs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.datasets import load_samples
from core.data.sample_sets import PRECOMPUTED, ImageDataset
from core.data.stored import cached_by_files, classifier_facts
from core.fourier.table import Number, Outcomes, Row, outcome_file
from core.fourier.waves import half_plane, hybrid
from core.shared.device import class_probabilities
from core.shared.files import Fact
from core.sweep.grow import PICTURES_AT_ONCE, Transforms, unmeasured
from core.sweep.predict import MIXED_AT, HybridPredictions, batches, hybrid_cutoffs, pixels, wave_on_image

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier

STORY_CHOICE = PRECOMPUTED / "default_picture.json"
STORY_SIDE = 31  # of the map whose waves are added to the story's picture
_SCALE = 10_000  # probabilities are stored as integers in units of 1 / _SCALE


@cache
def chosen_pictures() -> dict[str, Any]:
    """Load the choice of pictures: "position" of the story's picture, pairs of "mixtures", and the rules."""
    return json.loads(STORY_CHOICE.read_text("utf-8"))


def _chosen() -> dict[str, Any]:
    """Return everything that determines stored predictions, besides the network, as JSON."""
    chosen = chosen_pictures()
    facts = {name: chosen[name] for name in ("samples", "epsilon", "seed")}
    return facts | {"position": chosen["story"]["position"], "pairs": chosen["mixtures"]["pairs"]}


@dataclass(frozen=True, eq=False)
class StoredPredictions(Outcomes):
    """Predictions of one network for the story's picture and its pairs of mixed pictures, a row a picture.

    First the story's picture without a wave, then under each of `half_plane`; then for each pair the low picture, the
    high one, and their hybrid at each cutoff. Number probabilities: (K,) of the classes, in units of 1 / `_SCALE`; of
    the story's picture only that of the top-1 class, 0 for the others.
    """

    TRANSFORM, NUMBERS = "predictions", {"probabilities": Number((None,), np.uint16, high=_SCALE)}
    FILE = outcome_file(
        TRANSFORM,
        (Fact("classifier.name", "text"), Fact("pictures", "JSON object")),
        NUMBERS,
        required=("probabilities",),
        command="python -m core.reproduce.profile",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs, rest = divmod(len(self.counts) - STORY_WAVES, 2 + MIXED_AT)
        if rest or pairs < 0:
            raise ValueError(f"predictions have {STORY_WAVES} rows and {2 + MIXED_AT} a pair; got {len(self.counts)}")

    def top1(self) -> list[tuple[int, float]]:
        """(class, probability) of the story's picture without a wave, then under each of `half_plane`."""
        shares = self.numbers["probabilities"][:STORY_WAVES]
        return list(zip(shares.argmax(axis=1).tolist(), (shares.max(axis=1) / _SCALE).tolist(), strict=True))

    def hybrids(self, pair: int) -> HybridPredictions:
        """Predictions for a pair of mixed pictures."""
        first = STORY_WAVES + pair * (2 + MIXED_AT)
        low, high, *mixed = self.numbers["probabilities"][first : first + 2 + MIXED_AT] / _SCALE
        cutoffs = hybrid_cutoffs(load_samples(_chosen()["samples"]).image_size)
        return HybridPredictions(cutoffs, low, high, np.stack(mixed))


STORY_WAVES = 1 + len(half_plane(STORY_SIDE))  # rows of the story's picture


@cached_by_files("predictions")
def stored_predictions() -> dict[str, StoredPredictions]:
    """Load the stored predictions, by classifier name."""
    return StoredPredictions.stored()


@dataclass(frozen=True)
class PredictionConfig(Transforms[StoredPredictions]):
    """Predictions for the story's pictures, among the samples `chosen_pictures()["samples"]`."""

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> StoredPredictions:
        facts = {"classifier": classifier_facts(classifier), "pictures": _chosen(), "source": {}}
        rows = STORY_WAVES + len(facts["pictures"]["pairs"]) * (2 + MIXED_AT)
        probabilities = np.zeros((rows, len(classifier.classes)), np.uint16)
        return StoredPredictions(*unmeasured(rows, 0), facts, numbers={"probabilities": probabilities})

    def images(self, row: int, dataset: ImageDataset) -> int:
        return 1

    def measure(self, classifier: Classifier, dataset: ImageDataset, rows: Sequence[int]) -> Iterator[Row]:
        chosen, cutoffs, waves = _chosen(), hybrid_cutoffs(dataset.image_size), half_plane(STORY_SIDE)
        place, signs = chosen["position"], {"seed": chosen["seed"], "position": chosen["position"]}

        def picture(row: int) -> np.ndarray:
            if row < STORY_WAVES:
                (image,) = pixels(dataset, np.array([place]))
                return image if row == 0 else wave_on_image(image, waves[row - 1], chosen["epsilon"], **signs)
            pair, k = divmod(row - STORY_WAVES, 2 + MIXED_AT)
            low, high = pixels(dataset, np.array(chosen["pairs"][pair]))
            return (low, high)[k] if k < 2 else hybrid(low, high, cutoffs[k - 2])

        for some in batches(np.array(rows), PICTURES_AT_ONCE):
            shares = class_probabilities(classifier, np.stack([picture(row) for row in some.tolist()]))
            stored = (shares.astype(np.float64) * _SCALE).round()
            for row, own, probabilities in zip(some.tolist(), shares, stored, strict=True):
                if row < STORY_WAVES:
                    probabilities = np.where(own == own.max(), probabilities, 0)
                yield Row(row, 1, numbers={"probabilities": probabilities})
