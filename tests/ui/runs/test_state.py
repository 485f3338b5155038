"""The states of a page's runs and their transitions, on real runs of a toy."""

import threading
from dataclasses import replace

import pytest

from core.pgd.live import Run
from core.pgd.settings import PGDConfig
from tests.ui.toys import ToyClassifier, toy_plan
from ui.runs.state import STOPPED_TOO_EARLY, ActiveRun, RunRequest, RunResult, RunState, refusal
from ui.server.jobs import JobManager

NAMES, METHODS = ("toy-a",), ("paper",)
PLAN = toy_plan()
LONGER = replace(PLAN, config=PGDConfig(epsilon=2.0, step_size=0.2, steps=100_000))
DOG = replace(PLAN, targets=("dog",))


def request(plan=PLAN, why="", names=NAMES) -> RunRequest:
    return RunRequest(plan, why, names, METHODS, "cifar10")


def start(state: RunState, plan=PLAN, loads=lambda: [ToyClassifier("toy-a")], manager=None) -> ActiveRun:
    run = Run(plan, loads, METHODS)
    job = (manager or JobManager()).submit(run.states, owner="visitor", total=plan.config.steps + 1)
    state.active = ActiveRun(job, run, NAMES, METHODS, request(plan).fingerprint)
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


def test_finished_run_is_the_result_of_its_request(example):
    state = RunState()
    assert not state.running and state.shown(request(), nothing) == (None, [])
    active = start(state)
    assert active.job.wait(60) and not state.running
    assert state.finish() is active and state.active is None and not state.error
    result, changed = state.shown(request(), lambda: example)
    assert result is state.result and changed == [] and result.unfinished is None
    assert result.note.startswith("Your run, 6 steps.")


def test_example_is_shown_for_its_own_subject(example):
    state = RunState()
    same, longer, other = request(), request(LONGER), request(names=("toy-b",))
    differ = {same: [], longer: ["steps or lengths"], other: ["the networks"]}
    for asked, changed in (differ | {request(why="no hole"): ["no hole"]}).items():
        assert state.shown(asked, lambda: example) == (example, changed)

    def shown(plan=PLAN):
        return state.shown(request(plan), lambda: example)[0]

    assert shown(DOG) is None, "not run yet"
    own = run_to_the_end(state, DOG)
    before = dict(vars(state))
    assert shown(DOG) is own and shown() is example, "stored for the very request"
    assert shown(LONGER) is None, "neither matches the request"
    assert vars(state) == before, "a question changes nothing"


def test_stopped_run_can_resume():
    state = RunState()
    active = start(state, LONGER)
    while not active.job.done:
        active.job.wait(0.01)
    active.job.stop()
    assert active.job.wait(60) and state.finish() is active
    assert state.result.unfinished is active and "You stopped it after" in state.result.note
    state, manager, release = RunState(), JobManager(), threading.Event()
    manager.submit(lambda: iter([release.wait(60)]), owner="somebody else")
    active = start(state, manager=manager)
    assert active.job.status == "queued" and state.running
    active.job.stop()
    assert state.finish() is None and state.error == STOPPED_TOO_EARLY and state.result is None
    release.set()


def test_failed_run_keeps_the_previous_result():
    state = RunState()
    own = run_to_the_end(state)

    def fails():
        raise RuntimeError("weights are damaged")

    assert start(state, loads=fails).job.wait(60)
    assert state.finish() is None and state.result is own
    for _ in range(2):
        assert state.message(request()) == "weights are damaged"
    assert not state.message(request(LONGER)) and not state.message(request(DOG))
    assert state.message(request()) == "weights are damaged", "asking about another request changes nothing"
    state.reset()
    assert state.result is None


def test_fingerprints_differ_between_requests():
    plans = [request(), request(LONGER), request(DOG), request(names=("toy-b",))]
    assert len({plan.fingerprint for plan in plans}) == 4 and request(None).fingerprint == ""
    assert request().fingerprint == request(toy_plan()).fingerprint
    for changes, why in (
        ({"names": ()}, "choose one or two networks"),
        ({"methods": ()}, "choose one or two methods"),
        ({"why": "no hole"}, "no hole"),
    ):
        assert refusal(replace(request(), **changes)).startswith(why) and not refusal(request())
