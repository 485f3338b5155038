"""Sweeps of a profile: waves, hybrid images, corruptions, gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from core.claims.gradient_spectrum import load_gradients
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, network_side
from core.data.classes import CIFAR10
from core.data.dataset import ImageDataset
from core.data.sample_sets import usual_epsilon
from core.fourier.basis import half_plane, largest_side, rounded_radius
from core.images.corruptions import CORRUPTIONS, STRENGTHS
from core.reproduce.profile.network import GRADIENT_PASSES, SMALL, ProfiledNetwork, ProfileFile, grown
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

QUICK_IMAGES, QUICK_PASSES = 500, 5_000  # of a quick map: maximum number of images, and of passes under waves
FULL_SHARE = 0.02  # share of the images under each wave of a full map
OTHER_SIZES = {32: (1.0, 2.0, 8.0)}  # sizes v of the waves in further maps of a full profile, by the pictures' side
STRENGTH_IMAGES = 1000  # of a map at equal strength, which has only the corners
ENLARGING = ("mini-clip", PAPERS_CLIP)  # enlarge small pictures


def maps(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data = network.images(QUICK_IMAGES if network.quick else None)
    usual = usual_epsilon(data.image_size)
    if not usual:
        raise ValueError(f"the paper gives no size v for {data.image_size}-pixel images; choose --image-size 32 or 224")
    side = paper.MAP_SIDE.get(data.image_size, min(63, largest_side(data.image_size, data.image_size)))
    waves, n = len(half_plane(side)), len(data)
    per_wave = max(1, QUICK_PASSES // waves, 0 if network.quick else round(FULL_SHARE * n))
    for epsilon in (usual, *(() if network.quick else OTHER_SIZES.get(data.image_size, ()))):
        config = SweepConfig(
            side=side,
            epsilon=epsilon,
            seed=network.seed,
            batch_size=network.batch_size,
            passes=min(1.0, per_wave / n),
        )
        suffix = "" if epsilon == usual else f"_v{epsilon:g}"
        path = Path("heatmaps", f"{network.file_name}_{data.name}-{n}{suffix}.npz")
        make = partial(grown, partial(_sweep, network, data, config), n)
        yield ProfileFile(path, n + waves * min(per_wave, n), partial(_in_place_of_quick, make))


def _in_place_of_quick(make: Callable[[Path], None], path: Path) -> None:
    """Make a map, and remove the quick profile's map, whose name has fewer images."""
    make(path)
    beginning, _, end = path.stem.rpartition("-")
    quick = path.with_name(f"{beginning}-{QUICK_IMAGES}{path.suffix}")
    if end.isdecimal() and int(end) > QUICK_IMAGES:
        quick.unlink(missing_ok=True)


def hybrids(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data = network.images(None)
    config = HybridConfig(network.count((150, 2000)), default_cutoffs(data.image_size), seed=network.seed)
    passes = config.pairs * (2 + len(config.cutoffs))
    item = _table(network, "hybrids", config, data, passes)
    yield replace(item, is_there=lambda path: path.is_file() and HybridOutcomes.load(path).pairs >= config.pairs)


def corruptions(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data = network.images(None)
    config = CorruptionConfig(network.count((100, 2000)), network.seed)
    pictures = min(config.pictures, len(data))
    passes = pictures * (1 + len(CORRUPTIONS) * len(STRENGTHS))
    item = _table(network, "corruptions", config, data, passes)
    yield replace(item, is_there=lambda path: path.is_file() and CorruptionOutcomes.load(path).pictures >= pictures)


def strength(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    """Yield the corners of its map at equal strength: waves are weakened as each CLIP's enlargement does.

    A network that enlarges pictures itself has none; only the networks compared with it have such maps.
    """
    data = network.images(QUICK_IMAGES if network.quick else STRENGTH_IMAGES)
    if network_side(network.name) != data.image_size or data.image_size > SMALL:
        return
    side = paper.MAP_SIDE[data.image_size]
    cells = tuple(wave for wave in half_plane(side) if rounded_radius(np.array([wave]))[0] > side // 2)
    per_wave = max(1, QUICK_PASSES // len(cells)) if network.quick else len(data)
    for weaken_as in sorted({enlarged for name in ENLARGING if (enlarged := network_side(name)) is not None}):
        config = SweepConfig(
            side=side,
            epsilon=usual_epsilon(data.image_size),
            seed=network.seed,
            cells=cells,
            batch_size=network.batch_size,
            weaken_as=weaken_as,
            passes=min(1.0, per_wave / len(data)),
        )
        passes = len(data) + len(cells) * min(per_wave, len(data))
        path = Path("strength", f"{network.file_name}_{data.name}_weakened-{weaken_as}.npz")
        yield ProfileFile(path, passes, partial(grown, partial(_sweep, network, data, config), len(data)))


def _sweep(network: ProfiledNetwork, data: ImageDataset, config: SweepConfig, path: Path) -> None:
    run_sweep(network.classifier(data.classes), data, config, path, Processes(), "map")


def _table(
    network: ProfiledNetwork, folder: str, config: Transforms[Any], data: ImageDataset, passes: int
) -> ProfileFile:
    def make(path: Path) -> None:
        classifier = network.classifier(data.classes)
        grow_in_file(config, classifier, data, path, batch_size=network.batch_size or BATCH, description=folder)

    return ProfileFile(Path(folder, f"{network.file_name}.npz"), passes, partial(grown, make, passes))


def gradients(network: ProfiledNetwork) -> Iterator[ProfileFile]:
    data, bent_over = network.images(network.count((100, 1000))), network.count((4, 50))
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
    """Yield the predictions for the story's picture under every wave, its exact map, and its mixed pictures."""
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
