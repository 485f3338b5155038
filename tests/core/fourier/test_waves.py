"""Oracles for the Fourier basis (norm, spectrum, symmetry, orthogonality), signs and perturbed images."""

import numpy as np
import pytest
import torch

from core.fourier.waves import (
    add_basis,
    all_random_signs,
    canonical_frequency,
    fourier_basis,
    frequency_to_cell,
    half_plane,
    random_signs,
)

FIRST_SIGNS = [[-1, -1, -1], [1, -1, 1], [1, -1, -1], [-1, 1, 1]]
SIZES = [(8, 8), (9, 9), (8, 9), (7, 12), (32, 32), (1, 6)]


def frequencies(height, width):
    return [(i, j) for i in range(-(height // 2), height // 2 + 1) for j in range(-(width // 2), width // 2 + 1)]


@pytest.mark.parametrize(("height", "width"), SIZES)
def test_fourier_basis_is_one_normalised_coefficient(height, width):
    for i, j in frequencies(height, width):
        spectrum = np.zeros((height, width), dtype=complex)
        spectrum[i % height, j % width] = 1
        slow = np.fft.ifft2(spectrum).real
        np.testing.assert_allclose(fourier_basis(i, j, height, width), slow / np.linalg.norm(slow), atol=1e-6)


def test_fourier_basis_refuses_a_frequency_beyond_nyquist():
    with pytest.raises(ValueError, match="beyond Nyquist .* 4"):
        fourier_basis(5, 0, 8, 8)


def test_frequency_to_cell_has_zero_in_the_middle():
    assert frequency_to_cell(0, 0, 31) == (15, 15) and frequency_to_cell(-15, 3, 31) == (0, 18)
    for arguments, message in (((0, 16, 31), "outside a heat map of size 31"), ((0, 0, 32), "must be odd")):
        with pytest.raises(ValueError, match=message):
            frequency_to_cell(*arguments)


@pytest.mark.parametrize(("size", "waves"), [(1, 1), (3, 5), (31, 481), (63, 1985)])
def test_half_plane_holds_each_wave_once(size, waves):
    half = half_plane(size)
    assert len(half) == len(set(half)) == waves
    mirrored = set(half) | {(-i, -j) for i, j in half}
    assert len(mirrored) == size * size
    assert all(canonical_frequency(-i, -j) == (i, j) for i, j in half)


def test_random_signs_are_fixed_by_seed_and_wave():
    few, many = random_signs(10, (3, -4), seed=7), random_signs(1000, (3, -4), seed=7)
    np.testing.assert_array_equal(few, many[:10])
    np.testing.assert_array_equal(many, random_signs(1000, (-3, 4), seed=7))
    assert set(np.unique(many)) == {-1, 1}
    assert random_signs(4, (2, 1), seed=0).tolist() == FIRST_SIGNS, "the same in every release"


def test_random_signs_are_balanced_and_independent():
    signs = random_signs(20_000, (1, 1), seed=0).astype(float)
    variants = [random_signs(20_000, (1, 2), seed=0), random_signs(20_000, (1, 1), seed=1)]
    columns = np.concatenate([signs, *variants], axis=1)
    correlation = np.corrcoef(columns.T)
    # Five standard errors of a correlation of 20,000 independent pairs.
    assert np.abs(columns.mean(axis=0)).max() < 5 / np.sqrt(20_000)
    assert np.abs(correlation - np.eye(9)).max() < 5 / np.sqrt(20_000)


def example():
    images = torch.full((2, 3, 8, 8), 0.5)
    basis = torch.from_numpy(fourier_basis(2, 1, 8, 8))
    signs = torch.tensor([[1, -1, 1], [-1, -1, 1]], dtype=torch.int8)
    return images, basis, signs


def test_add_basis_adds_each_channels_signed_wave():
    images, basis, signs = example()
    images[1] = 1.0  # white, on which the darkening half of the wave alone survives
    result = add_basis(images, basis, 1.5, signs=signs)
    for image in range(2):
        for channel in range(3):
            expected = images[image, channel] + 1.5 * int(signs[image, channel]) * basis
            torch.testing.assert_close(result[image, channel], expected.clip(0, 1))
    arrays = add_basis(images.numpy(), basis.numpy(), 1.5, signs=signs.numpy())
    assert isinstance(arrays, np.ndarray) and arrays.dtype == np.float32
    np.testing.assert_array_equal(arrays, result.numpy())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"epsilon": -1.0}, "cannot be negative"),
        ({"basis": torch.zeros(9, 9)}, r"wave is \(9, 9\) pixels but the images are \(8, 8\)"),
        ({"signs": torch.ones(2)}, "one per image and channel"),
    ],
)
def test_add_basis_refuses_what_does_not_fit(change, message):
    images, basis, signs = example()
    arguments = {"basis": basis, "epsilon": 1.0, "signs": signs} | change
    with pytest.raises(ValueError, match=message):
        add_basis(images, **arguments)


def test_all_random_signs_are_those_of_each_wave():
    signs = all_random_signs(5, 7, seed=3)
    assert signs.shape == (5, 5, 7, 3)
    for row, col in np.ndindex(5, 5):
        np.testing.assert_array_equal(signs[row, col], random_signs(7, (row - 2, col - 2), seed=3))
