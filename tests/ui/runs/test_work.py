"""A run on two classifiers at once: the engine's numbers, whole, stopped, and refused."""

import numpy as np
import pytest
import torch

import ui.runs.work
from core.data.samples import load_samples
from core.images.masks import fill_hole, square_mask
from core.pgd.objectives import Inpainting
from core.pgd.steps import PGDConfig, run_pgd
from tests.ui.toys import ToyClassifier
from ui.runs.work import LiveRun, RunPlan

CONFIG = PGDConfig(epsilon=2.0, step_size=0.1, steps=6)
DATA = load_samples("cifar10-samples")
MASK = square_mask((16, 16), 9, height=32, width=32)


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    monkeypatch.setattr(ui.runs.work, "classifier_for", lambda name, class_set: ToyClassifier(name))


def plan(*names: str, targets=("cat",), config=CONFIG) -> RunPlan:
    originals = DATA.images[: len(targets)]
    return RunPlan(
        classifiers=names,
        class_set="cifar10",
        targets=targets,
        start=fill_hole(originals.astype(np.float32) / 255, MASK),
        config=config,
        images={"dataset": "cifar10"},
        original=originals,
        mask=MASK,
        weight=3.0,
    )


def test_live_run_gives_the_engines_runs_for_every_classifier():
    live = LiveRun(plan("a", "b", targets=("cat", "ship")))
    states = list(live.states())
    assert [state.step for state in states] == list(range(7))
    runs = live.finish()
    for name, run, newest in zip("ab", runs, states[-1].states, strict=True):
        objective = Inpainting(torch.tensor([3, 8]), torch.from_numpy(MASK), weight=3.0)
        alone = run_pgd(ToyClassifier(name), objective, torch.from_numpy(live.plan.start), CONFIG)
        assert torch.equal(alone.images, newest.images)
        assert run.metadata["classifier"]["name"] == name
        assert np.array_equal(run.curves["loss"][-1], alone.loss.numpy())
        change = np.abs(alone.images.numpy() - live.plan.start)[:, :, MASK[0]].mean(axis=(1, 2))
        assert [row["inside"] for row in run.metadata["images"]["change"]] == pytest.approx(change)


def test_stopped_run_keeps_what_it_has_and_goes_no_further():
    live = LiveRun(plan("a"))
    states = live.states()
    next(states), next(states), next(states)
    (run,) = live.finish()
    assert len(run.curves["loss"]) == 3 and run.frame_steps[-1] == 2
    assert list(states) == [], "the step in flight is the last one"
    assert live.finish() == (run,)


def test_run_stopped_before_its_first_state_has_nothing_to_show():
    assert LiveRun(plan("a")).finish() == ()


def test_progress_holds_the_means_so_far():
    live = LiveRun(plan("a", targets=("cat", "ship")))
    states = live.states()
    seen = [next(states) for _ in range(3)]
    progress = live.progress(0)
    wanted = [state.states[0].loss_terms["penalty"].mean().item() for state in seen]
    assert progress.terms["penalty"] == pytest.approx(wanted) and len(progress.norm) == 3


def test_target_that_is_no_class_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="target 'catt' is not among the 10 classes .* did you mean 'cat'"):
        next(LiveRun(plan("a", targets=("catt",))).states())
