"""Predictions for one image and for many, under a wave and filtered, against the sweep and plain loops."""

import json

import numpy as np
import pytest

from core.fourier.heatmap import outcome_rows
from core.fourier.waves import hybrid
from core.shared.device import class_probabilities
from core.sweep.answers import WaveAnswers, no_answers
from core.sweep.predict import (
    HybridPredictions,
    hybrid_cutoffs,
    predict_hybrids,
    wave_on_image,
)
from core.sweep.wave_sweep import SweepConfig


def test_swept_probability_equals_predictions(linear_classifier, noise_images, noise_dataset):
    images, labels = noise_images
    config = SweepConfig(size=3, epsilon=1.5, seed=4, cells=((1, 0),))
    (row,) = config.measure(linear_classifier, noise_dataset, outcome_rows([(1, 0)], 3))
    singles = [
        class_probabilities(linear_classifier, wave_on_image(image, (1, 0), 1.5, seed=4, position=k)[None])[0, label]
        for k, (image, label) in enumerate(zip(images.astype(np.float32) / 255, labels, strict=True))
    ]
    assert row.numbers["true_probability"] == pytest.approx(np.mean(singles), abs=1e-5)


def test_hybrids_are_predicted_at_every_cutoff(linear_classifier):
    low, high = np.random.default_rng(5).random((2, 3, 8, 8), dtype=np.float32)
    cutoffs = hybrid_cutoffs(8)
    predictions = predict_hybrids(linear_classifier, low, high, cutoffs)
    assert cutoffs[0] == 0.5 and cutoffs[-1] == 8 and list(cutoffs) == sorted(set(cutoffs)) and 2.0 in cutoffs
    for k in (0, 20, len(cutoffs) - 1):
        alone = class_probabilities(linear_classifier, hybrid(low, high, cutoffs[k])[None])[0]
        np.testing.assert_allclose(predictions.mixed[k], alone, atol=1e-6)
    for part, image in ((predictions.low, low), (predictions.high, high)):
        np.testing.assert_allclose(part, class_probabilities(linear_classifier, image[None])[0], atol=1e-6)
    assert predictions.cutoffs == cutoffs


def test_top_prediction_is_one_of_the_three_that_are_shown():
    mixed = np.random.default_rng(0).dirichlet(np.ones(12), 40)
    shown = HybridPredictions(tuple(range(1, 41)), mixed[0], mixed[1], mixed).between(3, 7)
    np.testing.assert_array_equal(shown.tops, mixed.argmax(1))
    np.testing.assert_array_equal(shown.shares, mixed[:, [3, 7]])
    assert not np.isin(shown.others, [3, 7]).any()
    np.testing.assert_array_equal(shown.other_shares, np.delete(mixed, [3, 7], axis=1).max(1))


def test_answers_of_version_1_open_with_the_new_name(tmp_path):
    answers = no_answers("toy", 2, "cifar10", 3, 4.0)
    (tmp_path / "new.npz").write_bytes(answers.to_bytes())
    with np.load(tmp_path / "new.npz") as file:
        arrays, metadata = {name: file[name] for name in file.files}, json.loads(str(file["metadata"]))
    assert metadata["size"] == 3 and "side" not in metadata
    metadata["side"] = metadata.pop("size")
    np.savez(tmp_path / "old.npz", **arrays | {"metadata": np.array(json.dumps(metadata))})
    old = WaveAnswers.load(tmp_path / "old.npz")
    assert old.size == 3 and old.metadata == answers.metadata
