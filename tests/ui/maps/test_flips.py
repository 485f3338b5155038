"""Counting flips by a wave: in view of the visitor, aborted by a click elsewhere."""

from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.maps import predictions as cell_predictions
from ui.maps.predictions import FLIP_CHUNKS, LOADING

APP = Path(__file__).parents[1] / "apps" / "frequency_app.py"
CHUNK = FLIP_CHUNKS[False]


@pytest.fixture
def drawn(monkeypatch):
    """The rows' flips each time they are drawn; the visitor clicks elsewhere after the given numbers of drawings."""
    counts, clicks, real = [], [], cell_predictions.counts_table

    def draw(rows, *arguments):
        counts.append([row.flips for row in rows])
        if len(counts) in clicks:
            st.stop()  # as Streamlit does when a script draws while a rerun is pending
        return real(rows, *arguments)

    monkeypatch.setattr(cell_predictions, "counts_table", draw)
    monkeypatch.setattr(cell_predictions, "REDRAW_SECONDS", -1)  # after every chunk
    st.cache_data.clear()
    return counts, clicks


def open_page():
    app = AppTest.from_file(str(APP), default_timeout=120)
    app.query_params.update({"pictures": "CIFAR-10", "details": "true"})
    app.session_state[LOADING] = True  # as if the browser had painted
    return app.run()


def test_counting_tells_how_far_it_is(drawn):
    app = open_page()
    assert not app.exception
    (first, *steps, last), _ = drawn
    assert first == [None] * len(last) and all(flips[1] == 100 for flips in last)
    assert [flips[0][1] for flips in steps[:4]] == [CHUNK, 2 * CHUNK, 3 * CHUNK, 4 * CHUNK]
    assert len(steps) == 4 * len(last)
    counts = [flips[0][0] for flips in steps[:4]]
    assert counts == sorted(counts) and counts[-1] == last[0][0]


def test_a_click_ends_the_counting_at_the_next_chunk(drawn, monkeypatch):
    _, clicks = drawn
    clicks.append(2)
    batches, real = [], cell_predictions.top1_predictions

    def predict(classifier, images, *arguments, **options):
        batches.append(len(images))
        return real(classifier, images, *arguments, **options)

    monkeypatch.setattr(cell_predictions, "top1_predictions", predict)
    assert not open_page().exception
    assert batches == [CHUNK, CHUNK], "one chunk without the wave and with it"
