"""Checks that turn maps and stored results into findings. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.claims.claim import (
    BY_VIEWS,
    CLAIMS,
    MINIATURE,
    MORE,
    RECOGNISED,
    Claim,
    Evidence,
    Finding,
    NamedMap,
    NotCheckable,
    Verdict,
    check_claim,
    has_usual_weights,
    require,
)
from core.claims.quantities import (
    contrast_findings,
    crossover_evidence,
    equal_strength,
    favours_low_frequencies,
    gradient_finding,
    lacking_hybrids,
    shift_finding,
    twin_findings,
)
from core.fourier.contrasts import (
    BANDS,
    LOW,
    Band,
    clear_waves,
    contrast,
    corners,
    in_band,
    mcnemar,
    mismatches,
    ring_differences,
    without_wave,
)
from core.fourier.derived import Lattice, lattice
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import Errors
from core.fourier.waves import rounded_radius, wave_values
from core.pgd.pictures import (
    LARGE_SIZE,
    PictureOutcomes,
    comparison_kind,
    judged_outcomes,
    on_common_starts,
    picture_outcomes,
    stored_outcomes,
)
from core.pgd.run import SURE
from core.shared.numbers import Frequency, Interval, correlation, paired_interval, student, wilson
from core.shared.roles import ROLES, networks_for
from core.shared.text import Network, Sentence, join_parts

CLIP_GRID = 7  # patches per side in CLIP ViT-B/32: 224 / 32
DRAWN_SIDE = 63  # the paper draws only the centre of larger maps


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two maps of one size, and all available maps."""

    subject: NamedMap
    reference: NamedMap
    all_maps: tuple[NamedMap, ...]

    @property
    def labels(self) -> tuple[str, str]:
        return self.subject.label, self.reference.label

    def about(self, claim: Claim) -> NamedMap:
        """Return the map that a claim about one of them is about."""
        return self.reference if claim.about == "reference" else self.subject

    def errors(self, band: str) -> tuple[Errors | None, Errors | None]:
        """Return the errors of subject and reference over a band of `BANDS`; None for a map that lacks it."""
        return in_band(self.subject.heatmap, band), in_band(self.reference.heatmap, band)


# Turns a claim and two maps into one or several findings; raises `NotCheckable`.
Check = Callable[[Claim, Comparison], Finding | Iterable[Finding]]


def claim_about(wave: Frequency, *maps: Heatmap) -> tuple[Claim, Band] | None:
    """Return the claim that compares maps under waves like this one, and its band; None for other waves."""
    heatmap = min(maps, key=lambda candidate: candidate.side).crop(DRAWN_SIDE)
    if max(map(abs, wave)) > heatmap.side // 2:
        return None
    radius, bands = rounded_radius([wave])[0], {"low": LOW, "high": corners(heatmap)}
    return next(((CLAIMS[key], band) for key, band in bands.items() if band.holds(radius)), None)


def findings(
    subject: NamedMap, reference: NamedMap, all_maps: Sequence[NamedMap], only: Claim | None = None
) -> tuple[Finding, ...]:
    """Return every claim with its verdict, `subject` standing for CLIP and `reference` for the ResNet.

    all_maps: every available map, among them the twins and the map of Figure 2. only: this claim alone.
    """
    side = min(subject.heatmap.side, reference.heatmap.side, DRAWN_SIDE)
    maps = Comparison(_cropped(subject, side), _cropped(reference, side), tuple(all_maps))
    unlike = mismatches(maps.subject.heatmap, maps.reference.heatmap)
    networks = subject.classifier, reference.classifier
    usual = (
        has_usual_weights(subject.heatmap.metadata["classifier"]),
        has_usual_weights(reference.heatmap.metadata["classifier"]),
    )
    results: list[Finding] = []
    for claim in CLAIMS.values() if only is None else (only,):
        if (check := CHECKS.get(claim.check)) is None:
            continue
        if unlike and claim.about == "comparison":
            results.append(Finding(claim, Verdict.NOT_CHECKABLE, doubts=unlike))
        else:
            results += check_claim(claim, check, maps, networks=networks, usual_weights=usual)
    return tuple(results)


def _cropped(named: NamedMap, side: int) -> NamedMap:
    return replace(named, heatmap=named.heatmap.crop(side))


def _wave(heatmap: Heatmap, band: str = "corners") -> Frequency:
    """Return the wave that illustrates a claim about a band."""
    near = 1 - heatmap.side // 2
    return (near, near) if band == "corners" else (0, 1)


def _compared(claim: Claim, maps: Comparison) -> Finding:
    """Compare subject and reference over a band: holds if the mean and every ring differ in the claimed direction."""
    band, why = BANDS[claim.band](maps.subject.heatmap), "One of the maps lacks these waves."
    means = [require(errors, why).measured for errors in maps.errors(claim.band)]
    difference = require(contrast(*maps.errors(claim.band)), why)
    rings = [
        ring for radius, ring in ring_differences(maps.subject.heatmap, maps.reference.heatmap) if band.holds(radius)
    ]
    agree = sum(ring.clear and ring.value * claim.sign > 0 for ring in rings)
    verdict = Verdict.FAILS
    if difference.clear and difference.value * claim.sign > 0:
        verdict = Verdict.HOLDS if agree == len(rings) else Verdict.IN_PART
    doubt = f"The difference is clear in this direction in {agree} of {len(rings)} rings."
    names = maps.subject.name, maps.reference.name
    evidence = [Evidence(name, measured, "error") for name, measured in zip(names, means, strict=True)]
    evidence.append(Evidence("difference", difference, terms=(means[0].value, means[1].value)))
    wave = _wave(maps.subject.heatmap, claim.band)
    return Finding(claim, verdict, tuple(evidence), (doubt,), maps.labels, wave, "Difference")


def _within(claim: Claim, maps: Comparison) -> Finding:
    """Holds if a band raises the map's error more than another band does."""
    named = maps.about(claim)
    difference = require(_more(named.heatmap, claim.band, claim.than), f"The {claim.about}’s map lacks these waves.")
    verdict, doubts = Verdict.HOLDS if difference.low > 0 else Verdict.FAILS, (claim.doubt,) if claim.doubt else ()
    wave = _wave(named.heatmap, claim.band)
    return Finding(claim, verdict, (Evidence("difference", difference),), doubts, (named.label,), wave)


def _more(heatmap: Heatmap, band: str, than: str) -> Interval | None:
    """Return a map's error over one band minus its error over another."""
    return contrast(in_band(heatmap, band), in_band(heatmap, than))


def _unaffected(claim: Claim, maps: Comparison) -> Finding:
    """Holds if a band raises the map's error by less than the threshold.

    The whole interval of the rise must lie below the threshold, since a noisy map proves nothing. Holds in part if the
    waves of `than` raise the error more.
    """
    named = maps.about(claim)
    heatmap, why = named.heatmap, f"The {claim.about}’s clean error was not published."
    clean = require(without_wave(heatmap), why)
    rise = require(contrast(in_band(heatmap, claim.band), clean), why)
    evidence: tuple[Evidence, ...] = Evidence("rise", rise), Evidence("clean error", clean.measured, "error")
    verdict = Verdict.FAILS if rise.low > 0 else Verdict.NOT_CHECKABLE
    verdict = Verdict.HOLDS if rise.high <= claim.threshold else verdict
    doubts: tuple[str, ...] = ()
    if claim.than:
        if (less := _more(heatmap, claim.than, claim.band)) is not None:
            evidence += (Evidence("all other waves", less, sign_words=MORE),)
            if verdict == Verdict.FAILS and less.low > 0:
                verdict = Verdict.IN_PART
        if heatmap.clean_rate() is None:
            doubts = ("The clean error was measured here with the same weights, as the log does not give it.",)
    return Finding(claim, verdict, evidence, doubts, (named.label,), _wave(heatmap, claim.band))


def _relies(claim: Claim, maps: Comparison) -> Finding:
    """Holds if both hybrid images and heat maps support it, fails if neither does.

    Heat maps support it if both the low frequencies and, at equal strength, the corners do. If only hybrids or only
    heat maps were measured, these decide.
    """
    direct, (parts, evidence, doubts) = crossover_evidence(maps.subject, maps.reference), _by_heat_maps(maps)
    if direct is None:
        doubts += lacking_hybrids(maps.subject, maps.reference)
    else:
        difference, crossover = direct
        evidence, low = crossover + evidence, favours_low_frequencies(difference)
        if not parts:
            doubts += ("The verdict rests on hybrid images alone.",)
        elif parts != [low, low]:
            hybrids = "support the claim" if low else "do not support the claim"
            heat_maps = ("do not", "do in part", "do")[sum(parts)]
            doubts += (f"The two kinds of evidence disagree: hybrid images {hybrids}, heat maps {heat_maps}.",)
        parts = [low, *parts]
    verdict = Verdict.of_parts(parts) if parts else Verdict.NOT_CHECKABLE
    return Finding(claim, verdict, evidence, doubts, maps.labels, _wave(maps.subject.heatmap), "Difference")


def _by_heat_maps(maps: Comparison) -> tuple[list[bool], tuple[Evidence, ...], tuple[str, ...]]:
    """Return whether low frequencies and corners at equal strength support it (not if unknown), evidence and doubts."""
    heatmap, band = maps.subject.heatmap, corners(maps.subject.heatmap)
    strength = equal_strength(maps.subject, maps.reference, band)
    if strength is None:
        return (
            [],
            (),
            ("The input size of one of the networks is unknown, so the maps cannot be compared at equal strength.",),
        )
    evidence: tuple[Evidence, ...] = (
        Evidence("share of a corner wave that reaches the subject", Interval.exact(strength.subject), "ratio"),
        Evidence("share that reaches the reference", Interval.exact(strength.reference), "ratio"),
    )
    alike = maps.reference.heatmap if strength.equal else strength.weakened
    corner = None if alike is None else contrast(in_band(heatmap, band), in_band(alike.crop(heatmap.side), band))
    low = contrast(*maps.errors("low"))
    if corner is None or low is None:
        why = (
            f"The reference has no map under weakened waves (core.sweep --weaken-as {strength.network_side} makes one)."
        )
        return [], evidence, (why,)
    evidence += (Evidence("difference in the corners at equal strength", corner),)
    return [low.low > 0, corner.high < 0], evidence, ()


def _different(claim: Claim, maps: Comparison) -> Finding:
    """Holds if most waves differ."""
    first, second = maps.subject.heatmap, maps.reference.heatmap
    comparison = clear_waves(first, second)
    if len(comparison.waves) < 3:
        raise NotCheckable("The maps have too few waves in common.")
    share = float(comparison.clear.mean())
    values = [wave_values(heatmap.rate(), comparison.waves) for heatmap in (first, second)]
    radius = rounded_radius(comparison.waves)
    waves = np.bincount(radius)
    around = [rates - (np.bincount(radius, rates) / np.maximum(waves, 1))[radius] for rates in values]
    evidence = (
        Evidence(f"waves that differ (of {len(comparison.waves)})", Interval.exact(share), "error"),
        Evidence("correlation of the two maps", Interval.exact(correlation(*values)), "ratio"),
        Evidence("correlation without the ring means", Interval.exact(correlation(*around)), "ratio"),
    )
    verdict = Verdict.HOLDS if share > 0.5 else Verdict.FAILS
    doubt = "The correlations have no interval, as neighbouring waves are not independent."
    return Finding(claim, verdict, evidence, (doubt,), maps.labels, (0, 8), "Difference")


def _unknown(claim: Claim, maps: Comparison) -> Finding:
    raise NotCheckable(claim.doubt)


def _figure2_resnet(claim: Claim, maps: Comparison) -> Finding:
    """Holds if all other waves, and the corners, raise the error more than the lowest frequencies."""
    named = next((candidate for candidate in maps.all_maps if _is_figure2(candidate.heatmap)), None)
    named = require(named, "The map of ResNet-50 on ImageNet100 is missing.")
    heatmap, why = named.heatmap.crop(DRAWN_SIDE), "The map of ResNet-50 on ImageNet100 lacks these waves."
    beyond, far = (require(_more(heatmap, band, "lowest"), why) for band in ("beyond lowest", "corners"))
    verdict = Verdict.of_parts([beyond.low > 0, far.low > 0])
    doubt = f"This row is always about {named.name} on ImageNet100, whichever maps are chosen."
    evidence = Evidence("all other waves", beyond, sign_words=MORE), Evidence("corners", far, sign_words=MORE)
    networks = (named.classifier,)
    return Finding(claim, verdict, evidence, (doubt,), (named.label,), (0, 9), networks=networks)


def _is_figure2(heatmap: Heatmap) -> bool:
    facts = heatmap.metadata
    published = facts["source"]["type"] == "published" and facts["dataset"]["name"] == "imagenet100"
    return published and facts["classifier"].get("name") == "resnet-50"


def dips_clearly(lattice: Lattice) -> bool:
    """Return whether a map dips on a lattice beyond the noise, by both tests."""
    return lattice.p < 0.01 and lattice.mean.high < 0


def _lattice(claim: Claim, maps: Comparison) -> Finding:
    """Holds if a subject with patches dips on their lattice and the reference does not."""
    grid = maps.subject.patch_grid
    period, why = grid or CLIP_GRID, f"One of the maps is too small for multiples of {grid or CLIP_GRID}."
    a, b = (
        require(lattice(named.heatmap, period) if period > 1 else None, why) for named in (maps.subject, maps.reference)
    )
    doubt = f"p is the share of {a.draws:,} random sets of {len(a.waves)} waves that dip as far."
    verdict = Verdict.FAILS
    if grid is None:
        verdict, doubt = (
            Verdict.NOT_CHECKABLE,
            "The subject is not known to cut pictures into patches, so no dip is expected.",
        )
    elif dips_clearly(a):
        verdict = Verdict.HOLDS if b.p >= 0.05 else Verdict.IN_PART
    evidence = (
        Evidence(f"{maps.subject.name} at multiples of {period}", a.mean),
        Evidence("p", Interval.exact(a.p), "p"),
        Evidence(maps.reference.name, b.mean),
        Evidence("p", Interval.exact(b.p), "p"),
    )
    return Finding(claim, verdict, evidence, (doubt,), (maps.subject.label,), (period, period))


# Checks by their names in claims.toml.
CHECKS: dict[str, Check] = {
    "compared": _compared,
    "within": _within,
    "unaffected": _unaffected,
    "relies": _relies,
    "different": _different,
    "unknown": _unknown,
    "figure-2-resnet": _figure2_resnet,
    "twins": lambda claim, maps: twin_findings(claim, maps.subject, maps.all_maps),
    "contrast": lambda claim, maps: contrast_findings(claim, maps.subject, maps.all_maps),
    "shift": lambda claim, maps: shift_finding(claim, maps.all_maps),
    "lattice": _lattice,
    "gradient": lambda claim, maps: gradient_finding(claim, maps.subject),
}


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
        if (check := FEATURE_CHECKS.get(claim.check)) is None:
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
FEATURE_CHECKS: dict[str, Callable[[Claim, _Kinds, str, str], Finding]] = {
    "above": _above,
    "squiggles": _squiggles,
    "recognised": _recognised,
    "sampled": _sampled,
}
