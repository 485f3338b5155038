"""Holes: their position, packed form and fill; and the oracle of the mask painter."""

import numpy as np
import pytest

from core.data import holes_and_sketches as masks
from tests.painter_oracle import line_points

SIZE = {"height": 24, "width": 20}


@pytest.mark.parametrize(
    ("image_size", "side", "usual"),
    [(224, 60, 60), (32, 9, 16), (448, 120, 120), (1, 1, 1), (96, 26, 26), (64, 17, 17), (16, 4, 8), (8, 2, 4)],
)
def test_side_scales_with_the_image_and_the_usual_one_shows_what_is_painted(image_size, side, usual):
    assert (masks.square_side(image_size), masks.usual_side(image_size)) == (side, usual)


def test_hole_side_is_that_of_the_square_of_as_many_pixels():
    mask = np.zeros((2, 1, 8, 8), dtype=bool)
    mask[0, :, 1:5, 2:6] = mask[1, :, :1, :4] = True
    assert masks.hole_side(mask[0]) == 4 and masks.hole_side(mask) == 3 and masks.hole_side(~mask[0] & mask[0]) == 0


def test_square_mask_is_exact_and_centred():
    mask = masks.square_mask((112, 100), 60, height=224, width=224)
    rows, columns = np.nonzero(mask[0])
    assert mask.shape == (1, 224, 224) and mask.sum() == 3600
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (70, 129, 82, 141)


@pytest.mark.parametrize("centre", [(-50, 3), (0, 0), (19, 23), (400, 400), (10, -1)])
def test_square_mask_stays_whole_at_the_edge(centre):
    assert masks.square_mask(centre, 9, **SIZE).sum() == 81


def test_random_square_mask_reaches_every_place_and_repeats_with_the_seed():
    generator = np.random.default_rng(0)
    drawn = (masks.random_square_mask(3, height=5, width=4, generator=generator) for _ in range(200))
    places = {tuple(np.argwhere(mask[0])[0].tolist()) for mask in drawn}
    assert places == {(top, left) for top in range(3) for left in range(2)}
    first, second = (masks.random_square_mask(9, **SIZE, generator=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("seed", range(8))
def test_line_points_are_connected_and_hug_the_true_line(seed):
    (x0, y0), (x1, y1) = np.random.default_rng(seed).integers(-40, 40, (2, 2)).tolist()
    line = list(line_points((x0, y0), (x1, y1)))
    assert line[0] == (x0, y0) and line[-1] == (x1, y1)
    assert len(line) == max(abs(x1 - x0), abs(y1 - y0)) + 1
    assert (np.abs(np.diff(line, axis=0)).max(axis=1) == 1).all()
    length = np.hypot(x1 - x0, y1 - y0)
    for x, y in line:
        assert abs((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) <= 0.5 * length + 1e-9


@pytest.mark.parametrize("shape", [(32, 32), (224, 224), (7, 3)])
def test_encode_mask_round_trips(shape):
    mask = np.random.default_rng(0).random((1, *shape)) < 0.5
    np.testing.assert_array_equal(masks.decode_mask(masks.encode_mask(mask), height=shape[0], width=shape[1]), mask)


def test_encode_mask_puts_the_first_pixel_in_the_highest_bit():
    mask = np.zeros((1, 2, 4), dtype=bool)
    mask[0, 0, 0] = mask[0, 1, 3] = True
    assert masks.encode_mask(mask) == "gQ=="  # 0b1000_0001


@pytest.mark.parametrize("text", ["", "gQ", "gQ==" * 1000, "g!==", "AAAA", "é===", "\n" * 4])
def test_decode_mask_refuses_foreign_text(text):
    with pytest.raises(ValueError, match=r"4 x 2 pixels is 1 bytes of packed bits in base64; got \d+ characters"):
        masks.decode_mask(text, height=2, width=4)


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (np.zeros((1, 24, 20), bool), "mask is empty"),
        (np.ones((1, 24, 20), bool), "covers the whole image"),
        (np.eye(20, dtype=bool)[None], "mask is 20 x 20 pixels but the image is 20 x 24"),
        (np.zeros((24, 20), bool), "must be bool"),
        (np.full((1, 24, 20), 255, np.uint8), "must be bool"),
        (np.stack([np.eye(24, 20, dtype=bool), np.zeros((24, 20), bool)])[:, None], "mask is empty"),
    ],
)
def test_check_mask_says_what_is_wrong(mask, message):
    with pytest.raises(ValueError, match=message):
        masks.check_mask(mask, **SIZE)


def test_fill_hole_takes_the_mean_of_the_region_and_keeps_everything_outside():
    images = np.random.default_rng(0).random((2, 3, 24, 20), dtype=np.float32)
    before = images.copy()
    mask = masks.square_mask((9, 9), 7, **SIZE)
    filled = masks.fill_hole(images, mask)
    np.testing.assert_array_equal(images, before)
    outside = np.broadcast_to(~mask, images.shape)
    np.testing.assert_array_equal(filled[outside], images[outside])
    mean = images[:, :, mask[0]].mean(axis=-1, keepdims=True)
    np.testing.assert_allclose(filled[:, :, mask[0]], np.broadcast_to(mean, (2, 3, 49)), atol=1e-6)


def test_fill_hole_takes_one_mask_per_image():
    images = np.random.default_rng(2).random((2, 3, 24, 20), dtype=np.float32)
    holes = np.stack([masks.square_mask((5, 5), 5, **SIZE), masks.square_mask((12, 15), 3, **SIZE)])
    filled = masks.fill_hole(images, holes)
    for row in range(2):
        np.testing.assert_array_equal(filled[row], masks.fill_hole(images[row], holes[row]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: masks.square_mask((3, 3), 21, **SIZE), "side must be from 1 to 20"),
        (lambda: masks.random_square_mask(0, **SIZE, generator=np.random.default_rng()), "side must be from 1 to 20"),
        (
            lambda: masks.fill_hole(np.zeros((3, 24, 20), np.float32), masks.square_mask((5, 5), 3, **SIZE), "blue"),
            "region, rim; got 'blue'",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_rims_colours_solve_laplaces_equation():
    down, across = np.mgrid[:20, :24] / 24
    # Harmonic functions on the grid: linear functions, x^2 - y^2 and x * y.
    image = np.stack([0.2 + down / 2, 0.5 + across**2 - down**2, down * across]).clip(0, 1).astype(np.float32)
    mask = np.zeros((1, 20, 24), dtype=bool)
    mask[0, 5:13, 6:15], mask[0, 2:6, 10] = True, True
    filled = masks.fill_hole(np.where(mask, np.float32(0.9), image)[None], mask[None], "rim")
    assert filled.dtype == np.float32 and np.abs(filled[0] - image).max() < 1e-5


def test_the_rims_colours_at_an_edge_are_those_of_the_pixels_that_are_there():
    image = np.full((2, 3, 6, 6), 0.5, np.float32)
    image[1, :, :, 3:] = 0.1
    mask = np.zeros((2, 1, 6, 6), dtype=bool)
    mask[0, 0, :3, :3], mask[1, 0, :, :3] = True, True
    filled = masks.fill_hole(image, mask, "rim")
    assert np.allclose(filled[0], 0.5) and np.allclose(filled[1], 0.1)
