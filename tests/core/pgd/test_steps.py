"""PGD against foolbox, against hand calculations, and its guarantees over random inputs."""

from dataclasses import replace

import foolbox
import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from torch import nn

from core.classifiers.registry import load_classifier
from core.pgd.settings import PENALTIES, PGDConfig, defaults
from core.pgd.steps import Generation, Inpainting, pgd_steps, run_pgd
from tests.core.toy import ConvClassifier, LinearClassifier, centre_mask, random_images, random_targets

SEEDS = range(3)
OBJECTIVES = ("generation", *PENALTIES)


def config_for(**changes):
    return PGDConfig(**({"epsilon": 1.0, "step_size": 0.2, "steps": 12} | changes))


def objective_for(name, batch, seed):
    targets = random_targets(batch, seed)
    return Generation(targets) if name == "generation" else Inpainting(targets, centre_mask(), penalty=name)


def foolbox_images(classifier, images, targets, config):
    attack = foolbox.attacks.L2PGD(abs_stepsize=config.step_size, steps=config.steps, random_start=False)
    model = foolbox.PyTorchModel(classifier, bounds=(0, 1), device="cpu")
    return attack(model, images, foolbox.criteria.TargetedMisclassification(targets), epsilons=config.epsilon)[0]


# The method


@pytest.mark.parametrize("epsilon", [0.5, 2.0, 8.0])
@pytest.mark.parametrize("network", [LinearClassifier, ConvClassifier])
def test_run_pgd_gives_foolbox_pixels(network, epsilon):
    classifier, images, targets = network(), random_images(5, 1), random_targets(5, 1)
    config = config_for(epsilon=epsilon, steps=60)
    ours = run_pgd(classifier, Generation(targets), images, config).images
    assert float((ours - foolbox_images(classifier, images, targets, config)).abs().max()) <= 1e-5


@pytest.mark.parametrize("name", OBJECTIVES)
def test_batches_that_do_not_fit_are_halved(name):
    network, images, sizes = ConvClassifier(), random_images(5, 1), []

    def crowded(batch):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return network(batch)

    objective = objective_for(name, 5, 1)
    whole, halved = (run_pgd(model, objective, images, config_for(steps=6)) for model in (network, crowded))
    torch.testing.assert_close(halved.images, whole.images, atol=1e-5, rtol=0)
    torch.testing.assert_close(halved.loss, whole.loss, atol=1e-5, rtol=1e-5)
    assert sizes == [5, 3, *[2, 2, 1] * 7], "tried once, not at every step"
    with pytest.raises(RuntimeError, match="the memory of cpu"):
        run_pgd(lambda batch: crowded(batch[:1].expand(9, -1, -1, -1)), objective, images, config_for())


def test_run_pgd_gives_foolbox_pixels_where_gradients_are_tiny():
    classifier, images, targets = LinearClassifier(), random_images(5, 1), random_targets(5, 1)
    classifier.weight *= 12
    config = config_for(epsilon=8.0, steps=60)
    lengths = []
    for state in pgd_steps(classifier, Generation(targets), images, config):
        lengths.append(float(classifier.gradient(state.images, targets).flatten(1).norm(dim=1).min()))
    assert min(lengths) < 1e-9
    assert float((state.images - foolbox_images(classifier, images, targets, config)).abs().max()) <= 1e-5


def test_run_pgd_reaches_the_optimum_of_a_linear_model():
    # Two classes: the loss depends on one direction only, so the best point of the ball lies along it.
    classifier, target = LinearClassifier(classes=2), torch.tensor([1])
    images = torch.full((1, 3, 8, 8), 0.5)
    direction = (classifier.weight[1] - classifier.weight[0]).view_as(images)
    optimum = images + 0.8 * direction / direction.norm()
    state = run_pgd(classifier, Generation(target), images, config_for(epsilon=0.8, steps=20))
    torch.testing.assert_close(state.images, optimum, atol=1e-5, rtol=0)


@pytest.mark.parametrize("penalty", ["eq3", "mean_square"])
def test_state_describes_its_images(penalty):
    classifier, targets, images = ConvClassifier(), random_targets(3, 2), random_images(3, 2)
    objective = Inpainting(targets, centre_mask(), weight=0.1, penalty=penalty)
    config = config_for(step_size=1.0, epsilon=0.5)
    for number, state in enumerate(pgd_steps(classifier, objective, images, config)):
        logits, change = classifier(state.images), state.images - images
        outside = (change * ~centre_mask()).flatten(1)
        penalty_value = 0.1 * (outside.square().mean(dim=1) if penalty == "mean_square" else outside.norm(dim=1))
        probability = logits.softmax(dim=1)[torch.arange(3), targets]
        assert (state.step, state.steps) == (number, 12)
        torch.testing.assert_close(state.logits, logits)
        torch.testing.assert_close(state.target_probability, probability)
        torch.testing.assert_close(state.cross_entropy, -probability.log())
        torch.testing.assert_close(state.penalty, penalty_value)
        torch.testing.assert_close(state.loss, -probability.log() + penalty_value)
        torch.testing.assert_close(state.perturbation_norm, change.flatten(1).norm(dim=1))
    assert number == 12


# Penalties and the step of Eq. 3, against formulas and minima found slowly


@pytest.mark.parametrize("everywhere", [True, False])
def test_mean_square_has_the_gradient_of_its_formula(everywhere):
    x0, mask = random_images(4, 0), centre_mask()
    variable = (x0 + (random_images(4, 50) - x0) * (1 if everywhere else mask)).requires_grad_()
    change = (variable.detach() - x0).numpy() * ~mask.numpy()
    term = Inpainting(random_targets(4, 0), mask, weight=3, penalty="mean_square").penalty_term(variable, x0)
    gradient = torch.autograd.grad(term.sum(), variable)[0].numpy()
    np.testing.assert_allclose(gradient, 6 * change / change[0].size, atol=1e-6)
    assert gradient.any() == everywhere
    eq3 = Inpainting(random_targets(4, 0), mask).penalty_term(variable, x0)
    assert not eq3.requires_grad, "the step handles the penalty"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"weight": -1}, "weight .lambda. must be"),
        ({"weight": float("nan")}, "weight .lambda. must be"),
        ({"penalty": "unknown"}, f"penalty must be one of {', '.join(PENALTIES)}"),
    ],
)
def test_inpainting_out_of_range_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Inpainting(**({"targets": torch.tensor([0]), "mask": centre_mask()} | changes))


@pytest.mark.parametrize("weight", [0.0, 0.5, 30.0])
@pytest.mark.parametrize("changed", [False, True])
def test_step_of_eq3_is_the_slow_minimum_of_its_definition(weight, changed):
    outside = (~centre_mask()).expand(3, 8, 8).numpy()
    gradient = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    change = 0.05 * torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(2)) * changed
    x0 = random_images(1, 9)
    images = Inpainting(torch.zeros(1, dtype=torch.int64), centre_mask(), weight).step(x0 + change, x0, gradient, 0.1)
    g, y = gradient[0].double().numpy(), (x0 + change - x0)[0].double().numpy()
    # The shortest subgradient: outside, the shortest of g + weight * (any vector of the unit ball, or y / ||y||).
    if changed:
        shortest = np.where(outside, g + weight * y / np.linalg.norm(y[outside]), g)
    else:
        ball = minimize(
            lambda z: np.sum((g[outside] + z) ** 2),
            np.zeros(outside.sum()),
            constraints={"type": "ineq", "fun": lambda z: weight**2 - z @ z},
            options={"maxiter": 500},
        ).x
        shortest = g.copy()
        shortest[outside] += ball
    t = 0.1 / np.linalg.norm(shortest)
    after = (images - x0)[0].double().numpy()
    np.testing.assert_allclose(after[~outside], (y - t * g)[~outside], atol=1e-5)
    # The proximal map: no point outside has a lower t * weight * ||z|| + 1/2 ||z - (y - t g)||^2.
    to, minimum = (y - t * g)[outside], after[outside]

    def value(z):
        return t * weight * np.linalg.norm(z) + 0.5 * np.sum((z - to) ** 2)

    best = min(minimize(value, to * factor, options={"gtol": 1e-9}).fun for factor in (1e-3, 0.5, 1.0))
    assert value(minimum) <= min(best, value(np.zeros_like(to))) + 1e-7


# Eq. 3, minimised


@pytest.mark.parametrize("seed", SEEDS)
def test_eq3_is_the_frozen_problem_for_short_gradients(seed):
    classifier, images, targets = ConvClassifier(seed), random_images(4, seed), random_targets(4, seed)
    config = config_for(steps=40)
    pairs = zip(
        pgd_steps(classifier, Inpainting(targets, centre_mask()), images, config),
        pgd_steps(classifier, Inpainting(targets, centre_mask(), penalty="frozen"), images, config),
        strict=True,
    )
    for solved, frozen in pairs:
        variable = solved.images.clone().requires_grad_()
        loss = nn.functional.cross_entropy(classifier(variable), targets, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, variable)
        assert float((gradient * ~centre_mask()).flatten(1).norm(dim=1).max()) < 10
        assert not ((solved.images - images) * ~centre_mask()).any() and not solved.penalty.any()
        torch.testing.assert_close(solved.images, frozen.images, rtol=0, atol=2e-5)


@pytest.mark.parametrize("weight", [0.05, 0.15])
def test_eq3_reaches_the_optimum_of_a_convex_problem(weight):
    classifier, target = LinearClassifier(classes=3), torch.tensor([1])
    images = random_images(1, 4) * 0.6 + 0.2
    x0, outside = images.double().numpy().ravel(), (~centre_mask()).expand(3, 8, 8).numpy().ravel()
    matrix = classifier.weight.double().numpy()

    def loss_and_gradient(x):
        logits = matrix @ x
        probabilities = np.exp(logits - logits.max())
        probabilities /= probabilities.sum()
        y = (x - x0) * outside
        length = np.linalg.norm(y)
        slope = y / length if length else y
        return -np.log(probabilities[1]) + weight * length, (probabilities - np.eye(3)[1]) @ matrix + weight * slope

    begin = x0 + 1e-3 * np.random.default_rng(0).standard_normal(x0.shape)  # the norm is not differentiable at x0
    best = minimize(
        loss_and_gradient,
        begin.clip(0, 1),
        jac=True,
        bounds=[(0, 1)] * len(x0),
        constraints={"type": "ineq", "fun": lambda x: 0.6**2 - (x - x0) @ (x - x0), "jac": lambda x: -2 * (x - x0)},
        method="SLSQP",
        options={"maxiter": 500, "ftol": 1e-10},
    )
    assert np.linalg.norm((best.x - x0) * outside) > 0.05, "the minimum changes pixels outside the hole"
    objective = Inpainting(target, centre_mask(), weight=weight)
    state = run_pgd(classifier, objective, images, PGDConfig(epsilon=0.6, step_size=0.02, steps=600))
    assert float(state.loss) == pytest.approx(best.fun, abs=2e-4)
    np.testing.assert_allclose(state.images.double().numpy().ravel(), best.x, atol=5e-3)


@pytest.mark.parametrize("penalty", PENALTIES)
def test_penalty_holds_back_the_change_outside_the_hole(penalty):
    classifier, images, targets = ConvClassifier(), random_images(4, 0), random_targets(4, 0)
    free, held = (
        run_pgd(classifier, Inpainting(targets, centre_mask(), weight, penalty), images, config_for(steps=30)).images
        for weight, penalty in ((0, "mean_square"), (100, penalty))
    )
    outside = [((result - images) * ~centre_mask()).flatten(1).norm(dim=1) for result in (free, held)]
    assert (outside[1] < 0.7 * outside[0]).all()


def test_penalty_without_its_branch_is_refused(monkeypatch):
    monkeypatch.setitem(PENALTIES, "inert", PENALTIES["eq3"])
    objective = Inpainting(random_targets(2, 0), centre_mask(), penalty="inert")
    with pytest.raises(NotImplementedError, match="'inert' has a row"):
        run_pgd(ConvClassifier(), objective, random_images(2, 0), config_for())


# Guarantees, over random inputs


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", OBJECTIVES)
def test_states_stay_in_the_ball_and_never_change(name, seed):
    classifier, images, mask = ConvClassifier(seed), random_images(3, seed), centre_mask()
    objective, config, before = objective_for(name, 3, seed), config_for(), images.clone()
    names = ("images", "loss", "perturbation_norm", "target_probability")
    kept = list(pgd_steps(classifier, objective, images, config))
    copies = [
        {field: getattr(state, field).clone() for field in names}
        for state in pgd_steps(classifier, objective, images, config)
    ]
    for state, copied in zip(kept, copies, strict=True):
        assert float((state.images - images).flatten(1).norm(dim=1).max()) <= config.epsilon * (1 + 1e-5)
        assert float(state.images.min()) >= 0 and float(state.images.max()) <= 1
        assert name != "frozen" or (state.penalty is None and not ((state.images - images) * ~mask).any())
        for field in names:
            assert torch.equal(getattr(state, field), copied[field]) and not getattr(state, field).requires_grad, field
    assert torch.equal(images, before)
    assert all(parameter.grad is None for parameter in classifier.parameters())


# Safety for all users of the same classifier


@pytest.mark.parametrize("mode", [torch.enable_grad, torch.no_grad, torch.inference_mode])
def test_grad_mode_neither_leaks_out_nor_matters(mode):
    classifier, objective = ConvClassifier(), objective_for("mean_square", 2, 0)
    expected = run_pgd(classifier, objective, random_images(2, 0), config_for())
    with mode():
        before = torch.is_grad_enabled(), torch.is_inference_mode_enabled()
        for state in pgd_steps(classifier, objective, random_images(2, 0), config_for()):
            assert (torch.is_grad_enabled(), torch.is_inference_mode_enabled()) == before
            last = state
    assert torch.equal(last.images, expected.images)


# Bad input


@pytest.mark.parametrize(
    ("odd", "error", "message"),
    [
        (lambda logits: logits * torch.nan, RuntimeError, "not finite"),
        (torch.Tensor.detach, ValueError, "cannot be differentiated"),
    ],
)
def test_logits_without_value_or_gradient_are_refused(odd, error, message):
    classifier, objective = LinearClassifier(), Generation(torch.tensor([0]))
    with pytest.raises(error, match=message):  # before the first state
        next(pgd_steps(lambda images: odd(classifier(images)), objective, random_images(1, 0), config_for()))


@pytest.mark.parametrize("name", ["paper", "views"])
def test_large_images_are_the_same_in_any_batch(name):
    classifier = load_classifier("efficientnet-lite0")
    images = random_images(2, 0, 224)
    config = replace(defaults("generation", 224, "views"), steps=12)
    config = replace(config, method=config.method.variant(name))
    together = run_pgd(classifier, Generation(torch.tensor([980, 1])), images, config, seed=[3, 4])
    for k, (target, seed) in enumerate(zip((980, 1), (3, 4), strict=True)):
        alone = run_pgd(classifier, Generation(torch.tensor([target])), images[k : k + 1], config, seed=seed)
        assert torch.equal(together.images[k : k + 1], alone.images)
        assert torch.equal(together.target_probability[k : k + 1], alone.target_probability)
