"""Conversion of runs into replay data for the browser."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.pgd.run import PGDRun, Run
from core.pgd.search import LOOK_INTERVAL
from core.pgd.starts import RUNS
from tests.ui.replay_reader import frames_of, numbers_of
from tests.ui.run_forge import sound_run
from tests.ui.toys import ToyClassifier, toy_plan
from ui.components.replay.replay import RunProgress
from ui.runs.outcome import run_facts
from ui.runs.replay import MAX_BYTES, live_replay, run_replay, sampled_frames

PAIR = [
    PGDRun.load(RUNS / f"inpainting_cifar10-5-mean-square__{name}.npz") for name in ("mini-clip", "mini-clip-robust")
]


def test_finished_runs_keep_their_frames_and_numbers():
    data = run_replay(PAIR, id="pair")
    assert data["frame_steps"] == PAIR[0].frame_steps.tolist() and data["live"] is None
    for k, run in enumerate(PAIR):
        assert np.array_equal(frames_of(data, k), run.frames)
        for frame, step in enumerate(run.frame_steps):
            assert numbers_of(data, k)[frame] == pytest.approx(run.curves["target_probability"][step])


@pytest.mark.parametrize(("count", "size"), [(1, 3), (2, 10**9), (31, 3072), (1000, 3), (121, 150528)])
def test_kept_frames_hold_both_ends_and_stay_small(count, size):
    frames = sampled_frames(count, size)
    assert frames[0] == 0 and frames[-1] == count - 1 and (np.diff(frames) > 0).all()
    assert len(frames) <= 121 and (len(frames) <= 2 or len(frames) * size <= MAX_BYTES)
    assert count > 121 or count * size > MAX_BYTES or len(frames) == count


def test_many_frames_are_thinned():
    run = sound_run("generation", batch=3, frames=1000)
    data = run_replay([run], id="long")
    assert data["frame_steps"][0] == 0 and data["frame_steps"][-1] == 999 and len(data["frame_steps"]) <= 121
    assert np.array_equal(frames_of(data, 0), run.frames[data["frame_steps"]])


def test_live_moments_are_the_states_given_with_all_curves():
    run = Run(toy_plan(), lambda: [ToyClassifier("toy-a"), ToyClassifier("toy-b")])
    states = run.states()
    moments = [next(states) for _ in range(4)][1::2]
    curves = [run.target_probability(0), run.target_probability(1)]
    data = live_replay(run.plan, ["toy-a", "toy-b"], ["pixels"], moments, curves, id="j", live=RunProgress("running"))
    assert data["frame_steps"] == [1, 3] and data["steps"] == 6
    for k in range(2):
        for frame, moment in enumerate(moments):
            pixels = torch.from_numpy(frames_of(data, k)[frame])
            assert torch.equal(pixels, (moment[k].images * 255).round().to(torch.uint8))
            assert numbers_of(data, k)[frame] == pytest.approx(moment[k].target_probability.numpy())
    states.close()


def test_replay_of_a_stopped_run_by_views_says_how_often_it_measured():
    run = PGDRun.load(RUNS / "inpainting_photographs-6__efficientnet-lite0__views.npz")
    data = run_replay([run], id="views")
    assert data["models"][0]["every"] == LOOK_INTERVAL and data["steps"] == run.config.steps
    assert "measured" not in run_facts(run)["Its probability"]
    done = LOOK_INTERVAL + 4
    stopped = replace(
        run,
        frames=run.frames[:2],
        frame_steps=np.array([0, done]),
        curves={name: curve[: done + 1] for name, curve in run.curves.items()},
        terms={name: term[: done + 1] for name, term in run.terms.items()},
    )
    facts = run_facts(stopped)
    assert facts["Its probability"].endswith(f"(measured at step {LOOK_INTERVAL})")
    assert facts["Steps"] == f"{done} of {run.config.steps}"
    repeated = stopped.curves["loss"][LOOK_INTERVAL:]
    assert (repeated == repeated[0]).all() and (stopped.curves["loss"][:LOOK_INTERVAL] != repeated[0]).all()


def test_before_the_first_state_the_start_is_shown():
    plan = toy_plan()
    data = live_replay(plan, ["toy-a"], ["pixels"], [], [], id="j", live=RunProgress("queued", "waiting"))
    assert np.array_equal(frames_of(data, 0)[0], np.rint(plan.start * 255))
    assert numbers_of(data, 0).size == 0 and data["live"]["state"] == "queued"
