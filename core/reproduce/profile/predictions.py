"""Stored predictions of the story's pictures, one file per network. Does not import torch.

`precomputed/default_picture.json` has the choice of pictures, by rules of `precomputed.make_default_picture`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.classes import PRECOMPUTED
from core.data.profiles import cached_by_files, first_by_name, read_stored
from core.data.provenance import classifier_facts, computed_source
from core.data.samples import load_samples
from core.fourier.basis import half_plane
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.shared.files import ArchiveContent, ArchiveKind, Fact, check_array
from core.sweep.predictions import (
    HybridPredictions,
    batches,
    class_probabilities,
    hybrid_cutoffs,
    predict_hybrids,
    wave_on_image,
)

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier

CHOICE = PRECOMPUTED / "default_picture.json"
SIDE = 31  # of the map whose waves are added to the story's picture
SCALE = 10_000  # probabilities are stored as integers in units of 1 / SCALE
TOGETHER = 64  # pictures in one forward pass
PREDICTIONS = ArchiveKind(
    name="file of predictions",
    maker="core.reproduce.profile",
    schema=1,
    required=("classes", "probabilities", "mixed"),
    facts=(Fact("classifier.name", "text"), Fact("pictures", "JSON object")),
)


@cache
def chosen_pictures() -> dict[str, Any]:
    """Load the choice of pictures: "position" of the story's picture, pairs of "mixtures", and the rules."""
    return json.loads(CHOICE.read_text("utf-8"))


def _chosen() -> dict[str, Any]:
    """Return everything that determines stored predictions, besides the network, as JSON."""
    chosen = chosen_pictures()
    facts = {name: chosen[name] for name in ("samples", "epsilon", "seed")}
    return facts | {"position": chosen["story"]["position"], "pairs": chosen["mixtures"]["pairs"]}


@dataclass(frozen=True, eq=False)
class StoredPredictions(ArchiveContent):
    """Predictions of one network for the story's picture under every wave, and for its pairs of mixed pictures.

    classes, probabilities: (1 + W,) uint16, the top-1 class and its probability without a wave, then under each of
    `half_plane`. mixed: (P, 2 + C, K) uint16, probabilities of both pictures of each pair, then of their hybrids.
    All probabilities are integers in units of 1 / `SCALE`. metadata: classifier, the choice of pictures, source.
    """

    FILE = PREDICTIONS

    classes: np.ndarray
    probabilities: np.ndarray
    mixed: np.ndarray
    metadata: dict[str, Any]

    def __post_init__(self) -> None:
        answers = (1 + len(half_plane(SIDE)),)
        check_array("classes", self.classes, answers, np.uint16)
        check_array("probabilities", self.probabilities, answers, np.uint16)
        if self.mixed.dtype != np.uint16 or self.mixed.ndim != 3:
            raise ValueError(f"mixed must be (P, 2 + C, K) uint16; got {self.mixed.shape} {self.mixed.dtype}")

    def arrays(self) -> dict[str, np.ndarray]:
        return {name: getattr(self, name) for name in PREDICTIONS.required}

    @property
    def is_current(self) -> bool:
        """Whether these are predictions of the current choice of pictures."""
        return bool(self.metadata["pictures"] == _chosen())

    def top1(self) -> list[tuple[int, float]]:
        """(class, probability) of the story's picture without a wave, then under each of `half_plane`."""
        return list(zip(self.classes.tolist(), (self.probabilities / SCALE).tolist(), strict=True))

    def hybrids(self, pair: int) -> HybridPredictions:
        """Predictions for a pair of mixed pictures."""
        low, high, *mixed = self.mixed[pair] / SCALE
        cutoffs = hybrid_cutoffs(load_samples(_chosen()["samples"]).image_size)
        return HybridPredictions(cutoffs, low, high, np.stack(mixed))


@cached_by_files("predictions")
def stored_predictions(paths: tuple[Path, ...]) -> dict[str, StoredPredictions]:
    """Load the stored predictions of the current choice of pictures, by classifier name."""
    files = read_stored(StoredPredictions.load, paths)
    return first_by_name((file.metadata["classifier"]["name"], file) for file in files if file.is_current)


def measure_predictions(classifier: Classifier) -> StoredPredictions:
    """Predict the story's pictures with a classifier of their classes."""
    facts = _chosen()
    data = load_samples(facts["samples"])
    images = data.images.astype(np.float32) / 255
    settings = {"seed": facts["seed"], "position": facts["position"]}
    picture = images[facts["position"]]
    waves = [wave_on_image(picture, wave, facts["epsilon"], **settings).perturbed for wave in half_plane(SIDE)]
    shares, mixed = [], []
    groups = batches(np.stack([picture, *waves]), TOGETHER)
    with progress_bar(desc="predictions", total=len(groups) + len(facts["pairs"]), unit="batch") as bar:
        for some in groups:
            shares.append(class_probabilities(classifier, some))
            bar.update()
        for low, high in facts["pairs"]:
            predictions = predict_hybrids(classifier, images[low], images[high], hybrid_cutoffs(data.image_size))
            mixed.append(np.stack([predictions.low, predictions.high, *predictions.mixed]))
            bar.update()
    under_waves = np.concatenate(shares)
    metadata = {
        "classifier": classifier_facts(classifier),
        "pictures": facts,
        "source": computed_source(device_name(classifier)),
    }
    top1, probabilities = under_waves.argmax(1).astype(np.uint16), _whole(under_waves.max(1))
    return StoredPredictions(top1, probabilities, _whole(np.stack(mixed)), metadata)


def _whole(probabilities: np.ndarray) -> np.ndarray:
    return (probabilities.astype(np.float64) * SCALE).round().astype(np.uint16)
