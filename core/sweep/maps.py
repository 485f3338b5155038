"""Heat maps that grow during a sweep; a sweep resumes from an incomplete map."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.fourier.basis import Frequency, frequency_to_cell, wave_cells
from core.fourier.maps.estimate import with_estimate
from core.fourier.maps.heatmap import MEANS, Heatmap, empty_outcomes, outcome_row
from core.shared.device import device_name
from core.sweep.loop.cells import CellResult, sweep_cells
from core.sweep.loop.config import SweepConfig, Wave
from core.sweep.loop.sample import images_per_wave
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset


def empty_heatmap(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> Heatmap:
    """Return a map without any cell; its metadata, except the source, determine every cell's result."""
    metadata: dict[str, Any] = {
        "classifier": classifier_facts(classifier),
        "dataset": dataset_facts(dataset),
        "image_size": dataset.image_size,
        "epsilon": float(config.epsilon),
        "norm": "l2 per channel",
        "sign_rule": "independent random sign per image and channel",
        "seed": config.seed,
        "dtype": config.dtype,
        "template": classifier.template,
        "class_names": list(classifier.classes.names),
        "source": {"type": "computed"},
    }
    if classifier.patch_grid is not None:
        metadata["classifier"]["patch_grid"] = classifier.patch_grid
    if config.weaken_as is not None:
        metadata["weakened_as"] = config.weaken_as
    sampled = images_per_wave(len(dataset), config.passes)
    if sampled < len(dataset):
        rule = "a class-balanced sample of its own for each wave, fixed by seed and wave"
        metadata["sample"] = {"images_per_wave": sampled, "rule": rule}
    unknown = np.full((config.side, config.side), -1, dtype=np.int64)
    clean, nan = np.full(3, -1, dtype=np.int64), np.full(unknown.shape, np.nan)
    outcomes = labels = None
    if config.outcomes and "sample" not in metadata:
        outcomes, labels = empty_outcomes(config.side, len(dataset)), dataset.labels.astype(np.uint16)
    return Heatmap(
        unknown,
        unknown,
        np.zeros_like(unknown),
        clean,
        metadata,
        outcomes=outcomes,
        labels=labels,
        sampling_variance=nan if "sample" in metadata else None,
        **dict.fromkeys(MEANS, nan),
    )


def same_configuration(first: Heatmap, second: Heatmap) -> bool:
    """Return whether cells of two computed maps may be combined: all metadata but source and estimate are equal.

    Arrays are not compared: a map keeps or lacks outcomes as it began.
    """
    begun, other = (
        (heatmap.side, {**heatmap.metadata, "source": None, "estimate": None}) for heatmap in (first, second)
    )
    return begun == other


def missing_waves(heatmap: Heatmap, config: SweepConfig) -> list[Wave]:
    """Return the waves of `config` that `heatmap` lacks. None means the clean images, which come first."""
    clean = [] if heatmap.clean[2] > 0 else [None]
    return [*clean, *(wave for wave in config.waves if not heatmap.count[frequency_to_cell(*wave, config.side)])]


def passes_taken(heatmap: Heatmap) -> int:
    """Return the number of forward passes of a map: clean images, and images under each distinct wave."""
    middle = frequency_to_cell(0, 0, heatmap.side)  # the only wave with one cell instead of two
    return int((heatmap.count.sum() + heatmap.count[middle]) // 2 + max(0, heatmap.clean[2]))


def growing_heatmaps(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    start: Heatmap | None = None,
    processes: Processes | None = None,
) -> Iterator[Heatmap]:
    """Yield the maps of a sweep, each with one more wave; the first of a new map has only the clean error.

    The last map has an estimate if each wave has its own sample.

    Args:
        start: the map to resume, equal in every process; None for a new one. Its cells are not recomputed, so nothing
            is yielded for a complete map.
        processes: distributes the waves; all processes of the group call this together. Rank 0 gets every map, the
            others the last.
    Raises:
        ValueError: at the call, as for `sweep_cells`, or if `start` has another configuration.
    """
    empty = empty_heatmap(classifier, dataset, config)
    if start is not None and not same_configuration(start, empty):
        raise ValueError("the map to continue from has another configuration")
    return _growing(classifier, dataset, config, start or empty, processes or Processes())


def _growing(
    classifier: Classifier, dataset: ImageDataset, config: SweepConfig, heatmap: Heatmap, processes: Processes
) -> Iterator[Heatmap]:
    if todo := missing_waves(heatmap, config):
        images = images_per_wave(len(dataset), config.passes)
        costs = [len(dataset) if wave is None else images for wave in todo]
        results = processes.gather(todo, lambda waves: sweep_cells(classifier, dataset, config, waves=waves), costs)
        for grown in _grow(heatmap, results, device_name(classifier), processes.count):
            heatmap = grown
            yield heatmap
        heatmap = processes.broadcast(heatmap)
        if not processes.is_main:
            yield heatmap
    if "sample" in heatmap.metadata and heatmap.estimate is None:
        heatmap = processes.broadcast(with_estimate(heatmap) if processes.is_main else heatmap)
        if heatmap.estimate is not None:
            yield heatmap


def _grow(heatmap: Heatmap, results: Iterable[CellResult], device: str, processes: int) -> Iterator[Heatmap]:
    """Yield the map after each result; drop the estimate once it is outdated."""
    source = heatmap.metadata["source"]
    earlier, start = source.get("wall_seconds", 0.0), time.perf_counter()
    clean = {f"clean_{name}": source.get(f"clean_{name}") for name in MEANS}
    for result in results:
        means = {name: float(np.clip(getattr(result, name), *MEANS[name])) for name in MEANS}  # rounding of sums
        if result.frequency is None:
            arrays: dict[str, Any] = {"clean": np.array([result.top1_errors, result.top5_errors, result.count])}
            clean = {f"clean_{name}": mean for name, mean in means.items()}
        else:
            arrays = _entered(heatmap, result.frequency, result, means)
        if heatmap.outcomes is not None:
            arrays["outcomes"] = heatmap.outcomes.copy()
            arrays["outcomes"][outcome_row(result.frequency, heatmap.side)] = np.frombuffer(result.wrong, np.uint8)
        heatmap = replace(heatmap, **arrays, estimate=None)
        seconds = earlier + time.perf_counter() - start
        source = computed_source(
            device,
            **clean,
            wall_seconds=round(seconds, 1),
            images_per_second=round(passes_taken(heatmap) / max(seconds, 1e-9), 1),
            processes=processes,
        )
        facts = {name: value for name, value in heatmap.metadata.items() if name != "estimate"}
        heatmap = replace(heatmap, metadata={**facts, "source": source})
        yield heatmap


def _entered(heatmap: Heatmap, wave: Frequency, result: CellResult, means: dict[str, float]) -> dict[str, np.ndarray]:
    """Return the arrays changed by entering a result at (i, j) and (-i, -j)."""
    values = {name: getattr(result, name) for name in ("count", "top1_errors", "top5_errors")} | means
    if heatmap.sampling_variance is not None and result.variance is not None:
        values["sampling_variance"] = result.variance
    arrays = {name: getattr(heatmap, name).copy() for name in values}
    for name, value in values.items():
        for cell in wave_cells(*wave, heatmap.side):
            arrays[name][cell] = value
    return arrays
