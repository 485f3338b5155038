"""The pages *Fill a hole* and *Draw* in Streamlit's test runner: toy runs, bad input, URLs."""

import io
import threading
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import ui.pages.generation
import ui.pages.inpainting
import ui.runs.first_guess
import ui.runs.replay
import ui.runs.settings
import ui.runs.state
import ui.shared.pictures
from core.data.holes_and_sketches import hole_text, middle_square
from core.data.sample_sets import CIFAR10, ClassSet
from core.pgd.pictures import costliest_hole
from core.shared.device import class_probabilities
from tests.ui.page_runner import page_text, run_to_the_end, settable_widget
from tests.ui.replay_reader import replay_data
from tests.ui.toys import ToyClassifier, spec, use_toys
from ui.runs.replay import stored_row
from ui.server.jobs import JobManager
from ui.shared.pictures import samples

APPS = Path(__file__).parents[1] / "apps"
SPECS = [spec("toy-a", "Toy A"), spec("toy-b", "Toy B")]


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """Two random classifiers in place of the bundled ones, and a separate queue."""
    use_toys(monkeypatch, SPECS)


def open_page(name: str, **address) -> AppTest:
    app = AppTest.from_file(str(APPS / f"{name}_app.py"), default_timeout=120)
    for key, value in address.items():
        app.query_params[key.replace("_", "-")] = value
    return app.run()


def is_new(app: AppTest) -> bool:
    """Return whether the page shows a run that has not begun."""
    return (replay_data(app)["live"] or {}).get("state") == "new"


def test_both_pages_show_a_stored_run_before_any_click():
    for name in ("inpainting", "generation"):
        app = open_page(name)
        assert not app.exception
        assert (
            "A stored example" in page_text(app) and "of 255" in page_text(app) and len(replay_data(app)["models"]) == 2
        )


def test_examples_say_how_many_they_are_and_go_with_another_picture_or_target():
    app = open_page("inpainting")
    count = len(stored_row("cifar10", []).runs[0].start)
    examples = app.button(key="inpainting.row")
    assert count > 1 and examples.label == f"Show {count} stored holes"
    for change in ("picture", "target"):
        app.button(key="inpainting.row").click().run()
        assert not app.exception and len(replay_data(app)["targets"]) == count and not is_new(app)
        if change == "picture":
            app.session_state["inpainting.places"] = {"cifar10": 9}
            app.run()
        else:
            app.selectbox(key="inpainting-target-cifar10").set_value("cat").run()
        assert is_new(app) and len(replay_data(app)["targets"]) == 1, change
        app.button(key="inpainting.back").click().run()


def test_inpainting_runs_on_two_classifiers_and_shows_both():
    app = open_page("inpainting", inpainting_steps="30")
    app.multiselect(key="inpainting-models-cifar10").set_value(["Toy A", "Toy B"]).run()
    run_to_the_end(app, "inpainting")
    assert not app.exception and not app.error
    assert "Your run, 30 steps" in page_text(app)
    assert [model["title"] for model in replay_data(app)["models"]] == ["toy-a", "toy-b"]
    runs = app.session_state["inpainting.runs"].result.runs
    assert [run.metadata["classifier"]["name"] for run in runs] == ["toy-a", "toy-b"]
    assert [len(run.curves["loss"]) for run in runs] == [31, 31]
    assert np.array_equal(runs[0].start, runs[1].start)
    assert replay_data(app)["frame_steps"] == list(range(31))


def test_generation_runs_a_grid_of_classes_and_samples():
    app = open_page("generation", generation_steps="5", generation_seeds="2")
    settable_widget(app, "generation-classes-cifar10").set_value(["ship", "frog"]).run()
    run_to_the_end(app, "generation")
    assert not app.exception and not app.error
    (run,) = app.session_state["generation.runs"].result.runs
    assert [run.metadata["class_names"][k] for k in run.metadata["targets"]] == ["ship", "ship", "frog", "frog"]
    assert "5,000 training images of “ship” in CIFAR-10" in page_text(app)
    assert replay_data(app)["targets"] == ["ship", "ship", "frog", "frog"]
    app.selectbox(key=f"generation.{app.session_state['generation.runs'].result.id}.row").set_value(3).run()
    assert not app.exception


@pytest.mark.parametrize(
    ("mask", "sentence"),
    [
        (np.zeros((1, 32, 32), dtype=bool), "The mask is empty; paint a hole first."),
        (np.ones((1, 32, 32), dtype=bool), "The mask covers the whole image"),
    ],
)
def test_inpainting_refuses_a_hole_that_is_none_in_one_sentence(mask, sentence):
    app = open_page("inpainting", inpainting_hole=hole_text(mask), inpainting_steps="17")
    app.button(key="inpainting.start").click().run()
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith(sentence) and error.value.count(". ") == 0
    assert settable_widget(app, "inpainting-steps").value == 17, "nothing is lost"
    assert np.array_equal(app.session_state["inpainting.holes"][32], mask)


def test_target_that_a_classifier_does_not_know_is_refused_and_the_last_result_stays(monkeypatch):
    # The test runner cannot type free text; a classifier without dogs is equivalent.
    app = open_page("inpainting", inpainting_steps="3")
    run_to_the_end(app, "inpainting")
    dogless = ToyClassifier("toy-a")
    dogless.classes = ClassSet("custom", tuple(name for name in CIFAR10.names if name != "dog"))
    monkeypatch.setattr(ui.runs.state, "classifier_for", lambda *_: dogless)
    monkeypatch.setattr(ui.runs.first_guess, "classifier_for", lambda *_: dogless)
    run_to_the_end(app, "inpainting")
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith("Target 'dog' is not among the 9 classes of classifier 'toy-a'")
    assert "Your run, 3 steps" in page_text(app)
    monkeypatch.setattr(ui.runs.state, "classifier_for", lambda name, class_set: ToyClassifier(name))
    monkeypatch.setattr(ui.runs.first_guess, "classifier_for", lambda name, class_set: ToyClassifier(name))
    app.selectbox(key="inpainting-target-cifar10").set_value("cat").run()
    run_to_the_end(app, "inpainting")
    assert not app.error and replay_data(app)["targets"] == ["cat"]


def test_pages_without_a_choice_say_what_is_missing():
    app = open_page("inpainting")
    app.multiselect(key="inpainting-models-cifar10").set_value([]).run()
    app.button(key="inpainting.start").click().run()
    assert app.error[0].value == "No classifier is chosen; choose one or two."
    app = open_page("generation")
    settable_widget(app, "generation-classes-cifar10").set_value([]).run()
    app.button(key="generation.start").click().run()
    assert app.error[0].value.startswith("No class is chosen")


@pytest.mark.parametrize("name", ["inpainting", "generation"])
@pytest.mark.parametrize("value", ["-5", "1e9", "nan"])
def test_senseless_numbers_in_the_url_become_the_papers(name, value):
    keys = {f"{name}-steps": None, f"{name}-step-32": None, f"{name}-epsilon-32": None}
    app = AppTest.from_file(str(APPS / f"{name}_app.py"), default_timeout=120)
    for key in keys:
        app.query_params[key] = value
    app.run()
    assert not app.exception
    assert settable_widget(app, f"{name}-steps").value == (720 if name == "inpainting" else 60)
    expected = 40 * 32 / 224 if name == "generation" else 21.6 * 32 / 224 * 16 / 9  # scales with the hole's side
    assert settable_widget(app, f"{name}-epsilon-32").value == pytest.approx(expected)


@pytest.mark.parametrize(("hole", "picture"), [("32.zzz", "6"), ("224.AAAA", "-1"), ("x", "100"), ("", "x")])
def test_senseless_url_opens_the_page_all_the_same(hole, picture):
    app = open_page("inpainting", inpainting_hole=hole, inpainting_picture=picture)
    assert not app.exception
    assert app.session_state["inpainting.holes"][32].sum() == 256
    assert app.session_state["inpainting.places"]["cifar10"] == (6 if picture == "6" else 5)


def upload(app: AppTest, name: str, data: bytes) -> None:
    uploader = next(widget for widget in app.file_uploader if widget.label.startswith("Your picture"))
    uploader.set_value((name, data, "image/png")).run()


def test_upload_is_used_at_either_size_with_the_networks_first_guess_and_a_hole_where_it_looks():
    app = open_page("inpainting", inpainting_pictures="Yours", inpainting_steps="2")
    assert "Choose a picture below" in page_text(app)
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8)).save(data, "PNG")
    app.button(key="inpainting.choice").click().run()
    upload(app, "mine.png", data.getvalue())
    app.radio(key="inpainting.upload_size").set_value("32 px, CIFAR-10 classes").run()
    app.button(key="inpainting.use").click().run()
    pixels, toy = app.session_state["inpainting.own"].pixels, ToyClassifier("toy-a")
    (shares,) = class_probabilities(toy, pixels[None].astype(np.float32) / 255)
    hole = costliest_hole(pixels, 16, partial(class_probabilities, toy))
    assert not app.exception and np.array_equal(app.session_state["inpainting.holes"][32], hole)
    assert "inpainting-hole" not in app.query_params and "The hole lies where it costs Toy A most" in page_text(app)
    run_to_the_end(app, "inpainting")
    assert not app.error and replay_data(app)["targets"] == [CIFAR10.names[shares.argmax()]]
    app.selectbox(key="inpainting-target-cifar10").set_value("cat").run()
    run_to_the_end(app, "inpainting")
    assert not app.error and replay_data(app)["targets"] == ["cat"]
    app.session_state["inpainting.holes"][32] = middle_square(32, 9)
    app.run()
    assert app.session_state["inpainting.holes"][32].sum() == 81 and "inpainting-hole" in app.query_params


def test_bundled_picture_without_a_chosen_hole_begins_with_one_where_the_network_looks():
    app = open_page("inpainting", inpainting_picture="7")
    data = samples("cifar10")
    hole = costliest_hole(data.images[7], 16, partial(class_probabilities, ToyClassifier("toy-a")))
    assert not app.exception and np.array_equal(app.session_state["inpainting.holes"][32], hole)
    for place, expected in ((5, middle_square(32)), (7, hole)):  # that of 5 was chosen by hand
        app.session_state["inpainting.places"] = {"cifar10": place}
        app.run()
        assert np.array_equal(app.session_state["inpainting.holes"][32], expected), place
    linked = open_page("inpainting", inpainting_picture="7", inpainting_hole=hole_text(middle_square(32, 9)))
    assert linked.session_state["inpainting.holes"][32].sum() == 81 and "25 places" not in page_text(linked)


def test_broken_upload_gets_a_sentence():
    app = open_page("inpainting", inpainting_pictures="Yours")
    app.button(key="inpainting.choice").click().run()
    upload(app, "notes.png", b"these are notes")
    assert not app.exception and app.error[0].value.startswith("“notes.png”:")


def test_classes_without_a_classifier_point_to_the_models_page():
    app = open_page("inpainting", inpainting_pictures="Photographs")
    assert not app.exception and "Models" in page_text(app)


@pytest.mark.parametrize("name", ["inpainting", "generation"])
def test_numbers_that_are_none_any_more_fail_in_one_sentence(monkeypatch, name):
    broken = ToyClassifier("broken", strength=float("nan"))
    monkeypatch.setattr(ui.runs.state, "classifier_for", lambda *_: broken)
    monkeypatch.setattr(ui.runs.first_guess, "classifier_for", lambda *_: broken)
    app = open_page(name)
    run_to_the_end(app, name)
    assert not app.exception and "not finite" in app.error[0].value


@pytest.mark.parametrize("name", ["inpainting", "generation"])
def test_full_line_is_a_sentence_and_nothing_is_lost(monkeypatch, name):
    manager = JobManager(queue_limit=0)
    monkeypatch.setattr(ui.runs.state, "job_manager", lambda: manager)
    release = threading.Event()

    def endless():
        release.wait(30)
        yield 0

    manager.submit(endless, owner="somebody else")
    app = open_page(name)
    app.button(key=f"{name}.start").click().run()
    release.set()
    assert not app.exception and "try again in a few minutes" in app.error[0].value
    assert "A stored example" in page_text(app)


def test_other_settings_are_told_in_a_banner_and_the_way_back_restores_them():
    app = run_to_the_end(open_page("inpainting", inpainting_steps="3"), "inpainting")
    assert "Your run, 3 steps" in page_text(app) and "Settings changed" not in page_text(app)
    settable_widget(app, "inpainting-penalty").set_value("Mean square").run()
    settable_widget(app, "inpainting-steps").set_value(5).run()
    assert "Settings changed (the penalty, steps or lengths)" in page_text(app)
    app.button(key="inpainting.back").click().run()
    assert not app.exception
    assert "A stored example" in page_text(app) and "(the classifiers)" in page_text(app), "the toys have no stored run"
    assert settable_widget(app, "inpainting-steps").value == 720
    assert settable_widget(app, "inpainting-penalty").value == "Eq. 3"


def long_run():
    """A page with a run of 2,000 steps that has its first state, and the run."""
    app = open_page("inpainting", inpainting_steps="2000")
    app.button(key="inpainting.start").click().run()
    active = app.session_state["inpainting.runs"].active
    while not active.run.so_far():
        time.sleep(0.01)
    return app, active


def test_stopped_run_shows_all_so_far_and_goes_on_to_its_end():
    app, active = long_run()
    active.job.stop()
    data = replay_data(app.run())
    assert data["live"]["state"] == "stopped" and data["steps"] == 2000 and data["frame_steps"][0] == 0
    assert "stopped by you after" in data["live"]["text"] and not app.exception


def test_turning_to_another_target_stops_the_run_and_shows_it_at_once():
    app, active = long_run()
    app.selectbox(key="inpainting-target-cifar10").set_value("cat").run()
    assert app.session_state["inpainting.runs"].active is None and active.job.status == "stopped"
    assert is_new(app) and replay_data(app)["targets"] == ["cat"]
    app.button(key="inpainting.see").click().run()
    assert "stopped by you after" in replay_data(app)["live"]["text"] and replay_data(app)["targets"] == ["dog"]
    assert app.selectbox(key="inpainting-target-cifar10").value == "dog" and not app.exception


def test_hole_of_another_size_scales_the_budget_unless_the_visitor_has_chosen_one():
    app = open_page("inpainting")

    def budget():
        return settable_widget(app, "inpainting-epsilon-32").value

    def cut(side):
        app.session_state["inpainting.holes"][32] = middle_square(32, side)
        app.run()

    assert round(budget(), 2) == 5.49
    cut(9)
    assert round(budget(), 2) == 3.09
    settable_widget(app, "inpainting-epsilon-32").set_value(2.0).run()
    cut(20)
    assert budget() == 2.0
    assert not app.exception


def test_a_link_opens_the_examples_that_were_shown_and_says_how_long_another_run_takes(monkeypatch):
    app = open_page("inpainting")
    app.button(key="inpainting.row").click().run()
    assert app.query_params["inpainting-examples"] in ("shown", ["shown"])
    assert "The result shows other pictures. Close the examples to paint" in page_text(app), (
        "no hole of another picture"
    )
    assert f"A rule chose these {len(replay_data(app)['targets'])} stored examples" in page_text(app)
    again = open_page("inpainting", inpainting_examples="shown")
    assert not again.exception and replay_data(again)["targets"] == replay_data(app)["targets"]
    next(button for button in again.button if button.label == "Close the examples").click().run()
    assert "A stored example" in page_text(again) and "inpainting-examples" not in again.query_params
    monkeypatch.setattr(ui.runs.panel, "expected_seconds", lambda *_: 240.0)
    linked = open_page("inpainting", inpainting_target_cifar10="cat")
    assert replay_data(linked)["live"]["text"] == "Not run yet: Fill takes about 4 min."


def test_settings_that_the_page_sets_get_a_new_widget_that_no_browser_remembers():
    """The browser drops the values of a closed popover, and sends the previous ones with the next click."""
    app = open_page("inpainting")
    first = settable_widget(app, "inpainting-steps")
    first.set_value(30).run()
    assert settable_widget(app, "inpainting-steps").key == first.key, "the visitor's own number keeps its widget"
    app.button(key="inpainting.back").click().run()
    assert settable_widget(app, "inpainting-steps").value == 720 != first.value
    assert settable_widget(app, "inpainting-steps").key != first.key


def test_a_queued_run_is_not_said_to_be_running():
    manager, end = ui.runs.state.job_manager(), threading.Event()
    other = manager.submit(lambda: iter(lambda: end.wait(60), True), owner="another visitor")
    app = open_page("inpainting", inpainting_steps="30")
    app.button(key="inpainting.start").click().run()
    assert replay_data(app)["live"]["text"] == "Waiting for the pictures before it: number 1 in line."
    end.set()
    assert other.wait(60) and app.session_state["inpainting.runs"].active.job.wait(60)
    assert "Your run, 30 steps" in page_text(app.run())
