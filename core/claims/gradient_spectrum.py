"""Comparison of stored loss gradients with heat maps: does the gradient tell which waves change predictions?

A map's waves are not a random sample, and neighbours are alike. So intervals are over the pictures of the gradient, and
chance is measured with random maps as smooth as the gradient's own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from core.claims.finding import Claim, Evidence, Finding, NamedMap, Verdict, require
from core.data.classes import CIFAR10
from core.data.profiles import cached_by_files, first_by_name, read_stored
from core.fourier.basis import half_plane, rounded_radius, wave_map, wave_values
from core.fourier.gradients import ring_energy
from core.fourier.intervals import Interval, bootstrap_interval
from core.fourier.maps.heatmap import Heatmap
from core.numbers import decimal
from core.shared.files import ArchiveKind, Fact
from core.shared.sentences import Network, Sentence, join_parts

# energy: (N, blocks, W) float16, `relative_energy` of each block of pictures, for each model and wave of `half_plane`.
# slope, change: (N, W) float32, mean change of the loss under the sweep's wave by the gradient alone, and the real one.
STORED = ArchiveKind(
    name="file of gradients",
    maker="core.reproduce.profile",
    schema=1,
    required=("energy", "slope", "change"),
    facts=(Fact("models", "list"), Fact("dataset.n", "whole number", 2), Fact("epsilon", "number")),
)
MIN_WAVES, DRAWS = 30, 1_000
BLOCKS = 20  # of pictures, for the bootstrap


@dataclass(frozen=True, eq=False)
class StoredGradient:
    """Measurements of one model's gradients on CIFAR-10's 32 x 32 pixels.

    sha256: of its weights. blocks: (blocks, W) mean `relative_energy` of each block of as many pictures. edges,
    mean_radius: means over the pictures, with Student's intervals. slope, change: (W,) mean change of the loss under
    each wave of Eq. 1 of size `epsilon`: by the gradient alone, and the real one.
    """

    sha256: str
    pictures: int
    blocks: np.ndarray
    edges: Interval
    mean_radius: Interval
    slope: np.ndarray
    change: np.ndarray
    epsilon: float

    @property
    def energy(self) -> np.ndarray:
        """(W,) mean over all pictures."""
        return self.blocks.mean(axis=0)

    @property
    def side(self) -> int:
        """Side R of the map that has these waves."""
        return int((2 * self.blocks.shape[1] - 1) ** 0.5)

    def maps(self, values: np.ndarray) -> np.ndarray:
        """(..., R, R) maps of (..., W) values of its waves."""
        return wave_map(values, half_plane(self.side), self.side)

    @property
    def bend(self) -> np.ndarray:
        """(rings,) real change of the loss along the waves of each ring, as a multiple of the gradient's prediction."""
        return ring_energy(self.change, self.side) / ring_energy(self.slope, self.side)


@cached_by_files("gradients")
def stored_gradients(paths: tuple[Path, ...]) -> dict[str, StoredGradient]:
    """Load the stored gradients by classifier name; the first file of a name counts."""
    files = read_stored(load_gradients, paths)
    return dict(sorted(first_by_name(pair for gradients in files for pair in gradients.items()).items()))


def load_gradients(path: Path) -> dict[str, StoredGradient]:
    """Load a file; raises the errors of `STORED`."""
    return STORED.load(path, _read)


def _read(
    metadata: Mapping[str, Any], energy: np.ndarray, slope: np.ndarray, change: np.ndarray
) -> dict[str, StoredGradient]:
    stored = {}
    for k, facts in enumerate(metadata["models"]):
        stored[facts["classifier"]["name"]] = StoredGradient(
            facts["classifier"]["sha256"],
            metadata["dataset"]["n"],
            energy[k].astype(np.float64),
            Interval(*facts["edges"]),
            Interval(*facts["mean_radius"]),
            slope[k].astype(np.float64),
            change[k].astype(np.float64),
            metadata["epsilon"],
        )
    return stored


def stored_gradient(heatmap: Heatmap) -> StoredGradient | None:
    """Return the gradient of a map's classifier with the same weights, classes and picture size, or None."""
    facts = heatmap.metadata
    stored = stored_gradients().get(str(facts["classifier"]["name"]))
    if stored is None or facts["classifier"].get("sha256") != stored.sha256 or heatmap.side > stored.side:
        return None
    same = facts["image_size"] == 32 and tuple(facts["class_names"]) == CIFAR10.names
    return stored if same else None


@dataclass(frozen=True)
class OverratedRings:
    """Neighbouring rings, radius `first` to `last`, whose waves raise the error less than the gradient's energy
    suggests.

    without: Spearman's correlation over all other rings. bend, bend_elsewhere: `StoredGradient.bend` there, and the
    mean over the other rings. changed: the correlation over all rings of the real change of the loss in place of the
    gradient. The last three are NaN where the map's waves have another size.
    """

    first: int
    last: int
    without: float
    bend: float
    bend_elsewhere: float
    changed: float

    @property
    def radii(self) -> str:
        """'radius 0 to 3'."""
        return f"radius {self.first}" + (f" to {self.last}" if self.last > self.first else "")


@dataclass(frozen=True)
class GradientAgreement:
    """Spearman's correlation of a gradient's energy with the rise of the error.

    waves, rings: over `count` single waves, and over the means of rings of rounded radius; with 95 % intervals over the
    gradient's pictures. p: share of `DRAWS` maps as smooth as the gradient's whose correlation over the waves is as
    high or higher, counting its own as one of them. Rings have none: two smooth curves over so few of them agree by
    chance too often. overrated: None where no ring is far from its rank.
    """

    waves: Interval
    rings: Interval
    count: int
    p: float
    overrated: OverratedRings | None


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
    blocks = wave_values(stored.maps(stored.blocks), waves)
    generator = np.random.default_rng(0)
    drawn = generator.multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), DRAWS) / len(blocks)
    energy, resampled = blocks.mean(axis=0), drawn @ blocks
    over_waves = _measured(energy, resampled, rise)
    over_rings = _measured(energy @ to_rings, resampled @ to_rings, rise @ to_rings)
    as_smooth = wave_values(_as_smooth(stored, generator), waves)
    p = (1 + int((rank_correlations(as_smooth, rise) >= over_waves.value).sum())) / (1 + DRAWS)
    change = wave_values(stored.maps(stored.change), waves) @ to_rings
    if heatmap.metadata["epsilon"] != stored.epsilon:
        change = np.full(len(radii), np.nan)  # of waves of another size
    overrated = _overrated(radii, energy @ to_rings, rise @ to_rings, change, stored.bend[radii])
    return GradientAgreement(over_waves, over_rings, len(rise), p, overrated)


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


def _overrated(
    radii: np.ndarray, energy: np.ndarray, rise: np.ndarray, change: np.ndarray, bend: np.ndarray
) -> OverratedRings | None:
    """Return the rings around the most overrated one whose excess of ranks is at least half of its own.

    None unless its excess is at least a third of all ranks. change: of the loss, NaN if unknown; bend: the loss's.
    """
    from scipy.ndimage import label
    from scipy.stats import rankdata

    above = rankdata(energy) - rankdata(rise)
    if above.max() < len(radii) / 3:
        return None
    runs, _ = label(above > above.max() / 2)
    inside = runs == runs[above.argmax()]
    first, last = radii[inside][[0, -1]].tolist()
    without = float(rank_correlations(energy[~inside], rise[~inside]))
    why = (math.nan,) * 3
    if not np.isnan(change).any():
        changed = float(rank_correlations(change, rise))
        why = (float(bend[inside].mean()), float(bend[~inside].mean()), changed)
    return OverratedRings(first, last, without, *why)


def where_it_fails(result: GradientAgreement, epsilon: float) -> str:
    """Describe the rings that the gradient overrates, and a possible reason; empty if there are none."""
    overrated = result.overrated
    if overrated is None:
        return ""
    text = (
        f"The gradient overrates {overrated.radii}: these waves mislead less than its energy suggests. "
        f"Without them the correlation over rings is {decimal(overrated.without, 2)}."
    )
    if overrated.bend_elsewhere > overrated.bend:
        text += (
            " A likely reason: a gradient describes very small waves only. "
            f"At v = {epsilon:g} the loss changes {overrated.bend:.1f} times as much as the gradient predicts along "
            f"these waves, and {overrated.bend_elsewhere:.1f} times along the others. "
            f"The actual change of the loss correlates by {decimal(overrated.changed, 2)} over rings."
        )
    return text


def gradient_finding(claim: Claim, named: NamedMap) -> Finding:
    """Holds if the correlation exceeds noise and chance; in part if the gradient overrates some rings."""
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
        verdict = Verdict.HOLDS if result.overrated is None else Verdict.IN_PART
    doubts = tuple(filter(None, [where_it_fails(result, named.heatmap.metadata["epsilon"])]))
    return Finding(claim, verdict, evidence, doubts, (named.label,), (0, 1), "Minus clean")
