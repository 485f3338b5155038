"""The loop on a network with known errors, and the file it writes."""

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
from core.fourier.outcomes import CorruptionOutcomes
from core.shared.files import ArchiveError
from core.shared.numbers import wilson
from core.sweep.grow import grow
from core.sweep.transforms import CorruptionConfig

SIZE = 16
CLASSES = ClassSet("custom", ("dark", "bright"))
CONFIG = CorruptionConfig(25, seed=3, batch_size=7)


def pictures(count=40):
    """Grey noise around 0.35, or for class 1 around 0.5."""
    labels = np.arange(count) % 2
    noise = np.random.default_rng(0).integers(-60, 61, (count, 3, SIZE, SIZE))
    images = np.where(labels == 0, 89, 128)[:, None, None, None] + noise
    return ImageDataset("noise", "test", images.astype(np.uint8), labels, CLASSES, "made here")


def brighter_than(level, name="threshold"):
    """Logits: 0, and the mean over pixels and channels minus `level`."""
    layer = nn.Linear(3 * SIZE * SIZE, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.stack([torch.zeros(3 * SIZE * SIZE), torch.full((3 * SIZE * SIZE,), 1 / 768)]))
        layer.bias.copy_(torch.tensor([0.0, -level]))
    inside = nn.Sequential(nn.Flatten(), layer)
    return ClosedSetClassifier(Identity(name, "on paper"), inside, Preprocess(SIZE, (0.0,) * 3, (1.0,) * 3), CLASSES)


@pytest.fixture(scope="module")
def states():
    return list(grow(brighter_than(0.425), pictures(), CONFIG))


def test_contrast_keeps_the_mean_and_brightness_does_not(states):
    outcomes = states[-1]
    assert outcomes.clean.all() and outcomes.correct[outcomes.keys.index("contrast")].all()
    labels = pictures().labels[CONFIG.places(pictures())[:, 0]]
    np.testing.assert_array_equal(outcomes.correct[outcomes.keys.index("brightness")][1:], [labels == 1] * 2)
    error = outcomes.errors("brightness", strength=2).measured
    assert error == pytest.approx(wilson((labels == 0).mean(), 25))
    mean = outcomes.errors("brightness")
    assert mean.measured.value == pytest.approx(
        np.mean([outcomes.errors("brightness", strength=s).measured.value for s in (1, 2, 3)])
    )
    assert outcomes.errors("contrast", "brightness").measured.value == pytest.approx(mean.measured.value / 2)
    assert mean.minus(outcomes.clean_errors()).measured.low > 0


def test_outcomes_and_spectra_are_those_of_pictures_corrupted_one_by_one(states):
    data, network, outcomes = pictures(), brighter_than(0.425), states[-1]
    for key in ("noise", "fog", "blur"):
        row, d = CORRUPTIONS[key], outcomes.keys.index(key)
        for strength in STRENGTHS:
            energy = []
            for n, place in enumerate(CONFIG.places(pictures())[:, 0].tolist()):
                image = data.images[[place]].astype(np.float32) / 255
                changed = corrupt(image, row, strength, [place], seed=3)
                prediction = int(changed.astype(np.float64).mean() > 0.425)
                assert outcomes.correct[d, strength - 1, n] == (prediction == data.labels[place])
                assert int(network(torch.from_numpy(changed)).argmax()) == prediction
                energy.append(energy_by_radius(changed - image))
            np.testing.assert_allclose(outcomes.spectrum[d, strength - 1], np.mean(energy, axis=0), rtol=1e-6)


def test_pictures_are_drawn_once_each_and_fewer_are_the_first_of_more():
    data = pictures(100)
    many = CorruptionConfig(100, 4).places(data)
    assert sorted(many[:, 0]) == list(range(100)) and (CorruptionConfig(9, 4).places(data) == many[:9]).all()
    assert (CorruptionConfig(9, 5).places(data) != many[:9]).any()
    assert len(CorruptionConfig(1).places(data)) == 1
    with pytest.raises(ValueError, match="at least 1"):
        CorruptionConfig(0)


def test_it_goes_on_from_where_it_stopped_and_a_kept_state_never_changes(states, tmp_path):
    network, data = brighter_than(0.425), pictures()
    assert [int(state.measured.sum()) for state in states] == list(range(1, 26))
    states[9].save(tmp_path / "half.npz")
    half = CorruptionOutcomes.load(tmp_path / "half.npz")
    rest = list(grow(network, data, CONFIG, half))
    assert len(rest) == 15 and half.measured.sum() == 10
    np.testing.assert_array_equal(rest[-1].correct, states[-1].correct)
    np.testing.assert_array_equal(rest[-1].clean, states[-1].clean)
    np.testing.assert_allclose(rest[-1].spectrum, states[-1].spectrum, rtol=1e-6)
    assert list(grow(network, data, CONFIG, rest[-1])) == []
    assert CONFIG.empty(network, data).differences(half) == []
    for other, why in (
        (CorruptionConfig(24, 3), "pictures '24', not '25'"),
        (CorruptionConfig(25, 4), "seed '4', not '3'"),
    ):
        assert other.empty(network, data).differences(half) == [why]


def test_a_file_holds_everything_and_damage_is_refused(states, tmp_path):
    outcomes, path = states[-1], tmp_path / "one.npz"
    outcomes.save(path)
    again = CorruptionOutcomes.load(path)
    for name in ("correct", "clean"):
        np.testing.assert_array_equal(getattr(again, name), getattr(outcomes, name))
    assert again.metadata == outcomes.metadata and again.images == outcomes.images and again.measured.all()
    rows = outcomes.metadata["corruptions"]
    for change in (
        {"bits": outcomes.bits[:8]},
        {"bits": outcomes.bits[..., :2]},
        {"bits": None},
        {"numbers": {"spectrum": -outcomes.numbers["spectrum"]}},
        {"numbers": {"spectrum": outcomes.numbers["spectrum"][..., 0]}},
        {"metadata": {**outcomes.metadata, "pictures": 9}},
        {"metadata": {**outcomes.metadata, "corruptions": {**rows, "fog": [1, 2]}}},
        {"metadata": {**outcomes.metadata, "corruptions": {**rows, "fog": [1, 2, "x"]}}},
    ):
        forged = dataclasses.replace(outcomes)
        for name, value in change.items():
            object.__setattr__(forged, name, value)
        forged.save(path)
        with pytest.raises(ArchiveError, match=r"one\.npz"):
            CorruptionOutcomes.load(path)


def test_logits_that_are_not_finite_are_an_error():
    with pytest.raises(RuntimeError, match="not finite"):
        next(grow(brighter_than(math.nan), pictures(), CONFIG))
