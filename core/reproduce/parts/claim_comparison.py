"""Claims of section 3.1, judged on published and on computed maps over the same waves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.claims.checks import findings
from core.claims.finding import Finding, NamedMap, Verdict
from core.classifiers.registry import side_and_weights
from core.fourier.basis import Frequency, half_plane
from core.fourier.maps.heatmap import Heatmap
from core.reproduce.parts.agreement import common_waves, measured_json, restricted_to
from core.reproduce.parts.maps import HEATMAPS, MapResult, map_name
from core.reproduce.parts.plan import MAPS, PAIRS, Pair, waves_needed


@dataclass(frozen=True, eq=False)
class ClaimComparison:
    """A pair's claims. subject, reference: network and origin of the maps. waves: number in use.

    here: findings on the maps computed here. before: those on the reference maps, None if there are none, or too few
    waves. kind: "published" or "shipped", of the reference maps.
    """

    pair: Pair
    subject: str
    reference: str
    waves: int
    here: tuple[Finding, ...]
    before: tuple[Finding | None, ...]
    kind: str

    @property
    def pairs(self) -> tuple[tuple[Finding, Finding | None], ...]:
        """Each claim's findings here and before."""
        return tuple(zip(self.here, self.before, strict=True))

    @property
    def earlier(self) -> tuple[str, dict[str, Finding]] | None:
        """Name of the earlier findings, and the findings by claim; None without any."""
        findings_by_key = {finding.claim.key: finding for finding in self.before if finding is not None}
        return (self.kind.capitalize(), findings_by_key) if findings_by_key else None

    @property
    def known(self) -> int:
        """Number of claims judged before."""
        return sum(finding is not None for finding in self.before)

    @property
    def same_verdicts(self) -> int:
        """Number of claims with the same verdict here."""
        return sum(before is not None and here.verdict == before.verdict for here, before in self.pairs)

    def to_json(self) -> dict[str, Any]:
        """Return verdicts and evidence as a JSON object."""
        rows = [
            {
                "claim": finding.claim.key,
                "quote": finding.claim.quote,
                "here": finding_json(finding),
                "before": None if earlier is None else finding_json(earlier),
            }
            for finding, earlier in self.pairs
        ]
        facts = {name: getattr(self, name) for name in ("subject", "reference", "waves")}
        return {"title": self.pair.title, **facts, "claims": rows}


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return verdict and evidence as a JSON object."""
    evidence = [{"what": part.what, "unit": part.unit, **measured_json(part.measured)} for part in finding.evidence]
    return {"verdict": finding.verdict, "evidence": evidence, "doubts": list(finding.doubts)}


def compare_claims(results: Mapping[str, MapResult]) -> tuple[ClaimComparison, ...]:
    """Compare the pairs with at least one computed map, by the keys of `MAPS`."""
    return tuple(comparison for pair in PAIRS if (comparison := _comparison(pair, results)) is not None)


def _comparison(pair: Pair, results: Mapping[str, MapResult]) -> ClaimComparison | None:
    keys = (pair.subject, pair.reference)
    if not results.keys() & set(keys):
        return None
    before = [_reference(key, results.get(key)) for key in keys]
    here = [results[key].heatmap if key in results else known for key, known in zip(keys, before, strict=True)]
    if here[1] is None:
        return None
    waves = common_waves(*(heatmap for heatmap in (*here, *before) if heatmap is not None))
    if not waves:
        return None
    whole = len(waves) == len(common_waves(here[1])) == len(half_plane(here[1].side))
    kind = (
        "published"
        if any(heatmap and heatmap.metadata["source"]["type"] == "published" for heatmap in before)
        else "shipped"
    )
    subject, reference = (
        f"the {'computed' if key in results else kind} map of {map_name(heatmap)}" if heatmap else ""
        for key, heatmap in zip(keys, here, strict=True)
    )
    judged, earlier = (_judge(maps, waves, whole) for maps in (here, before))
    if (needed := waves_needed(waves, here[1].side)) is not None:
        judged, earlier = tuple(_undecided(finding, len(waves), needed) for finding in judged), ()
    known = {finding.claim.key: finding for finding in earlier}
    return ClaimComparison(
        pair, subject, reference, len(waves), judged, tuple(known.get(finding.claim.key) for finding in judged), kind
    )


def _undecided(finding: Finding, waves: int, needed: int) -> Finding:
    """Return the finding as undecided, for too few waves."""
    if finding.verdict == Verdict.NOT_CHECKABLE:
        return finding
    doubt = f"A verdict takes {needed} waves (--cells {needed}), {needed // 3} of each band; here are {waves}."
    return replace(finding, verdict=Verdict.UNDECIDED, doubts=(doubt, *finding.doubts))


def _reference(key: str, result: MapResult | None) -> Heatmap | None:
    if result is not None:
        return result.reference
    part = next(part for part in MAPS if part.key == key)
    return Heatmap.load(HEATMAPS / part.references[-1]).crop(part.side) if part.references else None


def _judge(maps: list[Heatmap | None], waves: tuple[Frequency, ...], whole: bool) -> tuple[Finding, ...]:
    """Return the findings on two maps; without the subject, those about the reference alone."""
    subject, reference = maps
    if reference is None:
        return ()
    a, b = (
        NamedMap(
            map_name(heatmap),
            name,
            restricted_to(heatmap, waves),
            *side_and_weights(str(heatmap.metadata["classifier"]["name"])),
        )
        for heatmap, name in ((subject or reference, "subject"), (reference, "other"))
    )
    return tuple(
        finding
        for finding in findings(a, b, ())
        if finding.claim.waves in (("any", "all") if whole else ("any",))
        and (subject is not None or finding.claim.about == "reference")
    )
