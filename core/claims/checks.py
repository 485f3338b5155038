"""The claims of the paper's section 3.1, and others about maps, checked on two maps, with all others as context.

Each check takes measurements and returns a finding. No check knows which networks it compares, so a visitor's own maps
are judged by the same rules as the paper's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.claims.bands import BANDS, LOW, Band, corners, in_band, without_wave
from core.claims.corruptions import contrast_findings, shift_finding
from core.claims.equal_strength import equal_strength
from core.claims.finding import (
    CLAIMS,
    MORE,
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
from core.claims.gradient_spectrum import gradient_finding
from core.claims.hybrids import crossover_evidence, favours_low_frequencies, lacking_hybrids
from core.claims.twins import twin_findings
from core.fourier.basis import Frequency, rounded_radius, wave_values
from core.fourier.intervals import Interval, correlation
from core.fourier.maps.contrasts import Errors, clear_waves, contrast, mismatches
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.lattice import Lattice, lattice
from core.fourier.maps.rings import ring_differences

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
