"""A painted sketch from the browser, which may send anything."""

import base64
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data.holes_and_sketches import draw_sketch
from ui.components.painters.painters import read_choice

SHIP = base64.b64encode(draw_sketch("ship").tobytes()).decode()


def page() -> None:
    import streamlit as st

    from core.data.holes_and_sketches import draw_sketch
    from ui.components.painters.painters import sketch_painter

    st.session_state.setdefault("picture", draw_sketch("ship"))
    sketch_painter(st.session_state.picture, key="painter", on_paint=lambda new: st.session_state.update(picture=new))


def test_painter_gets_the_picture_and_the_colours_and_gives_back_what_was_painted():
    app = AppTest.from_function(page, default_timeout=120).run()
    assert not app.exception
    data = json.loads(app.get("bidi_component")[0].proto.json)
    assert data["value"] == SHIP and data["about"] == [32, 32] and data["radius"] == 2
    assert data["palette"][5] == ["red", "#f43014"] and data["background"] == "#f0f0f0"


def test_choice_of_the_right_size_is_taken():
    assert read_choice(SHIP, 32, 32) == SHIP
    assert read_choice(base64.b64encode(np.zeros((2, 3, 3), np.uint8)).decode(), 2, 3) is not None


@pytest.mark.parametrize(
    "value",
    [None, 3, b"AAAA", "", "AAAA", SHIP[:-4], SHIP + "AAAA", SHIP[:-1] + "=", SHIP[:-1] + "!", "é" * 4096, [SHIP]],
)
def test_choice_that_is_no_picture_of_this_size_is_ignored(value):
    assert read_choice(value, 32, 32) is None
