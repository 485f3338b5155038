"""Attenuation of waves by resizing, against Pillow's resize and an independent measurement."""

import math

import numpy as np
import pytest
from PIL import Image

from core.classifiers.classifier import Preprocess
from core.fourier.waves import resize_attenuation

SIDE = 31


def pillows(image_size, size, resample, map_size=SIDE):
    """{radius: mean share}, one wave at a time, in Pillow's floating-point mode."""
    rings = {}
    rows, cols = np.mgrid[:image_size, :image_size]
    for i in range(-(map_size // 2), map_size // 2 + 1):
        for j in range(map_size // 2 + 1):
            wave = np.cos(2 * math.pi * (i * rows + j * cols) / image_size).astype(np.float32)
            enlarged = np.asarray(Image.fromarray(wave).resize((size, size), resample))
            ratio = math.sqrt((enlarged.astype(float) ** 2).mean() / (wave.astype(float) ** 2).mean())
            if j > 0 or i >= 0:
                rings.setdefault(round(math.hypot(i, j)), []).append(ratio)
    return {radius: float(np.mean(ratios)) for radius, ratios in rings.items()}


def ours(preprocess, image_size, map_size=SIDE):
    shares, half = resize_attenuation(preprocess, image_size, map_size), map_size // 2
    np.testing.assert_allclose(shares, shares[::-1, ::-1])
    i, j = np.indices(shares.shape) - half
    once = (j > 0) | ((j == 0) & (i >= 0))
    radius = np.rint(np.hypot(i, j)).astype(int)
    return {r: float(shares[once & (radius == r)].mean()) for r in range(radius.max() + 1)}


def preprocess(size, interpolation="bicubic"):
    return Preprocess(size, (0.48, 0.46, 0.41), (0.27, 0.26, 0.28), interpolation=interpolation)


@pytest.mark.parametrize(
    ("size", "interpolation"), [(224, "bicubic"), (64, "bicubic"), (224, "bilinear"), (24, "bicubic")]
)
def test_share_is_that_of_pillows_resize(size, interpolation):
    expected = pillows(32, size, Image.Resampling[interpolation.upper()])
    assert ours(preprocess(size, interpolation), 32) == pytest.approx(expected, abs=2e-4)
