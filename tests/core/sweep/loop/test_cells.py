"""The sweep against a slow, simple twin, and its independence of batches, order and interruptions."""

import dataclasses

import numpy as np
import pytest
import torch

from core.classifiers.classifier import Preprocess
from core.fourier.waves import add_basis, fourier_basis, random_signs, resize_attenuation
from core.sweep.waves import SweepConfig, balanced_sample, sampling_variance, sweep_cells

CONFIG = SweepConfig(side=5, epsilon=1.5, seed=3, batch_size=8)


def slow_sweep(classifier, dataset, config):
    """Sweep one image and one wave at a time."""
    for i, j in config.waves:
        signs = torch.from_numpy(random_signs(len(dataset), (i, j), seed=config.seed))
        basis = torch.from_numpy(fourier_basis(i, j, 8, 8))
        top1 = top5 = 0
        for image, label, sign in zip(dataset.images, dataset.labels, signs, strict=True):
            pixels = torch.from_numpy(image)[None].float() / 255
            perturbed = add_basis(pixels, basis, config.epsilon, signs=sign[None]).images
            ranking = classifier(perturbed)[0].argsort(descending=True).tolist()
            top1 += ranking[0] != label
            top5 += label not in ranking[:5]
        yield (i, j), top1, top5


def full_above(images):
    """A hook for a network with memory for so many images; records the sizes of its batches."""
    sizes = []

    def hook(_, inputs):
        sizes.append(len(inputs[0]))
        if len(inputs[0]) > images:
            raise torch.OutOfMemoryError("CUDA out of memory")

    return hook, sizes


def counts(results):
    return {result.frequency: (result.top1_errors, result.top5_errors, result.count) for result in results}


def test_sweep_agrees_with_the_slow_twin(linear_classifier, noise_dataset):
    actual = counts(sweep_cells(linear_classifier, noise_dataset, CONFIG))
    expected = {wave: (top1, top5, 37) for wave, top1, top5 in slow_sweep(linear_classifier, noise_dataset, CONFIG)}
    assert actual == expected
    assert len({top1 for top1, _, _ in actual.values()}) > 3, "the example is too easy to tell cells apart"


@pytest.mark.parametrize("batch_size", [1, 5, 37, 100, None])
def test_sweep_does_not_depend_on_the_batch_size(linear_classifier, noise_dataset, batch_size):
    config = dataclasses.replace(CONFIG, batch_size=batch_size)
    assert counts(sweep_cells(linear_classifier, noise_dataset, config)) == counts(
        sweep_cells(linear_classifier, noise_dataset, CONFIG)
    )


def test_sweep_does_not_depend_on_the_order_or_choice_of_cells(linear_classifier, noise_dataset):
    whole = counts(sweep_cells(linear_classifier, noise_dataset, CONFIG))
    some = dataclasses.replace(CONFIG, cells=((2, -1), (0, 0), (-1, -2)))
    assert some.waves == ((-2, 1), (0, 0), (1, 2))
    assert counts(sweep_cells(linear_classifier, noise_dataset, some)) == {wave: whole[wave] for wave in some.waves}


def test_sweep_of_fewer_images_counts_the_same_images_the_same_way(linear_classifier, noise_dataset):
    def top1(stop):
        part = dataclasses.replace(
            noise_dataset, images=noise_dataset.images[:stop], labels=noise_dataset.labels[:stop]
        )
        return np.array([result.top1_errors for result in sweep_cells(linear_classifier, part, CONFIG)])

    for stop in (1, 8, 36):
        assert np.isin(top1(stop + 1) - top1(stop), (0, 1)).all()


@pytest.mark.parametrize("batch_size", [1, 5, 8, 30, None])
def test_sampled_sweep_counts_its_images_as_the_whole_sweep_does(linear_classifier, noise_dataset, batch_size):
    config = dataclasses.replace(CONFIG, passes=0.25, batch_size=batch_size)
    whole = {result.frequency: result for result in sweep_cells(linear_classifier, noise_dataset, CONFIG)}
    sampled = {result.frequency: result for result in sweep_cells(linear_classifier, noise_dataset, config)}
    assert sampled.keys() == whole.keys()
    for wave, result in sampled.items():
        wrong = 1 - np.unpackbits(whole[wave].bits[0], count=37)
        chosen = balanced_sample(noise_dataset.labels, 9, wave, seed=CONFIG.seed)
        assert (result.count, result.top1_errors) == (9, wrong[chosen].sum())
        bits = 1 - np.unpackbits(result.bits[0], count=9)
        np.testing.assert_array_equal(bits, wrong[chosen])
        assert result.variance == sampling_variance(bits, noise_dataset.labels[chosen], 37)
    assert len({result.top1_errors for result in sampled.values()}) > 3


def test_sampled_sweep_takes_all_images_for_the_clean_error(linear_classifier, noise_dataset):
    config, order = dataclasses.replace(CONFIG, passes=0.1, batch_size=50), [(0, 1), None, (1, 1), (1, 0)]
    counts_by_wave = [
        (result.frequency, result.count, result.top1_errors)
        for result in sweep_cells(linear_classifier, noise_dataset, config, waves=order)
    ]
    (clean,) = sweep_cells(linear_classifier, noise_dataset, CONFIG, waves=[None])
    assert [(wave, count) for wave, count, _ in counts_by_wave] == [((0, 1), 4), (None, 37), ((1, 1), 4), ((1, 0), 4)]
    assert counts_by_wave[1][2] == clean.top1_errors


def test_weakened_waves_are_those_that_enlarging_would_leave(linear_classifier, noise_dataset):
    config = dataclasses.replace(CONFIG, weaken_as=24)
    shares = resize_attenuation(Preprocess(24, (0.0,) * 3, (1.0,) * 3), 8, 5)
    assert shares[4, 4] < 0.9 < shares[2, 3]
    for wave, share in (((0, 1), shares[2, 3]), ((2, 2), shares[4, 4])):
        weaker = dataclasses.replace(CONFIG, epsilon=CONFIG.epsilon * share, cells=(wave,))
        (expected,) = sweep_cells(linear_classifier, noise_dataset, weaker)
        (result,) = sweep_cells(linear_classifier, noise_dataset, dataclasses.replace(config, cells=(wave,)))
        assert result.means["true_probability"] == pytest.approx(expected.means["true_probability"], abs=1e-6)
    (whole,) = sweep_cells(linear_classifier, noise_dataset, dataclasses.replace(CONFIG, cells=((2, 2),)))
    assert whole.means["true_probability"] != pytest.approx(expected.means["true_probability"], abs=1e-4)


def test_sweep_of_the_clean_images_adds_no_wave(linear_classifier, noise_dataset):
    (clean,) = sweep_cells(linear_classifier, noise_dataset, CONFIG, waves=[None])
    logits = linear_classifier(torch.from_numpy(noise_dataset.images).float() / 255)
    targets = torch.from_numpy(noise_dataset.labels)
    assert clean.frequency is None
    assert clean.top1_errors == int((logits.argmax(1) != targets).sum())
    assert clean.means["true_probability"] == pytest.approx(
        logits.softmax(1).gather(1, targets[:, None]).mean().item(), abs=1e-6
    )


def test_sweep_leaves_images_and_classifier_alone(linear_classifier, noise_dataset):
    before, weights = noise_dataset.images.copy(), [value.clone() for value in linear_classifier.parameters()]
    list(sweep_cells(linear_classifier, noise_dataset, CONFIG))
    np.testing.assert_array_equal(noise_dataset.images, before)
    assert all(torch.equal(a, b) for a, b in zip(weights, linear_classifier.parameters(), strict=True))
    assert torch.is_grad_enabled()


def test_sweep_refuses_logits_that_are_not_finite(linear_classifier, noise_dataset):
    with torch.no_grad():
        linear_classifier.network[1].weight.fill_(float("nan"))
    with pytest.raises(RuntimeError, match="not finite in float32.*; its weights may be damaged"):
        list(sweep_cells(linear_classifier, noise_dataset, CONFIG))
    with pytest.raises(RuntimeError, match="not finite in bfloat16.*; use --dtype float32"):
        list(sweep_cells(linear_classifier, noise_dataset, dataclasses.replace(CONFIG, dtype="bfloat16")))


def test_sweep_halves_the_batch_when_the_memory_is_full_and_says_so_when_one_image_does_not_fit(
    linear_classifier, noise_dataset
):
    expected = counts(sweep_cells(linear_classifier, noise_dataset, CONFIG))
    hook, sizes = full_above(4)
    linear_classifier.network.register_forward_pre_hook(hook)
    assert counts(sweep_cells(linear_classifier, noise_dataset, CONFIG)) == expected
    assert max(sizes[2:]) <= 4
    linear_classifier.network.register_forward_pre_hook(full_above(0)[0])
    with pytest.raises(RuntimeError, match="one image does not fit the memory of cpu"):
        list(sweep_cells(linear_classifier, noise_dataset, CONFIG))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"side": 4}, "must be odd"),
        ({"epsilon": -1}, "must be >= 0"),
        ({"epsilon": float("nan")}, "must be >= 0"),
        ({"seed": -1}, "seed lies between"),
        ({"batch_size": 0}, "at least 1 image"),
        ({"dtype": "int8"}, "use one of float32, bfloat16, float16"),
        ({"weaken_as": 0}, "1 to 4096 pixels"),
        ({"passes": 0.0}, "above 0 and at most 1"),
        ({"passes": 1.5}, "above 0 and at most 1"),
        ({"passes": float("nan")}, "above 0 and at most 1"),
        ({"cells": ((3, 0),)}, "outside a heat map of side 5"),
    ],
)
def test_sweep_config_refuses_bad_fields(fields, message):
    with pytest.raises(ValueError, match=message):
        SweepConfig(**({"side": 5, "epsilon": 1.0} | fields))
    assert [SweepConfig(side=5, epsilon=weak).epsilon for weak in (0, 0.5)] == [0, 0.5]


def test_sweep_refuses_a_side_beyond_nyquist_at_the_call(linear_classifier, noise_dataset):
    with pytest.raises(ValueError, match="use a side of at most 7"):
        sweep_cells(linear_classifier, noise_dataset, SweepConfig(side=9, epsilon=1))


def test_small_sweep_makes_only_the_predictions_it_was_asked_for(linear_classifier, noise_dataset):
    hook, sizes = full_above(1000)
    linear_classifier.network.register_forward_pre_hook(hook)
    results = list(sweep_cells(linear_classifier, noise_dataset, CONFIG))
    assert sum(sizes) == 37 * len(results)
