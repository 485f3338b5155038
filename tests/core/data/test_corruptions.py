"""Each corruption against a calculation by hand, or another library than the one it uses; radii of waves."""

import colorsys
import math

import numpy as np
import pytest
import torch
from torchvision.io import ImageReadMode, decode_jpeg, encode_jpeg

from core.data.corruptions import (
    CORRUPTIONS,
    FOG_DECAYS,
    STRENGTHS,
    _cloud,
    corrupt,
    energy_by_radius,
    fraction_within,
    mean_radius,
    wave_radii,
)

SMOOTH = np.random.default_rng(5).random((3, 3, 4, 4)).repeat(8, axis=2).repeat(8, axis=3).astype(np.float32)
GREY = np.full((4, 3, 64, 64), 0.5, dtype=np.float32)


def under(key, images, strength=2, **named):
    return corrupt(images, CORRUPTIONS[key], strength, range(len(images)), **named)


@pytest.mark.parametrize("key", CORRUPTIONS)
def test_a_corruption_depends_on_place_and_seed_alone(key):
    row, before = CORRUPTIONS[key], SMOOTH.copy()
    whole = corrupt(SMOOTH, row, 2, [7, 3, 9], seed=1)
    assert whole.dtype == np.float32 and whole.min() >= 0 and whole.max() <= 1
    np.testing.assert_array_equal(SMOOTH, before)
    for k, place in ((2, 9), (0, 7)):
        np.testing.assert_array_equal(corrupt(SMOOTH[[k]], row, 2, [place], seed=1)[0], whole[k])
    random = key in ("noise", "impulses", "fog")
    for other in (corrupt(SMOOTH, row, 2, [7, 3, 9], seed=2), corrupt(SMOOTH, row, 2, [8, 4, 10], seed=1)):
        assert (other == whole).all() != random


def test_noise_has_the_stated_deviation():
    noises = [under("noise", GREY, strength) - GREY for strength in STRENGTHS]
    assert [noise.std() for noise in noises] == pytest.approx([0.08, 0.12, 0.18], rel=0.03)
    inside = np.abs(noises[2]) < 0.49
    np.testing.assert_allclose(noises[0][inside] * 0.18 / 0.08, noises[2][inside], atol=1e-5)


def test_impulse_noise_has_the_stated_fraction():
    image = under("impulses", GREY, 3)
    assert set(np.unique(image)) == {0.0, 0.5, 1.0}
    assert [(image == value).mean() for value in (0, 1)] == pytest.approx([0.045] * 2, abs=0.004)
    assert ((image != 0.5).sum(axis=1) == 1).any()


@pytest.mark.parametrize(("side", "sigmas"), [(32, (0.4, 0.6, 0.7)), (64, (0.8, 1.2, 1.4)), (224, (1, 2, 3))])
def test_blur_weakens_waves_as_computed(side, sigmas):
    cycles = side // 8
    wave = np.cos(2 * np.pi * cycles * np.arange(side) / side)
    images = np.broadcast_to((0.5 + 0.4 * wave), (1, 3, side, side)).astype(np.float32)
    for strength, sigma in zip(STRENGTHS, sigmas, strict=True):
        inner = (under("blur", images, strength) - 0.5)[0, 0, side // 2, side // 4 : -side // 4]
        attenuation = float(inner @ wave[side // 4 : -side // 4]) / (wave[side // 4 : -side // 4] ** 2).sum() / 0.4
        bell = [math.exp(-(k**2) / (2 * sigma**2)) for k in range(-20, 21)]  # sampled at integer pixels
        exact = sum(b * math.cos(2 * math.pi * cycles * k / side) for k, b in enumerate(bell, -20)) / sum(bell)
        assert attenuation == pytest.approx(exact, abs=1e-3)


def test_pixelation_by_half_is_the_mean_of_each_block():
    images = np.random.default_rng(1).integers(0, 256, (2, 3, 32, 32)) / 255
    blocks = images.reshape(2, 3, 16, 2, 16, 2).mean(axis=(3, 5)).repeat(2, axis=2).repeat(2, axis=3)
    np.testing.assert_allclose(under("pixelation", images), blocks, atol=1.01 / 255)
    few = under("pixelation", images, 3)[0, 0]
    assert len(np.unique(few, axis=0)) == 12  # int(32 * 0.4)


def test_jpeg_agrees_with_another_library():
    expected = [
        decode_jpeg(encode_jpeg(torch.tensor(np.rint(image * 255).astype(np.uint8)), 18), ImageReadMode.RGB).numpy()
        for image in SMOOTH
    ]
    result = under("jpeg", SMOOTH) * 255
    assert np.abs(result - np.stack(expected)).mean() < 1.5 and np.abs(result - 255 * SMOOTH).mean() > 2


def test_contrast_is_less_around_each_channels_mean():
    result = under("contrast", SMOOTH)
    for a, b in zip(SMOOTH.reshape(9, -1), result.reshape(9, -1), strict=True):
        assert b.mean() == pytest.approx(a.mean(), abs=1e-6) and b.std() == pytest.approx(0.3 * a.std(), rel=1e-4)


def test_brightness_adds_to_the_value_of_hsv():
    images = np.random.default_rng(2).random((1, 3, 8, 8)).astype(np.float32)
    images[0, :, 0, 0] = 0
    result = under("brightness", images)
    for y, x in np.ndindex(8, 8):
        hue, saturation, value = colorsys.rgb_to_hsv(*images[0, :, y, x].tolist())
        expected = colorsys.hsv_to_rgb(hue, saturation, min(value + 0.2, 1))
        assert result[0, :, y, x] == pytest.approx(expected, abs=1e-6)


def test_fog_is_a_grey_cloud_that_lowers_the_contrast():
    foggy = under("fog", SMOOTH)
    peak = SMOOTH.max(axis=(1, 2, 3), keepdims=True)
    cloud = (foggy * (peak + 2) / peak - SMOOTH) / 2
    np.testing.assert_allclose(cloud, np.broadcast_to(cloud[:, :1], cloud.shape), atol=1e-5)
    assert cloud.min(axis=(1, 2, 3)) == pytest.approx([0] * 3, abs=1e-5)
    assert cloud.max(axis=(1, 2, 3)) == pytest.approx([1] * 3, abs=1e-5)


@pytest.mark.parametrize("decay", sorted(set(FOG_DECAYS.values())))
def test_fog_spectrum_falls_by_the_stated_power(decay):
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(64, 1 / 64), np.fft.fftfreq(64, 1 / 64)))
    energy = np.zeros((64, 64))
    for seed in range(100):
        cloud = _cloud((64, 64), decay, np.random.default_rng(seed))
        energy += np.abs(np.fft.fft2(cloud - cloud.mean())) ** 2 / cloud.var()
    band = (radius >= 2) & (radius <= 30)
    slope = np.polyfit(np.log(radius[band]), np.log(energy[band]) / 2, 1)[0]
    assert slope == pytest.approx(-(1 + math.log2(decay)), abs=0.1)


def test_energy_by_radius_adds_up_to_the_squared_norm():
    rows, columns = np.indices((16, 16))
    wave = np.cos(2 * np.pi * (3 * rows + 4 * columns) / 16)
    energy = energy_by_radius(np.stack([wave, 0 * wave])[:, None])
    assert len(energy) == 1 + round(math.hypot(8, 8)) and energy.argmax() == 5
    assert energy[5] == pytest.approx((wave**2).sum() / 2) and np.delete(energy, 5).max() < 1e-20
    noise = np.random.default_rng(0).standard_normal((5, 3, 9, 12))
    assert energy_by_radius(noise).sum() == pytest.approx((noise**2).sum() / 5)


@pytest.mark.parametrize("size", [(8, 8), (9, 7), (6, 11)])
def test_each_coefficient_has_the_radius_of_its_wave(size):
    height, width = size
    rows, cols = np.mgrid[:height, :width]
    radii = wave_radii(height, width)
    for i in range(-((height - 1) // 2), (height + 1) // 2):
        for j in range((width + 1) // 2):
            spectrum = np.abs(np.fft.rfft2(np.cos(2 * np.pi * (i * rows / height + j * cols / width))))
            assert np.allclose(radii[spectrum > 1e-6], np.hypot(i, j))


def test_mean_radius_and_share_are_those_of_two_waves():
    rows, cols = np.mgrid[:32, :32]
    slow, fast = (np.cos(2 * np.pi * k * at / 32) for k, at in ((3, rows), (9, cols)))
    energy = energy_by_radius(np.stack([2 + slow, 2 + slow, np.sqrt(2) * fast])[None])
    assert mean_radius(energy) == pytest.approx(6) and fraction_within(energy, 8) == pytest.approx(0.5)
    assert mean_radius(np.zeros(5)) == fraction_within(np.zeros(5), 2) == 0
