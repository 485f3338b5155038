"""Holes: positions, fills, and their untrusted text in links."""

import base64
import zlib

import numpy as np
import pytest

from core.data import holes as masks
from core.data.holes import MAX_HOLE_LENGTH as MAX_LENGTH
from core.data.holes import hole_text, read_hole, square_mask
from core.data.sketches import decode_sketch, encode_sketch
from tests.painter_oracle import brush_mask

SIZE = {"height": 24, "width": 20}


@pytest.mark.parametrize(("image_size", "size", "usual"), [(224, 60, 60), (32, 9, 16), (1, 1, 1), (16, 4, 8)])
def test_a_holes_size_scales_with_the_image(image_size, size, usual):
    assert (masks.square_size(image_size), masks.usual_hole_size(image_size)) == (size, usual)


def test_hole_size_is_that_of_the_square_of_as_many_pixels():
    mask = np.zeros((2, 1, 8, 8), dtype=bool)
    mask[0, :, 1:5, 2:6] = mask[1, :, :1, :4] = True
    assert masks.hole_size(mask[0]) == 4 and masks.hole_size(mask) == 3 and masks.hole_size(~mask[0] & mask[0]) == 0


@pytest.mark.parametrize(
    ("centre", "left", "top"), [((10, 12), 6, 8), ((-50, 3), 0, 0), ((19, 23), 11, 15), ((400, 400), 11, 15)]
)
def test_square_mask_is_whole_at_the_edge(centre, left, top):
    expected = np.zeros((1, 24, 20), dtype=bool)
    expected[0, top : top + 9, left : left + 9] = True
    np.testing.assert_array_equal(masks.square_mask(centre, 9, **SIZE), expected)


def test_random_square_mask_reaches_every_place():
    generator = np.random.default_rng(0)
    drawn = (masks.random_square_mask(3, height=5, width=4, generator=generator) for _ in range(200))
    places = {tuple(np.argwhere(mask[0])[0].tolist()) for mask in drawn}
    assert places == {(top, left) for top in range(3) for left in range(2)}


def test_encode_mask_packs_bits_from_the_highest():
    mask = np.zeros((1, 2, 4), dtype=bool)
    mask[0, 0, 0] = mask[0, 1, 3] = True
    assert masks.encode_mask(mask) == "gQ=="  # 0b1000_0001
    mask = np.random.default_rng(0).random((1, 7, 3)) < 0.5
    np.testing.assert_array_equal(masks.decode_mask(masks.encode_mask(mask), height=7, width=3), mask)


@pytest.mark.parametrize("text", ["", "gQ", "gQ==" * 1000, "g!==", "AAAA", "é===", "\n" * 4])
def test_decode_mask_refuses_foreign_text(text):
    with pytest.raises(ValueError, match=r"4 x 2 pixels is 1 bytes of packed bits in base64; got \d+ characters"):
        masks.decode_mask(text, height=2, width=4)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((1, 24, 20), bool), "hole is empty"),
        (np.ones((1, 24, 20), bool), "covers the whole image"),
        (np.eye(20, dtype=bool)[None], "mask is 20 x 20 pixels but the image is 20 x 24"),
        (np.zeros((24, 20), bool), "must be bool"),
        (np.stack([np.eye(24, 20, dtype=bool), np.zeros((24, 20), bool)])[:, None], "hole is empty"),
    ],
)
def test_check_mask_says_what_is_wrong(mask, message):
    with pytest.raises(ValueError, match=message):
        masks.check_mask(mask, **SIZE)


def test_fill_hole_takes_the_mean_of_each_region():
    images = np.random.default_rng(0).random((2, 3, 24, 20), dtype=np.float32)
    before = images.copy()
    holes = np.stack([masks.square_mask((5, 5), 5, **SIZE), masks.square_mask((12, 15), 3, **SIZE)])
    for mask in (holes, holes[0]):
        filled = masks.fill_hole(images, mask)
        assert filled.dtype == np.float32
        for image, (hole,), result in zip(images, np.broadcast_to(mask, holes.shape), filled, strict=True):
            np.testing.assert_array_equal(result[:, ~hole], image[:, ~hole])
            mean = np.broadcast_to(image[:, hole].mean(axis=1, keepdims=True), (3, hole.sum()))
            np.testing.assert_allclose(result[:, hole], mean, atol=1e-6)
    np.testing.assert_array_equal(images, before)


def test_a_square_beyond_the_image_and_an_unknown_fill_are_named():
    with pytest.raises(ValueError, match="size must be from 1 to 20"):
        masks.square_mask((3, 3), 21, **SIZE)
    with pytest.raises(ValueError, match="region, rim; got 'blue'"):
        masks.fill_hole(np.zeros((3, 24, 20), np.float32), masks.square_mask((5, 5), 3, **SIZE), "blue")


def test_rim_fill_solves_laplaces_equation():
    down, across = np.mgrid[:20, :24] / 24
    # Harmonic functions on the grid: linear functions, x^2 - y^2 and x * y.
    image = np.stack([0.2 + down / 2, 0.5 + across**2 - down**2, down * across]).clip(0, 1).astype(np.float32)
    mask = np.zeros((1, 20, 24), dtype=bool)
    mask[0, 5:13, 6:15], mask[0, 2:6, 10] = True, True
    filled = masks.fill_hole(np.where(mask, np.float32(0.9), image)[None], mask[None], "rim")
    assert filled.dtype == np.float32 and np.abs(filled[0] - image).max() < 1e-5


def test_the_rim_at_an_edge_takes_the_pixels_there():
    image = np.full((2, 3, 6, 6), 0.5, np.float32)
    image[1, :, :, 3:] = 0.1
    mask = np.zeros((2, 1, 6, 6), dtype=bool)
    mask[0, 0, :3, :3], mask[1, 0, :, :3] = True, True
    filled = masks.fill_hole(image, mask, "rim")
    assert np.allclose(filled[0], 0.5) and np.allclose(filled[1], 0.1)


@pytest.mark.parametrize("size", [8, 224])
def test_hole_text_round_trips(size):
    rng = np.random.default_rng(size)
    points = [tuple(int(v) for v in point) for point in rng.integers(0, size, (5, 2))]
    for mask in (
        square_mask((size // 2, size // 3), size // 4, height=size, width=size),
        brush_mask(points, size // 16, height=size, width=size),
        np.zeros((1, size, size), dtype=bool),
        np.ones((1, size, size), dtype=bool),
    ):
        text = hole_text(mask)
        assert text is not None and len(text) < MAX_LENGTH
        assert np.array_equal(read_hole(text, size), mask)


def test_too_ragged_hole_has_no_text():
    assert hole_text(np.random.default_rng(0).random((1, 224, 224)) < 0.5) is None


def of_bytes(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def packed_text(data: bytes) -> str:
    return of_bytes(zlib.compress(data, 9))


@pytest.mark.parametrize(
    "text",
    [
        "32",
        "32.!!!",
        "224." + packed_text(bytes(128)),
        "32." + packed_text(bytes(127)),
        "32." + "A" * 10**5,
    ],
)
def test_invalid_hole_text_is_refused(text):
    assert read_hole(text, 32) is None


def test_links_of_earlier_versions_open():
    square = square_mask((16, 16), 16, height=32, width=32)
    np.testing.assert_array_equal(read_hole("32.eNpjYCAA_v-nDBMAAAjoH-E", 32), square)
    ship = "eNpjVkpb33Di14cPH74YiDBCAQMmYGYGkUxMjIxMDAyMzCCAqQ4AFnYHrQ"
    assert encode_sketch(decode_sketch(ship, 8)) == ship


# The place of a hole and the hole alone, on pictures whose answer is known

PICTURE, SIDE = 40, 12


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("label", [None, 2])
def test_costliest_hole_agrees_with_plain_loop(label):
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (3, PICTURE, PICTURE), dtype=np.uint8)
    weights = generator.normal(size=(3, 3 * PICTURE * PICTURE)) / 30

    def linear(images):
        return softmax(images.reshape(len(images), -1) @ weights.T)

    scores, target = {}, linear(image[None] / np.float32(255)).argmax() if label is None else label
    for y in np.linspace(SIDE // 2, PICTURE - SIDE // 2, masks.POSITIONS).round().astype(int).tolist():
        for x in np.linspace(SIDE // 2, PICTURE - SIDE // 2, masks.POSITIONS).round().astype(int).tolist():
            mask = square_mask((x, y), SIDE, height=PICTURE, width=PICTURE)
            scores[x, y] = linear(masks.fill_hole(image / np.float32(255), mask, "rim")[None])[0, target]
    best = square_mask(min(scores, key=scores.get), SIDE, height=PICTURE, width=PICTURE)
    assert np.array_equal(masks.costliest_hole(image, SIDE, linear, label), best)


@pytest.mark.parametrize(
    ("centre", "top", "left", "side"),
    [((20, 24), 17, 13, 14), ((0, 0), 0, 0, 14), ((40, 20), 13, 26, 14)],
)
def test_the_hole_alone_has_a_tenth_around_it_and_stays_inside(centre, top, left, side):
    pixels = np.arange(PICTURE * PICTURE).reshape(1, PICTURE, PICTURE)
    alone = masks.hole_alone(pixels, square_mask(centre, SIDE, height=PICTURE, width=PICTURE))
    assert np.array_equal(alone, pixels[:, top : top + side, left : left + side])


def test_a_wide_hole_is_shown_in_a_square():
    mask = np.zeros((1, PICTURE, PICTURE), bool)
    mask[:, 18:20, 5:25] = True
    assert masks.hole_alone(np.zeros((2, 3, PICTURE, PICTURE)), mask).shape == (2, 3, 24, 24)
    mask[:, :, 1:] = True
    assert masks.hole_alone(np.zeros((3, PICTURE, PICTURE)), mask).shape == (3, PICTURE, PICTURE)
