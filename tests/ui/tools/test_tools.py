"""The tools of *Frequencies* in Streamlit's test runner: their numbers against the engine's, what links open."""

import json
import re

import numpy as np
import pytest

import ui.tools.corruption_tool
from core.claims.claim_table import CLAIMS
from core.claims.statistics import stored_corruptions
from core.classifiers.registry import classifier_spec
from core.data.corruptions import CORRUPTIONS as ALL_CORRUPTIONS
from core.data.corruptions import corrupt
from core.data.sample_sets import SAMPLE_SETS
from core.shared.device import class_probabilities
from core.sweep.mixture_pairs import mixed_pairs
from core.sweep.predict import HybridPredictions, PairPredictions, hybrid_cutoffs
from tests.ui.page_runner import bodies, components, page_text
from tests.ui.pages.test_frequency import open_page
from tests.ui.toys import ToyClassifier
from ui.maps.catalogue import EFFICIENTNET, MINI_CLIP, RESNET56, Predictor
from ui.server.cache import LOADING
from ui.shared.page_pictures import Picture, sample_picture, samples, thumbnails
from ui.tools.compute import QUICK_PREDICTIONS, sweep_config
from ui.tools.corruption_tool import EVERY
from ui.tools.hybrid_tool import mixed, mixture, photo_pairs
from ui.tools.tool_table import CORRUPTIONS_TOOL, HYBRIDS_TOOL, TOOLS

FIRST = SAMPLE_SETS["cifar10"].first
CUTOFFS = hybrid_cutoffs(32)


def opened(tool, **parameters):
    """The page with a tool open, once the browser has painted and networks may load."""
    app = open_page(**{"pictures": "CIFAR-10", "tab": tool} | parameters)
    app.session_state[LOADING] = True
    app.run()
    assert not app.exception and not app.error
    return app


def chart_rows(app, number):
    return json.loads(app.get("vega_lite_chart")[number].proto.spec)["layer"][0]["data"]["values"]


@pytest.fixture
def toys(monkeypatch):
    """Linear classifiers in place of the networks of corruptions."""
    ui.tools.corruption_tool._predictions.cache_clear()
    monkeypatch.setattr(ui.tools.corruption_tool, "classifier_for", lambda name, classes: ToyClassifier(name))
    yield
    ui.tools.corruption_tool._predictions.cache_clear()


def test_claims_name_existing_tools():
    assert {claim.display.tool for claim in CLAIMS.values()} <= {"", *TOOLS}


def test_own_map_takes_few_predictions():
    config = sweep_config(samples("cifar10"), 4.0)
    assert 4000 < config.fraction * len(config.waves) * len(samples("cifar10")) <= QUICK_PREDICTIONS


def test_tool_without_picture_asks_for_one():
    assert "use a photo of your own" in page_text(open_page(pictures="Yours", tab=CORRUPTIONS_TOOL))


# Two pictures in one


def test_picture_without_class_uses_the_prediction():
    probabilities = np.eye(10, dtype=np.float32)
    predictions = HybridPredictions((1.0, 2.0, 4.0), probabilities[3], probabilities[6], probabilities[[6, 5, 3]])
    own = Picture(samples("cifar10").images[0], None, "cifar10", 0, "mine.png")
    strip = thumbnails("cifar10")
    both = mixture(own, sample_picture("cifar10", 4), {Predictor(classifier_spec("mini-clip")): predictions}, strip, 4)
    (shown,) = both.networks
    assert shown.classes == ("cat", "deer") and [a for a, _ in shown.shares] == [0, 0, 1]
    assert shown.says == ["a frog", "a dog", "a cat"] and shown.others[1] == ("dog", 1)
    assert shown.switches == 2 and both.captions == ("mine.png", "deer")
    assert (shown.sees, shown.hints) == ([2, 2, 0], ["Drag right until it sees a cat."] * 2 + [""])


@pytest.mark.parametrize(
    ("fractions", "switch", "hints"),
    [
        ((0.0, 0.1, 0.6, 0.9), 2, "RRLL"),
        ((0.1, 0.7, 0.2, 0.9), 3, "RLRL"),  # it switches for good
        ((0.6, 0.7, 0.8, 0.9), None, "    "),
        ((0.1, 0.6, 0.8, 0.2), None, "RLL "),
        ((0.1, 0.2, 0.3, 0.2), None, "    "),
    ],
)
def test_hint_leads_to_the_other_picture(fractions, switch, hints):
    shares = np.array([[fraction, 1 - fraction] for fraction in fractions])
    nothing = np.zeros(4)
    told = mixed("Toy", "mini-clip", PairPredictions((1, 2, 4, 8), (3, 5), shares, nothing.astype(int), nothing),
                 samples("cifar10").classes.names)  # fmt: skip
    said = {"R": "Drag right until it sees a cat.", "L": "Drag left until it sees a dog.", " ": ""}
    assert told.switches == switch and told.hints == [said[hint] for hint in hints]
    unclear = PairPredictions((1, 2, 4, 8), (3, 5), shares / 12, nothing.astype(int), nothing + 0.09)
    told = mixed("Toy", "mini-clip", unclear, samples("cifar10").classes.names)
    assert {*told.says} == {"nothing clearly"} and {*told.sees} == {2} and {*told.hints} == {""}


def mixer(**link):
    return components(opened(HYBRIDS_TOOL, **link), "cutoffs")[0]


def test_hybrid_predictions_equal_stored_ones():
    pair = mixed_pairs()[1]
    link = {"pictures": "Photographs", "picture": str(pair.low), "second": str(pair.high), "cutoff": "3"}
    data = mixer(**link, maps=[EFFICIENTNET])
    assert data["cutoffs"] == list(pair.predictions.cutoffs)
    assert data["cutoffs"][data["value"]] == pytest.approx(3, rel=0.07)
    (network,), (expected,) = data["networks"], photo_pairs()[1].networks
    np.testing.assert_allclose(network["shares"], expected.shares, atol=2e-3)
    for name in ("title", "says", "sees", "switches", "hints"):
        assert network[name] == getattr(expected, name)
    for shares, other, said in zip(network["shares"], network["others"], network["says"], strict=True):
        names = [*network["classes"], other[0]]
        top = names[int(np.argmax([*shares, other[1]]))]
        assert said == "nothing clearly" or said.endswith(top), "the top prediction has a bar"
    data = mixer(picture="0", second="9999", cutoff="nan")
    assert data["strip"]["selected"] == SAMPLE_SETS["cifar10"].second and data["cutoffs"] == list(CUTOFFS)
    networks = data["networks"]
    seen = [k for k in range(networks[0]["switches"])
            if all(network["sees"][k] < 2 for network in networks)]  # fmt: skip
    assert data["value"] == max(seen)  # the last cutoff before the first's change at which all see one of both


def test_tile_of_two_pictures_opens_the_pair_that_it_shows():
    app, pair = open_page(pictures="CIFAR-10"), mixed_pairs()[0]
    app.button_group(key="frequency.card").set_value(HYBRIDS_TOOL).run()
    app.session_state[LOADING] = True
    (data,) = components(app.run(), "cutoffs")
    assert not app.exception and app.session_state["pictures"] == "Photographs"
    assert app.session_state["cell.positions"]["photographs"] == pair.low
    assert (data["strip"]["selected"], data["value"]) == (pair.high, pair.start)
    mine = open_page(pictures="CIFAR-10", picture="7")
    mine.button_group(key="frequency.card").set_value(HYBRIDS_TOOL).run()
    assert mine.session_state["pictures"] == "CIFAR-10", "a picture that somebody chose stays"


# Corruptions


@pytest.mark.parametrize(
    ("linked", "label", "strength"),
    [
        ({"corruption": "Fog", "severity": "3"}, "Fog", 3),
        ({"corruption": "Rain", "severity": "9"}, "Gaussian noise", 2),
    ],
)
def test_corruption_bars_are_stored_accuracies(linked, label, strength, toys):
    app = opened(CORRUPTIONS_TOOL, picture="1", maps=[MINI_CLIP, RESNET56], **linked)
    assert app.selectbox(key="corruption").value == label and app.select_slider(key="severity").value == strength
    body, classes = bodies(app, "Clean")[0], samples("cifar10").classes.names
    image = samples("cifar10").images[[1]].astype(np.float32) / 255
    keys = {kind.label: kind.key for kind in ALL_CORRUPTIONS.values()}
    small = ("mini-clip", "mini-clip-robust", "mini-resnet", "mini-resnet-robust")  # the last two in place of ResNet-56
    names = {classifier_spec(name).title: name for name in small}
    for title, name in names.items():
        assert body.count(f"{title}: ") == 4, "twice, also as a text for screen readers"
        for pixels in (image, corrupt(image, ALL_CORRUPTIONS[keys[label]], strength, [1])):
            probabilities = class_probabilities(ToyClassifier(name), pixels)[0]
            assert f"{classes[probabilities.argmax()]}" in body and f"{100 * probabilities.max():.0f}%" in body

    def right(name, corruption):
        outcomes = stored_corruptions()[name]
        if corruption == "Clean":
            return outcomes.clean
        return outcomes.correct[outcomes.keys.index(keys[corruption]), strength - 1]

    (bars,) = bodies(app, "spoilt-rates")
    assert "a guess among 10 classes (10%)" in bars and f"at strength {strength}" in bars
    of_bars = [tuple(map(float, row)) for row in re.findall("--right:(.*?)%.*?--clean:(.*?)%", bars)]
    assert of_bars == [
        tuple(pytest.approx(100 * right(name, of).mean(), abs=0.051) for of in (label, "Clean")) for name in small
    ]
    assert not app.get("vega_lite_chart"), "drawn when it is asked for"
    app.session_state[EVERY] = True
    rows = chart_rows(app.run(), -1)
    assert [*dict.fromkeys(row["network"] for row in rows)] == [*names]
    assert len(rows) == len(names) * (1 + len(ALL_CORRUPTIONS))
    for row in rows:
        correct = right(names[row["network"]], row["corruption"])
        assert row["accuracy"] == pytest.approx(100 * correct.mean()) and row["low"] < row["accuracy"] < row["high"]
        assert row["faded"] == (row["corruption"] not in ("Clean", label))


@pytest.mark.parametrize("label", ["Fog", "Gaussian noise", "Brightness"])
def test_the_best_and_the_worst_network_are_named(label, toys):
    app = opened(CORRUPTIONS_TOOL, picture="1", maps=[MINI_CLIP, RESNET56], corruption=label)
    (said,), rates = bodies(app, "headline"), {}
    key = next(kind.key for kind in ALL_CORRUPTIONS.values() if kind.label == label)
    for name in ("mini-clip", "mini-clip-robust", "mini-resnet", "mini-resnet-robust"):
        outcomes = stored_corruptions()[name]
        rates[classifier_spec(name).title] = outcomes.correct[outcomes.keys.index(key), 1].mean()
    worst, *_, best = sorted(rates, key=rates.get)
    if rates[best] < 0.45:
        assert "every network is wrong on most pictures" in said and label == "Fog"
        return
    assert f"{best} is right on {100 * rates[best]:.0f}% of pictures, {worst} on {100 * rates[worst]:.0f}%" in said
    assert ("about as often as a guess" in said) == (rates[worst] < 0.115) == (label == "Gaussian noise")


def test_statistics_of_a_photo_are_a_press_away():
    app = opened(CORRUPTIONS_TOOL, pictures="Photographs")
    app.button(key="frequency.corruptions.small").click().run()
    assert app.session_state["pictures"] == "CIFAR-10" and not app.exception
    assert bodies(app, "spoilt-rates")
