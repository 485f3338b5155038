"""Hybrids and corruptions of pictures on networks known on paper, against pictures changed one by one; resumed."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from core.classifiers.classifier import ClosedSetClassifier, Preprocess
from core.classifiers.weights import Identity
from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt, energy_by_radius
from core.data.sample_sets import ClassSet, ImageDataset
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes, crossover_of, paired_difference
from core.shared.files import ArchiveError
from core.shared.numbers import wilson
from core.sweep.corruption_sweep import CorruptionConfig
from core.sweep.grow import grow
from core.sweep.hybrid_sweep import HybridConfig, default_cutoffs, draw_pairs

SIZE, CUTOFFS = 16, (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)
CLASSES = ClassSet("custom", ("first", "second"))
LABELS = np.arange(100) % 3
CORRUPTED = CorruptionConfig(25, seed=3, batch_size=7)
MIXED = HybridConfig(20, CUTOFFS)


def dataset(images):
    return ImageDataset("made here", "test", images.astype(np.uint8), np.arange(len(images)) % 2, CLASSES, "made here")


def network(weight, bias, middle):
    """Linear logits of pixels minus `middle`."""
    layer = nn.Linear(3 * SIZE * SIZE, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.as_tensor(np.stack(weight), dtype=torch.float32))
        layer.bias.copy_(torch.tensor(bias))
    inside, preprocess = nn.Sequential(nn.Flatten(), layer), Preprocess(SIZE, (middle,) * 3, (1.0,) * 3)
    return ClosedSetClassifier(Identity("linear", "on paper"), inside, preprocess, CLASSES)


def wave(i):
    return np.cos(2 * np.pi * i * np.arange(SIZE) / SIZE)[:, None] * np.ones((1, SIZE))


def stripes(slow, fast, count=40):
    """Pictures of two classes. Class 0 adds two waves, of i = `slow` and of i = `fast`; class 1 subtracts both."""
    sign = np.where(np.arange(count) % 2 == 0, 1, -1)[:, None, None]
    return dataset(np.repeat(np.rint(128 + 40 * sign * (wave(slow) + wave(fast)))[:, None], 3, axis=1))


def linear(slow, fast, weight=1.0):
    """Logits: plus and minus the sum of the slow wave's amplitude and `weight` times the fast one's."""
    matrix = np.tile((wave(slow) + weight * wave(fast)).ravel(), 3)
    return network([matrix, -matrix], [0.0, 0.0], 0.5)


def grey(count=40):
    """Grey noise around 0.35, or for class 1 around 0.5."""
    noise = np.random.default_rng(0).integers(-60, 61, (count, 3, SIZE, SIZE))
    return dataset(np.where(np.arange(count) % 2 == 0, 89, 128)[:, None, None, None] + noise)


def brighter_than(level):
    """Logits: 0, and the mean over pixels and channels minus `level`."""
    return network([np.zeros(3 * SIZE * SIZE), np.full(3 * SIZE * SIZE, 1 / 768)], [0.0, -level], 0.0)


# A sweep of each kind: network, data, settings, class of its table, and settings that differ in one thing each.
SWEEPS = {
    "hybrids": (
        linear(1, 6), stripes(1, 6), MIXED, HybridOutcomes,
        (HybridConfig(19, CUTOFFS), HybridConfig(20, CUTOFFS[1:]), HybridConfig(20, CUTOFFS, seed=1)),
    ),
    "corruptions": (
        brighter_than(0.425), grey(), CORRUPTED, CorruptionOutcomes,
        (CorruptionConfig(24, 3), CorruptionConfig(25, 4)),
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    """The whole table of each sweep."""
    return {name: list(grow(*sweep[:3]))[-1] for name, sweep in SWEEPS.items()}


@pytest.mark.parametrize("name", SWEEPS)
def test_table_differs_from_those_of_other_settings(name, tables):
    classifier, data, config, kind, others = SWEEPS[name]
    assert tables[name].equals(kind.from_bytes(tables[name].to_bytes(), name="whole.npz"))
    assert list(grow(classifier, data, config, tables[name])) == []
    assert [len(other.empty(classifier, data).differences(tables[name])) for other in others] == [1] * len(others)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("hybrids", lambda table: {"numbers": {**table.numbers, "cutoffs": table.numbers["cutoffs"][::-1]}}),
        ("hybrids", lambda table: {"labels": table.labels + np.uint16(2)}),
        ("corruptions", lambda table: {"numbers": {"spectrum": -table.numbers["spectrum"]}}),
        ("corruptions", lambda table: {"metadata": {**table.metadata, "pictures": 9}}),
        ("corruptions", lambda table: {"metadata": {**table.metadata, "corruptions": {"fog": [1, 2]}}}),
    ],
)
def test_a_file_that_contradicts_itself_is_refused(name, change, tables, tmp_path):
    forged = dataclasses.replace(tables[name])
    for field, value in change(forged).items():
        object.__setattr__(forged, field, value)
    forged.save(tmp_path / "one.npz")
    with pytest.raises(ArchiveError, match=r"one\.npz"):
        type(forged).load(tmp_path / "one.npz")


def test_logits_that_are_not_finite_are_an_error():
    with pytest.raises(RuntimeError, match="not finite"):
        next(grow(brighter_than(math.nan), grey(), CORRUPTED))


# Corruptions


def test_contrast_keeps_the_mean_and_brightness_does_not(tables):
    outcomes = tables["corruptions"]
    assert outcomes.clean.all() and outcomes.correct[outcomes.keys.index("contrast")].all()
    labels = grey().labels[CORRUPTED.positions(grey())[:, 0]]
    np.testing.assert_array_equal(outcomes.correct[outcomes.keys.index("brightness")][1:], [labels == 1] * 2)
    error = outcomes.errors("brightness", strength=2).measured
    assert error == pytest.approx(wilson((labels == 0).mean(), 25))
    mean = outcomes.errors("brightness")
    assert outcomes.errors("contrast", "brightness").measured.value == pytest.approx(mean.measured.value / 2)
    assert mean.minus(outcomes.clean_errors()).measured.low > 0


def test_outcomes_are_those_of_single_corruptions(tables):
    data, classifier, outcomes = grey(), brighter_than(0.425), tables["corruptions"]
    for key in ("noise", "fog", "blur"):
        row, d = CORRUPTIONS[key], outcomes.keys.index(key)
        for strength in STRENGTHS:
            energy = []
            for n, position in enumerate(CORRUPTED.positions(data)[:, 0].tolist()):
                image = data.images[[position]].astype(np.float32) / 255
                changed = corrupt(image, row, strength, [position], seed=3)
                prediction = int(changed.astype(np.float64).mean() > 0.425)
                assert outcomes.correct[d, strength - 1, n] == (prediction == data.labels[position])
                assert int(classifier(torch.from_numpy(changed)).argmax()) == prediction
                energy.append(energy_by_radius(changed - image))
            np.testing.assert_allclose(outcomes.spectrum[d, strength - 1], np.mean(energy, axis=0), rtol=1e-6)


def test_pictures_are_drawn_once_each():
    data = grey(100)
    many = CorruptionConfig(100, 4).positions(data)
    assert sorted(many[:, 0]) == list(range(100)) and (CorruptionConfig(9, 4).positions(data) == many[:9]).all()
    assert (CorruptionConfig(9, 5).positions(data) != many[:9]).any()


# Hybrids


def on_paper(slow, fast, weight=1.0):
    """The logit changes sign where w(slow) + weight w(fast) is half of 1 + weight, w(r) = exp(-r^2 / 2c^2).

    With the low picture +1 and the high one -1 the logit is proportional to sum_r a_r (2 w(r) - 1).
    """
    low, high = 0.01, 100.0
    for _ in range(60):
        c = math.sqrt(low * high)
        lead = sum(a * (2 * math.exp(-(r**2) / (2 * c**2)) - 1) for r, a in ((slow, 1), (fast, weight)))
        low, high = (low, c) if lead > 0 else (c, high)
    return c


@pytest.mark.parametrize(("slow", "fast", "weight"), [(1, 6, 1.0), (2, 3, 1.0), (1, 5, 3.0)])
def test_a_linear_network_crosses_over_as_on_paper(slow, fast, weight):
    *_, outcomes = grow(linear(slow, fast, weight), stripes(slow, fast), MIXED)
    at = on_paper(slow, fast, weight)
    assert [bool(c > at) for c in CUTOFFS] == outcomes.says[0].all(axis=1).tolist()
    assert (outcomes.says[0] == ~outcomes.says[1]).all() and (outcomes.predictions == outcomes.labels).all()
    k = next(k for k, c in enumerate(CUTOFFS) if c > at)
    assert crossover_of(outcomes).radius == pytest.approx([(CUTOFFS[k - 1] + CUTOFFS[k]) / 2] * 3)  # from -1 to +1
    few = HybridConfig(20, CUTOFFS[k - 1 : k + 1])
    _, short, two = grow(linear(slow, fast, weight), stripes(slow, fast), few)
    assert crossover_of(short) is None and crossover_of(two).radius == crossover_of(outcomes).radius


def test_outcomes_are_those_of_pictures_mixed_one_by_one():
    images = np.random.default_rng(3).integers(0, 256, (30, 3, SIZE, SIZE), dtype=np.uint8)
    data, classifier = dataset(images), linear(1, 6)
    *_, outcomes = grow(classifier, data, HybridConfig(25, (1.0, 4.0), seed=2, batch_size=7))
    i = np.fft.fftfreq(SIZE, 1 / SIZE)
    for k, cutoff in enumerate((1.0, 4.0)):
        share, shares = np.exp(-(i[:, None] ** 2 + i**2) / (2 * cutoff**2)), []
        for n, (a, b) in enumerate(draw_pairs(data.labels, 25, seed=2)):
            whole = share * np.fft.fft2(images[a] / 255) + (1 - share) * np.fft.fft2(images[b] / 255)
            picture = np.fft.ifft2(whole).real
            prediction = int(classifier(torch.tensor(picture.clip(0, 1), dtype=torch.float32)[None]).argmax())
            assert outcomes.says[:, k, n].tolist() == [prediction == data.labels[a], prediction == data.labels[b]]
            around = picture - picture.mean(axis=(1, 2), keepdims=True)
            shares.append(math.dist(picture.ravel(), picture.clip(0, 1).ravel()) / np.sqrt((around**2).sum()))
        assert outcomes.numbers["clipped"][1 + k] == pytest.approx(np.mean(shares))


def test_two_networks_are_compared_on_the_same_pairs_only():
    data = stripes(1, 6)
    (*_, a), (*_, b) = (grow(linear(1, 6, weight), data, MIXED) for weight in (0.2, 5.0))
    expected = crossover_of(a).radius.value - crossover_of(b).radius.value
    assert expected < -1 and paired_difference(a, b) == pytest.approx([expected] * 3)
    for other in (HybridConfig(20, CUTOFFS, seed=1), HybridConfig(20, (0.1, 0.2))):  # other pairs; no crossover
        *_, table = grow(linear(1, 6), data, other)
        assert paired_difference(a, table) is None


def test_pairs_are_of_different_classes():
    many = draw_pairs(LABELS, 500, seed=4)
    assert (LABELS[many[:, 0]] != LABELS[many[:, 1]]).all() and len(np.unique(many[:30])) == 60
    assert (draw_pairs(LABELS, 20, seed=4) == many[:20]).all() and (draw_pairs(LABELS, 20, seed=5) != many[:20]).any()
    with pytest.raises(ValueError, match="different classes"):
        draw_pairs(np.zeros(5, int), 1, seed=0)


def test_cutoffs_cover_one_to_half_the_size():
    small = default_cutoffs(32)
    assert small[:3] == (1, 1.5, 2) and small[-1] == 16 and {3.0, 5.0, 8.0} <= set(small)
    for size in (8, 16, 32, 64, 224):
        assert default_cutoffs(size)[0] == 1 and 0.8 * size / 2 < default_cutoffs(size)[-1] <= size / 2
    for cutoffs in ((1.0,), (2.0, 1.0), (0.0, 1.0)):
        with pytest.raises(ValueError, match="finite, ascending"):
            HybridConfig(3, cutoffs).empty(linear(1, 6), stripes(1, 6))
