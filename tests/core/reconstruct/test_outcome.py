"""Measures of a run's images, from its file and its pixels."""

import numpy as np
import pytest

from core.reconstruct.outcome import change_until_sure, last_change, mean_similarity, similarity
from core.runs.file import PGDRun
from core.runs.stored import RUNS
from tests.ui.run_forge import sound_run

RUN = PGDRun.load(RUNS / "inpainting_cifar10-5__mini-resnet-robust.npz")


def ssim_by_hand(original: np.ndarray, picture: np.ndarray, hole: np.ndarray) -> float:
    """SSIM of Wang et al. with 7 x 7 windows of equal weight, at pixels inside the hole, which no border touches."""
    values = []
    for channel in range(3):
        for y, x in zip(*np.nonzero(hole[0]), strict=True):
            a, b = (
                image[channel, y - 3 : y + 4, x - 3 : x + 4].astype(np.float64).ravel() for image in (original, picture)
            )
            covariance = np.cov(a, b)
            c1, c2 = 0.01**2, 0.03**2
            same = (2 * a.mean() * b.mean() + c1) / (a.mean() ** 2 + b.mean() ** 2 + c1)
            values.append(same * (2 * covariance[0, 1] + c2) / (covariance[0, 0] + covariance[1, 1] + c2))
    return float(np.mean(values))


def test_similarity_is_ssim_inside_the_hole_to_the_original_at_the_start_and_at_the_end():
    original, hole = RUN.original[0] / 255, RUN.mask[0]
    expected = ssim_by_hand(original, RUN.start[0], hole), ssim_by_hand(original, RUN.frames[-1, 0] / 255, hole)
    assert similarity(RUN, 0) == pytest.approx(expected, abs=1e-5) and mean_similarity(RUN) == similarity(RUN, 0)
    several = sound_run("inpainting", batch=2)
    assert mean_similarity(several) == pytest.approx(np.mean([similarity(several, row) for row in (0, 1)], axis=0))
    assert (
        similarity(sound_run("inpainting", size=(6, 9)), 0) is None and mean_similarity(sound_run("generation")) is None
    )


def test_changes_are_the_files_and_none_where_it_is_silent():
    facts = RUN.metadata["images"]
    assert last_change(RUN, 0) == (facts["change"][0]["inside"], facts["change"][0]["outside"])
    facts = {name: fact for name, fact in facts.items() if name not in ("change", "sure")}
    silent = PGDRun(**{**vars(RUN), "metadata": {**RUN.metadata, "images": facts}})
    assert last_change(silent, 0) is None and change_until_sure(silent, 0) is None
