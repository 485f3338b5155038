"""Predictions for the story's small picture under every wave of its map."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.datasets import load_samples
from core.data.sample_sets import PRECOMPUTED
from core.data.stored import cached_by_files, classifier_facts, computed_source
from core.fourier.table import Number, Outcomes, outcome_file
from core.fourier.waves import half_plane
from core.shared.device import class_probabilities, device_name
from core.shared.files import Fact
from core.sweep.grow import PICTURES_AT_ONCE
from core.sweep.predict import batches, pixels, wave_on_image

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier

STORY_CHOICE = PRECOMPUTED / "default_picture.json"
STORY_SIZE = 31  # of the map with the waves that are added to the story's picture
_SCALE = 10_000  # probabilities are stored as integers in units of 1 / _SCALE


@cache
def chosen_pictures() -> dict[str, Any]:
    """Load the choice of pictures: "position" of the story's picture, and the rules."""
    return json.loads(STORY_CHOICE.read_text("utf-8"))


def _chosen() -> dict[str, Any]:
    """Return everything that determines stored predictions, besides the network, as JSON."""
    chosen = chosen_pictures()
    facts = {name: chosen[name] for name in ("samples", "epsilon", "seed")}
    return facts | {"position": chosen["story"]["position"]}


@dataclass(frozen=True, eq=False)
class StoredPredictions(Outcomes):
    """Predictions of one network for the story's picture: without a wave, then under each of `half_plane`.

    Number probabilities: (K,) of the classes, in units of 1 / `_SCALE`: that of the top-1 class, 0 for the others.
    """

    TRANSFORM, NUMBERS = "predictions", {"probabilities": Number((None,), np.uint16, high=_SCALE)}
    FILE = outcome_file(
        TRANSFORM,
        (Fact("classifier.name", "text"), Fact("pictures", "JSON object")),
        NUMBERS,
        required=("probabilities",),
        command="python -m core.reproduce.profile",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.counts) != STORY_WAVES:
            raise ValueError(f"predictions have {STORY_WAVES} rows; got {len(self.counts)}")

    def top1(self) -> list[tuple[int, float]]:
        """(class, probability) of the story's picture without a wave, then under each of `half_plane`."""
        shares = self.numbers["probabilities"]
        return list(zip(shares.argmax(axis=1).tolist(), (shares.max(axis=1) / _SCALE).tolist(), strict=True))


STORY_WAVES = 1 + len(half_plane(STORY_SIZE))  # rows


@cached_by_files("predictions")
def stored_predictions() -> dict[str, StoredPredictions]:
    """Load the stored predictions, by classifier name."""
    return StoredPredictions.stored()


def predict_story(classifier: Classifier) -> StoredPredictions:
    """Predict the story's picture under every wave."""
    chosen = _chosen()
    data, position = load_samples(chosen["samples"]), chosen["position"]
    (image,) = pixels(data, np.array([position]))
    signs = {"seed": chosen["seed"], "position": position}
    waves = half_plane(STORY_SIZE)
    pictures = [image, *(wave_on_image(image, wave, chosen["epsilon"], **signs) for wave in waves)]
    shares = [class_probabilities(classifier, some) for some in batches(np.stack(pictures), PICTURES_AT_ONCE)]
    probabilities = np.concatenate(shares)
    probabilities[probabilities < probabilities.max(axis=1, keepdims=True)] = 0
    stored = (probabilities.astype(np.float64) * _SCALE).round().astype(np.uint16)
    source = computed_source(device_name(classifier.device))
    facts = {"classifier": classifier_facts(classifier), "pictures": chosen, "source": source}
    counts, hits = np.ones(len(stored), np.int64), np.zeros((len(stored), 0), np.int64)
    return StoredPredictions(counts, hits, facts, numbers={"probabilities": stored})
