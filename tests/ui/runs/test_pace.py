"""Real bundled networks on *Draw*: how long runs take, and what they start from."""

from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import ui.runs.panel
import ui.runs.state
from core.data.holes_and_sketches import SKETCHES, decode_sketch, draw_sketch, encode_sketch
from core.pgd.run import RunPlan
from core.pgd.settings import PGDConfig
from tests.ui.page_runner import page_text, settable_widget
from tests.ui.replay_reader import replay_data
from ui.runs import settings as pace
from ui.server.jobs import JobManager
from ui.server.limits import limits
from ui.shared.pictures import captions

GENERATION = Path(__file__).parents[1] / "apps" / "generation_app.py"
CLIP, ROBUST = "Mini CLIP", "Mini ResNet (robust)"
ALONE = ("pixels",)


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    """A separate queue for this visitor's runs; torch, which a page waits for, is loaded."""
    import torch  # noqa: F401

    manager = JobManager()
    monkeypatch.setattr(ui.runs.state, "job_manager", lambda: manager)
    monkeypatch.setattr(ui.runs.state, "current_owner", lambda: "visitor")
    pace._paces().clear()


def generation(**address) -> AppTest:
    app = AppTest.from_file(str(GENERATION), default_timeout=120)
    for key, value in address.items():
        app.query_params[key.replace("_", "-")] = value
    return app.run()


def drawn(app: AppTest) -> AppTest:
    """Press *Run* and wait for its end."""
    app.button(key="generation.start").click().run()
    assert not app.exception
    if (active := app.session_state["generation.runs"].active) is not None:
        assert active.job.wait(120)
    return app.run()


def pick(app: AppTest, place: int) -> None:
    """Choose a bundled sketch, as the browser reports it."""
    app.session_state["generation.sketch"] = draw_sketch(list(SKETCHES)[place])
    app.run()


def plan(side=32, steps=60, pictures=1):
    start = np.zeros((pictures, 3, side, side), np.float32)
    return RunPlan(targets=(0,) * pictures, start=start, config=PGDConfig(epsilon=1, step_size=1, steps=steps))


def test_small_runs_of_bundled_networks_are_quick_and_a_measured_pace_counts_more():
    names, searches = ("mini-clip", "mini-clip-robust"), ("pixels", "views")
    expected = pace.expected_seconds
    assert expected(plan(pictures=4), names, ALONE) < 2 < 12 < expected(plan(side=224), names, ALONE)
    assert expected(plan(), names, searches) == 2 * expected(plan(), names, ALONE)
    assert expected(plan(side=224, steps=120), ("efficientnet-lite0",), searches) < 12, "the pages' initial settings"
    assert expected(plan(), (), ALONE) is None and expected(plan(), ("mini-clip", "clip-vit-b-32"), ALONE) is None
    pace.remember_pace(plan(), names, ALONE, 0.1)
    assert expected(plan(), names, ALONE) == pytest.approx(6) and expected(plan(), names, searches) == pytest.approx(12)
    pace.remember_pace(plan(), names, ALONE, None)
    assert expected(plan(), names, ALONE) == pytest.approx(6), "the pace is unchanged"
    pace.remember_pace(plan(), names, searches, 0.02)
    pace.remember_pace(plan(), names, ALONE, 0.1)
    assert expected(plan(), names, ALONE) == pytest.approx(0.6), "one slow run does not end it"
    pace._paces().clear()


def test_nothing_is_drawn_without_a_click_and_the_page_says_how_long_it_takes():
    app = generation(generation_set="CIFAR-10, 32 px")
    assert not app.exception and "A stored example" in page_text(app)
    settable_widget(app, "generation-classes-cifar10").set_value(["dog"]).run()
    assert not app.exception and replay_data(app)["live"]["text"] == "Not run yet: Draw takes about 1 s."
    assert app.session_state["generation.runs"].active is None
    result = drawn(app).session_state["generation.runs"].result
    assert "Your run, 60 steps" in page_text(app)
    assert [run.metadata["class_names"][run.metadata["targets"][0]] for run in result.runs] == ["dog", "dog"]
    linked = generation(generation_classes_cifar10="cat")
    assert replay_data(linked)["live"]["state"] == "new" and linked.session_state["generation.runs"].result is None


def test_what_the_server_does_not_allow_does_not_start(monkeypatch):
    monkeypatch.setenv("CLIP_LAB_RUN_PICTURES", "1")
    limits.cache_clear()
    try:
        app = drawn(generation(generation_classes_cifar10="dog", generation_seeds="2", generation_steps="20"))
        assert "this server allows 1 pictures per run" in page_text(app)
        assert app.session_state["generation.runs"].result is None
    finally:
        monkeypatch.undo()
        limits.cache_clear()


def test_another_start_keeps_the_class_that_was_chosen():
    app = generation(generation_classes_cifar10="dog")
    settable_widget(app, "generation-start-from").set_value("Pixel noise").run()
    drawn(app)
    assert not app.exception and settable_widget(app, "generation-classes-cifar10").value == ["dog"]
    (run, _) = app.session_state["generation.runs"].result.runs
    assert run.metadata["images"]["start"] == "independent"


def test_a_linked_sketch_is_painted():
    text = encode_sketch(draw_sketch("frog"))
    app = generation(generation_start_from="Sketch", generation_sketch=text, generation_classes_cifar10="frog",
                     generation_models_cifar10=ROBUST)  # fmt: skip
    drawn(app)
    (run,) = app.session_state["generation.runs"].result.runs
    expected = decode_sketch(text, 32).transpose(2, 0, 1).astype(np.float32) / 255
    assert np.allclose(run.start[0], expected, atol=1e-6) and run.metadata["images"]["start"] == "sketch"


def test_a_broken_link_of_a_sketch_opens_the_first_one():
    app = generation(generation_start_from="Sketch", generation_sketch="nonsense", generation_models_cifar10=ROBUST)
    assert not app.exception
    assert np.array_equal(app.session_state["generation.sketch"], draw_sketch(next(iter(SKETCHES))))
    pick(app, list(SKETCHES).index("ship"))
    assert np.array_equal(app.session_state["generation.sketch"], draw_sketch("ship"))
    assert app.query_params["generation-sketch"] in (expected := encode_sketch(draw_sketch("ship")), [expected])


def test_a_picture_can_become_another_class():
    app = generation(generation_start_from="Picture", generation_picture="3", generation_classes_cifar10="deer",
                     generation_models_cifar10=ROBUST)  # fmt: skip
    from core.data.datasets import load_samples

    drawn(app)
    (run,) = app.session_state["generation.runs"].result.runs
    assert np.allclose(run.start[0] * 255, load_samples("cifar10-samples").images[3], atol=1e-3)
    assert run.metadata["images"]["start"] == "picture"
    assert run.metadata["images"]["credit"] == f"Start: {captions('cifar10')[3]}"


def test_beginning_with_a_sketch_brings_its_class_and_a_word_leads_back():
    app = generation(generation_set="ImageNet, 224 px")
    begin = app.segmented_control(key="generation.begin")
    begin.set_value("From a sketch").run()
    assert not app.exception and settable_widget(app, "generation-classes-imagenet").value == ["volcano"]
    assert settable_widget(app, "generation-start-from").value == "Sketch"
    app.segmented_control(key="generation.begin").set_value("From a word").run()
    assert settable_widget(app, "generation-start-from").value == "Grey" and not app.exception


def test_the_last_run_brings_its_word_and_its_sketch_back():
    text = encode_sketch(draw_sketch("frog"))
    app = generation(generation_start_from="Sketch", generation_sketch=text, generation_classes_cifar10="frog",
                     generation_models_cifar10=ROBUST, generation_steps="3")  # fmt: skip
    drawn(app)
    pick(app, list(SKETCHES).index("ship"))
    settable_widget(app, "generation-classes-cifar10").set_value(["ship"]).run()
    assert replay_data(app)["live"]["state"] == "new"
    app.button(key="generation.see").click().run()
    assert not app.exception and replay_data(app)["targets"] == ["frog"]
    assert settable_widget(app, "generation-classes-cifar10").value == ["frog"]
    assert np.array_equal(app.session_state["generation.sketch"], draw_sketch("frog"))


def test_a_link_of_a_run_opens_its_settings_and_draws_the_same():
    app = generation(generation_set="CIFAR-10, 32 px", generation_models_cifar10=ROBUST)
    settable_widget(app, "generation-classes-cifar10").set_value(["dog"]).run()
    drawn(app)
    again = AppTest.from_file(str(GENERATION), default_timeout=120)
    for name in app.query_params:
        again.query_params[name] = app.query_params[name]
    drawn(again.run())
    first, second = (opened.session_state["generation.runs"].result.runs[0] for opened in (app, again))
    assert np.array_equal(first.frames[-1], second.frames[-1])
