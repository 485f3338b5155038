"""The page *Story* under Streamlit's AppTest: text, steps, URLs, and links to the other pages."""

import base64
import html
import io
import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.sample_sets import SAMPLE_SETS
from core.data.samples import load_samples
from core.images.square import png_data_uri
from core.reconstruct.view_pictures import SIDE, WORDS, judged_path, opening_drawings
from core.reconstruct.visitor_judge import draw_questions, stored_pool
from core.runs.file import SURE, PGDRun
from core.runs.stored import OPENING, stored_path
from core.shared.html import JARGON, explain_terms
from core.sweep.predictions import class_probabilities, wave_on_image
from tests.ui.page_runner import settable_widget
from tests.ui.replay_reader import replay_data
from ui.maps.presets import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.pages.story import step_html
from ui.server.model_cache import classifier_for
from ui.story.judge import card, scores
from ui.story.opening import captions
from ui.story.steps import STEPS
from ui.story.story_data import STORED

APPS = Path(__file__).parents[1] / "apps"
ROOT = Path(__file__).parents[3]
FIRST = STEPS[0].title


def opened(page: str = "story", **parameters) -> AppTest:
    app = AppTest.from_file(str(APPS / f"{page}_app.py"), default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def read(app: AppTest) -> str:
    """Return a step's text as HTML."""
    (body,) = [item.proto.body for item in app.get("html") if 'class="story"' in item.proto.body]
    return body


def components(app: AppTest) -> list[dict]:
    return [json.loads(item.proto.json) for item in app.get("bidi_component")]


def of(app: AppTest, name: str) -> dict:
    """Return the data of the only component with this key."""
    (data,) = [data for data in components(app) if name in data]
    return data


def word_count(text: str) -> int:
    return len(re.findall(r"\S*\w\S*", text))


def test_the_story_is_read_in_three_minutes():
    hidden = re.compile(r'<style>.*?</style>|<span class="tooltip-text".*?</span>', re.DOTALL)
    texts = [
        html.unescape(re.sub(r"<[^>]*>", " ", hidden.sub("", step_html(step)))) + f" {step.name}" for step in STEPS
    ]
    assert 400 < sum(map(word_count, texts)) <= 540
    assert word_count(STEPS[0].text) <= 45 and max(word_count(step.text + step.more()) for step in STEPS[1:]) <= 25


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.slug)
def test_a_steps_url_opens_it_with_its_figure(step):
    app = opened(step=step.slug)
    assert f"<h2>{explain_terms(html.escape(step.title), *JARGON)}</h2>" in read(app)
    for claim in step.claims:
        if (finding := claim.find()) is None:
            continue  # a profile's finding, which is not here
        assert html.escape(finding.claim.statement) in read(app) and f"{finding.judgement}</span>" in read(app)
        assert {item.what for item in finding.evidence} >= set(claim.shows)
    tabs = of(app, "current")
    assert tabs["current"] == STEPS.index(step) + 1 and tabs["names"] == [item.name for item in STEPS]
    drawn = [data for data in components(app) if "current" not in data]
    assert drawn or app.get("vega_lite_chart") or any("<img" in item.proto.body for item in app.get("html"))
    assert app.query_params["step"] == step.slug
    assert not app.error and not app.warning


@pytest.mark.parametrize("step", ["0", "11", "-1", "two"])
def test_a_senseless_step_is_the_first(step):
    assert FIRST in read(opened(step=step))


def test_the_first_step_needs_no_parameter_and_draws_a_volcano_of_the_stored_frames():
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


def test_what_convinces_as_it_is_is_recognised_by_nobody_and_what_convinces_from_every_view_is():
    for place, word in enumerate(WORDS):
        for drawing, (title, _, judged) in zip(opening_drawings(word), captions(place), strict=True):
            assert drawing.confidence[-1] >= SURE
            assert (drawing.place == 1) == judged.endswith(f"says {word}, too.") == ("every view" in title)


def test_any_of_1000_words_leads_to_a_run_of_the_same_network():
    app = opened()
    assert len(app.selectbox(key="story.word").options) == 998  # two names are shared by two classes each
    assert any('aria-disabled="true">Draw</a>' in item.proto.body for item in app.get("html"))
    app.selectbox(key="story.word").set_value("castle").run()
    (link,) = [item.proto.body for item in app.get("html") if "Draw: castle" in item.proto.body]
    page, _, query = html.unescape(re.search(r'href="([^"]*)"', link)[1]).partition("?")
    there = opened(page, **parse_qs(query))
    assert settable_widget(there, "generation-classes-imagenet").value == ["castle"]
    assert there.session_state["generation-models-imagenet"] == ["EfficientNet-Lite0 (ImageNet)"]


def test_the_wall_shows_every_class_by_both_networks():
    (body,) = [item.proto.body for item in opened(step="twins").get("html") if 'class="wall"' in item.proto.body]
    names, runs = (
        SAMPLE_SETS["cifar10"].classes.names,
        [PGDRun.load(stored_path(OPENING, "cifar10", n)) for n in ("mini-clip", "mini-clip-robust")],
    )
    assert all((run.start == runs[0].start[0]).all() and run.metadata["targets"] == list(range(10)) for run in runs)
    for run, title in zip(runs, ("Mini CLIP", "Mini CLIP (robust)"), strict=True):
        for k, name in enumerate(names):
            picture = png_data_uri(run.frames[-1, k].transpose(1, 2, 0).copy())
            assert f'<img src="{picture}" alt="{name}, drawn by {title}">' in body
        least = int(re.search(rf"<b>{re.escape(title)}</b> over (\d+) % sure", body)[1]) / 100
        assert SURE <= least < run.curves["target_probability"][-1].min() < least + 0.01


def test_the_stripes_answers_are_those_of_the_networks():
    data, (picture, epsilon) = of(opened(step="a-wave"), "epsilon"), (STORED["story"]["position"], STORED["epsilon"])
    assert data["names"][data["label"]] == "automobile" and epsilon == data["epsilon"] == 4
    image = load_samples("cifar10-samples").images[picture].astype(np.float32) / 255
    for network, name in zip(data["networks"], ("mini-clip", "mini-resnet"), strict=True):
        classifier = classifier_for(name, "cifar10")
        for wave in (None, (0, 1), (0, 3), (0, 15), (-7, 4), (12, -9)):
            perturbed = (
                image if wave is None else wave_on_image(image, wave, epsilon, seed=0, position=picture).perturbed
            )
            shares = class_probabilities(classifier, perturbed[None])[0]
            step_html = network["clean"] if wave is None else network["cells"][(wave[0] + 15) * 31 + wave[1] + 15]
            assert (
                shares[step_html[0]] == pytest.approx(step_html[1], abs=2e-3)
                and shares.max() - shares[step_html[0]] < 2e-3
            )
    flips = [network["cells"][15 * 31 + 16][0] for network in data["networks"]]
    assert [data["names"][flip] for flip in flips] == ["ship", "automobile"]


def link_of(step: str) -> tuple[str, dict[str, list[str]]]:
    """The page that a step links to, and the URL's parameters."""
    page, _, query = html.unescape(
        re.search(r'class="button-link" href="([^"]*)"', read(opened(step=step)))[1]
    ).partition("?")
    return page, parse_qs(query)


@pytest.mark.parametrize(
    ("step", "labels", "cell", "show"),
    [
        ("a-wave", (MINI_CLIP, MINI_RESNET), "0,1", "Error"),
        ("slow", (CLIP, RESNET56), "0,1", "Error"),
        ("fast", (CLIP, RESNET56), "-14,-14", "Difference"),
        ("patches", (CLIP, RESNET56), "7,7", "Minus neighbours"),
    ],
)
def test_a_link_to_frequency_opens_the_state_of_the_figure(step, labels, cell, show):
    page, parameters = link_of(step)
    app = opened(page, **parameters | {"pictures": "Yours"})  # without a picture no classifier is loaded
    assert tuple(settable_widget(app, "maps").value) == labels
    assert "{},{}".format(*app.session_state["frequency.cell"]) == cell
    assert settable_widget(app, "show").value == show
    assert "{},{}".format(*of(opened(step=step), "maps")["value"][:2]) == cell


@pytest.mark.parametrize(
    ("step", "labels"), [("weather", (MINI_CLIP, "Mini CLIP (robust) · CIFAR-10 · computed")), ("why", (MINI_RESNET,))]
)
def test_a_link_to_a_tool_opens_the_networks_of_the_figure(step, labels):
    page, parameters = link_of(step)
    app = opened(page, **parameters | {"pictures": "Yours"})
    assert tuple(settable_widget(app, "maps").value) == labels


def test_the_link_to_inpainting_opens_the_run_of_the_figure():
    page, parameters = link_of("hole")
    assert page == "inpainting"
    there, here = replay_data(opened(page, **parameters)), replay_data(opened(step="hole"))
    assert [model["frames"] for model in there["models"]] == [model["frames"] for model in here["models"]]


def test_the_link_to_two_pictures_opens_the_pair_of_the_figure():
    page, parameters = link_of("mixture")
    app = opened(page, **parameters)
    assert tuple(settable_widget(app, "maps").value) == (MINI_CLIP, MINI_RESNET)
    (there,), (here,) = (
        [data for data in components(opened_app) if "cutoffs" in data] for opened_app in (app, opened(step="mixture"))
    )
    for key in ("pair", "cutoffs", "value", "low", "high"):
        assert there[key] == here[key]


def test_another_stored_pair_is_chosen_in_the_story():
    app = opened(step="mixture")
    app.session_state["story.pair"] = 2
    app.run()
    (data,) = [data for data in components(app) if "cutoffs" in data]
    assert data["strip"]["selected"] == 2 and data["low"]["caption"] == "bird" and len(data["strip"]["captions"]) == 6


def test_the_twins_link_opens_a_sketch_to_be_painted():
    page, parameters = link_of("twins")
    app = opened(page, **parameters)
    assert app.selectbox(key="generation-start-from").value == "Sketch"
    assert of(app, "sketches" if any("sketches" in data for data in components(app)) else "palette")


def test_the_root_draws_the_story():
    app = AppTest.from_file(str(ROOT / "ui" / "pages" / "navigation.py"), default_timeout=120)
    app.run()
    assert not app.exception and [title.value for title in app.title] == ["What does CLIP see?"]


def judged(app: AppTest) -> str:
    return " ".join(item.value for item in app.markdown) + " ".join(item.proto.body for item in app.get("html"))


def test_a_judge_walks_through_ten_drawings_and_the_link_alone_holds_them():
    app, names = opened(step="judge", round="7"), SAMPLE_SETS["photographs"].classes.names
    questions = draw_questions(stored_pool(), names, 7)
    for number, question in enumerate(questions, 1):
        assert f"Drawing {number} of 10" in judged(app)
        (picture,) = re.findall(
            r'<img class="drawing" src="data:image/webp;base64,([^"]*)" alt="([^"]*)">', judged(app)
        )
        assert base64.b64decode(picture[0]) == judged_path(question.label, question.search).read_bytes()
        assert picture[1] == f"Drawing {number} of 10"  # names neither class nor search
        buttons = [button for button in app.button if button.key.startswith("story.judge")]
        assert [button.label for button in buttons] == [names[label] for label in question.options]
        place = question.options.index(question.label) if question.search == "views" else 0
        buttons[place].click().run()
        assert not app.exception and len(app.query_params["chosen"]) == number
    wrong = [q.options[0] == q.label for q in questions if q.search == "pixels"]
    expected = f"### pixels: {sum(wrong)} of 5, views: 5 of 5, chance 1"
    assert expected in judged(app) and "57 to 100 % by views" in judged(app)
    linked = opened(step="judge", round="7", chosen=app.query_params["chosen"])
    assert expected in judged(linked)
    with Image.open(io.BytesIO(card(scores(questions, [0] * 10), questions, [0] * 10))) as picture:
        assert picture.size == (1200, 630)
    linked.button(key="story.judge.others").click().run()
    assert "Drawing 1 of 10" in judged(linked) and set(linked.query_params) == {"step"}


@pytest.mark.parametrize("parameters", [{"round": "-1"}, {"round": "x", "chosen": "0123401234"}, {"chosen": "999"}])
def test_a_judge_with_a_senseless_link_begins(parameters):
    app = opened(step="judge", **parameters)
    assert "Drawing 1 of 10" in judged(app)


def test_a_round_without_a_link_stays_the_same_and_is_in_the_url_from_the_first_choice_on():
    app = opened(step="judge")
    assert set(app.query_params) == {"step"}
    first = [button.label for button in app.button]
    assert [button.label for button in app.run().button] == first
    app.button[0].click().run()
    names, seed = SAMPLE_SETS["photographs"].classes.names, int(app.query_params["round"])
    assert app.query_params["chosen"] == "0"
    assert [names[label] for label in draw_questions(stored_pool(), names, seed)[0].options] == first
