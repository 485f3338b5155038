"""The states of a page's runs and their transitions, on real runs of a toy."""

import threading
from dataclasses import replace

import pytest

from core.pgd.run import Run
from core.pgd.settings import PGDConfig
from tests.ui.toys import ToyClassifier, toy_plan
from ui.runs.state import STOPPED_TOO_EARLY, ActiveRun, RunRequest, RunResult, RunState
from ui.server.jobs import JobManager

NAMES, SEARCHES = ("toy-a",), ("pixels",)
PLAN = toy_plan()


def request(plan=PLAN, why="", names=NAMES) -> RunRequest:
    return RunRequest(plan, why, names, SEARCHES, "cifar10")


def longer(plan=PLAN, steps=9):
    return replace(plan, config=PGDConfig(epsilon=2.0, step_size=0.2, steps=steps))


def other_target(plan=PLAN):
    return replace(plan, targets=("dog",))


def start(
    state: RunState, plan=PLAN, *, loads=lambda: [ToyClassifier("toy-a")], manager: JobManager | None = None
) -> ActiveRun:
    run = Run(plan, loads, SEARCHES)
    job = (manager or JobManager()).submit(run.states, owner="visitor", total=plan.config.steps + 1)
    state.active = ActiveRun(job, run, NAMES, SEARCHES)
    return state.active


def run_to_the_end(state: RunState, plan=PLAN) -> RunResult:
    assert start(state, plan).job.wait(60)
    state.finish()
    return state.result


@pytest.fixture(scope="module")
def example() -> RunResult:
    """A stored run of the plan."""
    return replace(run_to_the_end(RunState()), id="stored", stored=True)


def nothing():
    return None


def test_a_run_begins_and_finishes_as_the_result_of_its_request(example):
    state = RunState()
    assert not state.running and state.view(request(), nothing).result is None
    active = start(state)
    assert state.active is active
    assert active.job.wait(60) and not state.running
    assert state.finish() is active and state.active is None and not state.error
    view = state.view(request(), lambda: example)
    assert view.result is state.result and view.changed == []
    assert view.result.note.startswith("Your run, 6 steps.") and view.result.unfinished is None


def test_before_any_run_the_example_is_shown_with_what_differs_from_the_request(example):
    state = RunState()
    assert state.view(None, lambda: example).result is example
    assert state.view(request(), lambda: example).result is example
    assert state.view(request(longer()), lambda: example).changed == ["steps or lengths"]
    assert state.view(request(names=("toy-b",)), lambda: example).changed == ["the classifiers"]
    assert state.view(request(other_target()), lambda: example).result is None, "not run yet"
    assert state.view(request(), nothing).result is None
    why = state.view(request(why="no hole"), lambda: example)
    assert why.result is example and why.changed == ["no hole"]


def test_a_stored_run_of_the_very_request_comes_before_the_last_run_of_another(example):
    state = RunState()
    own = run_to_the_end(state, other_target())
    assert state.view(request(other_target()), lambda: example).result is own
    assert state.view(request(), lambda: example).result is example
    assert state.view(request(longer()), lambda: example).result is None, "neither matches the request"


def test_a_run_stopped_halfway_can_resume_and_one_that_never_began_says_so():
    state = RunState()
    active = start(state, longer(steps=1000))
    while not active.job.done:
        pass
    active.job.stop()
    assert active.job.wait(60) and state.finish() is active
    assert state.result.unfinished is active and "stopped by you after" in state.result.note
    state, manager, release = RunState(), JobManager(), threading.Event()
    manager.submit(lambda: iter([release.wait(60)]), owner="somebody else")
    active = start(state, manager=manager)
    assert active.waits and state.running
    active.job.stop()
    assert state.finish() is None and state.error == STOPPED_TOO_EARLY and state.result is None
    release.set()


def test_a_failed_run_leaves_an_error_and_the_result_before_it():
    state = RunState()
    own = run_to_the_end(state)

    def fails():
        raise RuntimeError("weights are damaged")

    assert start(state, loads=fails).job.wait(60)
    assert state.finish() is None and state.error == "weights are damaged" and state.result is own
    state.view(request(), nothing)
    state.view(request(), nothing)
    assert state.error == "weights are damaged"
    state.view(request(longer()), nothing)
    assert not state.error, "it is of another request"
    state.error = "weights are damaged"
    state.reset()
    assert not state.error and state.result is None


def test_what_is_opened_stays_until_another_request_and_closes_to_what_was_there(example):
    state = RunState()
    own = run_to_the_end(state, other_target())
    opened = replace(example, id="file", opened="the examples")
    state.show(opened)
    assert state.view(request(other_target()), nothing).result.id == "file", "shown despite its other target"
    assert state.view(request(longer(other_target())), nothing).result is None, "another request"
    state.show(replace(opened, id="second"))
    assert state.close() is own, "two opened results do not pile up"


def test_a_refusal_is_said_once():
    state = RunState()
    state.refusal = "the line is full"
    assert (state.take_refusal(), state.take_refusal()) == ("the line is full", "")


def test_what_was_made_is_kept_until_its_version_changes():
    state, made = RunState(), []
    for version in (1, 1, 2):
        state.cached("replay", version, lambda: made.append(1) or len(made))
    assert len(made) == 2


def test_fingerprints_tell_plans_and_networks_apart():
    plans = [request(), request(longer()), request(other_target()), request(names=("toy-b",))]
    assert len({plan.fingerprint for plan in plans}) == 4 and request(None).fingerprint == ""
    assert request().fingerprint == request(toy_plan()).fingerprint
