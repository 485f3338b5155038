"""The tool *Corruptions* in Streamlit's test runner, with toy networks."""

import json
import re

import numpy as np
import pytest

import ui.tools.corruptions
from core.claims.quantities import stored_corruptions
from core.data.corruptions import CORRUPTIONS, corrupt
from core.shared.device import class_probabilities
from tests.ui.pages.test_frequency import open_page, text
from tests.ui.toys import ToyClassifier
from ui.maps.catalogue import MINI_CLIP, MINI_RESNET, RESNET56
from ui.maps.predictions import LOADING
from ui.shared.pictures import samples
from ui.tools.corruptions import NetworkOutcomes, corruption_table
from ui.tools.registry import CORRUPTIONS as TOOL


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    cache = ui.tools.corruptions._predictions
    cache.clear()
    monkeypatch.setattr(ui.tools.corruptions, "classifier_for", lambda name, classes: ToyClassifier(name))
    yield
    cache.clear()


def opened(**parameters):
    app = open_page(**{"pictures": "CIFAR-10", "tab": TOOL} | parameters)
    app.session_state[LOADING] = True  # as if the browser had painted
    app.run()
    assert not app.exception and not app.error
    return app


def bars_of(app):
    """The rows of the tab's chart."""
    return json.loads(app.get("vega_lite_chart")[-1].proto.spec)["layer"][0]["data"]["values"]


def test_url_opens_the_corruption_and_both_pictures_carry_predictions():
    app = opened(picture="1", corruption="Fog", severity="3")
    assert app.selectbox(key="corruption").value == "Fog" and app.select_slider(key="severity").value == 3
    body = next(part.body for part in app.get("html") if "Clean" in part.body)
    image, names = samples("cifar10").images[[1]] / 255, samples("cifar10").classes.names
    fog = corrupt(image, CORRUPTIONS["fog"], 3, [1])
    for name in ("mini-clip", "mini-clip-robust"):
        for pixels in (image.astype(np.float32), fog):
            probabilities = class_probabilities(ToyClassifier(name), pixels)[0]
            assert f"{names[probabilities.argmax()]}" in body and f"{100 * probabilities.max():.0f} %" in body
    assert "Fog, strength 3" in body


def test_bars_are_the_stored_shares_of_the_maps_networks_and_their_twins():
    app = opened(corruption="Contrast", severity="1", maps=[MINI_CLIP, RESNET56])
    bars = bars_of(app)
    stored = stored_corruptions()
    names = {"Mini CLIP": "mini-clip", "Mini CLIP (robust)": "mini-clip-robust", "ResNet-56": "resnet-56"}
    assert {row["network"] for row in bars} == set(names) and len(bars) == 3 * 9
    for row in bars:
        outcomes = stored[names[row["network"]]]
        key = next((row_.key for row_ in CORRUPTIONS.values() if row_.label == row["corruption"]), None)
        correct = outcomes.clean if key is None else outcomes.correct[outcomes.keys.index(key), 0]
        assert row["accuracy"] == pytest.approx(100 * correct.mean()) and row["low"] < row["accuracy"] < row["high"]
        assert row["chosen"] == (row["corruption"] in ("Clean", "Contrast"))
    assert any("2,000 CIFAR-10 test pictures" in part.proto.body for part in app.get("html"))


def test_four_networks_at_most_and_twins_stand_beside_each_other():
    bars = bars_of(opened(maps=[MINI_CLIP, MINI_RESNET]))
    assert list(dict.fromkeys(row["network"] for row in bars)) == [
        "Mini CLIP", "Mini CLIP (robust)", "Mini ResNet", "Mini ResNet (robust)",
    ]  # fmt: skip
    bars = bars_of(opened(maps=["Mini ResNet (robust) · CIFAR-10 · computed"]))
    assert "Mini ResNet (robust)" in {row["network"] for row in bars}


@pytest.mark.parametrize("linked", [{"corruption": "Rain", "severity": "9"}, {"severity": "x"}, {}])
def test_a_senseless_url_opens_contrast_in_the_middle(linked):
    app = opened(**linked)
    assert app.selectbox(key="corruption").value == "Contrast" and app.select_slider(key="severity").value == 2


def test_of_larger_pictures_only_the_picture_is_shown_and_the_tab_says_so(monkeypatch):
    monkeypatch.setattr(ui.tools.corruptions, "_predictions", lambda *_: np.eye(2, 1000))  # toys see 32 pixels
    app = opened(pictures="Photographs")
    assert "for 32 × 32 pixels only" in text(app)


def test_without_a_picture_the_tab_asks_for_one():
    app = open_page(pictures="Yours", tab=TOOL)
    assert not app.exception and "a bundled picture" in text(app)


def test_the_table_has_accuracies_and_who_loses_more():
    stored = stored_corruptions()
    ordinary, robust = (NetworkOutcomes(name, name.title(), stored[name]) for name in ("mini-clip", "mini-clip-robust"))
    first, second = corruption_table("contrast", 1, [ordinary, robust])
    right = [network.outcomes.correct[5, 0].mean() for network in (ordinary, robust)]
    wrong = [network.outcomes.clean.mean() - share for network, share in zip((ordinary, robust), right, strict=True)]
    for row, title, share in zip((first, second), ("Mini-Clip", "Mini-Clip-Robust"), right, strict=True):
        assert row[:2] == [title, "2,000 CIFAR-10 test pictures"] and row[2].startswith(f"{100 * share:.1f} % (")
    more = re.fullmatch(r"\+([0-9.]+) points \([^)]*, paired\)", second[3])
    assert float(more[1]) == pytest.approx(100 * (wrong[1] - wrong[0]), abs=0.051) and first[3] == ""
    assert corruption_table("noise", 2, [ordinary, robust])[1][3].startswith("\N{MINUS SIGN}")
    assert "which may be chance" in corruption_table("brightness", 1, [ordinary, robust])[1][3]
