"""Predictions for one image, and flips over many, against the sweep and against plain loops."""

import numpy as np
import pytest
import torch

from core.classifiers.predictions import (
    class_probabilities,
    flips,
    predict_under_wave,
    top1_predictions,
    wave_on_image,
)
from core.fourier.basis import fourier_basis, random_signs
from core.sweep.cells import SweepConfig, sweep_cells


def test_wave_on_image_gives_an_image_the_signs_of_its_place_in_the_data_set(noise_images):
    images, _ = noise_images
    image = images[5].astype(np.float32) / 255
    wave = wave_on_image(image, (2, -1), 1.5, seed=3, position=5)
    signs = random_signs(6, (2, -1), seed=3)[5]
    expected = np.clip(image + 1.5 * signs[:, None, None] * fourier_basis(2, -1, 8, 8), 0, 1)
    np.testing.assert_allclose(wave.perturbed, expected, atol=1e-6)
    np.testing.assert_allclose(wave.norm, np.linalg.norm(wave.change.reshape(3, -1), axis=1), rtol=1e-5)


def test_predict_under_wave_holds_the_clean_the_perturbed_and_the_curve(linear_classifier, noise_images):
    image = noise_images[0][0].astype(np.float32) / 255
    found = predict_under_wave(linear_classifier, image, (1, 1), 2.0, (0.0, 1.0, 2.0), seed=0)
    np.testing.assert_allclose(found.clean.sum(), 1, rtol=1e-5)
    np.testing.assert_allclose(found.curve[0], found.clean, rtol=1e-5)
    np.testing.assert_allclose(found.curve[2], found.perturbed, rtol=1e-5)
    assert not np.allclose(found.curve[1], found.clean)
    logits = linear_classifier(torch.from_numpy(image)[None])
    np.testing.assert_allclose(found.clean, logits.softmax(1)[0].numpy(), rtol=1e-5)


def test_mean_true_probability_of_a_sweep_is_that_of_single_predictions(linear_classifier, noise_images, noise_dataset):
    images, labels = noise_images
    config = SweepConfig(side=3, epsilon=1.5, seed=4, cells=((1, 0),))
    (cell,) = sweep_cells(linear_classifier, noise_dataset, config)
    singles = [
        predict_under_wave(linear_classifier, image, (1, 0), 1.5, (), seed=4, position=k).perturbed[label]
        for k, (image, label) in enumerate(zip(images.astype(np.float32) / 255, labels, strict=True))
    ]
    assert cell.true_probability == pytest.approx(np.mean(singles), abs=1e-5)


@pytest.mark.parametrize("chunk", [1, 10, 37])
def test_flips_count_the_same_in_any_chunks_and_agree_with_a_loop(linear_classifier, noise_images, chunk):
    images, labels = noise_images
    before = top1_predictions(linear_classifier, images)
    parts = [
        flips(linear_classifier, images[part], labels[part], before[part], (1, 2), 2.0, seed=1, start=part.start)
        for part in (slice(start, start + chunk) for start in range(0, len(images), chunk))
    ]
    changed = broken = repaired = 0
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        wave = wave_on_image(image.astype(np.float32) / 255, (1, 2), 2.0, seed=1, position=k)
        first, after = class_probabilities(linear_classifier, np.stack([wave.clean, wave.perturbed])).argmax(1)
        changed += first != after
        broken += first == label != after
        repaired += first != label == after
    assert changed > 0
    assert (
        sum(part.changed for part in parts),
        sum(part.broken for part in parts),
        sum(part.repaired for part in parts),
        sum(part.count for part in parts),
    ) == (changed, broken, repaired, 37)
