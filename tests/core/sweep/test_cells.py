"""The sweep against a slow, obvious twin, and its independence of batches, order and interruptions."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from core.fourier.basis import add_basis, fourier_basis, random_signs
from core.sweep.cells import SweepConfig, best_batch_size, even_chunks, sweep_cells

CONFIG = SweepConfig(side=5, epsilon=1.5, seed=3, batch_size=8)


def slow_sweep(classifier, images, labels, config):
    """One image and one wave at a time."""
    for i, j in config.waves:
        signs = torch.from_numpy(random_signs(len(images), (i, j), seed=config.seed))
        basis = torch.from_numpy(fourier_basis(i, j, 8, 8))
        top1 = top5 = 0
        for image, label, sign in zip(images, labels, signs, strict=True):
            pixels = torch.from_numpy(image)[None].float() / 255
            perturbed = add_basis(pixels, basis, config.epsilon, signs=sign[None]).images
            ranking = classifier(perturbed)[0].argsort(descending=True).tolist()
            top1 += ranking[0] != label
            top5 += label not in ranking[:5]
        yield (i, j), top1, top5


def counts(results):
    return {result.frequency: (result.top1_errors, result.top5_errors, result.count) for result in results}


def test_sweep_agrees_with_the_slow_twin(linear_classifier, noise_images):
    found = counts(sweep_cells(linear_classifier, *noise_images, CONFIG))
    expected = {wave: (top1, top5, 37) for wave, top1, top5 in slow_sweep(linear_classifier, *noise_images, CONFIG)}
    assert found == expected
    assert len({top1 for top1, _, _ in found.values()}) > 3, "the example is too easy to tell cells apart"


@pytest.mark.parametrize("batch_size", [1, 5, 37, 100, 1000, None])
def test_sweep_does_not_depend_on_the_batch_size(linear_classifier, noise_images, batch_size):
    config = dataclasses.replace(CONFIG, batch_size=batch_size)
    assert counts(sweep_cells(linear_classifier, *noise_images, config)) == counts(
        sweep_cells(linear_classifier, *noise_images, CONFIG)
    )


def test_sweep_does_not_depend_on_the_order_or_choice_of_cells(linear_classifier, noise_images):
    whole = counts(sweep_cells(linear_classifier, *noise_images, CONFIG))
    some = dataclasses.replace(CONFIG, cells=((2, -1), (0, 0), (-1, -2)))
    assert some.waves == ((-2, 1), (0, 0), (1, 2))
    assert counts(sweep_cells(linear_classifier, *noise_images, some)) == {wave: whole[wave] for wave in some.waves}


def test_sweep_of_fewer_images_counts_the_same_images_the_same_way(linear_classifier, noise_images):
    images, labels = noise_images
    one_by_one = np.zeros(13, dtype=int)
    for stop in range(1, 38):
        result = counts(sweep_cells(linear_classifier, images[:stop], labels[:stop], CONFIG))
        now = np.array([top1 for top1, _, _ in result.values()])
        assert ((now - one_by_one >= 0) & (now - one_by_one <= 1)).all()
        one_by_one = now


def test_sweep_of_the_clean_images_adds_no_wave(linear_classifier, noise_images):
    images, labels = noise_images
    (clean,) = sweep_cells(linear_classifier, images, labels, CONFIG, waves=[None])
    logits = linear_classifier(torch.from_numpy(images).float() / 255)
    targets = torch.from_numpy(labels)
    assert clean.frequency is None
    assert clean.top1_errors == int((logits.argmax(1) != targets).sum())
    assert clean.true_probability == pytest.approx(
        logits.softmax(1).gather(1, targets[:, None]).mean().item(), abs=1e-6
    )


def test_sweep_of_one_image_shares_forward_passes_between_waves(linear_classifier, noise_images):
    images, labels = noise_images
    passes = []
    linear_classifier.network.register_forward_hook(lambda *call: passes.append(len(call[2])))
    list(sweep_cells(linear_classifier, images[:1], labels[:1], CONFIG))
    assert passes == [8, 5]


def test_sweep_is_lazy_and_may_be_stopped(linear_classifier, noise_images):
    results = sweep_cells(linear_classifier, *noise_images, CONFIG)
    first = list(itertools.islice(results, 2))
    results.close()
    assert [result.frequency for result in first] == list(CONFIG.waves[:2])


def test_sweep_leaves_images_and_classifier_alone(linear_classifier, noise_images):
    images, labels = noise_images
    before, weights = images.copy(), [value.clone() for value in linear_classifier.parameters()]
    list(sweep_cells(linear_classifier, images, labels, CONFIG))
    np.testing.assert_array_equal(images, before)
    assert all(torch.equal(a, b) for a, b in zip(weights, linear_classifier.parameters(), strict=True))
    assert torch.is_grad_enabled()


def test_sweep_refuses_logits_that_are_not_finite(linear_classifier, noise_images):
    with torch.no_grad():
        linear_classifier.network[1].weight.fill_(float("nan"))
    with pytest.raises(RuntimeError, match="not finite in float32"):
        list(sweep_cells(linear_classifier, *noise_images, CONFIG))


def test_sweep_halves_the_batch_when_the_memory_is_full(linear_classifier, noise_images):
    expected = counts(sweep_cells(linear_classifier, *noise_images, CONFIG))
    sizes = []

    def too_large(_, inputs):
        sizes.append(len(inputs[0]))
        if len(inputs[0]) > 4:
            raise torch.OutOfMemoryError("CUDA out of memory")

    linear_classifier.network.register_forward_pre_hook(too_large)
    assert counts(sweep_cells(linear_classifier, *noise_images, CONFIG)) == expected
    assert max(sizes[2:]) <= 4


def test_sweep_says_so_when_one_image_does_not_fit(linear_classifier, noise_images):
    def never(*_):
        raise torch.OutOfMemoryError("CUDA out of memory")

    linear_classifier.network.register_forward_pre_hook(never)
    with pytest.raises(RuntimeError, match="one image does not fit the memory of cpu"):
        list(sweep_cells(linear_classifier, *noise_images, CONFIG))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": np.zeros((2, 3, 8, 8), dtype=np.float32)}, r"\(N, 3, H, W\) uint8; got \(2, 3, 8, 8\) float32"),
        ({"labels": np.zeros(3, dtype=int)}, r"labels must be \(2,\)"),
        ({"images": np.zeros((0, 3, 8, 8), dtype=np.uint8), "labels": np.zeros(0, dtype=int)}, "at least one image"),
        ({"config": SweepConfig(side=9, epsilon=1)}, "use a side of at most 7"),
    ],
)
def test_sweep_refuses_bad_arguments_at_the_call(linear_classifier, change, message):
    arguments = {
        "images": np.zeros((2, 3, 8, 8), dtype=np.uint8),
        "labels": np.zeros(2, dtype=int),
        "config": CONFIG,
    } | change
    with pytest.raises(ValueError, match=message):
        sweep_cells(linear_classifier, **arguments)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"side": 4}, "odd side"),
        ({"epsilon": -1}, "must be >= 0"),
        ({"epsilon": float("nan")}, "must be >= 0"),
        ({"seed": -1}, "seed lies between"),
        ({"batch_size": 0}, "at least 1 image"),
        ({"dtype": "int8"}, "use one of float32, bfloat16, float16"),
        ({"cells": ((3, 0),)}, "outside a heat map of side 5"),
    ],
)
def test_sweep_config_refuses_bad_fields(fields, message):
    with pytest.raises(ValueError, match=message):
        SweepConfig(**({"side": 5, "epsilon": 1.0} | fields))


def test_even_chunks_cover_everything_in_nearly_equal_parts():
    for total, size in itertools.product((1, 7, 100), (1, 3, 64, 1000)):
        chunks = even_chunks(total, size)
        lengths = [chunk.stop - chunk.start for chunk in chunks]
        assert sum(lengths) == total and max(lengths) <= size and max(lengths) - min(lengths) <= 1
        assert chunks[0].start == 0 and all(a.stop == b.start for a, b in itertools.pairwise(chunks))


def test_best_batch_size_is_one_of_the_sizes_tried(linear_classifier, noise_images):
    size = best_batch_size(linear_classifier, torch.from_numpy(noise_images[0]), CONFIG)
    assert size in {2**power for power in range(9)}
