"""The page *Story* under Streamlit's AppTest: words, steps, URLs, and the doors to the other pages."""

import base64
import html
import json
import re
from pathlib import Path
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data.sample_sets import SAMPLE_SETS
from core.data.samples import load_samples
from core.runs.file import SURE, PGDRun
from core.runs.stored import OPENING, TWINS, stored_path
from core.sweep.predictions import class_probabilities, wave_on_image
from tests.ui.page_runner import settable_widget
from tests.ui.replay_reader import replay_data
from ui.maps.stories import CLIP, MINI_CLIP, MINI_RESNET, STORIES
from ui.pages.story import told
from ui.server.model_cache import classifier_for
from ui.story.shelf import STORED
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


def of(app: AppTest, name: str) -> dict:
    """What the one component gets that has this in its data."""
    (data,) = [data for data in components(app) if name in data]
    return data


def words(text: str) -> int:
    return len(re.findall(r"\S*\w\S*", text))


def test_the_story_is_read_in_two_minutes():
    hidden = re.compile(r'<style>.*?</style>|<span class="interval".*?</span>', re.DOTALL)
    texts = [html.unescape(re.sub(r"<[^>]*>", " ", hidden.sub("", told(step)))) + f" {step.name}" for step in STEPS]
    assert 300 < sum(map(words, texts)) <= 450
    assert max(words(step.text + step.more()) for step in STEPS) <= 25


@pytest.mark.parametrize("number", range(1, len(STEPS) + 1))
def test_a_steps_url_opens_it_with_its_figure(number):
    step, app = STEPS[number - 1], opened(step=str(number))
    assert f"<h2>{html.escape(step.title)}</h2>" in read(app)
    for trial in step.trials:
        finding = trial.find()
        assert html.escape(finding.claim.words) in read(app) and f"{finding.verdict}</span>" in read(app)
        assert {each.what for each in finding.evidence} >= set(trial.shows)
    tabs = of(app, "current")
    assert tabs["current"] == number and tabs["names"] == [each.name for each in STEPS]
    assert app.get("vega_lite_chart") or [data for data in components(app) if "current" not in data]
    assert app.query_params["step"] == str(number)
    assert not app.error and not app.warning


@pytest.mark.parametrize("step", ["0", "11", "-1", "two"])
def test_a_senseless_step_is_the_first(step):
    assert FIRST in read(opened(step=step))


def test_the_first_step_needs_no_parameter_and_draws_a_dog_of_the_stored_runs():
    app = opened()
    assert FIRST in read(app) and not app.query_params
    data, names = of(app, "networks"), SAMPLE_SETS["cifar10"].classes.names
    assert data["names"] == list(names) and names[data["chosen"]] == "dog"
    for network, name in zip(data["networks"], TWINS, strict=True):
        run = PGDRun.load(stored_path(OPENING, "cifar10", name))
        assert (run.start == run.start[0]).all() and run.metadata["targets"] == list(range(10))
        frames = np.frombuffer(base64.b64decode(network["frames"]), np.uint8).reshape(-1, 32, 32, 3)
        assert np.array_equal(frames.transpose(0, 3, 1, 2), run.frames[:, data["chosen"]])
        assert network["shares"][-1] == pytest.approx(run.curves["target_probability"][-1, data["chosen"]], abs=1e-4)
        assert run.curves["target_probability"][-1].min() >= SURE
    app.session_state["story.asked"] = 8
    assert of(app.run(), "networks")["chosen"] == 8


def test_the_stripes_answers_are_those_of_the_networks():
    data, (picture, epsilon) = of(opened(step="2"), "epsilon"), (STORED["story"]["position"], STORED["epsilon"])
    assert data["names"][data["label"]] == "automobile" and epsilon == data["epsilon"] == 4
    image = load_samples("cifar10-samples").images[picture].astype(np.float32) / 255
    for network, name in zip(data["networks"], ("mini-clip", "mini-resnet"), strict=True):
        classifier = classifier_for(name, "cifar10")
        for wave in (None, (0, 1), (0, 3), (0, 15), (-7, 4), (12, -9)):
            waved = image if wave is None else wave_on_image(image, wave, epsilon, seed=0, position=picture).perturbed
            shares = class_probabilities(classifier, waved[None])[0]
            told = network["clean"] if wave is None else network["cells"][(wave[0] + 15) * 31 + wave[1] + 15]
            assert shares[told[0]] == pytest.approx(told[1], abs=2e-3) and shares.max() - shares[told[0]] < 2e-3
    flips = [network["cells"][15 * 31 + 16][0] for network in data["networks"]]
    assert [data["names"][flip] for flip in flips] == ["ship", "automobile"]


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
    assert tuple(settable_widget(app, "maps").value) == labels
    assert "{},{}".format(*app.session_state["frequency.cell"]) == cell
    assert settable_widget(app, "show").value == show
    assert "{},{}".format(*of(opened(step=str(number)), "maps")["value"][:2]) == cell


def test_the_door_to_inpainting_opens_the_run_of_the_figure():
    found, parameters = door(8)
    assert found == "inpainting"
    there, here = replay_data(opened(found, **parameters)), replay_data(opened(step="8"))
    assert [model["frames"] for model in there["models"]] == [model["frames"] for model in here["models"]]


def test_the_door_to_two_pictures_opens_the_pair_of_the_figure():
    found, parameters = door(3)
    app = opened(found, **parameters)
    assert tuple(settable_widget(app, "maps").value) == (MINI_CLIP, MINI_RESNET)
    (there,), (here,) = ([data for data in components(one) if "cutoffs" in data] for one in (app, opened(step="3")))
    for key in ("pair", "cutoffs", "value", "low", "high"):
        assert there[key] == here[key]


def test_another_stored_pair_is_chosen_in_the_story():
    app = opened(step="3")
    app.session_state["story.pair"] = 2
    app.run()
    (data,) = [data for data in components(app) if "cutoffs" in data]
    assert data["strip"]["selected"] == 2 and data["low"]["caption"] == "bird" and len(data["strip"]["captions"]) == 6


def test_the_first_door_opens_a_sketch_to_be_painted():
    found, parameters = door(1)
    app = opened(found, **parameters)
    assert app.segmented_control(key="generation-start-from").value == "Sketch"
    assert of(app, "sketches" if any("sketches" in data for data in components(app)) else "palette")


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
