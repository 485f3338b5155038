"""Counting flips by a wave: in view of the visitor, aborted by a click elsewhere."""

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ui.maps import predictions
from ui.maps.predictions import FLIP_CHUNKS

CHUNK = FLIP_CHUNKS[False]


def script():
    import streamlit as st

    from core.classifiers.registry import classifier_spec
    from ui.maps.catalogue import Predictor
    from ui.maps.predictions import count_flips, predict
    from ui.maps.wave import PerturbedPicture
    from ui.shared.pictures import sample_picture

    perturbed = PerturbedPicture(sample_picture("cifar10", 33), (0, 1), 4.0)
    rows = predict([Predictor(classifier_spec(name)) for name in ("mini-clip", "mini-resnet")], perturbed)
    count_flips(rows, perturbed, st.empty())


@pytest.mark.parametrize("click", [None, 2])
def test_counting_tells_its_progress_and_a_click_ends_it(monkeypatch, click):
    drawn, batches = [], []
    table, predict = predictions.counts_table, predictions.top1_predictions

    def draw(rows, *arguments):
        drawn.append([row.flips for row in rows])
        if len(drawn) == click:
            st.stop()  # as Streamlit does when a script draws while a rerun is pending
        return table(rows, *arguments)

    monkeypatch.setattr(predictions, "counts_table", draw)
    monkeypatch.setattr(predictions, "top1_predictions", lambda *a, **k: batches.append(len(a[1])) or predict(*a, **k))
    monkeypatch.setattr(predictions, "RECOUNT_SECONDS", -1)  # after every chunk
    predictions._over_samples.cache_clear()
    assert not AppTest.from_function(script, default_timeout=120).run().exception
    if click:
        assert batches == [CHUNK, CHUNK], "one chunk without the wave and with it"
        return
    first, *steps, last = drawn
    assert first == [None] * 2 and [of for _, of in last] == [100] * 2 and len(steps) == 8
    assert [flips[0][1] for flips in steps[:4]] == [CHUNK, 2 * CHUNK, 3 * CHUNK, 4 * CHUNK]
    counts = [flips[0][0] for flips in steps[:4]]
    assert counts == sorted(counts) and counts[-1] == last[0][0]
