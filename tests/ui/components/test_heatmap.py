"""Python's half of the heat map component: what it sends to the browser, and what it makes of the answer."""

import base64
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import ui.components.heatmap as module
from ui.components.heatmap import MapView, format_frequency
from ui.shared.colormaps import COLORMAPS, DIVERGING, colormap_table


def page() -> None:
    """An app with a map of 3 x 3 and one of 5 x 5; the session decides what is selected."""
    import numpy as np
    import streamlit as st

    from ui.components.heatmap import MapView, heatmap_view

    small = np.array([[10.04, 20.06, 30.0], [0.0, np.nan, 99.95], [-0.04, 54.25, 100.0]])
    heatmap_view(
        [
            MapView("Small", "with intervals", small, low=small - 1, high=small + 1),
            MapView("Large", "", np.arange(25.0).reshape(5, 5), value_label="rate"),
        ],
        selected=st.session_state.get("selected", (1, -1)),
        value_range=(0, 100),
        colormap=st.session_state.get("colormap", "viridis"),
        unit="%",
        key="maps",
        on_select=lambda frequency: None,
    )


def sent(app: AppTest) -> dict:
    assert not app.exception
    return json.loads(app.get("bidi_component")[0].proto.json)


def unpack(packed: dict) -> np.ndarray:
    numbers = np.frombuffer(base64.b64decode(packed["cells"]), dtype="<i2")
    return numbers.reshape(-1, packed["side"], packed["side"])


def test_view_sends_rounded_numbers_and_marks_what_was_not_computed():
    small, large = sent(AppTest.from_function(page).run())["maps"]
    values, low, high = unpack(small)
    absent = module._NOT_COMPUTED
    assert values.tolist() == [[100, 201, 300], [0, absent, 1000], [0, 542, 1000]]
    assert low[0].tolist() == [90, 191, 290] and high[0].tolist() == [110, 211, 310]
    assert low[1, 1] == high[1, 1] == absent
    assert unpack(large).shape == (1, 5, 5) and unpack(large)[0, 4, 4] == 240
    assert [small["title"], small["label"], large["label"]] == ["Small", "error", "rate"]


def test_view_sends_the_colour_map_and_whether_it_has_signs():
    app = AppTest.from_function(page).run()
    assert base64.b64decode(sent(app)["table"]) == colormap_table("viridis").tobytes()
    assert sent(app)["signed"] is False
    app.session_state.colormap = "vik"
    assert sent(app.run())["signed"] is True


def test_view_sends_the_same_again_until_python_moves_the_selection():
    app = AppTest.from_function(page).run()
    first = sent(app)
    assert first["selected"] == [1, -1]
    assert sent(app.run()) == first
    app.session_state.selected = (0, 1)
    moved = sent(app.run())
    assert moved["selected"] == [0, 1] and moved["token"] != first["token"]
    assert sent(app.run()) == moved


@pytest.fixture
def session(monkeypatch) -> dict:
    """A stand-in for the session's state, in which the component `maps` shows (1, -1)."""
    state: dict = {}
    monkeypatch.setattr(module.st, "session_state", state)
    module._synchronise("maps", (1, -1))
    return state


def choose(session: dict, frequency, token: str) -> list:
    chosen: list = []
    session["maps"] = {"choice": {"frequency": frequency, "token": token}}
    module._chosen("maps", 2, chosen.append)
    return chosen


def test_choice_is_passed_on_and_not_sent_back(session):
    token = session["maps.shown"].token
    assert choose(session, [2, 0], token) == [(2, 0)]
    assert module._synchronise("maps", (2, 0)).token == token


def test_choice_that_the_page_does_not_follow_is_put_right(session):
    token = session["maps.shown"].token
    choose(session, [2, 0], token)
    shown = module._synchronise("maps", (1, -1))
    assert shown.token != token and shown.pushed == (1, -1)


def test_choice_made_before_the_browser_heard_of_a_move_goes_out_again(session):
    old = session["maps.shown"].token
    moved = module._synchronise("maps", (0, 0)).token
    assert choose(session, [2, 0], old) == [(2, 0)]
    shown = module._synchronise("maps", (2, 0))
    assert shown.token not in (old, moved) and shown.pushed == (2, 0)


@pytest.mark.parametrize(
    "answer",
    [
        None,
        {},
        "no",
        {"frequency": [3, 0], "token": "t"},
        {"frequency": [0, -3], "token": "t"},
        {"frequency": [0.5, 0], "token": "t"},
        {"frequency": ["0", "0"], "token": "t"},
        {"frequency": [0], "token": "t"},
        {"frequency": [0, 0]},
    ],
)
def test_choice_that_makes_no_sense_is_ignored(session, answer):
    chosen: list = []
    session["maps"] = {"choice": answer}
    module._chosen("maps", 2, chosen.append)
    assert chosen == []


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (9,)])
def test_map_refuses_other_shapes(shape):
    with pytest.raises(ValueError, match=r"map 'CLIP': values want an odd square shape \(R, R\), got"):
        MapView("CLIP", "", np.zeros(shape))


def test_map_refuses_half_an_interval_and_another_size():
    values = np.zeros((3, 3))
    with pytest.raises(ValueError, match="low and high, or neither"):
        MapView("CLIP", "", values, low=values)
    with pytest.raises(ValueError, match=r"high wants the values' shape \(3, 3\), got \(5, 5\)"):
        MapView("CLIP", "", values, low=values, high=np.zeros((5, 5)))


@pytest.mark.parametrize("value", [3276.8, -3276.8, np.inf])
def test_pack_refuses_values_that_do_not_fit(value):
    view = MapView("CLIP", "", np.full((3, 3), value))
    with pytest.raises(ValueError, match=r"between \+-3276.7; use fewer decimals"):
        module._pack(view, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"maps": []}, "at least one map"),
        ({"value_range": (1, 1)}, r"low < high, got \(1, 1\)"),
        ({"colormap": "jet"}, "colour map 'jet' is unknown; known: viridis, vik"),
    ],
)
def test_view_refuses_what_it_cannot_show(session, change, message):
    arguments = {
        "maps": [MapView("CLIP", "", np.zeros((3, 3)))],
        "value_range": (0, 100),
        "colormap": "viridis",
        "selected": (0, 0),
        "unit": "%",
        "key": "maps",
        "on_select": lambda frequency: None,
    }
    with pytest.raises(ValueError, match=message):
        module.heatmap_view(**(arguments | change))


def test_format_frequency_has_a_true_minus():
    assert format_frequency((3, -4)) == "(3, −4)" and format_frequency((0, 12)) == "(0, 12)"


@pytest.mark.parametrize("name", COLORMAPS)
def test_colour_maps_are_even_in_lightness(name):
    red, green, blue = (colormap_table(name) / 255.0).T
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    lightness = 116 * np.cbrt(luminance) - 16
    rising = lightness if name not in DIVERGING else np.concatenate([lightness[:128], lightness[128:][::-1]])
    steps = np.diff(rising) if name not in DIVERGING else np.delete(np.diff(rising), 127)
    assert steps.min() > -0.5, "darker or lighter all the way, so that grey prints read as well"
    if name in DIVERGING:
        assert lightness[127] > 85 and abs(lightness[0] - lightness[255]) < 12


def test_viridis_has_its_published_ends_and_middle():
    assert [bytes(row).hex() for row in colormap_table("viridis")[[0, 128, 255]]] == [
        "440154",
        "21918c",
        "fde725",
    ]
