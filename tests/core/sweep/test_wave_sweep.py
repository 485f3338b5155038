"""The sweep over waves: against a slow, simple twin, in any batches and order, on samples, and resumed."""

import dataclasses
from itertools import islice

import numpy as np
import pytest
import torch

from core.classifiers.classifier import Preprocess
from core.fourier.heatmap import Heatmap, outcome_rows
from core.fourier.map_estimate import ESTIMATOR
from core.fourier.waves import half_plane, random_signs, resize_attenuation
from core.sweep.grow import grow
from core.sweep.wave_sweep import SweepConfig, balanced_sample, images_per_wave, sampling_variance
from tests.core.toy import slow_ranks

CONFIG = SweepConfig(size=5, epsilon=1.5, seed=3, batch_size=8)
LABELS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2, 3], [40, 40, 15, 5]))


def measured(classifier, dataset, config=CONFIG, waves=None):
    """The row of each wave, None for the clean images; by default of the configuration's."""
    waves = config.waves if waves is None else waves
    return dict(zip(waves, config.measure(classifier, dataset, outcome_rows(waves, config.size)), strict=True))


def counts(rows):
    return {wave: (row.count, *row.hits) for wave, row in rows.items()}


def full_above(images):
    """A hook for a network with memory for so many images; records the sizes of its batches."""
    sizes = []

    def hook(_, inputs):
        sizes.append(len(inputs[0]))
        if len(inputs[0]) > images:
            raise torch.OutOfMemoryError("CUDA out of memory")

    return hook, sizes


def test_a_sweep_agrees_with_the_slow_twin(linear_classifier, noise_dataset):
    ranks = slow_ranks(linear_classifier, noise_dataset, CONFIG)
    expected = {wave: (37, ranks[wave].count(0), sum(rank < 5 for rank in ranks[wave])) for wave in CONFIG.waves}
    assert len({top1 for _, top1, _ in expected.values()}) > 3, "the example is too easy to tell waves apart"
    before, weights = noise_dataset.images.copy(), [value.clone() for value in linear_classifier.parameters()]
    for size in (1, 5, 37, 100, None):
        config = dataclasses.replace(CONFIG, batch_size=size)
        assert counts(measured(linear_classifier, noise_dataset, config)) == expected
    some = dataclasses.replace(CONFIG, cells=((2, -1), (0, 0), (-1, -2)))
    assert some.waves == ((-2, 1), (0, 0), (1, 2))
    assert counts(measured(linear_classifier, noise_dataset, some)) == {wave: expected[wave] for wave in some.waves}
    np.testing.assert_array_equal(noise_dataset.images, before)
    assert all(torch.equal(a, b) for a, b in zip(weights, linear_classifier.parameters(), strict=True))
    assert torch.is_grad_enabled()


def test_the_clean_images_have_no_wave(linear_classifier, noise_dataset):
    hook, sizes = full_above(1000)
    linear_classifier.network.register_forward_pre_hook(hook)
    clean = measured(linear_classifier, noise_dataset, waves=[None, (0, 1)])[None]
    assert sum(sizes) == 2 * 37
    logits = linear_classifier(torch.from_numpy(noise_dataset.images).float() / 255)
    targets = torch.from_numpy(noise_dataset.labels)
    hit = logits.argmax(1) == targets
    assert clean.hits[0] == int(hit.sum())
    np.testing.assert_array_equal(np.unpackbits(clean.bits[0], count=37), hit)
    probability = logits.softmax(1).gather(1, targets[:, None]).mean().item()
    assert clean.numbers["true_probability"] == pytest.approx(probability, abs=1e-6)


def test_weakened_waves_are_those_that_enlarging_would_leave(linear_classifier, noise_dataset):
    shares = resize_attenuation(Preprocess(24, (0.0,) * 3, (1.0,) * 3), 8, 5)
    assert shares[4, 4] < 0.9 < shares[2, 3]

    def probability(wave, **changes):
        config = dataclasses.replace(CONFIG, cells=(wave,), **changes)
        return measured(linear_classifier, noise_dataset, config)[wave].numbers["true_probability"]

    for wave, share in (((0, 1), shares[2, 3]), ((2, 2), shares[4, 4])):
        weaker = probability(wave, epsilon=CONFIG.epsilon * share)
        assert probability(wave, weaken_as=24) == pytest.approx(weaker, abs=1e-6)
    assert probability((2, 2)) != pytest.approx(weaker, abs=1e-4)
    first = next(grow(linear_classifier, noise_dataset, dataclasses.replace(CONFIG, weaken_as=64)))
    assert first.metadata["weakened_as"] == 64


def test_damaged_weights_and_full_memory_are_reported(linear_classifier, noise_dataset):
    expected = counts(measured(linear_classifier, noise_dataset))
    hook, sizes = full_above(4)
    linear_classifier.network.register_forward_pre_hook(hook)
    assert counts(measured(linear_classifier, noise_dataset)) == expected and max(sizes[2:]) <= 4
    with torch.no_grad():
        linear_classifier.network[1].weight.fill_(float("nan"))
    for dtype, advice in (("float32", "its weights may be damaged"), ("bfloat16", "use dtype float32")):
        with pytest.raises(RuntimeError, match=f"not finite in {dtype}.*; {advice}"):
            measured(linear_classifier, noise_dataset, dataclasses.replace(CONFIG, dtype=dtype, batch_size=4))
    linear_classifier.network.register_forward_pre_hook(full_above(0)[0])
    with pytest.raises(RuntimeError, match="memory of cpu"):
        measured(linear_classifier, noise_dataset)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"size": 4}, "must be odd"),
        ({"epsilon": -1}, "must be >= 0"),
        ({"epsilon": float("nan")}, "must be >= 0"),
        ({"dtype": "int8"}, "use one of float32, bfloat16, float16"),
        ({"fraction": 0.0}, "above 0 and at most 1"),
        ({"fraction": 1.5}, "above 0 and at most 1"),
        ({"cells": ((3, 0),)}, "outside a heat map of size 5"),
    ],
)
def test_settings_out_of_range_are_refused(fields, message):
    with pytest.raises(ValueError, match=message):
        SweepConfig(**({"size": 5, "epsilon": 1.0} | fields))
    assert [SweepConfig(size=5, epsilon=weak).epsilon for weak in (0, 0.5)] == [0, 0.5]


# Growing


def test_a_map_grows_by_waves_and_resumes_from_a_file(linear_classifier, noise_dataset, tmp_path):
    maps = list(grow(linear_classifier, noise_dataset, CONFIG))
    # All waves but the zero frequency, which is second, fill two cells.
    assert [int((heatmap.count > 0).sum()) for heatmap in maps] == [0, *range(1, 26, 2)]
    whole = measured(linear_classifier, noise_dataset, waves=[None, *CONFIG.waves])
    for place, row in enumerate(whole.values()):
        assert (maps[-1].counts[place], *maps[-1].hits[place]) == (row.count, *row.hits)
        np.testing.assert_array_equal(maps[-1].bits[place], row.bits)
        assert maps[-1].numbers["true_probability"][place] == row.numbers["true_probability"]
    for known in (1, 4, 13):
        part = maps[known - 1]
        source = {**part.metadata["source"], "wall_seconds": 1000.0}
        dataclasses.replace(part, metadata={**part.metadata, "source": source}).save(tmp_path / "map.npz")
        rest = list(grow(linear_classifier, noise_dataset, CONFIG, Heatmap.load(tmp_path / "map.npz")))
        assert len(rest) == 14 - known and rest[-1].metadata["source"]["wall_seconds"] >= 1000
        for name in ("counts", "hits", "bits", "labels"):
            np.testing.assert_array_equal(getattr(rest[-1], name), getattr(maps[-1], name))
    assert list(grow(linear_classifier, noise_dataset, CONFIG, rest[-1])) == []


@pytest.mark.parametrize(
    "change", [{"epsilon": 1.0}, {"seed": 4}, {"size": 3}, {"dtype": "bfloat16"}, {"weaken_as": 64}, {"fraction": 0.25}]
)
def test_a_map_of_other_settings_is_refused_at_the_call(linear_classifier, noise_dataset, change):
    first = next(grow(linear_classifier, noise_dataset, CONFIG))
    with pytest.raises(ValueError, match="other settings: .*, not"):
        grow(linear_classifier, noise_dataset, dataclasses.replace(CONFIG, **change), first)
    with pytest.raises(ValueError, match="at most 7"):
        grow(linear_classifier, noise_dataset, SweepConfig(size=9, epsilon=1))


# Samples


@pytest.mark.parametrize("batch_size", [1, 5, 8, 30, None])
def test_a_sampled_sweep_counts_as_the_whole_one(linear_classifier, noise_dataset, batch_size):
    config, waves = dataclasses.replace(CONFIG, fraction=0.25, batch_size=batch_size), [(0, 1), None, *CONFIG.waves[2:]]
    whole = measured(linear_classifier, noise_dataset, waves=waves)
    sampled = measured(linear_classifier, noise_dataset, config, waves)
    assert counts(sampled).pop(None) == counts(whole).pop(None), "all images for the clean error"
    del sampled[None]
    for wave, row in sampled.items():
        hit = np.unpackbits(whole[wave].bits[0], count=37)
        chosen = balanced_sample(noise_dataset.labels, 9, wave, seed=CONFIG.seed)
        assert (row.count, row.hits[0]) == (9, hit[chosen].sum())
        np.testing.assert_array_equal(np.unpackbits(row.bits[0], count=9), hit[chosen])
        variance = sampling_variance(1 - hit[chosen], noise_dataset.labels[chosen], 37)
        assert row.numbers["sampling_variance"] == variance
    assert len({row.hits[0] for row in sampled.values()}) > 3


def test_sampled_map_is_marked_and_resumes(linear_classifier, noise_dataset, tmp_path):
    config = dataclasses.replace(CONFIG, fraction=0.25)
    *_, whole = grow(linear_classifier, noise_dataset, config)
    assert (whole.count == 9).all() and whole.clean[2] == 37 and whole.metadata["sample"]["images_per_wave"] == 9
    assert whole.bits is None and whole.labels is None and 0 < whole.variance_ratio <= 1
    assert whole.metadata["estimate"]["estimator"] == ESTIMATOR
    *_, part = islice(grow(linear_classifier, noise_dataset, config), 6)
    part.save(tmp_path / "map.npz")
    *_, resumed = grow(linear_classifier, noise_dataset, config, Heatmap.load(tmp_path / "map.npz"))
    assert resumed.arrays().keys() == whole.arrays().keys() >= {"true_probability", "sampling_variance", "estimate"}
    for name, values in whole.arrays().items():
        np.testing.assert_array_equal(resumed.arrays()[name], values)
    *_, almost = grow(linear_classifier, noise_dataset, dataclasses.replace(CONFIG, fraction=0.99))  # 36.6 of 37
    assert almost.counts[1] == 37 and "sample" not in almost.metadata and almost.bits is not None


def test_sample_is_balanced_by_class():
    for wave in half_plane(9):
        for size in (20, 33, 100):
            chosen = balanced_sample(LABELS, size, wave, seed=7)
            assert len(set(chosen.tolist())) == size and (np.diff(chosen) > 0).all()
            shares = np.array([40, 40, 15, 5]) * size / 100
            assert (abs(np.bincount(LABELS[chosen], minlength=4) - shares) < 1).all()
    waves = half_plane(63)
    drawn = np.bincount(np.concatenate([balanced_sample(LABELS, 30, wave, seed=1) for wave in waves]))
    expected = 0.3 * len(waves)
    assert abs(drawn - expected).max() < 4.5 * np.sqrt(expected * 0.7)  # binomial, the largest of a hundred


def test_a_sample_depends_on_wave_and_seed_alone():
    def sample(wave, seed):
        return balanced_sample(LABELS, 20, wave, seed=seed).tolist()

    assert sample((3, -2), 5) == sample((-3, 2), 5)
    assert all(other != sample((3, -2), 5) for other in (sample((3, -2), 6), sample((3, 2), 5), sample((2, 3), 5)))
    # Fixed values, so that a map begun by one version is not continued with other images by another.
    assert sample((3, -2), 5) == [3, 4, 13, 14, 16, 25, 31, 33, 44, 49, 51, 55, 58, 69, 70, 72, 77, 79, 90, 92]
    labels = np.zeros(2000, int)
    positive = [
        (random_signs(2000, wave, seed=3)[balanced_sample(labels, 500, wave, seed=3)] > 0).mean(axis=0)
        for wave in half_plane(15)
    ]
    assert abs(np.mean(positive, axis=0) - 0.5).max() < 4 * 0.5 / np.sqrt(500 * len(half_plane(15)))
    assert [images_per_wave(10_000, 0.02), images_per_wave(37, 0.02), images_per_wave(20, 1.0)] == [200, 1, 20]


def test_sampling_variance_is_that_of_many_samples():
    labels = np.repeat([0, 1, 2], [200, 200, 100])
    wrong = np.random.default_rng(2).random(500) < np.array([0.05, 0.9, 0.4])[labels]
    samples = [balanced_sample(labels, 100, wave, seed=0) for wave in half_plane(63)]
    rates = np.array([wrong[sample].mean() for sample in samples])
    variance = np.mean([sampling_variance(wrong[sample], labels[sample], 500) for sample in samples])
    assert rates.mean() == pytest.approx(wrong.mean(), abs=0.003)
    assert variance == pytest.approx(rates.var(), rel=0.12)  # the variance of 1,985 draws is known to 3%
    assert variance < 0.6 * 0.8 * wrong.mean() * (1 - wrong.mean()) / 100, "of images drawn at random"
    alone = np.array([True, False, False, True, False])  # of single images, that of the whole sample
    assert sampling_variance(alone, np.arange(5), 50) == pytest.approx(0.4 * 0.6 / 4 * 0.9)
