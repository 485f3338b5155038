"""The place of a hole and the hole alone, on pictures whose answer is known."""

import numpy as np
import pytest

from core.data.holes import PLACES, costliest_hole, fill_hole, hole_alone, square_mask

SIZE, SIDE = 40, 12


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("label", [None, 2])
def test_the_place_is_the_best_of_all_candidates_by_a_plain_loop(label):
    generator = np.random.default_rng(0)
    image = generator.integers(0, 256, (3, SIZE, SIZE), dtype=np.uint8)
    weights = generator.normal(size=(3, 3 * SIZE * SIZE)) / 30

    def linear(images):
        return softmax(images.reshape(len(images), -1) @ weights.T)

    scores, target = {}, linear(image[None] / np.float32(255)).argmax() if label is None else label
    for y in np.linspace(SIDE // 2, SIZE - SIDE // 2, PLACES).round().astype(int).tolist():
        for x in np.linspace(SIDE // 2, SIZE - SIDE // 2, PLACES).round().astype(int).tolist():
            mask = square_mask((x, y), SIDE, height=SIZE, width=SIZE)
            scores[x, y] = linear(fill_hole(image / np.float32(255), mask, "rim")[None])[0, target]
    best = square_mask(min(scores, key=scores.get), SIDE, height=SIZE, width=SIZE)
    assert np.array_equal(costliest_hole(image, SIDE, linear, label), best)


@pytest.mark.parametrize(
    ("centre", "top", "left", "side"),
    [((20, 24), 17, 13, 14), ((0, 0), 0, 0, 14), ((40, 20), 13, 26, 14)],
)
def test_the_hole_alone_has_a_tenth_around_it_and_stays_inside(centre, top, left, side):
    pixels = np.arange(SIZE * SIZE).reshape(1, SIZE, SIZE)
    alone = hole_alone(pixels, square_mask(centre, SIDE, height=SIZE, width=SIZE))
    assert np.array_equal(alone, pixels[:, top : top + side, left : left + side])


def test_a_wide_hole_is_shown_in_a_square():
    mask = np.zeros((1, SIZE, SIZE), bool)
    mask[:, 18:20, 5:25] = True
    assert hole_alone(np.zeros((2, 3, SIZE, SIZE)), mask).shape == (2, 3, 24, 24)
    mask[:, :, 1:] = True
    assert hole_alone(np.zeros((3, SIZE, SIZE)), mask).shape == (3, SIZE, SIZE)
