"""The estimate against a textbook posterior with slow loops, and against known truths."""

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from core.fourier.map_estimate import MAX_WAVES, _find_lattice, estimate_map
from core.fourier.waves import half_plane

SIDE, SIZE = 11, 32
NAMES = ("radius_size", "radius_length", "own_size", "mirrored_size", "torus_length", "cell_size")


def values(array, size=SIDE):
    """The values at the waves of the half plane, in order."""
    return np.array([array[i + size // 2, j + size // 2] for i, j in half_plane(size)])


def smooth_truth(size=SIDE):
    """Low in the middle, a little higher for vertical waves."""
    i, j = np.indices((size, size)) - size // 2
    return 0.75 - 0.5 * np.exp(-np.hypot(i, j) / 4) - 0.08 * np.cos(np.pi * i / 16) * (abs(j) > abs(i))


def drawn(rates, n, seed=0):
    """Errors among n images for each pair of cells."""
    errors = np.random.default_rng(seed).binomial(n, rates)
    i, j = np.indices(errors.shape) - len(errors) // 2
    return np.where((j > 0) | ((j == 0) & (i >= 0)), errors, errors[::-1, ::-1])


def slow_covariance(waves, names):
    """The model as its docstring states it, one pair of waves at a time."""

    def matern(distance, length):
        x = math.sqrt(5) * distance / length
        return (1 + x + x * x / 3) * math.exp(-x)

    def on_torus(a, b):
        chords = [SIZE / math.pi * math.sin(math.pi * (p - q) / SIZE) for p, q in zip(a, b, strict=True)]
        return matern(math.hypot(*chords), names["torus_length"])

    def covariance(a, b):
        (i, j), radius = b, matern(math.hypot(*a) - math.hypot(*b), names["radius_length"])
        if math.hypot(*a) < math.hypot(*b):
            radius = matern(math.hypot(*b) - math.hypot(*a), names["radius_length"])
        own = (on_torus(a, (i, j)) + on_torus(a, (-i, -j))) / 2
        mirrored = (own + (on_torus(a, (-i, j)) + on_torus(a, (i, -j))) / 2) / 2
        same = names["cell_size"] ** 2 if a == b else 0
        sizes = (names[name] ** 2 for name in ("radius_size", "own_size", "mirrored_size"))
        return 1 + same + sum(size * part for size, part in zip(sizes, (radius, own, mirrored), strict=True))

    return np.array([[covariance(a, b) for b in waves] for a in waves])


@pytest.fixture(scope="module")
def example():
    """Counts with different numbers of images per wave, and their estimate."""
    count = drawn(np.full((SIDE, SIDE), 0.5), 150, seed=5)
    errors = drawn(smooth_truth(), count, seed=1)
    return errors, count, estimate_map(errors, count, image_size=SIZE)


@pytest.mark.parametrize("share", [1.0, 0.6])
def test_estimate_is_the_textbook_posterior(example, share):
    errors, count, _ = example
    estimate = estimate_map(errors, count, image_size=SIZE, variance_ratio=share)
    n, k = values(count), values(errors)
    prior = slow_covariance(half_plane(SIDE), estimate.hyperparameters)
    gain = prior @ np.linalg.inv(prior + np.diag(share / (4 * n + 2)))
    mean = math.pi / 4 + gain @ (np.arcsin(np.sqrt((k + 0.375) / (n + 0.75))) - math.pi / 4)
    deviation = np.sqrt(np.diag(prior - gain @ prior))
    assert estimate.lattice is None
    np.testing.assert_allclose(values(estimate.error.low), np.sin(mean - 1.96 * deviation) ** 2, atol=1e-5)
    np.testing.assert_allclose(values(estimate.error.high), np.sin(mean + 1.96 * deviation) ** 2, atol=1e-5)
    z = np.linspace(-8, 8, 2001)
    sampled = np.sin(mean[:, None] + deviation[:, None] * z) ** 2
    np.testing.assert_allclose(values(estimate.error.value), sampled @ norm.pdf(z) * (z[1] - z[0]), atol=1e-6)


def test_hyperparameters_are_the_likeliest(example):
    errors, count, fit = example
    n, k = values(count), values(errors)
    observed = np.arcsin(np.sqrt((k + 0.375) / (n + 0.75))) - math.pi / 4
    start, spread = (0.2, 6, 0.05, 0.05, 4, 0.01), (1.5, 1, 1.5, 1.5, 1, 1)

    def evidence(names):
        covariance = slow_covariance(half_plane(SIDE), names) + np.diag(1 / (4 * n + 2))
        pulls = [math.log(names[name] / value) for name, value in zip(NAMES, start, strict=True)]
        return multivariate_normal(cov=covariance).logpdf(observed) + norm.logpdf(pulls, scale=spread).sum()

    best = evidence(fit.hyperparameters)
    for name in NAMES:  # a maximum, where the evidence is flat
        less, more = (evidence(fit.hyperparameters | {name: fit.hyperparameters[name] * x}) for x in (1 / 1.1, 1.1))
        assert max(less, more) < best + 1e-3 and abs(more - less) < 2e-3, name


def test_estimate_keeps_lattice_dips():
    truth = smooth_truth(23)
    i, j = np.indices(truth.shape) - 11
    dips = (i % 5 == 0) & (j % 5 == 0) & ((i != 0) | (j != 0))
    errors = drawn(truth - 0.08 * dips, 200)
    count = np.full(truth.shape, 200)
    estimate = estimate_map(errors, count, image_size=SIZE)
    assert estimate.lattice == 5
    assert np.mean((estimate.error.value - truth)[dips]) == pytest.approx(-0.08, abs=0.03)


def test_the_shift_of_a_lattice_is_the_likeliest_of_all_sizes():
    waves, random = np.array(half_plane(SIDE)), np.random.default_rng(2)
    on = (waves % 3 == 0).all(axis=1) & waves.any(axis=1)
    factor = random.normal(size=(len(waves), len(waves)))
    covariance = factor @ factor.T / len(waves) + np.eye(len(waves))
    observed = multivariate_normal(cov=covariance).rvs(random_state=random) + 5.0 * on
    period, shift = _find_lattice(observed, np.linalg.inv(covariance), waves)
    sizes = shift * np.array([0.97, 1.0, 1.03])
    likelihoods = [multivariate_normal(cov=covariance + t**2 * np.outer(on, on)).logpdf(observed) for t in sizes]
    assert period == 3 and np.argmax(likelihoods) == 1


def test_lattice_needs_two_waves():
    waves = np.array([(0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (0, 3), (3, 0)])
    observed = 6.0 * (waves % 3 == 0).all(axis=1)
    assert _find_lattice(observed, np.eye(7), waves) == (3, pytest.approx(np.sqrt((2 * 36 - 1) / 2)))
    assert _find_lattice(observed[:6], np.eye(6), waves[:6]) is None
    beyond = np.array([*waves, (5, 0), (0, 5)])  # the largest period has only two waves
    assert _find_lattice(6.0 * (beyond % 5 == 0).all(axis=1), np.eye(9), beyond)[0] == 5


def test_estimate_reads_counted_cells_of_one_half_plane_alone(example):
    errors, count, whole = example
    np.testing.assert_array_equal(whole.error.value, whole.error.value[::-1, ::-1])
    fewer, forged = count.copy(), errors.copy()
    fewer[2, 3] = fewer[8, 7] = 0
    forged[2, 3] = forged[8, 7] = -1
    forged[4, :5] = 0  # j < 0: known from the other half
    estimate = estimate_map(forged, fewer, image_size=SIZE)
    for array in estimate.error:
        assert np.isnan(array[2, 3]) and np.isnan(array[8, 7]) and np.isfinite(array).sum() == SIDE**2 - 2
    assert np.nanmax(abs(estimate.error.value - whole.error.value)) < 0.05


def test_estimate_limits_its_input():
    single, measured = np.zeros((3, 3), int), np.zeros((3, 3), int)
    measured[1, 1] = 10
    assert estimate_map(single, measured, image_size=8) is None
    large = np.full((65, 65), 10)
    assert half_plane(65)[MAX_WAVES:] and estimate_map(large, large, image_size=224) is None
