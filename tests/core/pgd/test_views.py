"""Views and preconditioner: random views against numpy, natural strokes against loops, guarantees for a run."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn import functional as F

from core.data.class_statistics import GreyNoise, natural_pixels
from core.pgd.methods import METHODS, Method
from core.pgd.preconditioner import Preconditioner
from core.pgd.settings import PGDConfig
from core.pgd.steps import Generation, Inpainting, pgd_steps, run_pgd, unit
from core.pgd.views import View, ViewDraws, Views, draw_view, noise_tile, view_generator
from tests.core.toy import ConvClassifier, LinearClassifier, centre_mask, random_images, random_targets

CROPS = Views(min_size=0.4, noise=0.05)
SHIFTS = Views(shift=2, flip=True, noise=0.03)
STROKES = Preconditioner(spectrum=1.2, colors=0.4)
FALLING = Preconditioner(spectrum=2.0, colors=0.3, last_spectrum=1.0)


def config_for(views=CROPS, preconditioner=STROKES, **changes):
    settings = {"epsilon": 1.0, "step_size": 0.1, "steps": 12, "method": Method(views, preconditioner)}
    return PGDConfig(**(settings | changes))


# Views


def test_crop_is_resized_as_by_hand():
    image = random_images(1, 0, 16)[0]
    view = View(left=3, top=5, crop_size=8).apply(image)
    # Bilinear with aligned pixel centres: output pixel k samples 3 + (k + 0.5) / 2 - 0.5, inside the crop.
    at = np.clip((np.arange(16) + 0.5) / 2 - 0.5, 0, 7)
    grid = np.meshgrid(at + 5, at + 3, indexing="ij")
    expected = np.stack([ndimage.map_coordinates(plane, grid, order=1) for plane in image.numpy()])
    assert np.abs(view.numpy() - expected).max() < 1e-5


@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (-1, 2), (0, -3)])
def test_shift_mirrors_the_border(dx, dy):
    image = random_images(1, 1, 16)[0]
    shifted = View(0, 0, 16, dx, dy).apply(image).numpy()
    expected = ndimage.shift(image.numpy(), (0, dy, dx), order=0, mode="mirror")
    assert np.array_equal(shifted, expected)


def noisy_view(views: Views, image_size: int, facts: dict[str, int], size: int = 0) -> View:
    """Draw a view as a run does, with its part of the run's noise."""
    tile = noise_tile(views, facts, torch.empty(1, 3, image_size, image_size))
    return draw_view(views, image_size, view_generator(**facts), size=size, tile=tile)


def test_views_repeat_by_seed_step_image_and_index():
    facts = {"seed": 3, "step": 5, "key": 7, "index": 0}
    first, again = (noisy_view(CROPS, 32, facts) for _ in range(2))
    assert torch.equal(first.noise, again.noise) and (first.left, first.crop_size) == (again.left, again.crop_size)
    for name in facts:
        other = noisy_view(CROPS, 32, facts | {name: facts[name] + 1})
        assert abs(np.corrcoef(first.noise.reshape(-1), other.noise.reshape(-1))[0, 1]) < 0.1, name


def test_views_have_the_requested_distribution():
    views = Views(min_size=0.25, max_size=0.75, shift=2, flip=True, noise=0.1)
    drawn = [noisy_view(views, 64, {"seed": 0, "step": step, "key": 1}) for step in range(400)]
    sizes = np.array([view.crop_size for view in drawn])
    assert sizes.min() >= 16 and sizes.max() <= 48 and abs(sizes.mean() - 32) < 2
    assert {view.dx for view in drawn} == {view.dy for view in drawn} == {-2, -1, 0, 1, 2}
    assert 0.4 < np.mean([view.flip for view in drawn]) < 0.6
    assert float(torch.stack([view.noise for view in drawn]).std()) == pytest.approx(0.1, rel=0.02)
    assert len({float(view.noise[0, 0, 0]) for view in drawn}) > 370, "each view has a part of its own"
    for name in ("left", "top"):
        corners = [(getattr(view, name), 64 - view.crop_size) for view in drawn]
        assert all(0 <= at <= room for at, room in corners)
        assert abs(np.mean([at / room for at, room in corners]) - 0.5) < 0.05


def test_crops_lie_around_the_hole():
    middle = (10.0, 50.0)
    for step in range(200):
        view = draw_view(Views(min_size=0.3, max_size=0.6), 64, view_generator(seed=0, step=step, key=1), middle)
        for at, centre in zip((view.left, view.top), middle, strict=True):
            crop = view.crop_size
            free = centre - crop / 4 >= crop / 2 and centre + crop / 4 <= 64 - crop / 2
            distance = abs(at + crop / 2 - centre)
            assert distance <= crop / 4 + 0.5 or not free
            assert 0 <= at <= 64 - crop


def test_input_size_follows_its_schedule():
    views = Views(inputs=((0.5, 0.4), (0.7, 0.3)))
    sizes = [views.input_size(step, 10, 224) for step in range(11)]
    assert sizes == 4 * [112] + 3 * [160] + 4 * [224], "0.7 of 224 is rounded to a multiple of 16"
    assert Views().input_size(0, 10, 224) == 224 and views.input_size(0, 10, 8) == 8
    assert Views(**views.to_json()) == views and "inputs" not in Views().to_json()


def test_small_view_is_resampled_once():
    image, facts = random_images(1, 0, 64)[0], {"seed": 0, "step": 1, "key": 2}
    crop, view = noisy_view(CROPS, 64, facts), noisy_view(CROPS, 64, facts, size=32)
    assert (view.left, view.top, view.crop_size) == (crop.left, crop.top, crop.crop_size), "the same crop"
    seen = image[None, :, view.top : view.top + view.crop_size, view.left : view.left + view.crop_size]
    expected = F.interpolate(seen, size=(32, 32), mode="bilinear", antialias=True)[0] + view.noise
    torch.testing.assert_close(view.apply(image), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize("crop_size", [24, 56])
def test_crops_are_resized_with_antialiasing(crop_size):
    image = random_images(1, 0, 64)[0]
    view = View(left=3, top=5, crop_size=crop_size, size=32)
    crop = image[None, :, 5 : 5 + crop_size, 3 : 3 + crop_size]
    expected = F.interpolate(crop, size=(32, 32), mode="bilinear", antialias=True)[0]
    torch.testing.assert_close(view.apply(image), expected, atol=1e-5, rtol=0)


class AnySize(ConvClassifier):
    """A classifier that averages over all positions and records the sizes that it is given."""

    any_size = True

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def at_size(self, size):
        return lambda images: self(images)

    def __call__(self, images):
        self.seen.append(images.shape[-1])
        return super().__call__(images)


def test_network_of_any_size_sees_small_views_first():
    views, images = Views(min_size=0.4, inputs=((0.5, 0.5),)), random_images(1, 0, 64)
    network = AnySize()
    run_pgd(network, Generation(torch.tensor([1])), images, config_for(views, steps=4))
    assert network.seen == [64, 32, 32, 64, 64, 64], "start, four steps, end"
    network.any_size, network.seen = False, []
    run_pgd(network, Generation(torch.tensor([1])), images, config_for(views, steps=4))
    assert network.seen == 6 * [64]


# Natural strokes


def test_preconditioner_equals_slow_loops():
    gradient, mask = random_images(1, 5) - 0.5, centre_mask()
    natural = STROKES.prepare(gradient, mask, 1)(gradient, 0)
    values, axes = np.linalg.eigh(natural_pixels().covariance)
    colors = axes @ np.diag(values**0.4) @ axes.T
    masked = (gradient * mask).numpy()[0].astype(np.float64)
    spectrum = np.fft.fft2(masked)
    for i in range(8):
        for j in range(8):
            radius = np.hypot((i + 4) % 8 - 4, (j + 4) % 8 - 4)
            spectrum[:, i, j] /= max(1, radius) ** 1.2
    expected = np.einsum("dc,chw->dhw", colors, np.fft.ifft2(spectrum).real)
    expected = torch.from_numpy(expected)[None] * mask
    assert float((unit(natural) - unit(expected)).abs().max()) < 1e-6


def test_natural_colours_are_those_of_photos():
    pixels = natural_pixels()
    assert pixels.mean.shape == (3,) and (np.linalg.eigvalsh(pixels.covariance) > 0).all()
    assert "50,000 train images" in pixels.source
    start = GreyNoise(64).draw(3, generator=np.random.default_rng(0))
    assert start.dtype == np.float32 and start.std(axis=(2, 3)).mean() == pytest.approx(0.03, rel=0.1)
    correlation = np.corrcoef(start[0].reshape(3, -1))[0, 1]
    expected = pixels.covariance[0, 1] / np.sqrt(pixels.covariance[0, 0] * pixels.covariance[1, 1])
    assert correlation == pytest.approx(expected, abs=0.1)
    again = GreyNoise(64).draw(1, generator=np.random.default_rng(0))
    assert np.array_equal(again[0], start[0])
    power = np.abs(np.fft.fft2(start[:, 0] - start[:, 0].mean(axis=(1, 2), keepdims=True))).mean(axis=0)
    assert power[0, 2] / power[0, 16] == pytest.approx(8**1.4, rel=0.6), "amplitude 1/f^1.4"


# Runs


@pytest.mark.parametrize("views", [CROPS, SHIFTS, dataclasses.replace(SHIFTS, count=3)])
@pytest.mark.parametrize("inpainting", [False, True])
def test_run_by_views_stays_in_the_ball_and_the_hole(views, inpainting):
    images, targets, mask = random_images(3, 0, 16), random_targets(3, 0), torch.zeros(1, 16, 16, dtype=torch.bool)
    mask[:, 4:12, 4:12] = True
    objective = Inpainting(targets, mask, penalty="frozen") if inpainting else Generation(targets)
    classifier, before, config = ConvClassifier(), images.clone(), config_for(views, epsilon=0.6)
    states = list(pgd_steps(classifier, objective, images, config))
    assert torch.equal(images, before) and len(states) == 13
    for state in states:
        assert float(state.perturbation_norm.max()) <= 0.6 + 1e-5
        assert float(state.images.min()) >= 0 and float(state.images.max()) <= 1
        if inpainting:
            assert torch.equal(state.images * ~mask, images * ~mask)
    for step in (0, 10, 12):  # a state's numbers are those of the picture itself
        logits = classifier(states[step].images)
        assert torch.allclose(states[step].logits, logits, atol=1e-5)
        assert torch.allclose(states[step].cross_entropy, F.cross_entropy(logits, targets, reduction="none"), atol=1e-5)
    assert torch.equal(states[7].logits, states[0].logits), "evaluated every tenth step"


def test_step_by_views_has_its_length_inside_the_hole():
    images, mask = random_images(2, 0, 16) * 0.5 + 0.25, torch.zeros(1, 16, 16, dtype=torch.bool)
    mask[:, 4:12, 4:12] = True
    objective = Inpainting(random_targets(2, 0), mask, penalty="frozen")
    start, first = itertools.islice(pgd_steps(ConvClassifier(), objective, images, config_for()), 2)
    assert (first.images - start.images).flatten(1).norm(dim=1).tolist() == pytest.approx([0.1, 0.1], rel=1e-4)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("at", [0, 3, 10, 11])
def test_run_resumes_to_the_same_bits(name, at):
    images, objective = random_images(2, 1, 16), Generation(random_targets(2, 1))
    config = config_for(method=Method(CROPS, FALLING).variant(name))
    whole = list(pgd_steps(ConvClassifier(3), objective, images, config, seed=9))
    rest = list(pgd_steps(ConvClassifier(3), objective, images, config, whole[at], seed=9))
    for state, expected in zip(rest, whole[at:], strict=True):
        assert torch.equal(state.images, expected.images) and torch.equal(state.logits, expected.logits)
    if config.method.views is not None:
        other = run_pgd(ConvClassifier(3), objective, images, config, seed=1)
        assert float((other.images - whole[-1].images).abs().max()) > 1e-3


# The two ingredients apart


def first_two(config, images, targets):
    return itertools.islice(pgd_steps(LinearClassifier(), Generation(targets), images, config), 2)


@pytest.mark.parametrize("name", METHODS)
def test_method_follows_the_gradient_of_its_ingredients(name):
    images, targets, views = random_images(2, 0) * 0.5 + 0.25, random_targets(2, 0), Views(shift=2)
    method = Method(views, STROKES).variant(name)
    assert method.name == name
    _, first = first_two(config_for(method=method), images, targets)
    variable = images.clone().requires_grad_()
    seen = variable
    if name in ("views", "views_only"):
        seen = ViewDraws(views, images, None, [0] * len(images)).at(0, variable)
    F.cross_entropy(LinearClassifier()(seen), targets, reduction="sum").backward()
    gradient = variable.grad
    if name in ("views", "strokes"):
        gradient = STROKES.prepare(images, None, 1)(gradient, 0)
    assert float((first.images - (images - 0.1 * unit(gradient))).abs().max()) < 1e-6


def test_preconditioner_of_zeros_changes_nothing():
    images, targets = random_images(3, 3), random_targets(3, 3)
    plain, neutral = (
        pgd_steps(ConvClassifier(), Generation(targets), images, config_for(None, preconditioner, epsilon=0.5))
        for preconditioner in (None, Preconditioner(spectrum=0, colors=0))
    )
    for expected, state in zip(plain, neutral, strict=True):
        for name in ("images", "logits", "loss", "perturbation_norm"):
            assert torch.equal(getattr(state, name), getattr(expected, name)), (state.step, name)


def test_exponent_falls_evenly_from_the_first_step_to_the_last():
    assert [FALLING.exponent(step, 5) for step in range(5)] == [2, 1.75, 1.5, 1.25, 1]
    assert FALLING.exponent(0, 1) == 2
    gradient = random_images(1, 5) - 0.5
    falling = FALLING.prepare(gradient, None, 5)
    for step, exponent in ((0, 2.0), (2, 1.5), (4, 1.0)):
        constant = Preconditioner(spectrum=exponent, colors=0.3).prepare(gradient, None, 5)(gradient, step)
        assert torch.equal(falling(gradient, step), constant), step


def test_equal_ends_are_a_constant_exponent():
    assert Preconditioner(spectrum=1.2, colors=0.4, last_spectrum=1.2) == STROKES
    assert STROKES.to_json() == {"spectrum": 1.2, "colors": 0.4}
    assert Preconditioner(**FALLING.to_json()) == FALLING != Preconditioner(spectrum=2.0, colors=0.3)


def test_steps_shrink_evenly_to_their_last_length():
    config = config_for(step_decay=0.25, steps=4, step_size=1)
    assert [config.step_length(step) for step in range(4)] == [1, 0.75, 0.5, 0.25]
    assert config_for(steps=1, step_decay=0.25).step_length(0) == 0.1


# Settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_size": 0.9, "max_size": 0.5}, "min_size <= max_size"),
        ({"noise": float("nan")}, "views.noise must be"),
        ({"count": 65}, "views.count"),
        ({"count": 0}, "views.count"),
        ({"inputs": ((0.5, 0.6), (0.7, 0.6))}, "add up to at most 1"),
    ],
)
def test_views_out_of_range_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Views(**changes)


def test_preconditioner_out_of_range_is_refused():
    with pytest.raises(ValueError, match="preconditioner.colors must be"):
        Preconditioner(spectrum=1, colors=-1)
    with pytest.raises(ValueError, match="preconditioner.last_spectrum must be"):
        Preconditioner(spectrum=1, colors=0, last_spectrum=float("nan"))


@pytest.mark.parametrize("name", METHODS)
def test_method_survives_json(name):
    method = METHODS[name].method
    assert Method.from_json(method.to_json()) == method and method.name == name
    with pytest.raises(ValueError, match="does not have the ingredients"):
        Method.from_json({**method.to_json(), "method": "paper" if name == "views" else "views"})
