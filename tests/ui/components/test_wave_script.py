"""wave.js draws the engine's pixels exactly; in Node."""

import base64

import numpy as np
import pytest

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.fourier.waves import all_random_signs, fourier_basis, random_signs
from core.sweep.predict import wave_on_image
from tests.node import in_node
from ui.components.mount import pack_signs

DRAW = """({ fourierBasis, addBasis, showBasis }, { pixels, size, epsilon, waves }) =>
  waves.map(([frequency, signs]) => {
  const basis = fourierBasis(frequency, size);
  return [addBasis, showBasis].map((draw) => {
    const rgba = new Uint8ClampedArray(4 * size * size);
    if (draw === addBasis) addBasis(pixels, basis, epsilon, signs, rgba);
    else showBasis(basis, signs, rgba);
    return [...rgba];
  });
})"""
TOUR = "({ outward }, waves) => waves.map(([frequency, half]) => outward(frequency, half))"
SIGNS = "({ signsAt }, { bits, side, waves }) => waves.map((frequency) => signsAt(bits, side, frequency))"


def some_waves(count, half):
    edges = [(0, 0), (half, half), (-half, 0), (0, 1), (half, -half)]
    return [*edges, *map(tuple, np.random.default_rng(count).integers(-half, half + 1, (count - 5, 2)).tolist())]


@pytest.mark.parametrize(
    ("samples", "place", "seed", "count", "half", "epsilon"),
    [("cifar10-samples", 33, 3, 60, 15, 6.2), ("photographs", 5, 1, 10, 31, 15.7)],
)
def test_picture_and_wave_are_the_engines_to_the_bit(samples, place, seed, count, half, epsilon):
    image = load_samples(samples).images[place]
    signs = {wave: random_signs(place + 1, wave, seed=seed)[place] for wave in some_waves(count, half)}
    drawn = in_node(
        "maps/wave.js",
        DRAW,
        {
            "pixels": image.transpose(1, 2, 0).ravel().tolist(),
            "size": image.shape[1],
            "epsilon": epsilon,
            "waves": [(wave, sign.tolist()) for wave, sign in signs.items()],
        },
    )
    image = image.astype(np.float32) / 255
    for (wave, sign), pictures in zip(signs.items(), drawn, strict=True):
        perturbed, alone = np.array(pictures, np.uint8).reshape(2, *image.shape[1:], 4)
        expected = wave_on_image(image, wave, epsilon, seed=seed, position=place)
        np.testing.assert_array_equal(perturbed[..., :3], to_uint8(expected.perturbed), err_msg=str(wave))
        basis = fourier_basis(*wave, *image.shape[1:])
        expected = 0.5 + sign[:, None, None] * (0.5 * basis / np.abs(basis).max())
        np.testing.assert_array_equal(alone[..., :3], to_uint8(expected), err_msg=str(wave))
        assert (perturbed[..., 3] == 255).all() and (alone[..., 3] == 255).all()


def test_signs_of_every_wave_are_the_engines_and_none_beyond_the_map():
    signs = all_random_signs(15, 4, seed=2)[..., 3, :]
    waves = [(i, j) for i in range(-7, 8) for j in range(-7, 8)]
    result = in_node(
        "maps/wave.js",
        SIGNS,
        {"bits": list(base64.b64decode(pack_signs(signs))), "side": 15, "waves": [*waves, (8, 0), (0, -8)]},
    )
    assert result[-2:] == [None, None]
    np.testing.assert_array_equal(result[:-2], signs.reshape(-1, 3))


def test_tour_runs_outward_by_one_radius_at_a_time_on_the_selected_side():
    (tour,) = in_node("maps/wave.js", TOUR, [((-3, 4), 15)])
    assert [round(np.hypot(*wave)) for wave in tour] == list(range(22)) and tour[-1] == [-15, 15]
    for i, j in tour:
        assert -15 <= i <= 0 <= j <= 15
        radius = round(np.hypot(i, j))
        alike = [(a, b) for a in range(16) for b in range(a, 16) if round(np.hypot(a, b)) == radius]
        assert j + i == min(b - a for a, b in alike), "as close to the diagonal as possible"
