"""The first step at which a classifier is confident, and the change by then, in the table of a batch."""

import numpy as np

from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10
from core.pgd.batches import JobConfig, make_job, run_batch
from core.pgd.run import prepare
from core.pgd.steps import pgd_steps
from tests.core.toy import ConvClassifier


def toy():
    """A small network that is confident about almost everything."""
    model = ConvClassifier(2, classes=10)
    model.layers[-1].weight *= 200
    model.classes = CIFAR10
    return model


def test_a_batch_tells_the_first_confident_step_and_the_change_up_to_it_of_each_image():
    import torch

    data, changes = load_samples("cifar10-samples"), {"steps": 30, "step_size": 0.2}
    config = JobConfig(mode="inpaint", count=6, changes=changes, hole=16)
    job = make_job(config, toy(), data)
    plan = job.make_plan(range(6))
    rows = run_batch(job, plan, range(6), lambda: None).rows
    classifier, objective = prepare(plan, toy())
    states = list(pgd_steps(classifier, objective, torch.from_numpy(plan.start), plan.config))
    for row, facts in enumerate(rows):
        sure = [state for state in states if state.target_probability[row] >= 0.9]
        if not sure:
            assert facts.sure_step is None and facts.sure_change is None
            continue
        inside = np.broadcast_to(plan.mask[row], plan.start[row].shape)
        change = np.abs(sure[0].images[row].numpy() - plan.start[row])[inside].mean()
        assert facts.sure_step == sure[0].step and np.isclose(facts.sure_change, change, rtol=1e-5)
        assert facts.was_target == (facts.top1_before == facts.target)
    assert any(facts.sure_step for facts in rows), "some should become confident on the way"
