"""The page *Story* under Streamlit's AppTest: texts, chapters, URLs, and links to the other pages."""

import base64
import html
import io
import json
import re
import time
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.datasets import load_samples
from core.data.picture_files import png_data_uri
from core.data.sample_sets import SAMPLE_SETS
from core.pgd.drawings import SIDE, WORDS, draw_questions, judged_path, opening_drawings, stored_pool
from core.pgd.run import SURE, PGDRun
from core.pgd.starts import OPENING, first_settings, stored_path
from core.shared.device import class_probabilities
from core.sweep.predict import wave_on_image
from tests.ui.page_runner import settable_widget
from tests.ui.replay_reader import replay_data
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET
from ui.server.cache import classifier_for
from ui.story import own_word
from ui.story.chapters import FACTS, NAMES, SLUGS, TITLES, chapter
from ui.story.data import STORED
from ui.story.opening import captions

APPS = Path(__file__).parents[1] / "apps"
ROOT = Path(__file__).parents[3]
FIRST = TITLES[0]


def opened(page: str = "story", **parameters) -> AppTest:
    app = AppTest.from_file(str(APPS / f"{page}_app.py"), default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def read(app: AppTest) -> str:
    """Return a chapter's first text as HTML."""
    (body,) = [item.proto.body for item in app.get("html") if '<div class="story"><h2>' in item.proto.body]
    return body


def components(app: AppTest) -> list[dict]:
    return [json.loads(item.proto.json) for item in app.get("bidi_component")]


def of(app: AppTest, name: str) -> dict:
    """Return the data of the only component with this key."""
    (data,) = [data for data in components(app) if name in data]
    return data


def word_count(text: str) -> int:
    return len(re.findall(r"\S*\w\S*", text))


def chapter_text(place: int) -> str:
    here = chapter(place)
    return " ".join([here.title, *(f"{part.text} {part.note}" for part in here.parts)])


def test_the_story_is_read_in_five_minutes():
    texts = [html.unescape(re.sub(r"<[^>]*>", " ", chapter_text(place))) for place in range(len(NAMES))]
    assert all(texts) and sum(map(word_count, texts)) <= 900 and len(NAMES) == 6


@pytest.mark.parametrize("place", range(6), ids=NAMES)
def test_a_chapters_url_opens_it_with_its_figures(place):
    app, here = opened(chapter=SLUGS[place]), chapter(place)
    assert f"<h2>{html.escape(here.title)}</h2>" in read(app)
    tabs = of(app, "current")
    assert tabs["current"] == place + 1 and tabs["names"] == list(NAMES)
    drawn = [data for data in components(app) if "current" not in data]
    pictures = [item for item in app.get("html") if "<img" in item.proto.body or "<figure" in item.proto.body]
    assert len(drawn) + len(pictures) >= len(here.parts)
    assert app.query_params["chapter"] == SLUGS[place]
    assert not app.error and not app.warning


@pytest.mark.parametrize("slug", ["0", "11", "-1", "two"])
def test_a_senseless_chapter_is_the_first(slug):
    assert FIRST in read(opened(chapter=slug))


def test_each_fact_of_the_table_is_computed_and_each_is_in_a_text():
    table = (ROOT / "ui" / "story" / "chapters.toml").read_text("utf-8")
    assert set(re.findall(r"\{(\w+)\}", table.partition("[[chapters]]")[2])) == FACTS.keys()
    assert "ResNet-56, another network, recognises <strong>10 of 10</strong>" in chapter_text(NAMES.index("Hole"))


def test_the_first_chapter_needs_no_parameter_and_draws_a_volcano_of_the_stored_frames():
    app = opened()
    assert FIRST in read(app) and not app.query_params
    data = of(app, "drawings")
    assert data["words"] == list(WORDS) and data["words"][data["chosen"]] == "volcano"
    for drawing, stored in zip(data["drawings"], opening_drawings("volcano"), strict=True):
        strip = base64.b64decode(drawing["strip"].removeprefix("data:image/webp;base64,"))
        with Image.open(io.BytesIO(strip)) as image:
            assert image.size == (SIDE, SIDE * len(drawing["shares"]))
        assert tuple(drawing["shares"]) == stored.confidence and strip == stored.strip.read_bytes()
    app.session_state["story.requested"] = 3
    assert of(app.run(), "drawings")["chosen"] == 3


def test_what_convinces_from_every_view_is_recognised_and_little_of_what_convinces_as_it_is():
    recognised = {"Convinces as it is": 0, "Convinces from every view": 0}
    for place, word in enumerate(WORDS):
        for drawing, (title, _, judged) in zip(opening_drawings(word), captions(place), strict=True):
            assert drawing.confidence[-1] >= SURE
            assert (drawing.place == 1) == judged.endswith(f"says {word}, too.")
            recognised[title] += drawing.place == 1
    assert list(recognised.values()) == [1, len(WORDS)], "by pixels, the volcano"


def test_a_typed_word_is_drawn_in_place_and_opens_on_the_page_that_draws(monkeypatch):
    monkeypatch.setattr(own_word, "first_settings", lambda *page: first_settings(*page) | {"steps": 2})
    app = opened()
    assert len(app.selectbox(key="story.word").options) == 998  # two names are shared by two classes each
    assert app.button(key="story.draw").disabled
    app.selectbox(key="story.word").set_value("castle").run()  # Enter in the box, without the button
    deadline = time.monotonic() + 120
    while "just now" not in (scene := of(app, "drawings"))["drawings"][0]["judged"] and time.monotonic() < deadline:
        assert scene["words"] == [*WORDS, "castle"] and scene["chosen"] == len(WORDS)
        time.sleep(0.05)
        app.run()
    runs = app.session_state["generation.runs"].result.runs
    assert [run.config.search for run in runs] == ["pixels", "views"]
    assert {run.metadata["classifier"]["name"] for run in runs} == {"efficientnet-lite0"}
    for drawing, run in zip(scene["drawings"], runs, strict=True):
        assert drawing["shares"] == [run.curves["target_probability"][-1, 0]]
        strip = base64.b64decode(drawing["strip"].removeprefix("data:image/webp;base64,"))
        with Image.open(io.BytesIO(strip)) as image:
            picture = np.asarray(image.convert("RGB")).astype(int)
        assert np.abs(picture - run.frames[-1, 0].transpose(1, 2, 0)).mean() < 4  # WebP is lossy
    app.button(key="story.open").click().run()
    assert app.session_state["generation-classes-imagenet"] == ["castle"]
    there = AppTest.from_file(str(APPS / "generation_app.py"), default_timeout=120)
    for name in ("generation.runs", "generation-set", "generation-classes-imagenet", "generation-models-imagenet"):
        there.session_state[name] = app.session_state[name]
    replay = replay_data(there.run())
    assert replay["targets"] == ["castle"] and replay["steps"] == 2 and len(replay["models"]) == 2


def test_the_wall_shows_every_class_by_both_networks():
    (body,) = [item.proto.body for item in opened(chapter="hole").get("html") if 'class="wall"' in item.proto.body]
    names, runs = (
        SAMPLE_SETS["cifar10"].classes.names,
        [PGDRun.load(stored_path(OPENING, "cifar10", n)) for n in ("mini-clip", "mini-clip-robust")],
    )
    assert all((run.start == runs[0].start[0]).all() and run.metadata["targets"] == list(range(10)) for run in runs)
    for run, title in zip(runs, ("Mini CLIP", "Mini CLIP (robust)"), strict=True):
        for k, name in enumerate(names):
            picture = png_data_uri(run.frames[-1, k].transpose(1, 2, 0).copy())
            assert f'<img src="{picture}" alt="{name}, drawn by {title}"' in body


def test_the_stripes_answers_are_those_of_the_networks():
    data, (picture, epsilon) = of(opened(chapter="wave"), "epsilon"), (STORED["story"]["position"], STORED["epsilon"])
    assert data["names"][data["label"]] == "automobile" and epsilon == data["epsilon"] == 4
    image = load_samples("cifar10-samples").images[picture].astype(np.float32) / 255
    for network, name in zip(data["networks"], ("mini-clip", "mini-resnet"), strict=True):
        classifier = classifier_for(name, "cifar10")
        for wave in (None, (0, 1), (0, 3), (0, 15), (-7, 4), (12, -9)):
            perturbed = (
                image if wave is None else wave_on_image(image, wave, epsilon, seed=0, position=picture).perturbed
            )
            shares = class_probabilities(classifier, perturbed[None])[0]
            stored = network["clean"] if wave is None else network["cells"][(wave[0] + 15) * 31 + wave[1] + 15]
            assert shares[stored[0]] == pytest.approx(stored[1], abs=2e-3) and shares.max() - shares[stored[0]] < 2e-3
    flips = [network["cells"][15 * 31 + 16][0] for network in data["networks"]]
    assert [data["names"][flip] for flip in flips] == ["ship", "automobile"]


def link_of(place: int) -> tuple[str, dict[str, list[str]]]:
    """Return the page that a chapter links to, and the URL's parameters."""
    page, _, query = chapter(place).link[1].partition("?")
    return page, parse_qs(query)


def test_the_link_of_the_wave_opens_it_on_its_picture():
    page, parameters = link_of(NAMES.index("Wave"))
    app = opened(page, **parameters | {"pictures": "Yours"})  # without a picture no classifier is loaded
    assert tuple(settable_widget(app, "maps").value) == (MINI_CLIP, MINI_RESNET)
    assert "{},{}".format(*app.session_state["frequency.cell"]) == "0,1"


def test_the_link_of_the_hole_opens_the_run_of_the_figure():
    page, parameters = link_of(NAMES.index("Hole"))
    assert page == "inpainting"
    there, here = replay_data(opened(page, **parameters)), replay_data(opened(chapter="hole"))
    assert [model["frames"] for model in there["models"]] == [model["frames"] for model in here["models"]]


def test_the_link_to_two_pictures_opens_the_pair_of_the_figure():
    page, parameters = link_of(NAMES.index("Mixture"))
    app = opened(page, **parameters)
    assert tuple(settable_widget(app, "maps").value) == (MINI_CLIP, MINI_RESNET)
    (there,), (here,) = (
        [data for data in components(opened_app) if "cutoffs" in data]
        for opened_app in (app, opened(chapter="mixture"))
    )
    for key in ("pair", "cutoffs", "value", "low", "high"):
        assert there[key] == here[key]


@pytest.mark.parametrize("fact", ["patches", "gradient", "weather"])
def test_a_link_in_a_text_opens_its_maps(fact):
    page, _, query = FACTS[fact]().partition("?")
    app = opened(page, **parse_qs(query) | {"pictures": "Yours"})
    assert settable_widget(app, "maps").value == parse_qs(query)["maps"]


def test_another_stored_pair_is_chosen_in_the_story():
    app = opened(chapter="mixture")
    app.session_state["story.pair"] = 2
    app.run()
    (data,) = [data for data in components(app) if "cutoffs" in data]
    assert data["strip"]["selected"] == 2 and data["low"]["caption"] == "bird" and len(data["strip"]["captions"]) == 6


@pytest.mark.parametrize(
    ("parameters", "heading"),
    [
        ({}, "What does CLIP see?"),
        ({"chapter": "3"}, "What does CLIP see?"),
        ({"v32": "6", "signs": "2"}, "What does CLIP see?"),
        ({"cell": "3,4", "maps": CLIP}, "Touch a wave and see whom it misleads"),
        ({"story": "4"}, "Touch a wave and see whom it misleads"),
    ],
)
def test_the_root_draws_the_story_but_for_links_of_earlier_versions(parameters, heading):
    app = AppTest.from_file(str(ROOT / "ui" / "pages" / "navigation.py"), default_timeout=120)
    app.run()
    assert not app.exception and [title.value for title in app.title] == ["What does CLIP see?"]


def round_of(app: AppTest) -> dict:
    return of(app, "questions")


def test_a_round_has_the_stored_drawings_and_a_finished_one_is_in_the_link():
    app, names = opened(chapter="judge", round="7", chosen="0123401234"), SAMPLE_SETS["photographs"].classes.names
    data = round_of(app)
    for question, shown in zip(draw_questions(stored_pool(), names, 7), data["questions"], strict=True):
        picture = base64.b64decode(shown["picture"].removeprefix("data:image/webp;base64,"))
        assert picture == judged_path(question.label, question.search).read_bytes()
        assert shown["options"] == [names[label] for label in question.options]
        assert shown["options"][shown["right"]] == names[question.label] and shown["search"] == question.search
    assert data["chosen"] == [0, 1, 2, 3, 4] * 2 and data["searches"].keys() == {"pixels", "views"}


@pytest.mark.parametrize("parameters", [{"round": "-1"}, {"round": "x", "chosen": "0123401234"}, {"chosen": "999"}])
def test_a_judge_with_a_senseless_link_begins(parameters):
    assert round_of(opened(chapter="judge", **parameters))["chosen"] == []


def test_a_round_without_a_link_stays_the_same():
    app = opened(chapter="judge")
    assert set(app.query_params) == {"chapter"}
    assert round_of(app)["seed"] == round_of(app.run())["seed"]
