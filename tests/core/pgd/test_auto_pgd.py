"""Auto-PGD's steps against a slow twin of the paper's algorithm."""

import numpy as np
import pytest
import torch

from core.pgd.auto_pgd import AutoPGD, checkpoints
from core.pgd.config import PGDConfig
from core.pgd.objectives import Generation, Inpainting
from core.pgd.steps import run_pgd
from tests.core.toy import ConvClassifier, centre_mask, random_images, random_targets


def config_for(rule="adaptive", **changes):
    return PGDConfig(**({"epsilon": 1.0, "step_size": 0.2, "steps": 40, "step_rule": rule} | changes))


def test_adaptive_steps_reach_a_lower_loss_in_the_same_number():
    # A narrow valley, which plain steps of constant size merely cross from side to side.
    objective, images = Inpainting(random_targets(8, 3), centre_mask(), penalty="norm"), random_images(8, 3)
    plain, adaptive = (
        run_pgd(ConvClassifier(3), objective, images, config_for(rule)) for rule in ("constant", "adaptive")
    )
    assert float(adaptive.best_loss.mean()) < float(plain.best_loss.mean())


def auto_pgd(x0, gradients, losses, config):
    """Points of one image, from its gradients and losses: Algorithm 1 of Croce & Hein 2020, without momentum where it
    goes back; and whether it goes back at each checkpoint."""

    def project(x):
        change = x - x0
        return (x0 + change * min(1, config.epsilon / max(np.linalg.norm(change), 1e-12))).clip(0, 1)

    size, points, before, halved, last, lowest = config.step_size, [x0], x0, [], 0, np.inf
    for k in range(config.steps):
        now, gradient = points[k], gradients[k]
        if k in checkpoints(config.steps):
            lower = sum(losses[i] < losses[i - 1] for i in range(last + 1, k + 1))
            stuck = len(halved) > 0 and not halved[-1] and min(losses[: k + 1]) >= lowest
            halved.append(bool(lower < 0.75 * (k - last) or stuck))
            last, lowest = k, min(losses[: k + 1])
            if halved[-1]:
                size, best = size / 2, int(np.argmin(losses[: k + 1]))
                now, before, gradient = points[best], points[best], gradients[best]
        ahead = project(now - size * gradient / np.linalg.norm(gradient))
        points.append(project(now + 0.75 * (ahead - now) + 0.25 * (now - before)) if k else ahead)
        before = now
    return points, halved


@pytest.mark.parametrize("steps", [7, 20, 50])
def test_adaptive_steps_are_those_of_the_paper_whatever_the_losses(steps):
    config, rng = config_for(steps=steps, epsilon=0.5), np.random.default_rng(steps)
    x0, gradients = torch.tensor(rng.random((40, 3, 2, 2))).float(), rng.normal(size=(steps, 40, 3, 2, 2))
    # Mostly falling, more slowly in later rows; integers, so that some are equal.
    losses = np.cumsum(np.sign(rng.normal(np.linspace(-2, 0.3, 40), size=(steps, 40)).round()), axis=0)
    rule, points = AutoPGD(x0, Generation(random_targets(40, 0)), config), [x0]
    for gradient, loss in zip(gradients, losses, strict=True):
        points.append(rule.step(points[-1], torch.tensor(gradient).float(), torch.tensor(loss).float()))
    decisions = set()
    for row in range(40):
        expected, halved = auto_pgd(x0[row].double().numpy(), gradients[:, row], losses[:, row], config)
        np.testing.assert_allclose(torch.stack(points)[:, row].numpy(), expected, atol=1e-5)
        decisions |= set(halved)
    assert decisions == {True, False}


def test_checkpoints_are_those_of_auto_pgd():
    assert sorted(checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert all(checkpoints(steps) for steps in range(2, 50))
