"""The Python front: anybody's module, function or CLIP comes in; what does not fit gets a sentence."""

from dataclasses import replace

import matplotlib.pyplot
import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import core
from core.data.canvases import paint_canvas
from core.data.holes import fill_hole
from core.data.sample_sets import CIFAR10
from core.data.sketches import smooth_sketch
from core.pgd.__main__ import main as pgd
from core.pgd.methods import METHODS
from core.pgd.picture_outcomes import JudgedOutcomes
from core.pgd.settings import defaults
from core.pgd.steps import Generation, Inpainting, run_pgd
from core.sweep.__main__ import main as sweep
from tests.core.toy import tiny_clip

matplotlib.use("agg")
SIDE, NAMES = 8, tuple("abcdef")
MEAN, STD = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)


class Network(nn.Module):
    """A small network with everything that training changes: dropout, statistics, gradients."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Tanh(), nn.Dropout(0.5), nn.Flatten(), nn.Linear(144, 6)
        )

    def forward(self, images):
        return self.layers(images)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return Network()


@pytest.fixture
def own(network):
    return core.classifier(network, NAMES, mean=MEAN, std=STD, size=SIDE, name="own")


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (12, 3, SIDE, SIDE), dtype=np.uint8)


LABELS = np.arange(12) % len(NAMES)


def test_wrapped_module_leaves_the_original_unchanged(network, own, images):
    pixels = torch.from_numpy(images).float() / 255
    normalised = (pixels - torch.tensor(MEAN)[:, None, None]) / torch.tensor(STD)[:, None, None]
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    core.heatmap(own, images, LABELS, size=3, epsilon=1, progress=False)
    core.draw(own, "a", steps=2, progress=False)
    assert network.training and all(p.requires_grad and p.grad is None for p in network.parameters())
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())
    assert not any(module.training for module in own.modules()) and not any(p.requires_grad for p in own.parameters())
    torch.testing.assert_close(own(pixels), network.eval()(normalised), rtol=0, atol=0)
    own.to(torch.float64)
    assert next(network.parameters()).dtype == torch.float32 and network.layers[1].running_mean.dtype == torch.float32


def parametrised(network):
    nn.utils.parametrizations.weight_norm(network.layers[-1])
    return network


WRAPPED = {
    "compiled": lambda network: torch.compile(network, backend="eager"),
    "parallel": nn.DataParallel,
    "parametrised": parametrised,
    "traced": lambda network: torch.jit.trace(network.eval(), torch.rand(1, 3, SIDE, SIDE)),
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_a_wrapped_module_computes_what_it_wraps(kind, network, images):
    pixels = torch.from_numpy(images).float() / 255
    made, before = core.classifier(WRAPPED[kind](network), NAMES, size=SIDE), network.training
    assert made.name == {"parallel": "DataParallel"}.get(kind, "Network")
    assert core.draw(made, "a", steps=1, progress=False).targets == ["a"] and network.training is before
    torch.testing.assert_close(made(pixels), network.eval()(pixels), rtol=0, atol=0)


def test_missing_facts_of_a_module_are_absent(network, own, images):
    heatmap = core.heatmap(own, images, LABELS, size=3, epsilon=1, progress=False)
    facts = heatmap.metadata["classifier"]
    assert facts == {"name": "own", "kind": "closed-set", "weights_id": own.weights_id}
    with torch.no_grad():
        network.layers[-1].bias += 1
    assert core.classifier(network, NAMES, size=SIDE).weights_id not in ("", own.weights_id)


def test_a_function_takes_images_in_0_to_1_of_its_own_size(images):
    seen = []

    def brightness(x):
        seen.append(x.shape)
        return torch.stack([x.mean((1, 2, 3)), 1 - x.mean((1, 2, 3))], 1)

    classifier = core.classifier(brightness, ["bright", "dark"], size=4)
    pixels = torch.from_numpy(images).float() / 255
    logits = classifier(pixels)
    assert classifier.name == "brightness" and seen[-1] == (12, 3, 4, 4)
    torch.testing.assert_close(logits[:, 0], pixels.mean((1, 2, 3)), rtol=0, atol=0.02)
    assert core.classifier(lambda x: brightness(x), ["bright", "dark"], size=4).name == "function"
    run = core.draw(classifier, "bright", start=np.full((SIDE, SIDE, 3), 0.5), steps=3, progress=False)
    assert run.images.mean() > 128 and run.metadata["images"]["start"] == "photo"
    assert run.metadata["classifier"].keys() == {"name", "kind", "template"}, "a function has no weights"


def test_an_open_clip_model_is_zero_shot():
    clip, tokenizer = tiny_clip(), open_clip.get_tokenizer("ViT-B-32")
    made = core.classifier(clip, ["a dog", "a cat"], tokenizer=tokenizer, template="a drawing of {class}")
    assert (made.kind, made.image_size, made.patch_grid) == ("zero-shot", 32, 4)
    assert made.preprocess.mean.flatten().tolist() == pytest.approx([0.5, 0.4, 0.3])
    pixels = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        text = clip.encode_text(tokenizer(["a drawing of a dog", "a drawing of a cat"]), normalize=True)
        image = clip.encode_image(made.preprocess(pixels), normalize=True)
    torch.testing.assert_close(made(pixels), clip.logit_scale.exp() * image @ text.T, rtol=1e-4, atol=1e-4)
    assert core.draw(made, "a castle on a hill", steps=1, progress=False).targets == ["a castle on a hill"]
    assert clip.visual.conv1.weight.requires_grad, "the model itself can still be trained"


def test_known_classes_keep_their_set():
    flat = nn.Sequential(nn.Flatten(), nn.Linear(192, 10))
    assert core.classifier(flat, CIFAR10.names, size=8).classes is CIFAR10
    assert core.classifier(flat, "cifar10", size=8).classes is CIFAR10
    twice = ["crane", "crane", *"abcdefgh"]
    assert core.classifier(flat, twice, size=8).classes.names == tuple(twice), "torchvision's list has a name twice"


FORMS = {
    "uint8, channels first": lambda images: images,
    "channels last": lambda images: images.transpose(0, 2, 3, 1),
    "float": lambda images: images.astype(np.float64) / 255,
    "tensor": lambda images: torch.from_numpy(images).float() / 255,
    "list of pictures": lambda images: [Image.fromarray(image.transpose(1, 2, 0)) for image in images],
    "torch data set": lambda images: TensorDataset(torch.from_numpy(images).float() / 255, torch.from_numpy(LABELS)),
}


@pytest.mark.parametrize("form", FORMS)
def test_image_formats_are_equivalent(form, own, images):
    expected = core.heatmap(own, images, LABELS, size=3, epsilon=1, progress=False)
    given = FORMS[form](images)
    for labels in (None,) if isinstance(given, TensorDataset) else (LABELS.tolist(), torch.from_numpy(LABELS)):
        heatmap = core.heatmap(own, given, labels, size=3, epsilon=1, progress=False)
        name = "own images" if labels is not None else "TensorDataset"
        assert heatmap.metadata["dataset"] == {**expected.metadata["dataset"], "name": name}
        np.testing.assert_array_equal(heatmap.top1_errors, expected.top1_errors)


def test_api_map_equals_script(tmp_path, capsys):
    line = ["waves", "--classifier", "mini-resnet", "--dataset", "cifar10-samples", "--size", "3", "--device", "cpu"]
    assert sweep([*line, "--output", str(tmp_path / "map.npz")]) == 0
    samples = core.load_samples("cifar10-samples")
    classifier = core.load_classifier("mini-resnet", samples.classes)
    by_script, heatmap = core.Heatmap.load(tmp_path / "map.npz"), core.heatmap(classifier, samples, size=3)
    assert not heatmap.differences(by_script)
    np.testing.assert_array_equal(heatmap.top1_errors, by_script.top1_errors)
    assert "heat map" in capsys.readouterr().err, "a bar says how far it is"


@pytest.mark.parametrize("method", METHODS)
def test_drawing_is_pgd_from_its_start(own, method):
    run = core.draw(own, ["b", 0], method=method, seed=3, steps=12, progress=False)
    config = replace(defaults("generation", SIDE, method), steps=12)
    state = run_pgd(own, Generation(torch.tensor([1, 0])), torch.from_numpy(run.start), config, seed=3)
    np.testing.assert_array_equal(run.images, (state.images * 255).round().byte().numpy())
    assert run.targets == ["b", "a"] and run.config == config and run.metadata["images"]["start"] == "classless"
    assert not np.array_equal(run.start, core.draw(own, ["b", 0], seed=4, steps=1, progress=False).start)


@pytest.mark.parametrize("own_start", [False, True])
def test_try_is_the_single_run_of_its_seed(own, images, own_start, tmp_path):
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[2:6, 2:6] = True
    common = {"method": "views", "steps": 12, "progress": False}
    make = [
        lambda **more: core.draw(own, ["b", "d"], start=images[:2] if own_start else "blur", **common, **more),
        lambda **more: core.fill(own, images[:2], mask, ["b", "d"], **common, **more),
    ]
    for run in make:
        whole = run(seed=5, tries=3)
        whole.save(tmp_path / "run.npz")
        loaded = core.PGDRun.load(tmp_path / "run.npz")
        assert whole.targets == ["b"] * 3 + ["d"] * 3 and loaded.metadata["seeds"] == [5, 6, 7] * 2
        for k, place in ((0, 0), (2, 0), (1, 1)):
            single, tried = run(seed=5 + k), loaded.only(3 * place + k)
            np.testing.assert_array_equal(tried.start, single.start[[place]])
            np.testing.assert_allclose(tried.curves["loss"], single.curves["loss"][:, [place]], rtol=1e-5)
            np.testing.assert_array_equal(tried.images, single.images[[place]])
            assert tried.metadata["seed"] == 5 + k and "seeds" not in tried.metadata
        assert not np.array_equal(whole.images[0], whole.images[1])


def test_drawing_is_that_of_the_script(tmp_path):
    line = ["generate", "--classifier", "mini-resnet", "--dataset", "cifar10-samples", "--target", "horse"]
    line += ["--limit", "2", "--tries", "2", "--seed", "7", "--steps", "5", "--device", "cpu"]
    assert pgd([*line, "--output", str(tmp_path)]) == 0
    (outcomes,) = JudgedOutcomes.load(tmp_path / "pictures.npz").kinds().values()
    classifier = core.load_classifier("mini-resnet", CIFAR10)
    run = core.draw(classifier, ["horse", "horse"], seed=7, tries=2, steps=5, progress=False)
    assert outcomes.pictures["seed"].tolist() == run.metadata["seeds"] == [7, 8, 7, 8]
    np.testing.assert_allclose(run.curves["loss"][-1], outcomes.pictures["loss_after"], rtol=1e-5)


def test_drawing_starts_from_a_smooth_sketch(own):
    sketch = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    run = core.draw(own, ["a", "b"], method="views", sketch=sketch, steps=2, progress=False)
    np.testing.assert_array_equal(run.start, np.stack([smooth_sketch(sketch, SIDE)] * 2))
    assert run.metadata["images"]["start"] == "sketch"
    starts = ("grey", "sketch", "meadow", "photo")  # the more slow waves a start has, the fewer the steps add
    spectra = [defaults("generation", 224, "views", start=start).method.preconditioner.spectrum for start in starts]
    assert spectra == sorted(spectra, reverse=True) and len({*spectra}) == len(starts)
    with pytest.raises(ValueError, match="give only one of them"):
        core.draw(own, "a", sketch=sketch, start="grey", progress=False)
    with pytest.raises(ValueError, match=r"a sketch must be uint8 \(32, 32, 3\); got float64 \(2, 2\)"):
        core.draw(own, "a", sketch=np.zeros((2, 2)), progress=False)


@pytest.mark.parametrize("colour", [(0, 0, 0), (132, 192, 253), (255, 255, 255)])
def test_a_sketch_of_one_colour_draws_as_from_grey(own, colour):
    sketch = np.full((32, 32, 3), colour, np.uint8)
    run = core.draw(own, "a", method="views", sketch=sketch, steps=40, progress=False)
    assert np.isfinite(run.curves["loss"]).all() and np.ptp(run.start, axis=(2, 3)).max() < 1e-6
    assert run.curves["loss"].min() < run.curves["loss"][0, 0] and (run.images[0] != run.frames[0, 0]).any()


def test_a_canvas_is_a_start_and_in_the_run(own):
    run = core.draw(own, ["a", "b"], start="meadow", steps=2, tries=2, progress=False)
    np.testing.assert_array_equal(run.start, np.stack([paint_canvas("meadow", SIDE)] * 4))
    assert run.metadata["images"]["start"] == "meadow"


@pytest.mark.parametrize("method", ["paper", "views"])
def test_hole_is_filled_by_pgd_from_its_fill(own, images, method):
    mask = np.zeros((SIDE, SIDE), dtype=bool)
    mask[2:6, 2:6] = True
    run = core.fill(own, images[:2].transpose(0, 2, 3, 1), mask, "c", method=method, steps=12, progress=False)
    config = replace(defaults("inpainting", SIDE, method, hole_size=4), steps=12)
    fill, penalty = {"paper": ("region", "eq3"), "views": ("rim", "frozen")}[method]
    start = fill_hole(images[:2] / np.float32(255), mask[None], fill)
    objective = Inpainting(torch.tensor([2, 2]), torch.from_numpy(mask[None]), weight=10, penalty=penalty)
    state = run_pgd(own, objective, torch.from_numpy(start), config)
    np.testing.assert_array_equal(run.images, (state.images * 255).round().byte().numpy())
    np.testing.assert_array_equal(run.original, images[:2])


def test_a_hole_of_its_own_for_each_picture(own, images):
    masks = np.zeros((2, SIDE, SIDE), dtype=bool)
    masks[0, :2], masks[1, 6:] = True, True
    run = core.fill(own, images[:2], masks, ["a", "b"], penalty="frozen", steps=3, progress=False)
    changed = np.abs(run.images.astype(int) - run.original).sum(axis=1) > 0
    assert run.targets == ["a", "b"] and changed[0, :2].any() and not changed[0, 2:].any() and not changed[1, :6].any()


def test_results_have_pictures_tables_and_files(own, images, tmp_path):
    heatmap = core.heatmap(own, images, LABELS, size=3, epsilon=1, output=tmp_path / "map.npz", progress=False)
    run = core.draw(own, ["a", "b"], steps=2, progress=False)
    figure, (left, right) = matplotlib.pyplot.subplots(1, 2)
    assert heatmap.plot(left) is left and run.plot(right) is right
    drawn = left.images[0].get_array()
    np.testing.assert_allclose(drawn, 100 * heatmap.error_rate)
    np.testing.assert_allclose(
        heatmap.plot(metric="Probability").images[0].get_array(), 100 * heatmap.number("true_probability")
    )
    for result in (heatmap, run, core.fill(own, images[0], np.eye(SIDE, dtype=bool), 1, steps=1, progress=False)):
        assert result._repr_png_().startswith(b"\x89PNG") and "own" in repr(result) and len(repr(result)) < 200
    matplotlib.pyplot.close("all")
    table = heatmap.to_pandas()
    centre = table[(table.i == 0) & (table.j == 0)]
    assert len(table) == 9 and centre.top1_errors.item() == heatmap.top1_errors[1, 1]
    curve = run.to_pandas()
    assert curve[(curve.step == 2) & (curve.image == 1)].loss.item() == run.curves["loss"][2, 1]
    assert set(curve.target) == {"a", "b"}
    assert core.Heatmap.load(tmp_path / "map.npz").equals(heatmap)
    run.save(tmp_path / "run.npz")
    np.testing.assert_array_equal(core.PGDRun.load(tmp_path / "run.npz").images, run.images)


def linear(classes=6):
    return nn.Sequential(nn.Flatten(), nn.Linear(3 * SIDE * SIDE, classes))


class Tuple(nn.Module):
    def forward(self, images):
        return images.mean((1, 2, 3)), images


MODULES = {
    "returns a tuple": (
        lambda: Tuple(),
        {},
        r"Tuple should return logits of shape \(2, 6\).* got tuple; give a function",
    ),
    "returns classes": (lambda: lambda x: x.flatten(1)[:, :6].long(), {}, "got .* torch.int64; .* before softmax"),
    "another number": (lambda: linear(7), {}, r"and 6 classes; got \(2, 7\) .* one class name per score"),
    "another size": (linear, {"size": 9}, r"Sequential fails with images of \(2, 3, 9, 9\) on cpu .*; check `size`"),
    "mean of bytes": (linear, {"mean": (124, 116, 104), "std": (58, 57, 57)}, r"for pixels in \[0, 1\]; .* by 255"),
    "misspelt": (linear, {"means": MEAN}, "no argument 'means'"),
    "mean alone": (linear, {"mean": MEAN}, "mean and std come together"),
    "a tokenizer": (linear, {"tokenizer": len}, "a tokenizer needs a module with encode_image"),
    "no tokenizer": (tiny_clip, {}, r"CLIP has a text tower and needs its tokenizer; give open_clip.get_tokenizer"),
    "scripted in training": (lambda: torch.jit.script(linear()), {}, "in training mode.* call its eval"),
    "no module": (lambda: "resnet18", {}, "str fails with images"),
}


@pytest.mark.parametrize("case", MODULES)
def test_unsuitable_module_is_explained(case):
    make, options, message = MODULES[case]
    with pytest.raises(ValueError, match=message) as error:
        core.classifier(make(), NAMES, **{"size": SIDE} | options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("classes", ["imagnet", 10, [1, 2], ["a", ""]])
def test_classes_are_names(classes):
    with pytest.raises(ValueError, match="classes should be|at least one class"):
        core.classifier(linear(), classes, size=SIDE)


BYTES = np.random.default_rng(1).integers(0, 256, (6, 3, SIDE, SIDE), dtype=np.uint8)
IMAGES = {
    "normalised": (torch.randn(6, 3, SIDE, SIDE), None, "divide bytes by 255, and leave out Normalize"),
    "not a number": (np.full((6, 3, SIDE, SIDE), np.nan), None, r"\[0, 1\]; got values from nan"),
    "other whole numbers": (BYTES.astype(np.int64), None, "got int64; convert them"),
    "one channel": (BYTES[:, :1], None, r"got the shape \(6, 1, 8, 8\)"),
    "empty": (BYTES[:0], np.zeros(0, int), "with at least one image; got the shape"),
    "not square": (BYTES[:, :, :6], None, "should be square; got 6 x 8 pixels; crop them"),
    "of several sizes": ([BYTES[0], BYTES[0, :, :4, :4]], [0, 1], "must have the same shape"),
    "text": ("photographs", None, "images should be"),
    "a loader": (DataLoader(TensorDataset(torch.rand(2, 3, 8, 8), torch.arange(2))), False, "give its `dataset`"),
    "without labels": (BYTES, False, "labels should be"),
    "too high a label": (BYTES, np.arange(1, 7), "0 to 5; they go from 1 to 6"),
    "too few labels": (BYTES, np.arange(5), r"one per image, \(6,\); got int64 of shape \(5,\)"),
    "labels as floats": (BYTES, [0.5] * 6, "labels should be whole numbers"),
    "labels twice": (TensorDataset(torch.rand(6, 3, 8, 8), torch.arange(6)), np.arange(6), "brings its own"),
    "another data set's classes": (core.load_samples("cifar10-samples"), False, "has other classes"),
}


@pytest.mark.parametrize("case", IMAGES)
def test_unsuitable_images_are_explained(case, own):
    images, labels, message = IMAGES[case]
    labels = np.arange(6) if labels is None else None if labels is False else labels
    with pytest.raises(ValueError, match=message) as error:
        core.heatmap(own, images, labels, size=3, epsilon=1, progress=False)
    assert "\n" not in str(error.value)


HOLE = np.eye(SIDE, dtype=bool)
REFUSED = {
    "a bare module": (lambda own: core.draw(linear(), "a"), "classifier should be one of core.classifier.*wrap it"),
    "an unknown word": (lambda own: core.draw(own, "castle"), "'castle' is not among the 6 classes"),
    "an index too high": (lambda own: core.draw(own, 6), "target 6 is not one of the 6 classes; give an index below 6"),
    "a negative index": (lambda own: core.draw(own, [0, -1]), "target -1 is not one of the 6 classes"),
    "no word": (lambda own: core.draw(own, []), "targets should be at least one class"),
    "an unknown start": (
        lambda own: core.draw(own, "a", start="noise"),
        "one of blur, classless, independent, grey, meadow, sea, horizon",
    ),
    "an unknown setting": (
        lambda own: core.draw(own, "a", step=2),
        "'step' is not a setting of .*; its .*step_size",
    ),
    "a weight without a hole": (lambda own: core.draw(own, "a", weight=3), "'weight' is not a setting of method"),
    "views of the paper's method": (
        lambda own: core.draw(own, "a", views=core.Views()),
        "'views' is not a setting of method",
    ),
    "an unknown method": (lambda own: core.draw(own, "a", method="pixels"), "one of paper, strokes, views_only, views"),
    "a mask of another size": (lambda own: core.fill(own, BYTES[0], HOLE[1:], "a"), "8 x 7 pixels but the image is 8"),
    "a mask of numbers": (lambda own: core.fill(own, BYTES[0], HOLE * 255, "a"), "must be bool"),
    "too few masks": (lambda own: core.fill(own, BYTES[:3], np.stack([HOLE] * 2), "a"), "one for each of 3 images"),
    "too few targets": (lambda own: core.fill(own, BYTES[:3], HOLE, ["a", "b"]), "one for each of 3 images; got 2"),
    "no known size": (lambda own: core.heatmap(own, BYTES, np.arange(6)), "no size v.* 8-pixel images; give epsilon"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_invalid_drawings_are_explained(case, own):
    call, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as error:
        call(own)
    assert "\n" not in str(error.value)


def test_function_without_gradient_cannot_draw(network, images):
    classifier = core.classifier(torch.no_grad()(network.eval()), NAMES, size=SIDE)
    assert core.heatmap(classifier, images, LABELS, size=3, epsilon=1, progress=False).n == 12
    with pytest.raises(ValueError, match="the classifier cannot be differentiated: .* leave out no_grad"):
        core.draw(classifier, "a", progress=False)
