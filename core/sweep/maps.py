"""From the results of a sweep to a heat map with provenance, whole or as far as the sweep has come."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.device import device_name
from core.fourier.basis import Frequency, frequency_to_cell
from core.fourier.heatmap import SCHEMA, Heatmap
from core.provenance import classifier_facts, computed_source, dataset_facts
from core.sweep.cells import CellResult, SweepConfig, sweep_cells

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset


class HeatmapBuilder:
    """Collects cell results, each for (i, j) and for (-i, -j); cells without a result are marked not computed."""

    def __init__(self, side: int, results: Iterable[CellResult] = ()) -> None:
        self.side = side
        self._top1 = np.full((side, side), -1, dtype=np.int64)
        self._top5 = np.full((side, side), -1, dtype=np.int64)
        self._count = np.zeros((side, side), dtype=np.int64)
        self._probability = np.full((side, side), np.nan)
        self._clean = np.full(3, -1, dtype=np.int64)
        for result in results:
            self.add(result)

    def add(self, result: CellResult) -> None:
        """Enter one result."""
        if result.frequency is None:
            self._clean[:] = result.top1_errors, result.top5_errors, result.count
            return
        i, j = result.frequency
        for cell in (frequency_to_cell(i, j, self.side), frequency_to_cell(-i, -j, self.side)):
            self._top1[cell] = result.top1_errors
            self._top5[cell] = result.top5_errors
            self._count[cell] = result.count
            self._probability[cell] = np.clip(result.true_probability, 0, 1)  # a sum of floats may end above 1

    def heatmap(self, metadata: Mapping[str, Any]) -> Heatmap:
        """The map of all results so far, independent of later ones."""
        return Heatmap(
            self._top1.copy(),
            self._top5.copy(),
            self._count.copy(),
            self._clean.copy(),
            metadata,
            true_probability=self._probability.copy(),
        )


def configuration(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> dict[str, Any]:
    """Everything a cell's result depends on, as the `metadata` of a heat map (without its source)."""
    return {
        "schema": SCHEMA,
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
    }


def source_facts(classifier: Classifier, *, seconds: float, images: int, clean_probability: float) -> dict[str, Any]:
    """The `source` of a computed map: which version made it, when, on what, and how fast."""
    return computed_source(
        device_name(classifier),
        clean_true_probability=clean_probability,
        wall_seconds=round(seconds, 1),
        images_per_second=round(images / max(seconds, 1e-9), 1),
    )


def growing_heatmaps(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> Iterator[Heatmap]:
    """A sweep as a sequence of maps, one more wave in each; the first holds only the clean error.

    Raises:
        ValueError: at the call, as `sweep_cells`.
    """
    waves: list[Frequency | None] = [None, *config.waves]
    results = sweep_cells(classifier, dataset.images, dataset.labels, config, waves=waves)
    return _growing(classifier, dataset, config, results)


def _growing(
    classifier: Classifier, dataset: ImageDataset, config: SweepConfig, results: Iterator[CellResult]
) -> Iterator[Heatmap]:
    metadata = configuration(classifier, dataset, config)
    builder = HeatmapBuilder(config.side)
    start, images, clean = time.perf_counter(), 0, float("nan")
    for result in results:
        builder.add(result)
        images += result.count
        clean = result.true_probability if result.frequency is None else clean
        seconds = time.perf_counter() - start
        source = source_facts(classifier, seconds=seconds, images=images, clean_probability=clean)
        yield builder.heatmap({**metadata, "source": source})
