"""Heat maps and waves: data sent to the browser, handling of a choice, and wave.js in Node, to the bit."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.fourier.heatmap import PERCENT, Unit
from core.fourier.waves import all_random_signs, fourier_basis, random_signs
from core.shared.numbers import Interval
from core.sweep.predict import wave_on_image
from tests.node import function_of, in_node
from ui.components.maps.maps import DrawnMap, ShownMaps, _read_frequency, pack_maps, read_choice
from ui.components.mount import pack_signs

CALLS = Path(__file__).with_name("calls.js")
DRAW, TOUR, SIGNS, CARDS, OUTLINES = (
    function_of(CALLS, name) for name in ("drawWaves", "tours", "signsOf", "cards", "outlines")
)


def test_maps_are_packed_in_their_unit():
    values = np.array([[0.3065, np.nan, -0.25]]).repeat(3, axis=0)
    for unit, expected in (
        (PERCENT, [30.6, np.nan, -25]),
        (Unit("logits", decimals=2, signed=True), [0.31, np.nan, -0.25]),
    ):
        view = DrawnMap("A", "", values, Interval(values, values - 1, values + 1), unit=unit)
        data = pack_maps(ShownMaps([view], "PuOr", (-0.2, 0.2)))
        assert [data[name] for name in ("signed", "unit", "decimals")] == [unit.signed, unit.name, unit.decimals]
        layers = np.frombuffer(base64.b64decode(data["maps"][0]["layers"]), "<f4").reshape(3, 3, 3)
        np.testing.assert_allclose(layers[0, 0], expected, atol=1e-6)
        np.testing.assert_allclose(layers[2] - layers[1], np.where(np.isnan(values), np.nan, 2 * unit.scale), atol=1e-5)


def test_invalid_wave_or_strength_is_ignored():
    assert _read_frequency([2, -2], 2) == (2, -2)
    for value in (None, {}, "no", [3, 0], [0, -3], [0.5, 0], ["0", "0"], [0], [0, 0, 0]):
        assert _read_frequency(value, 2) is None
    assert read_choice([1, -1, 5], limit=1, most=16) == (1, -1, 5.0)
    assert read_choice([1, -1, 15.699999999999999], limit=1, most=16) == (1, -1, 15.7), "the name that commands use"
    for value in ([0, 1], [0, 2, 3.0], [0, 1, -1], [0, 1, 17], [0, 1, "3"], [0, 1, float("nan")], None):
        assert read_choice(value, limit=1, most=16) is None


@pytest.mark.parametrize(
    ("samples", "place", "seed", "count", "half", "epsilon"),
    [("cifar10-samples", 33, 3, 60, 15, 6.2), ("photographs", 5, 1, 7, 31, 15.7)],
)
def test_javascript_draws_waves_as_python_does(samples, place, seed, count, half, epsilon):
    image = load_samples(samples).images[place]
    edges = [(0, 0), (half, half), (-half, 0), (0, 1), (half, -half)]
    drawn_waves = np.random.default_rng(count).integers(-half, half + 1, (count - 5, 2)).tolist()
    signs = {wave: random_signs(place + 1, wave, seed=seed)[place] for wave in [*edges, *map(tuple, drawn_waves)]}
    waves = [(wave, sign.tolist()) for wave, sign in signs.items()]
    pixels = image.transpose(1, 2, 0).ravel().tolist()
    drawn = in_node(
        "maps/wave.js",
        DRAW,
        {"pixels": pixels, "size": image.shape[1], "epsilon": epsilon, "waves": waves},
    )
    image = image.astype(np.float32) / 255
    for (wave, sign), pictures in zip(signs.items(), drawn, strict=True):
        perturbed, alone = np.array(pictures, np.uint8).reshape(2, *image.shape[1:], 3)
        expected = wave_on_image(image, wave, epsilon, seed=seed, position=place)
        np.testing.assert_array_equal(perturbed, to_uint8(expected), err_msg=str(wave))
        basis = fourier_basis(*wave, *image.shape[1:])
        expected = 0.5 + sign[:, None, None] * (0.5 * basis / np.abs(basis).max())
        np.testing.assert_array_equal(alone, to_uint8(expected), err_msg=str(wave))


def test_javascript_unpacks_signs_as_packed():
    signs = all_random_signs(15, 4, seed=2)[..., 3, :]
    waves = [*((i, j) for i in range(-7, 8) for j in range(-7, 8)), (8, 0), (0, -8)]
    bits = list(base64.b64decode(pack_signs(signs)))
    result = in_node("maps/wave.js", SIGNS, {"bits": bits, "side": 15, "waves": waves})
    assert result[-2:] == [None, None]
    np.testing.assert_array_equal(result[:-2], signs.reshape(-1, 3))


def test_tour_runs_outward_on_selected_side():
    (tour,) = in_node("maps/wave.js", TOUR, [((-3, 4), 15)])
    assert [round(np.hypot(*wave)) for wave in tour] == list(range(22)) and tour[-1] == [-15, 15]
    for i, j in tour:
        assert -15 <= i <= 0 <= j <= 15
        radius = round(np.hypot(i, j))
        alike = [(a, b) for a in range(16) for b in range(a, 16) if round(np.hypot(a, b)) == radius]
        assert j + i == min(b - a for a, b in alike), "as close to the diagonal as possible"


def test_only_a_picture_that_was_right_is_fooled():
    network = {"clean": [3, 95], "right": 3, "waves": [236, 481, 481]}

    def asked(named=True, now=3, **changes):
        return {"network": {**network, **changes}, "now": now, "percent": 87, "named": named}

    asks = [
        asked(),
        asked(now=5),
        asked(right=5),
        asked(now=5, right=5),
        asked(named=False),
        asked(waves=[1, 200, 481]),
    ]
    same, other, wrong, mended, own, early = in_node(
        "maps/answer_table.js", CARDS, {"networks": asks, "names": {"3": "cat", "5": "dog"}}
    )
    assert same == ["87% (95% without the wave)", "fooled by 236 of 481 waves: ", True, "outlined: waves that fool A"]
    assert other[0] == "87% (cat without the wave, 95%)"
    assert wrong[1:3] == ["wrong without a wave and with it", False]
    assert mended[1:3] == ["wrong without a wave, right with it", False]
    assert own[1:] == ["236 of 481 waves change its answer: ", True, "outlined: waves that change A’s answer"]
    assert early[1:3] == ["", False], "too few waves are known"


def test_outline_runs_around_the_waves_that_fool():
    path = in_node("maps/answer_table.js", OUTLINES, {"size": 5, "changed": [(0, 0), (0, 1), (-2, -2)]})
    edges = {"M2 2v1", "M4 2v1", "M2 2h1", "M3 2h1", "M2 3h1", "M3 3h1"}  # around two cells
    assert set(re.findall(r"M\d+ \d+[vh]1", path)) == edges | {"M1 0v1", "M0 1h1"}  # a corner has two
