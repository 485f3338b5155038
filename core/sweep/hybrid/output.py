"""Hybrids that are kept in a file while they grow, so that the same call resumes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import progress_bar
from core.sweep.hybrid.measure import BATCH, empty_outcomes, growing_hybrids, same_configuration
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import HybridConfig
from core.sweep.output import only_writer

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset


def run_hybrids(
    classifier: Classifier,
    dataset: ImageDataset,
    config: HybridConfig,
    output: Path,
    *,
    batch_size: int = BATCH,
    description: str | None = None,
) -> HybridOutcomes:
    """Measure what `output` lacks, and keep each finished cutoff there.

    Args:
        description: what the progress bar is called.
    Raises:
        ValueError: `output` holds hybrids of other settings.
        RuntimeError: another run is writing it, or the logits are not finite.
        OSError: the folder takes no file.
    """
    with only_writer(output):
        outcomes = start = empty_outcomes(classifier, dataset, config)
        if output.exists():
            outcomes = HybridOutcomes.load(output)
            if not same_configuration(outcomes, start):
                raise ValueError(f"{output.name} holds hybrids of other settings; choose another --output")
        growing = growing_hybrids(classifier, dataset, config, outcomes, batch_size=batch_size)
        with progress_bar(desc=description, total=len(config.cutoffs), initial=outcomes.done, unit="cutoff") as bar:
            for outcomes in growing:
                outcomes.save(output)
                bar.update()
    return outcomes
