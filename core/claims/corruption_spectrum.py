"""Prediction of the error under a corruption from a heat map and the corruption's spectrum, against measurements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.claims.bands import without_wave
from core.claims.finding import NamedMap
from core.claims.gradient_spectrum import rank_correlations
from core.data.profiles import cached_by_files
from core.data.sample_sets import usual_epsilon
from core.fourier.intervals import Interval
from core.fourier.maps.contrasts import Errors
from core.fourier.maps.rings import ring_errors
from core.images.corruptions import STRENGTHS
from core.sweep.corruption.outcomes import CorruptionOutcomes

DRAWS, CHANNELS = 1_000, 3


@cached_by_files("corruptions")
def stored_corruptions(paths: tuple[Path, ...]) -> dict[str, CorruptionOutcomes]:
    """Load the stored outcomes under corruptions, by classifier name."""
    return CorruptionOutcomes.stored(paths)


def corruptions_of(named: NamedMap) -> CorruptionOutcomes | None:
    """Return the stored outcomes of a map's classifier with the same weights and data, or None."""
    return named.own(stored_corruptions())


def rise(outcomes: CorruptionOutcomes, errors: Errors) -> Errors:
    """Return the rise of the error: that under corruption minus that on the same clean pictures."""
    return errors.minus(outcomes.clean_errors())


@dataclass(frozen=True, eq=False)
class CorruptionPrediction:
    """Predicted and measured rise of one network's error, as fractions, for its outcomes' D corruptions, S strengths.

    by_share: (D, S) mean over rings of what the map's waves add to its clean error, each ring by its share of the
    energy that the corruption changes. by_energy: (D, S) that mean times the energy, in energies of the map's own
    waves: what would follow if errors grew as energies do; it may pass 1. measured: (D, S), the rise of the error.
    """

    by_share: np.ndarray
    by_energy: np.ndarray
    measured: Interval


def predict_rises(named: NamedMap, outcomes: CorruptionOutcomes) -> CorruptionPrediction | None:
    """Predict rises of the error from a map; None if its clean error is unknown or its pictures have another size.

    Waves beyond the map's corners are ignored: at 32 pixels 0.5 % of the energy of noise, less for the others.
    """
    clean, facts = without_wave(named.heatmap), named.heatmap.metadata
    if clean is None or facts["image_size"] != outcomes.metadata["image_size"]:
        return None
    rings = ring_errors(named.heatmap)
    radii = [radius for radius in rings if radius < outcomes.spectrum.shape[-1]]
    more = np.array([rings[radius].measured.value for radius in radii]) - clean.measured.value
    energy = outcomes.spectrum[..., radii]
    by_share = energy @ more / energy.sum(axis=-1)
    by_energy = energy @ more / (CHANNELS * float(facts["epsilon"]) ** 2)
    rises = [[rise(outcomes, outcomes.errors(key, strength=s)).measured for s in STRENGTHS] for key in outcomes.keys]
    return CorruptionPrediction(by_share, by_energy, Interval(*np.moveaxis(np.array(rises, dtype=np.float64), -1, 0)))


def maps_by_network(all_maps: Iterable[NamedMap]) -> dict[str, tuple[NamedMap, CorruptionOutcomes]]:
    """Return, by classifier, the map at the paper's strength over the most images, with its corruption results."""
    result: dict[str, tuple[NamedMap, CorruptionOutcomes]] = {}
    for named in sorted(all_maps, key=lambda candidate: -int(candidate.heatmap.metadata["dataset"]["n"])):
        facts, outcomes = named.heatmap.metadata, corruptions_of(named)
        usual = facts["epsilon"] == usual_epsilon(facts["image_size"]) and facts.get("weakened_as") is None
        if outcomes is not None and usual:
            result.setdefault(named.classifier, (named, outcomes))
    return result


@dataclass(frozen=True, eq=False)
class PredictionScore:
    """Quality of the maps' predictions over N networks, D corruptions and S strengths.

    by_share, by_energy: Spearman's correlation of either prediction with the rise of the error; 95 % intervals are a
    percentile bootstrap over networks and corruptions, whose strengths stay together (Owen 2007). misjudged: by how
    many of `count` ranks each corruption lies higher by its rise than by energy, mean over networks and strengths.
    between: correlation over the networks alone, of means over strengths, of each corruption; NaN for less than three.
    """

    by_share: Interval
    by_energy: Interval
    count: int
    misjudged: dict[str, float]
    between: dict[str, float]


def score_predictions(keys: Sequence[str], predictions: Sequence[CorruptionPrediction]) -> PredictionScore:
    """Score predictions for at least one network against measurements. keys: of the corruptions."""
    from scipy.stats import rankdata

    measured = np.array([prediction.measured.value for prediction in predictions])
    by_share, by_energy = (
        np.array([getattr(prediction, part) for prediction in predictions]) for part in ("by_share", "by_energy")
    )
    above = rankdata(measured).reshape(measured.shape) - rankdata(by_energy).reshape(measured.shape)
    between = np.full(len(keys), np.nan)
    if len(predictions) > 2:
        between = rank_correlations(by_energy.mean(axis=2).T, measured.mean(axis=2).T)
    return PredictionScore(
        _agreement(by_share, measured),
        _agreement(by_energy, measured),
        measured.size,
        dict(zip(keys, above.mean(axis=(0, 2)).tolist(), strict=True)),
        dict(zip(keys, between.tolist(), strict=True)),
    )


def _agreement(guess: np.ndarray, measured: np.ndarray) -> Interval:
    value = float(rank_correlations(guess.ravel(), measured.ravel()))
    generator, (networks, corruptions, _) = np.random.default_rng(0), guess.shape
    rows = generator.integers(networks, size=(DRAWS, networks, 1))
    columns = generator.integers(corruptions, size=(DRAWS, 1, corruptions))
    drawn = rank_correlations(*(grid[rows, columns].reshape(DRAWS, -1) for grid in (guess, measured)))
    return Interval(value, *np.nanquantile(drawn, (0.025, 0.975)).tolist())
