"""The sweep over waves (paper, sec. 2.1): which waves share a pass, and which images a wave gets."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np

from core.data.sample_sets import usual_epsilon
from core.data.stored import classifier_facts, dataset_facts
from core.fourier.heatmap import MEANS, Heatmap, outcome_rows
from core.fourier.map_estimate import with_estimate
from core.fourier.table import Row
from core.fourier.waves import (
    canonical_frequency,
    check_size,
    fourier_basis,
    frequency_to_cell,
    half_plane,
    largest_size,
    perturb,
    random_signs,
    resize_attenuation,
    wave_bits,
)
from core.shared import paper
from core.shared.device import DTYPES, forward, half_batch
from core.shared.numbers import Frequency
from core.sweep.grow import Transforms

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset


# Images per forward pass, by device. On a CPU 64 took at most 1% longer than 4, 16 or 32, for any of five networks at
# 32 and 224 pixels; batches that do not fit the memory are halved.
BATCHES = {"cpu": 64, "cuda": 512}
# A frequency, or None for the clean images.
Wave = Frequency | None


@dataclass(frozen=True, kw_only=True)
class SweepConfig(Transforms[Heatmap]):
    """Settings of a sweep over waves.

    size: R, odd. epsilon: L2 size v of the wave per channel, pixel range [0, 1]. seed: for the random signs.
    cells: the frequencies to compute, None for all. batch_size: images per forward pass, None for `BATCHES`.
    dtype: precision of the forward pass; the wave is always added in float32.
    weaken_as: input size of a network in pixels: each wave is weakened as by bicubic enlargement to it, to compare
    networks at equal strength; None for full strength.
    fraction: part of the images, in (0, 1], that gets each wave; below 1 each wave has its own class-balanced
    sample. The clean error is always over all images. A map of samples stores no outcomes.
    """

    size: int
    epsilon: float
    seed: int = 0
    cells: tuple[Frequency, ...] | None = None
    batch_size: int | None = None
    dtype: str = "float32"
    weaken_as: int | None = None
    fraction: float = 1.0

    def __post_init__(self) -> None:
        check_size(self.size)
        if not 0 <= self.epsilon < float("inf"):
            raise ValueError(f"epsilon is the L2 size of the wave and must be >= 0; got {self.epsilon}")
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype {self.dtype!r} is unknown; use one of {', '.join(DTYPES)}")
        if not 0 < self.fraction <= 1:
            raise ValueError(f"fraction is a part of the images, above 0 and at most 1; got {self.fraction}")
        for i, j in self.cells or ():
            frequency_to_cell(i, j, self.size)

    @property
    def waves(self) -> tuple[Frequency, ...]:
        """Distinct waves to compute, by canonical frequency, in a fixed order."""
        if self.cells is None:
            return half_plane(self.size)
        return tuple(dict.fromkeys(canonical_frequency(i, j) for i, j in self.cells))

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> Heatmap:
        image_size = dataset.image_size
        if self.size > (max_size := largest_size(image_size, image_size)):
            raise ValueError(
                f"a heat map of size {self.size} needs frequencies up to {self.size // 2} cycles per image, but "
                f"images of {image_size} x {image_size} pixels carry fewer: use a size of at most {max_size}"
            )
        metadata: dict[str, Any] = {
            "classifier": classifier_facts(classifier),
            "dataset": dataset_facts(dataset),
            "image_size": image_size,
            "epsilon": float(self.epsilon),
            "norm": "l2 per channel",
            "sign_rule": "independent random sign per image and channel",
            "seed": self.seed,
            "dtype": self.dtype,
            "template": classifier.template,
            "class_names": list(classifier.classes.names),
            "source": {"type": "computed"},
        }
        if classifier.patch_grid is not None:
            metadata["classifier"]["patch_grid"] = classifier.patch_grid
        if self.weaken_as is not None:
            metadata["weakened_as"] = self.weaken_as
        n, rows = len(dataset), 1 + len(half_plane(self.size))
        numbers = dict.fromkeys(MEANS, np.full(rows, np.nan))
        bits = labels = None
        if (sampled := images_per_wave(n, self.fraction)) < n:
            rule = "a class-balanced sample of its own for each wave, fixed by seed and wave"
            metadata["sample"] = {"images_per_wave": sampled, "rule": rule}
            numbers["sampling_variance"] = np.full(rows, np.nan)
        else:
            bits, labels = np.zeros((rows, 1, -(-n // 8)), np.uint8), dataset.labels.astype(np.uint16)
        counts, hits = np.zeros(rows, np.int64), np.full((rows, 2), -1)
        return Heatmap(counts, hits, metadata, bits, labels, numbers=numbers)

    def requested(self, table: Heatmap) -> list[int]:
        return outcome_rows((None, *self.waves), self.size)

    def images(self, row: int, dataset: ImageDataset) -> int:
        return images_per_wave(len(dataset), self.fraction if row else 1.0)

    def measure(self, classifier: Classifier, dataset: ImageDataset, rows: Sequence[int]) -> Iterator[Row]:
        """Yield the results of some rows: waves with few images share a pass, a wave with many takes several.

        The images are transferred to the device once. A row does not depend on batch size, order of rows or previous
        results, up to the rounding of the forward pass.
        """
        import torch

        images = torch.as_tensor(dataset.images).to(classifier.device)
        labels = torch.as_tensor(dataset.labels).to(classifier.device)
        every_wave = (None, *half_plane(self.size))
        size = self.batch_size or BATCHES.get(images.device.type, BATCHES["cpu"])
        while rows:
            group = _first_group([every_wave[row] for row in rows], dataset, self, size)
            try:
                tally, wrong = _errors(classifier, images, labels, group, size, self.dtype)
            except torch.OutOfMemoryError as error:
                size = half_batch(size, classifier.device, error)
                continue
            if (tally[2] < group.count).any():
                advice = "its weights may be damaged" if self.dtype == "float32" else "use dtype float32"
                raise RuntimeError(
                    f"{classifier.name} gave logits that are not finite in {self.dtype}, "
                    f"near frequency {every_wave[rows[0]]}; {advice}"
                )
            for k in range(len(group.scaled)):
                top1, top5, _, *sums = tally[:, k].tolist()
                numbers = {
                    name: mean.rounded(name, total / group.count)
                    for (name, mean), total in zip(MEANS.items(), sums, strict=True)
                }
                if group.count < len(dataset):
                    labels_here = dataset.labels[group.positions[k]]
                    numbers["sampling_variance"] = sampling_variance(wrong[k], labels_here, len(dataset))
                hits = group.count - round(top1), group.count - round(top5)
                yield Row(rows[k], group.count, hits, np.packbits(~wrong[k])[None], numbers=numbers)
            rows = rows[len(group.scaled) :]

    def finished(self, table: Heatmap) -> Heatmap:
        """Return a map of samples with its estimate."""
        return with_estimate(table) if "sample" in table.metadata and table.estimate is None else table


class SweepChanges(TypedDict, total=False):
    """Settings of a map that differ from the paper's, by name; None for the paper's."""

    size: int | None
    epsilon: float | None
    fraction: float
    seed: int


def usual_sweep(
    image_size: int, *, size: int | None = None, epsilon: float | None = None, **settings: Any
) -> SweepConfig:
    """Return the settings of a sweep over images of a size in pixels; `settings` are further fields of `SweepConfig`.

    size, epsilon: None for the paper's, or those of the bundled pictures of that size.

    Raises:
        ValueError: a setting is out of range, or no epsilon is known for the images' size.
    """
    if epsilon is None and not (epsilon := usual_epsilon(image_size)):
        raise ValueError(f"the paper gives no size v of waves for {image_size}-pixel images; give epsilon")
    return SweepConfig(size=usual_map_size(image_size) if size is None else size, epsilon=epsilon, **settings)


def usual_map_size(image_size: int) -> int:
    """Return the default size of a map: the paper's, or the largest that fits, up to the paper's largest."""
    largest = largest_size(image_size, image_size)
    return paper.MAP_SIZE.get(image_size, min(paper.MAP_SIZE[paper.IMAGE_SIZE], largest))


def images_per_wave(total: int, fraction: float) -> int:
    """Return the number of images in a fraction of `total`, at least one."""
    return max(1, round(fraction * total))


def sampling_variance(wrong: np.ndarray, labels: np.ndarray, total: int) -> float:
    """Estimate the variance of a balanced sample's error rate from the variances within its classes.

    Differences between classes do not vary from sample to sample, so it is smaller than for random images. A class with
    one image is assumed to vary like the whole sample.

    Args:
        wrong: (n,) bool, True where an image is misclassified. labels: (n,) the true classes.
        total: number of images that the sample was drawn from.
    Source: Cochran 1977, ch. 5, proportional allocation.
    """
    n, of_class = len(wrong), np.bincount(labels)
    errors = np.bincount(labels, wrong)
    several, rate = of_class > 1, wrong.mean()
    # Var of a stratified mean: sum_h W_h^2 s_h^2 / n_h (1 - f_h) (Cochran 1977, eq. 5.6), of classes h with n_h images;
    # shares W_h = n_h / n and f_h = f = n / N make it (1 - f) / n^2 * sum_h n_h s_h^2.
    # With e_h errors, n_h s_h^2 = e_h (n_h - e_h) / (n_h - 1) (variance of 0s and 1s, sec. 3.2).
    within = errors[several] * (of_class[several] - errors[several]) / (of_class[several] - 1)
    # If n_h = 1, s_h^2 is set to the whole sample's, n p (1 - p) / (n - 1).
    alone = (of_class == 1).sum() * rate * (1 - rate) * n / max(1, n - 1)
    return float(within.sum() + alone) / n**2 * (1 - n / total)


def balanced_sample(labels: np.ndarray, size: int, wave: Frequency, *, seed: int) -> np.ndarray:
    """Draw positions of `size` distinct images with each class in proportion, to within one image.

    All images are equally likely. Different waves and seeds draw independently; (i, j) and (-i, -j) draw the same.

    Args:
        labels: (N,) class of every image.
        size: 1 to N.
        wave: (i, j), cycles per image.
        seed: 0 to 2**64 - 1.
    Returns:
        (size,) int64, ascending.
    Source: systematic sampling from a list in order of the classes, each shuffled (Cochran 1977, ch. 8).
    """
    total = len(labels)
    # A stream apart from the signs' makes sample and signs independent.
    bits = wave_bits(total + 1, wave, seed=seed, stream=1)
    shuffled = np.lexsort((bits[:total], labels))
    start = int(bits[total] % np.uint64(total))
    return np.sort(shuffled[(np.arange(size) * total + start) // size])


@dataclass(frozen=True, eq=False)
class Group:
    """G waves, each added to n images.

    scaled: (G, H, W) float32, each wave times its size v; zeros for the clean images. positions: (G, n) int64, of the
    images, or (1, n) if equal for all. signs: (G, n, 3) int8.
    """

    scaled: np.ndarray
    positions: np.ndarray
    signs: np.ndarray

    @property
    def count(self) -> int:
        return self.signs.shape[1]

    def batches(self, size: int, device: torch.device) -> Iterator[tuple[Tensor, Tensor]]:
        """Split positions and signs along the images into as few, nearly equal parts as `size` allows."""
        import torch

        tensors = (torch.from_numpy(array).to(device) for array in (self.positions, self.signs))
        return zip(*(tensor.tensor_split(-(-self.count // size), 1) for tensor in tensors), strict=True)


def _first_group(waves: Sequence[Wave], dataset: ImageDataset, config: SweepConfig, size: int) -> Group:
    """Return the first wave with as many following ones, added to equally many images, as fit a batch of `size`."""
    total, height = len(dataset), dataset.image_size

    def images(wave: Wave) -> int:
        return total if wave is None else images_per_wave(total, config.fraction)

    count = images(waves[0])
    alike = itertools.takewhile(lambda wave: images(wave) == count, waves)
    group = tuple(itertools.islice(alike, max(1, size // count)))
    signs = np.stack([random_signs(total, wave or (0, 0), seed=config.seed) for wave in group])
    positions = np.arange(total)[None]
    if count < total:  # so these are not the clean images
        positions = np.stack(
            [balanced_sample(dataset.labels, count, wave, seed=config.seed) for wave in group if wave is not None]
        )
        # An image has the same signs as in a full sweep.
        signs = np.take_along_axis(signs, positions[..., None], axis=1)
    scaled = np.zeros((len(group), height, height), np.float32)
    for k, wave in enumerate(group):
        if wave is not None:
            scaled[k] = fourier_basis(*wave, height, height) * np.float32(_epsilon(wave, config, height))
    return Group(scaled, positions, signs)


def _epsilon(wave: Frequency, config: SweepConfig, image_size: int) -> float:
    """Return a wave's L2 size per channel, weakened if configured."""
    if config.weaken_as is None:
        return config.epsilon
    cell = frequency_to_cell(*wave, config.size)
    return config.epsilon * float(_kept(image_size, config.weaken_as, config.size)[cell])


@functools.lru_cache(maxsize=4)
def _kept(image_size: int, network_size: int, size: int) -> np.ndarray:
    from core.classifiers.classifier import Preprocess

    return resize_attenuation(Preprocess(network_size, (0.0,) * 3, (1.0,) * 3), image_size, size)


def _errors(
    classifier: Classifier, images: Tensor, labels: Tensor, group: Group, batch_size: int, dtype: str
) -> tuple[np.ndarray, np.ndarray]:
    """Return sums over the images, (3 + M, G) float64: top-1 errors, top-5 errors, finite logits and the M means.

    Also returns which are misclassified, (G, n) bool. Computed on the device and fetched once.
    """
    import torch

    waves, wrong = len(group.scaled), []
    scaled = torch.from_numpy(group.scaled).to(images.device)[:, None, None]  # (G, 1, 1, H, W)
    exact = torch.float32 if images.device.type == "mps" else torch.float64  # not on MPS
    tally = torch.zeros(3 + len(MEANS), waves, dtype=exact, device=images.device)
    with torch.inference_mode():
        for positions, signs in group.batches(batch_size, images.device):
            perturbed = perturb(torch.div(images[positions], 255), scaled, signs[..., None, None])  # (G, n, 3, H, W)
            logits = forward(classifier, perturbed.flatten(0, 1), dtype)
            targets = labels[positions].expand(waves, -1).flatten()
            missed = logits.topk(min(5, logits.shape[1]), dim=1).indices != targets[:, None]
            numbers = [missed[:, 0], missed.all(dim=1), logits.isfinite().all(dim=1), *_means(logits, targets)]
            outcome = torch.stack(numbers).view(len(numbers), waves, -1)
            tally += outcome.sum(dim=2, dtype=exact)
            wrong.append(outcome[0] > 0)
    return tally.cpu().double().numpy(), torch.cat(wrong, dim=1).cpu().numpy()


def _means(logits: Tensor, targets: Tensor) -> tuple[Tensor, ...]:
    """Return each of `MEANS` for each image, (B,)."""
    return (logits.softmax(dim=1).gather(1, targets[:, None])[:, 0],)
