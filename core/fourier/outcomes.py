"""Outcomes of sweeps: misclassified images under each wave, hybrid, corruption; energy of gradients."""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from core.data.corruptions import STRENGTHS
from core.data.stored import OUTCOME_FACTS, first_by_name, read_stored
from core.fourier.derived import Crossover, crossover, crossover_difference
from core.fourier.heatmap import MEANS, Heatmap, outcome_row
from core.fourier.waves import half_plane, wave_cells, wave_map, wave_values
from core.shared.files import ArchiveContent, ArchiveKind, Fact, check_array
from core.shared.numbers import (
    Frequency,
    Interval,
    clustered_interval,
    newcombe,
    paired_interval,
    wilson,
)

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class Errors:
    """An error, or a difference of two, with everything needed to compare it with another.

    measured: a number, or (W,) for as many waves. scores: (n,) or (W, n), each image's term in the mean, such as 0 or
    1; None if unknown. images: equal for the same images in the same order.
    """

    measured: Interval
    scores: np.ndarray | None = None
    images: Hashable = None

    def minus(self, other: Errors) -> Errors:
        """Subtract other errors: image by image where both know the same images, else as of independent images."""
        if self.scores is None or other.scores is None or self.images != other.images:
            return Errors(newcombe(self.measured, other.measured))
        scores = self.scores - other.scores
        return Errors(paired_interval(scores), scores, self.images)


def images_of(heatmap: Heatmap) -> Hashable:
    """Return a key that is equal for maps of the same images in the same order; None for a map without labels."""
    if heatmap.labels is None:
        return None
    content = heatmap.metadata["dataset"].get("content_hash")
    # Unnamed images are equal only to themselves; a weak reference does not keep the map alive.
    return (content, heatmap.labels.tobytes()) if isinstance(content, str) else weakref.ref(heatmap)


def same_images(first: Heatmap, second: Heatmap) -> bool:
    """Return whether both maps store which images they misclassify, for the same images in the same order."""
    return first.labels is not None and images_of(first) == images_of(second)


def errors_under(heatmap: Heatmap, waves: Sequence[Frequency], top: int = 1) -> Errors:
    """Return the errors under each of W waves of the map."""
    measured = Interval(*(wave_values(part, waves) for part in heatmap.interval(top)))
    return Errors(measured, _scores(heatmap, waves) if top == 1 else None, images_of(heatmap))


def _scores(heatmap: Heatmap, waves: Sequence[Frequency | None]) -> np.ndarray | None:
    """(W, n) int8, 1 where an image is misclassified; None is the clean image."""
    if heatmap.outcomes is None or heatmap.labels is None:
        return None
    rows = [outcome_row(wave, heatmap.side) for wave in waves]
    return np.unpackbits(heatmap.outcomes[rows], axis=1, count=len(heatmap.labels)).view(np.int8)


def cell_error(heatmap: Heatmap, wave: Frequency, top: int = 1) -> Errors | None:
    """Return the error under one wave; None where the map does not include it or has not computed it."""
    if max(map(abs, wave)) > heatmap.side // 2:
        return None
    errors = errors_under(heatmap, [wave], top)
    if not np.isfinite(errors.measured.value[0]):
        return None
    return Errors(errors.measured.item(), None if errors.scores is None else errors.scores[0], errors.images)


def clean_error(heatmap: Heatmap, top: int = 1) -> Errors | None:
    """Return the error without any wave; None where the source does not state it."""
    value = heatmap.clean_rate(top)
    if value is None:
        return None
    scores = _scores(heatmap, [None]) if top == 1 else None
    measured = wilson(value, int(heatmap.clean[2])).item()
    return Errors(measured, None if scores is None else scores[0], images_of(heatmap))


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


GRADIENT_FILES = ArchiveKind(
    name="file of gradients",
    maker="core.reproduce.profile",
    schema=1,
    required=("blocks",),
    facts=(Fact("classifier.name", "text"), Fact("dataset.n", "whole number", 2)),
)
BLOCKS = 20  # of pictures, for the bootstrap


@dataclass(frozen=True, eq=False)
class StoredGradient(ArchiveContent):
    """Energy of one network's gradients on CIFAR-10's 32 x 32 pixels.

    blocks: (BLOCKS, W) float16, mean `relative_energy` of each block of as many pictures along each of `half_plane`.
    metadata: classifier, dataset, source.
    """

    FILE = GRADIENT_FILES

    blocks: np.ndarray
    metadata: dict[str, Any]

    def arrays(self) -> dict[str, np.ndarray]:
        return {"blocks": self.blocks}

    @property
    def pictures(self) -> int:
        """Number of pictures."""
        return int(self.metadata["dataset"]["n"])

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the network's weights."""
        return self.metadata["classifier"].get("sha256")

    @cached_property
    def energy(self) -> np.ndarray:
        """(W,) mean over all pictures."""
        return self.blocks.mean(axis=0, dtype=np.float64)

    @property
    def side(self) -> int:
        """Side R of the map that has these waves."""
        return int((2 * self.blocks.shape[1] - 1) ** 0.5)

    def maps(self, values: np.ndarray) -> np.ndarray:
        """(..., R, R) maps of (..., W) values of its waves."""
        return wave_map(values, half_plane(self.side), self.side)


@dataclass(frozen=True, eq=False)
class MapOutcomes:
    """Misclassified images (top-1) under each wave.

    waves: the W computed ones, lowest frequency first. wrong: (W, n) bool. clean: (n,) bool, without a wave; None if
    not computed.
    """

    waves: tuple[Frequency, ...]
    wrong: np.ndarray
    clean: np.ndarray | None


@lru_cache(8)
def outcomes(heatmap: Heatmap) -> MapOutcomes | None:
    """Return the outcomes of a map; None if its file has none."""
    if heatmap.outcomes is None or heatmap.labels is None:
        return None
    waves = half_plane(heatmap.side)
    known = wave_values(heatmap.count, waves) > 0
    clean, *wrong = np.unpackbits(heatmap.outcomes[[True, *known]], axis=1, count=len(heatmap.labels)).astype(bool)
    return MapOutcomes(
        tuple(compress(waves, known)),
        np.array(wrong).reshape(-1, len(heatmap.labels)),
        clean if heatmap.clean[2] > 0 else None,
    )


def select_images(heatmap: Heatmap, chosen: np.ndarray) -> Heatmap:
    """Restrict a map to chosen images.

    Args:
        heatmap: one with outcomes.
        chosen: (n,) bool for all waves, or (W, n) for each computed wave; the clean error is then that of all images.
    Raises:
        ValueError: the map has no outcomes.
    """
    result = outcomes(heatmap)
    if result is None:
        raise ValueError("this map does not say which images are misclassified")
    errors, count = np.full_like(heatmap.top1_errors, -1), np.zeros_like(heatmap.count)
    images = np.broadcast_to(chosen, result.wrong.shape)
    for (i, j), wrong, some in zip(result.waves, result.wrong, images, strict=True):
        for cell in wave_cells(i, j, heatmap.side):
            errors[cell], count[cell] = (wrong & some).sum(), some.sum()
    clean = heatmap.clean
    if chosen.ndim == 1 and result.clean is not None:
        clean = np.array([(result.clean & chosen).sum(), -1, chosen.sum()])
    without: dict[str, Any] = dict.fromkeys(("outcomes", "labels", *MEANS))
    return replace(
        heatmap,
        top1_errors=errors,
        top5_errors=np.full_like(errors, -1),
        count=count,
        clean=clean,
        **without,
    )


@lru_cache(8)
def by_class(heatmap: Heatmap) -> dict[int, Heatmap] | None:
    """Return the map of each class with images, by its index in `class_names`; None without outcomes."""
    if heatmap.labels is None:
        return None
    return {label: select_images(heatmap, heatmap.labels == label) for label in np.unique(heatmap.labels).tolist()}


@dataclass(frozen=True)
class ClassError:
    """Error among the `images` of one class. label: its index."""

    label: int
    error: Interval
    images: int


def class_errors(heatmap: Heatmap, frequency: Frequency) -> tuple[ClassError, ...]:
    """Return the errors by class under one wave; empty if the map has no outcomes for it."""
    errors = []
    for label, part in (by_class(heatmap) or {}).items():
        if (error := cell_error(part, frequency)) is not None:
            errors.append(ClassError(label, error.measured, int(part.count.max())))
    return tuple(errors)


def class_errors_of(labels: np.ndarray, predictions: np.ndarray) -> tuple[ClassError, ...]:
    """Return the errors by class of (N,) predictions, for the classes among the (N,) labels."""
    errors = []
    for label in np.unique(labels).tolist():
        wrong = predictions[labels == label] != label
        errors.append(ClassError(label, wilson(wrong.mean(), wrong.size).item(), wrong.size))
    return tuple(errors)


ALIKE = 0.05  # mean confusion of two classes from which `dissimilar_pairs` excludes them
HYBRIDS = ArchiveKind(
    name="file of hybrids",
    maker="core.sweep.hybrid",
    schema=1,
    required=("cutoffs", "says", "labels", "predictions", "clipped"),
    facts=(
        *OUTCOME_FACTS,
        Fact("class_names", "list", 1, 2**16),
    ),
)


@dataclass(frozen=True, eq=False)
class HybridOutcomes(TransformOutcomes):
    """Outcomes on n pairs at C cutoffs.

    cutoffs: (C,) float64, ascending, in cycles per image. says: (2, C, n) bool: whether the low and the high picture's
    class is predicted. labels, predictions: (2, n) int64, true and predicted class of the low and the high picture of
    each pair, unmixed. clipped: (C,) mean share of the contrast lost by clipping; NaN if not yet measured.
    """

    FILE, what, unit = HYBRIDS, "hybrids", "cutoff"

    cutoffs: np.ndarray
    says: np.ndarray
    labels: np.ndarray
    predictions: np.ndarray
    clipped: np.ndarray
    metadata: Mapping[str, Any]

    @property
    def pairs(self) -> int:
        return self.labels.shape[1]

    @property
    def measured(self) -> np.ndarray:
        return np.isfinite(self.clipped)

    def originals(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        return {"predictions": predictions}

    def part(self, place: tuple[int, ...], says: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
        said, clipped = self.says.copy(), self.clipped.copy()
        said[:, place[0]], clipped[place] = says, value
        return {"says": said, "clipped": clipped}

    @property
    def done(self) -> int:
        """Number of measured cutoffs, the first ones."""
        return int(self.measured.sum())

    @property
    def shares(self) -> tuple[Interval, Interval]:
        """Shares of pairs with the low and the high picture's class predicted, by measured cutoff (Wilson)."""
        low, high = (wilson(side[: self.done].mean(axis=1), self.pairs) for side in self.says)
        return low, high

    def subset(self, chosen: np.ndarray) -> HybridOutcomes:
        """Return the outcomes on chosen pairs, (n,) bool."""
        parts = {name: getattr(self, name)[..., chosen] for name in ("says", "labels", "predictions")}
        return replace(self, **parts)

    def same_settings(self, other: HybridOutcomes) -> bool:
        alike = np.array_equal(self.cutoffs, other.cutoffs) and np.array_equal(self.labels, other.labels)
        return alike and super().same_settings(other)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the file's arrays, outcomes packed as bits."""
        few = _few(self.metadata)
        return {
            "cutoffs": self.cutoffs,
            "says": np.packbits(self.says, axis=2),
            "labels": self.labels.astype(few),
            "predictions": self.predictions.astype(few),
            "clipped": self.clipped.astype(np.float32),
        }

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> HybridOutcomes:
        cutoffs, says, labels, predictions, clipped = (arrays[name] for name in HYBRIDS.required)
        count, pairs, few = len(cutoffs), labels.shape[-1], _few(metadata)
        check_array("labels", labels, (2, pairs), few)
        check_array("predictions", predictions, (2, pairs), few)
        check_array("says", says, (2, count, -(-pairs // 8)), np.uint8)
        check_array("clipped", clipped, (count,), np.float32)
        if cutoffs.dtype != np.float64 or count < 2 or not np.isfinite(cutoffs).all() or (np.diff(cutoffs) <= 0).any():
            raise ValueError("cutoffs must be finite and ascend")
        later = np.diff(np.isfinite(clipped).astype(int)) > 0  # a cutoff measured after an unmeasured one
        classes = len(metadata["class_names"])
        if pairs == 0 or later.any() or max(labels.max(), predictions.max()) >= classes:
            raise ValueError("labels or cutoffs do not fit")
        says = np.unpackbits(says, axis=2, count=pairs).astype(bool)
        return cls(
            cutoffs, says, labels.astype(np.int64), predictions.astype(np.int64), clipped.astype(np.float64), metadata
        )


def _few(metadata: Mapping[str, Any]) -> type[np.uint8] | type[np.uint16]:
    """Return the dtype of class indices in the file."""
    return np.uint8 if len(metadata["class_names"]) <= 256 else np.uint16


@lru_cache(32)
def crossover_of(outcomes: HybridOutcomes) -> Crossover | None:
    """Return the crossover cutoff of the network; None if it has none, or too little is measured."""
    done = outcomes.done
    if done < 2:
        return None
    low, high = outcomes.says[:, :done]
    return crossover(low, high, outcomes.cutoffs[:done].tolist())


@lru_cache(32)
def first_pairs(outcomes: HybridOutcomes, count: int) -> HybridOutcomes:
    """Return the outcomes on the first pairs, equal to those of fewer pairs of the same seed."""
    return outcomes if outcomes.pairs <= count else outcomes.subset(np.arange(outcomes.pairs) < count)


def same_pairs(a: HybridOutcomes, b: HybridOutcomes) -> bool:
    """Return whether both networks saw the same pairs, possibly at different cutoffs."""
    same = a.metadata["dataset"]["content_hash"] == b.metadata["dataset"]["content_hash"]
    return same and a.metadata["seed"] == b.metadata["seed"] and np.array_equal(a.labels, b.labels)


def paired_difference(a: HybridOutcomes, b: HybridOutcomes) -> Interval | None:
    """Return a's crossover cutoff minus b's, paired; None if either has none or their pairs differ."""
    first, second = crossover_of(a), crossover_of(b)
    return crossover_difference(first, second) if first and second and same_pairs(a, b) else None


def dissimilar_pairs(outcomes: HybridOutcomes, alike: float = ALIKE) -> np.ndarray:
    """Return which pairs have classes that this network rarely confuses, (n,) bool.

    Measured on the pairs' unmixed pictures: the mean share of two classes taken for each other must be below `alike`.
    """
    classes = len(outcomes.metadata["class_names"])
    taken = np.zeros((classes, classes))
    np.add.at(taken, (outcomes.labels.ravel(), outcomes.predictions.ravel()), 1)
    taken /= np.maximum(taken.sum(axis=1, keepdims=True), 1)
    return ((taken + taken.T) / 2)[tuple(outcomes.labels)] < alike


CORRUPTION_FILE = ArchiveKind(
    name="file of corruptions",
    maker="core.sweep.corruption",
    schema=1,
    required=("clean", "correct", "spectrum"),
    facts=(
        *OUTCOME_FACTS,
        Fact("pictures", "whole number", 1, 2**32),
        Fact("corruptions", "JSON object", 1, 100),
    ),
)


@dataclass(frozen=True, eq=False)
class CorruptionOutcomes(TransformOutcomes):
    """Outcomes on n pictures under D corruptions at S strengths.

    clean: (n,) bool, whether each clean picture is classified correctly. correct: (D, S, n) bool, the same for the
    corrupted pictures. spectrum: (D, S, R) mean energy of the change by rounded radius, as in `energy_by_radius`; NaN
    where not yet measured. metadata: facts; `corruptions` are D keys, each with its S amounts.
    """

    FILE, what, unit = CORRUPTION_FILE, "corruptions", "strength"

    clean: np.ndarray
    correct: np.ndarray
    spectrum: np.ndarray
    metadata: Mapping[str, Any]

    @property
    def pictures(self) -> int:
        return len(self.clean)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the D corruptions, in order."""
        return tuple(self.metadata["corruptions"])

    @property
    def measured(self) -> np.ndarray:
        """(D, S) bool, whether measured."""
        return np.isfinite(self.spectrum).all(axis=-1)

    def originals(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        return {"clean": (predictions == labels)[0]}

    def part(self, place: tuple[int, ...], says: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
        correct, spectrum = self.correct.copy(), self.spectrum.copy()
        correct[place], spectrum[place] = says[0], value
        return {"correct": correct, "spectrum": spectrum}

    @property
    def images(self) -> Hashable:
        """Key of the pictures and corruptions: equal keys mean paired outcomes."""
        facts = self.metadata
        amounts = tuple((key, *amounts) for key, amounts in facts["corruptions"].items())
        return facts["dataset"]["content_hash"], facts["seed"], self.pictures, amounts

    def clean_errors(self) -> Errors:
        """Return the errors on the clean pictures."""
        return self._errors(~self.clean[None])

    def errors(self, *keys: str, strength: int | None = None) -> Errors:
        """Return the mean error over one or several corruptions, at one strength or over all, image by image."""
        rows = [self.keys.index(key) for key in keys]
        columns = slice(None) if strength is None else [STRENGTHS.index(strength)]
        return self._errors(~self.correct[rows][:, columns].reshape(-1, self.pictures))

    def _errors(self, wrong: np.ndarray) -> Errors:
        scores = wrong.mean(axis=0)
        return Errors(clustered_interval(scores).item(), scores, self.images)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the file's arrays, outcomes packed as bits."""
        return {
            "clean": np.packbits(self.clean),
            "correct": np.packbits(self.correct, axis=2),
            "spectrum": self.spectrum.astype(np.float32),
        }

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> CorruptionOutcomes:
        clean, correct, spectrum = (arrays[name] for name in CORRUPTION_FILE.required)
        pictures, rows = metadata["pictures"], (len(metadata["corruptions"]), len(STRENGTHS))
        check_array("clean", clean, (-(-pictures // 8),), np.uint8)
        check_array("correct", correct, (*rows, -(-pictures // 8)), np.uint8)
        if spectrum.shape[:2] != rows or spectrum.ndim != 3 or not spectrum.shape[2] or spectrum.dtype.kind != "f":
            raise ValueError(f"spectrum must be {rows} rows of numbers; it is {spectrum.dtype} {spectrum.shape}")
        if np.isinf(spectrum).any() or (spectrum < 0).any():
            raise ValueError("energies must be finite and non-negative")
        for key, amounts in metadata["corruptions"].items():
            if not isinstance(amounts, list) or len(amounts) != len(STRENGTHS):
                raise ValueError(f"{key!r} must have {len(STRENGTHS)} amounts")
            if not all(isinstance(amount, int | float) for amount in amounts):
                raise ValueError(f"the amounts of {key!r} must be numbers")
        clean = np.unpackbits(clean, count=pictures).astype(bool)
        correct = np.unpackbits(correct, axis=2, count=pictures).astype(bool)
        return cls(clean, correct, spectrum.astype(np.float64), metadata)
