"""Settings of a sweep. Does not import torch."""

from __future__ import annotations

from dataclasses import dataclass

from core.fourier import basis
from core.shared.device import DTYPES

# Images per forward pass, by device. On a CPU 64 took at most 1 % longer than 4, 16 or 32, for any of five networks at
# 32 and 224 pixels; batches that do not fit the memory are halved.
BATCH = {"cpu": 64, "cuda": 512}
# A frequency, or None for the clean images.
Wave = basis.Frequency | None


@dataclass(frozen=True, kw_only=True)
class SweepConfig:
    """Settings of a sweep.

    side: R, odd. epsilon: L2 size v of the wave per channel, pixel range [0, 1]. seed: of the random signs.
    cells: the frequencies to compute, None for all. batch_size: images per forward pass, None for `BATCH`.
    dtype: precision of the forward pass; the wave is always added in float32.
    weaken_as: side in pixels of a network's input: each wave is weakened as by bicubic enlargement to it, to compare
    networks at equal strength; None for full strength.
    outcomes: whether to store which images are misclassified under each wave, one bit each.
    passes: share of the images, in (0, 1], to which each wave is added: below 1 each wave has its own class-balanced
    sample. The clean error is always over all images. A map of samples stores no outcomes.
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

    @property
    def waves(self) -> tuple[basis.Frequency, ...]:
        """Distinct waves to compute, by canonical frequency, in a fixed order."""
        if self.cells is None:
            return basis.half_plane(self.side)
        return tuple(dict.fromkeys(basis.canonical_frequency(i, j) for i, j in self.cells))


def check_side_fits(side: int, image_size: int) -> None:
    """Raise ValueError unless images of this size can hold every wave of a map of this side."""
    if side > (max_side := basis.largest_side(image_size, image_size)):
        raise ValueError(
            f"a heat map of side {side} needs frequencies up to {side // 2} cycles per image, but "
            f"images of {image_size} x {image_size} pixels carry fewer: use a side of at most {max_side}"
        )
