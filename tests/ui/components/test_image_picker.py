"""Thumbnails in one sheet, and valid choices."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from core.data.datasets import load_samples
from ui.components.pictures.pictures import pack_thumbnails


def tiles_of(pictures):
    """The sheet as the browser reads it: its tiles in order, and its picture format."""
    packed = pack_thumbnails(pictures, [f"picture {k}" for k in range(len(pictures))])
    head, _, body = packed.sheet.partition(";base64,")
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB"))
    side, columns = packed.tile, packed.columns
    places = [(side * (k // columns), side * (k % columns)) for k in range(len(pictures))]
    return packed, head, np.stack([image[row : row + side, column : column + side] for row, column in places])


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_small_pictures_arrive_pixel_for_pixel(count):
    pictures = load_samples("cifar10-samples").images[:count].transpose(0, 2, 3, 1)
    packed, head, tiles = tiles_of(pictures)
    assert head == "data:image/png" and packed.tile == 32 and packed.lossless
    assert np.array_equal(tiles, pictures)
    assert len(packed.sheet) < 340_000


def test_photographs_become_small_thumbnails():
    pictures = load_samples("photographs").images.transpose(0, 2, 3, 1)
    packed, head, tiles = tiles_of(pictures)
    assert head == "data:image/webp" and packed.tile == 96 and not packed.lossless
    assert len(packed.sheet) < 100_000
    for picture, tile in zip(pictures, tiles, strict=True):
        expected = np.asarray(Image.fromarray(picture).resize((96, 96), Image.Resampling.BILINEAR), dtype=float)
        assert np.abs(tile - expected).mean() < 6, "wrong picture in a tile"
