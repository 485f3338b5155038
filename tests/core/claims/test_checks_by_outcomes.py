"""Claims about maps that say which images are misclassified: judged image by image, against plain loops."""

import dataclasses
import math

import numpy as np
import pytest

from core.claims.claim import NamedMap, Verdict
from core.classifiers.registry import network_side
from core.fourier.waves import half_plane
from core.shared.numbers import clustered_interval, paired_interval
from tests.core.claims.judging import assert_says, judged, numbers
from tests.core.squares import heatmap_of, with_squares

N = 300


def with_outcomes(name, seed, level):
    """A map of 31 x 31 cells with N images that a network finds equally hard."""
    rng = np.random.default_rng(seed)
    hard = np.random.default_rng(99).random(N)
    waves = half_plane(31)
    wrong = rng.random((len(waves), N)) * 0.5 + 0.5 * hard > level
    clean = hard > 0.9
    errors = np.zeros((31, 31), np.int64)
    for (i, j), row in zip(waves, wrong, strict=True):
        errors[15 + i, 15 + j] = errors[15 - i, 15 - j] = row.sum()
    facts = {
        "classifier": {"name": name},
        "dataset": {"name": "dots", "n": N, "content_hash": "0"},
        "source": {"type": "computed"},
        "image_size": 32,
        "epsilon": 4.0,
        "class_names": ["a"],
    }
    heatmap = heatmap_of(
        errors,
        errors,
        np.full_like(errors, N),
        np.array([clean.sum(), 0, N]),
        facts,
        wrong=np.vstack([clean, wrong]),
        labels=np.zeros(N, np.uint16),
    )
    return (
        NamedMap(name, name, heatmap, network_side(name)),
        wrong,
        clean,
        np.array([round(math.hypot(*wave)) for wave in waves]),
    )


def test_maps_with_outcomes_are_judged_image_by_image():
    first, a, clean_a, radius = with_outcomes("mini-resnet", 0, 0.6)
    second, b, _, _ = with_outcomes("mini-resnet-robust", 1, 0.65)
    by_key = judged(first, second, [first, second])
    errors = [wrong[radius <= 2].mean(axis=0) for wrong in (a, b)]
    low = errors[0] - errors[1]
    expected = [(part.mean(), *clustered_interval(part)[1:]) for part in errors]
    expected.append((low.mean(), *paired_interval(low)[1:]))
    assert_says(by_key["low"], Verdict.HOLDS, *([100 * float(x) for x in interval] for interval in expected))
    rise = a[radius > 15].mean(axis=0) - clean_a
    clean = clustered_interval(clean_a.astype(float))
    assert_says(
        by_key["robust-high"],
        Verdict.FAILS,
        [100 * float(x) for x in (rise.mean(), *paired_interval(rise)[1:])],
        [100 * float(x) for x in (clean_a.mean(), *clean[1:])],
    )
    # both networks take 32 pixels: no weakening is needed, and the corners are compared directly
    assert by_key["relies"].verdict in (Verdict.IN_PART, Verdict.FAILS)
    assert numbers(by_key["relies"])[2] == numbers(by_key["high"])[2]
    assert "twins mini-resnet-robust" in by_key


@pytest.mark.parametrize(
    ("rise", "verdict"),
    [(0.01, Verdict.HOLDS), (0.03, Verdict.FAILS), (0.013, Verdict.NOT_CHECKABLE), (-0.05, Verdict.HOLDS)],
)
def test_not_affected_needs_more_than_noise(rise, verdict):
    named, *_ = with_outcomes("mini-resnet", 0, 0.6)
    n = 100_000 if rise == 0.01 or rise == 0.03 else 2_000
    errors = np.full((31, 31), round((0.1 + rise) * n))
    counts = with_squares(
        named.heatmap,
        top1_errors=errors,
        top5_errors=errors,
        count=np.full_like(errors, n),
        clean=np.array([n // 10, 0, n]),
    )
    finding = judged(dataclasses.replace(named, heatmap=counts), named, [])["robust-high"]
    assert finding.verdict == verdict
