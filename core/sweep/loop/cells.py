"""Fourier sweeps: a classifier's errors with every wave added to every image (paper, sec. 2.1).

The app, the tests and the script `python -m core.sweep` all use `sweep_cells`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from core.fourier.basis import perturb
from core.fourier.maps.heatmap import MEANS
from core.shared.device import forward
from core.sweep.loop.config import BATCH, SweepConfig, Wave, check_side_fits
from core.sweep.loop.groups import Group, first_group
from core.sweep.loop.sample import sampling_variance

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset


@dataclass(frozen=True)
class CellResult:
    """Errors under one wave, by its canonical frequency.

    true_probability: mean softmax probability of the true class, in [0, 1].
    wrong: which of the `count` images are misclassified (top-1), packed with `numpy.packbits`. variance: of the top-1
    error rate between samples; None if all images were used.
    """

    frequency: Wave
    top1_errors: int
    top5_errors: int
    count: int
    true_probability: float
    wrong: bytes = field(repr=False)
    variance: float | None = None


def sweep_cells(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    *,
    waves: Sequence[Wave] | None = None,
) -> Iterator[CellResult]:
    """Yield the errors of `classifier` under each wave, in order.

    The images are transferred to the device once. A cell's result does not depend on batch size, order of cells or
    previous results, up to the rounding of the forward pass.

    Args:
        dataset: its labels are indices of the classifier's classes.
        waves: the frequencies to compute, None for the clean images; by default `config.waves`.
    Raises:
        ValueError: at the call, if the images are too small for `config.side`.
        RuntimeError: while iterating, if logits are not finite, or one image does not fit the memory.
    """
    check_side_fits(config.side, dataset.image_size)
    return _sweep(classifier, dataset, config, config.waves if waves is None else waves)


def _sweep(
    classifier: Classifier, dataset: ImageDataset, config: SweepConfig, waves: Sequence[Wave]
) -> Iterator[CellResult]:
    """Run the loop of `sweep_cells`: several waves with few images share a pass; a wave with many takes several."""
    import torch

    from core.shared.network_copies import with_cast_weights

    if not waves:
        return
    images = torch.as_tensor(dataset.images).to(classifier.device)
    labels = torch.as_tensor(dataset.labels).to(classifier.device)
    classifier = with_cast_weights(classifier, config.dtype)
    size = config.batch_size or BATCH.get(images.device.type, BATCH["cpu"])
    while waves:
        group = first_group(waves, dataset, config, size)
        try:
            tally, wrong = _errors(classifier, images, labels, group, size, config.dtype)
        except torch.OutOfMemoryError as error:
            if size == 1:
                raise RuntimeError(
                    f"one image does not fit the memory of {classifier.device}; "
                    "use --device cpu or a smaller classifier"
                ) from error
            torch.cuda.empty_cache()
            size //= 2
            continue
        if (tally[2] < group.count).any():
            advice = "its weights may be damaged" if config.dtype == "float32" else "use --dtype float32"
            raise RuntimeError(
                f"{classifier.name} gave logits that are not finite in {config.dtype}, "
                f"near frequency {group.waves[0]}; {advice}"
            )
        for k, wave in enumerate(group.waves):
            top1, top5, _, *sums = tally[:, k].tolist()
            means = {name: total / group.count for name, total in zip(MEANS, sums, strict=True)}
            variance = None
            if group.count < len(dataset):
                variance = sampling_variance(wrong[k], dataset.labels[group.places[k]], len(dataset))
            bits = np.packbits(wrong[k]).tobytes()
            yield CellResult(wave, round(top1), round(top5), group.count, wrong=bits, variance=variance, **means)
        waves = waves[len(group.waves) :]


def _errors(
    classifier: Classifier, images: Tensor, labels: Tensor, group: Group, batch_size: int, dtype: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return sums over the images, (3 + M, G) float64: top-1 errors, top-5 errors, finite logits and the M means.

    Also returns which are misclassified, (G, n) bool. Computed on the device and fetched once.
    """
    import torch

    waves, wrong = len(group.waves), []
    scaled = torch.from_numpy(group.scaled).to(images.device)[:, None, None]  # (G, 1, 1, H, W)
    exact = torch.float32 if images.device.type == "mps" else torch.float64  # not on MPS
    tally = torch.zeros(3 + len(MEANS), waves, dtype=exact, device=images.device)
    with torch.inference_mode():
        for places, signs in group.batches(batch_size, images.device):
            perturbed = perturb(torch.div(images[places], 255), scaled, signs[..., None, None])  # (G, n, 3, H, W)
            logits = forward(classifier, perturbed.flatten(0, 1), dtype)
            targets = labels[places].expand(waves, -1).flatten()
            missed = logits.topk(min(5, logits.shape[1]), dim=1).indices != targets[:, None]
            numbers = [missed[:, 0], missed.all(dim=1), logits.isfinite().all(dim=1), *_means(logits, targets)]
            outcome = torch.stack(numbers).view(len(numbers), waves, -1)
            tally += outcome.sum(dim=2, dtype=exact)
            wrong.append(outcome[0] > 0)
    return tally.cpu().double().numpy(), torch.cat(wrong, dim=1).cpu().numpy()


def _means(logits: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    """Return each of `MEANS` for each image, (B,)."""
    return (logits.softmax(dim=1).gather(1, targets[:, None])[:, 0],)
