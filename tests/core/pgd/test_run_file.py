"""Files of runs: exact, repeatable, and safe to open whatever they contain."""

import dataclasses
import io
import json

import numpy as np
import pytest
import torch

from core.pgd.live import Run, frame_interval
from core.pgd.plan import RunPlan, inpainting_plan
from core.pgd.record import PGDRun, RunFileError
from core.pgd.settings import PGDConfig
from core.pgd.steps import Generation, Inpainting, pgd_steps
from tests.core.toy import ConvClassifier, centre_mask, random_images, random_targets


def record(kind="inpainting", *, until=None, penalty="eq3", **changes):
    """A run and its states."""
    images, targets = random_images(2, 0), random_targets(2, 0).tolist()
    config = PGDConfig(**({"epsilon": 1.0, "step_size": 0.1, "steps": 150} | changes))
    plan = RunPlan(targets=tuple(targets), start=images.numpy(), config=config, seed=3, images={"dataset": "noise"})
    if kind == "inpainting":
        original = (images * 255).round().to(torch.uint8).numpy()
        plan = inpainting_plan(original, centre_mask().numpy(), targets, config, weight=0.5, penalty=penalty)
    engine, states = Run(plan, lambda: [ConvClassifier()]), []
    for (state,) in engine.states():
        states.append(state)
        if state.step == until:
            break
    (run,) = engine.so_far()
    return run, states


def same(first, second):
    for field in dataclasses.fields(PGDRun):
        value, other = getattr(first, field.name), getattr(second, field.name)
        if isinstance(value, dict):
            assert list(value) == list(other)
            for key in value:
                np.testing.assert_array_equal(value[key], other[key])
        elif value is None:
            assert other is None
        else:
            np.testing.assert_array_equal(value, other)
            assert value.dtype == other.dtype


def test_a_start_is_stored_to_the_bit():
    run, _ = record(steps=4)
    packed = {**np.load(io.BytesIO(run.to_bytes()))}
    outside = ~np.broadcast_to(run.mask, run.start.shape)
    assert not packed["start_bits"][:, outside].any() and packed["start_bits"][:, ~outside].any()
    same(PGDRun.from_bytes(run.to_bytes(), name="run"), run)


def test_recorder_keeps_curves_whole_and_every_few_frames():
    run, states = record(until=75)  # of 150 steps, stopped between two frames
    assert run.frame_steps.tolist() == [*range(0, 75, 2), 75] and len(run.curves["loss"]) == 76
    for frame, step in zip(run.frames, run.frame_steps, strict=True):
        np.testing.assert_array_equal(frame, np.rint(states[step].images.numpy() * 255).astype(np.uint8))
    np.testing.assert_array_equal(run.curves["loss"], np.stack([state.loss.numpy() for state in states]))
    np.testing.assert_allclose(sum(run.terms.values()), run.curves["loss"], rtol=1e-6)
    np.testing.assert_array_equal(run.logits[1], states[-1].logits.numpy())


@pytest.mark.parametrize(
    ("steps", "frame_bytes"),
    [(1, 1), (60, 3072), (720, 150528), (100_000, 3072), (720, 10**9), (47, 2**20), (48, 2**20), (1000, 2**20)],
)
def test_frame_interval_keeps_as_many_as_have_room(steps, frame_bytes):
    def fits(interval):
        count = len({*range(0, steps + 1, interval), steps})
        return count == 2 or (count <= 121 and count * frame_bytes <= 48 * 2**20)

    interval = frame_interval(steps, frame_bytes)
    assert fits(interval) and (interval == 1 or not fits(interval - 1))


@pytest.mark.parametrize("penalty", ["eq3", "mean_square", "frozen", None])
def test_a_file_repeats_its_run_to_the_bit(penalty):
    kind = "inpainting" if penalty else "generation"
    run, states = record(kind, steps=9, penalty=penalty)
    loaded = PGDRun.from_bytes(run.to_bytes(), name="run.npz")
    objective, facts = Generation(torch.tensor(loaded.metadata["targets"])), loaded.metadata["objective"]
    if kind == "inpainting":
        objective = Inpainting(objective.targets, loaded.mask, weight=facts["weight"], penalty=facts["penalty"])
    again = list(pgd_steps(ConvClassifier(), objective, torch.from_numpy(loaded.start), loaded.config))
    assert len(again) == len(states) == 10
    for state, other in zip(states, again, strict=True):
        assert torch.equal(state.images, other.images) and torch.equal(state.loss, other.loss)


def altered(change):
    """The bytes of a run after `change` has modified its arrays."""
    with np.load(io.BytesIO(record(steps=3)[0].to_bytes())) as archive:
        arrays = dict(archive)
    change(arrays)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def alter_metadata(**changes):
    def change(arrays):
        arrays["metadata"] = np.array(json.dumps(json.loads(str(arrays["metadata"])) | changes))

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (alter_metadata(schema=99), "schema '99' is unknown"),
        (alter_metadata(targets=[0]), "needs 2 targets"),
        (alter_metadata(config={"epsilon": 1}), "PGD settings must be"),
        (lambda arrays: arrays.pop("start_bits"), "lacks start_bits"),
        (lambda arrays: arrays.update(frame_steps=arrays["frame_steps"] + 1), "must rise from step 0"),
        (lambda arrays: arrays.update(start_bits=arrays["start_bits"] ^ 64), "must lie in"),
        (lambda arrays: arrays.update(start_bits=arrays["start_bits"][:3]), "start_bits must be"),
        (lambda arrays: arrays.update(mask=arrays["mask"][..., :4]), "mask must be"),
        (lambda arrays: arrays.update(logits=arrays["logits"][:, :1]), "logits must be"),
        (lambda arrays: arrays.update(logits=np.array([{}])), "Object arrays cannot be loaded"),
    ],
)
def test_foreign_content_is_refused_in_one_sentence(change, message):
    with pytest.raises(RunFileError, match=message) as caught:
        PGDRun.from_bytes(altered(change), name="odd.npz")
    assert "odd.npz" in str(caught.value) and "\n" not in str(caught.value)
