"""Files of a profile that ask a network about many changed pictures: waves, mixtures, corruptions, its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from core.claims.gradient_spectrum import load_gradients
from core.classifiers.registry import classifier_spec
from core.data.classes import CIFAR10
from core.data.dataset import ImageDataset
from core.data.sample_sets import usual_epsilon
from core.fourier.basis import half_plane, largest_side
from core.images.corruptions import CORRUPTIONS, STRENGTHS
from core.reproduce.profile.network import GRADIENT_PASSES, ProfiledNetwork, ProfileFile, grown
from core.reproduce.profile.predictions import SIDE, StoredPredictions, chosen_pictures, measure_predictions
from core.shared import paper
from core.sweep.corruption.measure import CorruptionConfig
from core.sweep.corruption.outcomes import CorruptionOutcomes
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import HybridConfig, default_cutoffs
from core.sweep.loop.config import SweepConfig
from core.sweep.output import run_sweep
from core.sweep.predictions import MIXED_AT
from core.sweep.processes import Processes
from core.sweep.transforms import BATCH, Transforms, grow_in_file

QUICK_IMAGES, QUICK_PASSES = 1000, 10_000  # of a quick map: images at most, and passes under waves
FULL_SHARE = 0.02  # of the images under each wave of a full map
SMALL = 32  # pixels: of larger pictures the gradient has too many waves to be followed along each


def maps(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data = network.images(QUICK_IMAGES if network.quick else None)
    if not usual_epsilon(data.image_size):
        raise ValueError(f"the paper gives no size v for {data.image_size}-pixel images; choose --image-size 32 or 224")
    side = paper.MAP_SIDE.get(data.image_size, min(63, largest_side(data.image_size, data.image_size)))
    waves, n = len(half_plane(side)), len(data)
    per_wave = max(1, QUICK_PASSES // waves) if network.quick else max(1, round(FULL_SHARE * n))
    config = SweepConfig(
        side=side,
        epsilon=usual_epsilon(data.image_size),
        seed=network.seed,
        batch_size=network.batch_size,
        passes=min(1.0, per_wave / n),
    )

    def make(path: Path) -> None:
        run_sweep(network.classifier(data.classes), data, config, path, Processes(), "map")

    path = Path("heatmaps", f"{network.file_name}_{data.name}-{n}.npz")
    yield ProfileFile(path, n + waves * min(per_wave, n), partial(grown, make, n))


def hybrids(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data = network.images(None)
    config = HybridConfig(network.count((200, 2000)), default_cutoffs(data.image_size), seed=network.seed)
    passes = config.pairs * (2 + len(config.cutoffs))
    item = _table(network, "hybrids", config, data, passes)
    yield replace(item, is_there=lambda path: path.is_file() and HybridOutcomes.load(path).pairs >= config.pairs)


def corruptions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data = network.images(None)
    config = CorruptionConfig(network.count((150, 2000)), network.seed)
    pictures = min(config.pictures, len(data))
    passes = pictures * (1 + len(CORRUPTIONS) * len(STRENGTHS))
    item = _table(network, "corruptions", config, data, passes)
    yield replace(item, is_there=lambda path: path.is_file() and CorruptionOutcomes.load(path).pictures >= pictures)


def _table(
    network: ProfiledNetwork, folder: str, config: Transforms[Any], data: ImageDataset, passes: int
) -> ProfileFile:
    def make(path: Path) -> None:
        classifier = network.classifier(data.classes)
        grow_in_file(config, classifier, data, path, batch_size=network.batch_size or BATCH, description=folder)

    return ProfileFile(Path(folder, f"{network.file_name}.npz"), passes, partial(grown, make, passes))


def gradients(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data, bent_over = network.images(network.count((100, 1000))), network.count((10, 50))
    if data.image_size > SMALL:
        return
    waves = len(half_plane(largest_side(data.image_size, data.image_size)))

    def make(path: Path) -> None:
        from core.reproduce.profile.gradients import measure_gradient

        measure_gradient(network.classifier(data.classes), data, path, bent_over=bent_over)

    passes = GRADIENT_PASSES * len(data) + waves * bent_over
    yield ProfileFile(
        Path("gradients", f"{network.file_name}.npz"),
        passes,
        make,
        lambda path: path.is_file() and load_gradients(path)[network.name].pictures >= len(data),
    )


def predictions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the predictions for the story's picture under every wave, its exact map, and for its mixed pictures."""
    if classifier_spec(network.name).vocabulary not in (None, CIFAR10.name):
        return
    passes = 1 + len(half_plane(SIDE)) + len(chosen_pictures()["mixtures"]["pairs"]) * (2 + MIXED_AT)

    def make(path: Path) -> None:
        measure_predictions(network.classifier(CIFAR10)).save(path)

    yield ProfileFile(
        Path("predictions", f"{network.file_name}.npz"),
        passes,
        make,
        lambda path: path.is_file() and StoredPredictions.load(path).is_current,
    )
