"""Hybrids that are kept in a file while they grow, so that the same call resumes them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.sweep.hybrid.measure import BATCH, empty_outcomes, growing_hybrids, same_configuration
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import HybridConfig
from core.sweep.output import grow_in_file

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
    return grow_in_file(
        output,
        empty_outcomes(classifier, dataset, config),
        lambda start: growing_hybrids(classifier, dataset, config, start, batch_size=batch_size),
        load=HybridOutcomes.load,
        same=same_configuration,
        done=lambda outcomes: outcomes.done,
        total=len(config.cutoffs),
        what="hybrids",
        unit="cutoff",
        description=description,
    )
