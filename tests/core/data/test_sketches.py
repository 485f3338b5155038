"""Sketches: drawn, their untrusted text in links, and colours."""

import base64
import tracemalloc
import zlib

import numpy as np
import pytest

from core.data.sample_sets import CIFAR10, imagenet
from core.data.sketches import MAX_SKETCH_LENGTH as MAX_SKETCH
from core.data.sketches import (
    PALETTE,
    SKETCHES,
    Shape,
    Sketch,
    decode_sketch,
    draw_sketch,
    encode_sketch,
    smooth_sketch,
)
from core.data.words import find_word
from core.shared.text import url_text


def noise(size: int, colours: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    values = rng.choice(256**3, colours, replace=False)
    palette = np.stack([values >> 16, values >> 8 & 255, values & 255], axis=1).astype(np.uint8)
    indices = rng.integers(colours, size=size * size)
    indices[: min(colours, size * size)] = np.arange(min(colours, size * size))
    return palette[indices].reshape(size, size, 3)


@pytest.mark.parametrize(("size", "colours"), [(1, 1), (31, 2), (48, 64), (256, 1)])
def test_sketch_text_round_trips(size, colours):
    picture = noise(size, colours)
    before = picture.copy()
    text = encode_sketch(picture)
    decoded = decode_sketch(text, size)
    assert decoded.dtype == np.uint8 and decoded.shape == (size, size, 3)
    np.testing.assert_array_equal(decoded, before)
    np.testing.assert_array_equal(picture, before)
    assert len(text) <= MAX_SKETCH and text == encode_sketch(decoded)


@pytest.mark.parametrize("picture", [noise(32, 65), noise(128, 64)])
def test_sketch_too_large_for_url_is_refused(picture):
    with pytest.raises(ValueError, match="more colours or details than fit into a URL"):
        encode_sketch(picture)


def of_bytes(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


ONE = bytes([0, 10, 20, 30]) + bytes(1024)  # one colour, 32 x 32
GOOD = url_text(ONE)
RAW = zlib.compress(ONE, 9)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 32),
        ("AAAA", 32),
        ("é" * 8, 32),
        (GOOD + "=", 32),
        (GOOD + "AAAA", 32),
        (of_bytes(RAW[:-1]), 32),
        (of_bytes(RAW[:-1] + bytes([RAW[-1] ^ 1])), 32),
        (url_text(ONE[:-1]), 32),
        (url_text(ONE + b"\0"), 32),
        (url_text(ONE[:-1] + b"\1"), 32),
        (url_text(bytes([64]) + bytes(195 + 1024)), 32),
        (url_text(bytes([1]) + bytes(6) + bytes([2]) + bytes(1023)), 32),
        (GOOD, 31),
        (GOOD, 256),
    ],
)
def test_decode_refuses_whatever_is_no_sketch_of_this_size(text, size):
    np.testing.assert_array_equal(decode_sketch(GOOD, 32), np.full((32, 32, 3), [10, 20, 30]))
    with pytest.raises(ValueError, match=rf"not a sketch of {size} × {size} pixels") as caught:
        decode_sketch(text, size)
    assert len(str(caught.value)) < 120


def test_decoding_sketches_takes_little_memory():
    bomb, long = url_text(bytes(1_600_000)), "A" * 10**6
    assert len(bomb) < MAX_SKETCH
    tracemalloc.start()
    for text in (bomb, long):
        with pytest.raises(ValueError, match="not a sketch"):
            decode_sketch(text, 32)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


@pytest.mark.parametrize("name", SKETCHES)
def test_bundled_sketch_is_coarse_and_fits_a_url(name):
    sketch, picture = SKETCHES[name], draw_sketch(name)
    assert picture.shape == (32, 32, 3) and picture.dtype == np.uint8
    colours = {tuple(colour) for colour in np.unique(picture.reshape(-1, 3), axis=0).tolist()}
    assert colours == {sketch.background, *(shape.colour for shape in sketch.shapes)} and colours <= {*PALETTE.values()}
    assert 4 <= len(sketch.shapes) <= 9 and len(encode_sketch(picture)) < 250
    assert len(find_word(sketch.word, imagenet())) == 1


def test_bundled_sketches_are_of_different_words():
    classes = [find_word(sketch.word, imagenet()) for sketch in SKETCHES.values()]
    assert len({*classes}) == len(classes) == 24
    assert {*SKETCHES} & {*CIFAR10.names} == {"horse", "ship", "frog", "bird"}


def test_draw_sketch_paints_shapes_in_order(monkeypatch):
    red, blue, green = (255, 0, 0), (0, 0, 255), (0, 255, 0)
    shapes = (Shape("ellipse", red, (4, 6, 20, 30)), Shape("box", blue, (0, 28, 32, 32)))
    leaning = Shape("polygon", green, (20, 0, 24, 0, 28, 4, 24, 4))
    monkeypatch.setitem(SKETCHES, "test", Sketch("test", (1, 2, 3), (*shapes, leaning)))
    expected = np.full((32, 32, 3), (1, 2, 3), np.uint8)
    rows, columns = np.mgrid[:32, :32]
    expected[9 * (2 * columns - 23) ** 2 + 4 * (2 * rows - 35) ** 2 <= 9 * 16**2] = red  # its axes: 16 and 24 pixels
    expected[28:] = blue
    for row in range(4):
        expected[row, 20 + row : 24 + row] = green
    np.testing.assert_array_equal(draw_sketch("test"), expected)


def test_smooth_sketch_has_no_edges_of_blocks():
    sketch = draw_sketch("castle")
    smooth, blocks = smooth_sketch(sketch, 224), sketch.repeat(7, axis=0).repeat(7, axis=1).transpose(2, 0, 1) / 255
    assert smooth.shape == (3, 224, 224) and smooth.dtype == np.float32 and 0 <= smooth.min() <= smooth.max() <= 1
    for axis in (1, 2):
        assert 5 * np.abs(np.diff(smooth, axis=axis)).max() < np.abs(np.diff(blocks, axis=axis)).max()
    assert np.abs(smooth - blocks).mean() < 0.03, "in its place"


def test_smooth_sketch_of_one_colour_is_flat():
    flat = np.full((32, 32, 3), (10, 200, 90), np.uint8)
    expected = np.array([10, 200, 90], np.float32)[:, None, None] / 255
    np.testing.assert_allclose(smooth_sketch(flat, 224), np.broadcast_to(expected, (3, 224, 224)), atol=1e-5)
