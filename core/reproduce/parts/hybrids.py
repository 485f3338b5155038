"""Crossover cutoffs on hybrid images of the networks of Figure 1 and of its miniature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.claims.finding import CLAIMS, Evidence, Finding, Verdict
from core.claims.hybrids import compare_crossovers, favours_low_frequencies, stored_hybrids
from core.reproduce.parts.agreement import measured_json
from core.reproduce.parts.machine import Machine, PartResult
from core.reproduce.parts.plan import PAIRS, HybridPart
from core.reproduce.profile.sweeps import hybrids
from core.sweep.hybrid.outcomes import HybridOutcomes, crossover_of, same_pairs

RELIES = CLAIMS["relies"]


@dataclass(frozen=True, eq=False)
class HybridResult(PartResult):
    """Result of a network on hybrid images."""

    part: HybridPart
    outcomes: HybridOutcomes
    note: str

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.outcomes.metadata

    @property
    def radius(self) -> Evidence | None:
        """Crossover cutoff; None where the shares do not cross."""
        return _radius(self.outcomes)

    @property
    def shipped(self) -> Evidence | None:
        """Crossover of the shipped hybrids with the same weights and pairs; None without any."""
        measured, stored = self.outcomes, stored_hybrids().get(self.outcomes.metadata["classifier"]["name"])
        if stored is None or stored.metadata["classifier"]["sha256"] != measured.metadata["classifier"]["sha256"]:
            return None
        stored = stored.subset(np.arange(stored.pairs) < measured.pairs)  # fewer pairs of one seed are a prefix of more
        return _radius(stored) if same_pairs(measured, stored) else None

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object; radii in cycles per image."""
        facts, (low, high) = self.facts, self.outcomes.shares
        radii = {"radius": self.radius, "shipped_radius": self.shipped}
        return {
            **super().to_json(),
            **{name: facts[name] for name in ("classifier", "dataset", "image_size", "seed")},
            "pairs": self.outcomes.pairs,
            "cutoffs": self.outcomes.cutoffs.tolist(),
            "says_low": low.value.tolist(),
            "says_high": high.value.tolist(),
            **{name: evidence and measured_json(evidence.measured) for name, evidence in radii.items()},
            "time": facts["source"],
        }


def _radius(outcomes: HybridOutcomes) -> Evidence | None:
    crossover = crossover_of(outcomes)
    return None if crossover is None else Evidence("crossover cutoff", crossover.radius, "radius")


def run_hybrid_part(part: HybridPart, count: int, machine: Machine) -> HybridResult:
    """Measure what is missing in the part's file.

    Raises:
        ValueError: the file holds hybrids of other settings.
    """
    (item,) = hybrids(machine.network(part), count)
    return HybridResult(part, machine.complete(part, item), machine.missing_data(part.dataset))


def hybrid_findings(results: Sequence[HybridResult]) -> dict[str, Finding]:
    """Judge the claim by hybrid images alone for each fully measured pair; return findings by title."""
    known = {result.part.key: result for result in results}
    return {
        pair.title: _finding(*(known[key] for key in pair.hybrids)) for pair in PAIRS if {*pair.hybrids} <= known.keys()
    }


def _finding(subject: HybridResult, reference: HybridResult) -> Finding:
    comparison = compare_crossovers(subject.name, subject.outcomes, reference.name, reference.outcomes)
    if comparison is None:
        return Finding(RELIES, Verdict.NOT_CHECKABLE, doubts=("One of them has no crossover cutoff.",))
    difference, evidence = comparison
    verdict = Verdict.HOLDS if favours_low_frequencies(difference) else Verdict.FAILS
    return Finding(RELIES, verdict, evidence, networks=(subject.part.classifier, reference.part.classifier))
