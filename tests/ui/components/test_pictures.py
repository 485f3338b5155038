"""Thumbnails in one sheet; mixer.js mixes two pictures as the engine does, to float rounding, in Node."""

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.fourier.waves import hybrid, mix
from core.sweep.predict import hybrid_cutoffs
from tests.node import function_of, in_node
from ui.components.pictures.pictures import pack_thumbnails

CALLS = Path(__file__).with_name("calls.js")
MIX = function_of(CALLS, "mixtures")


def tiles_of(pictures):
    """The sheet as the browser reads it: its tiles in order, and its picture format."""
    packed = pack_thumbnails(pictures, [f"picture {k}" for k in range(len(pictures))])
    head, _, body = packed.sheet.partition(";base64,")
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB"))
    side, columns = packed.tile, packed.columns
    places = [(side * (k // columns), side * (k % columns)) for k in range(len(pictures))]
    return packed, head, np.stack([image[row : row + side, column : column + side] for row, column in places])


@pytest.mark.parametrize("count", [1, 10, 100])
def test_small_pictures_arrive_pixel_for_pixel(count):
    pictures = load_samples("cifar10-samples").images[:count].transpose(0, 2, 3, 1)
    packed, head, tiles = tiles_of(pictures)
    assert head == "data:image/png" and packed.tile == 32 and packed.lossless
    assert np.array_equal(tiles, pictures)


def test_photographs_become_small_thumbnails():
    pictures = load_samples("photographs").images.transpose(0, 2, 3, 1)
    packed, head, tiles = tiles_of(pictures)
    assert head == "data:image/webp" and packed.tile == 96 and not packed.lossless and len(packed.sheet) < 100_000
    for picture, tile in zip(pictures, tiles, strict=True):
        expected = np.asarray(Image.fromarray(picture).resize((96, 96), Image.Resampling.BILINEAR), dtype=float)
        assert np.abs(tile - expected).mean() < 6, "wrong picture in a tile"


SIDES = 2, 3, 5, 6, 12, 15, 16, 21, 49


@pytest.mark.parametrize(
    "pictures",
    [
        load_samples("cifar10-samples").images[[1, 4]],
        load_samples("photographs").images[[6, 9]],
        *(np.random.default_rng(side).integers(0, 256, (2, 3, side, side), dtype=np.uint8) for side in SIDES),
    ],
    ids=lambda pictures: f"{pictures.shape[-1]} pixels",
)
def test_mixtures_of_pictures_of_any_side_are_the_engines(pictures):
    size = pictures.shape[-1]
    cutoffs = {32: hybrid_cutoffs(32), 224: hybrid_cutoffs(224)[::16]}.get(size, [0.5, 1.0, size / 4, size / 2])
    low, high = (image.transpose(1, 2, 0).ravel().tolist() for image in pictures)
    mixed = in_node(
        "pictures/mixer.js",
        MIX,
        {"low": low, "high": high, "size": size, "cutoffs": list(cutoffs)},
    )
    images = pictures.astype(np.float32) / 255
    for cutoff, (shown, exact) in zip(cutoffs, np.array(mixed).reshape(-1, 2, size, size, 4), strict=True):
        unclipped = mix(*images, cutoff).transpose(1, 2, 0)
        np.testing.assert_allclose(exact[..., :3] / 255, unclipped, atol=1e-7, err_msg=str(cutoff))
        assert np.abs(shown[..., :3] - to_uint8(hybrid(*images, cutoff))).max() <= 1 and (shown[..., 3] == 255).all()
