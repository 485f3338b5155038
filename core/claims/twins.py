"""Robust twins: does a robust network rely more on low frequencies than its ordinary twin?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from core.claims.bands import LOW, Band, corners, in_band, without_wave
from core.claims.finding import MORE, Claim, Evidence, Finding, NamedMap, NotCheckable, Verdict, require
from core.claims.hybrids import crossover_evidence, favours_low_frequencies
from core.fourier.intervals import newcombe
from core.fourier.maps.contrasts import Errors, contrast, mismatches
from core.fourier.maps.heatmap import Heatmap
from core.shared.colours import ROBUST


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
