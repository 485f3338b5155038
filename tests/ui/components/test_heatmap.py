"""Python's half of the heat map component: data sent to the browser, and handling of a choice."""

import base64
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.fourier.heatmap import COLORMAPS, METRICS, POINTS, Unit, colormap_table, lightness
from core.shared.stand_ins import FEWER_OR_MORE_ERRORS
from ui.components.maps.maps import MapView, ShownMaps, _read_frequency, pack_maps, read_choice


def page() -> None:
    """An app with a map of 3 x 3 and one of 5 x 5."""
    import numpy as np
    import streamlit as st

    from core.shared.numbers import Interval
    from ui.components.maps.maps import MapView, ShownMaps, heatmap_view

    small = np.array([[0.1004, 0.2006, 0.3], [0.0, np.nan, 0.9995], [-0.0004, 0.5425, 1.0]])
    views = [
        MapView("Small", "with intervals", small, Interval(small, small - 0.01, small + 0.01)),
        MapView("Large", "", np.arange(25.0).reshape(5, 5) / 100, value_label="rate"),
    ]
    heatmap_view(
        ShownMaps(views, st.session_state.get("colormap", "viridis")),
        selected=(1, -1),
        key="maps",
        on_select=lambda frequency: None,
    )


def sent(app: AppTest) -> dict:
    assert not app.exception
    return json.loads(app.get("bidi_component")[0].proto.json)


def unpack(packed: dict) -> np.ndarray:
    numbers = np.frombuffer(base64.b64decode(packed["cells"]), dtype=f"<i{packed['bytes']}")
    return numbers.reshape(-1, packed["side"], packed["side"])


def test_view_sends_rounded_per_cents_and_marks_what_was_not_computed():
    data = sent(AppTest.from_function(page).run())
    small, large = data["maps"]
    values, low, high = unpack(small)
    assert values.tolist() == [[100, 201, 300], [0, -32768, 1000], [0, 542, 1000]]
    assert low[0].tolist() == [90, 191, 290] and high[0].tolist() == [110, 211, 310]
    assert low[1, 1] == high[1, 1] == -32768
    assert unpack(large).shape == (1, 5, 5) and unpack(large)[0, 4, 4] == 240
    assert [small["title"], small["label"], large["label"]] == ["Small", "error", "rate"]
    assert data["range"] == [0, 100] and data["value"] == [1, -1]


def test_the_unit_says_scale_decimals_and_sign_and_the_colour_map_does_not():
    app = AppTest.from_function(page).run()
    assert base64.b64decode(sent(app)["table"]) == colormap_table("viridis").tobytes()
    assert (sent(app)["signed"], sent(app)["unit"], sent(app)["decimals"]) == (False, "%", 1)
    app.session_state.colormap = "vik"
    assert (sent(app.run())["signed"], sent(app)["unit"]) == (False, "%")
    values = np.array([[1.9, np.nan, -0.25]]).repeat(3, axis=0)
    points = pack_maps(ShownMaps([MapView("A", "", values / 10, unit=POINTS)], "vik", (-0.2, 0.2)))
    assert (points["signed"], points["unit"], points["range"]) == (True, "points", [-20, 20])
    margin = Unit("logits", decimals=2, signed=True)
    for scale, size in ((1, 2), (1000, 4)):
        packed = pack_maps(ShownMaps([MapView("A", "", scale * values, unit=margin)], "vik", (-2, 2)))
        assert (packed["signed"], packed["unit"], packed["decimals"], packed["range"]) == (True, "logits", 2, [-2, 2])
        least = np.iinfo(f"i{size}").min
        assert unpack(packed["maps"][0])[0, 0].tolist() == [scale * 190, least, scale * -25]


def test_unknown_colour_map_is_refused():
    with pytest.raises(ValueError, match="colour map 'jet' is unknown; known: viridis, vik"):
        colormap_table("jet")


def test_only_a_frequency_of_the_largest_map_is_taken():
    assert _read_frequency([2, -2], 2) == (2, -2)
    for value in (None, {}, "no", [3, 0], [0, -3], [0.5, 0], ["0", "0"], [0], [0, 0, 0]):
        assert _read_frequency(value, 2) is None


@pytest.mark.parametrize("name", [*COLORMAPS, "#0072B2#D55E00", "#009E73#CC79A7", FEWER_OR_MORE_ERRORS])
def test_colour_maps_are_even_in_lightness(name):
    values = lightness(colormap_table(name))
    diverging = name == "vik" or name.startswith("#")
    rising = np.concatenate([values[:128], values[128:][::-1]]) if diverging else values
    steps = np.delete(np.diff(rising), 127) if diverging else np.diff(rising)
    assert steps.min() > -0.5, "monotonic lightness, so that greyscale prints are readable, too"
    if diverging:
        assert values[127] > 85 and abs(values[0] - values[255]) < 12


def test_yellow_means_wrong_of_errors_and_of_probabilities():
    error, probability = (colormap_table(METRICS[name].colormap) for name in ("Top-1", "Probability"))
    np.testing.assert_array_equal(error, probability[::-1])
    assert error[-1].tolist() == [253, 231, 37], "viridis' yellow"


def test_a_pair_of_colours_passes_through_both():
    table = colormap_table("#0072B2#D55E00").astype(int)
    for colour, half in (((0, 0x72, 0xB2), table[:128]), ((0xD5, 0x5E, 0), table[128:])):
        assert np.abs(half - colour).max(axis=1).min() <= 4


def test_viridis_has_its_published_ends_and_middle():
    assert [bytes(row).hex() for row in colormap_table("viridis")[[0, 128, 255]]] == ["440154", "21918c", "fde725"]


def lab() -> None:
    """An app with one map of 3 x 3 beside a picture of 2 x 2 pixels."""
    import numpy as np

    from ui.components.maps.maps import MapView, PictureUnderWave, ShownMaps, wave_lab
    from ui.components.pictures.pictures import pack_thumbnails

    signs = np.where(np.arange(27).reshape(3, 3, 3) % 5 == 0, 1, -1).astype(np.int8)
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 2, 2)
    strip = pack_thumbnails(np.zeros((3, 2, 2, 3), np.uint8), ["a", "b", "c"])
    wave_lab(
        ShownMaps([MapView("CLIP", "", np.zeros((3, 3)), note="map only", colour="#0072B2")]),
        PictureUnderWave(pixels, "a picture", 3.0, 4.0, signs, strip, 2),
        selected=(0, 1),
        key="lab",
        on_select=lambda frequency, epsilon: None,
        on_pick=lambda place: None,
        on_library=lambda: None,
    )


def test_lab_sends_the_pixels_three_bits_of_signs_a_cell_and_the_strength():
    data = sent(AppTest.from_function(lab).run())
    picture = data["picture"]
    assert list(base64.b64decode(picture["pixels"])) == [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11], (
        "red, green, blue in turn"
    )
    bits = np.unpackbits(np.frombuffer(base64.b64decode(picture["signs"]), np.uint8), bitorder="little")[:27]
    assert np.flatnonzero(bits).tolist() == [0, 5, 10, 15, 20, 25]
    assert (picture["size"], picture["side"], picture["most"], picture["usual"]) == (2, 3, 16, 4)
    assert (picture["strip"]["selected"], picture["strip"]["captions"]) == (2, ["a", "b", "c"])
    assert data["value"] == [0, 1, 3]
    assert (data["maps"][0]["note"], data["maps"][0]["colour"]) == ("map only", "#0072B2")


@pytest.mark.parametrize(
    "value", [[0, 1], [0, 2, 3.0], [0, 1, -1], [0, 1, 17], [0, 1, "3"], [0, 1, float("nan")], None]
)
def test_only_a_wave_of_the_map_at_a_strength_of_the_slider_is_taken(value):
    assert read_choice(value, limit=1, most=16) is None


def test_a_choice_is_a_wave_and_a_strength():
    assert read_choice([1, -1, 5], limit=1, most=16) == (1, -1, 5.0)
    assert read_choice([1, -1, 15.699999999999999], limit=1, most=16) == (1, -1, 15.7), "the name that commands use"
