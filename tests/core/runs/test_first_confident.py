"""The first step at which a classifier is confident: in the recorder, the file and the table of a batch."""

import numpy as np
import pytest

from core.data.classes import CIFAR10
from core.data.samples import load_samples
from core.images.masks import square_mask
from core.pgd.config import paper_inpainting
from core.pgd.steps import pgd_steps
from core.reconstruct.batches import run_batch
from core.reconstruct.job import JobConfig, make_job
from core.runs.plan import inpainting_plan, prepare
from core.runs.run import Run
from tests.core.toy import ConvClassifier

ROWS = [5, 0, 7, 29]
TARGETS = [1, 8, 1, 1]  # the toy is confident of the last one at once, of the others later


def toy(seed=2):
    """A small network that is confident about almost everything."""
    model = ConvClassifier(seed, classes=10)
    model.layers[-1].weight *= 200
    model.classes = CIFAR10
    return model


@pytest.fixture(scope="module")
def painted():
    """A run on four pictures, and (steps, 4) target probabilities and images of the same steps, taken one by one."""
    data, model = load_samples("cifar10-samples"), toy()
    mask = square_mask((16, 16), 16, height=32, width=32)
    config = paper_inpainting(32, 16)
    plan = inpainting_plan(data.images[ROWS], mask, TARGETS, config)
    run = Run(plan, lambda: [model])
    states = run.states()
    for _ in range(40):
        next(states)
    states.close()
    import torch

    classifier, objective = prepare(plan, model)
    steps = pgd_steps(classifier, objective, torch.from_numpy(plan.start), config)
    first_states = [next(steps) for _ in range(40)]
    probability = np.array([state.logits.softmax(1)[range(4), objective.targets].numpy() for state in first_states])
    return run, mask, plan.start, probability, [state.images.numpy() for state in first_states]


def test_the_first_confident_step_and_the_change_up_to_it_are_those_of_the_states(painted):
    run, mask, start, probability, images = painted
    (done,), confident = run.so_far(), run.first_confident(0)
    known = 0
    for row, fact in enumerate(done.metadata["images"]["sure"]):
        steps = np.flatnonzero(probability[:, row] >= 0.9)
        assert done.sure_step(row) == (int(steps[0]) if len(steps) else None)
        if not len(steps):
            assert fact is None and confident.steps[row] == -1
            continue
        known += 1
        at = int(steps[0])
        assert fact["step"] == at == int(confident.steps[row])
        assert np.array_equal(confident.images[row].numpy(), images[at][row])
        inside = np.broadcast_to(mask, start[row].shape)
        assert fact["change"] == pytest.approx(np.abs(images[at][row] - start[row])[inside].mean(), rel=1e-5)
    assert known >= 3 and done.sure_step(3) == 0 < done.sure_step(0), "most pictures should become confident"


def test_a_batch_tells_it_of_each_image_with_what_the_judge_sees_then():
    data = load_samples("cifar10-samples")
    config = JobConfig(mode="inpaint", count=6, changes={"steps": 30, "step_size": 0.2}, hole=16)
    job = make_job(config, toy(), data, toy())  # its own judge: it agrees where it is confident
    result = run_batch(job, job.make_plan(range(6)), range(6), lambda: None)
    for row, facts in enumerate(result.rows):
        assert facts.sure_step == result.run.sure_step(row)
        assert (facts.sure_change is None) == (facts.sure_step is None)
        if facts.sure_step == 0:
            assert facts.sure_change == 0
        assert facts.was_target == (facts.top1_before == facts.target)
    assert any(facts.sure_step for facts in result.rows)
