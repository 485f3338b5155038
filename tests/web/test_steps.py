"""The article's steps in Node, against `core.pgd`: every rule, to 1e-5 over 60 steps, on given views."""

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.stats import ks_2samp, kstest

import core.pgd.views
from core.data.class_statistics import FAINT, PINK, GreyNoise, natural_pixels
from core.data.holes import fill_hole, square_mask
from core.data.sketches import BLUR, draw_sketch, smooth_sketch
from core.pgd.settings import PGDConfig, defaults
from core.pgd.steps import Generation, Inpainting, pgd_steps
from core.pgd.views import draw_view, view_generator
from tests.node import in_node
from web.__main__ import HERE

CLASSES, STEPS = 4, 60
SIDE = 56  # pixels, 2^3 x 7: its Fourier transform has both factors of 224
SMOOTH = Path(__file__).with_name("smooth_network.js")


class SmoothNetwork(torch.nn.Module):
    """The network in smooth_network.js, which has other weights for other sizes."""

    any_size = True

    def __init__(self, size, scale):
        super().__init__()
        self.scale = scale
        values = np.arange(1, CLASSES + 1)[:, None] * np.arange(1, 3 * size * size + 1)
        self.matrix = torch.from_numpy((scale * np.sin(values / 1000)).astype(np.float32))

    def at_size(self, size):
        return SmoothNetwork(size, self.scale)

    def forward(self, images):
        return 4 * torch.tanh((images.flatten(1) - 0.5) @ self.matrix.T)


def _config(task, method):
    if method != "paper":
        usual = defaults(task, 224, method.removesuffix("-falling"))
        if method.endswith("-falling"):
            strokes = replace(usual.method.preconditioner, spectrum=2.2, last_spectrum=1.2)
            usual = replace(usual, method=replace(usual.method, preconditioner=strokes))
        return replace(usual, steps=STEPS, epsilon=usual.epsilon * SIDE / 224)
    return PGDConfig(epsilon=2.0 * SIDE / 32, step_size=0.05 * SIDE / 32, steps=STEPS)


@pytest.fixture
def given(monkeypatch):
    """The views that core draws, by step, with noise that JavaScript computes, too."""
    views, own_thread = [], threading.current_thread()

    def recorded(settings, image_size, generator, centre, size, tile):
        if threading.current_thread() is not own_thread:  # a page's run that an earlier test left behind
            return draw_view(settings, image_size, generator, centre, size, tile)
        view = draw_view(replace(settings, noise=0), image_size, generator, centre, size)
        shape = (3, size or image_size, size or image_size)
        noise = settings.noise * np.sin(0.7 * np.arange(np.prod(shape)) + 1.3 * len(views))
        views.append({"left": view.left, "top": view.top, "cropSize": view.crop_size})
        return replace(view, noise=torch.from_numpy(noise.astype(np.float32).reshape(shape)))

    monkeypatch.setattr(core.pgd.views, "draw_view", recorded)
    return views


def _in_node(objective, x0, config, views, scale):
    """Run core's objective and settings in JavaScript."""
    settings, method, sizes = config.to_json(), config.method, []
    if method.preconditioner:
        settings["preconditioner"]["colors"] = natural_pixels().covariance_power(method.preconditioner.colors).tolist()
    if method.views:
        sizes = sorted({method.views.input_size(step, STEPS, SIDE) for step in range(STEPS)} - {SIDE})
    values = {
        "sizes": sizes, "target": int(objective.targets[0]), "x0": x0.ravel().astype(float).tolist(),
        "config": settings, "views": views, "scale": scale,
    }  # fmt: skip
    if isinstance(objective, Inpainting):
        mask = objective.mask.numpy().ravel().astype(int).tolist()
        values |= {"mask": mask, "penalty": objective.penalty, "weight": objective.weight}
    return in_node(SMOOTH, "(module, values) => module.run(values)", values)


@pytest.mark.parametrize(
    ("method", "penalty"),
    [
        ("paper", "eq3"),
        ("views-falling", None),
        *((method, penalty) for method in ("paper", "strokes", "views") for penalty in (None, "frozen")),
    ],
)
def test_javascript_steps_equal_python(method, penalty, given):
    side, scale, generator = SIDE, 0.02 * 32 / SIDE, np.random.default_rng(3)
    x0 = (0.5 + 0.1 * generator.standard_normal((1, 3, side, side))).clip(0, 1).astype(np.float32)
    mask = square_mask((side // 2, side // 3), side // 4, height=side, width=side)
    config = _config("inpainting" if penalty else "generation", method)
    weight = 0.02 if penalty == "eq3" else 10.0  # so that Eq. 3 changes pixels outside the hole
    targets = torch.tensor([2])
    objective = Inpainting(targets, torch.from_numpy(mask), weight, penalty) if penalty else Generation(targets)
    states = list(pgd_steps(SmoothNetwork(side, scale), objective, torch.from_numpy(x0), config))
    result = _in_node(objective, x0, config, given, scale)
    assert len(states) == STEPS + 1 == len(result["entropies"])
    expected = {
        "entropies": [float(state.cross_entropy[0]) for state in states],
        "penalties": [0.0 if state.penalty is None else float(state.penalty[0]) for state in states],
        "changes": [float(state.perturbation_norm[0]) for state in states],
        "images": states[-1].images.numpy().ravel(),
    }
    assert expected["changes"][-1] > 0.5
    if config.method.views is None:  # this network's prediction for a view says little about the picture
        assert expected["entropies"][-1] < 0.9 * expected["entropies"][0]
    if penalty == "eq3":
        assert max(expected["penalties"]) > 1e-3
    for name, values in expected.items():  # float32 against float64: a fortieth of 1/255
        np.testing.assert_allclose(result[name], values, rtol=1e-5, atol=1e-4, err_msg=name)


@pytest.mark.parametrize("task", ["inpainting", "generation"])
def test_javascript_views_have_pythons_distribution(task):
    settings, side = defaults(task, 224, "views").method.views, 224
    mask = square_mask((side // 2, side // 3), side // 4, height=side, width=side)
    values = {"views": settings.to_json(), "mask": mask.ravel().astype(int).tolist(), "hole": task == "inpainting"}
    draw = """(module, { views, mask, hole }) => {
      const draw = module.randomViews(views, 224, hole ? Uint8Array.from(mask) : null, 5);
      const drawn = Array.from({ length: 4000 }, () => draw(1));
      return drawn.map(({ left, top, cropSize }) => ({ left, top, crop_size: cropSize }));
    }"""
    drawn = in_node(HERE / "engine" / "views.js", draw, values)
    rows, columns = np.nonzero(mask[0])
    centre = (columns.mean(), rows.mean()) if values["hole"] else None
    quiet = replace(settings, noise=0)
    expected = [draw_view(quiet, side, view_generator(seed=0, step=step, key=0), centre) for step in range(4000)]
    for name in ("left", "top", "crop_size"):
        ours, theirs = [view[name] for view in drawn], [getattr(view, name) for view in expected]
        assert ks_2samp(ours, theirs).pvalue > 1e-4 and len(set(ours)) >= 0.9 * len(set(theirs)), name


def test_javascript_noise_is_normal_and_seeded():
    draw = "({ seeded }) => [5, 5, 6].map((seed) => [...seeded(seed).normal(9999, 0.5)])"
    values, again, other = in_node(HERE / "engine" / "random.js", draw, {})
    assert values == again != other
    assert kstest(np.array(values) / 0.5, "norm").pvalue > 1e-4
    assert abs(np.corrcoef(values[1:], values[:-1])[0, 1]) < 0.05


def test_javascript_fills_holes_as_python_does():
    image = np.random.default_rng(0).random((3, 48, 48)).astype(np.float32)
    mask = square_mask((10, 8), 16, height=48, width=48) | square_mask((0, 40), 9, height=48, width=48)
    values = {"image": image.ravel().tolist(), "mask": mask.ravel().astype(int).tolist()}
    values_and_cells = "Float32Array.from(image), Uint8Array.from(mask)"
    fill = f"async (module, {{ image, mask }}) => [...(await module.filledFromRim({values_and_cells}))]"
    filled = np.array(in_node(HERE / "engine" / "starts.js", fill, values)).reshape(3, 48, 48)
    np.testing.assert_allclose(filled, fill_hole(image, mask, "rim"), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [56, 224])
def test_javascript_smooths_sketches_as_python_does(size):
    sketch = draw_sketch("volcano")
    values = {"planes": (sketch.transpose(2, 0, 1) / 255).ravel().tolist(), "size": size, "blur": BLUR}
    smooth = "({ smoothStart }, { planes, size, blur }) => [...smoothStart(Float32Array.from(planes), size, blur)]"
    start = np.array(in_node(HERE / "engine" / "starts.js", smooth, values)).reshape(3, size, size)
    np.testing.assert_allclose(start, smooth_sketch(sketch, size), rtol=0, atol=2e-6)
    assert start.std() > 0.1


def test_javascript_grey_start_has_pythons_spectrum():
    side, pixels = 64, natural_pixels()
    natural = {"mean": pixels.mean.tolist(), "colors": pixels.covariance_power(0.5).tolist()}
    values = {"natural": natural | {"spectrum": PINK, "deviation": FAINT}, "side": side}
    draw = "(module, { natural, side }) => [...module.greyStart(natural, side)]"
    start = np.array(in_node(HERE / "engine" / "starts.js", draw, values)).reshape(3, side, side)
    np.testing.assert_allclose(start.mean(axis=(1, 2)), pixels.mean, atol=0.02)
    assert (start - pixels.mean[:, None, None]).std() == pytest.approx(FAINT, rel=0.02)
    expected = GreyNoise(side).draw(1, generator=np.random.default_rng(0))[0]
    slopes = []
    for image in (start, expected):
        energy = (np.abs(np.fft.rfft2(image)) ** 2).sum(axis=0)[:, 1:32]
        radius = np.hypot(np.fft.fftfreq(side, 1 / side)[:, None], np.arange(1, 32))
        slopes.append(np.polyfit(np.log(radius.ravel()), np.log(energy.ravel()), 1)[0])
    assert slopes[0] == pytest.approx(slopes[1], abs=0.1)
