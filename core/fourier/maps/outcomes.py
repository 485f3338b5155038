"""Per-image outcomes of a heat map: errors among chosen images, and by class."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import compress
from typing import Any

import numpy as np

from core.fourier.basis import Frequency, half_plane, wave_cells, wave_values
from core.fourier.intervals import Interval, wilson
from core.fourier.maps.contrasts import cell_error
from core.fourier.maps.heatmap import MEANS, Heatmap


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
