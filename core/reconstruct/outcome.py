"""Measures of a finished run's images, from its file or pixels. No torch."""

from __future__ import annotations

import numpy as np

from core.reconstruct.report import WINDOW, ssim_inside
from core.runs.file import PGDRun


def last_change(run: PGDRun, row: int) -> tuple[float, float] | None:
    """Return the final mean change of a value in and around the hole of image `row`, in [0, 1]; None if not stored."""
    changes = run.metadata["images"].get("change") or []
    return (changes[row]["inside"], changes[row]["outside"]) if row < len(changes) else None


def change_until_sure(run: PGDRun, row: int) -> float | None:
    """Return the mean change inside the hole when the classifier was first confident in image `row`'s target.

    None if it never was, or in files of earlier versions.
    """
    facts = run.metadata["images"].get("sure") or []
    known = facts[row] if row < len(facts) else None
    return None if known is None else known["change"]


def similarity(run: PGDRun, row: int) -> tuple[float, float] | None:
    """Return the SSIM to the original inside the hole of image `row`, at the start and at the end.

    The end is the last frame, rounded to integers. None if the file has no original or hole, or the picture is smaller
    than SSIM's windows.
    """
    if run.original is None or run.mask is None or min(run.start.shape[-2:]) < WINDOW:
        return None
    hole = run.mask[row if len(run.mask) > 1 else 0]
    if not hole.any():
        return None
    original, last = (images[row].astype(np.float32) / np.float32(255) for images in (run.original, run.frames[-1]))
    return ssim_inside(original, run.start[row], hole), ssim_inside(original, last, hole)


def mean_similarity(run: PGDRun) -> tuple[float, float] | None:
    """Return the means of `similarity` over all images; None if one is unknown."""
    pairs = [similarity(run, row) for row in range(len(run.start))]
    known = [pair for pair in pairs if pair is not None]
    if known != pairs:
        return None
    before, after = np.mean(known, axis=0)
    return float(before), float(after)
