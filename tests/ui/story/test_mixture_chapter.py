"""The chapter *Mixture*: the pairs' predictions against the network, and the chart against the claim."""

import base64
import io
import itertools
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from core.classifiers.registry import load_classifier
from core.data.picture_files import square_image
from core.fourier.waves import hybrid
from core.shared.device import class_probabilities
from core.shared.text import with_article
from core.sweep.mixture_pairs import mixed_pairs, mixing_network
from tests.ui.story.test_page import of, opened
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.shared.page_pictures import sample_picture
from ui.story.chapters import in_words
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
            assert len(bars) == 3
            if text == "nothing clearly":
                assert max(bars.values()) < 0.1
            else:
                assert bars[text] == max(bars.values()) >= 0.1


def test_each_pair_says_where_to_drag():
    for pair, shown in zip(mixed_pairs(), photo_pairs(), strict=True):
        (network,) = shown.networks
        low, high = map(with_article, network.classes)
        assert network.says[network.switches] == low and {*network.says[network.switches :]} == {low}
        assert network.says[network.switches - 1] != low, "the mark is where it changes"
        assert network.hints[pair.start] == f"Drag right until it sees {low}.", "there is something to do at first"
        for at, hint in enumerate(network.hints):
            left, right = network.says[:at], network.says[at + 1 :]
            if hint.startswith("Drag right"):
                assert low in right and network.says[at] != low
            else:
                assert hint == f"Drag left until it sees {high}." and high in left and network.says[at] != high


def test_tiles_of_pairs_differ_and_show_both_photos():
    tiles = np.asarray(Image.open(io.BytesIO(base64.b64decode(photo_pairs()[0].strip.sheet.partition(",")[2]))))
    size, columns = photo_pairs()[0].strip.tile, photo_pairs()[0].strip.columns
    above = np.add.outer(np.arange(size), np.arange(size)) < size - 8
    for number, pair in enumerate(mixed_pairs()):
        row, column = divmod(number, columns)
        tile = tiles[size * row : size * (row + 1), size * column : size * (column + 1)].astype(int)
        for half, position in ((above, pair.low), (above[::-1, ::-1], pair.high)):
            photo = sample_picture("photographs", position).pixels.transpose(1, 2, 0)
            small = square_image(photo, size, resize_to=size).astype(int)
            assert np.abs(tile - small)[half].mean() < 12 < 20 < np.abs(tile - small)[half[::-1, ::-1]].mean()


def test_claim_in_words_is_what_its_parts_say():
    finding = finding_on("relies", CLIP, RESNET56)
    slow, fast = finding.parts[-2:]
    assert slow.number.what == "difference up to 2 cycles per image" and "corners" in fast.number.what
    in_figures = [slow.number.measured.low > 0, fast.number.measured.low < 0 < fast.number.measured.high]
    said = in_words(finding)
    assert in_figures == [
        said.startswith("Slow waves fool CLIP ViT-B/32 more often"),
        said.endswith("too small to tell."),
    ]
    others = {
        in_words(SimpleNamespace(names=finding.names, parts=[SimpleNamespace(truth=truth) for truth in truths]))
        for truths in itertools.product([True, False, None], repeat=2)
    }
    assert len(others) == 9 and said in others


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
