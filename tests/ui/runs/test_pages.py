"""The pages *Fill a hole* and *Paint* in Streamlit's test runner: toys run; refusals, URLs, uploads, judges."""

import re
import threading
import time
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import ui.runs.panel
import ui.runs.second_opinion
import ui.runs.state
from core.data.holes import costliest_hole, hole_text, middle_square
from core.data.sample_sets import CIFAR10, SAMPLE_SETS
from core.pgd.examples import stored_path
from core.pgd.methods import METHODS
from core.pgd.picture_outcomes import Judgement, fingerprint
from core.pgd.record import PGDRun
from core.shared.device import class_probabilities
from tests.core.judged import stored_files
from tests.ui.page_runner import (
    bodies,
    components,
    open_page,
    page_text,
    press_to_the_end,
    run_to_the_end,
    settable_widget,
)
from tests.ui.replay_reader import replay_data
from tests.ui.toys import ToyClassifier, put_everywhere, spec, use_toys
from ui.runs.replay import METHOD_TITLES, stored_row
from ui.runs.settings import OFFERED
from ui.runs.state import RunResult
from ui.shared.page_pictures import samples

SPECS = [spec("toy-a", "Toy A"), spec("toy-b", "Toy B")]
TARGET = "inpainting-target-cifar10"


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """Two random classifiers in place of the bundled ones, and a separate queue."""
    queue = use_toys(monkeypatch, SPECS)
    yield
    queue.close()  # else a run's thread may outlive Python's executors


def is_new(app: AppTest) -> bool:
    """Return whether the page shows a run that has not begun."""
    return (replay_data(app)["live"] or {}).get("state") == "new"


def result(app: AppTest, page: str) -> RunResult:
    return app.session_state[f"{page}.runs"].result


# ---- what runs ---------------------------------------------------------------------------------------------------


def test_each_network_draws_each_class_by_each_method():
    address = {"generation_classes_cifar10": ["ship", "frog"], "generation_steps": "3"}
    app = open_page("generation", **address)
    app.multiselect(key="generation-models-cifar10").set_value(["Toy A", "Toy B"])
    settable_widget(app, "generation-method-32").set_value(["paper", "views"]).run()
    run_to_the_end(app, "generation")
    assert not app.exception and not app.error
    runs = result(app, "generation").runs
    assert [(run.metadata["classifier"]["name"], run.config.method.name) for run in runs] == [
        ("toy-a", "paper"), ("toy-a", "views"), ("toy-b", "paper"), ("toy-b", "views")]  # fmt: skip
    titles = [
        f"{name}: {role}" for name in ("toy-a", "toy-b") for role in (METHOD_TITLES["paper"], METHOD_TITLES["views"])
    ]
    data = replay_data(app)
    assert [model["title"] for model in data["models"]] == titles and data["frame_steps"] == [0, 1, 2, 3]
    assert data["targets"] == ["ship", "frog"]


@pytest.mark.parametrize(
    ("page", "method", "offered"),
    [
        ("generation", "paper", True),
        ("inpainting", "paper", False),
        ("inpainting", "strokes", False),
        ("inpainting", "views", True),
    ],
)
def test_four_tries_are_offered_where_the_seed_matters(page, method, offered):
    app = open_page(page, generation_classes_cifar10="deer", **{f"{page}_method_32": method})
    button = [button for button in app.button if button.key == f"{page}.four"]
    assert len(button) == offered


JUDGED = [  # of four tries, the word's rank and the judge's probability; which try is shown first, and which was picked
    ([(2, 0.9), (1, 0.3), (1, 0.8), (3, 0.1)], 2, 2),
    ([(1, 0.6), (2, 0.9), (5, 0.2), (1, 0.5)], 0, 0),
    ([(2, 0.9), (3, 0.9), (2, 0.2), (2, 0.1)], 0, None),
    ([None, None, (1, 0.2), None], 2, 2),
    ([None] * 4, 0, None),
]


@pytest.mark.parametrize(("judged", "shown", "picked"), JUDGED)
def test_try_the_judge_is_surest_of_is_shown_first(monkeypatch, judged, shown, picked):
    def judgement_of(run, drew=(), *, live=True):
        if (says := judged[run.metadata["seed"] % 4]) is None:
            return None
        rank, probability = says
        return Judgement("other", 1, 0, int(rank == 1), ("deer",), (rank,), (probability,))

    put_everywhere(monkeypatch, judgement_of=judgement_of)
    app = open_page("generation", generation_steps="3", generation_method_32="views", generation_seed="4")
    settable_widget(app, "generation-classes-cifar10").set_value(["deer"]).run()
    press_to_the_end(app, "generation", "four")
    own, tries = result(app, "generation"), replay_data(app)["tries"]
    assert not app.exception and "Settings changed" not in page_text(app)
    assert (tries["chosen"], tries["picked"]) == (shown, picked)
    assert own.runs == own.tries[shown] and own.runs[0].metadata["seed"] == 4 + shown
    assert settable_widget(app, "generation-seed").value == 4 + shown
    own = own.choose(1)
    assert (own.pick(3).chosen, own.pick(3).picked) == (1, 3), "the visitor's own choice stays"


def test_too_many_runs_at_once_are_refused():
    app = open_page("generation", generation_method_32=",".join(METHODS))
    app.multiselect(key="generation-models-cifar10").set_value(["Toy A", "Toy B"]).run()
    assert "2 networks and 4 methods make 8 runs, but 4 is the most; choose fewer." in page_text(app)


@pytest.mark.parametrize("linked", ["views,nonsense", "pixels", ""])
def test_unknown_method_in_a_link_is_ignored(linked):
    app = open_page("generation", generation_method_32=linked)
    assert not app.exception and settable_widget(app, "generation-method-32").value == ["paper"]


@pytest.mark.parametrize("label", OFFERED)
def test_run_uses_the_chosen_penalty(label):
    app = run_to_the_end(open_page("inpainting", inpainting_penalty=label, inpainting_steps="2"), "inpainting")
    (run,) = result(app, "inpainting").runs
    assert run.metadata["objective"] == {"task": "inpainting", "weight": 10.0, "penalty": OFFERED[label]}


def test_hole_and_budget_follow_the_picture():
    app, image = open_page("inpainting", inpainting_picture="7"), samples("cifar10").images[7]
    hole = costliest_hole(image, 16, partial(class_probabilities, ToyClassifier("toy-a")))
    for place, expected in ((7, hole), (5, middle_square(32))):  # that of 5 was chosen by hand
        app.session_state["inpainting.positions"] = {"cifar10": place}
        assert np.array_equal(app.run().session_state["inpainting.holes"][32], expected), place
    for side, chosen, budget in ((16, None, 5.49), (9, None, 3.09), (20, 2.0, 2.0)):
        if chosen:
            settable_widget(app, "inpainting-epsilon-32").set_value(chosen).run()
        app.session_state["inpainting.holes"][32] = middle_square(32, side)
        assert settable_widget(app.run(), "inpainting-epsilon-32").value == pytest.approx(budget, abs=0.005)


# ---- what does not run -------------------------------------------------------------------------------------------

CANNOT = [("generation", "generation-classes-cifar10", [], "Type a word to paint.")]


def test_without_a_hole_the_last_result_stays_in_grey():
    app = open_page("inpainting")
    (before,) = components(app, "models")
    assert app.button(key="inpainting.start").label == "Fill" and not app.button(key="inpainting.start").disabled
    app.session_state["inpainting.holes"][32] = np.zeros((1, 32, 32), dtype=bool)
    (after,) = components(app.run(), "models")
    assert after["models"] == before["models"] and "hole is empty" not in page_text(app)
    button = app.button(key="inpainting.start")
    assert button.label == "Paint a hole first" and button.disabled


@pytest.mark.parametrize(("page", "name", "value", "reason"), CANNOT)
def test_run_that_cannot_start_is_explained(page, name, value, reason):
    app = open_page(page, **{f"{page}_steps": "17"})
    settable_widget(app, name).set_value(value)
    assert reason in [item.value for item in app.run().markdown]
    app.button(key=f"{page}.start").click().run()
    assert not app.exception and app.session_state[f"{page}.runs"].active is None
    assert app.error[0].value == reason and settable_widget(app, f"{page}-steps").value == 17
    app.button(key=f"{page}.back").click().run()
    assert not app.error and replay_data(app)["live"] is None


def test_missing_network_shows_no_other_picture():
    app = open_page("inpainting", inpainting_picture="7")
    assert is_new(app)
    app.multiselect(key="inpainting-models-cifar10").set_value([]).run()
    assert not app.exception and not components(app, "models"), "only picture 5 has stored runs"
    assert "Choose one or two networks." in page_text(app)


# ---- what is shown -----------------------------------------------------------------------------------------------


class HeldClassifier(ToyClassifier):
    """One that answers a few times, then waits: its run never ends before it is stopped."""

    release, calls = threading.Event(), 0

    def forward(self, images):
        self.calls += 1
        assert self.calls < 9 or self.release.wait(240)
        return super().forward(images)


def test_new_target_stops_the_run(monkeypatch):
    put_everywhere(monkeypatch, classifier_for=lambda name, _: HeldClassifier(name))
    app = open_page("inpainting", inpainting_steps="2000")
    app.button(key="inpainting.start").click().run()
    active = app.session_state["inpainting.runs"].active
    while not active.run.so_far():
        time.sleep(0.01)
    monkeypatch.setattr(ui.runs.panel, "expected_seconds", lambda *_: 240.0)
    app.session_state[TARGET] = "cat"
    app.run()
    assert app.session_state["inpainting.runs"].active is None and active.job.status == "stopped"
    assert is_new(app) and replay_data(app)["targets"] == ["cat"]
    assert "4 min" in replay_data(app)["live"]["text"]
    app.button(key="inpainting.see").click().run()
    data = replay_data(app)
    assert data["live"]["state"] == "stopped"
    assert data["targets"] == ["dog"] and data["steps"] == 2000
    assert app.session_state[TARGET] == "dog" and not app.exception
    HeldClassifier.release.set()


def test_changed_settings_are_named_and_reset():
    """The browser drops the values of a closed part, and sends the previous ones with the next click."""
    app = run_to_the_end(open_page("inpainting", inpainting_steps="3", inpainting_method_32="paper"), "inpainting")
    assert "Settings changed" not in page_text(app)
    settable_widget(app, "inpainting-penalty").set_value("Mean square").run()
    steps = settable_widget(app, "inpainting-steps").set_value(5)
    steps.run()
    assert "Settings changed (the penalty, steps or lengths)" in page_text(app)
    assert settable_widget(app, "inpainting-steps").key == steps.key, "the visitor's own number keeps its widget"
    app.button(key="inpainting.back").click().run()
    assert "(the networks)" in page_text(app), "the toys have no stored run"
    assert settable_widget(app, "inpainting-penalty").value == "Eq. 3"
    back = settable_widget(app, "inpainting-steps")
    assert back.value == 720 and back.key != steps.key and not app.exception


def test_stored_holes_of_small_pictures_are_shown():
    app, count = open_page("inpainting"), len(stored_row("cifar10")[0].start)
    app.session_state["inpainting.filled.cifar10"] = True
    assert not app.run().exception and f"We didn’t pick these {count}" in page_text(app)
    assert [len(data["targets"]) for data in components(app, "models")] == [1, count]


NUMBERS = ("steps", "step-32", "epsilon-32", "penalty")
FILL, DRAW = (720, 21.6 * 32 / 224 * 16 / 9), (60, 40 * 32 / 224)  # the papers' steps and budget
# A page, its link without its name, and what that opens: steps and budget, pixels and place of the hole.
LINKS = [
    ("inpainting", dict.fromkeys(NUMBERS, "-5"), FILL, (256, 5)),
    ("generation", dict.fromkeys(NUMBERS, 5000 * "9"), DRAW, None),
    ("inpainting", {"hole": "32.zzz", "picture": "6", "steps": "nan"}, FILL, (256, 6)),
    ("inpainting", {"hole": hole_text(middle_square(32, 8)), "steps": "17"}, (17, FILL[1] / 2), (64, 5)),
]


@pytest.mark.parametrize(("page", "link", "settings", "hole"), LINKS)
def test_run_link_restores_state_and_ignores_nonsense(page, link, settings, hole):
    app = open_page(page, **{f"{page}-{name}": value for name, value in link.items()})
    values = [settable_widget(app, f"{page}-{name}").value for name in ("steps", "epsilon-32")]
    assert not app.exception and values == pytest.approx(settings)
    if hole:
        pixels, place = app.session_state["inpainting.holes"][32], app.session_state["inpainting.positions"]["cifar10"]
        assert (pixels.sum(), place) == hole


# ---- the second judge --------------------------------------------------------------------------------------------


def judged(app: AppTest) -> list[list[str]] | None:
    """The page's table on the judge, a list of cells for each run; None without one."""
    tables = "".join(bodies(app, 'aria-label="Recognised by a second network"'))
    rows = re.findall(r"<tr>(<td>.*?)</tr>", tables, flags=re.DOTALL)
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row)] for row in rows] or None


@pytest.fixture
def judges(monkeypatch):
    """Names of the judges that were loaded, of the toys "toy-a", which draws, and "other"."""
    calls = []

    def load(name, class_set):
        calls.append((name, class_set))
        return ToyClassifier(name)

    ready = [spec("toy-a", "Toy A"), spec("other", "Other")]
    monkeypatch.setattr(ui.runs.second_opinion, "ready_classifiers", lambda class_set: ready)
    monkeypatch.setattr(ui.runs.second_opinion, "classifier_for", load)
    ui.runs.second_opinion._judgement.cache_clear()
    return calls


def test_stored_example_is_judged_without_classifier(judges):
    rows = judged(open_page("generation"))
    for row, name, title in zip(
        rows, ("mini-clip", "mini-clip-robust"), ("Mini CLIP", "Mini CLIP (robust)"), strict=True
    ):
        stored = stored_files()[name][0]["runs"][fingerprint(PGDRun.load(stored_path("generation", "cifar10", name)))]
        assert row[:2] == [title, "ResNet-56 (CIFAR-10)"] and row[4] == "0 of 8" and not judges
        assert row[2].startswith(f"{stored['before']} of 8") and row[3].startswith(f"{stored['after']} of 8")


def test_own_run_is_judged_once(judges):
    app = run_to_the_end(open_page("generation", generation_steps="4"), "generation")
    (run,) = result(app, "generation").runs
    targets = np.array(run.metadata["targets"])
    with torch.inference_mode():
        before, after = (
            int((ToyClassifier("other")(torch.from_numpy(images)).argmax(dim=1).numpy() == targets).sum())
            for images in (run.start, run.frames[-1].astype(np.float32) / 255)
        )
    _, low, high = Judgement("other", 8, before, after).fraction(after)
    ((_, judge, start, end, _),) = judged(app.run())
    assert judges == [("other", CIFAR10)], "another redraw triggers no judgement"
    assert judge == "other" and start.startswith(f"{before} of 8")
    assert end == f"{after} of 895% interval ({100 * low:.0f} to {100 * high:.0f}%)"


@pytest.mark.parametrize("ready", ["CLIP", "broken", "foreign classes", "a single picture"])
def test_unsuitable_judge_is_not_asked(judges, monkeypatch, ready):
    run = PGDRun.load(stored_path("generation", "cifar10", "mini-clip"))
    run = replace(run, start=1 - run.start, metadata={**run.metadata, "classifier": {"name": "toy-a"}})  # not stored
    if ready == "CLIP":
        specs = [spec("toy-a", "Toy A"), spec("clip-vit-b-32", "CLIP")]
        monkeypatch.setattr(ui.runs.second_opinion, "ready_classifiers", lambda class_set: specs)
    elif ready == "broken":
        monkeypatch.setattr(
            ui.runs.second_opinion, "classifier_for", lambda *_: (_ for _ in ()).throw(RuntimeError("[x](y)"))
        )
    elif ready == "foreign classes":
        run = replace(run, metadata={**run.metadata, "class_names": [f"class {k}" for k in range(10)]})
    else:
        run = PGDRun.load(stored_path("generation", "imagenet", "efficientnet-lite0"))

    def script():
        import streamlit as st

        from ui.runs.outcome import recognised_table

        recognised_table(st.session_state["shown"])

    app = AppTest.from_function(script, default_timeout=120)
    app.session_state["shown"] = RunResult("mine", (run,), "")
    app.run()
    assert not app.exception and not judges and judged(app) is None


def test_an_unknown_word_leaves_the_run_as_it_is():
    app = open_page("inpainting")
    before = replay_data(app)
    app.session_state["inpainting.unknown"] = "dogg", before["targets"][0]  # as the box reports it
    app.run()
    (box,) = components(app, "words")
    assert box["value"] == "dogg" and replay_data(app) == before, "nothing is lost"
    assert page_text(app).count("“dogg”") == 1 and "choose another word" not in page_text(app), "one sentence"
    app.button(key="inpainting.near.dog").click().run()
    assert not app.exception and app.session_state["inpainting-target-cifar10"] in ("", "dog")


def test_opening_hole_has_its_own_word():
    row = SAMPLE_SETS["photographs"]
    app = open_page("inpainting", inpainting_pictures="Photographs")
    (box,) = components(app, "words")
    assert row.opening and box["value"] == row.opening.word and not box["note"]
    assert app.query_params["inpainting-target-imagenet"] == row.opening.word
    assert app.query_params["inpainting-hole"] == hole_text(row.mask(row.inpainted))
    older = open_page(
        "inpainting", inpainting_pictures="Photographs", inpainting_hole=hole_text(row.square(row.inpainted))
    )  # such links had no word
    assert components(older, "words")[0]["value"] == "espresso"
    other = open_page("inpainting", inpainting_pictures="Photographs", inpainting_picture="4")
    assert components(other, "words")[0]["note"] == "(what was there)"
