"""The loop on networks with a known crossover, and the file it writes."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from torch import nn

from core.classifiers.classifier import ClosedSetClassifier, Preprocess
from core.classifiers.weights import Identity
from core.data.sample_sets import ClassSet, ImageDataset
from core.fourier.outcomes import HybridOutcomes, crossover_of, dissimilar_pairs, paired_difference
from core.shared.files import ArchiveError
from core.sweep.grow import grow
from core.sweep.transforms import HybridConfig, draw_pairs

SIZE, CUTOFFS = 16, (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0)
CLASSES = ClassSet("custom", ("slow", "fast"))


def wave(i):
    return np.cos(2 * np.pi * i * np.arange(SIZE) / SIZE)[:, None] * np.ones((1, SIZE))


def stripes(slow, fast, count=40):
    """Pictures of two classes. Class 0 adds two waves, of i = `slow` and of i = `fast`; class 1 subtracts both."""
    labels = np.arange(count) % 2
    sign = np.where(labels == 0, 1, -1)[:, None, None]
    grey = 128 + 40 * sign * (wave(slow) + wave(fast))
    images = np.repeat(np.rint(grey)[:, None], 3, axis=1).astype(np.uint8)
    return ImageDataset("stripes", "test", images, labels, CLASSES, "made here")


def linear(slow, fast, weight=1.0, name="linear"):
    """Logits: plus and minus the sum of the slow wave's amplitude and `weight` times the fast one's."""
    matrix = torch.tensor(wave(slow) + weight * wave(fast), dtype=torch.float32).expand(3, SIZE, SIZE).reshape(1, -1)
    layer = nn.Linear(3 * SIZE * SIZE, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.cat([matrix, -matrix]))
    inside = nn.Sequential(nn.Flatten(), layer)
    return ClosedSetClassifier(Identity(name, "on paper"), inside, Preprocess(SIZE, (0.5,) * 3, (0.5,) * 3), CLASSES)


def states_of(*settings):
    """The tables of a sweep with at least one cutoff."""
    return list(grow(*settings))[1:]


def last(*settings):
    return states_of(*settings)[-1]


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
def test_a_linear_network_changes_its_mind_where_paper_and_pencil_say(slow, fast, weight):
    outcomes = last(linear(slow, fast, weight), stripes(slow, fast), HybridConfig(20, CUTOFFS))
    at = on_paper(slow, fast, weight)
    assert [bool(c > at) for c in CUTOFFS] == outcomes.says[0].all(axis=1).tolist()
    assert (outcomes.says[0] == ~outcomes.says[1]).all()
    k = next(k for k, c in enumerate(CUTOFFS) if c > at)
    assert crossover_of(outcomes).radius == pytest.approx([(CUTOFFS[k - 1] + CUTOFFS[k]) / 2] * 3)  # from -1 to +1
    short, two = states_of(linear(slow, fast, weight), stripes(slow, fast), HybridConfig(20, CUTOFFS[k - 1 : k + 1]))
    assert crossover_of(short) is None and crossover_of(two).radius == crossover_of(outcomes).radius
    assert (outcomes.predictions == outcomes.labels).all()


def test_outcomes_are_those_of_pictures_mixed_one_by_one():
    rng = np.random.default_rng(3)
    images = rng.integers(0, 256, (30, 3, SIZE, SIZE), dtype=np.uint8)
    data = ImageDataset("noise", "test", images, np.arange(30) % 2, CLASSES, "made here")
    network = linear(1, 6)
    outcomes = last(network, data, HybridConfig(25, (1.0, 4.0), seed=2, batch_size=7))
    pairs = draw_pairs(data.labels, 25, seed=2)
    i = np.fft.fftfreq(SIZE, 1 / SIZE)
    for k, cutoff in enumerate((1.0, 4.0)):
        share, shares = np.exp(-(i[:, None] ** 2 + i**2) / (2 * cutoff**2)), []
        for n, (a, b) in enumerate(pairs):
            whole = share * np.fft.fft2(images[a] / 255) + (1 - share) * np.fft.fft2(images[b] / 255)
            picture = np.fft.ifft2(whole).real
            prediction = int(network(torch.tensor(picture.clip(0, 1), dtype=torch.float32)[None]).argmax())
            assert outcomes.says[:, k, n].tolist() == [prediction == data.labels[a], prediction == data.labels[b]]
            around = picture - picture.mean(axis=(1, 2), keepdims=True)
            shares.append(math.dist(picture.ravel(), picture.clip(0, 1).ravel()) / np.sqrt((around**2).sum()))
        assert outcomes.numbers["clipped"][1 + k] == pytest.approx(np.mean(shares))


def test_it_goes_on_from_where_it_stopped_and_a_kept_state_never_changes(tmp_path):
    network, data, config = linear(1, 6), stripes(1, 6), HybridConfig(20, CUTOFFS)
    states = states_of(network, data, config)
    assert [state.says.shape[1] for state in states] == list(range(1, len(CUTOFFS) + 1))
    assert (states[0].predictions == states[0].labels).all()
    states[3].save(tmp_path / "half.npz")
    half = HybridOutcomes.load(tmp_path / "half.npz")
    rest = list(grow(network, data, config, half))
    assert [state.says.shape[1] for state in rest] == list(range(5, len(CUTOFFS) + 1)) and half.says.shape[1] == 4
    np.testing.assert_array_equal(rest[-1].says, states[-1].says)
    np.testing.assert_array_equal(rest[-1].predictions, states[-1].predictions)
    assert list(grow(network, data, config, rest[-1])) == []
    assert config.empty(network, data).differences(half) == []
    for other in (HybridConfig(19, CUTOFFS), HybridConfig(20, CUTOFFS[1:]), HybridConfig(20, CUTOFFS, seed=1)):
        assert len(other.empty(network, data).differences(half)) == 1


def test_a_file_holds_everything_and_damage_is_refused(tmp_path):
    outcomes, path = last(linear(1, 6), stripes(1, 6), HybridConfig(20, CUTOFFS)), tmp_path / "one.npz"
    outcomes.save(path)
    again = HybridOutcomes.load(path)
    for name in ("cutoffs", "says", "labels", "predictions"):
        np.testing.assert_array_equal(getattr(again, name), getattr(outcomes, name))
    assert again.metadata == outcomes.metadata and again.metadata["classifier"]["weights_id"] == "on paper"
    assert again.metadata["source"]["type"] == "computed" and again.metadata["dataset"]["n"] == 40
    for change in (
        {"numbers": {**outcomes.numbers, "cutoffs": outcomes.numbers["cutoffs"][::-1]}},
        {"labels": outcomes.labels + np.uint16(2)},
        {"labels": outcomes.labels[0]},
        {"predictions": None},
        {"counts": outcomes.counts + 1},
    ):
        forged = dataclasses.replace(outcomes)
        for name, value in change.items():
            object.__setattr__(forged, name, value)
        forged.save(path)
        with pytest.raises(ArchiveError, match="one.npz"):
            HybridOutcomes.load(path)


def test_two_networks_are_compared_on_the_same_pairs_only():
    data, config = stripes(1, 6), HybridConfig(20, CUTOFFS)
    a, b = (last(linear(1, 6, weight), data, config) for weight in (0.2, 5.0))
    expected = crossover_of(a).radius.value - crossover_of(b).radius.value
    assert expected < -1 and paired_difference(a, b) == pytest.approx([expected] * 3)
    assert paired_difference(a, last(linear(1, 6), data, HybridConfig(20, CUTOFFS, seed=1))) is None
    assert paired_difference(a, last(linear(1, 6), data, HybridConfig(20, (0.1, 0.2)))) is None  # no crossover


def test_classes_taken_for_each_other_can_be_left_out():
    facts = {"class_names": ["cat", "dog", "ship"], "seed": 0}
    labels = np.array([[0, 1, 2, 0], [1, 0, 0, 2]])  # cat and dog twice, cat and ship twice
    predictions = np.array([[1, 1, 2, 0], [1, 0, 0, 2]])  # one of four cats is taken for a dog
    outcomes = HybridOutcomes(
        np.full(3, 4),
        np.zeros((3, 2), np.int64),
        facts,
        np.zeros((3, 2, 1), np.uint8),
        labels.astype(np.uint16),
        predictions.astype(np.uint16),
        {"cutoffs": np.array([0.0, 1.0, 2.0]), "clipped": np.zeros(3, np.float32)},
    )
    assert dissimilar_pairs(outcomes, 0.1).tolist() == [False, False, True, True]  # (1/4 + 0) / 2 = 0.125
    assert dissimilar_pairs(outcomes, 0.13).all()
    assert outcomes.subset(dissimilar_pairs(outcomes, 0.1)).labels.tolist() == [[2, 0], [0, 2]]


def test_logits_that_are_not_finite_are_an_error():
    with pytest.raises(RuntimeError, match="not finite"):
        last(linear(1, 6, math.nan), stripes(1, 6), HybridConfig(20, CUTOFFS))
