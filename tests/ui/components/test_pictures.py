"""Thumbnails; mixer.js mixes two pictures as the engine does, to float rounding, in Node."""

from pathlib import Path

import numpy as np
import pytest

from core.data.datasets import load_samples
from core.fourier.waves import mix
from tests.node import function_of, in_node
from ui.components.pictures.picture_widgets import pack_thumbnails

MIX = function_of(Path(__file__).with_name("calls.js"), "mixtures")


def test_thumbnails_are_small():
    pictures = load_samples("photographs").images.transpose(0, 2, 3, 1)
    packed = pack_thumbnails(pictures, [""] * len(pictures))
    assert packed.sheet.startswith("data:image/webp") and packed.tile == 96 and len(packed.sheet) < 100_000


@pytest.mark.parametrize("size", [2, 21, 32])
def test_javascript_mixes_pictures_as_python_does(size):
    pictures, cutoffs = load_samples("cifar10-samples").images[[1, 4], :, :size, :size], [0.5, 1.0, size / 4, size / 2]
    low, high = (image.transpose(1, 2, 0).ravel().tolist() for image in pictures)
    mixed = in_node("pictures/mixer.js", MIX, {"low": low, "high": high, "size": size, "cutoffs": cutoffs})
    for cutoff, exact in zip(cutoffs, np.array(mixed).reshape(-1, size, size, 3), strict=True):
        expected = mix(*(pictures.astype(np.float32) / 255), cutoff).transpose(1, 2, 0)
        np.testing.assert_allclose(exact / 255, expected, atol=1e-7, err_msg=str(cutoff))
