"""Gradients and their energies against formulas, plain sums over pixels."""

import cmath
import itertools
import math

import numpy as np
import pytest
import torch

from core.fourier.waves import fourier_basis, half_plane, relative_energy, ring_energy
from core.sweep.transforms import CHUNK, loss_gradients
from tests.core.toy import SIZE, LinearClassifier

RNG = np.random.default_rng(0)
GRADIENT = RNG.normal(size=(3, SIZE, SIZE)).astype(np.float32)
SIDE = 7


def energies(gradient, side):
    """{(i, j): e(i, j)} by definition, pixel by pixel."""
    _, height, width = gradient.shape
    pixels = list(itertools.product(range(height), range(width)))
    return {
        (i, j): sum(
            abs(sum(float(c[y, x]) * cmath.exp(-2j * math.pi * (i * y / height + j * x / width)) for y, x in pixels))
            ** 2
            for c in gradient
        )
        / (height * width)
        for i, j in half_plane(side)
    }


def test_the_gradient_of_a_linear_classifier_is_the_one_on_paper():
    classifier = LinearClassifier()
    images = RNG.random((CHUNK + 3, 3, SIZE, SIZE), np.float32)
    labels = np.arange(len(images)) % 4
    result = loss_gradients(classifier, images, labels)
    expected = classifier.gradient(torch.from_numpy(images), torch.from_numpy(labels))
    np.testing.assert_allclose(result, expected, atol=1e-6)
    with torch.inference_mode():  # as on pages
        np.testing.assert_array_equal(loss_gradients(classifier, images, labels), result)


def test_a_classifier_that_cannot_be_differentiated_is_refused():
    with pytest.raises(ValueError, match="cannot be differentiated"):
        loss_gradients(lambda images: images.detach().flatten(1)[:, :4], GRADIENT[None], np.array([0]))


def test_energy_is_that_of_the_definition_and_of_the_waves_of_a_sweep():
    (energy,) = relative_energy(GRADIENT[None], SIDE)
    expected = energies(GRADIENT, SIDE)
    mean = sum(value * (1 if wave == (0, 0) else 2) for wave, value in expected.items()) / SIDE**2
    np.testing.assert_allclose(energy, [value / mean for value in expected.values()])
    # The mean, over phases and Eq. 1's signs, of the squared change of the loss per unit of v, to first order.
    for wave in ((0, 0), (0, 1), (2, -3)):
        y, x = np.indices((SIZE, SIZE))
        squares = []
        for turn, signs in itertools.product((0, 0.25), itertools.product((-1, 1), repeat=3)):
            basis = np.cos(2 * np.pi * ((wave[0] * y + wave[1] * x) / SIZE + (turn if any(wave) else 0)))
            basis /= np.linalg.norm(basis)
            if not turn:
                np.testing.assert_allclose(basis, fourier_basis(*wave, SIZE, SIZE), atol=1e-6)
            squares.append((np.array(signs) @ (GRADIENT * basis).sum((1, 2))) ** 2)
        wave = next(candidate for candidate in (wave, (-wave[0], -wave[1])) if candidate in expected)
        assert np.mean(squares) == pytest.approx(expected[wave], rel=1e-5)


@pytest.mark.filterwarnings("error")
def test_one_wave_has_all_energy_in_its_cells_and_a_point_spreads_it_evenly():
    wave = np.stack([sign * fourier_basis(3, -4, 16, 16) for sign in (1, -1, 0.5)])
    (energy,) = relative_energy(wave[None], 15)
    assert energy[half_plane(15).index((-3, 4))] == pytest.approx(15**2 / 2)
    point = np.zeros((1, 3, 16, 16))
    point[0, 1, 4, 7] = 2
    flat = relative_energy(point, 15)
    np.testing.assert_allclose(flat, 1)
    np.testing.assert_allclose(ring_energy(flat[0], 15), 1)
    assert np.isnan(relative_energy(0 * point, 15)).all()


def test_rings_are_those_of_rounded_radius():
    (energy,) = relative_energy(GRADIENT[None], SIDE)
    rings = {}
    for wave, value in zip(half_plane(SIDE), energy, strict=True):
        rings.setdefault(round(math.hypot(*wave)), []).append((value, 1 if wave == (0, 0) else 2))
    np.testing.assert_allclose(ring_energy(energy, SIDE), [np.mean([v for v, _ in rings[r]]) for r in sorted(rings)])


@pytest.mark.parametrize("side", [4, 9])
def test_a_side_that_the_pixels_cannot_carry_is_refused(side):
    with pytest.raises(ValueError, match="must be odd|up to side 7"):
        relative_energy(GRADIENT[None], side)
