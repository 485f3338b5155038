"""One picture under every wave: the exact map wave by wave, then how well one backward pass stands for it."""

import numpy as np

from core.classifiers.predictions import class_probabilities, wave_on_image
from core.classifiers.registry import load_classifier
from core.data.dataset import ImageDataset
from core.data.samples import load_samples
from core.fourier.basis import half_plane
from core.sweep.config import SweepConfig
from ui.sweeps.picture import SHRINK, correlation_words, picture_maps


def test_both_maps_of_one_picture_come_wave_by_wave():
    data = load_samples("cifar10-samples")
    one = ImageDataset("one picture", "test", data.images[3:4], data.labels[3:4], data.classes, "a sample")
    classifier = load_classifier("mini-resnet", data.classes)
    states = list(picture_maps(classifier, one, SweepConfig(side=5, epsilon=4.0, batch_size=16)))
    assert len(states) == 1 + len(half_plane(5)) + len(SHRINK)
    image, last = data.images[3].astype(np.float32) / 255, states[-1]
    for i, j in half_plane(5):
        perturbed = wave_on_image(image, (i, j), 4.0, seed=0).perturbed
        exact = class_probabilities(classifier, perturbed[None])[0, data.labels[3]]
        assert abs(last.heatmap.true_probability[i + 2, j + 2] - exact) < 1e-4
    assert list(last.correlations) == [4.0 / divisor for divisor in SHRINK]
    assert last.correlations[4.0 / SHRINK[-1]] > 0.95


def test_correlations_are_told_with_their_strength():
    assert correlation_words({4.0: -0.061, 0.25: 0.5, 1.0: float("nan")}).endswith(
        "v = 4: \N{MINUS SIGN}0.06 · v = 0.25: 0.50 · v = 1: none."
    )
