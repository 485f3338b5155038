"""Other transforms of pictures: hybrids and corruptions; gradients of the loss, and the story's predictions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt, energy_by_radius
from core.data.datasets import load_samples
from core.data.sample_sets import PRECOMPUTED, ImageDataset
from core.data.stored import (
    cached_by_files,
    classifier_facts,
    computed_source,
    dataset_facts,
    first_by_name,
    outcome_facts,
    read_stored,
)
from core.fourier.derived import CHUNK, relative_energy
from core.fourier.outcomes import BLOCKS, CorruptionOutcomes, HybridOutcomes, StoredGradient
from core.fourier.waves import clipped_share, half_plane, largest_side, mix
from core.shared.cli import progress_bar
from core.shared.device import class_probabilities, device_name, forward
from core.shared.files import ArchiveContent, ArchiveKind, Fact, check_array
from core.sweep.predict import HybridPredictions, batches, hybrid_cutoffs, predict_hybrids, wave_on_image

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset


def loss_gradients(classifier: Callable[[Tensor], Tensor], images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the gradient of each image's cross-entropy to its label, (B, 3, H, W) float32.

    Args:
        classifier: as `core.classifiers.classifier.Classifier`.
        images: (B, 3, H, W) float32 in [0, 1].
        labels: (B,) int64.
    Raises:
        ValueError: the classifier cannot be differentiated.
    """
    import torch

    from core.shared.network_copies import with_contiguous_attention

    classifier = with_contiguous_attention(classifier)
    device = getattr(classifier, "device", "cpu")
    gradients = []
    with torch.inference_mode(False), torch.enable_grad():
        for start in range(0, len(images), CHUNK):
            part = slice(start, start + CHUNK)
            batch = torch.from_numpy(np.ascontiguousarray(images[part])).to(device).requires_grad_()
            logits = forward(classifier, batch, "float32")
            if not logits.requires_grad:
                raise ValueError("the classifier cannot be differentiated: its logits carry no gradient to the images")
            targets = torch.from_numpy(labels[part]).to(device)
            loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum")
            gradients.append(torch.autograd.grad(loss, batch)[0].cpu().numpy())
    return np.concatenate(gradients)


MAX_PAIRS = 1_000_000
SMALL = 32  # pixels
SMALL_CUTOFFS = (1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 11.0, 16.0)


@dataclass(frozen=True)
class HybridConfig:
    """Settings of a measurement on hybrids, besides classifier and data set.

    pairs: their number. cutoffs: ascending, in cycles per image. seed: of the choice of pairs.
    """

    pairs: int
    cutoffs: tuple[float, ...]
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.pairs <= MAX_PAIRS:
            raise ValueError(f"pairs must be 1 to {MAX_PAIRS:,}; got {self.pairs}")
        ends = (0.0, *self.cutoffs, float("inf"))
        if len(self.cutoffs) < 2 or not all(a < b for a, b in zip(ends, ends[1:], strict=False)):
            raise ValueError(f"cutoffs must be at least two finite, ascending numbers above 0; got {self.cutoffs}")

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, 2) positions of the low and the high pictures."""
        return draw_pairs(dataset.labels, self.pairs, seed=self.seed)

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> HybridOutcomes:
        """Return outcomes before any measurement."""
        labels, count = dataset.labels[self.places(dataset).T], len(self.cutoffs)
        says, clipped = np.zeros((2, count, self.pairs), dtype=bool), np.full(count, np.nan)
        facts = outcome_facts(classifier, dataset, self.seed)
        cutoffs = np.array(self.cutoffs, dtype=np.float64)
        return HybridOutcomes(cutoffs, says, labels, np.zeros_like(labels), clipped, facts)

    def apply(
        self, place: tuple[int, ...], pictures: list[np.ndarray], positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the hybrids of one cutoff, and the share of their contrast lost by clipping."""
        low, high = pictures
        unclipped = mix(low, high, self.cutoffs[place[0]])
        return unclipped.clip(0, 1).astype(np.float32), clipped_share(unclipped).mean()


def default_cutoffs(image_size: int) -> tuple[float, ...]:
    """Return cutoffs up to half the side: dense near small networks' crossovers, above 32 pixels by quarter octave."""
    if image_size <= SMALL:
        return tuple(cutoff for cutoff in SMALL_CUTOFFS if cutoff <= image_size / 2)
    octaves = np.log2(image_size / 2)
    return tuple(round(float(2 ** (k / 4)), 3) for k in range(int(4 * octaves) + 1))


def draw_pairs(labels: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Draw pairs of pictures of different classes; fewer of the same seed are the first of more.

    The pictures are shuffled and paired, so that none is used twice until all have been used; then they are reshuffled.

    Args:
        labels: (N,) classes.
    Returns:
        (count, 2) int64 positions of the low and the high pictures.
    Raises:
        ValueError: all pictures have one class.
    """
    if (labels == labels[0]).all():
        raise ValueError("hybrids need pictures of different classes, and these all have one")
    generator = np.random.Generator(np.random.PCG64(seed))
    pairs = np.empty((0, 2), dtype=np.int64)
    while len(pairs) < count:
        two = generator.permutation(len(labels))[: len(labels) // 2 * 2].reshape(-1, 2)
        pairs = np.concatenate([pairs, two[labels[two[:, 0]] != labels[two[:, 1]]]])
    return pairs[:count]


@dataclass(frozen=True)
class CorruptionConfig:
    """Settings of a measurement, besides classifier, data set and table of corruptions.

    pictures: their number, at least 1; at most all are used. seed: of their choice and of random corruptions.
    """

    pictures: int
    seed: int = 0

    def __post_init__(self) -> None:
        if self.pictures < 1:
            raise ValueError(f"pictures must be at least 1; got {self.pictures}")

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, 1) distinct positions; fewer of the same seed are the first of more."""
        return np.random.default_rng(self.seed).permutation(len(dataset))[: self.pictures, None]

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> CorruptionOutcomes:
        """Return outcomes before any measurement."""
        side, pictures = dataset.image_size, min(self.pictures, len(dataset))
        amounts = {row.key: [row.amount(s, side) for s in STRENGTHS] for row in CORRUPTIONS.values()}
        facts = outcome_facts(classifier, dataset, self.seed, pictures=pictures, corruptions=amounts)
        rows, radii = (len(CORRUPTIONS), len(STRENGTHS)), len(energy_by_radius(np.zeros((1, 1, side, side))))
        correct, spectrum = np.zeros((*rows, pictures), dtype=bool), np.full((*rows, radii), np.nan)
        return CorruptionOutcomes(np.zeros(pictures, dtype=bool), correct, spectrum, facts)

    def apply(
        self, place: tuple[int, ...], pictures: list[np.ndarray], positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the pictures under one corruption at one strength, and the energy of the change by radius."""
        row, (images,) = list(CORRUPTIONS.values())[place[0]], pictures
        changed = corrupt(images, row, STRENGTHS[place[1]], positions[:, 0].tolist(), seed=self.seed)
        return changed, energy_by_radius(changed - images)


def measure_gradient(classifier: Classifier, data: ImageDataset) -> StoredGradient:
    """Measure the gradient's energy; data: at least `BLOCKS` pictures; those beyond a multiple of it are ignored."""
    block = len(data) // BLOCKS
    images, labels = data.images[: BLOCKS * block].astype(np.float32) / 255, data.labels[: BLOCKS * block]
    gradients = loss_gradients(classifier, images, labels)
    energy = relative_energy(gradients, largest_side(data.image_size, data.image_size))
    metadata = {
        "classifier": classifier_facts(classifier),
        "dataset": dataset_facts(data),
        "source": computed_source(device_name(classifier)),
    }
    return StoredGradient(energy.reshape(BLOCKS, block, -1).mean(axis=1).astype(np.float16), metadata)


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
