"""Judgements by another network on the page *Draw*: for stored, own and opened runs, and for many pictures."""

import re
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

import ui.runs.outcome
from core.pgd.pictures import Judgement, fingerprint
from core.pgd.run import PGDRun
from core.pgd.starts import stored_path
from tests.core.judged import stored_files
from tests.ui.page_runner import page_text, run_to_the_end
from tests.ui.runs.test_files import open_page, show_run, toys  # noqa: F401
from tests.ui.toys import ToyClassifier, spec
from ui.maps import predictions as cell_predictions
from ui.runs.outcome import judge_rows
from ui.runs.state import RunResult


def stored_run(name="mini-clip") -> PGDRun:
    return PGDRun.load(stored_path("generation", "cifar10", name))


def never(*_):
    raise AssertionError("a classifier was asked for")


def judged(app):
    """Return the page's table on the judge, a list of cells for each run; None without one."""
    bodies = [
        item.proto.body for item in app.get("html") if 'aria-label="Recognised by another network"' in item.proto.body
    ]
    rows = re.findall(r"<tr>(<td>.*?)</tr>", bodies[0], flags=re.DOTALL) if bodies else []
    return [[re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td>(.*?)</td>", row)] for row in rows] or None


@pytest.fixture
def judges(monkeypatch):
    """Toys as judges: "toy-a", which draws, and "other"."""
    monkeypatch.setattr(
        ui.runs.outcome, "ready_classifiers", lambda class_set: [spec("toy-a", "Toy A"), spec("other", "Other")]
    )
    calls = []

    def load(name, class_set):
        calls.append((name, class_set))
        return ToyClassifier(name)

    monkeypatch.setattr(ui.runs.outcome, "classifier_for", load)
    return calls


def test_clip_judges_only_who_asks_for_it(judges, monkeypatch):
    run = replace(stored_run(), metadata={**stored_run().metadata, "classifier": {"name": "toy-a"}})
    run = replace(run, start=1 - run.start)  # so that no judgement is stored
    clip = [spec("toy-a", "Toy A"), spec("clip-vit-b-32", "CLIP")]
    monkeypatch.setattr(ui.runs.outcome, "ready_classifiers", lambda class_set: clip)

    def script():
        import streamlit as st

        from ui.runs.outcome import second_judge

        second_judge(st.session_state["shown"])

    app = AppTest.from_function(script, default_timeout=120)
    app.session_state["shown"] = RunResult("mine", (run,), "")
    app.run()
    assert not app.exception and not judges and judged(app) is None
    app.button(key="generation.ask_judge").click().run()
    app.run()
    assert [name for name, _ in judges] == ["clip-vit-b-32"] and judged(app)[0][1].startswith("CLIP")


def test_stored_example_is_judged_without_any_classifier(monkeypatch):
    monkeypatch.setattr(ui.runs.outcome, "classifier_for", never)
    app = open_page("generation")
    assert not app.exception
    first, second = (
        stored_files()[name][0]["runs"][fingerprint(PGDRun.load(stored_path("generation", "cifar10", name)))]
        for name in ("mini-clip", "mini-clip-robust")
    )
    for row, title, stored in zip(judged(app), ("Mini CLIP", "Mini CLIP (robust)"), (first, second), strict=True):
        assert row[:2] == [title, "ResNet-56 (CIFAR-10)"] and row[4] == "0 of 8"
        assert row[2].startswith(f"{stored['before']} of 8") and row[3].startswith(f"{stored['after']} of 8")


def test_own_run_is_judged_once_by_the_classifier_that_did_not_draw_it(judges):
    app = open_page("generation", seeds="2")
    app = run_to_the_end(app, "generation")
    assert not app.exception and not app.error
    (run,) = app.session_state["generation.runs"].result.runs
    assert judges == [("other", "cifar10")]
    targets = np.array(run.metadata["targets"])
    with torch.inference_mode():
        before, after = (
            int((ToyClassifier("other")(torch.from_numpy(images)).argmax(dim=1).numpy() == targets).sum())
            for images in (run.start, run.frames[-1].astype(np.float32) / 255)
        )
    _, low, high = Judgement("other", 16, before, after).share(after)
    ((_, judge, start, end, _),) = judged(app)
    assert judge == "other" and start.startswith(f"{before} of 16")
    assert end == f"{after} of 1695 % interval ({100 * low:.0f} to {100 * high:.0f} %)"
    app.run()
    assert len(judges) == 1 and judged(app) is not None, "another redraw triggers no judgement"


def test_a_single_picture_is_not_judged(judges):
    app = run_to_the_end(open_page("generation", **{"classes-cifar10": "frog"}), "generation")
    assert not app.exception and len(app.session_state["generation.runs"].result.runs[0].start) == 1
    assert judged(app) is None and judges == []


def test_opened_run_waits_for_the_first_paint_before_torch_is_loaded(judges, monkeypatch):
    app = open_page("generation")
    slower = stored_run()
    frames = slower.frames.copy()
    frames[-1, 0, 0, 0, 0] ^= 1  # no longer the stored run
    # Not by removing torch itself: a background thread would import it a second time.
    monkeypatch.setattr(cell_predictions, "sys", SimpleNamespace(modules={}))
    show_run(app, "generation", replace(slower, frames=frames))
    assert not app.exception and judges == [] and "Loading the classifiers" in page_text(app)
    assert judged(app) is None


def test_run_without_another_classifier_says_so_and_one_of_foreign_classes_says_nothing(monkeypatch):
    monkeypatch.setattr(ui.runs.outcome, "ready_classifiers", lambda class_set: [])
    monkeypatch.setattr(ui.runs.outcome, "classifier_for", never)
    run = stored_run()
    frames = run.frames.copy()
    frames[-1, 0, 0, 0, 0] ^= 1
    other = replace(run, frames=frames)
    app = show_run(open_page("generation"), "generation", other)
    assert "No other installed classifier knows these classes" in page_text(app) and not app.exception
    names = [f"class {k}" for k in range(10)]
    foreign = replace(other, metadata={**other.metadata, "class_names": names})
    app = show_run(open_page("generation"), "generation", foreign)
    assert "No other installed" not in page_text(app) and judged(app) is None and not app.exception


def test_judge_that_cannot_be_loaded_is_one_sentence(judges, monkeypatch):
    def broken(*_):
        raise RuntimeError("weight file [x](https://evil.example) cannot be read")

    monkeypatch.setattr(ui.runs.outcome, "classifier_for", broken)
    app = run_to_the_end(open_page("generation"), "generation")
    assert not app.exception
    (error,) = app.error
    assert error.value.startswith("The second judge failed: weight file \\[x\\]")
    assert "Your run, 4 steps" in page_text(app)


def test_runs_of_different_judges_get_a_row_each():
    run, other = stored_run(), stored_run("mini-resnet")
    rows = judge_rows([(run, Judgement("mini-resnet", 4, 1, 2)), (other, Judgement("mini-clip", 4, 0, 3))])
    assert rows == [
        ("Mini CLIP", "Mini ResNet", "1 of 4 (5 to 70 %)", "2 of 4 (15 to 85 %)", "4 of 8"),
        ("Mini ResNet", "Mini CLIP", "0 of 4 (0 to 49 %)", "3 of 4 (30 to 95 %)", "4 of 8"),
    ]
