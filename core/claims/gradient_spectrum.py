"""Comparison of stored loss gradients with heat maps: does the gradient tell which waves change predictions?

A map's waves are not a random sample, and neighbours are alike. So intervals are over the pictures of the gradient, and
chance is measured with random maps as smooth as the gradient's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.claims.finding import Claim, Evidence, Finding, NamedMap, Verdict, require
from core.data.classes import CIFAR10
from core.data.profiles import cached_by_files, first_by_name, read_stored
from core.fourier.basis import half_plane, rounded_radius, wave_map, wave_values
from core.fourier.intervals import Interval, bootstrap_interval
from core.fourier.maps.heatmap import Heatmap
from core.shared.files import ArchiveContent, ArchiveKind, Fact
from core.shared.sentences import Network, Sentence, join_parts

STORED = ArchiveKind(
    name="file of gradients",
    maker="core.reproduce.profile",
    schema=1,
    required=("blocks",),
    facts=(Fact("classifier.name", "text"), Fact("dataset.n", "whole number", 2)),
)
MIN_WAVES, DRAWS = 30, 1_000
BLOCKS = 20  # of pictures, for the bootstrap


@dataclass(frozen=True, eq=False)
class StoredGradient(ArchiveContent):
    """Energy of one network's gradients on CIFAR-10's 32 x 32 pixels.

    blocks: (BLOCKS, W) float16, mean `relative_energy` of each block of as many pictures along each of `half_plane`.
    metadata: classifier, dataset, source.
    """

    FILE = STORED

    blocks: np.ndarray
    metadata: dict[str, Any]

    def arrays(self) -> dict[str, np.ndarray]:
        return {"blocks": self.blocks}

    @property
    def pictures(self) -> int:
        """Number of pictures."""
        return int(self.metadata["dataset"]["n"])

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the network's weights."""
        return self.metadata["classifier"].get("sha256")

    @cached_property
    def energy(self) -> np.ndarray:
        """(W,) mean over all pictures."""
        return self.blocks.mean(axis=0, dtype=np.float64)

    @property
    def side(self) -> int:
        """Side R of the map that has these waves."""
        return int((2 * self.blocks.shape[1] - 1) ** 0.5)

    def maps(self, values: np.ndarray) -> np.ndarray:
        """(..., R, R) maps of (..., W) values of its waves."""
        return wave_map(values, half_plane(self.side), self.side)


@cached_by_files("gradients")
def stored_gradients(paths: tuple[Path, ...]) -> dict[str, StoredGradient]:
    """Load the stored gradients by classifier name; the first file of a name counts."""
    files = read_stored(StoredGradient.load, paths)
    return dict(sorted(first_by_name((file.metadata["classifier"]["name"], file) for file in files).items()))


def stored_gradient(heatmap: Heatmap) -> StoredGradient | None:
    """Return the gradient of a map's classifier with the same weights, classes and picture size, or None."""
    facts = heatmap.metadata
    stored = stored_gradients().get(str(facts["classifier"]["name"]))
    if stored is None or facts["classifier"].get("sha256") != stored.sha256 or heatmap.side > stored.side:
        return None
    same = facts["image_size"] == 32 and tuple(facts["class_names"]) == CIFAR10.names
    return stored if same else None


@dataclass(frozen=True)
class GradientAgreement:
    """Spearman's correlation of a gradient's energy with the rise of the error.

    waves, rings: over `count` single waves, and over the means of rings of rounded radius; with 95 % intervals over the
    gradient's pictures. p: share of `DRAWS` maps as smooth as the gradient's whose correlation over the waves is as
    high or higher, counting its own as one of them. Rings have none: two smooth curves over so few of them agree by
    chance too often.
    """

    waves: Interval
    rings: Interval
    count: int
    p: float


@lru_cache(32)
def gradient_agreement(stored: StoredGradient, heatmap: Heatmap) -> GradientAgreement | None:
    """Correlate the gradient's energy with the rise of the error; None if the map has too few waves.

    The interval is a percentile bootstrap over blocks of pictures; it ignores the map's own noise.
    """
    waves = np.array(half_plane(heatmap.side))
    rise = wave_values(heatmap.rate(), waves)  # the clean error does not affect ranks
    known = np.isfinite(rise)
    waves, rise = waves[known], rise[known]
    if len(rise) < MIN_WAVES or np.ptp(rise) == 0:
        return None
    radii, ring = np.unique(rounded_radius(waves), return_inverse=True)
    to_rings = np.eye(len(radii))[ring] / np.bincount(ring)
    blocks = wave_values(stored.maps(stored.blocks.astype(np.float64)), waves)
    generator = np.random.default_rng(0)
    drawn = generator.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), DRAWS) / len(blocks)
    energy, resampled = blocks.mean(axis=0), drawn @ blocks
    over_waves = _measured(energy, resampled, rise)
    over_rings = _measured(energy @ to_rings, resampled @ to_rings, rise @ to_rings)
    as_smooth = wave_values(_as_smooth(stored, generator), waves)
    p = (1 + int((rank_correlations(as_smooth, rise) >= over_waves.value).sum())) / (1 + DRAWS)
    return GradientAgreement(over_waves, over_rings, len(rise), p)


def _measured(energy: np.ndarray, resampled: np.ndarray, rise: np.ndarray) -> Interval:
    return bootstrap_interval(float(rank_correlations(energy, rise)), rank_correlations(resampled, rise))


def rank_correlations(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of each row of (..., W) with (W,) values, or with its row of (..., W).

    NaN for a row that does not vary.
    """
    from scipy.stats import rankdata

    ranks = (rankdata(array, axis=-1) for array in (rows, values))
    a, b = (rank - rank.mean(axis=-1, keepdims=True) for rank in ranks)
    length = np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    return np.divide((a * b).sum(axis=-1), length, out=np.full(length.shape, np.nan), where=length > 0)


def _as_smooth(stored: StoredGradient, generator: np.random.Generator) -> np.ndarray:
    """Return (DRAWS, R, R) random maps as smooth as the ranks of the gradient's energies.

    The map of ranks is Fourier transformed, and each coefficient gets a random sign.
    Source: Theiler et al. 1992, surrogate data of the same power spectrum. Differs by: signs in place of phases, since
    the transform of a point-symmetric map is real.
    """
    from scipy.stats import rankdata

    ranks = rankdata(stored.energy)
    centred, number = stored.maps(np.stack([ranks - ranks.mean(), np.arange(len(ranks))]))
    signs = generator.choice((-1.0, 1.0), (DRAWS, len(ranks)))[:, np.fft.ifftshift(number).astype(int)]
    return np.fft.fftshift(np.fft.ifft2(np.fft.fft2(np.fft.ifftshift(centred)).real * signs).real, axes=(1, 2))


def gradient_finding(claim: Claim, named: NamedMap) -> Finding:
    """Holds if the correlation exceeds noise and chance; in part if that over rings is below the threshold."""
    stored_for = join_parts(map(Network, stored_gradients()), last=" and ")
    needed = f"A profile stores one if it has at least {BLOCKS} pictures of 32 pixels."
    lack = Sentence("Gradients are stored for the CIFAR-10 maps of ", stored_for, f", not for {named.name}. {needed}")
    stored = require(stored_gradient(named.heatmap), lack)
    result = require(gradient_agreement(stored, named.heatmap), "The map has too few waves to rank.")
    evidence = (
        Evidence(f"rank correlation over {result.count} waves", result.waves, "ratio"),
        Evidence("p", Interval.exact(result.p), "p"),
        Evidence("rank correlation over rings", result.rings, "ratio"),
    )
    verdict = Verdict.FAILS
    if result.waves.low > 0 and result.p < 0.05:
        verdict = Verdict.HOLDS if result.rings.value >= claim.threshold else Verdict.IN_PART
    doubts: tuple[str, ...] = ()
    if verdict == Verdict.IN_PART:
        doubts = ("Over rings, where the few low frequencies weigh more, the correlation is weak.",)
    return Finding(claim, verdict, evidence, doubts, (named.label,), (0, 1), "Minus clean")
