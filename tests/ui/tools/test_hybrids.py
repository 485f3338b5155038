"""The tool *Two pictures in one* in Streamlit's test runner, with toy networks."""

import json

import numpy as np
import pytest

import ui.tools.hybrids
from core.classifiers.registry import classifier_spec, load_classifier
from core.data.sample_sets import SAMPLE_SETS
from core.fourier.waves import hybrid
from core.shared.device import class_probabilities
from core.sweep.predict import HybridPredictions, hybrid_cutoffs, predict_hybrids
from tests.ui.pages.test_frequency import open_page, text
from tests.ui.toys import ToyClassifier
from ui.components.hybrid_mixer import Mixed
from ui.maps.catalogue import Predictor
from ui.maps.predictions import LOADING
from ui.shared.pictures import Picture, sample_picture, samples
from ui.tools.hybrids import STORED, _mixed, crossover_table, stored_mixtures
from ui.tools.registry import HYBRIDS

CUTOFFS = hybrid_cutoffs(32)


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    ui.tools.hybrids._predictions.clear()
    monkeypatch.setattr(ui.tools.hybrids, "classifier_for", lambda name, classes: ToyClassifier(name))
    yield
    ui.tools.hybrids._predictions.clear()


def opened(**parameters):
    app = open_page(**{"pictures": "CIFAR-10", "tab": HYBRIDS} | parameters)
    app.session_state[LOADING] = True  # as if the browser had painted
    app.run()
    assert not app.exception and not app.error
    return app, json.loads(app.get("bidi_component")[-1].proto.json)


def test_every_cutoff_has_each_networks_probabilities_for_both_classes():
    app, data = opened(picture="1", second="4", cutoff="3")
    images, labels = samples("cifar10").images.astype("f4") / 255, samples("cifar10").labels
    assert data["cutoffs"] == list(CUTOFFS) and CUTOFFS[data["value"]] == pytest.approx(3, rel=0.05)
    assert data["strip"]["selected"] == 4
    mixed = np.stack([hybrid(images[1], images[4], cutoff) for cutoff in CUTOFFS])
    for network, name in zip(data["networks"], ("mini-clip", "mini-resnet"), strict=True):
        expected = class_probabilities(ToyClassifier(name), mixed)
        np.testing.assert_allclose(network["shares"], expected[:, [labels[1], labels[4]]], atol=1e-4)
        assert network["classes"] == ["automobile", "deer"]
        assert network["tops"] == [samples("cifar10").classes.names[top] for top in expected.argmax(1)]
    assert "This is a single pair." in text(app)


@pytest.mark.parametrize("linked", [{"second": "9999", "cutoff": "-3"}, {"second": "x", "cutoff": "nan"}, {}])
def test_a_senseless_url_opens_the_sets_own_pair_in_the_middle(linked):
    app, data = opened(**linked)
    assert data["strip"]["selected"] == SAMPLE_SETS["cifar10"].second
    assert data["cutoffs"][data["value"]] == CUTOFFS[len(CUTOFFS) // 2] == 4


def test_two_pictures_of_one_class_have_nothing_to_change():
    app, data = opened(picture="1", second="11")
    assert "there is no crossover" in text(app)


def test_crossover_cutoffs_come_in_order_and_hedged():
    def mixed(title, switches=None, together=0.0):
        return Mixed(title, "", ("cat", "ship"), 4 * [(together / 2, together / 2)], [], switches, "")

    networks = [mixed("A", 3, 0.125), mixed("B", 1, 0.6), mixed("C")]
    assert crossover_table(networks, (1.0, 2.0, 4.0, 8.0)) == [
        ["B", "2", "60.0 %"],
        ["A", "8", "12.5 %: it hardly sees either"],
        ["C", "none", ""],
    ]


def test_without_a_picture_the_tab_asks_for_one():
    app = open_page(pictures="Yours", tab=HYBRIDS)
    assert not app.exception and "a bundled picture" in text(app)


def test_a_picture_without_a_class_counts_as_what_the_network_predicts_for_it():
    probabilities = np.eye(10, dtype=np.float32)
    predictions = HybridPredictions((1.0, 2.0, 4.0), probabilities[3], probabilities[6], probabilities[[6, 6, 3]])
    own = Picture(samples("cifar10").images[0], None, "cifar10", 0, "mine.png")
    mixed = _mixed(Predictor(classifier_spec("mini-clip")), predictions, own, sample_picture("cifar10", 4))
    assert mixed.classes == ("cat", "deer") and [a for a, _ in mixed.shares] == [0, 0, 1]
    assert mixed.switches == 2 and mixed.mark == "Mini CLIP 4"


def test_stored_mixtures_say_what_the_tab_says_of_the_same_pair():
    stored, (low, high) = stored_mixtures(("mini-clip", "mini-resnet"))[1], STORED["pairs"][1]
    for network, name in zip(stored.networks, ("mini-clip", "mini-resnet"), strict=True):
        classifier = load_classifier(name, samples("cifar10").classes)
        predictions = predict_hybrids(classifier, *(sample_picture("cifar10", k).image for k in (low, high)), CUTOFFS)
        pair = sample_picture("cifar10", low), sample_picture("cifar10", high)
        expected = _mixed(Predictor(classifier_spec(name)), predictions, *pair)
        assert (network.title, network.classes, network.switches, network.mark) == (
            expected.title,
            expected.classes,
            expected.switches,
            expected.mark,
        )
        np.testing.assert_allclose(network.shares, expected.shares, atol=2e-4)
