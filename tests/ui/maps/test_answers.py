"""Predictions under every wave: stored ones are the networks' own, others come as they are computed."""

import base64
import json

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import SAMPLE_SETS
from core.sweep.answers import UNKNOWN, answer, no_answers, stored_answers
from tests.ui.page_runner import bodies


@pytest.mark.parametrize("name", list(stored_answers()))
def test_stored_answers_equal_predictions(name):
    stored = stored_answers()[name]
    row = next(row for row in SAMPLE_SETS.values() if row.dataset == stored.metadata["dataset"])
    images = load_samples(row.dataset).images
    assert len(stored.classes) == len(images) and UNKNOWN not in stored.percents
    classifier, asked = load_classifier(name, row.classes), [0, 2, 40, len(stored.classes[0]) - 1]
    assert classifier.sha256 == stored.metadata["classifier"]["sha256"]
    for place in (1, 7):
        fresh = no_answers(name, 1, *stored.about)
        answer(fresh, classifier, images[place : place + 1], asked, start=place)
        np.testing.assert_array_equal(fresh.classes[0, asked], stored.classes[place, asked])
        np.testing.assert_allclose(fresh.percents[0, asked], stored.percents[place, asked].astype(int), atol=1)


def script():
    import numpy as np
    import streamlit as st

    from core.classifiers.registry import classifier_spec
    from ui.maps.answers import draw_answers
    from ui.maps.catalogue import Predictor
    from ui.maps.chosen_wave import PerturbedPicture
    from ui.server.cache import LOADING
    from ui.shared.page_pictures import Picture, sample_picture

    st.session_state[LOADING] = True
    picture = sample_picture("cifar10", 3)
    if st.session_state.get("own"):
        picture = Picture(np.full((3, 32, 32), 90, np.uint8), None, "cifar10", 0, "grey", own=True)
    draw_answers([Predictor(classifier_spec("mini-resnet"))], [], PerturbedPicture(picture, (2, 3), 4.0))


@pytest.mark.parametrize("own", [False, True])
def test_bundled_picture_has_answers_at_every_wave(own):
    app = AppTest.from_function(script, default_timeout=120)
    app.session_state["own"] = own
    (body,) = bodies(app.run(), "data-answers")
    packed = json.loads(body.split('"')[1].replace("&quot;", '"'))
    (network,) = packed["networks"]
    percents = np.frombuffer(base64.b64decode(network["percents"]), np.uint8).reshape(31, 31)
    known = percents != UNKNOWN
    assert known[15 + 2, 15 + 3] and known[15 - 2, 15 - 3] and known.sum() == (2 if own else 31 * 31)
    assert network["waves"][1:] == [1 if own else 481, 481]
