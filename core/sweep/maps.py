"""A heat map that grows while it is computed; a map with cells still missing is what a sweep resumes from."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.device import device_name
from core.fourier.basis import frequency_to_cell, wave_cells
from core.fourier.heatmap import Heatmap, empty_outcomes, outcome_row
from core.sweep.cells import CellResult, SweepConfig, Wave, sweep_cells
from core.sweep.processes import Processes
from core.sweep.sample import images_per_wave

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset


def empty_heatmap(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> Heatmap:
    """A map without any cell; its metadata, apart from the source, are everything a cell's result depends on."""
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
    if (sampled := images_per_wave(len(dataset), config.passes)) < len(dataset):
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
        true_probability=nan,
        outcomes=outcomes,
        labels=labels,
        sampling_variance=nan if "sample" in metadata else None,
    )


def same_configuration(first: Heatmap, second: Heatmap) -> bool:
    """Whether the cells of two computed maps may stand in one: all facts but the source are equal.

    Outcomes are not among them: a map that was begun with or without goes on as it began.
    """
    facts = [(heatmap.side, {**heatmap.metadata, "source": None}) for heatmap in (first, second)]
    return facts[0] == facts[1] and first.true_probability is not None and second.true_probability is not None


def missing_waves(heatmap: Heatmap, config: SweepConfig) -> list[Wave]:
    """What `config` asks for and `heatmap` lacks; None stands for the clean images, which come first."""
    clean = [] if heatmap.clean[2] > 0 else [None]
    return [*clean, *(wave for wave in config.waves if heatmap.count[frequency_to_cell(*wave, config.side)] == 0)]


def growing_heatmaps(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    start: Heatmap | None = None,
    processes: Processes | None = None,
) -> Iterator[Heatmap]:
    """A sweep as a sequence of maps, one more wave in each; the first of a new map holds only the clean error.

    Args:
        start: the map to continue from, in every process the same; None for a new one. What it holds is not computed
            again, so the sequence is empty when nothing is missing.
        processes: shares the waves out; every process of the group calls this together and gets the same maps.
    Raises:
        ValueError: at the call, as `sweep_cells`, or when `start` has another configuration.
    """
    empty = empty_heatmap(classifier, dataset, config)
    if start is not None and not same_configuration(start, empty):
        raise ValueError("the map to continue from has another configuration")
    processes = processes or Processes()
    todo = missing_waves(start or empty, config)
    mine = todo[processes.rank :: processes.count]
    results = sweep_cells(classifier, dataset, config, waves=mine)
    return _grow(start or empty, processes.all_results(results), device_name(classifier), processes.count)


def _grow(heatmap: Heatmap, results: Iterable[CellResult], device: str, processes: int) -> Iterator[Heatmap]:
    """The map with one result after another entered, each for (i, j) and for (-i, -j)."""
    source = heatmap.metadata["source"]
    earlier, start = source.get("wall_seconds", 0.0), time.perf_counter()
    clean_probability = source.get("clean_true_probability")
    names = ("top1_errors", "top5_errors", "count", "clean", "true_probability")
    for result in results:
        arrays = {name: getattr(heatmap, name).copy() for name in names}
        if heatmap.outcomes is not None:
            arrays["outcomes"] = heatmap.outcomes.copy()
            arrays["outcomes"][outcome_row(result.frequency, heatmap.side)] = np.frombuffer(result.wrong, np.uint8)
        if heatmap.sampling_variance is not None:
            arrays["sampling_variance"] = heatmap.sampling_variance.copy()
        probability = min(max(result.true_probability, 0.0), 1.0)  # a sum of floats may end above 1
        if result.frequency is None:
            arrays["clean"][:] = result.top1_errors, result.top5_errors, result.count
            clean_probability = probability
        else:
            for cell in wave_cells(*result.frequency, heatmap.side):
                for name in ("top1_errors", "top5_errors", "count"):
                    arrays[name][cell] = getattr(result, name)
                arrays["true_probability"][cell] = probability
                if result.variance is not None:
                    arrays["sampling_variance"][cell] = result.variance
        seconds = earlier + time.perf_counter() - start
        middle = frequency_to_cell(0, 0, heatmap.side)  # the one wave that stands in one cell, not in two
        images = (arrays["count"].sum() + arrays["count"][middle]) // 2 + max(0, arrays["clean"][2])
        source = computed_source(
            device,
            clean_true_probability=clean_probability,
            wall_seconds=round(seconds, 1),
            images_per_second=round(float(images) / max(seconds, 1e-9), 1),
            processes=processes,
        )
        heatmap = replace(heatmap, **arrays, metadata={**heatmap.metadata, "source": source})
        yield heatmap
