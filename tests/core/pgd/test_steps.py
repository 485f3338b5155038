"""PGD against foolbox, against paper and pencil, and its promises over random inputs."""

import contextlib
import dataclasses
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from core.classifiers.registry import load_classifier
from core.pgd.auto_pgd import checkpoints
from core.pgd.objectives import Generation, Inpainting
from core.pgd.steps import PGDConfig, best_restarts, paper_generation, paper_inpainting, pgd_steps, run_pgd
from tests.core.toy import (
    ConvClassifier,
    KinkedClassifier,
    LinearClassifier,
    centre_mask,
    random_images,
    random_targets,
)

SEEDS = range(4)
CLASSIFIERS = {"linear": LinearClassifier, "network": ConvClassifier, "kinks": KinkedClassifier}
VARIANTS = {
    "plain": {},
    "momentum": {"momentum": 0.7},
    "adaptive": {"step_rule": "adaptive"},
    "random start": {"random_start": True, "restarts": 2},
    "early stop": {"stop_loss": 0.5},
}


def config_for(variant="plain", **changes):
    return PGDConfig(**({"epsilon": 1.0, "step_size": 0.2, "steps": 12} | VARIANTS[variant] | changes))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def foolbox_images(classifier, images, targets, config):
    foolbox = pytest.importorskip("foolbox")
    attack = foolbox.attacks.L2PGD(abs_stepsize=config.step_size, steps=config.steps, random_start=False)
    model = foolbox.PyTorchModel(classifier, bounds=(0, 1), device="cpu")
    return attack(model, images, foolbox.criteria.TargetedMisclassification(targets), epsilons=config.epsilon)[0]


@pytest.fixture(scope="module")
def real_classifier():
    return load_classifier("efficientnet-lite0")


def objective_for(kind, batch, seed):
    targets = random_targets(batch, seed)
    return Generation(targets) if kind == "generation" else Inpainting(targets, centre_mask())


# The method itself


@pytest.mark.parametrize("epsilon", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_run_pgd_gives_foolbox_pixels(kind, epsilon):
    classifier, images, targets = CLASSIFIERS[kind](), random_images(5, 1), random_targets(5, 1)
    config = config_for(epsilon=epsilon, steps=60)
    ours = run_pgd(classifier, Generation(targets), images, config).images
    assert float((ours - foolbox_images(classifier, images, targets, config)).abs().max()) <= 1e-5


def test_run_pgd_gives_foolbox_pixels_where_gradients_are_tiny():
    classifier, images, targets = LinearClassifier(), random_images(5, 1), random_targets(5, 1)
    classifier.weight *= 12
    config = config_for(epsilon=8.0, steps=60)
    lengths = []
    for state in pgd_steps(classifier, Generation(targets), images, config):
        lengths.append(float(classifier.gradient(state.images, targets).flatten(1).norm(dim=1).min()))
    assert min(lengths) < 1e-9
    assert float((state.images - foolbox_images(classifier, images, targets, config)).abs().max()) <= 1e-5


@pytest.mark.parametrize("epsilon", [0.5, 4.0, 40.0])
def test_run_pgd_gives_foolbox_pixels_on_a_real_network(real_classifier, epsilon):
    # Eight steps keep the test quick; benchmarks/pgd.py compares 60.
    images, targets = random_images(1, 1, size=224), torch.tensor([281])
    config = config_for(epsilon=epsilon, step_size=0.5, steps=8)
    ours = run_pgd(real_classifier, Generation(targets), images, config).images
    assert float((ours - foolbox_images(real_classifier, images, targets, config)).abs().max()) <= 1e-5


def test_pgd_steps_first_move_follows_the_gradient_on_paper():
    classifier, images, targets = LinearClassifier(), random_images(3, 0) * 0.5 + 0.25, random_targets(3, 0)
    gradient = classifier.gradient(images, targets)
    length = gradient.flatten(1).norm(dim=1)[:, None, None, None]
    second = list(pgd_steps(classifier, Generation(targets), images, config_for(step_size=0.1, steps=1)))[1]
    torch.testing.assert_close(second.images, images - 0.1 * gradient / length)
    torch.testing.assert_close(second.perturbation_norm, torch.full((3,), 0.1))


def test_run_pgd_reaches_the_optimum_of_a_linear_model():
    # Two classes: the loss depends on one direction only, so the best point of the ball lies along it.
    classifier, target = LinearClassifier(classes=2), torch.tensor([1])
    images = torch.full((1, 3, 8, 8), 0.5)
    direction = (classifier.weight[1] - classifier.weight[0]).view_as(images)
    optimum = images + 0.8 * direction / direction.norm()
    state = run_pgd(classifier, Generation(target), images, config_for(epsilon=0.8, steps=20))
    torch.testing.assert_close(state.images, optimum, atol=1e-5, rtol=0)


def test_pgd_steps_yields_the_start_first_and_counts():
    images = random_images(2, 0)
    states = list(pgd_steps(LinearClassifier(), Generation(random_targets(2, 0)), images, config_for()))
    assert [state.step for state in states] == list(range(13)) and {state.steps for state in states} == {12}
    torch.testing.assert_close(states[0].images, images, rtol=0, atol=0)
    assert states[0].perturbation_norm.tolist() == [0, 0]


def test_pgd_steps_describes_its_images_truly():
    classifier, targets, mask = ConvClassifier(), random_targets(3, 2), centre_mask()
    images = random_images(3, 2)
    best = torch.full((3,), torch.inf)
    for state in pgd_steps(classifier, Inpainting(targets, mask), images, config_for()):
        logits = classifier(state.images)
        change = state.images - images
        outside = (change * ~mask).flatten(1).norm(dim=1)
        probability = logits.softmax(dim=1)[torch.arange(3), targets]
        torch.testing.assert_close(state.logits, logits)
        torch.testing.assert_close(state.target_probability, probability)
        torch.testing.assert_close(state.loss_terms["cross_entropy"], -probability.log())
        torch.testing.assert_close(state.loss_terms["penalty"], 10 * outside)
        torch.testing.assert_close(state.loss, -probability.log() + 10 * outside)
        torch.testing.assert_close(state.perturbation_norm, change.flatten(1).norm(dim=1))
        best = torch.minimum(best, state.loss)
        torch.testing.assert_close(state.best_loss, best, rtol=0, atol=0)


@pytest.mark.parametrize("most_waiting", [1, 2000, 2**18])
@pytest.mark.parametrize("asked", [1, 5, 1000])
def test_best_is_the_same_however_often_it_is_asked_for(asked, most_waiting, monkeypatch):
    monkeypatch.setattr("core.pgd.state._MOST_WAITING", most_waiting)
    # Steps too long to settle, so that the loss goes up and down.
    config, images = config_for(steps=30, step_size=1.0, epsilon=0.5), random_images(3, 2)
    seen, best = [], None
    for state in pgd_steps(ConvClassifier(), objective_for("generation", 3, 2), images, config):
        seen.append((state.loss, state.images))
        if state.step % asked == 0 or state.step == config.steps:
            best = state.best_loss, state.best_images
    losses = torch.stack([loss for loss, _ in seen])
    lowest = losses.argmin(dim=0)
    assert len(set(lowest.tolist())) > 1 and 0 < int(lowest.max()) < config.steps
    assert torch.equal(best[0], losses.min(dim=0).values)
    assert torch.equal(best[1], torch.stack([seen[step][1][row] for row, step in enumerate(lowest.tolist())]))


class OperationCounter(TorchDispatchMode):
    """Counts torch's operations by name, of forward and backward passes too."""

    def __init__(self):
        super().__init__()
        self.names = Counter()

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        self.names[operation.overloadpacket.__name__] += 1
        return operation(*args, **(kwargs or {}))


@pytest.mark.parametrize(("kind", "most"), [("generation", 22), ("inpainting", 34)])
def test_a_step_adds_few_operations_to_its_pass(kind, most):
    # What a step of a small network costs beside its pass, see core/pgd_moves.py; timed by benchmarks/pgd.py.
    classifier, images, objective = ConvClassifier(), random_images(1, 0), objective_for(kind, 1, 0)
    with OperationCounter() as bare:
        variable = images.detach().requires_grad_()
        loss = nn.functional.cross_entropy(classifier(variable), objective.targets, reduction="sum")
        torch.autograd.grad(loss, variable)
    states = pgd_steps(classifier, objective, images, config_for())
    next(states)
    with OperationCounter() as step:
        next(states)
    added = step.names - bare.names
    assert sum(added.values()) <= most and len(added) <= 9, added


def test_pgd_steps_needs_one_forward_pass_per_state():
    classifier = LinearClassifier()
    run_pgd(classifier, Generation(random_targets(2, 0)), random_images(2, 0), config_for(steps=7))
    assert classifier.forward_passes == 8


@pytest.mark.parametrize("rule", ["momentum", "adaptive"])
def test_options_reach_a_lower_loss_in_the_same_steps(rule):
    # A narrow valley, which plain steps only cross from side to side.
    classifier = ConvClassifier(3)
    objective, images = Inpainting(random_targets(8, 3), centre_mask()), random_images(8, 3)
    plain = run_pgd(classifier, objective, images, config_for(steps=40))
    other = run_pgd(classifier, objective, images, config_for(rule, steps=40))
    assert float(other.best_loss.mean()) < float(plain.best_loss.mean())


def test_checkpoints_are_those_of_auto_pgd():
    assert sorted(checkpoints(100)) == [22, 41, 57, 70, 80, 87, 93, 99]
    assert all(checkpoints(steps) for steps in range(2, 50))


# Promises, over random inputs


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", ["generation", "inpainting"])
@pytest.mark.parametrize("model", ["linear", "network"])
def test_states_stay_in_the_ball_and_in_range_and_repeat(model, kind, variant, seed):
    classifier, images = CLASSIFIERS[model](seed), random_images(3, seed)
    objective, config = objective_for(kind, 3, seed), config_for(variant)
    kept = images.clone()
    first = list(pgd_steps(classifier, objective, images, config, generator=seeded(seed)))
    second = list(pgd_steps(classifier, objective, images, config, generator=seeded(seed)))
    for state, again in zip(first, second, strict=True):
        distance = (state.images - images.repeat_interleave(config.restarts, dim=0)).flatten(1).norm(dim=1)
        assert float(distance.max()) <= config.epsilon * (1 + 1e-5)
        assert float(state.images.min()) >= 0 and float(state.images.max()) <= 1
        for name in ("images", "loss", "best_loss", "best_images", "perturbation_norm", "target_probability"):
            assert torch.equal(getattr(state, name), getattr(again, name)), name
    assert torch.equal(images, kept)
    assert all(parameter.grad is None for parameter in classifier.parameters())


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("variant", ["plain", "momentum", "adaptive", "early stop"])
def test_images_of_a_batch_do_not_influence_each_other(variant, seed):
    classifier, images, config = LinearClassifier(seed), random_images(4, seed), config_for(variant)
    objective = objective_for("inpainting", 4, seed)
    together = run_pgd(classifier, objective, images, config)
    for row in range(4):
        alone = dataclasses.replace(objective, targets=objective.targets[row : row + 1])
        state = run_pgd(classifier, alone, images[row : row + 1], config)
        torch.testing.assert_close(state.images[0], together.images[row], rtol=0, atol=1e-4)


@pytest.mark.parametrize("variant", VARIANTS)
def test_mask_holds_pixels_exactly(variant):
    images, mask = random_images(2, 5), centre_mask()
    config = config_for(variant)
    for state in pgd_steps(
        ConvClassifier(), objective_for("generation", 2, 5), images, config, mask=mask, generator=seeded()
    ):
        change = state.images - images.repeat_interleave(config.restarts, dim=0)
        assert float((change * ~mask).abs().max()) == 0
        assert state.step == 0 or float(change.abs().max()) > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_change_outside_the_hole_falls_as_the_weight_grows(seed):
    classifier, images, mask = ConvClassifier(seed), random_images(6, seed), centre_mask()
    changes = []
    for weight in (0.0, 0.03, 0.3, 3.0, 30.0):
        objective = Inpainting(random_targets(6, seed), mask, weight=weight)
        state = run_pgd(classifier, objective, images, config_for(steps=60, step_size=0.02))
        changes.append(float(((state.images - images) * ~mask).flatten(1).norm(dim=1).mean()))
    assert all(later < earlier for earlier, later in zip(changes, changes[1:], strict=False)), changes


def test_random_starts_differ_and_lie_in_the_ball():
    images = torch.full((2, 3, 8, 8), 0.5)
    config = config_for("random start", epsilon=0.5, restarts=5)
    objective = objective_for("generation", 2, 0)
    start = next(pgd_steps(LinearClassifier(), objective, images, config, generator=seeded(1)))
    assert len(start.images) == 10 and len({tuple(row) for row in start.images.flatten(1).tolist()}) == 10
    assert float(start.perturbation_norm.max()) <= 0.5
    # Uniform in 192 dimensions: nearly all of the ball lies close to its surface.
    assert float(start.perturbation_norm.min()) > 0.45


def test_best_restarts_keeps_the_lowest_loss_of_each_image():
    config = config_for("random start", restarts=3, steps=2)
    state = run_pgd(
        ConvClassifier(), objective_for("generation", 2, 0), random_images(2, 0), config, generator=seeded()
    )
    best = best_restarts(state, 3)
    assert torch.equal(best.best_loss, state.best_loss.view(2, 3).min(dim=1).values)
    rows = state.best_loss.view(2, 3).argmin(dim=1) + torch.tensor([0, 3])
    assert torch.equal(best.images, state.images[rows]) and torch.equal(best.logits, state.logits[rows])
    with pytest.raises(ValueError, match="does not consist of 4 restarts"):
        best_restarts(state, 4)


def test_stop_loss_ends_the_run_when_every_image_has_reached_it():
    classifier, targets = LinearClassifier(), random_targets(4, 1)
    images = random_images(4, 1)
    states = list(pgd_steps(classifier, Generation(targets), images, config_for(epsilon=3.0, steps=50, stop_loss=0.3)))
    assert 1 < len(states) < 51 and float(states[-1].loss.max()) <= 0.3 < float(states[-2].loss.max())
    for earlier, later in zip(states, states[1:], strict=False):
        done = earlier.loss <= 0.3
        assert torch.equal(earlier.images[done], later.images[done])


# Safety for everyone who shares the classifier


@pytest.mark.parametrize("variant", VARIANTS)
def test_states_never_change_later_and_cannot_disturb_the_run(variant):
    classifier, objective, images = ConvClassifier(), objective_for("inpainting", 2, 0), random_images(2, 0)
    undisturbed = run_pgd(classifier, objective, images, config_for(variant), generator=seeded())
    for last in pgd_steps(classifier, objective, images, config_for(variant), generator=seeded()):
        kept = [last.images.clone(), last.best_images.clone(), last.loss.clone(), last.best_loss.clone()]
        if last.step < last.steps:
            for tensor in (last.images, last.best_images, last.best_loss, last.logits, *last.loss_terms.values()):
                assert not tensor.requires_grad
                tensor.zero_()
    assert torch.equal(kept[0], undisturbed.images) and torch.equal(kept[3], undisturbed.best_loss)
    assert torch.equal(kept[1], undisturbed.best_images)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_grad_mode_neither_leaks_out_nor_matters(mode, variant):
    classifier, objective, images = ConvClassifier(), objective_for("inpainting", 2, 0), random_images(2, 0)
    wanted = run_pgd(classifier, objective, images, config_for(variant), generator=seeded())
    with mode():
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        for state in pgd_steps(classifier, objective, images, config_for(variant), generator=seeded()):
            assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before
            last = state
    assert torch.equal(last.images, wanted.images)


def test_interrupted_run_leaves_everything_usable():
    classifier, objective, images = ConvClassifier(), objective_for("inpainting", 2, 0), random_images(2, 0)
    wanted = run_pgd(classifier, objective, images, config_for())
    with (
        pytest.raises(KeyboardInterrupt),
        contextlib.closing(pgd_steps(classifier, objective, images, config_for())) as states,
    ):
        for state in states:
            if state.step == 3:
                raise KeyboardInterrupt
    assert torch.is_grad_enabled() and next(states, None) is None
    assert not classifier.training and not any(module._forward_hooks for module in classifier.modules())
    assert torch.equal(run_pgd(classifier, objective, images, config_for()).images, wanted.images)


def test_runs_in_several_threads_do_not_disturb_each_other():
    classifier, images = ConvClassifier(), random_images(2, 0)
    objectives = [objective_for(kind, 2, seed) for kind in ("generation", "inpainting") for seed in range(2)]
    wanted = [run_pgd(classifier, objective, images, config_for()).images for objective in objectives]
    with ThreadPoolExecutor(4) as pool:
        found = list(
            pool.map(lambda objective: run_pgd(classifier, objective, images, config_for()).images, objectives)
        )
    assert all(torch.equal(one, other) for one, other in zip(found, wanted, strict=True))


# Bad input: one sentence each


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps must be a whole number from 1"),
        ({"steps": 10**9}, "steps must be a whole number from 1"),
        ({"steps": 2.5}, "steps must be a whole number"),
        ({"steps": True}, "steps must be a whole number"),
        ({"epsilon": 0}, "epsilon must be a number above 0"),
        ({"epsilon": float("nan")}, "epsilon must be a number above 0"),
        ({"epsilon": float("inf")}, "epsilon must be a number above 0"),
        ({"epsilon": "4"}, "epsilon must be a number above 0"),
        ({"step_size": -1}, "step_size must be a number above 0"),
        ({"momentum": 1.0}, "momentum must be at least 0 and below 1"),
        ({"step_rule": "adam"}, "step_rule must be one of constant, adaptive"),
        ({"step_rule": "adaptive", "momentum": 0.5}, "brings its own momentum"),
        ({"restarts": 3}, "3 restarts need random_start=True"),
        ({"restarts": 0}, "restarts must be a whole number"),
        ({"random_start": 1}, "random_start must be True or False"),
        ({"stop_loss": -1}, "stop_loss must be None or"),
    ],
)
def test_config_refuses_values_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        config_for(**changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": torch.zeros(3, 8, 8)}, r"images must be \(B, 3, H, W\) float32"),
        ({"images": torch.zeros(0, 3, 8, 8)}, "at least one image"),
        ({"images": torch.zeros(2, 3, 8, 8, dtype=torch.uint8)}, "float32"),
        ({"images": torch.full((2, 3, 8, 8), 255.0)}, r"must lie in \[0, 1\].*divide bytes by 255"),
        ({"images": torch.full((2, 3, 8, 8), torch.nan)}, r"must lie in \[0, 1\]"),
        ({"objective": Generation(torch.tensor([0, 4]))}, "target 4 is not a class.*from 0 to 3"),
        ({"objective": Generation(torch.tensor([0, -1]))}, "target -1 is not a class"),
        ({"objective": Generation(torch.tensor([0, 1, 2]))}, "each of the 2 images; got 3"),
        ({"objective": Generation(torch.tensor([0.0, 1.0]))}, "int64 class indices"),
        ({"objective": Inpainting(torch.tensor([0]), torch.zeros(1, 8, 8, dtype=torch.bool))}, "mask is empty"),
        ({"objective": Inpainting(torch.tensor([0]), torch.ones(1, 8, 8, dtype=torch.bool))}, "whole image"),
        ({"objective": Inpainting(torch.tensor([0]), centre_mask(16))}, "mask is 16 x 16 pixels"),
        ({"objective": Inpainting(torch.tensor([0]), centre_mask().float())}, "must be bool"),
        ({"mask": centre_mask(16)}, "mask must be bool"),
        ({"mask": torch.zeros(1, 8, 8, dtype=torch.bool)}, "mask is empty"),
        ({"mask": centre_mask().repeat(3, 1, 1, 1)}, "each of the 2 images; got 3"),
        ({"config": config_for("random start")}, "random_start needs a generator"),
    ],
)
def test_pgd_steps_refuses_bad_arguments_at_the_call(changes, message):
    arguments = {"objective": Generation(torch.tensor([0, 1])), "images": random_images(2, 0), "config": config_for()}
    mask = changes.get("mask")
    arguments |= {name: value for name, value in changes.items() if name != "mask"}
    with pytest.raises(ValueError, match=message) as caught:
        pgd_steps(LinearClassifier(), *arguments.values(), mask=mask)
    assert "\n" not in str(caught.value)


def test_pgd_steps_refuses_a_classifier_without_finite_logits():
    class Broken(nn.Module):
        def forward(self, images):
            return images.flatten(1)[:, :4] * torch.nan

    with pytest.raises(RuntimeError, match="not finite"):
        run_pgd(Broken(), Generation(torch.tensor([0])), random_images(1, 0), config_for())


def test_pgd_steps_refuses_a_classifier_without_a_gradient():
    classifier = LinearClassifier()
    with pytest.raises(ValueError, match="cannot be differentiated"):
        run_pgd(
            lambda images: classifier(images.detach()), Generation(torch.tensor([0])), random_images(1, 0), config_for()
        )


# Settings


@pytest.mark.parametrize("variant", VARIANTS)
def test_config_survives_json(variant):
    config = config_for(variant)
    assert PGDConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


def test_config_takes_numpy_numbers():
    config = PGDConfig(epsilon=np.float32(2), step_size=np.float64(0.5), steps=np.int64(3))
    assert json.dumps(config.to_json()) and type(config.steps) is int


def test_config_from_json_names_what_it_does_not_know():
    with pytest.raises(ValueError, match="unknown PGD settings speed"):
        PGDConfig.from_json(config_for().to_json() | {"speed": 3})
    with pytest.raises(ValueError, match="lack steps"):
        PGDConfig.from_json({"epsilon": 1.0, "step_size": 1.0})


def test_paper_settings_scale_with_the_image():
    assert paper_inpainting(224) == PGDConfig(epsilon=21.6, step_size=0.1, steps=720)
    assert paper_generation(224) == PGDConfig(epsilon=40, step_size=1, steps=60)
    assert round(paper_inpainting(32).epsilon, 2) == 3.09 and round(paper_generation(32).epsilon, 2) == 5.71
    assert paper_generation(32).step_size == pytest.approx(1 / 7)
