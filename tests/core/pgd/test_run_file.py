"""Files of runs: exact, repeatable, and safe to open whatever they contain."""

import dataclasses

import numpy as np
import pytest
import torch

from core.pgd.live import Run, frame_interval
from core.pgd.plan import RunPlan, inpainting_plan
from core.pgd.record import PGDRun
from core.pgd.settings import PGDConfig
from core.pgd.steps import Generation, Inpainting, pgd_steps
from core.shared.files import ArchiveError
from tests.core.toy import ConvClassifier, centre_mask, random_images, random_targets


def record(task="inpainting", *, until=None, penalty="eq3", **changes):
    """A run and its states."""
    images, targets = random_images(2, 0), random_targets(2, 0).tolist()
    config = PGDConfig(**({"epsilon": 1.0, "step_size": 0.1, "steps": 150} | changes))
    plan = RunPlan(targets=tuple(targets), start=images.numpy(), config=config, seed=3, images={"dataset": "noise"})
    if task == "inpainting":
        original = (images * 255).round().to(torch.uint8).numpy()
        plan = inpainting_plan(original, centre_mask().numpy(), targets, config, weight=0.5, penalty=penalty)
    engine, states = Run(plan, lambda: [ConvClassifier()]), []
    for (state,) in engine.states():
        states.append(state)
        if state.step == until:
            break
    (run,) = engine.so_far()
    return run, states


def test_recorder_keeps_whole_curves_and_some_frames():
    run, states = record(until=75)  # of 150 steps, stopped between two frames
    assert run.frame_steps.tolist() == [*range(0, 75, 2), 75] and len(run.curves["loss"]) == 76
    for frame, step in zip(run.frames, run.frame_steps, strict=True):
        np.testing.assert_array_equal(frame, np.rint(states[step].images.numpy() * 255).astype(np.uint8))
    np.testing.assert_array_equal(run.curves["loss"], np.stack([state.loss.numpy() for state in states]))
    np.testing.assert_allclose(sum(run.terms.values()), run.curves["loss"], rtol=1e-6)
    np.testing.assert_array_equal(run.logits[1], states[-1].logits.numpy())


@pytest.mark.parametrize(("steps", "frame_bytes"), [(60, 3072), (720, 150528), (720, 10**9), (48, 2**20)])
def test_frames_fill_their_budget(steps, frame_bytes):
    def fits(interval):
        count = len({*range(0, steps + 1, interval), steps})
        return count == 2 or (count <= 121 and count * frame_bytes <= 48 * 2**20)

    interval = frame_interval(steps, frame_bytes)
    assert fits(interval) and (interval == 1 or not fits(interval - 1))


@pytest.mark.parametrize("penalty", ["eq3", "mean_square", "frozen", None])
def test_run_file_repeats_its_run_to_the_bit(penalty):
    task = "inpainting" if penalty else "generation"
    run, states = record(task, steps=9, penalty=penalty)
    loaded = PGDRun.from_bytes(run.to_bytes(), name="run.npz")
    objective, facts = Generation(torch.tensor(loaded.metadata["targets"])), loaded.metadata["objective"]
    if task == "inpainting":
        objective = Inpainting(objective.targets, loaded.mask, weight=facts["weight"], penalty=facts["penalty"])
    again = list(pgd_steps(ConvClassifier(), objective, torch.from_numpy(loaded.start), loaded.config))
    assert len(again) == len(states) == 10
    for state, other in zip(states, again, strict=True):
        assert torch.equal(state.images, other.images) and torch.equal(state.loss, other.loss)


def test_run_file_with_other_settings_or_cut_short_is_refused():
    run, _ = record(steps=3)
    other = dataclasses.replace(run, metadata={**run.metadata, "config": {"epsilon": 1}}).to_bytes()
    for data, message in ((other, "views"), (run.to_bytes()[:-50], "cut short")):
        with pytest.raises(ArchiveError, match=rf"^odd\.npz: .*{message}") as caught:
            PGDRun.from_bytes(data, name="odd.npz")
        assert "\n" not in str(caught.value)


def test_run_file_of_version_1_is_refused_in_a_sentence():
    run, _ = record(steps=3)
    data = dataclasses.replace(PGDRun.FILE, schema=1).pack(run.arrays(), {**run.metadata, "terms": list(run.terms)})
    with pytest.raises(ArchiveError, match="this run was made by an earlier version; make it again with the app or"):
        PGDRun.from_bytes(data, name="old.npz")
