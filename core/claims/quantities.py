"""Quantities that may stand as lhs or rhs of a claim, and further ones that claims compare. Does not import torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from core.claims.claim import Evidence, NamedMap
from core.data.corruptions import CORRUPTIONS
from core.data.stored import cached_by_files, read_stored, stored_files
from core.fourier.contrasts import BANDS, Band, in_band, mismatches, without_wave
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import (
    CorruptionOutcomes,
    Errors,
    HybridOutcomes,
    crossover_of,
    first_pairs,
    paired_difference,
)
from core.fourier.waves import half_plane, resize_attenuation_map, rounded_radius, wave_values
from core.shared.numbers import Interval, wilson
from core.shared.roles import ROBUST

LOW_CORRUPTIONS, HIGH_CORRUPTIONS = (
    tuple(key for key, row in CORRUPTIONS.items() if row.band == band) for band in ("low", "high")
)
_RESAMPLES = 50_000  # more than 8!, so p is exact for up to eight networks


@cached_by_files("corruptions")
def stored_corruptions() -> dict[str, CorruptionOutcomes]:
    """Load the stored outcomes under corruptions, by classifier name."""
    return CorruptionOutcomes.stored()


def corruptions_of(named: NamedMap) -> CorruptionOutcomes | None:
    """Return the stored outcomes of a map's classifier with the same weights and data, or None."""
    return named.result_in(stored_corruptions())


def rise(outcomes: CorruptionOutcomes, errors: Errors) -> Errors:
    """Return the rise of the error: that under corruption minus that on the same clean pictures."""
    return errors.minus(outcomes.clean_errors())


def _error_in(band: str, named: NamedMap) -> Errors | None:
    return in_band(named.heatmap, band)


def _rise_in(band: str, named: NamedMap) -> Errors | None:
    """Return how much a band raises a map's error over its clean error."""
    error, clean = _error_in(band, named), without_wave(named.heatmap)
    return None if error is None or clean is None else error.minus(clean)


def smallest_error(heatmap: Heatmap) -> Interval:
    """Return the smallest error of a map under a single wave."""
    waves = np.array(half_plane(heatmap.size))
    rates, images = (wave_values(values, waves) for values in (heatmap.rate(), heatmap.images))
    place = np.nanargmin(rates)
    return wilson(rates[place], images[place]).item()


def _rise_under(keys: Sequence[str], named: NamedMap) -> Errors | None:
    """Return how much corruptions, averaged over all strengths, raise the error; None if not measured."""
    outcomes = corruptions_of(named)
    return None if outcomes is None else rise(outcomes, outcomes.errors(*keys))


# Errors that may stand as lhs or rhs, by the words that follow whose they are; None if unknown.
QUANTITIES: dict[str, Callable[[NamedMap], Errors | None]] = {
    **{band: partial(_error_in, band) for band in BANDS},
    "clean": lambda named: without_wave(named.heatmap),
    **{f"rise {band}": partial(_rise_in, band) for band in BANDS},
    **{key: partial(_rise_under, (key,)) for key in CORRUPTIONS},
    "low-frequency corruptions": partial(_rise_under, LOW_CORRUPTIONS),
    "high-frequency corruptions": partial(_rise_under, HIGH_CORRUPTIONS),
}


def quantity(term: str, maps: Mapping[str, NamedMap]) -> Errors | None:
    """Return the errors that a term such as 'subject beyond lowest' names, given the maps by whose they are."""
    whose, _, what = term.partition(" ")
    return QUANTITIES[what](maps[whose]) if whose in maps else None


def ranked_networks() -> dict[str, tuple[float, CorruptionOutcomes]]:
    """Return crossover cutoff and corruption outcomes of each network with both stored for the same weights and data.

    Only the data set with the most networks is used: results on different pictures cannot be ranked together.
    """
    networks: dict[str, tuple[float, CorruptionOutcomes]] = {}
    for name, outcomes in stored_corruptions().items():
        hybrids = stored_hybrids().get(name)
        same = hybrids and all(hybrids.metadata[part] == outcomes.metadata[part] for part in ("classifier", "dataset"))
        crossover = crossover_of(hybrids) if hybrids and same else None
        if crossover is not None:
            networks[name] = (crossover.radius.value, outcomes)
    hashes = Counter(outcomes.metadata["dataset"]["content_hash"] for _, outcomes in networks.values())
    most = max(hashes, key=hashes.__getitem__, default="")
    return {name: pair for name, pair in networks.items() if pair[1].metadata["dataset"]["content_hash"] == most}


def _rank_correlations(rows: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return Spearman's correlation of each row of (..., W) with (W,) values."""
    from scipy.stats import rankdata

    ranks = (rankdata(array, axis=-1) for array in (rows, values))
    a, b = (rank - rank.mean(axis=-1, keepdims=True) for rank in ranks)
    return (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))


def exact_rank_test(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return Spearman's correlation of two (n,) arrays and its two-sided permutation p, exact up to n = 8."""
    from scipy.stats import permutation_test

    tested = permutation_test(
        (first,),
        lambda orders, axis: _rank_correlations(orders, second),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=_RESAMPLES,
        random_state=np.random.default_rng(0),
    )
    return float(tested.statistic), float(tested.pvalue)


class EqualStrength(NamedTuple):
    """Strength of waves at the inputs of two networks, for a comparison at equal strength.

    subject, reference: mean share of a wave's norm, over a band, that reaches each network's input. alike: the
    reference's map under waves as strong as the subject's: weakened, if they differ; None where not measured.
    """

    subject: float
    reference: float
    alike: Heatmap | None


def equal_strength(subject: NamedMap, reference: NamedMap, band: Band) -> EqualStrength | None:
    """Return the strengths over a band; None if a network's input size is unknown or its resize was not measured."""
    first, second = (_remaining_share(named, band) for named in (subject, reference))
    if first is None or second is None:
        return None
    differ = abs(first - second) >= 0.02
    return EqualStrength(first, second, _weakened(reference, subject.network_side) if differ else reference.heatmap)


def _remaining_share(named: NamedMap, band: Band) -> float | None:
    """Return the mean share of its norm that a wave of a band keeps at the network's input; None if unknown."""
    heatmap, image_size = named.heatmap, int(named.heatmap.metadata["image_size"])
    if image_size == named.network_side:
        return 1.0
    shares = None if named.network_side is None else resize_attenuation_map(image_size, named.network_side)
    if shares is None or len(shares) != heatmap.size:
        return None
    waves = np.array(half_plane(heatmap.size))
    return float(wave_values(shares, waves[band.contains(rounded_radius(waves))]).mean())


def _weakened(named: NamedMap, network_side: int | None) -> Heatmap | None:
    """Return the map of the same classifier and data with weakened waves, if measured."""
    for weakened in _weakened_maps():
        facts, expected = weakened.metadata, named.heatmap.metadata
        same = named.has_weights_of(facts) and facts["dataset"]["name"] == expected["dataset"]["name"]
        if same and facts.get("weakened_as") == network_side and facts["epsilon"] == expected["epsilon"]:
            return weakened
    return None


@cached_by_files("strength")
def _weakened_maps() -> list[Heatmap]:
    return list(read_stored(Heatmap.load, [path for path in stored_files("strength") if "_weakened" in path.stem]))


@cached_by_files("hybrids")
def stored_hybrids() -> dict[str, HybridOutcomes]:
    """Load the stored outcomes on hybrid images, by classifier name."""
    return HybridOutcomes.stored()


def crossover_evidence(first: NamedMap, second: NamedMap) -> tuple[Interval, tuple[Evidence, ...]] | None:
    """Return the paired difference of the crossover cutoffs, first minus second, and all three numbers as evidence.

    Only pairs that both saw count. None if either lacks stored hybrids or a crossover, or saw other pairs.
    """
    a, b = (named.result_in(stored_hybrids()) for named in (first, second))
    if a is None or b is None:
        return None
    count = min(a.n, b.n)
    a, b = first_pairs(a, count), first_pairs(b, count)
    of_a, of_b, difference = crossover_of(a), crossover_of(b), paired_difference(a, b)
    if of_a is None or of_b is None or difference is None:
        return None
    return difference, (
        Evidence(f"crossover cutoff of {first.name}", of_a.radius, "radius"),
        Evidence(f"crossover cutoff of {second.name}", of_b.radius, "radius"),
        Evidence("difference of crossover cutoffs", difference, "radii", (of_a.radius.value, of_b.radius.value)),
    )


def twin_pairs(subject: NamedMap, all_maps: Sequence[NamedMap]) -> list[tuple[NamedMap, NamedMap]]:
    """Return the subject's pair of ordinary network and robust twin, or else every such pair."""
    pairs = [
        (ordinary, robust)
        for ordinary in all_maps
        for robust in all_maps
        if robust.classifier == ordinary.classifier + ROBUST
        and not mismatches(ordinary.heatmap, robust.heatmap)
        and ordinary.heatmap.metadata["dataset"]["n"] == robust.heatmap.metadata["dataset"]["n"]
    ]
    return [pair for pair in pairs if subject.label in (pair[0].label, pair[1].label)] or pairs
