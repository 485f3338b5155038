"""The chapter *Mixture*: the pairs' predictions against the network, and the chart against the claim."""

import re

import numpy as np
import pytest

from core.classifiers.registry import load_classifier
from core.fourier.waves import hybrid
from core.shared.device import class_probabilities
from core.sweep.mixture_pairs import mixed_pairs, mixing_network
from tests.ui.story.test_page import of, opened
from ui.maps.catalogue import MINI_CLIP, MINI_RESNET
from ui.shared.page_pictures import sample_picture
from ui.story.data import finding_on
from ui.story.mixture_chapter import follows_slow, measured, pairs_summary
from ui.tools.hybrid_tool import photo_pairs


def test_each_pair_changes_the_networks_mind():
    assert len(mixed_pairs()) == 6
    for pair, shown in zip(mixed_pairs(), photo_pairs(), strict=True):
        (network,) = shown.networks
        said = [text.removeprefix("a ").removeprefix("an ") for text in network.says]
        low, high = network.classes
        assert said[0] != said[-1] and said[-1] == low and high in said
        assert said[pair.start] in (low, high), "it begins where the network sees one of both"
        for shares, other, text in zip(network.shares, network.others, said, strict=True):
            bars = {low: shares[0], high: shares[1], other[0]: other[1]}
            word = text.removeprefix("nothing clearly, at best ").removeprefix("a ").removeprefix("an ")
            assert len(bars) == 3 and bars[word] == max(bars.values())
            assert (max(bars.values()) < 0.1) == text.startswith("nothing clearly")


@pytest.mark.parametrize("number", [0, 3])
def test_stored_mixtures_are_the_networks(number):
    pair = mixed_pairs()[number]
    low, high = (sample_picture("photographs", k).image for k in (pair.low, pair.high))
    for at in (pair.start, 48):
        both = hybrid(low, high, pair.predictions.cutoffs[at])
        probabilities = class_probabilities(load_classifier(mixing_network()), both[None])[0]
        np.testing.assert_allclose(
            probabilities[list(pair.predictions.classes)], pair.predictions.shares[at], atol=2e-3
        )
        assert probabilities.argmax() == pair.predictions.tops[at]


def test_component_shows_the_chosen_pair():
    app = opened(chapter="mixture")
    for pair, row in enumerate(mixed_pairs()[:3]):
        app.session_state["story.pair"] = pair
        data = of(app.run(), "cutoffs")
        assert data["strip"]["selected"] == pair and data["value"] == row.start
    app.session_state["story.cutoff"] = 7
    assert of(app.run(), "cutoffs")["value"] == 7
    again = of(opened(**app.query_params), "cutoffs")
    assert (again["strip"]["selected"], again["value"]) == (2, 7)


def test_chart_says_what_the_claims_numbers_say():
    numbers = {part.what: part.measured for part in finding_on("relies", MINI_CLIP, MINI_RESNET).evidence}
    first, second = (numbers[f"crossover cutoff of {name}"].value for name in ("Mini CLIP", "Mini ResNet"))
    said = pairs_summary()
    assert re.search(rf"Mini CLIP switches .* at {first:.2f} cycles per image, Mini ResNet at {second:.2f}\.", said)
    assert ("as the paper suspects of CLIP" in said) == (numbers["difference of crossover cutoffs"].high < 0)
    shares = follows_slow(measured()[0])
    assert len(shares) == 13 and shares[0] < 0.2 and shares[-1] > 0.9
