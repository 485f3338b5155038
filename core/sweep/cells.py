"""Fourier sweeps: a classifier's errors with every wave added to every image (paper, sec. 2.1).

`sweep_cells` is the one loop; the app, the tests and the batch script (`python -m core.sweep`) consume it.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from core.device import DTYPES, forward
from core.fourier import basis
from core.fourier.estimate import MAX_WAVES
from core.sweep.batch_size import best_batch_size
from core.sweep.sample import balanced_order, balanced_sample, images_per_wave, sampling_variance

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset

# A frequency, or None for the clean images, without any wave.
Wave = basis.Frequency | None
# Start and stop among a wave's images in their balanced order; None for a sweep of one round.
Span = tuple[int, int] | None


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """What a sweep computes, and how.

    side: R, odd. epsilon: L2 size v of the wave per channel, pixel range [0, 1]. seed: of the random signs.
    cells: the frequencies to compute, None for all. batch_size: images per forward pass, None to measure the best.
    dtype: precision of the forward pass; the wave is always added in float32.
    weaken_as: side in pixels of a network's input: each wave is added with the strength that enlarging the image to it
    (bicubic) would leave, for comparing networks at equal strength; None to add it whole.
    outcomes: whether the map keeps which images are misclassified under each wave, a bit for each.
    passes: share of the images, in (0, 1], to which each wave is added: below 1 each wave gets a class-balanced sample
    of its own. The clean error is always that of all images. A map of samples keeps no outcomes.
    precision: half-width in points, above 0, of the estimate's 95 % interval, mean over the cells: the sweep goes
    through all waves again and again, each time with further images, until it is reached or every image was taken.
    `passes` is then the share of the first round. None for a sweep of one round.
    """

    side: int
    epsilon: float
    seed: int = 0
    cells: tuple[basis.Frequency, ...] | None = None
    batch_size: int | None = None
    dtype: str = "float32"
    weaken_as: int | None = None
    outcomes: bool = True
    passes: float = 1.0
    precision: float | None = None

    def __post_init__(self) -> None:
        basis.check_side(self.side)
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is the L2 size of the wave and must be >= 0; got {self.epsilon}")
        if not 0 <= self.seed < 2**64:
            raise ValueError(f"a seed lies between 0 and 2**64 - 1; got {self.seed}")
        if self.batch_size is not None and self.batch_size < 1:
            raise ValueError(f"a batch holds at least 1 image; got {self.batch_size}")
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype {self.dtype!r} is unknown; use one of {', '.join(DTYPES)}")
        if self.weaken_as is not None and not 1 <= self.weaken_as <= 4096:
            raise ValueError(f"waves are weakened as by enlarging to 1 to 4096 pixels; got {self.weaken_as}")
        if not 0 < self.passes <= 1:
            raise ValueError(f"passes is a share of the images, above 0 and at most 1; got {self.passes}")
        for i, j in self.cells or ():
            basis.frequency_to_cell(i, j, self.side)
        if self.precision is not None:
            if not 0 < self.precision < float("inf"):
                raise ValueError(f"precision is a half-width in points, above 0; got {self.precision}")
            if not 2 <= len(self.waves) <= MAX_WAVES:
                raise ValueError(
                    f"an estimate, by which precision is told, takes 2 to {MAX_WAVES:,} waves; got {len(self.waves):,}"
                )

    @property
    def waves(self) -> tuple[basis.Frequency, ...]:
        """The different waves to compute, each by its canonical frequency, in a fixed order."""
        if self.cells is None:
            return basis.half_plane(self.side)
        return tuple(dict.fromkeys(basis.canonical_frequency(i, j) for i, j in self.cells))


@dataclass(frozen=True)
class CellResult:
    """Errors under one wave, by its canonical frequency.

    true_probability: mean softmax probability of the true class, in [0, 1].
    wrong: which of the `count` images are misclassified (top-1), a bit for each, as `numpy.packbits` packs them.
    variance: of the top-1 error rate from sample to sample; None where all images were taken.
    """

    frequency: Wave
    top1_errors: int
    top5_errors: int
    count: int
    true_probability: float
    wrong: bytes = field(repr=False)
    variance: float | None = None


def check_side_fits(side: int, image_size: int) -> None:
    """Raise ValueError unless images of that size carry every wave of a map of that side."""
    if side > (max_side := basis.largest_side(image_size, image_size)):
        raise ValueError(
            f"a heat map of side {side} needs frequencies up to {side // 2} cycles per image, but "
            f"images of {image_size} x {image_size} pixels carry fewer: use a side of at most {max_side}"
        )


def sweep_cells(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    *,
    waves: Iterable[Wave] | None = None,
    span: Span = None,
) -> Iterator[CellResult]:
    """Errors of `classifier` under each wave, in order.

    The images go to the device once. A cell's result does not depend on the batch size, the order of the cells or
    what was computed before, up to the rounding of the forward pass itself.

    Args:
        dataset: its labels are positions in the classifier's classes.
        waves: the frequencies to compute, None among them for the clean images; default `config.waves`. Each is asked
            for when its turn comes.
        span: (start, stop) of each wave's `balanced_order`: the images to add it to instead of `config.passes` of them.
    Raises:
        ValueError: at the call, when the images are too small for `config.side`.
        RuntimeError: from the iterator, when the logits are not finite, or one image does not fit the memory.
    """
    check_side_fits(config.side, dataset.image_size)
    return _sweep(classifier, dataset, config, iter(config.waves if waves is None else waves), span)


def _sweep(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    waves: Iterator[Wave],
    span: Span,
) -> Iterator[CellResult]:
    import torch

    in_hand = list(itertools.islice(waves, 1))
    if not in_hand:
        return
    images = torch.as_tensor(dataset.images).to(classifier.device)
    labels = torch.as_tensor(dataset.labels).to(classifier.device)
    batch_size = config.batch_size or best_batch_size(classifier, images, config.dtype)
    while in_hand := in_hand or list(itertools.islice(waves, 1)):
        # Few images: several waves share a forward pass. Many images: one wave takes several, evenly filled.
        count = _count(config, span, in_hand[0], len(images))
        size = max(1, batch_size // count)
        in_hand += itertools.islice(waves, max(0, size - len(in_hand)))
        alike = itertools.takewhile(lambda wave: _count(config, span, wave, len(images)) == count, in_hand)  # noqa: B023
        group = tuple(itertools.islice(alike, size))
        try:
            yield from _group_results(classifier, images, labels, config, span, group, batch_size)
            del in_hand[: len(group)]
        except torch.OutOfMemoryError as error:
            if batch_size == 1:
                raise RuntimeError(
                    f"one image does not fit the memory of {classifier.device}; "
                    "use --device cpu or a smaller classifier"
                ) from error
            torch.cuda.empty_cache()
            batch_size //= 2


def _count(config: SweepConfig, span: Span, wave: Wave, total: int) -> int:
    """How many of all images a wave is added to; the clean error is that of all."""
    if wave is None:
        return total
    return images_per_wave(total, config.passes) if span is None else span[1] - span[0]


def _places(config: SweepConfig, span: Span, wave: Wave, labels: np.ndarray) -> np.ndarray:
    """Which images those are, where they are not all."""
    frequency = wave or (0, 0)
    if span is None:
        return balanced_sample(labels, images_per_wave(len(labels), config.passes), frequency, seed=config.seed)
    return balanced_order(labels, frequency, seed=config.seed)[slice(*span)]


def _group_results(
    classifier: Classifier,
    images: Tensor,
    labels: Tensor,
    config: SweepConfig,
    span: Span,
    group: Sequence[Wave],
    batch_size: int,
) -> list[CellResult]:
    """Results of a group of waves, each on as many images; counted on the device, fetched once."""
    import torch

    total, (height, width) = _count(config, span, group[0], len(images)), images.shape[2:]
    zero = np.zeros((height, width), dtype=np.float32)
    waves = np.stack([zero if wave is None else basis.fourier_basis(*wave, height, width) for wave in group])
    signs = np.stack([basis.random_signs(len(images), wave or (0, 0), seed=config.seed) for wave in group])
    places = np.arange(total)[None]  # of the images, for all waves alike
    if total < len(images):
        numbers = labels.cpu().numpy()
        places = np.stack([_places(config, span, wave, numbers) for wave in group])
        signs = np.take_along_axis(signs, places[..., None], axis=1)  # an image's signs are those of the whole sweep
    epsilons = np.array([_epsilon(config, wave, height) for wave in group], np.float32)
    scaled = torch.from_numpy(waves * epsilons[:, None, None]).to(images.device)  # (G, H, W)
    tensors = (torch.from_numpy(array).to(images.device) for array in (places, signs))  # (1 or G, n), (G, n, 3)
    # As few batches as batch_size allows, of nearly equal length.
    batches = zip(*(tensor.tensor_split(-(-total // batch_size), 1) for tensor in tensors), strict=True)
    tally = torch.zeros(4, len(group), dtype=torch.float64, device=images.device)
    misclassified = []
    with torch.inference_mode():
        for batch, batch_signs in batches:
            # Eq. 1, the same arithmetic as `fourier.basis.add_basis`, for all waves of the group at once.
            pixels, batch_signs = torch.div(images[batch], 255), batch_signs.float()[..., None, None]  # (G, n, 3, 1, 1)
            perturbed = torch.addcmul(pixels, batch_signs, scaled[:, None, None]).clamp_(0, 1).flatten(0, 1)
            logits = forward(classifier, perturbed, config.dtype)
            targets = labels[batch].expand(len(group), -1).flatten()
            top5 = logits.topk(min(5, logits.shape[1]), dim=1).indices
            probability = logits.softmax(dim=1).gather(1, targets[:, None])[:, 0]
            wrong = top5 != targets[:, None]
            finite = logits.isfinite().all(dim=1)
            outcome = torch.stack([wrong[:, 0], wrong.all(dim=1), probability, finite])  # (4, G * n)
            outcome = outcome.view(4, len(group), -1)
            tally += outcome.sum(dim=2, dtype=torch.float64)
            misclassified.append(outcome[0] > 0)
    if (tally[3] < total).any():
        advice = "its weights may be damaged" if config.dtype == "float32" else "use --dtype float32"
        raise RuntimeError(
            f"{classifier.name} gave logits that are not finite in {config.dtype}, near frequency {group[0]}; {advice}"
        )
    outcomes = torch.cat(misclassified, dim=1).cpu().numpy()
    variances: list[float | None] = [None] * len(group)
    if total < len(images):
        variances = [sampling_variance(*one, len(images)) for one in zip(outcomes, numbers[places], strict=True)]
    packed = np.packbits(outcomes, axis=1)
    return [
        CellResult(wave, round(top1), round(top5_errors), total, probability / total, bits.tobytes(), variance)
        for wave, (top1, top5_errors, probability, _), bits, variance in zip(
            group, tally.T.tolist(), packed, variances, strict=True
        )
    ]


def _epsilon(config: SweepConfig, wave: Wave, image_size: int) -> float:
    """L2 size of a wave per channel, weakened where the configuration says so."""
    if config.weaken_as is None or wave is None:
        return config.epsilon
    row, col = basis.frequency_to_cell(*wave, config.side)
    return config.epsilon * float(_kept(image_size, config.weaken_as, config.side)[row, col])


@functools.lru_cache(maxsize=4)
def _kept(image_size: int, network_size: int, side: int) -> np.ndarray:
    from core.classifiers.preprocessing import Preprocess
    from core.sweep.kept_norm import kept_norm

    return kept_norm(Preprocess(network_size, (0.0,) * 3, (1.0,) * 3), image_size, side)


def sized_batches(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> SweepConfig:
    """The configuration with its batch size measured, where it leaves that open."""
    import torch

    if config.batch_size is not None:
        return config
    images = torch.as_tensor(dataset.images).to(classifier.device)
    return replace(config, batch_size=best_batch_size(classifier, images, config.dtype))
