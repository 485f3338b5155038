"""Claims on corruptions: robust twins under contrast changes, and robustness against crossover cutoff."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from core.claims.finding import MINIATURE, MORE, Claim, Evidence, Finding, NamedMap, NotCheckable, Verdict, require
from core.claims.gradient_spectrum import rank_correlations
from core.claims.hybrids import stored_hybrids
from core.claims.twins import by_pair
from core.data.profiles import cached_by_files
from core.fourier.intervals import Interval
from core.fourier.maps.contrasts import Errors
from core.images.corruptions import CORRUPTIONS, STRENGTHS
from core.numbers import decimal, join_list
from core.shared import paper
from core.sweep.corruption.outcomes import CorruptionOutcomes
from core.sweep.hybrid.outcomes import crossover_of

LOW, HIGH = (tuple(key for key, row in CORRUPTIONS.items() if row.kind == kind) for kind in ("low", "high"))
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
    contrast, low, high = (_more(a, b, keys) for keys in (("contrast",), LOW, HIGH))
    names = join_list([CORRUPTIONS[key].inline_label for key in LOW])
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
    sets = {"all eight": tuple(CORRUPTIONS), "the high-frequency": HIGH, "the low-frequency": LOW}
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
            f"{len(HIGH)} of {len(CORRUPTIONS)} are high-frequency."
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
