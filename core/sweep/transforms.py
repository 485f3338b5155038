"""Other transforms of pictures: hybrids and corruptions, and the story's predictions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt, energy_by_radius
from core.data.datasets import load_samples
from core.data.sample_sets import PRECOMPUTED, ImageDataset
from core.data.stored import (
    cached_by_files,
    classifier_facts,
    first_by_name,
    outcome_facts,
    read_stored,
)
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes
from core.fourier.table import Number, Outcomes, Row, outcome_file
from core.fourier.waves import clipped_share, half_plane, hybrid, mix
from core.shared.device import class_probabilities
from core.shared.files import Fact
from core.sweep.grow import Table, Transforms
from core.sweep.predict import (
    MIXED_AT,
    HybridPredictions,
    batches,
    finite_top1,
    hybrid_cutoffs,
    pixels,
    wave_on_image,
)

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier

BATCH = 64
MAX_PAIRS = 1_000_000
SMALL = 32  # pixels
SMALL_CUTOFFS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 11.0, 16.0)


class PictureTransforms(Transforms[Table]):
    """Base of transforms of whole pictures: row 0 is of the untransformed ones, and the true classes are asked for.

    number: name of the number about transformed pictures.
    """

    number: ClassVar[str]
    batch_size: int | None

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, P) positions of the pictures that each transformed one is made from."""
        raise NotImplementedError

    def apply(self, row: int, pictures: list[np.ndarray], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the transformed pictures, and one or several numbers about them, mean over the batch.

        Args:
            row: at least 1.
            pictures: P of (B, 3, H, W) float32 in [0, 1].
            positions: (B, P) of the pictures in their data set.
        Returns:
            (B, 3, H, W) float32 in [0, 1], and the numbers.
        """
        raise NotImplementedError

    def images(self, row: int, dataset: ImageDataset) -> int:
        return len(self.places(dataset))

    def measure(self, classifier: Classifier, dataset: ImageDataset, rows: Sequence[int]) -> Iterator[Row]:
        places, size = self.places(dataset), self.batch_size or BATCH
        labels = dataset.labels[places.T]
        for row in rows:
            numbers: dict[str, np.ndarray] = {}
            if row == 0:
                alone = [
                    np.concatenate([finite_top1(classifier, pixels(dataset, some)) for some in batches(side, size)])
                    for side in places.T
                ]
                predictions = np.stack(alone)
            else:
                parts, value = [], np.zeros(())
                for some in batches(places, size):
                    images, mean = self.apply(row, [pixels(dataset, side) for side in some.T], some)
                    parts.append(finite_top1(classifier, images))
                    value = value + mean * len(some) / len(places)
                predictions, numbers = np.concatenate(parts), {self.number: value}
            hit = predictions == labels
            bits, unmixed = np.packbits(hit, axis=1), None if row else predictions
            yield Row(row, len(places), hit.sum(axis=1), bits, unmixed, numbers)


@dataclass(frozen=True)
class HybridConfig(PictureTransforms[HybridOutcomes]):
    """Settings of a measurement on hybrids, besides classifier and data set.

    pairs: their number. cutoffs: ascending, in cycles per image. seed: of the choice of pairs.
    """

    number = "clipped"

    pairs: int
    cutoffs: tuple[float, ...]
    seed: int = 0
    batch_size: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.pairs <= MAX_PAIRS:
            raise ValueError(f"pairs must be 1 to {MAX_PAIRS:,}; got {self.pairs}")
        ends = (0.0, *self.cutoffs, float("inf"))
        if len(self.cutoffs) < 2 or not all(a < b for a, b in zip(ends, ends[1:], strict=False)):
            raise ValueError(f"cutoffs must be at least two finite, ascending numbers above 0; got {self.cutoffs}")

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, 2) positions of the low and the high pictures."""
        return draw_pairs(dataset.labels, self.pairs, seed=self.seed)

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> HybridOutcomes:
        labels, rows = dataset.labels[self.places(dataset).T].astype(np.uint16), 1 + len(self.cutoffs)
        return HybridOutcomes(
            *_unmeasured(rows, 2),
            outcome_facts(classifier, dataset, self.seed),
            np.zeros((rows, 2, -(-self.pairs // 8)), np.uint8),
            labels,
            np.zeros_like(labels),
            {"cutoffs": np.array([0.0, *self.cutoffs]), "clipped": np.full(rows, np.nan, np.float32)},
        )

    def apply(self, row: int, pictures: list[np.ndarray], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the hybrids of one cutoff, and the share of their contrast lost by clipping."""
        low, high = pictures
        unclipped = mix(low, high, self.cutoffs[row - 1])
        return unclipped.clip(0, 1).astype(np.float32), clipped_share(unclipped).mean()


def _unmeasured(rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts and hits of rows that are not measured."""
    return np.zeros(rows, np.int64), np.full((rows, classes), -1)


def default_cutoffs(image_size: int) -> tuple[float, ...]:
    """Return cutoffs up to half the side: dense near small networks' crossovers, above 32 pixels by quarter octave."""
    if image_size <= SMALL:
        return tuple(cutoff for cutoff in SMALL_CUTOFFS if cutoff <= image_size / 2)
    octaves = np.log2(image_size / 2)
    return tuple(round(float(2 ** (k / 4)), 3) for k in range(int(4 * octaves) + 1))


def draw_pairs(labels: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Draw pairs of pictures of different classes; fewer of the same seed are the first of more.

    The pictures are shuffled and paired, so that none is used twice until all have been used; then they are reshuffled.

    Args:
        labels: (N,) classes.
    Returns:
        (count, 2) int64 positions of the low and the high pictures.
    Raises:
        ValueError: all pictures have one class.
    """
    if (labels == labels[0]).all():
        raise ValueError("hybrids need pictures of different classes, and these all have one")
    generator = np.random.Generator(np.random.PCG64(seed))
    pairs = np.empty((0, 2), dtype=np.int64)
    while len(pairs) < count:
        two = generator.permutation(len(labels))[: len(labels) // 2 * 2].reshape(-1, 2)
        pairs = np.concatenate([pairs, two[labels[two[:, 0]] != labels[two[:, 1]]]])
    return pairs[:count]


@dataclass(frozen=True)
class CorruptionConfig(PictureTransforms[CorruptionOutcomes]):
    """Settings of a measurement, besides classifier, data set and table of corruptions.

    pictures: their number, at least 1; at most all are used. seed: of their choice and of random corruptions.
    """

    number = "spectrum"

    pictures: int
    seed: int = 0
    batch_size: int | None = None

    def __post_init__(self) -> None:
        if self.pictures < 1:
            raise ValueError(f"pictures must be at least 1; got {self.pictures}")

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, 1) distinct positions; fewer of the same seed are the first of more."""
        return np.random.default_rng(self.seed).permutation(len(dataset))[: self.pictures, None]

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> CorruptionOutcomes:
        side, n = dataset.image_size, min(self.pictures, len(dataset))
        amounts = {row.key: [row.amount(s, side) for s in STRENGTHS] for row in CORRUPTIONS.values()}
        facts = outcome_facts(classifier, dataset, self.seed, pictures=n, corruptions=amounts)
        rows, radii = 1 + len(CORRUPTIONS) * len(STRENGTHS), len(energy_by_radius(np.zeros((1, 1, side, side))))
        bits, spectrum = np.zeros((rows, 1, -(-n // 8)), np.uint8), np.full((rows, radii), np.nan, np.float32)
        return CorruptionOutcomes(*_unmeasured(rows, 1), facts, bits, numbers={"spectrum": spectrum})

    def apply(self, row: int, pictures: list[np.ndarray], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the pictures under one corruption at one strength, and the energy of the change by radius."""
        corruption, strength = divmod(row - 1, len(STRENGTHS))
        (images,) = pictures
        kind = list(CORRUPTIONS.values())[corruption]
        changed = corrupt(images, kind, STRENGTHS[strength], positions[:, 0].tolist(), seed=self.seed)
        return changed, energy_by_radius(changed - images)


CHOICE = PRECOMPUTED / "default_picture.json"
SIDE = 31  # of the map whose waves are added to the story's picture
SCALE = 10_000  # probabilities are stored as integers in units of 1 / SCALE
TOGETHER = 64  # pictures in one forward pass


@cache
def chosen_pictures() -> dict[str, Any]:
    """Load the choice of pictures: "position" of the story's picture, pairs of "mixtures", and the rules."""
    return json.loads(CHOICE.read_text("utf-8"))


def _chosen() -> dict[str, Any]:
    """Return everything that determines stored predictions, besides the network, as JSON."""
    chosen = chosen_pictures()
    facts = {name: chosen[name] for name in ("samples", "epsilon", "seed")}
    return facts | {"position": chosen["story"]["position"], "pairs": chosen["mixtures"]["pairs"]}


@dataclass(frozen=True, eq=False)
class StoredPredictions(Outcomes):
    """Predictions of one network for the story's picture and its pairs of mixed pictures, a row a picture.

    First the story's picture without a wave, then under each of `half_plane`; then for each pair the low picture, the
    high one, and their hybrid at each cutoff. Number probabilities: (K,) of the classes, in units of 1 / `SCALE`; of
    the story's picture only that of the top-1 class, 0 for the others.
    """

    TRANSFORM, NUMBERS = "predictions", {"probabilities": Number((None,), np.uint16, high=SCALE)}
    FILE = outcome_file(
        TRANSFORM,
        "file of predictions",
        "python -m core.reproduce.profile",
        (Fact("classifier.name", "text"), Fact("pictures", "JSON object")),
        NUMBERS,
        required=("probabilities",),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        pairs, rest = divmod(len(self.counts) - WAVES, 2 + MIXED_AT)
        if rest or pairs < 0:
            raise ValueError(f"predictions have {WAVES} rows and {2 + MIXED_AT} a pair; got {len(self.counts)}")

    @property
    def is_current(self) -> bool:
        """Whether these are predictions of the current choice of pictures."""
        return bool(self.metadata["pictures"] == _chosen())

    def top1(self) -> list[tuple[int, float]]:
        """(class, probability) of the story's picture without a wave, then under each of `half_plane`."""
        shares = self.numbers["probabilities"][:WAVES]
        return list(zip(shares.argmax(axis=1).tolist(), (shares.max(axis=1) / SCALE).tolist(), strict=True))

    def hybrids(self, pair: int) -> HybridPredictions:
        """Predictions for a pair of mixed pictures."""
        first = WAVES + pair * (2 + MIXED_AT)
        low, high, *mixed = self.numbers["probabilities"][first : first + 2 + MIXED_AT] / SCALE
        cutoffs = hybrid_cutoffs(load_samples(_chosen()["samples"]).image_size)
        return HybridPredictions(cutoffs, low, high, np.stack(mixed))


WAVES = 1 + len(half_plane(SIDE))  # rows of the story's picture


@cached_by_files("predictions")
def stored_predictions(paths: tuple[Path, ...]) -> dict[str, StoredPredictions]:
    """Load the stored predictions of the current choice of pictures, by classifier name."""
    files = read_stored(StoredPredictions.load, paths)
    return first_by_name((file.metadata["classifier"]["name"], file) for file in files if file.is_current)


@dataclass(frozen=True)
class PredictionConfig(Transforms[StoredPredictions]):
    """Predictions for the story's pictures, among the samples `chosen_pictures()["samples"]`."""

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> StoredPredictions:
        facts = {"classifier": classifier_facts(classifier), "pictures": _chosen(), "source": {}}
        rows = WAVES + len(facts["pictures"]["pairs"]) * (2 + MIXED_AT)
        probabilities = np.zeros((rows, len(classifier.classes)), np.uint16)
        return StoredPredictions(*_unmeasured(rows, 0), facts, numbers={"probabilities": probabilities})

    def images(self, row: int, dataset: ImageDataset) -> int:
        return 1

    def measure(self, classifier: Classifier, dataset: ImageDataset, rows: Sequence[int]) -> Iterator[Row]:
        chosen, cutoffs, waves = _chosen(), hybrid_cutoffs(dataset.image_size), half_plane(SIDE)
        place, signs = chosen["position"], {"seed": chosen["seed"], "position": chosen["position"]}

        def picture(row: int) -> np.ndarray:
            if row < WAVES:
                (image,) = pixels(dataset, np.array([place]))
                return image if row == 0 else wave_on_image(image, waves[row - 1], chosen["epsilon"], **signs)
            pair, k = divmod(row - WAVES, 2 + MIXED_AT)
            low, high = pixels(dataset, np.array(chosen["pairs"][pair]))
            return (low, high)[k] if k < 2 else hybrid(low, high, cutoffs[k - 2])

        for some in batches(np.array(rows), TOGETHER):
            shares = class_probabilities(classifier, np.stack([picture(row) for row in some.tolist()]))
            stored = (shares.astype(np.float64) * SCALE).round()
            for row, own, probabilities in zip(some.tolist(), shares, stored, strict=True):
                if row < WAVES:
                    probabilities = np.where(own == own.max(), probabilities, 0)
                yield Row(row, 1, numbers={"probabilities": probabilities})
