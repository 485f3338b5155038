"""Differences of errors under waves: between two maps, two kinds of waves, or with and without a wave.

`Errors.minus` alone decides how two errors are compared. If both store which of the same images are misclassified,
every image is one observation, whatever the number of waves: averages over waves are first taken image by image. With
counts alone, Newcombe's interval treats the two as independent, and for the same images it may be too wide or too
narrow. All intervals are pointwise.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, product

import numpy as np

from core.fourier.basis import Frequency, half_plane, wave_values
from core.fourier.intervals import Interval, newcombe, paired_interval, wilson
from core.fourier.maps.heatmap import Heatmap, outcome_row
from core.shared.errors import one_line


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


def contrast(first: Errors | None, second: Errors | None) -> Interval | None:
    """Return the first minus the second, for a cell, a ring, a band or no wave; None if either is unknown."""
    return None if first is None or second is None else first.minus(second).measured.item()


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


@lru_cache(8)
def difference(first: Heatmap, second: Heatmap, top: int = 1) -> Interval:
    """Return `first` minus `second` as (R, R) maps, NaN where either is unknown; crop the larger map to the smaller."""
    side = min(first.side, second.side)
    first, second = first.crop(side), second.crop(side)
    cells = _known_cells(first.rate(top) + second.rate(top))
    a, b = (errors_under(heatmap, cells, top) for heatmap in (first, second))
    return _as_maps(a.minus(b).measured, cells, side)


@lru_cache(8)
def minus_clean(heatmap: Heatmap, top: int = 1) -> Interval | None:
    """Return the error with the wave minus that without, as (R, R) maps; None if the clean error is unknown."""
    cells, clean = _known_cells(heatmap.rate(top)), clean_error(heatmap, top)
    if clean is None:
        return None
    return _as_maps(errors_under(heatmap, cells, top).minus(clean).measured, cells, heatmap.side)


def _known_cells(rate: np.ndarray) -> list[Frequency]:
    """Return both (i, j) and (-i, -j): a published map may have measured each."""
    span = range(-(len(rate) // 2), len(rate) // 2 + 1)
    return list(compress(product(span, span), np.isfinite(rate).ravel()))


def _as_maps(measured: Interval, cells: Sequence[Frequency], side: int) -> Interval:
    maps = np.full((3, side, side), np.nan)
    rows, columns = np.reshape(cells, (-1, 2)).astype(np.int64).T + side // 2
    maps[:, rows, columns] = measured
    return Interval(*maps)


def mcnemar(only_first: np.ndarray, only_second: np.ndarray) -> np.ndarray:
    """Return the two-sided exact p of McNemar's test: each network is equally often the only wrong one."""
    from scipy.special import betainc  # the binomial distribution without scipy.stats, which takes 47 MB

    fewer, more = np.minimum(only_first, only_second), np.maximum(only_first, only_second)
    return np.where(fewer == more, 1.0, np.minimum(1.0, 2 * betainc(more, fewer + 1, 0.5)))


@dataclass(frozen=True, eq=False)
class ClearWaves:
    """Waves under which two maps differ, among their common waves, at a controlled false discovery rate.

    value: (W,) first minus second. p: (W,). clear: (W,) bool. paired: whether McNemar's test was used, or, from counts
    alone, the test of two independent proportions.
    """

    waves: tuple[Frequency, ...]
    value: np.ndarray
    p: np.ndarray
    clear: np.ndarray
    paired: bool


def clear_waves(first: Heatmap, second: Heatmap, rate: float = 0.05) -> ClearWaves:
    """Find the waves under which two maps' top-1 errors differ, by the Benjamini-Hochberg procedure."""
    from scipy.stats import false_discovery_control, norm

    side = min(first.side, second.side)
    first, second = first.crop(side), second.crop(side)
    known = wave_values(np.isfinite(first.rate() + second.rate()), half_plane(side))
    waves = tuple(compress(half_plane(side), known))
    a, b = (errors_under(heatmap, waves) for heatmap in (first, second))
    difference = a.minus(b)
    if difference.scores is not None:
        p = mcnemar((difference.scores > 0).sum(axis=1), (difference.scores < 0).sum(axis=1))
    else:
        value, n_a, n_b = (
            difference.measured.value,
            *(wave_values(heatmap.images, waves) for heatmap in (first, second)),
        )
        pooled = (a.measured.value * n_a + b.measured.value * n_b) / (n_a + n_b)
        error = np.sqrt(pooled * (1 - pooled) * (1 / n_a + 1 / n_b))
        p = 2 * norm.sf(np.abs(np.divide(value, error, out=np.zeros_like(value), where=error > 0)))
    clear = false_discovery_control(p) <= rate if len(p) else np.zeros(0, bool)
    return ClearWaves(waves, difference.measured.value, p, clear, difference.scores is not None)


def mismatches(first: Heatmap, second: Heatmap) -> tuple[str, ...]:
    """Return the reasons why two maps cannot be compared cell by cell, one sentence each; empty if they can."""
    a, b = first.metadata, second.metadata
    reasons = []
    if a["image_size"] != b["image_size"]:
        reasons.append(
            f"Their images have {a['image_size']} and {b['image_size']} pixels, "
            "so the same cycles per image are different waves per pixel."
        )
    if a["dataset"]["name"] != b["dataset"]["name"]:
        names = " and ".join(one_line(facts["dataset"]["name"]) for facts in (a, b))
        reasons.append(f"They were measured on different data: {names}.")
    if float(a["epsilon"]) != float(b["epsilon"]):
        reasons.append(f"Their waves have different size v: {a['epsilon']:g} and {b['epsilon']:g}.")
    if a.get("weakened_as") != b.get("weakened_as"):
        reasons.append("In one of them the waves are weakened, as enlarging the images does.")
    if len(a["class_names"]) != len(b["class_names"]):
        reasons.append(f"They choose among {len(a['class_names'])} and {len(b['class_names'])} classes.")
    return tuple(reasons)
