"""The claims of the paper's section 3.1, and others about maps, put to two maps and their shelf.

Each check takes what was measured and returns a finding; none knows which networks it is about, so that a visitor's own
maps are judged by the same rules as the paper's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from core.claims import said
from core.claims.bands import LOW, LOWEST, Band, corners, grey_minus_coloured, in_band, without_wave
from core.claims.disturbances import contrast_findings, shift_finding
from core.claims.equal_strength import EqualStrength, equal_strength
from core.claims.finding import Claim, Evidence, Finding, NamedMap, Verdict
from core.claims.gradient_spectrum import gradient_finding
from core.claims.hybrids import crossing_evidence, lacking, speak_for_low
from core.claims.twins import twin_findings
from core.fourier.basis import rounded_radius, wave_values
from core.fourier.contrasts import Errors, clear_waves, contrast, mismatches
from core.fourier.heatmap import Heatmap
from core.fourier.intervals import Measured
from core.fourier.lattice import Lattice, lattice
from core.fourier.outcomes import by_colour
from core.fourier.rings import ring_differences

CLIP_GRID = 7  # patches on a side of the picture, as CLIP ViT-B/32 cuts it: 224 / 32
DRAWN_SIDE = 63  # of larger maps the paper draws the centre
LOG_NOT_READ = (
    "The authors’ repository lists a log that may hold them (scripts/nohup_out_clip_imagenet, commit b97de37); it was "
    "out of reach where this was built."
)
NEGLIGIBLE = 0.02  # the largest rise of the error that "not affected" may mean


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two maps of one size, and all maps there are."""

    subject: NamedMap
    reference: NamedMap
    shelf: tuple[NamedMap, ...]

    @property
    def both(self) -> tuple[str, str]:
        return self.subject.label, self.reference.label

    def errors(self, band: Band) -> tuple[Errors, Errors] | None:
        """Of subject and reference over a band; None where either lacks it."""
        first, second = (in_band(named.heatmap, band) for named in (self.subject, self.reference))
        return None if first is None or second is None else (first, second)

    def difference(self, band: Band) -> Measured | None:
        """Subject minus reference over a band; None where either lacks it."""
        return contrast(*(self.errors(band) or (None, None)))


def findings(subject: NamedMap, reference: NamedMap, shelf: Sequence[NamedMap]) -> tuple[Finding, ...]:
    """Every claim with its verdict on `subject`, in the place of CLIP, and `reference`, in that of the ResNet.

    shelf: all maps there are: among them the twins and the map of Figure 2.
    """
    side = min(subject.heatmap.side, reference.heatmap.side, DRAWN_SIDE)
    maps = Comparison(_cropped(subject, side), _cropped(reference, side), tuple(shelf))
    unlike = mismatches(maps.subject.heatmap, maps.reference.heatmap)
    found: list[Finding] = []
    for claim, check in CHECKS.items():
        if unlike and claim.about == "comparison":
            found.append(Finding(claim, Verdict.NOT_CHECKABLE, doubts=unlike))
        else:
            made = check(maps)
            found += [made] if isinstance(made, Finding) else made
    return tuple(found)


def _cropped(named: NamedMap, side: int) -> NamedMap:
    return replace(named, heatmap=named.heatmap.crop(side))


def _unknown(claim: Claim, why: str) -> Finding:
    return Finding(claim, Verdict.NOT_CHECKABLE, doubts=(why,))


def _corner_wave(heatmap: Heatmap) -> tuple[int, int]:
    near = 1 - heatmap.side // 2
    return near, near


def _compared(maps: Comparison, claim: Claim, band: Band, sign: int, wave: tuple[int, int]) -> Finding:
    """Subject against reference over a band: holds where its mean and every ring part in the claimed direction."""
    both, found = maps.errors(band), maps.difference(band)
    if both is None or found is None:
        return _unknown(claim, "One of the maps lacks these waves.")
    rings = [
        ring for radius, ring in ring_differences(maps.subject.heatmap, maps.reference.heatmap) if band.holds(radius)
    ]
    agree = sum(ring.clear and ring.value * sign > 0 for ring in rings)
    verdict = Verdict.FAILS
    if found.clear and found.value * sign > 0:
        verdict = Verdict.HOLDS if agree == len(rings) else Verdict.IN_PART
    doubt = f"{agree} of its {len(rings)} rings part in this direction, each beyond its own interval."
    names = maps.subject.name, maps.reference.name
    evidence = [Evidence(name, errors.measured, "error") for name, errors in zip(names, both, strict=True)]
    evidence.append(Evidence("difference", found))
    return Finding(claim, verdict, tuple(evidence), (doubt,), maps.both, wave, "Difference")


def _high(maps: Comparison) -> Finding:
    heatmap = maps.subject.heatmap
    return _compared(maps, said.HIGH, corners(heatmap), -1, _corner_wave(heatmap))


def _relies(maps: Comparison) -> Finding:
    """Holds where hybrid images and the heat maps speak for it, fails where neither does.

    Of the heat maps both the low waves and, at equal strength, the corners count. Where only hybrids or only heat maps
    were measured, these decide.
    """
    direct, (share, evidence, doubts) = crossing_evidence(maps.subject, maps.reference), _by_heat_maps(maps)
    if direct is None:
        doubts += tuple(filter(None, [lacking(maps.subject, maps.reference)]))
        verdict = Verdict.NOT_CHECKABLE if share is None else Verdict.of_share(share)
    else:
        difference, told = direct
        evidence, low = told + evidence, float(speak_for_low(difference))
        verdict = Verdict.of_share(low if share is None else (low + share) / 2)
        if share is None:
            doubts += ("The verdict follows from hybrid images alone.",)
        if share is not None and low != share:
            hybrids = "speak for it" if low else "do not speak for it"
            others = {0: "do not speak for it", 0.5: "do in part", 1: "speak for it"}[share]
            doubts += (f"The two kinds of evidence disagree: hybrid images {hybrids}, heat maps {others}.",)
    wave = _corner_wave(maps.subject.heatmap)
    return Finding(said.RELIES, verdict, evidence, doubts, maps.both, wave, "Difference")


def _by_heat_maps(maps: Comparison) -> tuple[float | None, tuple[Evidence, ...], tuple[str, ...]]:
    """Which share of low waves and of corners at equal strength speaks for it, None if unknown; evidence; doubts."""
    found = _equal_strength(maps)
    if found is None:
        return None, (), ("It is not known how far one of the networks enlarges the pictures.",)
    evidence: tuple[Evidence, ...] = (
        Evidence("share of a corner wave that reaches the subject", Measured.exact(found.subject), "ratio"),
        Evidence("the reference", Measured.exact(found.reference), "ratio"),
    )
    corner, low = _corners_at_equal_strength(maps, found), maps.difference(LOW)
    if corner is None or low is None:
        why = f"The reference was not measured with weakened waves (core.sweep --weaken-as {found.network_side})."
        return None, evidence, (why,)
    evidence += (Evidence("difference in the corners at equal strength", corner),)
    return ((low.low > 0) + (corner.high < 0)) / 2, evidence, ()


def _equal_strength(maps: Comparison) -> EqualStrength | None:
    return equal_strength(maps.subject, maps.reference, corners(maps.subject.heatmap))


def _corners_at_equal_strength(maps: Comparison, found: EqualStrength) -> Measured | None:
    band = corners(maps.subject.heatmap)
    if found.equal:
        return maps.difference(band)
    if found.weakened is None:
        return None
    weakened = found.weakened.crop(maps.subject.heatmap.side)
    return contrast(in_band(maps.subject.heatmap, band), in_band(weakened, band))


def _spared(maps: Comparison) -> Finding:
    """Holds where the rise is negligible; in part where it is not, but the other waves raise the error more."""
    heatmap = maps.reference.heatmap
    lowest, clean = in_band(heatmap, LOWEST), without_wave(heatmap)
    rise = contrast(lowest, clean)
    if rise is None or clean is None:
        return _unknown(said.SPARED, "The reference’s clean error was not published.")
    evidence = [Evidence("rise", rise), Evidence("clean error", clean.measured, "error")]
    verdict = _unaffected(rise)
    less = contrast(in_band(heatmap, Band(LOWEST.last + 1, heatmap.side)), lowest)
    if less is not None:
        evidence.append(Evidence("all other waves have more by", less))
        if verdict == Verdict.FAILS and less.low > 0:
            verdict = Verdict.IN_PART
    doubts: tuple[str, ...] = ()
    if heatmap.clean_rate() is None:
        doubts = ("The clean error was measured here, with the same weights: the log does not give it.",)
    return Finding(said.SPARED, verdict, tuple(evidence), doubts, (maps.reference.label,), (0, 1))


def _unaffected(rise: Measured) -> Verdict:
    """Of a claim that nothing rises: noise alone is no proof of it, the interval must end below what is negligible."""
    if rise.high <= NEGLIGIBLE:
        return Verdict.HOLDS
    return Verdict.FAILS if rise.low > 0 else Verdict.NOT_CHECKABLE


def _more(heatmap: Heatmap, band: Band, than: Band) -> Measured | None:
    """Within one map: error over a band minus that over another."""
    return contrast(in_band(heatmap, band), in_band(heatmap, than))


def _positive(claim: Claim, found: Measured, named: NamedMap, wave: tuple[int, int], *doubts: str) -> Finding:
    """Of a claim that a difference within one map is positive."""
    verdict = Verdict.HOLDS if found.low > 0 else Verdict.FAILS
    return Finding(claim, verdict, (Evidence("difference", found),), doubts, (named.label,), wave)


def _red(maps: Comparison) -> Finding:
    """Holds where the corners raise the reference's error more than the lowest waves."""
    heatmap = maps.reference.heatmap
    found = _more(heatmap, corners(heatmap), LOWEST)
    if found is None:
        return _unknown(said.RED, "The reference’s map lacks these waves.")
    return _positive(said.RED, found, maps.reference, _corner_wave(heatmap))


def _within(maps: Comparison) -> Finding:
    """Holds where the lowest waves raise the subject's error more than the corners."""
    found = _more(maps.subject.heatmap, LOWEST, corners(maps.subject.heatmap))
    if found is None:
        return _unknown(said.WITHIN, "The subject’s map lacks these waves.")
    doubt = "The paper may mean: than the ResNet, which the first two claims say."
    return _positive(said.WITHIN, found, maps.subject, (0, 1), doubt)


def _different(maps: Comparison) -> Finding:
    """Holds where most waves differ."""
    first, second = maps.subject.heatmap, maps.reference.heatmap
    found = clear_waves(first, second)
    if len(found.waves) < 3:
        return _unknown(said.DIFFERENT, "The maps have too few waves in common.")
    share = float(found.clear.mean())
    values = [wave_values(heatmap.rate(), found.waves) for heatmap in (first, second)]
    radius = rounded_radius(found.waves)
    waves = np.bincount(radius)
    around = [each - (np.bincount(radius, each) / np.maximum(waves, 1))[radius] for each in values]
    evidence = (
        Evidence(f"share of {len(found.waves)} waves that differ", Measured.exact(share), "error"),
        Evidence("correlation", Measured.exact(_correlation(*values)), "ratio"),
        Evidence("after each ring’s mean is taken away", Measured.exact(_correlation(*around)), "ratio"),
    )
    verdict = Verdict.HOLDS if share > 0.5 else Verdict.FAILS
    doubt = "Neighbouring waves are not independent, so the correlations carry no interval."
    return Finding(said.DIFFERENT, verdict, evidence, (doubt,), maps.both, (0, 8), "Difference")


def _correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson's; NaN where one does not vary."""
    if first.std() == 0 or second.std() == 0:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])


def _figure2(maps: Comparison) -> Finding:
    named = next((each for each in maps.shelf if _is_figure2(each.heatmap)), None)
    if named is None:
        return _unknown(said.FIGURE2_RESNET, "The map of ResNet-50 on ImageNet100 is not here.")
    heatmap = named.heatmap.crop(DRAWN_SIDE)
    others = _more(heatmap, Band(LOWEST.last + 1, heatmap.side), LOWEST)
    far = _more(heatmap, corners(heatmap), LOWEST)
    if others is None or far is None:
        return _unknown(said.FIGURE2_RESNET, "The map of ResNet-50 on ImageNet100 lacks these waves.")
    agree = (others.low > 0) + (far.low > 0)
    return Finding(
        said.FIGURE2_RESNET,
        Verdict.of_share(agree / 2),
        (Evidence("all others", others), Evidence("corners", far)),
        (f"This row is about {named.name} on ImageNet100, whichever maps are chosen.",),
        (named.label,),
        (0, 9),
    )


def _is_figure2(heatmap: Heatmap) -> bool:
    facts = heatmap.metadata
    published = facts["source"]["type"] == "published" and facts["dataset"]["name"] == "imagenet100"
    return published and facts["classifier"].get("name") == "resnet-50"


def _robust_high(maps: Comparison) -> Finding:
    """Holds where the corners raise the error by a negligible amount."""
    heatmap = maps.subject.heatmap
    clean = without_wave(heatmap)
    rise = contrast(in_band(heatmap, corners(heatmap)), clean)
    if rise is None or clean is None:
        return _unknown(said.ROBUST_HIGH, "The subject’s clean error was not published.")
    evidence = (Evidence("rise", rise), Evidence("clean error", clean.measured, "error"))
    return Finding(said.ROBUST_HIGH, _unaffected(rise), evidence, (), (maps.subject.label,), _corner_wave(heatmap))


def dips_clearly(found: Lattice) -> bool:
    """Whether a map dips on a lattice beyond the noise, by both ways of telling."""
    return found.p < 0.01 and found.mean.high < 0


def _lattice(maps: Comparison) -> Finding:
    """Holds where a subject that cuts patches dips on their lattice and the reference does not."""
    grid = maps.subject.patch_grid
    period = grid or CLIP_GRID
    a, b = (lattice(named.heatmap, period) if period > 1 else None for named in (maps.subject, maps.reference))
    if a is None or b is None:
        return _unknown(said.LATTICE, f"One of the maps is too small for a lattice of {period}.")
    verdict, doubt = (
        Verdict.FAILS,
        f"p is the share of {a.draws:,} random draws of {len(a.waves)} waves, as many, that dip as far.",
    )
    if grid is None:
        verdict, doubt = Verdict.NOT_CHECKABLE, "The subject is not known to cut patches: no dip is expected."
    elif dips_clearly(a):
        verdict = Verdict.HOLDS if b.p >= 0.05 else Verdict.IN_PART
    evidence = (
        Evidence(f"{maps.subject.name} at multiples of {period}", a.mean),
        Evidence("p", Measured.exact(a.p), "p"),
        Evidence(maps.reference.name, b.mean),
        Evidence("p", Measured.exact(b.p), "p"),
    )
    return Finding(said.LATTICE, verdict, evidence, (doubt,), (maps.subject.label,), (period, period))


def _colour(maps: Comparison) -> Finding:
    """Holds where the two differ beyond the noise in either band."""
    heatmap = maps.subject.heatmap
    far = corners(heatmap)
    found = [grey_minus_coloured(heatmap, band) for band in (LOW, far)]
    parts = by_colour(heatmap)
    if parts is None or found[0] is None or found[1] is None:
        return _unknown(said.COLOUR, "The subject’s map does not say which images are misclassified.")
    shown = [in_band(part, far) for part in (parts.grey, parts.coloured)]
    evidence = [Evidence("radius up to 2", found[0]), Evidence("corners", found[1])]
    evidence += [
        Evidence(kind, part.measured, "error")
        for kind, part in zip(("grey there", "coloured"), shown, strict=True)
        if part is not None
    ]
    verdict = Verdict.HOLDS if found[0].clear or found[1].clear else Verdict.FAILS
    wave = _corner_wave(heatmap)
    return Finding(said.COLOUR, verdict, tuple(evidence), (), (maps.subject.label,), wave, "Grey and coloured")


# In the order of the table: each claim, and what makes its finding of a comparison, or several.
CHECKS: dict[Claim, Callable[[Comparison], Finding | Iterable[Finding]]] = {
    said.LOW: lambda maps: _compared(maps, said.LOW, LOW, 1, (0, 1)),
    said.HIGH: _high,
    said.RELIES: _relies,
    said.SPARED: _spared,
    said.RED: _red,
    said.WITHIN: _within,
    said.DIFFERENT: _different,
    said.FIGURE2_CLIP: lambda maps: _unknown(said.FIGURE2_CLIP, LOG_NOT_READ),
    said.FIGURE2_RESNET: _figure2,
    said.ROBUST_HIGH: _robust_high,
    said.TWINS: lambda maps: twin_findings(maps.subject, maps.shelf),
    said.CONTRAST: lambda maps: contrast_findings(maps.subject, maps.shelf),
    said.SHIFT: lambda maps: shift_finding(maps.shelf),
    said.LATTICE: _lattice,
    said.COLOUR: _colour,
    said.GRADIENT: lambda maps: gradient_finding(maps.subject),
}
