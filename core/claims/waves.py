"""Claims about the errors of networks under waves, from their heat maps. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from core.claims.finding import (
    MORE,
    SIGNIFICANT,
    Claim,
    Evidence,
    Head,
    Judged,
    NamedMap,
    NotCheckable,
    Topic,
    View,
    corner_wave,
    every,
    judged,
    require,
)
from core.claims.statistics import (
    MeanError,
    by_hybrids,
    equal_strength,
    error_in,
    mean_error,
    smallest_error,
    stored_hybrids,
)
from core.fourier.contrasts import BANDS, LOW, Band, clear_waves, corners, in_band, ring_differences, without_wave
from core.fourier.heatmap import Heatmap
from core.fourier.patch_grid import lattice as lattice_of
from core.fourier.waves import rounded_radius, wave_values
from core.shared.numbers import Frequency, Interval, correlation
from core.shared.paper import IMAGE_SIZE, MAP_SIZE

CLIP_GRID = 7  # patches per side in CLIP ViT-B/32: 224 / 32
DRAWN_SIZE = MAP_SIZE[IMAGE_SIZE]  # the paper draws only the centre of larger maps
_SMALL_RISE = 0.02  # of the error, which counts as nothing
wave_claim = partial(Head, topic=Topic.WAVES, section="3.1")


def _in_rings(
    subject: NamedMap, reference: NamedMap, name: str, where: str, holds: Callable[[Interval, float], bool | None]
) -> Judged:
    """Judge that the difference of two maps is on one side of 0 over a band, and in each ring of it."""
    a, b = error_in(name, subject), error_in(name, reference)
    difference, band = a.minus(b), BANDS[name](subject.heatmap)
    differences = ring_differences(subject.heatmap, reference.heatmap)
    rings = [holds(ring.error, 0) for ring in differences if band.contains(ring.radius)]
    return judged(
        [holds(difference.measured, 0), every(rings)],
        [a, b, difference],
        f"{where}, {subject} is wrong in {a} and {reference} in {b} of 100 pictures.",
        f"The difference is clear in this direction in {rings.count(True)} of {len(rings)} rings.",
    )


@wave_claim(missing="One of the maps lacks these waves.", view=View(show="Difference", bands=("low",)))
def low(subject: NamedMap, reference: NamedMap) -> Judged:
    """Slow waves mislead CLIP more than the ResNet.

    “… CLIP is less robust than the Resnet50 to perturbations in the low-frequency domain”

    The mean error over all waves of up to 2 cycles per image, of {subject} minus that of {reference}; and the same in
    each ring of it.
    """
    return _in_rings(subject, reference, "low", "Under waves of up to 2 cycles per image", Interval.above)


@wave_claim(
    missing="One of the maps lacks these waves.", view=View(wave=corner_wave, show="Difference", bands=("corners",))
)
def high(subject: NamedMap, reference: NamedMap) -> Judged:
    """The fastest waves mislead CLIP less than the ResNet.

    “… and more robust to perturbations in the highest frequencies.”

    The mean error over the waves in the map’s corners, of {subject} minus that of {reference}; and the same in each
    ring of it.
    """
    return _in_rings(subject, reference, "corners", "In the corners of the maps", Interval.below)


@wave_claim(view=View(wave=corner_wave, show="Difference"))
def relies(subject: NamedMap, reference: NamedMap) -> Judged:
    """CLIP relies more on low frequencies than ResNets do.

    “This can mean that CLIP relies more on low-frequency information, when compared to Resnet models.”

    Where both saw mixtures of two pictures: the cutoff at which {subject} follows either picture equally often, minus
    that of {reference}. Then the errors up to 2 cycles per image, and those in the corners under waves that are
    weakened equally.
    """
    mixed, maps = by_hybrids(subject, reference), _at_equal_strength(subject, reference)
    if mixed is None:
        unseen = [named.name for named in (subject, reference) if named.result_in(stored_hybrids()) is None]
        missing = f"The direct test is missing: {' and '.join(unseen)} saw no hybrid images."
        return replace(maps, doubts=(*maps.doubts, missing)) if unseen else maps
    doubt, (support,) = "", mixed.parts
    if not maps.parts:
        doubt = "The verdict rests on hybrid images alone."
    elif maps.parts != (support, support):
        hybrids = "support the claim" if support else "do not support the claim"
        heat_maps = ("do not", "do in part", "do")[maps.parts.count(True)]
        doubt = f"The two kinds of evidence disagree: hybrid images {hybrids}, heat maps {heat_maps}."
    without_bars = [replace(number, bar="") for number in maps.evidence]
    return judged([support, *maps.parts], [*mixed.evidence, *without_bars], mixed.summary, *maps.doubts, doubt)


def _at_equal_strength(subject: NamedMap, reference: NamedMap) -> Judged:
    """Judge by heat maps that slow waves mislead the subject more, and waves of equal strength in the corners less."""
    band = corners(subject.heatmap)
    strength = equal_strength(subject, reference, band)
    if strength is None:
        why = "The input size of one of the networks is unknown, so the maps cannot be compared at equal strength."
        return judged([], [], "", why)
    reach = [
        Evidence("share of a corner wave that reaches the subject", Interval.exact(strength.subject), "ratio"),
        Evidence("share that reaches the reference", Interval.exact(strength.reference), "ratio"),
    ]
    try:
        alike = require(strength.alike).crop(subject.heatmap.size)
        a, b = error_in("corners", subject), error_in("corners", replace(reference, heatmap=alike))
        low = error_in("low", subject).minus(error_in("low", reference))
    except NotCheckable:
        setting = f"SweepConfig(weaken_as={subject.input_size})"
        why = f"The reference has no map under weakened waves; {setting} of core.sweep.waves makes one."
        return judged([], reach, "", why)
    corner = a.minus(b, "difference in the corners at equal strength")
    a, b = replace(a, what=f"{subject.name} in the corners"), replace(b, what=f"{reference.name} at equal strength")
    return judged(
        [low.measured.above(0), corner.measured.below(0)],
        [*reach, a, b, corner],
        f"Under corner waves of equal strength, {subject} is wrong in {a} and {reference} in {b} of 100 pictures.",
    )


@wave_claim(missing="The reference’s clean error was not published.", view=View(bands=("lowest",)))
def spared(reference: NamedMap) -> Judged:
    """The slowest waves do not mislead the ResNet.

    “We can see that the Resnet isn’t affected by the lowest frequency perturbations, shown in the blue circle in the
    center.”

    The mean error of {reference} over waves of up to 1 cycle per image, minus its error without a wave; up to 2 points
    count as nothing.
    """
    slow, beyond = error_in("lowest", reference, "slowest waves"), in_band(reference.heatmap, "beyond lowest")
    result = _unaffected(reference, slow, spared.missing)
    _, without = result.bars
    faster = []
    if beyond is not None and without_wave(reference.heatmap) is not None:
        difference = beyond.minus(slow.errors).measured.item()
        faster = [Evidence("all other waves", difference, sign_words=MORE)]
    calm = "without a wave" if without.what == "clean error" else "under the mildest wave"
    summary = f"{reference} is wrong in {without} of 100 pictures {calm}, in {slow} under the slowest ones."
    return judged(result.parts, [*result.evidence, *faster], summary, *result.doubts)


def _unaffected(named: NamedMap, error: MeanError, missing: str) -> Judged:
    """Judge that waves do not raise the error over the clean error, which is the second bar.

    Without a clean error the claim fails if it does for any clean error up to the smallest error under a wave.
    """
    clean = without_wave(named.heatmap)
    if clean is not None:
        without = replace(mean_error("no wave", clean), what="clean error")
        rise, measured_here = error.minus(without, "rise"), named.heatmap.clean_rate() is None
        doubt = "The clean error was measured here with the same weights, as the log does not give it."
        return judged([rise.measured.at_most(_SMALL_RISE)], [rise, error, without], "", doubt if measured_here else "")
    smallest, limit = smallest_error(named.heatmap), error.measured.low - _SMALL_RISE
    if not smallest.high < limit:
        raise NotCheckable
    evidence = [
        error,
        Evidence("smallest error under a wave", smallest, "error", bar="the mildest wave"),
        Evidence("fails for any clean error up to", Interval.exact(limit), "error"),
    ]
    doubt = f"{missing} Waves do not help, so it is hardly above the smallest error under one."
    return judged([False], evidence, "", doubt)


def _is_larger(error: MeanError, other: MeanError, summary: str, *doubts: str) -> Judged:
    """Judge that one error of a map is larger than another."""
    difference = error.minus(other)
    return judged([difference.measured.above(0)], [difference, error, other], summary, *doubts)


@wave_claim(missing="The reference’s map lacks these waves.", view=View(wave=corner_wave, bands=("corners", "lowest")))
def red(reference: NamedMap) -> Judged:
    """The fastest waves mislead the ResNet.

    “However, it is affected by perturbations of the highest frequencies, shown by the red on the extremities.”

    The mean error of {reference} in the corners of its map, minus that over waves of up to 1 cycle per image.
    """
    fast, slow = error_in("corners", reference, "fastest waves"), error_in("lowest", reference, "slowest waves")
    summary = f"{reference} is wrong in {fast} of 100 pictures under the fastest waves, in {slow} under the slowest."
    return _is_larger(fast, slow, summary)


@wave_claim(missing="The subject’s map lacks these waves.", view=View(bands=("corners", "lowest")))
def within(subject: NamedMap) -> Judged:
    """Within CLIP’s own map, slow waves mislead more than fast ones.

    “CLIP, on the other hand, shows higher vulnerability on the lowest frequencies and less vulnerability on the highest
    frequencies.”

    Within the map of {subject}: the mean error over waves of up to 1 cycle per image, minus that in the corners.
    """
    slow, fast = error_in("lowest", subject, "slowest waves"), error_in("corners", subject, "fastest waves")
    summary = f"{subject} is wrong in {slow} of 100 pictures under the slowest waves, in {fast} under the fastest."
    doubt = "The paper may compare with the ResNet here, as in the first two claims."
    return _is_larger(slow, fast, summary, doubt)


@wave_claim(missing="The maps have too few waves in common.", view=View(wave=(0, 8), show="Difference"))
def different(subject: NamedMap, reference: NamedMap) -> Judged:
    """CLIP’s map differs from the ResNet’s.

    “CLIP ViT-B/32 displayed a different behavior from what was previously observed in the Resnet50 model.”

    For each wave, whether the errors of {subject} and {reference} differ, with 5 % false discoveries; the claim is true
    if more than half do. Beside it, how far the two maps correlate.
    """
    comparison = clear_waves(subject.heatmap, reference.heatmap)
    if len(comparison.waves) < 3:
        raise NotCheckable
    fraction, radius = float(comparison.clear.mean()), rounded_radius(comparison.waves)
    rates = [wave_values(named.heatmap.rate(), comparison.waves) for named in (subject, reference)]
    waves = np.maximum(np.bincount(radius), 1)
    around = [values - (np.bincount(radius, values) / waves)[radius] for values in rates]
    name, what = "waves that differ", f"waves that differ (of {len(comparison.waves)})"
    differ = Evidence(what, Interval.exact(fraction), "error", bar=name, mark=0.5)
    correlations = [
        Evidence("correlation of the two maps", Interval.exact(correlation(*rates)), "ratio"),
        Evidence("correlation without the ring means", Interval.exact(correlation(*around)), "ratio"),
    ]
    return judged(
        [fraction > 0.5],
        [differ, *correlations],
        f"Under {differ} of 100 waves, the errors of the two differ.",
        "The correlations have no interval, as neighbouring waves are not independent.",
    )


@wave_claim(
    missing="A log in the authors’ repository may hold them (scripts/nohup_out_clip_imagenet, commit b97de37); we "
    "could not download it."
)
def figure_2_clip() -> Judged:
    """On photographs, CLIP’s error falls from slow to fast waves.

    “CLIP model maintains high error rates in the lowest frequencies up to a point, which then decreases for higher
    frequencies [on ImageNet100].”

    Not at all: the paper shows this map as a picture, without its numbers.
    """
    raise NotCheckable


@wave_claim(
    missing="The map of ResNet-50 on ImageNet100 is missing.",
    view=View(wave=(0, 9), bands=("beyond lowest", "corners", "lowest")),
)
def figure_2_resnet(figure_2: NamedMap) -> Judged:
    """On photographs, only the slowest waves spare the ResNet.

    “The Resnet50, on the other hand, shows low error for the lowest frequencies … and high error on the other frequency
    regions, including close to the extremities …”

    The mean error of ResNet-50 on ImageNet100 over all other waves, and in the corners, minus that over waves of up to
    1 cycle per image.
    """
    slow, fast = error_in("lowest", figure_2, "slowest waves"), error_in("corners", figure_2, "fastest waves")
    rest = error_in("beyond lowest", figure_2, "all other waves")
    gaps = [rest.minus(slow, "all other waves", MORE), fast.minus(slow, "corners", MORE)]
    return judged(
        [gap.measured.above(0) for gap in gaps],
        [*gaps, rest, slow, fast],
        f"It is wrong in {slow} of 100 pictures under the slowest waves, in {rest} under all others, in {fast} in "
        "the corners.",
        f"This row is always about {figure_2.name} on ImageNet100, whichever maps are chosen.",
    )


@wave_claim(
    section="4", missing="The subject’s clean error was not published.", view=View(wave=corner_wave, bands=("corners",))
)
def robust_high(subject: NamedMap) -> Judged:
    """The fastest waves hardly mislead CLIP.

    “Since the CLIP model is robust to high frequency perturbations …”

    The mean error of {subject} in the corners of its map, minus its error without a wave; up to 2 points count as
    nothing.
    """
    fast = error_in("corners", subject, "fastest waves")
    result = _unaffected(subject, fast, robust_high.missing)
    _, without = result.bars
    summary = f"{subject} is wrong in {fast} of 100 pictures under the fastest waves, in {without} under {without.bar}."
    return replace(result, summary=summary)


def _first_multiple(named: NamedMap) -> Frequency:
    """Return the lowest wave that repeats in every patch."""
    period = named.patch_grid or CLIP_GRID
    return period, period


@wave_claim(section="ours", view=View(wave=_first_multiple, bands=None))
def lattice(subject: NamedMap, reference: NamedMap) -> Judged:
    """Waves that repeat in every patch mislead less.

    Waves whose i and j are multiples of the number of patches per side (7 for CLIP ViT-B/32) against the eight waves
    around each, in the map of {subject}, where they should mislead less, and of {reference}, where they should not;
    chance is that of other sets of as many waves.
    """
    period, _ = _first_multiple(subject)
    why = f"One of the maps is too small for multiples of {period}."
    a, b = (require(lattice_of(named.heatmap, period) if period > 1 else None, why) for named in (subject, reference))
    first = Evidence(f"{subject.name} at multiples of {period}", a.mean, bar=subject.name)
    second = Evidence(reference.name, b.mean, bar=reference.name)
    p_first, p_second = (Evidence("p", Interval.exact(dips.p), "p") for dips in (a, b))
    parts = [a.is_clear_dip, a.is_clear_dip and b.p >= SIGNIFICANT]
    doubt = f"p is the share of {a.draws:,} random sets of {len(a.waves)} waves that dip as far."
    if subject.patch_grid is None:
        parts, doubt = [], "The subject is not known to cut pictures into patches, so no dip is expected."
    return judged(
        parts,
        [first, p_first, second, p_second],
        f"At multiples of the number of patches, the error of {subject} differs by {first} points from that beside "
        f"them, of {reference} by {second}.",
        doubt,
    )


def claim_about(wave: Frequency, *maps: Heatmap) -> tuple[Claim, Band] | None:
    """Return the claim on CLIP and a ResNet about the waves nearest to this one, and its band.

    None for waves beyond the maps, or unless these are of a CLIP and a ResNet, in this order.
    """
    first, second = (heatmap.metadata["classifier"] for heatmap in maps)
    if first.get("kind") != "zero-shot" or "resnet" not in str(second["name"]).lower():
        return None
    heatmap = min(maps, key=lambda candidate: candidate.size).crop(DRAWN_SIZE)
    if max(map(abs, wave)) > heatmap.size // 2:
        return None
    radius, bands = rounded_radius([wave])[0], ((low, LOW), (high, corners(heatmap)))
    return min(bands, key=lambda row: 0 if row[1].contains(radius) else abs(radius - row[1].edge))
