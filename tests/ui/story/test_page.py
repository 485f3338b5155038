"""The page *Story* under Streamlit's AppTest: chapters, their figures' numbers, URLs, and links to the other pages."""

import html
import io
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.picture_files import png_data_uri
from core.data.sample_sets import SAMPLE_SETS
from core.pgd.examples import OPENING, stored_path
from core.pgd.methods import COMPARED
from core.pgd.pictures import fingerprint, stored_judgement
from core.pgd.record import PGDRun
from tests.ui.page_runner import bodies, components, open_page, settable_widget
from tests.ui.replay_reader import replay_data
from ui.maps.catalogue import CLIP, RESNET56, shipped_maps
from ui.runs.judge import judged
from ui.runs.replay import drawing_subject, stored_example
from ui.story.chapters import CHAPTER_FACTS, CHAPTER_NAMES, SLUGS, chapter
from ui.story.opening import _ended

TABLE = Path(__file__).parents[3] / "ui" / "story" / "chapters.toml"


def opened(page: str = "story", **parameters) -> AppTest:
    app = open_page(page, **parameters)
    assert not app.error
    return app


def read(app: AppTest) -> str:
    """Return a chapter's first text as HTML."""
    return bodies(app, '<div class="story"><h2>')[0]


def of(app: AppTest, name: str) -> dict:
    """Return the data of the only component with this key."""
    (data,) = components(app, name)
    return data


def test_the_story_is_short_and_each_fact_is_computed():
    words = 0
    for here in map(chapter, range(len(CHAPTER_NAMES))):
        text = " ".join([here.title, *(f"{part.text} {part.note}" for part in here.parts)])
        words += len(re.findall(r"\S*\w\S*", html.unescape(re.sub(r"<[^>]*>", " ", text))))
        # Each chapter says whether it is of small networks or of the paper's.
        assert here.name == "Judge" or re.search("small|Mini|the paper|ordinary network|EfficientNet", text)
    assert 0 < words <= 900
    assert set(re.findall(r"\{(\w+)\}", TABLE.read_text("utf-8").partition("[[chapters]]")[2])) == CHAPTER_FACTS.keys()


@pytest.mark.parametrize("slug", [*SLUGS[3:], "11"])
def test_a_chapters_url_opens_it_a_senseless_one_the_first(slug):
    place = SLUGS.index(slug) if slug in SLUGS else 0
    app, here = opened(chapter=slug), chapter(place)
    assert f"<h2>{html.escape(here.title)}</h2>" in read(app) and not app.warning
    tabs = of(app, "current")
    assert tabs["current"] == place + 1 and tabs["names"] == list(CHAPTER_NAMES)
    pictures = [body for body in bodies(app) if "<img" in body or "<figure" in body]
    assert len(app.get("bidi_component")) - 1 + len(pictures) >= len(here.parts)


def test_word_drawn_in_place_ends_with_a_picture_by_each_method():
    result = stored_example(drawing_subject(SAMPLE_SETS["photographs"], "grey"), ["efficientnet-lite0"], COMPARED)
    drawings, captions, word = _ended(result)
    assert word == result.runs[0].metadata["class_names"][result.runs[0].metadata["targets"][0]]
    frames = np.concatenate([run.frames[[0, -1], 0] for run in result.runs]).astype(int).transpose(0, 2, 3, 1)
    for k, (drawing, (_, note), run) in enumerate(zip(drawings, captions, result.runs, strict=True)):
        assert drawing.confidence == (run.curves["target_probability"][-1, 0],)
        assert note == f"{judged(stored_judgement(fingerprint(run)), 0, word)[0]}."
        picture = np.asarray(Image.open(io.BytesIO(drawing.picture)).convert("RGB"))
        assert np.abs(frames - picture).mean(axis=(1, 2, 3)).argmin() == 2 * k + 1, "its own last frame"


def test_the_wall_shows_every_class_by_both_networks():
    (body,) = bodies(opened(chapter="hole"), 'class="gallery"')
    names = SAMPLE_SETS["cifar10"].classes.names
    for network, title in (("mini-clip", "Mini CLIP"), ("mini-clip-robust", "Mini CLIP (robust)")):
        run = PGDRun.load(stored_path(OPENING, "cifar10", network))
        assert run.metadata["targets"] == list(range(10)) and (run.start == run.start[0]).all()
        for k, name in enumerate(names):
            picture = png_data_uri(run.frames[-1, k].transpose(1, 2, 0).copy())
            assert f'<img src="{picture}" alt="{name}, drawn by {title}"' in body


def target(link: str, **parameters: object) -> AppTest:
    """The page that a link opens."""
    return opened(urlsplit(link).path, **parse_qs(urlsplit(link).query) | parameters)


def test_links_open_what_texts_and_figures_show():
    for fact in ("patches", "weather"):
        assert set(parse_qs(urlsplit(CHAPTER_FACTS[fact]()).query)["maps"]) <= shipped_maps().keys()
    links = {name: chapter(CHAPTER_NAMES.index(name)).link[1] for name in ("Wave", "Mixture", "Hole")}
    app = target(links["Wave"], pictures="Yours")  # without a picture no classifier is loaded
    assert settable_widget(app, "maps").value == [CLIP, RESNET56]  # those of the last figure
    assert app.session_state["frequency.cell"] == (0, 1)
    there, here = of(target(links["Mixture"]), "cutoffs"), of(opened(chapter="mixture"), "cutoffs")
    assert all(there[key] == here[key] for key in ("pair", "cutoffs", "value", "low", "high"))
    there, here = replay_data(target(links["Hole"])), replay_data(opened(chapter="hole"))
    assert [model["frames"] for model in there["models"]] == [model["frames"] for model in here["models"]]
