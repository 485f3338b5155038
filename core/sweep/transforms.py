"""One sweep over transforms of pictures: what a network says of each, in one file that grows part by part.

`core.sweep.hybrid` and `core.sweep.corruption` are two tables of it.
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
from core.shared.files import Archived
from core.sweep.output import only_writer
from core.sweep.predictions import batches, finite_top1, pixels

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset

BATCH = 64


class TransformOutcomes(Archived):
    """A dataclass of arrays, with `metadata` on the network, the data set, and all else that they depend on.

    what: they are, for errors. unit: a part of them, for the progress bar.
    """

    what: ClassVar[str]
    unit: ClassVar[str]

    @property
    def measured(self) -> np.ndarray:
        """bool, of each part whether it was."""
        raise NotImplementedError

    def originals(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        """The arrays that change once the network was asked about the pictures themselves.

        predictions, labels: (P, n), where each transformed picture is made of P.
        """
        raise NotImplementedError

    def part(self, place: tuple[int, ...], says: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
        """The arrays that change once a part was measured: copies, since a kept state never changes later.

        place: in `measured`. says: (P, n) bool, whether the class of each of the P pictures is said of what is made of
        them. value: as `Transforms.apply`, mean over all n.
        """
        raise NotImplementedError

    @classmethod
    def stored(cls, paths: Sequence[Path]) -> dict[str, Self]:
        """Load files, by the name of the classifier, of which the first counts."""
        tables = read_stored(cls.load, paths)
        return first_by_name((outcomes.metadata["classifier"]["name"], outcomes) for outcomes in tables)

    def same_settings(self, other: Self) -> bool:
        """Whether one can go on where the other stopped: the facts are equal, but for the source."""
        facts, two = ({**outcomes.metadata, "source": None} for outcomes in (self, other))
        return facts == two


Growing = TypeVar("Growing", bound=TransformOutcomes, covariant=True)


class Transforms(Protocol[Growing]):
    """A table of transforms of pictures."""

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """(n, P) positions of the pictures that each transformed one is made of."""

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> Growing:
        """Return outcomes of which nothing is measured yet."""

    def apply(
        self, place: tuple[int, ...], pictures: list[np.ndarray], positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The transformed pictures, and a number or a row of numbers about them, mean over the batch.

        Args:
            place: of the part, in `TransformOutcomes.measured`.
            pictures: P of (B, 3, H, W) float32 in [0, 1].
            positions: (B, P) of the pictures, in their data set.
        Returns:
            (B, 3, H, W) float32 in [0, 1], and the numbers.
        """


def growing(
    transforms: Transforms[Growing],
    classifier: Classifier,
    dataset: ImageDataset,
    start: Growing | None = None,
    *,
    batch_size: int = BATCH,
) -> Iterator[Growing]:
    """The outcomes after each part that `start`, of these settings, lacks; the last are whole.

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
        said, value = [], np.zeros(())
        for some in batches(places, batch_size):
            images, numbers = transforms.apply(place, [pixels(dataset, side) for side in some.T], some)
            said.append(finite_top1(classifier, images))
            value = value + numbers * len(some) / len(places)
        seconds = round(before + time.perf_counter() - begun, 2)
        facts = {**outcomes.metadata, "source": computed_source(device_name(classifier), wall_seconds=seconds)}
        arrays = outcomes.part(place, np.concatenate(said) == labels, value)
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
    """Measure what `output` lacks, and keep each finished part there, so that the same call resumes.

    Args:
        description: what the progress bar is called.
    Raises:
        ValueError: `output` holds outcomes of other settings.
        RuntimeError: another run is writing it, or the logits are not finite.
        OSError: the folder takes no file.
    """
    empty = transforms.empty(classifier, dataset)
    with only_writer(output):
        outcomes = start = type(empty).load(output) if output.exists() else empty
        if not empty.same_settings(start):
            raise ValueError(f"{output.name} holds {empty.what} of other settings; choose another --output")
        done = int(start.measured.sum())
        with progress_bar(desc=description, total=empty.measured.size, initial=done, unit=empty.unit) as bar:
            for outcomes in growing(transforms, classifier, dataset, start, batch_size=batch_size):
                outcomes.save(output)
                bar.update()
    return outcomes
