"""Sweeps over transforms of pictures: predictions for each, in a file that grows part by part.

`core.sweep.hybrid` and `core.sweep.corruption` define transforms.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

import numpy as np

from core.data.profiles import first_by_name, read_stored
from core.data.provenance import computed_source
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.shared.files import ArchiveContent
from core.sweep.output import only_writer
from core.sweep.predictions import batches, finite_top1, pixels

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset

BATCH = 64


class TransformOutcomes(ArchiveContent):
    """Base of dataclasses of arrays, with `metadata` on everything that determines them.

    what: name of the outcomes, for errors. unit: name of a part, for the progress bar.
    """

    what: ClassVar[str]
    unit: ClassVar[str]

    @property
    def measured(self) -> np.ndarray:
        """Whether each part is measured, bool."""
        raise NotImplementedError

    def originals(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """Return the arrays changed by the predictions for the untransformed pictures.

        predictions, labels: (P, n), if each transformed picture is made from P.
        """
        raise NotImplementedError

    def part(self, place: tuple[int, ...], says: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
        """Return the arrays changed by a measured part, as copies, since states are immutable.

        place: index in `measured`. says: (P, n) bool, whether the class of each of the P pictures is predicted for the
        transformed one. value: as in `Transforms.apply`, mean over all n.
        """
        raise NotImplementedError

    @classmethod
    def stored(cls, paths: Sequence[Path]) -> dict[str, Self]:
        """Load files by classifier name; the first of a name counts."""
        tables = read_stored(cls.load, paths)
        return first_by_name((outcomes.metadata["classifier"]["name"], outcomes) for outcomes in tables)

    def same_settings(self, other: Self) -> bool:
        """Return whether one may resume the other: all metadata but the source are equal."""
        facts, two = ({**outcomes.metadata, "source": None} for outcomes in (self, other))
        return facts == two


Growing = TypeVar("Growing", bound=TransformOutcomes, covariant=True)


class Transforms(Protocol[Growing]):
    """A table of transforms of pictures."""

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, P) positions of the pictures that each transformed one is made from."""

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> Growing:
        """Return outcomes before any measurement."""

    def apply(
        self, place: tuple[int, ...], pictures: list[np.ndarray], positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the transformed pictures, and one or several numbers about them, mean over the batch.

        Args:
            place: index of the part in `TransformOutcomes.measured`.
            pictures: P of (B, 3, H, W) float32 in [0, 1].
            positions: (B, P) of the pictures in their data set.
        Returns:
            (B, 3, H, W) float32 in [0, 1], and the numbers.
        """


def grow_outcomes(
    transforms: Transforms[Growing],
    classifier: Classifier,
    dataset: ImageDataset,
    start: Growing | None = None,
    *,
    batch_size: int = BATCH,
) -> Iterator[Growing]:
    """Yield the outcomes after each part missing in `start`, of the same settings; the last are complete.

    Raises:
        RuntimeError: the logits are not finite.
    """
    outcomes: Any = transforms.empty(classifier, dataset) if start is None else start
    begun, before = time.perf_counter(), outcomes.metadata["source"].get("wall_seconds", 0.0)
    places = transforms.places(dataset)
    labels = dataset.labels[places.T]
    for place in map(tuple, np.argwhere(~outcomes.measured).tolist()):
        if not outcomes.measured.any():
            alone = [
                np.concatenate([finite_top1(classifier, pixels(dataset, some)) for some in batches(side, batch_size)])
                for side in places.T
            ]
            outcomes = replace(outcomes, **outcomes.originals(np.stack(alone), labels))
        predictions, value = [], np.zeros(())
        for some in batches(places, batch_size):
            images, numbers = transforms.apply(place, [pixels(dataset, side) for side in some.T], some)
            predictions.append(finite_top1(classifier, images))
            value = value + numbers * len(some) / len(places)
        seconds = round(before + time.perf_counter() - begun, 2)
        facts = {**outcomes.metadata, "source": computed_source(device_name(classifier), wall_seconds=seconds)}
        arrays = outcomes.part(place, np.concatenate(predictions) == labels, value)
        outcomes = replace(outcomes, **arrays, metadata=facts)
        yield outcomes


def grow_in_file(
    transforms: Transforms[Growing],
    classifier: Classifier,
    dataset: ImageDataset,
    output: Path,
    *,
    batch_size: int = BATCH,
    description: str | None = None,
) -> Growing:
    """Measure the missing parts of `output`, saving after each, so that the same call resumes.

    Args:
        description: of the progress bar.
    Raises:
        ValueError: `output` holds outcomes of other settings.
        RuntimeError: another run is writing it, or the logits are not finite.
        OSError: the folder is not writable.
    """
    empty = transforms.empty(classifier, dataset)
    with only_writer(output):
        outcomes = start = type(empty).load(output) if output.exists() else empty
        if not empty.same_settings(start):
            raise ValueError(
                f"{output.name} holds {empty.what} of other settings; choose another --output, or delete it"
            )
        done = int(start.measured.sum())
        with progress_bar(desc=description, total=empty.measured.size, initial=done, unit=empty.unit) as bar:
            for outcomes in grow_outcomes(transforms, classifier, dataset, start, batch_size=batch_size):
                outcomes.save(output)
                bar.update()
    return outcomes
