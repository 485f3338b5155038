"""The claims of the paper's section 3.2, checked on drawings and filled holes of two networks from the same starts.

As with maps, no check knows which networks it compares, except the last, which is about one pair of twins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.claims.finding import (
    BY_VIEWS,
    CLAIMS,
    MINIATURE,
    RECOGNISED,
    Claim,
    Evidence,
    Finding,
    NotCheckable,
    Verdict,
    check_claim,
    has_usual_weights,
    require,
)
from core.fourier.intervals import Interval, paired_interval, student, wilson
from core.fourier.maps.contrasts import mcnemar
from core.reconstruct.search_outcomes import LARGE_SIZE, stored_outcomes
from core.runs.file import SURE
from core.runs.judgement import comparison_kind
from core.runs.picture_outcomes import PictureOutcomes, judged_outcomes, on_common_starts, picture_outcomes
from core.shared.roles import ROLES, networks_for
from core.shared.sentences import Network, Sentence, join_parts

FILLED = {"eq3": "holes by Eq. 3", "mean_square": "holes by the mean square"}
DRAWN = {
    "blur": "drawings from blurs",
    "classless": "drawings from blurs of no class",
    "independent": "drawings from pixel noise",
}
# Their counterparts in the search by views.
FILLED_BY_VIEWS = {comparison_kind("eq3", "views"): "holes"}
DRAWN_BY_VIEWS = {comparison_kind("classless", "views"): DRAWN["classless"]}
# Both searches: drawings with the same steps and ball, holes with the same ball.
SEARCHED = {
    "drawings": (comparison_kind("classless", "pixels"), comparison_kind("classless", "views")),
    "holes": ("eq3", comparison_kind("eq3", "views")),
}
LEAST_LOSS = 1e-7  # float32 rounds a cross-entropy below it to zero


def _share(scores: np.ndarray) -> Interval:
    return wilson(scores.mean(), len(scores)).item()


@dataclass(frozen=True)
class Measure:
    """A number per picture, its mean with an interval, and its unit."""

    of: Callable[[Mapping[str, np.ndarray]], np.ndarray]
    mean: Callable[[np.ndarray], Interval] = _share
    unit: str = "error"


# Measures by their names in claims.toml.
MEASURES = {
    "orders": Measure(
        lambda pictures: np.log10(pictures["loss_before"] / pictures["loss_after"].clip(LEAST_LOSS)), student, "orders"
    ),
    "corrected": Measure(lambda pictures: pictures["is_target"][pictures["was_target"] == 0]),
    "sure": Measure(lambda pictures: pictures["probability_after"] >= SURE),
}


def feature_findings(subject: str, reference: str) -> tuple[Finding, ...]:
    """Return every claim of section 3.2 with its verdict; `subject` stands for CLIP, `reference` for the robust model.

    First the paper's claims by the paper's search and by views, then our own. Both are names of classifiers; without
    stored results of both, claims cannot be checked.
    """
    networks, findings, stored = (subject, reference), list[Finding](), judged_outcomes()
    of_subject, of_reference = (
        name not in stored or has_usual_weights(stored[name].metadata["classifier"]) for name in networks
    )
    about: Any = {"networks": networks, "usual_weights": (of_subject, of_reference)}
    for claim in CLAIMS.values():
        if (check := CHECKS.get(claim.check)) is None:
            continue
        for kinds, condition in ((_Kinds(FILLED, DRAWN), ""), (_Kinds(FILLED_BY_VIEWS, DRAWN_BY_VIEWS), BY_VIEWS)):
            results = check_claim(claim, check, kinds, *networks, **about)
            findings += [replace(finding, condition=condition) for finding in results]
    findings += check_claim(CLAIMS["views"], _views, subject, **about)
    large = check_claim(CLAIMS["views"], _large_views)
    findings += [replace(finding, condition=f"{LARGE_SIZE} px") for finding in large]
    return (*findings, training_finding())


@dataclass(frozen=True)
class _Kinds:
    """Kinds of filled holes and of drawings by one search, each with the name of its evidence."""

    filled: dict[str, str]
    drawn: dict[str, str]

    def of(self, claim: Claim) -> dict[str, str]:
        """Return the kinds that a claim is about."""
        return {**(self.filled if claim.of != "drawn" else {}), **(self.drawn if claim.of != "filled" else {})}


def training_finding() -> Finding:
    """Return the finding on the twins, whichever networks are chosen. Does not import scipy.stats by itself."""
    return check_claim(CLAIMS["training"], _training)[0]


def _stored(kinds: dict[str, str], *names: str) -> dict[str, list[PictureOutcomes]]:
    """Return the stored results of all these networks from the same starts, by evidence."""
    by_evidence = {evidence: picture_outcomes(kind) for kind, evidence in kinds.items()}
    stored = {evidence: [by[name] for name in names] for evidence, by in by_evidence.items() if by.keys() >= {*names}}
    pairs = {evidence: results for evidence, some in stored.items() if (results := on_common_starts(some)) is not None}
    return require(pairs or None, _nothing(*names))


def _nothing(*names: str) -> str:
    return Sentence("No pictures by ", join_parts(map(Network, names), last=" or "), " are stored.")


def _finding(
    claim: Claim, numbers: dict[str, Interval], holds: Callable[[Interval], bool], unit: str, *doubts: str
) -> Finding:
    """Build a finding, one part per number."""
    evidence = tuple(Evidence(name, measured, unit) for name, measured in numbers.items())
    return Finding(claim, Verdict.of_parts([holds(measured) for measured in numbers.values()]), evidence, doubts)


def _above(claim: Claim, kinds: _Kinds, subject: str, reference: str) -> Finding:
    """Holds if every mean of the measure lies above the threshold, interval included."""
    measure = MEASURES[claim.measure]
    stored = {name: painted for name, (painted,) in _stored(kinds.of(claim), subject).items()}
    scores = {name: measure.of(painted.pictures) for name, painted in stored.items()}
    means = {name: measure.mean(values) for name, values in scores.items() if len(values)}
    means = require(means or None, _nothing(subject))
    fewer = any(len(values) < stored[name].n for name, values in scores.items())
    doubts = [f"Pictures counted: {' and '.join(str(len(scores[name])) for name in means)}."] if fewer else []
    return _finding(claim, means, lambda mean: mean.low > claim.threshold, measure.unit, *doubts)


def _squiggles(claim: Claim, kinds: _Kinds, subject: str, reference: str) -> Finding:
    """Holds if the subject needs less change than the reference, with either penalty."""
    evidence, parts, left_out = list[Evidence](), [], []
    for name, pair in _stored(kinds.filled, subject, reference).items():
        sure = pair[0].sure_later() & pair[1].sure_later()
        if sure.sum() < 2:
            continue
        needs = [painted.pictures["sure_change"][sure] for painted in pair]
        difference = student(needs[0] - needs[1])
        parts.append(difference.high < 0)
        left_out.append(f"{int(sure.sum())} of {len(sure)}")
        first, second = (float(need.mean()) for need in needs)
        evidence += [
            Evidence(f"difference, {name}", difference, "levels", (first, second)),
            Evidence("mean of the subject", Interval.exact(first), "level"),
            Evidence("mean of the reference", Interval.exact(second), "level"),
        ]
    if not parts:
        raise NotCheckable(_nothing(subject, reference))
    doubt = f"Pictures counted: {' and '.join(left_out)}. A small change can be visible, and a large one can go unseen."
    return Finding(claim, Verdict.of_parts(parts), tuple(evidence), (doubt,))


def _training(claim: Claim, *chosen: str) -> Finding:
    twins = networks_for("twins", *map(picture_outcomes, DRAWN | FILLED)) or ROLES["twins"][-1]
    finding = _gain_of(claim, _stored(DRAWN | FILLED, *twins))
    small, about = all(name.startswith(MINIATURE) for name in twins), "This row is always about the same two"
    doubt = f"{about} small networks, and proves nothing about CLIP." if small else f"{about} networks."
    return replace(finding, doubts=(*finding.doubts, doubt), networks=twins[::-1])


def _recognised(claim: Claim, kinds: _Kinds, subject: str, reference: str) -> Finding:
    """Holds if each judge recognises the reference's results more often, from every kind of start."""
    return _gain_of(claim, _stored(kinds.of(claim), subject, reference))


def _views(claim: Claim, subject: str) -> Finding:
    """Holds if each judge recognises the subject's results by views more often than those by the paper's search."""
    stored = {name: [picture_outcomes(kind).get(subject) for kind in kinds] for name, kinds in SEARCHED.items()}
    pairs = {name: (pixels, views) for name, (pixels, views) in stored.items() if pixels and views}
    return _gain_of(claim, require(pairs or None, _nothing(subject)))


def _large_views(claim: Claim) -> Finding:
    """Judge the same for drawings at 224 pixels, and for the hole alone, by the first judge's top-1 prediction."""
    stored = require(stored_outcomes(), "No pictures of 224 pixels are stored.")
    scores = {
        name: views.recognised(seen=seen) - pixels.recognised(seen=seen)
        for name, mode, seen in (("drawings", "draw", "result"), ("holes alone", "hole", "alone"))
        if (pair := stored.pair(mode)) is not None
        for pixels, views in (pair,)
    }
    counts = " and ".join(f"{len(signs)} {name}" for name, signs in scores.items())
    kin = ", of the painter’s family, so it proves less; it is not human."
    doubt = Sentence(f"{counts}. The judge is ", Network(stored.judges[0]), kin)
    finding = _gain(claim, scores, doubt)
    return replace(finding, networks=(stored.painter,))


def _gain_of(claim: Claim, pairs: Mapping[str, Sequence[PictureOutcomes]]) -> Finding:
    """Holds if each judge recognises more of the second than of the first, in every pair."""
    scores = {
        name + suffix: after.pictures[f"{judge}_share_after"] - before.pictures[f"{judge}_share_after"]
        for name, (before, after) in pairs.items()
        for judge, suffix in _judges(before, after).items()
    }
    scores = require(scores or None, "No network has judged what both painted.")
    return _gain(claim, scores, _who_judged(*(painted for pair in pairs.values() for painted in pair)))


def _gain(claim: Claim, scores: dict[str, np.ndarray], doubt: str) -> Finding:
    """Holds if every mean score (1, 0 or -1 per picture) is above 0, interval included.

    The evidence includes the largest of McNemar's exact p values.
    """
    gains = {name: paired_interval(signs).item() for name, signs in scores.items()}
    largest = max(float(mcnemar((signs > 0).sum(), (signs < 0).sum())) for signs in scores.values())
    finding = _finding(claim, gains, lambda gain: gain.low > 0, "points", doubt)
    evidence = [replace(part, sign_words=RECOGNISED) for part in finding.evidence]
    return replace(finding, evidence=(*evidence, Evidence("largest p", Interval.exact(largest), "p")))


def _sampled(claim: Claim, kinds: _Kinds, subject: str, reference: str) -> Finding:
    """Holds if no judge recognises more in the results than in the starts."""
    gains, gained = dict[str, Interval](), []
    for start, (painted,) in _stored(kinds.drawn, subject).items():
        scores = {
            start + remark: painted.pictures[f"{judge}_share_after"] - painted.pictures[f"{judge}_share_before"]
            for judge, remark in _judges(painted).items()
        }
        gains |= {name: paired_interval(values).item() for name, values in scores.items()}
        if any(gains[name].low > 0 for name in scores):
            gained.append(start)
    doubts = [f"Another network recognises more {' and '.join(gained)}; people may not see the gain."] if gained else []
    return _finding(claim, gains, lambda gain: gain.low <= 0, "points", *doubts)


def _judges(*painted: PictureOutcomes) -> dict[str, str]:
    """Return the judges of all pictures: the prefix of their columns, and a note for their numbers."""
    same = {"judge": {results.judge for results in painted}, "third": {results.third for results in painted}}
    remarks = {"judge": "", "third": ", second judge"}
    return {prefix: remarks[prefix] for prefix, names in same.items() if len(names) == 1 and names != {""}}


def _who_judged(*painted: PictureOutcomes) -> str:
    first, prefixes = painted[0], _judges(*painted)
    judges: tuple[str | Network, ...]
    if len(prefixes) > 1:
        third = Network(first.third)
        judges = "The judges are ", Network(first.judge), " and ", third, ", of another family; neither is"
    else:
        judges = "The judge is ", Network(first.judge if "judge" in prefixes else first.third), "; it is not"
    return Sentence(*judges, f" human. Each kind has {first.n} pictures.")


# Checks by their names in claims.toml. Arguments: the claim, stored results, subject and reference.
CHECKS: dict[str, Callable[[Claim, _Kinds, str, str], Finding]] = {
    "above": _above,
    "squiggles": _squiggles,
    "recognised": _recognised,
    "sampled": _sampled,
}
