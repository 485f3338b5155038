"""Sweeps of a profile: waves, hybrid images, corruptions, gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from core.claims.gradient_spectrum import BLOCKS, StoredGradient
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, network_side
from core.data.classes import CIFAR10
from core.data.dataset import ImageDataset
from core.data.sample_sets import usual_epsilon
from core.fourier.basis import half_plane, largest_side, rounded_radius
from core.fourier.maps.heatmap import Heatmap
from core.images.corruptions import CORRUPTIONS, STRENGTHS
from core.reproduce.profile.network import GRADIENT_PASSES, SMALL, MissingDataError, ProfiledNetwork, ProfileFile
from core.reproduce.profile.predictions import SIDE, StoredPredictions, chosen_pictures, measure_predictions
from core.shared import paper
from core.shared.sentences import count_of
from core.sweep.corruption.measure import CorruptionConfig
from core.sweep.corruption.outcomes import CorruptionOutcomes
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import HybridConfig, default_cutoffs
from core.sweep.loop.config import SweepConfig
from core.sweep.loop.sample import images_per_wave
from core.sweep.maps import missing_waves
from core.sweep.output import run_sweep
from core.sweep.predictions import MIXED_AT
from core.sweep.transforms import BATCH, TransformOutcomes, Transforms, grow_in_file

Outcomes = TypeVar("Outcomes", bound=TransformOutcomes)
QUICK_IMAGES, QUICK_PASSES = 500, 5_000  # of a quick map: maximum number of images, and of passes under waves
FULL_SHARE = 0.02  # share of the images under each wave of a full map
STRENGTH_IMAGES = 1000  # of a map at equal strength, which has only the corners
ENLARGING = ("mini-clip", PAPERS_CLIP)  # enlarge small pictures


def maps(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield its map."""
    data = network.images(QUICK_IMAGES if network.quick else None)
    n, config = len(data), map_config(network, data)
    per_wave = max(1, QUICK_PASSES // len(config.waves), 0 if network.quick else round(FULL_SHARE * n))
    config = replace(config, passes=min(1.0, per_wave / n))
    quick = Path("heatmaps", f"{network.file_name}_{data.name}-{QUICK_IMAGES}.npz") if n > QUICK_IMAGES else None
    yield replace(map_file(network, data, config), replaces=quick)


def map_config(network: ProfiledNetwork, data: ImageDataset) -> SweepConfig:
    """Return the settings of a map with the paper's waves, each on all images."""
    size = data.image_size
    epsilon, side = usual_epsilon(size), paper.MAP_SIDE.get(size, min(63, largest_side(size, size)))
    if not epsilon:
        raise ValueError(f"the paper gives no size v for {size}-pixel images; choose --image-size 32 or 224")
    return SweepConfig(
        side=side, epsilon=epsilon, seed=network.seed, batch_size=network.batch_size, dtype=network.dtype
    )


def map_file(
    network: ProfiledNetwork, data: ImageDataset, config: SweepConfig, path: Path | None = None
) -> ProfileFile:
    """Return the file of a map; path: in the profile, by default that of a heat map."""
    path = path or Path("heatmaps", f"{network.file_name}_{data.name}-{len(data)}.npz")
    passes = len(data) + len(config.waves) * images_per_wave(len(data), config.passes)

    def make(output: Path) -> Heatmap:
        classifier = network.classifier(data.classes)
        return run_sweep(classifier, data, config, output, network.processes, f"map of {network.file_name}")

    return ProfileFile(path, passes, make, lambda made: not missing_waves(Heatmap.load(made), config))


def hybrids(network: ProfiledNetwork, pairs: int | None = None) -> Iterator[ProfileFile]:
    """Yield its predictions for hybrid images; pairs: their number, by default that of the profile."""
    data = network.images(None)
    count = pairs or network.count((150, 2000))
    config = HybridConfig(count, default_cutoffs(data.image_size), seed=network.seed)
    passes = config.pairs * (2 + len(config.cutoffs))
    yield _table(network, HybridOutcomes, config, data, passes, lambda stored: stored.pairs >= count)


def corruptions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield its predictions for corrupted pictures."""
    data = network.images(None)
    config = CorruptionConfig(network.count((100, 2000)), network.seed)
    pictures = min(config.pictures, len(data))
    passes = pictures * (1 + len(CORRUPTIONS) * len(STRENGTHS))
    yield _table(network, CorruptionOutcomes, config, data, passes, lambda stored: stored.pictures >= pictures)


def strength(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the corners of its map at equal strength: waves are weakened as each CLIP's enlargement does.

    A network that enlarges pictures itself has none; only the networks compared with it have such maps.
    """
    data = network.images(QUICK_IMAGES if network.quick else STRENGTH_IMAGES)
    if network_side(network.name) != data.image_size or data.image_size > SMALL:
        return
    config = map_config(network, data)
    cells = tuple(wave for wave in config.waves if rounded_radius(np.array([wave]))[0] > config.side // 2)
    per_wave = max(1, QUICK_PASSES // len(cells)) if network.quick else len(data)
    config = replace(config, cells=cells, passes=min(1.0, per_wave / len(data)))
    for weaken_as in sorted({enlarged for name in ENLARGING if (enlarged := network_side(name)) is not None}):
        path = Path("strength", f"{network.file_name}_{data.name}_weakened-{weaken_as}.npz")
        yield map_file(network, data, replace(config, weaken_as=weaken_as), path)


def _table(
    network: ProfiledNetwork,
    kind: type[Outcomes],
    config: Transforms[Outcomes],
    data: ImageDataset,
    passes: int,
    is_enough: Callable[[Outcomes], bool],
) -> ProfileFile:
    """Return the file of a sweep over transforms; is_enough: whether measured outcomes suffice."""

    def make(path: Path) -> Outcomes:
        classifier, description = network.classifier(data.classes), f"{kind.what} of {network.file_name}"
        size = network.batch_size or BATCH
        return grow_in_file(config, classifier, data, path, batch_size=size, description=description)

    def is_complete(path: Path) -> bool:
        stored = kind.load(path)
        return bool(stored.measured.all()) and is_enough(stored)

    return ProfileFile(Path(kind.what, f"{network.file_name}.npz"), passes, make, is_complete)


def gradients(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the gradient of its loss, for small pictures."""
    data = network.images(network.count((100, 1000)))
    if data.image_size > SMALL or len(data) < BLOCKS:
        have = f"{count_of(len(data), 'picture')} of {data.image_size}"
        raise MissingDataError(f"needs at least {BLOCKS} pictures of {SMALL} pixels, and there are {have}")

    def make(path: Path) -> None:
        from core.reproduce.profile.gradients import measure_gradient

        measure_gradient(network.classifier(data.classes), data).save(path)

    yield ProfileFile(
        Path("gradients", f"{network.file_name}.npz"),
        GRADIENT_PASSES * len(data),
        make,
        lambda path: StoredGradient.load(path).pictures >= len(data),
    )


def predictions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the predictions for the story's picture under every wave, its exact map, and its mixed pictures."""
    if classifier_spec(network.name).vocabulary not in (None, CIFAR10.name):
        raise MissingDataError("need a network of CIFAR-10’s classes")
    passes = 1 + len(half_plane(SIDE)) + len(chosen_pictures()["mixtures"]["pairs"]) * (2 + MIXED_AT)

    def make(path: Path) -> None:
        measure_predictions(network.classifier(CIFAR10)).save(path)

    yield ProfileFile(
        Path("predictions", f"{network.file_name}.npz"),
        passes,
        make,
        lambda path: StoredPredictions.load(path).is_current,
    )
