"""Quantities that claims compare: corruptions, crossovers, gradients, strengths and robust twins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from core.claims.claim import MINIATURE, MORE, Claim, Evidence, Finding, NamedMap, NotCheckable, Verdict, require
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.data.sample_sets import CIFAR10
from core.data.stored import cached_by_files, first_by_name, read_stored
from core.fourier.contrasts import LOW, Band, contrast, corners, in_band, mismatches, without_wave
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import (
    BLOCKS,
    CorruptionOutcomes,
    Errors,
    HybridOutcomes,
    StoredGradient,
    crossover_of,
    first_pairs,
    paired_difference,
)
from core.fourier.waves import half_plane, resize_attenuation_map, rounded_radius, wave_values
from core.shared import paper
from core.shared.numbers import Interval, bootstrap_interval, decimal, join_list, newcombe
from core.shared.roles import ROBUST
from core.shared.text import Network, Sentence, join_parts

LOW_CORRUPTIONS, HIGH_CORRUPTIONS = (
    tuple(key for key, row in CORRUPTIONS.items() if row.kind == kind) for kind in ("low", "high")
)
RATIO = ("noise", "contrast")
NO_TWINS = "No corruption results are stored for a network and its robust twin."
TOOL = "Corruptions"  # tool of the page *Frequencies*
FEWEST, SIGNIFICANT = 4, 0.05
RESAMPLES = 50_000  # more than 8!, so p is exact for up to eight networks


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


def contrast_findings(claim: Claim, subject: NamedMap, all_maps: Sequence[NamedMap]) -> list[Finding]:
    """Judge a claim on the subject and its twin, or else on every pair of twins."""
    return by_pair(subject, all_maps, partial(_twins, claim), NO_TWINS)


def _twins(claim: Claim, ordinary: NamedMap, robust: NamedMap) -> Finding:
    """Holds if contrast, and all low-frequency corruptions together, raise the robust twin's error more."""
    a, b = (require(corruptions_of(named), NO_TWINS) for named in (robust, ordinary))
    if a.images != b.images:
        raise NotCheckable(NO_TWINS)
    contrast, low, high = (_more(a, b, keys) for keys in (("contrast",), LOW_CORRUPTIONS, HIGH_CORRUPTIONS))
    names = join_list([CORRUPTIONS[key].inline_label for key in LOW_CORRUPTIONS])
    evidence = (
        Evidence("contrast changes", contrast, sign_words=MORE),
        Evidence(f"all low-frequency corruptions ({names})", low, sign_words=MORE),
        Evidence("high-frequency corruptions", high, sign_words=MORE),
    )
    by_strength = [_more(a, b, ("contrast",), strength).value for strength in STRENGTHS]
    first, last = (decimal(100 * by_strength[place], sign=True) for place in (0, -1))
    shrink = ""
    if by_strength[-1] < by_strength[0]:
        shrink = " The differences shrink near chance, where the network with the smaller clean error has more to lose."
    doubts = [
        f"{robust.name} against {ordinary.name}: one network of each kind.",
        f"Contrast changes: {first} points at the lowest strength, {last} points at the highest.{shrink}",
    ]
    if high.high < 0:
        doubts.append(
            "High-frequency corruptions harm the robust twin less: its weakness is limited to low frequencies."
        )
    verdict = Verdict.of_parts([contrast.low > 0, low.low > 0])
    networks = robust.classifier, ordinary.classifier
    return Finding(
        claim, verdict, evidence, tuple(doubts), (robust.label, ordinary.label), tool=TOOL, networks=networks
    )


def _more(a: CorruptionOutcomes, b: CorruptionOutcomes, keys: tuple[str, ...], strength: int | None = None) -> Interval:
    """Return how much more corruptions raise a's error than b's, paired, at one strength or averaged over all."""
    rises: list[Errors] = [rise(outcomes, outcomes.errors(*keys, strength=strength)) for outcomes in (a, b)]
    return rises[0].minus(rises[1]).measured.item()


def shift_finding(claim: Claim, all_maps: Sequence[NamedMap]) -> Finding:
    """Holds if lower crossover cutoffs go with smaller rises of the error under all corruptions together.

    Holds in part if they do so only under high-frequency corruptions, or if low-frequency ones reverse the order.
    """
    networks = _networks()
    if len(networks) < FEWEST:
        raise NotCheckable(
            f"A ranking needs {FEWEST} networks with crossover cutoffs and corruption results, and has {len(networks)}."
        )
    radii, outcomes = (
        np.array([radius for radius, _ in networks.values()]),
        [outcome for _, outcome in networks.values()],
    )
    sets = {
        "all eight": tuple(CORRUPTIONS),
        "the high-frequency": HIGH_CORRUPTIONS,
        "the low-frequency": LOW_CORRUPTIONS,
    }
    tested = {
        f"the rise under {what} corruptions": np.array(
            [rise(network, network.errors(*keys)).measured.value for network in outcomes]
        )
        for what, keys in sets.items()
    }
    noise, contrast = (np.array([1 - network.errors(key).measured.value for network in outcomes]) for key in RATIO)
    tested["the accuracy under noise divided by that under contrast changes"] = noise / contrast
    evidence, signs = list[Evidence](), list[int]()
    for what, values in tested.items():
        value, p = exact_rank_test(radii, values)
        signs.append(int(np.sign(value)) if p < SIGNIFICANT else 0)
        evidence.append(Evidence(f"correlation of the crossover cutoff with {what}", Interval.exact(value), "ratio"))
        evidence.append(Evidence("p", Interval.exact(p), "p"))
    together, high, low, _ = signs
    verdict = Verdict.HOLDS if together > 0 and low >= 0 else Verdict.IN_PART if together + high > 0 else Verdict.FAILS
    titles = {named.classifier: named.name for named in all_maps}
    small = all(name.startswith(MINIATURE) or name in paper.RESNETS for name in networks)
    kind = "small networks" if small else "networks"
    doubts = [
        f"{len(networks)} {kind} ({'; '.join(titles.get(name, name) for name in networks)}) are few, and they "
        "differ in other ways as well."
    ]
    if low < 0:
        doubts.append(
            "Low-frequency corruptions reverse the order, so the result for all eight depends on their mix: "
            f"{len(HIGH_CORRUPTIONS)} of {len(CORRUPTIONS)} are high-frequency."
        )
    return Finding(claim, verdict, tuple(evidence), tuple(doubts), networks=tuple(networks))


def _networks() -> dict[str, tuple[float, CorruptionOutcomes]]:
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


def exact_rank_test(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return Spearman's correlation of two (n,) arrays and its two-sided permutation p, exact up to n = 8."""
    from scipy.stats import permutation_test

    tested = permutation_test(
        (first,),
        lambda orders, axis: rank_correlations(orders, second),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=RESAMPLES,
        random_state=np.random.default_rng(0),
    )
    return float(tested.statistic), float(tested.pvalue)


@dataclass(frozen=True, eq=False)
class EqualStrength:
    """Strength of waves at the inputs of two networks, for a comparison at equal strength.

    subject, reference: mean share of a wave's norm, over a band, that reaches each network's input. network_side: the
    subject's, in pixels. weakened: the reference's map under waves weakened alike; None where not measured.
    """

    subject: float
    reference: float
    network_side: int
    weakened: Heatmap | None

    @property
    def equal(self) -> bool:
        """Whether waves reach both networks with the same strength, so that none need weakening."""
        return abs(self.subject - self.reference) < 0.02


def equal_strength(subject: NamedMap, reference: NamedMap, band: Band) -> EqualStrength | None:
    """Return the strengths over a band; None if a network's input size is unknown or its resize was not measured."""
    a, b = subject.network_side, reference.network_side
    if a is None or b is None:
        return None
    shares = [remaining_share(named.heatmap, side, band) for named, side in ((subject, a), (reference, b))]
    if shares[0] is None or shares[1] is None:
        return None
    return EqualStrength(shares[0], shares[1], a, _weakened(reference, a))


def remaining_share(heatmap: Heatmap, network_side: int, band: Band) -> float | None:
    """Return the mean share of its norm that a wave of a band keeps; None if not measured."""
    image_size = int(heatmap.metadata["image_size"])
    if image_size == network_side:
        return 1.0
    shares = resize_attenuation_map(image_size, network_side)
    if shares is None or len(shares) != heatmap.side:
        return None
    waves = np.array(half_plane(heatmap.side))
    return float(wave_values(shares, waves[band.holds(rounded_radius(waves))]).mean())


def _weakened(named: NamedMap, network_side: int) -> Heatmap | None:
    """Return the map of the same classifier and data with weakened waves, if measured."""
    for weakened in _weakened_maps():
        facts, expected = weakened.metadata, named.heatmap.metadata
        same = named.has_weights_of(facts) and facts["dataset"]["name"] == expected["dataset"]["name"]
        if same and facts.get("weakened_as") == network_side and facts["epsilon"] == expected["epsilon"]:
            return weakened
    return None


@cached_by_files("strength")
def _weakened_maps(paths: tuple[Path, ...]) -> list[Heatmap]:
    return list(read_stored(Heatmap.load, [path for path in paths if "_weakened" in path.stem]))


MIN_WAVES, DRAWS = 30, 1_000


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


DIFFERENCE = "difference of crossover cutoffs"


@cached_by_files("hybrids")
def stored_hybrids(paths: tuple[Path, ...]) -> dict[str, HybridOutcomes]:
    """Load the stored outcomes on hybrid images, by classifier name."""
    return HybridOutcomes.stored(paths)


def crossover_evidence(first: NamedMap, second: NamedMap) -> tuple[Interval, tuple[Evidence, ...]] | None:
    """Return the paired difference of the crossover cutoffs, first minus second, and all three numbers as evidence.

    Only pairs that both saw count. None if either lacks stored hybrids or a crossover, or saw other pairs.
    """
    a, b = (named.own(stored_hybrids()) for named in (first, second))
    return None if a is None or b is None else compare_crossovers(first.name, a, second.name, b)


def compare_crossovers(
    first: str, a: HybridOutcomes, second: str, b: HybridOutcomes
) -> tuple[Interval, tuple[Evidence, ...]] | None:
    """Compare two outcomes on the pairs that both networks saw. first, second: names of their classifiers."""
    count = min(a.pairs, b.pairs)
    a, b = first_pairs(a, count), first_pairs(b, count)
    of_a, of_b, difference = crossover_of(a), crossover_of(b), paired_difference(a, b)
    if of_a is None or of_b is None or difference is None:
        return None
    return difference, (
        Evidence(f"crossover cutoff of {first}", of_a.radius, "radius"),
        Evidence(f"crossover cutoff of {second}", of_b.radius, "radius"),
        Evidence(DIFFERENCE, difference, "radii", (of_a.radius.value, of_b.radius.value)),
    )


def favours_low_frequencies(difference: Interval) -> bool:
    """Return whether the first of two networks has the lower crossover cutoff, beyond the noise."""
    return bool(difference.high < 0)


def lacking_hybrids(*maps: NamedMap) -> tuple[str, ...]:
    """Return a sentence that names the maps without stored hybrids; none if all have them."""
    names = [named.name for named in maps if named.own(stored_hybrids()) is None]
    return (f"The direct test is missing: {' and '.join(names)} saw no hybrid images.",) if names else ()


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


def twin_findings(claim: Claim, subject: NamedMap, all_maps: Sequence[NamedMap]) -> list[Finding]:
    """Judge a claim on the subject and its twin, or else on every pair of twins."""
    return by_pair(subject, all_maps, partial(_twin, claim), "Maps of a network and its robust twin are missing.")


def by_pair(
    subject: NamedMap, all_maps: Sequence[NamedMap], judge: Callable[[NamedMap, NamedMap], Finding], why: str
) -> list[Finding]:
    """Return the findings of `judge` on each of the `twin_pairs` that it can judge.

    Raises:
        NotCheckable: it can judge none; `why` is the message.
    """
    results = []
    for pair in twin_pairs(subject, all_maps):
        with suppress(NotCheckable):
            results.append(judge(*pair))
    return require(results or None, why)


def _twin(claim: Claim, ordinary: NamedMap, robust: NamedMap) -> Finding:
    """Holds if low frequencies raise the robust twin's error more and its crossover cutoff, if known, is lower.

    Holds in part if only one of the two is true, or if low frequencies raise it more only relative to high ones.
    """
    low, far = (
        require(contrast(_rise(robust.heatmap, band), _rise(ordinary.heatmap, band)), "The maps lack these waves.")
        for band in (LOW, corners(ordinary.heatmap))
    )
    verdict = Verdict.HOLDS if low.low > 0 else Verdict.IN_PART if newcombe(low, far).low > 0 else Verdict.FAILS
    evidence: tuple[Evidence, ...] = (
        Evidence("rise up to radius 2", low, sign_words=MORE),
        Evidence("rise in the corners", far, sign_words=MORE),
    )
    doubts = [f"{robust.name} against {ordinary.name}: one network of each kind."]
    if (direct := crossover_evidence(robust, ordinary)) is not None:
        difference, crossover = direct
        evidence = crossover + evidence
        relies = favours_low_frequencies(difference)
        if relies != (verdict == Verdict.HOLDS):
            doubts.append(
                f"The two kinds of evidence disagree: hybrid images {'support' if relies else 'do not support'} the "
                f"claim, low frequencies {'do not raise' if low.low <= 0 else 'raise'} the robust twin’s error more."
            )
            verdict = Verdict.IN_PART
    networks = robust.classifier, ordinary.classifier
    return Finding(claim, verdict, evidence, tuple(doubts), (robust.label, ordinary.label), networks=networks)


def _rise(heatmap: Heatmap, band: Band) -> Errors | None:
    """Return how much a band raises a map's error over its clean error."""
    error, clean = in_band(heatmap, band), without_wave(heatmap)
    return None if error is None or clean is None else error.minus(clean)
