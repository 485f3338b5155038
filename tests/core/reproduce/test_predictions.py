"""The stored predictions of the story's pictures match the networks and the pictures chosen now."""

from dataclasses import replace

import numpy as np
import pytest

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10
from core.data.stored import VARIABLE
from core.fourier.waves import half_plane
from core.sweep.grow import grow
from core.sweep.predict import predict_under_waves
from core.sweep.transforms import SIDE, PredictionConfig, chosen_pictures, stored_predictions


@pytest.mark.parametrize("name", [chosen_pictures()["turned"], chosen_pictures()["kept"]])
def test_stored_predictions_are_the_networks(name):
    stored, classifier = stored_predictions()[name], load_classifier(name, CIFAR10)
    *_, made = grow(classifier, load_samples(chosen_pictures()["samples"]), PredictionConfig())
    assert stored.metadata["classifier"]["sha256"] == classifier.sha256 and stored.is_current
    assert [top1 for top1, _ in stored.top1()] == [top1 for top1, _ in made.top1()]
    own, again = (table.numbers["probabilities"].astype(int) for table in (stored, made))
    np.testing.assert_allclose(own, again, atol=2)  # integers of 10,000; other processors differ in a digit


def test_the_pictures_map_agrees_with_one_wave_after_the_other():
    chosen, waves = chosen_pictures(), half_plane(SIDE)[200:203]
    place = chosen["story"]["position"]
    image = load_samples(chosen["samples"]).images[place].astype(np.float32) / 255
    classifier = load_classifier("mini-resnet", CIFAR10)
    reference = predict_under_waves(classifier, image, waves, chosen["epsilon"], seed=chosen["seed"], position=place)
    for (label, probability), predictions in zip(
        stored_predictions()["mini-resnet"].top1()[201:204], reference, strict=True
    ):
        assert label == predictions.perturbed.argmax()
        assert probability == pytest.approx(predictions.perturbed.max(), abs=2e-4)


def test_predictions_of_pictures_that_are_chosen_no_more_are_left_out(tmp_path, monkeypatch):
    stored = stored_predictions()["mini-clip"]
    facts = {**stored.metadata, "classifier": {"name": "toy"}}
    (tmp_path / "predictions").mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    for position, known in ((stored.metadata["pictures"]["position"], True), (0, False)):
        pictures = {**stored.metadata["pictures"], "position": position}
        replace(stored, metadata={**facts, "pictures": pictures}).save(tmp_path / "predictions" / "toy.npz")
        assert ("toy" in stored_predictions()) == known
