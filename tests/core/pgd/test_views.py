"""The search by views: random views against numpy, natural steps against loops, guarantees for a run."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch.nn import functional as F

from core.data.class_statistics import GreyNoise, natural_pixels
from core.pgd.search import NaturalSteps, View, ViewDraws, Views, draw_view, view_generator
from core.pgd.settings import PGDConfig
from core.pgd.steps import Generation, Inpainting, pgd_steps, run_pgd, unit
from tests.core.toy import ConvClassifier, LinearClassifier, centre_mask, random_images, random_targets

CROPS = Views(min_side=0.4, noise=0.05, spectrum=1.2, colors=0.4)
SHIFTS = Views(shift=2, flip=True, noise=0.03, spectrum=1, colors=0.5)


def config_for(views=CROPS, **changes):
    settings = {"epsilon": 1.0, "step_size": 0.1, "steps": 12, "search": "views", "views": views}
    return PGDConfig(**(settings | changes))


# Views


def test_a_crop_is_resized_back_as_by_hand():
    image = random_images(1, 0, 16)[0]
    view = View(left=3, top=5, side=8).apply(image)
    # Bilinear with aligned pixel centres: output pixel k samples 3 + (k + 0.5) / 2 - 0.5, inside the crop.
    at = np.clip((np.arange(16) + 0.5) / 2 - 0.5, 0, 7)
    grid = np.meshgrid(at + 5, at + 3, indexing="ij")
    expected = np.stack([ndimage.map_coordinates(plane, grid, order=1) for plane in image.numpy()])
    assert np.abs(view.numpy() - expected).max() < 1e-5


@pytest.mark.parametrize(("dx", "dy"), [(2, 0), (-1, 2), (0, -3)])
def test_a_shift_moves_the_picture_and_mirrors_its_border(dx, dy):
    image = random_images(1, 1, 16)[0]
    shifted = View(0, 0, 16, dx, dy).apply(image).numpy()
    expected = ndimage.shift(image.numpy(), (0, dy, dx), order=0, mode="mirror")
    assert np.array_equal(shifted, expected)


def test_views_depend_on_seed_step_image_and_index_alone():
    facts = {"seed": 3, "step": 5, "key": 7, "index": 0}
    first, again = (draw_view(CROPS, 32, view_generator(**facts)) for _ in range(2))
    assert np.array_equal(first.noise, again.noise) and (first.left, first.side) == (again.left, again.side)
    for name in facts:
        other = draw_view(CROPS, 32, view_generator(**(facts | {name: facts[name] + 1})))
        assert abs(np.corrcoef(first.noise.reshape(-1), other.noise.reshape(-1))[0, 1]) < 0.1, name


def test_drawn_views_have_the_distribution_that_was_asked_for():
    views = Views(min_side=0.25, max_side=0.75, shift=2, flip=True, noise=0.1)
    drawn = [draw_view(views, 64, view_generator(seed=0, step=step, key=1)) for step in range(400)]
    sides = np.array([view.side for view in drawn])
    assert sides.min() >= 16 and sides.max() <= 48 and abs(sides.mean() - 32) < 2
    assert {view.dx for view in drawn} == {view.dy for view in drawn} == {-2, -1, 0, 1, 2}
    assert 0.4 < np.mean([view.flip for view in drawn]) < 0.6
    assert np.std([view.noise for view in drawn]) == pytest.approx(0.1, rel=0.01)
    for name in ("left", "top"):
        places = [(getattr(view, name), 64 - view.side) for view in drawn]
        assert all(0 <= at <= room for at, room in places)
        assert abs(np.mean([at / room for at, room in places]) - 0.5) < 0.05


def test_crops_lie_around_the_hole():
    hole = (10.0, 50.0)
    for step in range(200):
        view = draw_view(Views(min_side=0.3, max_side=0.6), 64, view_generator(seed=0, step=step, key=1), hole)
        for at, centre in zip((view.left, view.top), hole, strict=True):
            free = centre - view.side / 4 >= view.side / 2 and centre + view.side / 4 <= 64 - view.side / 2
            distance = abs(at + view.side / 2 - centre)
            assert distance <= view.side / 4 + 0.5 or not free
            assert 0 <= at <= 64 - view.side


def test_the_input_size_follows_its_schedule():
    views = Views(inputs=((0.5, 0.4), (0.7, 0.3)))
    sizes = [views.input_size(step, 10, 224) for step in range(11)]
    assert sizes == 4 * [112] + 3 * [160] + 4 * [224], "0.7 of 224 is rounded to a multiple of 16"
    assert Views().input_size(0, 10, 224) == 224 and views.input_size(0, 10, 8) == 8
    assert Views(**views.to_json()) == views and "inputs" not in Views().to_json()


def test_a_view_of_another_size_is_resampled_once():
    image, facts = random_images(1, 0, 64)[0], {"seed": 0, "step": 1, "key": 2}
    crop = draw_view(CROPS, 64, view_generator(**facts))
    view = draw_view(CROPS, 64, view_generator(**facts), view_side=32)
    assert (view.left, view.top, view.side) == (crop.left, crop.top, crop.side), "the same place"
    seen = image[None, :, view.top : view.top + view.side, view.left : view.left + view.side]
    expected = F.interpolate(seen, size=(32, 32), mode="bilinear", antialias=True)[0] + torch.from_numpy(view.noise)
    assert torch.equal(view.apply(image), expected)


class AnySize(ConvClassifier):
    """A classifier that averages over all places, and records the sizes that it is given."""

    any_size = True

    def __init__(self) -> None:
        super().__init__()
        self.seen = []

    def at_size(self, size):
        return lambda images: self(images)

    def __call__(self, images):
        self.seen.append(images.shape[-1])
        return super().__call__(images)


def test_a_network_of_any_size_sees_small_views_first():
    views, images = Views(min_side=0.4, inputs=((0.5, 0.5),)), random_images(1, 0, 64)
    network = AnySize()
    run_pgd(network, Generation(torch.tensor([1])), images, config_for(views, steps=4))
    assert network.seen == [64, 32, 32, 64, 64, 64], "start, four steps, end"
    network.any_size, network.seen = False, []
    run_pgd(network, Generation(torch.tensor([1])), images, config_for(views, steps=4))
    assert network.seen == 6 * [64]


# Natural steps


def test_natural_steps_by_slow_loops():
    gradient, hole = random_images(1, 5) - 0.5, centre_mask()
    views = Views(spectrum=1.2, colors=0.4)
    natural = NaturalSteps(views, gradient, hole)(gradient)
    values, axes = np.linalg.eigh(natural_pixels().covariance)
    colors = axes @ np.diag(values**0.4) @ axes.T
    masked = (gradient * hole).numpy()[0].astype(np.float64)
    spectrum = np.fft.fft2(masked)
    for i in range(8):
        for j in range(8):
            radius = np.hypot((i + 4) % 8 - 4, (j + 4) % 8 - 4)
            spectrum[:, i, j] /= max(1, radius) ** 1.2
    expected = np.einsum("dc,chw->dhw", colors, np.fft.ifft2(spectrum).real)
    expected = torch.from_numpy(expected)[None] * hole
    assert float((unit(natural) - unit(expected)).abs().max()) < 1e-6


def test_natural_colours_are_those_of_photographs():
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
def test_a_run_by_views_keeps_the_promises(views, inpainting):
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
    assert torch.equal(states[7].logits, states[0].logits), "measured every tenth step"


def test_a_step_by_views_has_its_length_inside_the_hole():
    images, mask = random_images(2, 0, 16) * 0.5 + 0.25, torch.zeros(1, 16, 16, dtype=torch.bool)
    mask[:, 4:12, 4:12] = True
    objective = Inpainting(random_targets(2, 0), mask, penalty="frozen")
    start, first = itertools.islice(pgd_steps(ConvClassifier(), objective, images, config_for()), 2)
    assert (first.images - start.images).flatten(1).norm(dim=1).tolist() == pytest.approx([0.1, 0.1], rel=1e-4)


@pytest.mark.parametrize("at", [0, 3, 10, 11])
def test_a_run_by_views_resumes_to_the_same_bits(at):
    images, objective = random_images(2, 1, 16), Generation(random_targets(2, 1))
    whole = list(pgd_steps(ConvClassifier(3), objective, images, config_for(), seed=9))
    rest = list(pgd_steps(ConvClassifier(3), objective, images, config_for(), whole[at], seed=9))
    for state, expected in zip(rest, whole[at:], strict=True):
        assert torch.equal(state.images, expected.images) and torch.equal(state.logits, expected.logits)
    other = run_pgd(ConvClassifier(3), objective, images, config_for(), seed=1)
    assert float((other.images - whole[-1].images).abs().max()) > 1e-3


# The two ingredients apart: views or the picture itself, natural or plain steps.


@pytest.mark.parametrize("inpainting", [False, True])
def test_without_views_it_is_the_papers_search(inpainting):
    images, targets = random_images(3, 3), random_targets(3, 3)
    objective = Inpainting(targets, centre_mask(), penalty="frozen") if inpainting else Generation(targets)
    views = Views(shift=1, noise=0.1, spectrum=1, colors=0.5).only(views=False, natural=False)
    plain, by_views = (
        pgd_steps(ConvClassifier(), objective, images, config_for(views, search=search, epsilon=0.5))
        for search in ("pixels", "views")
    )
    for expected, state in zip(plain, by_views, strict=True):
        for name in ("images", "logits", "loss", "perturbation_norm"):
            assert torch.equal(getattr(state, name), getattr(expected, name)), (state.step, name)


def test_a_natural_step_follows_the_natural_gradient():
    images, targets = random_images(2, 0) * 0.5 + 0.25, random_targets(2, 0)
    views = Views(count=0, spectrum=1, colors=0.5)
    start, first = itertools.islice(pgd_steps(LinearClassifier(), Generation(targets), images, config_for(views)), 2)
    gradient = LinearClassifier().gradient(images, targets)
    expected = images - 0.1 * unit(NaturalSteps(views, images, None)(gradient))
    assert float((first.images - expected).abs().max()) < 1e-6
    assert float((first.images - (images - 0.1 * unit(gradient))).abs().max()) > 1e-3


def test_a_plain_step_by_views_follows_the_gradient_at_the_view():
    images, targets, views = random_images(2, 0) * 0.5 + 0.25, random_targets(2, 0), Views(shift=2, count=1)
    start, first = itertools.islice(pgd_steps(LinearClassifier(), Generation(targets), images, config_for(views)), 2)
    variable = images.clone().requires_grad_()
    seen = ViewDraws(views, images, None, [0] * len(images)).at(0, variable)
    F.cross_entropy(LinearClassifier()(seen), targets, reduction="sum").backward()
    assert float((first.images - (images - 0.1 * unit(variable.grad))).abs().max()) < 1e-6


def test_steps_shrink_evenly_to_their_last_length():
    config = config_for(step_decay=0.25, steps=4, step_size=1)
    assert [config.step_length(step) for step in range(4)] == [1, 0.75, 0.5, 0.25]
    assert config_for(steps=1, step_decay=0.25).step_length(0) == 0.1


# Settings


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"min_side": 0.9, "max_side": 0.5}, "min_side <= max_side"),
        ({"noise": float("nan")}, "views.noise must be"),
        ({"count": 65}, "views.count"),
        ({"inputs": ((0.5, 0.6), (0.7, 0.6))}, "add up to at most 1"),
    ],
)
def test_views_refuse_what_is_out_of_range(changes, message):
    with pytest.raises(ValueError, match=message):
        Views(**changes)
