"""Content of each page without and with the paper's CLIP, without and with its robust twin: one table.

Only the presence of weights changes; none of these pages may load them by itself.
"""

import re
from dataclasses import replace

import numpy as np
import pytest

from core.classifiers.registry import CLASSIFIERS, CLIPS, PAPERS_CLIP, classifier_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import draw_sketch
from core.pgd.examples import RUNS, stored_path
from core.pgd.methods import COMPARED
from core.pgd.record import PGDRun
from core.shared.files import cache_folder
from tests.ui.page_runner import bodies, open_page, page_text
from ui.maps.catalogue import CLIP, RESNET56, choose_predictors, entries
from ui.pages.models import parts
from ui.server.cache import ready_classifiers, ready_clips
from ui.shared.page import CLIPS_SETTINGS
from ui.story.chapters import about_clip

ROBUST, MINI, MINI_ROBUST, CNN = CLIPS[1], "mini-clip", "mini-clip-robust", "efficientnet-lite0"
HERE = {"neither": (), "CLIP": (PAPERS_CLIP,), "CLIP and its twin": CLIPS, "the twin alone": (ROBUST,)}
STAND_IN = (MINI, PAPERS_CLIP)
LARGE_PAIRS = ((CNN,), (PAPERS_CLIP,), CLIPS, (ROBUST,))
SMALL_PAIRS = ((MINI, MINI_ROBUST), (PAPERS_CLIP, MINI_ROBUST), CLIPS, (MINI, MINI_ROBUST))


def networks(page: str, **address: str) -> tuple[str, ...]:
    """The networks with which a page opens."""
    app = open_page(page, **address)
    assert not app.exception and not app.error
    names = {classifier_title(name): name for name in (*CLIPS, MINI, MINI_ROBUST, CNN)}
    return tuple(names[title] for part in app.multiselect if "-models-" in part.key for title in part.value)


def first_row() -> tuple[str, str]:
    maps = entries()
    first = choose_predictors([maps[CLIP], maps[RESNET56]], ready_classifiers("cifar10"), "cifar10")[0]
    return first.spec.name, first.of


def stood_in_for() -> str:
    """The networks in whose place others answer, as the page *Models* says."""
    app = open_page("models")
    assert not app.exception
    (said,) = re.findall("stands? in for (.*?)[.]<", "".join(bodies(app, 'class="part"')))
    return said


# A place, and what it shows for each of `HERE`.
PLACES = (
    (lambda: networks("inpainting"), LARGE_PAIRS),
    (lambda: networks("generation", **{"generation-set": "CIFAR-10, 32 px"}), SMALL_PAIRS),
    (first_row, (STAND_IN, (PAPERS_CLIP, ""), (PAPERS_CLIP, ""), STAND_IN)),
    (lambda: ready_clips()[0].name, (MINI, PAPERS_CLIP, PAPERS_CLIP, ROBUST)),
    (lambda: CLIPS_SETTINGS in about_clip(), (False, True, True, False)),
    (lambda: CLIPS_SETTINGS in page_text(open_page("generation")), (False, True, True, False)),
    (
        lambda: parts()[0].networks + parts()[2].networks[:1],
        ((CNN, MINI), 2 * (PAPERS_CLIP,), 2 * (PAPERS_CLIP,), (CNN, MINI)),
    ),
    (stood_in_for, ("CLIP ViT-B/32 and ResNet-56", "ResNet-56", "ResNet-56", "CLIP ViT-B/32 and ResNet-56")),
)


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """Return a function that makes some classifiers count as ready, and all others that need a download as not."""
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def put(names):
        for name in names:
            there = replace(CLASSIFIERS[name], weights=CLASSIFIERS[CNN].weights)
            monkeypatch.setitem(CLASSIFIERS, name, there)

    return put


@pytest.mark.parametrize("here", HERE)
def test_pages_use_clip_once_installed(weights, here):
    weights(HERE[here])
    for shown, expected in PLACES:
        assert shown() == expected[[*HERE].index(here)]


def test_pages_open_with_examples_of_installed_networks(weights, monkeypatch):
    weights((PAPERS_CLIP,))
    subject = SAMPLE_SETS["photographs"].opening_subject
    app = open_page("inpainting")
    assert "Settings changed (the networks)" in page_text(app), "before they are computed, another network's example"
    runs = cache_folder() / "profiles" / PAPERS_CLIP / "runs"
    runs.mkdir(parents=True)
    for method in COMPARED:
        run = PGDRun.load(RUNS / stored_path("inpainting", subject, CNN, method=method).name)
        facts = {**run.metadata, "classifier": {**run.metadata["classifier"], "name": PAPERS_CLIP}}
        replace(run, metadata=facts).save(stored_path("inpainting", subject, PAPERS_CLIP, runs, method))
    app = open_page("inpainting")
    assert "A stored example" in page_text(app) and "Settings changed" not in page_text(app)
    app.multiselect(key="inpainting-models-imagenet").set_value([classifier_title(CNN)]).run()
    assert "A stored example" in page_text(app)
    app.session_state["inpainting-target-imagenet"] = "goldfish"
    app.run()
    app.button(key="inpainting.back").click().run()
    assert app.multiselect(key="inpainting-models-imagenet").value == [classifier_title(PAPERS_CLIP)]


def test_clip_paints_over_the_same_sketch(weights):
    app = open_page("story", sketch="horse")
    assert "a network" in app.title[0].value and "story.clip" not in {button.key for button in app.button}
    weights((PAPERS_CLIP,))
    app = open_page("story", sketch="horse")
    assert app.title[0].value == "What does CLIP see?"
    app.button(key="story.clip").click().run()
    assert app.session_state["generation-models-imagenet"] == [classifier_title(PAPERS_CLIP)]
    assert app.session_state["generation-classes-imagenet"] == ["horse"] and app.session_state["generation.asked"]
    assert np.array_equal(app.session_state["generation.sketch"], draw_sketch("horse"))
