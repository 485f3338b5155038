"""The page *Story* under Streamlit's AppTest: words, steps, URLs, and the doors to the other pages."""

import html
import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

from core.data.sample_sets import SAMPLE_SETS
from tests.ui.replay_reader import replay_data
from ui.maps.stories import CLIP, MINI_CLIP, MINI_RESNET, STORIES
from ui.pages.story import told
from ui.story.steps import STEPS

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
    """What the step says, as HTML."""
    (found,) = [each.proto.body for each in app.get("html") if 'class="story"' in each.proto.body]
    return found


def components(app: AppTest) -> list[dict]:
    return [json.loads(one.proto.json) for one in app.get("bidi_component")]


def test_the_story_is_read_in_three_minutes():
    texts = [html.unescape(re.sub(r"<[^>]*>", " ", told(step, step.judge()))) + step.name for step in STEPS]
    assert 400 < sum(len(re.findall(r"\S*\w\S*", text)) for text in texts) <= 750


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_steps_url_opens_it_with_its_figure(number):
    step, app = STEPS[number - 1], opened(step=str(number))
    assert f"<h2>{html.escape(step.title)}</h2>" in read(app)
    assert html.escape(step.claim) in read(app) and f"{step.judge().verdict}</span>" in read(app)
    (tabs,) = [data for data in components(app) if "names" in data]
    assert tabs["current"] == number and tabs["names"] == [each.name for each in STEPS]
    figures = [data for data in components(app) if {"maps", "models", "cutoffs"} & data.keys()]
    charts = app.get("vega_lite_chart")
    assert len(figures or charts) == 1 and app.query_params["step"] == str(number)
    assert not app.error and not app.warning


@pytest.mark.parametrize("step", ["0", "11", "-1", "two"])
def test_a_senseless_step_is_the_first(step):
    assert FIRST in read(opened(step=step))


def test_the_first_step_needs_no_parameter_and_the_next_shows_the_stored_predictions():
    app = opened()
    assert FIRST in read(app) and not app.query_params
    assert app.segmented_control(key="story.class").options == list(SAMPLE_SETS["cifar10"].drawn)
    (rows,) = [each.proto.body for each in opened(step="2").get("html") if "prediction-rows" in each.proto.body]
    assert "<b><bdi>ship</bdi> ✗</b>" in rows and "stays <bdi>automobile</bdi> ✓" in rows


def door(number: int) -> tuple[str, dict[str, list[str]]]:
    """The page that a step leads to, and the URL's parameters."""
    page, _, query = html.unescape(
        re.search(r'class="door" href="([^"]*)"', read(opened(step=str(number))))[1]
    ).partition("?")
    return page, parse_qs(query)


@pytest.mark.parametrize(
    ("number", "labels", "cell", "show"),
    [
        (2, (MINI_CLIP, MINI_RESNET), "0,1", "Error"),
        *((k + 4, STORIES[k].maps, "{},{}".format(*STORIES[k].frequency), STORIES[k].show) for k in range(2)),
        (7, (CLIP,), "7,7", "Error"),
    ],
)
def test_a_door_to_frequency_opens_the_state_of_the_figure(number, labels, cell, show):
    page, parameters = door(number)
    app = opened(page, **parameters | {"pictures": "Yours"})  # without a picture no classifier is loaded
    assert tuple(app.multiselect(key="maps").value) == labels
    assert "{},{}".format(*app.session_state["frequency.cell"]) == cell
    assert app.segmented_control(key="show").value == show
    (data,) = [data for data in components(opened(step=str(number))) if "maps" in data]
    assert "{},{}".format(*data["value"][:2]) == cell


def test_the_door_to_inpainting_opens_the_run_of_the_figure():
    found, parameters = door(8)
    assert found == "inpainting"
    there, here = replay_data(opened(found, **parameters)), replay_data(opened(step="8"))
    assert [model["frames"] for model in there["models"]] == [model["frames"] for model in here["models"]]


def test_the_door_to_two_pictures_opens_the_pair_of_the_figure():
    found, parameters = door(3)
    app = opened(found, **parameters)
    assert tuple(app.multiselect(key="maps").value) == (MINI_CLIP, MINI_RESNET)
    (there,), (here,) = ([data for data in components(one) if "cutoffs" in data] for one in (app, opened(step="3")))
    for key in ("pair", "cutoffs", "value", "low", "high"):
        assert there[key] == here[key]


def test_another_stored_pair_is_chosen_in_the_story():
    app = opened(step="3")
    app.session_state["story.pair"] = 2
    app.run()
    (data,) = [data for data in components(app) if "cutoffs" in data]
    assert data["strip"]["selected"] == 2 and data["low"]["caption"] == "bird" and len(data["strip"]["captions"]) == 6


def test_a_class_is_chosen_and_the_door_opens_all_of_them():
    found, parameters = door(1)
    assert found == "generation"
    there, app = replay_data(opened(found, **parameters)), opened()
    here = replay_data(app)
    assert [one["title"] for one in there["models"]] == [one["title"] for one in here["models"]]
    assert there["targets"] == list(SAMPLE_SETS["cifar10"].drawn) and here["targets"] == ["horse"]
    app.segmented_control(key="story.class").set_value(there["targets"][3]).run()
    here = replay_data(app)
    assert here["targets"] == there["targets"][3:4]
    assert [one["verdicts"][-1][0] for one in here["models"]] == [one["verdicts"][-1][3] for one in there["models"]]


@pytest.mark.parametrize(
    ("parameters", "heading"),
    [
        ({}, "What does CLIP see?"),
        ({"step": "3"}, "What does CLIP see?"),
        ({"v32": "6", "signs": "2"}, "What does CLIP see?"),
        ({"cell": "3,4", "maps": CLIP}, "Which frequencies does CLIP rely on?"),
        ({"story": "4"}, "Which frequencies does CLIP rely on?"),
    ],
)
def test_the_root_draws_the_story_but_for_links_of_earlier_versions(parameters, heading):
    app = AppTest.from_file(str(ROOT / "ui" / "pages" / "navigation.py"), default_timeout=120)
    app.session_state["look.styled"] = True
    for name, value in parameters.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception and [title.value for title in app.title] == [heading]
