"""Counting flips by a wave: in view of the visitor, aborted by a click elsewhere."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from tests.ui.page_runner import PAGE
from ui.maps import predictions
from ui.maps.predictions import FLIP_CHUNKS
from ui.server.cache import LOADING

CHUNK = FLIP_CHUNKS[False]


@pytest.mark.parametrize("click", [None, 2])
def test_counting_tells_how_far_it_is_and_a_click_ends_it_at_the_next_chunk(monkeypatch, click):
    drawn, batches = [], []
    table, predict = predictions.counts_table, predictions.top1_predictions

    def draw(rows, *arguments):
        drawn.append([row.flips for row in rows])
        if len(drawn) == click:
            st.stop()  # as Streamlit does when a script draws while a rerun is pending
        return table(rows, *arguments)

    monkeypatch.setattr(predictions, "counts_table", draw)
    monkeypatch.setattr(predictions, "top1_predictions", lambda *a, **k: batches.append(len(a[1])) or predict(*a, **k))
    monkeypatch.setattr(predictions, "REDRAW_SECONDS", -1)  # after every chunk
    st.cache_data.clear()
    app = AppTest.from_string(PAGE.format("frequency"), default_timeout=120)
    app.query_params.update({"pictures": "CIFAR-10", "details": "true"})
    app.session_state[LOADING] = True  # as if the browser had painted
    assert not app.run().exception
    if click:
        assert batches == [CHUNK, CHUNK], "one chunk without the wave and with it"
        return
    first, *steps, last = drawn
    assert first == [None] * len(last) and all(flips[1] == 100 for flips in last) and len(steps) == 4 * len(last)
    assert [flips[0][1] for flips in steps[:4]] == [CHUNK, 2 * CHUNK, 3 * CHUNK, 4 * CHUNK]
    counts = [flips[0][0] for flips in steps[:4]]
    assert counts == sorted(counts) and counts[-1] == last[0][0]
