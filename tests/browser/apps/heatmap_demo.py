"""A page with nothing but the heat map component, for the tests in a browser.

`?maps=2` (1 to 4), `?colormap=vik`, `?unit=logits` for numbers a thousand times as large. Values are a known function
of the frequency, `demo_value`.
"""

import numpy as np
import streamlit as st

from core.fourier.intervals import Measured
from core.fourier.maps.metrics import PERCENT, POINTS, Unit
from core.numbers import wave_name
from tests.browser.apps.heatmap_values import SIDES, demo_value
from ui.components.heatmap import MapView, ShownMaps, heatmap_view


def demo_map(number: int, diverging: bool) -> MapView:
    side = SIDES[number]
    i, j = np.mgrid[:side, :side] - side // 2
    values = demo_value(number, i, j)
    absent = (i > 9) & (j > 9)
    absent[10 + side // 2, 10 + side // 2] = not st.session_state.one_more
    values[absent] = np.nan
    if st.query_params.get("unit") == "logits":
        return MapView("Margins", "", 1000 * values, value_label="margin", unit=Unit("logits", decimals=2))
    if diverging:
        values = values - 40
    return MapView(
        title=f"Classifier {'ABCD'[number]}",
        subtitle=f"CIFAR-10, 10,000 images, clean error {8 + 12 * number} %",
        values=values / 100,
        interval=Measured(values, (values - 1) / 100, (values + 1) / 100),
        value_label="difference" if diverging else "error",
        unit=POINTS if diverging else PERCENT,
    )


st.set_page_config(page_title="Heat map component", layout="wide")
diverging = st.query_params.get("colormap") == "vik"
st.session_state.setdefault("frequency", (3, -4))
st.session_state.setdefault("one_more", False)
st.session_state.setdefault("runs", 0)
st.session_state.runs += 1


def select(frequency: tuple[int, int]) -> None:
    st.session_state.frequency = frequency


st.button("Preset (0, 12)", on_click=select, args=((0, 12),))
st.button("Compute one more", on_click=lambda: st.session_state.update(one_more=True))
shown = st.checkbox("Show the maps", value=True)
if shown:
    views = [demo_map(number, diverging) for number in range(int(st.query_params.get("maps", "2")))]
    look = ("vik", (-0.4, 0.4)) if diverging else ("viridis", (0, 0.9))
    heatmap_view(
        ShownMaps(views, *look),
        selected=st.session_state.frequency,
        key="demo",
        on_select=select,
    )
chosen = wave_name(st.session_state.frequency)
st.text(f"Run {st.session_state.runs}: Python has {chosen}")
