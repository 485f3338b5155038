"""Statistics of two maps on the same images: against scipy, textbook examples, simulation and plain loops."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from core.fourier.contrasts import (
    RingDifference,
    clear_waves,
    difference,
    mismatches,
    ring_differences,
    ring_errors,
    rings_in_words,
)
from core.fourier.outcomes import Errors, clean_error, errors_under, same_images
from core.fourier.waves import half_plane
from core.shared.numbers import Interval, clustered_interval, paired_interval, wilson
from tests.core.squares import heatmap_of, only

N, SIDE = 200, 5
METADATA = {
    "dataset": {"name": "dots", "n": N, "content_hash": "0"},
    "image_size": 8,
    "epsilon": 1.0,
    "class_names": ["a", "b"],
    "seed": 0,
}


def heatmap(wrong, clean, **dataset):
    """A map from (13, N) outcomes in the order of `half_plane(5)`, and (N,) clean ones."""
    errors = np.zeros((SIDE, SIDE), np.int64)
    for (i, j), row in zip(half_plane(SIDE), wrong, strict=True):
        errors[2 + i, 2 + j] = errors[2 - i, 2 - j] = row.sum()
    metadata = METADATA | {"dataset": METADATA["dataset"] | dataset}
    count, labels = np.full_like(errors, N), np.zeros(N, np.uint16)
    every = np.vstack([clean, wrong])
    return heatmap_of(errors, errors, count, np.array([clean.sum(), 0, N]), metadata, wrong=every, labels=labels)


@pytest.fixture(scope="module")
def two():
    """Two networks that misclassify mostly the same images; their outcomes and their maps."""
    rng = np.random.default_rng(0)
    hard = rng.random(N)
    first, second = (rng.random((14, N)) * 0.6 + 0.7 * hard > level for level in (0.8, 0.9))
    return first, second, heatmap(first[1:], first[0]), heatmap(second[1:], second[0])


def cell_error(heatmap, wave):
    """A map's error under one wave."""
    errors = errors_under(heatmap, [wave])
    return Errors(errors.measured.item(), None if errors.scores is None else errors.scores[0], errors.images)


def under(first, second, wave):
    """Differences of two maps' errors under a wave."""
    return cell_error(first, wave).minus(cell_error(second, wave)).measured.item()


def test_clustered_interval_covers_the_truth():
    wrong = (np.arange(N) < 30).astype(float)
    _, low, high = clustered_interval(wrong)
    assert (low, high) == (pytest.approx(wilson(0.15, N).low), pytest.approx(wilson(0.15, N).high))
    assert clustered_interval(np.zeros(N)) == pytest.approx(wilson(0.0, N))
    rng = np.random.default_rng(0)
    hard = rng.beta(0.6, 1.4, size=(2000, 150, 1))  # mean 0.3
    scores = (rng.random((2000, 150, 8)) < hard).mean(axis=2)
    _, low, high = clustered_interval(scores)
    assert ((low <= 0.3) & (high >= 0.3)).mean() == pytest.approx(0.95, abs=0.015)
    assert (high - low).mean() < 0.85 * (wilson(0.3, 150).high - wilson(0.3, 150).low)


def test_maps_on_the_same_images_are_compared_image_by_image(two):
    a, b, first, second = two
    clear, waves = clear_waves(first, second), half_plane(SIDE)
    differences = errors_under(first, waves).minus(errors_under(second, waves)).scores
    np.testing.assert_array_equal(differences, a[1:].astype(int) - b[1:])
    for row, (i, j) in enumerate(half_plane(SIDE), 1):
        only_a, only_b = int((a[row] & ~b[row]).sum()), int((b[row] & ~a[row]).sum())
        assert clear.p[row - 1] == pytest.approx(stats.binomtest(only_a, only_a + only_b).pvalue)
        interval = paired_interval(a[row].astype(int) - b[row])
        for sign in (1, -1):
            assert difference(first, second).low[2 + sign * i, 2 + sign * j] == interval.low
            interval_there = under(first, second, (sign * i, sign * j))
            assert interval_there == interval
            assert interval_there.value == pytest.approx(a[row].mean() - b[row].mean())
        rise = cell_error(first, (i, j)).minus(clean_error(first)).measured.item()
        assert rise == paired_interval(a[row].astype(int) - a[0])


def test_rings_take_each_image_as_one_observation(two):
    a, b, first, second = two
    radius = np.array([round(math.hypot(*wave)) for wave in half_plane(SIDE)])
    errors, rings = ring_errors(first), ring_differences(first, second)
    assert [ring.radius for ring in rings] == [*errors] == [0, 1, 2, 3]
    for ring in rings:
        scores, others = (wrong[1:][radius == ring.radius].mean(axis=0) for wrong in (a, b))
        assert errors[ring.radius].measured == pytest.approx(tuple(map(float, clustered_interval(scores))))
        assert ring.error == pytest.approx(tuple(map(float, paired_interval(scores - others))))
        rises = scores - others - (1.0 * a[0] - b[0])
        assert ring.rise == pytest.approx(tuple(map(float, paired_interval(rises))))
    unknown = only(first, range(1, len(first.counts)))  # without the row of the clean pictures
    assert all(ring.rise is None for ring in ring_differences(unknown, second))


def test_unknown_pairing_is_treated_as_independent(two):
    _, b, first, second = two
    shifted = heatmap(b[1:], b[0], content_hash="1")
    nameless = heatmap(b[1:], b[0], content_hash=None)
    counts = dataclasses.replace(second, bits=None, labels=None)
    assert same_images(first, second)
    for other in (shifted, nameless, counts):
        assert not same_images(first, other)
        unpaired, paired = under(first, other, (1, 1)), under(first, second, (1, 1))
        assert unpaired.value == pytest.approx(paired.value)
        assert unpaired.high - unpaired.low > paired.high - paired.low  # these two misclassify mostly the same images
    # A map has the same images as itself, named or not.
    rises = [cell_error(part, (1, 1)).minus(clean_error(part)).measured.item() for part in (nameless, second)]
    assert rises[0] == rises[1]
    assert difference(first, counts, top=5).low[0, 0] == difference(first, second, top=5).low[0, 0]


def test_clear_waves_agree_with_scipy(two):
    a, b, first, second = two
    counts = dataclasses.replace(second, bits=None, labels=None)
    tables = [([[x.sum(), N - x.sum()], [y.sum(), N - y.sum()]]) for x, y in zip(a[1:], b[1:], strict=True)]
    unpaired = [stats.chi2_contingency(table, correction=False).pvalue for table in tables]
    for other, p in ((second, clear_waves(first, second).p), (counts, unpaired)):  # paired: as scipy's, above
        for rate in (1e-9, 0.05, 0.2):
            clear = clear_waves(first, other, rate=rate)
            assert clear.waves == half_plane(SIDE)
            np.testing.assert_allclose(clear.p, p)
            np.testing.assert_array_equal(clear.clear, stats.false_discovery_control(p) <= rate)
        assert 0 < clear_waves(first, other, rate=0.2 if other is counts else 0.05).clear.sum() < 13


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        ("++0--", "A makes clearly more mistakes than B up to 1 cycles per image, and fewer from 3 on."),
        ("+-0+-", "A makes clearly more mistakes than B at 0 and at 3 cycles per image, and fewer at 1 and at 4."),
        ("0--0+", "A makes clearly more mistakes than B at 4 cycles per image, and fewer from 1 to 2."),
        ("000", "In no ring does A make clearly more or fewer mistakes than B."),
    ],
)
def test_ring_words_name_significant_rings(signs, said):
    ends = {"+": (0.01, 0.03), "-": (-0.03, -0.01), "0": (-0.01, 0.03)}
    rings = [RingDifference(k, Interval(0.02, *ends[sign]), None) for k, sign in enumerate(signs)]
    assert rings_in_words("A", "B", rings) == said


# Maps of counts alone, small enough to check by hand


COUNTED = {"dataset": {"name": "dots", "n": 100}, "image_size": 8, "epsilon": 1.0, "class_names": ["a", "b"]}


def counted(errors, n=100, **metadata):
    errors = np.array(errors, dtype=np.int64)
    return heatmap_of(
        errors,
        np.zeros_like(errors),
        np.where(errors < 0, 0, n).astype(np.int64),
        np.array([5, 0, n], dtype=np.int64),
        COUNTED | metadata,
    )


SMALL = counted([[40, 20, 50], [10, 0, 10], [50, 20, 40]])


def test_missing_values_are_unknown():
    holes = counted([[40, -1, 50], [10, 0, 10], [50, -1, 40]])
    assert np.isnan(cell_error(holes, (1, 0)).measured.value)
    published = heatmap_of(
        np.full((3, 3), -1), np.full((3, 3), -1), np.zeros((3, 3), np.int64), np.full(3, -1), COUNTED,
        np.full((2, 3, 3), 0.5),
    )  # fmt: skip
    assert clean_error(published) is None
    assert cell_error(published, (0, 0)).measured.value == 0.5


def test_difference_crops_to_the_smaller_map_and_subtracts():
    large = np.full((5, 5), 90)
    large[2, 2] = 30
    result = difference(counted(large), SMALL)
    assert result.value.shape == (3, 3)
    assert result.value[1, 1] == pytest.approx(0.3)
    assert result.value[0, 2] == pytest.approx(0.4)
    assert (result.low <= result.value).all() and (result.value <= result.high).all()


def test_mismatches_names_each_difference_between_runs():
    assert mismatches(SMALL, SMALL) == ()
    other = counted([[1]], image_size=16, epsilon=2.0, dataset={"name": "stripes"}, class_names=["a"], weakened_as=224)
    reasons = " ".join(mismatches(SMALL, other))
    for part in ("8 and 16 pixels", "dots and stripes", "strengths: 1 and 2", "2 and 1 classes", "waves are weakened"):
        assert part in reasons


def test_rings_reach_the_corners():
    five = np.zeros((5, 5), np.int64)
    five[0, 0] = five[4, 4] = 90  # radius 2.83, of two waves
    rings = ring_errors(counted(five))
    assert list(rings) == [0, 1, 2, 3] and rings[3].measured == pytest.approx(wilson(0.45, 100))


def test_rings_of_printed_rates_agree_with_the_slow_twin():
    rng = np.random.default_rng(0)
    rates = rng.random((2, 9, 9))
    rates[:, rng.random((9, 9)) < 0.3] = np.nan
    unknown = np.full((9, 9), -1)
    published = heatmap_of(unknown, unknown, np.zeros_like(unknown), np.full(3, -1), COUNTED, rates)
    rings = {}
    for i, j in half_plane(9):
        known = [rate for rate in (rates[0, i + 4, j + 4], rates[0, 4 - i, 4 - j]) if rate >= 0]
        if known:
            rings.setdefault(round(np.hypot(i, j)), []).append(np.mean(known))
    means = {radius: errors.measured.value for radius, errors in ring_errors(published).items()}
    assert means == pytest.approx({ring: np.mean(rates) for ring, rates in sorted(rings.items())})
