"""Verdicts on claims about maps: the one statistic, and the checks that are no difference. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.claims.claim import (
    CLAIMS,
    MINIATURE,
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
from core.claims.quantities import (
    HIGH_CORRUPTIONS,
    LOW_CORRUPTIONS,
    corruptions_of,
    crossover_evidence,
    equal_strength,
    exact_rank_test,
    quantity,
    ranked_networks,
    rise,
    smallest_error,
    stored_hybrids,
    twin_pairs,
)
from core.classifiers.registry import network_title
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.fourier.contrasts import (
    BANDS,
    BANDS_IN_WORDS,
    LOW,
    Band,
    clear_waves,
    contrast,
    corners,
    in_band,
    mismatches,
    ring_differences,
    without_wave,
)
from core.fourier.heatmap import Heatmap
from core.fourier.patch_grid import lattice
from core.fourier.waves import rounded_radius, wave_values
from core.shared import paper
from core.shared.numbers import Frequency, Interval, correlation, decimal, join_list

CLIP_GRID = 7  # patches per side in CLIP ViT-B/32: 224 / 32
_DRAWN_SIZE = paper.MAP_SIZE[paper.IMAGE_SIZE]  # the paper draws only the centre of larger maps
Maps = Mapping[str, NamedMap]  # by whose they are: of subject and reference, twins, the ResNet of Figure 2
_MIN_NETWORKS, SIGNIFICANT = 4, 0.05  # networks of a ranking; p of a correlation or of chance


def claim_about(wave: Frequency, *maps: Heatmap) -> tuple[Claim, Band] | None:
    """Return the claim on CLIP and a ResNet about the waves nearest to this one, and its band.

    None for waves beyond the maps, or unless these are of a CLIP and a ResNet, in this order.
    """
    first, second = (heatmap.metadata["classifier"] for heatmap in maps)
    if first.get("kind") != "zero-shot" or "resnet" not in str(second["name"]).lower():
        return None
    heatmap = min(maps, key=lambda candidate: candidate.size).crop(_DRAWN_SIZE)
    if max(map(abs, wave)) > heatmap.size // 2:
        return None
    radius, bands = rounded_radius([wave])[0], {"low": LOW, "high": corners(heatmap)}
    key = min(bands, key=lambda key: 0 if bands[key].contains(radius) else abs(radius - bands[key].edge))
    return CLAIMS[key], bands[key]


def findings(
    subject: NamedMap, reference: NamedMap, all_maps: Sequence[NamedMap], only: Claim | None = None
) -> tuple[Finding, ...]:
    """Return every claim with its verdict, `subject` standing for CLIP and `reference` for the ResNet.

    A claim about robust twins is judged on the subject and its twin, or else on every such pair. all_maps: every
    available map, among them the twins and the map of Figure 2. only: this claim alone.
    """
    size = min(subject.heatmap.size, reference.heatmap.size, _DRAWN_SIZE)
    maps = {"subject": _cropped(subject, size), "reference": _cropped(reference, size)}
    unlike = mismatches(maps["subject"].heatmap, maps["reference"].heatmap)
    for named in all_maps:
        facts = named.heatmap.metadata
        published = facts["source"]["type"] == "published" and facts["dataset"]["name"] == "imagenet100"
        if published and named.classifier == "resnet-50":
            maps.setdefault("figure-2", _cropped(named, _DRAWN_SIZE))
    twins = [{"ordinary": ordinary, "robust": robust} for ordinary, robust in twin_pairs(subject, all_maps)]
    results: list[Finding] = []
    for claim in CLAIMS.values() if only is None else (only,):
        if claim.pictures:
            continue
        if unlike and claim.whose == ("subject", "reference"):
            results.append(Finding(claim, Verdict.NOT_CHECKABLE, doubts=unlike))
            continue
        cases = twins if "robust" in claim.whose else [maps]
        judged = [check_claim(claim, CHECKS[claim.check], case) for case in cases]
        if cases is twins:
            judged = [finding for finding in judged if finding.verdict != Verdict.NOT_CHECKABLE]
        results += judged or [Finding(claim, Verdict.NOT_CHECKABLE, doubts=(claim.missing,))]
    return tuple(results)


def _cropped(named: NamedMap, size: int) -> NamedMap:
    return replace(named, heatmap=named.heatmap.crop(size))


def _finding(claim: Claim, maps: Maps, verdict: Verdict, evidence: Sequence[Evidence], *doubts: str) -> Finding:
    """Build the finding about the maps that a claim is about."""
    selected = [maps[whose] for whose in claim.whose]
    doubt, wave = claim.doubt.format_map({whose: named.name for whose, named in maps.items()}), claim.wave
    if wave == "corners":
        near = 1 - selected[0].heatmap.size // 2
        wave = near, near
    return Finding(
        claim,
        verdict,
        tuple(evidence),
        doubts=tuple(filter(None, (doubt, *doubts))),
        maps=tuple(named.label for named in selected),
        wave=wave,
        show=claim.show,
        tool=claim.tool,
        networks=tuple(named.classifier for named in selected),
        usual_weights=tuple(has_usual_weights(named.heatmap.metadata["classifier"]) for named in selected),
    )


def _minus(lhs: str, rhs: str, maps: Maps) -> Interval | None:
    """Return the difference of two terms, image by image where both know the same images; None if one is unknown."""
    return contrast(quantity(lhs, maps), quantity(rhs, maps))


def _differences(claim: Claim, maps: Maps) -> tuple[list[Interval], list[Evidence]]:
    """Return each lhs of a claim minus its rhs, and these as evidence; several have no signs but words.

    Raises:
        NotCheckable: a term is unknown.
    """
    differences, evidence = list[Interval](), list[Evidence]()
    for name, lhs, rhs in zip(claim.evidence, claim.lhs, claim.rhs, strict=True):
        first, second = (require(quantity(term, maps), claim.missing).measured for term in (lhs, rhs))
        difference = require(_minus(lhs, rhs, maps), claim.missing)
        differences.append(difference)
        sign_words = MORE if len(claim.lhs) > 1 else None
        evidence.append(Evidence(name, difference, terms=(first.value, second.value), sign_words=sign_words))
    return differences, evidence


def _bars(claim: Claim, maps: Maps, unit: str = "error") -> list[Evidence]:
    """Return the terms of a claim's judged differences, each once, as evidence with a bar."""
    rows = zip(claim.lhs, claim.rhs, strict=True)
    terms = dict.fromkeys(term for pair in list(rows)[: claim.judged] for term in pair)
    return [_bar(term, maps, unit, alone=len(claim.whose) == 1) for term in terms]


def _bar(term: str, maps: Maps, unit: str = "error", *, alone: bool) -> Evidence:
    """Return a number with a bar that is named by its waves if they are of one map, else by whose it is."""
    whose, _, what = term.partition(" ")
    errors, label = require(quantity(term, maps), ""), BANDS_IN_WORDS[what] if alone else whose
    return Evidence(label if alone else maps[whose].name, errors.measured, unit, bar=label)


def _difference(claim: Claim, maps: Maps) -> Finding:
    """Judge by the one statistic: holds if every lhs minus its rhs lies beyond the threshold on the claimed side."""
    differences, evidence = _differences(claim, maps)
    bars = _bars(claim, maps)
    return _finding(claim, maps, Verdict.of_parts(_parts(claim, differences)), [*evidence, *bars])


def _parts(claim: Claim, differences: Sequence[Interval]) -> list[bool | None]:
    """Return whether each difference supports the claim."""
    return [claim.supported_by(difference, place) for place, difference in enumerate(differences[: claim.judged])]


def _rings(claim: Claim, maps: Maps) -> Finding:
    """Judge the difference of two maps: its parts are the mean over a band, and that every ring of it differs so."""
    (difference,), evidence = _differences(claim, maps)
    first, second = (maps[whose] for whose in claim.whose)
    band = BANDS[claim.lhs[0].partition(" ")[2]](first.heatmap)
    rings = [
        bool(claim.supported_by(ring.error))
        for ring in ring_differences(first.heatmap, second.heatmap)
        if band.contains(ring.radius)
    ]
    verdict = Verdict.of_parts([claim.supported_by(difference), all(rings)])
    doubt = f"The difference is clear in this direction in {sum(rings)} of {len(rings)} rings."
    return _finding(claim, maps, verdict, [*_bars(claim, maps), *evidence], doubt)


def _with_bars(crossover: Sequence[Evidence], claim: Claim) -> list[Evidence]:
    """Return two cutoffs with their bars, and their difference."""
    first, second = claim.whose
    return [replace(crossover[0], bar=first), replace(crossover[1], bar=second), *crossover[2:]]


def _unaffected(claim: Claim, maps: Maps) -> Finding:
    """Judge a rise over the clean error; further differences are shown.

    Without a clean error the claim fails if it does for any clean error up to the smallest error under a wave.
    """
    (named,) = (maps[whose] for whose in claim.whose)
    error, clean = require(quantity(claim.lhs[0], maps), claim.missing), without_wave(named.heatmap)
    if clean is None:
        limit = error.measured.low - claim.threshold[0]
        smallest = smallest_error(named.heatmap)
        if not smallest.high < limit:
            raise NotCheckable(claim.missing)
        evidence = [
            _bar(claim.lhs[0], maps, alone=True),
            Evidence("smallest error under a wave", smallest, "error", bar="the mildest wave"),
            Evidence("fails for any clean error up to", Interval.exact(limit), "error"),
        ]
        doubt = f"{claim.missing} Waves do not help, so it is hardly above the smallest error under one."
        return _finding(claim, maps, Verdict.FAILS, evidence, doubt)
    rise = error.minus(clean).measured.item()
    terms = error.measured.value, clean.measured.value
    evidence = [Evidence(claim.evidence[0], rise, terms=terms), _bar(claim.lhs[0], maps, alone=True)]
    evidence.append(Evidence("clean error", clean.measured, "error", bar="no wave"))
    rows = zip(claim.evidence, claim.lhs, claim.rhs, strict=True)
    for name, lhs, rhs in list(rows)[1:]:
        if (difference := _minus(lhs, rhs, maps)) is not None:
            evidence.append(Evidence(name, difference, sign_words=MORE))
    measured_here = named.heatmap.clean_rate() is None
    doubt = (
        "The clean error was measured here with the same weights, as the log does not give it." if measured_here else ""
    )
    return _finding(claim, maps, Verdict.of_parts([claim.supported_by(rise)]), evidence, doubt)


def _twins(claim: Claim, maps: Maps) -> Finding:
    """Judge both halves: hybrid images tell what the robust twin relies on, slow waves how vulnerable it is.

    The rise in the corners is shown. Without hybrid images the second half decides.
    """
    differences, evidence = _differences(claim, maps)
    parts, doubt = _parts(claim, differences), ""
    direct = crossover_evidence(maps["robust"], maps["ordinary"])
    if direct is not None:
        difference, crossover = direct
        relies = CLAIMS["relies"].supported_by(difference)
        evidence, parts = [*_with_bars(crossover, claim), *evidence], [relies, *parts]
        if len(set(parts)) > 1:
            doubt = (
                f"The two kinds of evidence disagree: hybrid images {'support' if relies else 'do not support'} the "
                f"claim, low frequencies {'do not raise' if relies else 'raise'} the robust twin’s error more."
            )
    return _finding(claim, maps, Verdict.of_parts(parts), evidence, doubt)


def _contrast(claim: Claim, maps: Maps) -> Finding:
    """Holds if contrast, and all low-frequency corruptions together, raise the robust twin's error more."""
    outcomes = [corruptions_of(maps[whose]) for whose in claim.whose]
    if None in outcomes or len({stored.images for stored in outcomes if stored}) > 1:
        raise NotCheckable(claim.missing)
    (contrast, low, high), evidence = _differences(claim, maps)
    names = join_list([CORRUPTIONS[key].inline_label for key in LOW_CORRUPTIONS])
    evidence[1] = replace(evidence[1], what=f"{evidence[1].what} ({names})")
    evidence += _bars(replace(claim, judged=1), maps, "rise")
    rises = (
        [rise(stored, stored.errors("contrast", strength=strength)) for stored in outcomes if stored]
        for strength in (STRENGTHS[0], STRENGTHS[-1])
    )
    first, last = (100 * robust.minus(ordinary).measured.value.item() for robust, ordinary in rises)
    doubts = [
        f"Contrast changes: {decimal(first, sign=True)} points at the lowest strength, {decimal(last, sign=True)} "
        "points at the highest."
    ]
    if last < first:
        doubts[0] += (
            " The differences shrink near chance, where the network with the smaller clean error has more to lose."
        )
    if high.high < 0:
        doubts.append(
            "High-frequency corruptions harm the robust twin less: its weakness is limited to low frequencies."
        )
    verdict = Verdict.of_parts(_parts(claim, [contrast, low]))
    return _finding(claim, maps, verdict, evidence, *doubts)


def _relies(claim: Claim, maps: Maps) -> Finding:
    """Holds if both hybrid images and heat maps support it, fails if neither does.

    Heat maps support it if both the low frequencies and, at equal strength, the corners do. If only hybrids or only
    heat maps were measured, these decide.
    """
    subject, reference = maps["subject"], maps["reference"]
    direct, (parts, evidence, *doubts) = crossover_evidence(subject, reference), _by_heat_maps(subject, reference)
    if direct is None:
        stored = stored_hybrids()
        unseen = [named.name for named in (subject, reference) if named.result_in(stored) is None]
        if unseen:
            doubts.append(f"The direct test is missing: {' and '.join(unseen)} saw no hybrid images.")
    else:
        difference, crossover = direct
        unshown = [replace(part, bar="") for part in evidence]
        evidence, low = [*_with_bars(crossover, claim), *unshown], bool(claim.supported_by(difference))
        if not parts:
            doubts.append("The verdict rests on hybrid images alone.")
        elif parts != [low, low]:
            hybrids = "support the claim" if low else "do not support the claim"
            heat_maps = ("do not", "do in part", "do")[sum(parts)]
            doubts.append(f"The two kinds of evidence disagree: hybrid images {hybrids}, heat maps {heat_maps}.")
        parts = [low, *parts]
    return _finding(claim, maps, Verdict.of_parts(parts) if parts else Verdict.NOT_CHECKABLE, evidence, *doubts)


def _by_heat_maps(subject: NamedMap, reference: NamedMap) -> tuple[list[bool], list[Evidence], str]:
    """Return whether low frequencies and corners at equal strength support it (not if unknown), evidence, a doubt."""
    heatmap, band = subject.heatmap, corners(subject.heatmap)
    strength = equal_strength(subject, reference, band)
    if strength is None:
        why = "The input size of one of the networks is unknown, so the maps cannot be compared at equal strength."
        return [], [], why
    evidence = [
        Evidence("share of a corner wave that reaches the subject", Interval.exact(strength.subject), "ratio"),
        Evidence("share that reaches the reference", Interval.exact(strength.reference), "ratio"),
    ]
    a, b = in_band(heatmap, band), None
    if strength.alike is not None:
        b = in_band(strength.alike.crop(heatmap.size), band)
    corner, low = contrast(a, b), contrast(in_band(heatmap, LOW), in_band(reference.heatmap, LOW))
    if a is None or b is None or corner is None or low is None:
        setting = f"SweepConfig(weaken_as={subject.network_side})"
        return [], evidence, f"The reference has no map under weakened waves; {setting} of core.sweep.waves makes one."
    terms = a.measured.value, b.measured.value
    evidence.append(Evidence(f"{subject.name} in the corners", a.measured, "error", bar="subject"))
    evidence.append(Evidence(f"{reference.name} at equal strength", b.measured, "error", bar="reference"))
    evidence.append(Evidence("difference in the corners at equal strength", corner, terms=terms))
    return [low.low > 0, corner.high < 0], evidence, ""


def _different(claim: Claim, maps: Maps) -> Finding:
    """Holds if most waves differ."""
    heatmaps = [maps[whose].heatmap for whose in ("subject", "reference")]
    comparison = clear_waves(heatmaps[0], heatmaps[1])
    if len(comparison.waves) < 3:
        raise NotCheckable(claim.missing)
    share = float(comparison.clear.mean())
    values = [wave_values(heatmap.rate(), comparison.waves) for heatmap in heatmaps]
    radius = rounded_radius(comparison.waves)
    waves = np.bincount(radius)
    around = [rates - (np.bincount(radius, rates) / np.maximum(waves, 1))[radius] for rates in values]
    evidence = (
        Evidence(
            f"waves that differ (of {len(comparison.waves)})", Interval.exact(share), "error", bar="waves that differ"
        ),
        Evidence("correlation of the two maps", Interval.exact(correlation(*values)), "ratio"),
        Evidence("correlation without the ring means", Interval.exact(correlation(*around)), "ratio"),
    )
    return _finding(claim, maps, Verdict.of_parts([share > claim.threshold[0]]), evidence)


def _lattice(claim: Claim, maps: Maps) -> Finding:
    """Judge a subject with patches: it dips on their lattice, by both tests, and where the reference does not."""
    subject, reference = maps["subject"], maps["reference"]
    grid = subject.patch_grid
    period, why = grid or CLIP_GRID, f"One of the maps is too small for multiples of {grid or CLIP_GRID}."
    a, b = (require(lattice(named.heatmap, period) if period > 1 else None, why) for named in (subject, reference))
    doubt = f"p is the share of {a.draws:,} random sets of {len(a.waves)} waves that dip as far."
    verdict = Verdict.of_parts([a.is_clear_dip, a.is_clear_dip and b.p >= SIGNIFICANT])
    if grid is None:
        verdict = Verdict.NOT_CHECKABLE
        doubt = "The subject is not known to cut pictures into patches, so no dip is expected."
    evidence = (
        Evidence(f"{subject.name} at multiples of {period}", a.mean, bar="subject"),
        Evidence("p", Interval.exact(a.p), "p"),
        Evidence(reference.name, b.mean, bar="reference"),
        Evidence("p", Interval.exact(b.p), "p"),
    )
    return replace(_finding(claim, maps, verdict, evidence, doubt), wave=(period, period))


def _shift(claim: Claim, maps: Maps) -> Finding:
    """Judge by three measures of the harm of all corruptions: each is a part, and true if cutoffs rise with it.

    The first measure is also shown for high- and low-frequency corruptions apart.
    """
    networks = ranked_networks()
    if len(networks) < _MIN_NETWORKS:
        raise NotCheckable(
            f"A ranking needs {_MIN_NETWORKS} networks with crossover cutoffs and corruption results, "
            f"and has {len(networks)}."
        )
    radii = np.array([radius for radius, _ in networks.values()])
    outcomes = [stored for _, stored in networks.values()]

    def rises(keys: Sequence[str]) -> list[float]:
        return [rise(stored, stored.errors(*keys)).measured.value for stored in outcomes]

    tested = {
        "the rise of the error": rises([*CORRUPTIONS]),
        "the error among pictures that are right when clean": [
            float(1 - stored.correct[:, :, stored.clean].mean()) for stored in outcomes
        ],
        "the error": [stored.errors(*CORRUPTIONS).measured.value for stored in outcomes],
        "the rise under high-frequency corruptions": rises(HIGH_CORRUPTIONS),
        "the rise under low-frequency corruptions": rises(LOW_CORRUPTIONS),
    }
    evidence, signs = list[Evidence](), list[int]()
    for what, values in tested.items():
        value, p = exact_rank_test(radii, np.array(values))
        signs.append(int(np.sign(value)) if p < SIGNIFICANT else 0)
        bar = what if len(evidence) < 6 else ""
        name = f"correlation of the crossover cutoff with {what}"
        evidence.append(Evidence(name, Interval.exact(value), "ratio", bar=bar))
        evidence.append(Evidence("p", Interval.exact(p), "p"))
    small = all(name.startswith(MINIATURE) or name in paper.RESNET_NAMES for name in networks)
    kind, names = "small networks" if small else "networks", "; ".join(map(network_title, networks))
    doubts: list[str] = [
        "The paper speaks of natural shifts; these corruptions are synthetic, and the outcome depends on the measure.",
        f"{len(networks)} {kind} ({names}) are few, and they differ in other ways as well.",
    ]
    if signs[-1] < 0:
        doubts.append(
            "Low-frequency corruptions reverse the order, so the result for all eight depends on their mix: "
            f"{len(HIGH_CORRUPTIONS)} of {len(CORRUPTIONS)} are high-frequency."
        )
    finding = _finding(claim, maps, Verdict.of_parts([sign > 0 for sign in signs[:3]]), evidence, *doubts)
    return replace(finding, networks=tuple(networks), usual_weights=())


# Checks of maps by their names in claims.toml; they raise `NotCheckable`.
CHECKS: dict[str, Callable[[Claim, Maps], Finding]] = {
    "difference": _difference,
    "rings": _rings,
    "unaffected": _unaffected,
    "twins": _twins,
    "contrast": _contrast,
    "relies": _relies,
    "different": _different,
    "lattice": _lattice,
    "shift": _shift,
}
