"""A target text too long for `mini-clip`'s text tower: one sentence on either page, nothing lost.

Nothing here depends on how good the classifier is.
"""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import ui.runs.panel
import ui.runs.state
from core.classifiers.registry import classifier_spec
from tests.ui.page_runner import settable_widget
from tests.ui.replay_reader import replay_data
from ui.server.jobs import JobManager

APPS = Path(__file__).parents[1] / "apps"
LONG = "a horse " + "that stands beside another horse " * 12 + "still"
SHORT = "a small grey cat"


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    manager = JobManager()
    monkeypatch.setattr(ui.runs.state, "job_manager", lambda: manager)
    monkeypatch.setattr(ui.runs.state, "current_owner", lambda: "visitor")


def open_page(page: str, **address: str) -> AppTest:
    """The page with 32-pixel pictures and mini-clip alone; the URL sets `target`."""
    app = AppTest.from_file(str(APPS / f"{page}_app.py"), default_timeout=120)
    names = {"inpainting": "inpainting-target-cifar10", "generation": "generation-classes-cifar10"}
    app.query_params[names[page]] = address.pop("target")
    for name, value in address.items():
        app.query_params[f"{page}-{name}"] = value
    app.run()
    models = app.multiselect(key=f"{page}-models-cifar10")
    models.set_value([title for title in models.options if title == classifier_spec("mini-clip").title])
    return again(app)


def again(app: AppTest) -> AppTest:
    """Rerun the page; the test runner's selectbox knows only the page's options, not a typed one."""
    for box in app.selectbox:
        if box.value not in box.options:
            box.options.append(box.value)
    return app.run()


def run_to_the_end(app: AppTest, page: str) -> AppTest:
    app.button(key=f"{page}.start").click()
    again(app)
    if (active := app.session_state[f"{page}.runs"].active) is not None:
        assert active.job.wait(120)
    return again(app)


def page_text(app: AppTest) -> str:
    return "\n".join([item.value for item in app.error] + [item.proto.body for item in app.get("html")])


def chosen_target(app: AppTest, page: str) -> str:
    if page == "inpainting":
        return app.selectbox(key="inpainting-target-cifar10").value
    (target,) = settable_widget(app, "generation-classes-cifar10").value
    return target


@pytest.mark.parametrize("page", ["inpainting", "generation"])
def test_text_too_long_for_the_text_tower_gets_one_sentence_and_nothing_is_lost(page):
    app = open_page(page, target=LONG, steps="3")
    assert chosen_target(app, page) == LONG
    run_to_the_end(app, page)
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith("The target text is too long") and "'mini-clip'" in error.value
    assert error.value.endswith("shorten it.") and error.value.count(". ") == 0 and len(error.value) < 400
    assert chosen_target(app, page) == LONG, "what was typed is still there"
    assert settable_widget(app, f"{page}-steps").value == 3
    assert replay_data(app)["live"]["state"] == "new"
    assert not app.button(key=f"{page}.start").disabled, "the page can run again"


@pytest.mark.parametrize("page", ["inpainting", "generation"])
def test_shorter_text_of_ones_own_runs_and_an_earlier_result_outlives_a_long_one(page):
    app = open_page(page, target=SHORT, steps="2")
    run_to_the_end(app, page)
    assert not app.exception and not app.error
    assert replay_data(app)["targets"] == [SHORT] and "Your run, 2 steps" in page_text(app)
    (run,) = app.session_state[f"{page}.runs"].result.runs
    assert run.metadata["class_names"][-1] == SHORT and len(run.metadata["class_names"]) == 11
    if page == "inpainting":
        app.selectbox(key="inpainting-target-cifar10").set_value(LONG)
    else:
        settable_widget(app, "generation-classes-cifar10").set_value([LONG])
    run_to_the_end(again(app), page)
    assert not app.exception and "too long" in app.error[0].value
    assert "Your run, 2 steps" not in page_text(app), "the result belongs to the current choice"
    app.button(key=f"{page}.see").click()
    again(app)
    assert "Your run, 2 steps" in page_text(app) and replay_data(app)["targets"] == [SHORT]
