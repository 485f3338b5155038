"""Content of each page without and with the paper's CLIP, without and with its robust twin: one table.

Only the presence of weights changes; none of these pages may load them by itself.
"""

import dataclasses
import re
import shutil
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.classifiers.registry import CLASSIFIERS, CLIPS, PAPERS_CLIP, classifier_title
from core.pgd.run import PGDRun
from core.pgd.search import COMPARED
from core.pgd.starts import RUNS, stored_path
from core.shared.files import cache_folder
from tests.ui.page_runner import page_text
from ui.maps.catalogue import CLIP, RESNET56, choose_predictors, entries
from ui.server.cache import ready_classifiers, ready_clips
from ui.story.chapters import FACTS, NAMES, chapter

APPS = Path(__file__).parent / "apps"
ROBUST, MINI, MINI_ROBUST, CNN = CLIPS[1], "mini-clip", "mini-clip-robust", "efficientnet-lite0"
HERE = {"neither": (), "CLIP": (PAPERS_CLIP,), "CLIP and its twin": CLIPS, "the twin alone": (ROBUST,)}


@dataclasses.dataclass(frozen=True)
class Row:
    """A place, and what it shows for each of `HERE`."""

    place: str
    shows: tuple[object, object, object, object]


PHOTOGRAPHS, CIFAR = "Photographs", "CIFAR-10"
LARGE, SMALL = "ImageNet, 224 px", "CIFAR-10, 32 px"
SMALL_PAIR, PAIR = (MINI, MINI_ROBUST), CLIPS
STAND_IN = (MINI, "answered by Mini CLIP, in miniature")
DOWNLOAD, IS_HERE = "A download of 605 MB", "CLIP is installed"
ROWS = (
    Row("inpainting opens with", 4 * (PHOTOGRAPHS,)),
    Row("inpainting opens with the networks", ((CNN,), (PAPERS_CLIP,), PAIR, (ROBUST,))),
    Row("inpainting of a small picture", (SMALL_PAIR, (PAPERS_CLIP, MINI_ROBUST), PAIR, SMALL_PAIR)),
    Row("inpainting of a photograph", ((CNN,), (PAPERS_CLIP,), PAIR, (ROBUST,))),
    Row("generation opens with", 4 * (LARGE,)),
    Row("generation opens with the networks", ((CNN,), (PAPERS_CLIP,), PAIR, (ROBUST,))),
    Row("generation of small pictures", (SMALL_PAIR, (PAPERS_CLIP, MINI_ROBUST), PAIR, SMALL_PAIR)),
    Row("generation of photographs", ((CNN,), (PAPERS_CLIP,), PAIR, (ROBUST,))),
    Row("rows beside the paper's maps", (STAND_IN, (PAPERS_CLIP, ""), (PAPERS_CLIP, ""), STAND_IN)),
    Row("own words are put first to", (MINI, PAPERS_CLIP, PAPERS_CLIP, ROBUST)),
    Row("the story's last chapter says", (DOWNLOAD, IS_HERE, IS_HERE, DOWNLOAD)),
    Row("models says", ("Get the real", "CLIP is here", "CLIP is here", "Get the real")),
)  # fmt: skip
CASES = [(row.place, here, row.shows[k]) for row in ROWS for k, here in enumerate(HERE)]


@pytest.fixture
def weights(monkeypatch, tmp_path):
    """Return a function that makes some classifiers count as ready, and all others that need a download as not."""
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def put(names):
        for name in names:
            there = dataclasses.replace(CLASSIFIERS[name], weights=CLASSIFIERS[CNN].weights)
            monkeypatch.setitem(CLASSIFIERS, name, there)

    return put


def opened(page, **parameters):
    app = AppTest.from_file(str(APPS / f"{page}_app.py"), default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and not app.error
    return app


def networks(app, page, class_set):
    names = {classifier_title(name): name for name in (*CLIPS, MINI, MINI_ROBUST, CNN)}
    return tuple(names[title] for title in app.multiselect(key=f"{page}-models-{class_set}").value)


def models_page():
    from ui.pages import models

    models.page()


def text_at(place):
    page, _, what = place.partition(" ")
    if page in ("inpainting", "generation"):
        if what == "opens with":
            app = opened(page)
            return app.session_state["inpainting-pictures" if page == "inpainting" else "generation-set"]
        large = what.endswith(("photograph", "photographs")) or (what.endswith("networks") and None)
        choice = {"inpainting-pictures": PHOTOGRAPHS if large else CIFAR, "generation-set": LARGE if large else SMALL}
        app = opened(page, **({} if large is None else choice))
        keys = [f"{page}-models-{name}" for name in ("imagenet", "cifar10")]
        (there,) = [key for key in keys if key in app.session_state]
        return networks(app, page, there.rpartition("-")[2])
    if place == "rows beside the paper's maps":
        maps = entries()
        first = choose_predictors([maps[CLIP], maps[RESNET56]], ready_classifiers("cifar10"), "cifar10")[0]
        return first.spec.name, first.note
    if place == "own words are put first to":
        return ready_clips()[0].name
    if place == "the story's last chapter says":
        return FACTS["clip_here"]()
    app = AppTest.from_function(models_page, default_timeout=120).run()
    return app.header[0].value


@pytest.mark.parametrize(("place", "here", "expected"), CASES, ids=[f"{place}, {here}" for place, here, _ in CASES])
def test_each_place_says_whether_it_shows_clip_or_its_miniature(weights, place, here, expected):
    weights(HERE[here])
    actual = text_at(place)
    assert actual == expected or (isinstance(actual, str) and str(expected) in actual), (actual, expected)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Judge"])
def test_each_chapter_says_whether_it_is_of_small_networks_or_of_the_papers(name):
    texts = " ".join(part.text + part.note for part in chapter(NAMES.index(name)).parts)
    assert re.search("small|Mini|the paper|ordinary network|EfficientNet", texts)


def test_examples_of_this_machine_are_shown_where_pages_open_and_the_way_back_leads_to_them(weights, monkeypatch):
    weights((PAPERS_CLIP,))
    app = opened("inpainting")
    assert "Settings changed (the classifiers)" in page_text(app), "before they are computed, another network's example"
    runs = cache_folder() / "profiles" / PAPERS_CLIP / "runs"
    runs.mkdir(parents=True)
    for search in COMPARED:
        made = stored_path("inpainting", "photographs-6", PAPERS_CLIP, runs, search)
        shutil.copy(RUNS / stored_path("inpainting", "photographs-6", CNN, search=search).name, made)
        rename(made, PAPERS_CLIP)
    app = opened("inpainting")
    assert "An example computed on this machine, made like your own runs." in page_text(app)
    assert "Settings changed" not in page_text(app)
    app.multiselect(key="inpainting-models-imagenet").set_value([classifier_title(CNN)]).run()
    assert "A stored example, made like" in page_text(app)
    app.selectbox(key="inpainting-target-imagenet").set_value("goldfish").run()
    app.button(key="inpainting.back").click().run()
    assert networks(app, "inpainting", "imagenet") == (PAPERS_CLIP,) and "this machine" in page_text(app)


def rename(path, name):
    """Replace the classifier's name in a run's file."""
    run = PGDRun.load(path)
    facts = {**run.metadata, "classifier": {**run.metadata["classifier"], "name": name}}
    dataclasses.replace(run, metadata=facts).save(path)
