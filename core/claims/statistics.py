"""Statistics that several claims share, from heat maps and stored outcomes. Does not import torch."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.claims.evidence import Evidence
from core.claims.finding import Judged, NamedMap, judged, require
from core.claims.verdict import below
from core.classifiers.registry import result_title
from core.data.corruptions import CORRUPTIONS
from core.data.stored import cached_by_files, read_stored, stored_files
from core.fourier.contrasts import Band, difference, in_band, mismatches, without_wave
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
from core.shared.text import isolated

LOW_CORRUPTIONS, HIGH_CORRUPTIONS = (
    tuple(key for key, row in CORRUPTIONS.items() if row.band == band) for band in ("low", "high")
)
TRAINED_ONCE = "Each network was trained once; how much two trainings differ was not measured here."
_SEED, _SEED_IN_TITLE = re.compile(r"-seed\d+(?=_)"), re.compile(r",? seed \d+")  # in the name of a map's file
_RESAMPLES = 50_000  # more than 8!, so p is exact for up to eight networks


@cached_by_files("corruptions")
def stored_corruptions() -> dict[str, CorruptionOutcomes]:
    """Load the stored outcomes under corruptions, by classifier name."""
    return CorruptionOutcomes.stored()


def corruptions_of(named: NamedMap) -> CorruptionOutcomes | None:
    """Return the stored outcomes of a map's classifier with the same weights and data, or None."""
    return named.result_in(stored_corruptions())


def rise(outcomes: CorruptionOutcomes, *keys: str, strength: int | None = None) -> Errors:
    """Return how much corruptions, at one strength or all, raise the error on the same clean pictures."""
    return outcomes.errors(*keys, strength=strength).minus(outcomes.clean_errors())


@dataclass(frozen=True)
class MeanError(Evidence):
    """An error, or a rise of it, as evidence with a bar; errors: with everything needed to compare it with another."""

    errors: Errors = field(kw_only=True, compare=False)

    def minus(self, other: MeanError, what: str = "difference", sign_words: tuple[str, str] | None = None) -> Evidence:
        """Return the difference as evidence: image by image where both know the same images."""
        return Evidence(what, self.errors.minus(other.errors).measured.item(), sign_words=sign_words)


def mean_error(name: str, errors: Errors | None, unit: str = "error") -> MeanError:
    """Return an error as evidence, with a bar of that name; raise NotCheckable if it is unknown."""
    errors = require(errors)
    return MeanError(name, errors.measured, unit, bar=name, errors=errors)


def error_in(band: str, named: NamedMap, name: str = "") -> MeanError:
    """Return the mean error of a map over the waves of a band; name: of its bar, by default the map's."""
    return mean_error(name or named.name, in_band(named.heatmap, band))


def rise_in(band: str, named: NamedMap) -> MeanError:
    """Return how much the waves of a band raise a map's error over its clean error."""
    clean = require(without_wave(named.heatmap))
    return mean_error(named.name, require(in_band(named.heatmap, band)).minus(clean), "rise")


def smallest_error(heatmap: Heatmap) -> Interval:
    """Return the smallest error of a map under a single wave."""
    waves = np.array(half_plane(heatmap.size))
    rates, images = (wave_values(values, waves) for values in (heatmap.rate(), heatmap.images))
    index = np.nanargmin(rates)
    return wilson(rates[index], images[index]).item()


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

    subject, reference: mean fraction of a wave's norm, over a band, that reaches each network's input. alike: the
    reference's map under waves as strong as the subject's: weakened, if they differ; None where not measured.
    """

    subject: float
    reference: float
    alike: Heatmap | None


def equal_strength(subject: NamedMap, reference: NamedMap, band: Band) -> EqualStrength | None:
    """Return the strengths over a band; None if a network's input size is unknown or its resize was not measured."""
    first, second = (_remaining_fraction(named, band) for named in (subject, reference))
    if first is None or second is None:
        return None
    differ = abs(first - second) >= 0.02
    return EqualStrength(first, second, _weakened(reference, subject.input_size) if differ else reference.heatmap)


def _remaining_fraction(named: NamedMap, band: Band) -> float | None:
    """Return the mean fraction of its norm that a wave of a band keeps at the network's input; None if unknown."""
    heatmap, image_size = named.heatmap, int(named.heatmap.metadata["image_size"])
    if image_size == named.input_size:
        return 1.0
    norms = None if named.input_size is None else resize_attenuation_map(image_size, named.input_size)
    if norms is None or len(norms) != heatmap.size:
        return None
    waves = np.array(half_plane(heatmap.size))
    return float(wave_values(norms, waves[band.contains(rounded_radius(waves))]).mean())


def _weakened(named: NamedMap, input_size: int | None) -> Heatmap | None:
    """Return the map of the same classifier and data with weakened waves, if measured."""
    for weakened in _weakened_maps():
        facts, expected = weakened.metadata, named.heatmap.metadata
        same = named.has_weights_of(facts) and facts["dataset"]["name"] == expected["dataset"]["name"]
        if same and facts.get("weakened_as") == input_size and facts["epsilon"] == expected["epsilon"]:
            return weakened
    return None


@cached_by_files("strength")
def _weakened_maps() -> list[Heatmap]:
    return list(read_stored(Heatmap.load, [path for path in stored_files("strength") if "_weakened" in path.stem]))


# ---- two trainings of one network --------------------------------------------------------------------------------

Statistic = Callable[[Heatmap, Heatmap], Interval | None]  # a difference of two maps; None where it is not known


@cached_by_files("heatmaps")
def trainings() -> list[tuple[Heatmap, Heatmap]]:
    """Load the maps of two trainings, by different random seeds, of each network that has them: NAME-seed1 and NAME."""
    of_network: dict[str, dict[str, Path]] = {}
    for path in stored_files("heatmaps"):
        of_network.setdefault(_SEED.sub("", path.stem), {}).setdefault(path.stem, path)
    pairs = [paths for _, paths in sorted(of_network.items()) if len(paths) == 2]
    loaded = [list(read_stored(Heatmap.load, [paths[stem] for stem in sorted(paths)])) for paths in pairs]
    return [(maps[0], maps[1]) for maps in loaded if len(maps) == 2]


def _trainings_like(like: Heatmap) -> list[tuple[Heatmap, Heatmap]]:
    return [pair for pair in trainings() if not mismatches(pair[0], like) and pair[0].size == like.size]


def between_trainings(statistic: Statistic, like: Heatmap) -> tuple[str, Interval] | None:
    """Return the pair of `trainings` that differ most, by the title of their network, and how much, as magnitudes.

    like: a map that the maps of the pair were measured like; None if there are none.
    """
    measured = [
        (_SEED_IN_TITLE.sub("", result_title(first.metadata["classifier"])), statistic(first, second))
        for first, second in _trainings_like(like)
    ]
    known = [(title, _magnitude(difference)) for title, difference in measured if difference is not None]
    return max(known, key=lambda row: row[1].value, default=None)


def _magnitude(difference: Interval) -> Interval:
    value, low, high = difference
    return difference if value >= 0 else Interval(-value, -high, -low)


def between_all_trainings(statistic: Statistic, like: Heatmap) -> list[Interval]:
    """Return the difference of each pair of `trainings` that was measured like a map."""
    measured = (statistic(first, second) for first, second in _trainings_like(like))
    return [difference for difference in measured if difference is not None]


def with_spread(number: Evidence, statistic: Statistic, like: Heatmap, *, networks: int = 2) -> Evidence:
    """Return a number with an interval that also allows for how much two trainings of one network differ.

    statistic: the same number for two trainings. like: a map that their maps were measured like; without such maps
    the number is returned unchanged. networks: how many the number compares, 1 or 2.
    """
    # d_k, the difference of pair k of K, has variance 2 tau^2 if a training's number has variance tau^2. Its mean
    # square estimates that with K degrees of freedom, so Student's 95% half-width of a difference of two networks is
    # t_K sqrt(mean d_k^2), that of one network's number 1 / sqrt(2) of it. The sampling error adds in quadrature.
    pairs = np.array([difference.value for difference in between_all_trainings(statistic, like)])
    value, low, high = number.measured
    if not len(pairs) or np.isnan(low):
        return number
    from scipy.special import stdtrit  # Student's quantile without scipy.stats, which takes 47 MB

    half = stdtrit(len(pairs), 0.975) * np.sqrt((pairs**2).mean() * networks / 2)
    widened = Interval(value, value - np.hypot(value - low, half), value + np.hypot(high - value, half))
    return replace(number, measured=widened.item(), freedom=min(number.freedom, len(pairs)))


def band_difference(*bands: str | Band) -> Statistic:
    """Return the difference of two maps' mean errors over a band; of two bands, of the first minus the second."""

    def difference(first: Heatmap, second: Heatmap) -> Interval | None:
        return _band_errors(first, bands).minus(_band_errors(second, bands)).measured.item()

    return difference


def _band_errors(heatmap: Heatmap, bands: Sequence[str | Band]) -> Errors:
    errors, *other = (require(in_band(heatmap, band)) for band in bands)
    return errors.minus(other[0]) if other else errors


def rise_between(band: str) -> Statistic:
    """Return the difference of how much the waves of a band raise two maps' errors over their clean errors."""

    def difference(first: Heatmap, second: Heatmap) -> Interval | None:
        rises = [require(in_band(heatmap, band)).minus(require(without_wave(heatmap))) for heatmap in (first, second)]
        return rises[0].minus(rises[1]).measured.item()

    return difference


def trained_once(statistic: Statistic, like: Heatmap, where: str = "there") -> str:
    """Say how much two trainings of one network differ: a doubt about a number with an interval that ignores it."""
    pair = between_trainings(statistic, like)
    if pair is None:
        return TRAINED_ONCE
    title, difference = pair
    points = Evidence("", difference, "rise")
    trained = f"two trainings of {isolated(title)} differ by {points.figure} {where}"
    return f"Each network was trained once; {trained}."


def spread_included(statistic: Statistic, like: Heatmap, where: str = "there") -> str:
    """Say that intervals allow for how much two trainings of one network differ, and on what that was measured."""
    differences = between_all_trainings(statistic, like)
    if not differences:
        return TRAINED_ONCE
    largest = Evidence("", max(map(_magnitude, differences), key=lambda difference: difference.value), "rise")
    return (
        f"Train one network twice, and the two differ by up to {largest.number} {where}. Our intervals include that. "
        f"We measured it on {len(differences)} small ViTs, each trained twice, not on CLIP."
    )


def wave_difference(first: Heatmap, second: Heatmap) -> Interval | None:
    """Return by how much two maps' errors differ under a wave, the mean over their waves; None below three waves.

    The interval assumes that all waves err to one side within their own intervals, so it is wider than needed.
    """
    size = min(first.size, second.size)
    waves = np.array(half_plane(size))
    values = np.stack([wave_values(part, waves) for part in difference(first, second)])
    value, low, high = values[:, np.isfinite(values[0])]
    if len(value) < 3:
        return None
    least = np.where((low > 0) | (high < 0), np.minimum(abs(low), abs(high)), 0.0)
    return Interval(abs(value).mean(), least.mean(), np.maximum(abs(low), abs(high)).mean()).item()


@cached_by_files("hybrids")
def stored_hybrids() -> dict[str, HybridOutcomes]:
    """Load the stored outcomes on hybrid images, by classifier name."""
    return HybridOutcomes.stored()


def by_hybrids(first: NamedMap, second: NamedMap) -> Judged | None:
    """Judge by hybrid images if the first network relies more on low frequencies: if its crossover cutoff is lower.

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
    cutoffs = [
        Evidence(f"crossover cutoff of {named.name}", crossover.radius, "radius", bar=named.name)
        for named, crossover in ((first, of_a), (second, of_b))
    ]
    lower = Evidence("difference of crossover cutoffs", difference, "radii")
    return judged(
        [below(lower)],
        [*cutoffs, lower],
        f"In mixed pictures, {first} switches from one picture to the other at {cutoffs[0]} cycles per image, {second} "
        f"at {cutoffs[1]}.",
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
