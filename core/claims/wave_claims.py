"""Claims about the errors of networks under waves, from their heat maps. Does not import torch."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from core.claims.bands import SMALL_RISE, over_band, unaffected
from core.claims.evidence import MORE, Evidence
from core.claims.finding import (
    Claim,
    Display,
    Head,
    Judged,
    NamedMap,
    NotCheckable,
    Topic,
    corner_wave,
    judged,
    require,
)
from core.claims.statistics import (
    TRAINED_ONCE,
    MeanError,
    band_difference,
    between_trainings,
    by_hybrids,
    equal_strength,
    error_in,
    smallest_error,
    spread_included,
    stored_hybrids,
    trained_once,
    wave_difference,
    with_spread,
)
from core.claims.verdict import above, below
from core.fourier.contrasts import LOW, Band, clear_waves, corners, in_band, without_wave
from core.fourier.heatmap import Heatmap
from core.fourier.patch_grid import lattice as lattice_of
from core.fourier.waves import rounded_radius, wave_values
from core.shared.numbers import Frequency, Interval, correlation, newcombe
from core.shared.paper import IMAGE_SIZE, MAP_SIZE

CLIP_GRID = 7  # patches per side in CLIP ViT-B/32: 224 / 32
DRAWN_SIZE = MAP_SIZE[IMAGE_SIZE]  # the paper draws only the centre of larger maps
wave_claim = partial(Head, topic=Topic.WAVES, section="3.1")


@wave_claim(missing="One of the maps lacks these waves.", display=Display(show="Difference", bands=("low",)))
def low(subject: NamedMap, reference: NamedMap) -> Judged:
    """Slow waves mislead CLIP more than the ResNet.

    “… CLIP is less robust than the Resnet50 to perturbations in the low-frequency domain”

    The mean error over all waves of up to 2 cycles per image, of {subject} minus that of {reference}. Also shown: in
    which rings the difference is clear.
    """
    doubt = _by_the_rise(subject, reference)
    return over_band(subject, reference, "low", "Under waves of up to 2 cycles per image", above, doubt)


def _by_the_rise(subject: NamedMap, reference: NamedMap) -> str:
    """Say what becomes of the order of two maps under slow waves if the rise over the clean error counts."""
    maps = subject, reference
    a, b = (in_band(named.heatmap, "low") for named in maps)
    clean = [without_wave(named.heatmap) for named in maps]
    if a is None or b is None or clean == [None, None]:
        return ""
    if clean[0] is not None and clean[1] is not None:
        rise = Evidence("", a.minus(clean[0]).minus(b.minus(clean[1])).measured.item(), sign_words=MORE)
        return f"By the rise over the clean error, {subject} errs {rise.number} than {reference}."
    # The unknown clean error at which both errors rise alike: error - clean = other error - other clean.
    unknown = clean.index(None)
    errors, known = [errors.measured.value for errors in (a, b)], clean[1 - unknown]
    assert known is not None
    turn = errors[unknown] - errors[1 - unknown] + known.measured.value
    bound = smallest_error(maps[unknown].heatmap).value
    name, at, limit = maps[unknown], *(Evidence("", Interval.exact(value), "error").number for value in (turn, bound))
    if not 0 < turn < bound:
        return (
            f"By the rise over the clean error the order stays, as {name}’s unpublished clean error is {limit} at most."
        )
    return (
        f"By the rise over the clean error the order turns if {name}’s unpublished clean error is above {at}; it is "
        f"{limit} at most."
    )


@wave_claim(
    missing="One of the maps lacks these waves.",
    display=Display(wave=corner_wave, show="Difference", bands=("corners",)),
)
def high(subject: NamedMap, reference: NamedMap) -> Judged:
    """The fastest waves mislead CLIP less than the ResNet.

    “… and more robust to perturbations in the highest frequencies.”

    The mean error over the waves in the map’s corners, as the paper added them, of {subject} minus that of {reference}.
    Also shown: in which rings the difference is clear.
    """
    result = over_band(subject, reference, "corners", "Under the paper’s waves in the corners of the maps", below)
    equal = _at_equal_strength(subject, reference)
    if not equal.parts or equal.evidence[0].rounded == equal.evidence[1].rounded:
        return result
    corner = replace(equal.evidence[-1], sign_words=MORE)
    return replace(result, doubts=(f"At equal strength, {subject} errs {corner.number}.", *result.doubts))


@wave_claim(display=Display(wave=corner_wave, show="Difference"))
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
    doubt, truths = "", [part.truth for part in maps.parts]
    if not maps.parts:
        doubt = "The verdict rests on hybrid images alone."
    elif {mixed.parts[0].truth, *truths} == {True, False}:
        hybrids = "support the claim" if mixed.parts[0].truth else "do not support the claim"
        heat_maps = "do in part" if True in truths and False in truths else "do" if True in truths else "do not"
        doubt = f"The two kinds of evidence disagree: hybrid images {hybrids}, heat maps {heat_maps}."
    without_bars = [replace(number, bar="") for number in maps.evidence]
    return judged([*mixed.parts, *maps.parts], [*mixed.evidence, *without_bars], mixed.summary, *maps.doubts, doubt)


def _at_equal_strength(subject: NamedMap, reference: NamedMap) -> Judged:
    """Judge by heat maps that slow waves mislead the subject more, and waves of equal strength in the corners less."""
    band = corners(subject.heatmap)
    strength = equal_strength(subject, reference, band)
    if strength is None:
        why = "The input size of one of the networks is unknown, so the maps cannot be compared at equal strength."
        return judged([], [], "", why)
    reach = [
        Evidence(f"share of a corner wave that reaches {subject.name}", Interval.exact(strength.subject), "ratio"),
        Evidence(f"share that reaches {reference.name}", Interval.exact(strength.reference), "ratio"),
    ]
    try:
        alike = require(strength.alike).crop(subject.heatmap.size)
        a, b = error_in("corners", subject), error_in("corners", replace(reference, heatmap=alike))
        low = error_in("low", subject).minus(error_in("low", reference), "difference up to 2 cycles per image")
        low = with_spread(low, band_difference("low"), subject.heatmap)
    except NotCheckable:
        setting = f"SweepConfig(weaken_as={subject.input_size})"
        why = f"The reference has no map under weakened waves; {setting} of core.sweep.wave_sweep makes one."
        return judged([], reach, "", why)
    corner = a.minus(b, "difference in the corners at equal strength")
    corner = with_spread(corner, band_difference("corners"), subject.heatmap)
    a, b = replace(a, what=f"{subject.name} in the corners"), replace(b, what=f"{reference.name} at equal strength")
    return judged(
        [above(low), below(corner)],
        [*reach, a, b, corner],
        f"Under corner waves of equal strength, {subject} is wrong on {a} of pictures, {reference} on {b}.",
        spread_included(band_difference("corners"), subject.heatmap, "in the corners"),
    )


@wave_claim(missing="The reference’s clean error was not published.", display=Display(bands=("lowest",)))
def spared(reference: NamedMap, subject: NamedMap | None = None) -> Judged:
    """The slowest waves do not mislead the ResNet.

    “We can see that the Resnet isn’t affected by the lowest frequency perturbations, shown in the blue circle in the
    center.”

    By one reading: the mean error of {reference} over waves of up to 1 cycle per image, minus its error without a wave;
    differences up to 2 points are ignored. By the other, “in relation to” the second network (paper, §4): minus that
    network’s error under the same waves, which should be larger.
    """
    result = unaffected(reference, "lowest", "Under the slowest waves", spared.missing, subject)
    slow, beyond = in_band(reference.heatmap, "lowest"), in_band(reference.heatmap, "beyond lowest")
    if slow is None or beyond is None or without_wave(reference.heatmap) is None:
        return result
    more = Evidence("all other waves", beyond.minus(slow).measured.item(), sign_words=MORE)
    return replace(result, evidence=(*result.evidence, more))


def _is_larger(error: MeanError, other: MeanError, summary: str, *doubts: str) -> Judged:
    """Judge that one error of a map is larger than another."""
    difference = error.minus(other)
    return judged([above(difference)], [difference, error, other], summary, *doubts)


@wave_claim(
    missing="The reference’s map lacks these waves.", display=Display(wave=corner_wave, bands=("corners", "lowest"))
)
def red(reference: NamedMap) -> Judged:
    """The fastest waves mislead the ResNet.

    “However, it is affected by perturbations of the highest frequencies, shown by the red on the extremities.”

    The mean error of {reference} in the corners of its map, minus that over waves of up to 1 cycle per image.
    """
    fast, slow = error_in("corners", reference, "fastest waves"), error_in("lowest", reference, "slowest waves")
    summary = f"{reference} is wrong on {fast} of pictures under the fastest waves, on {slow} under the slowest."
    return _is_larger(fast, slow, summary, trained_once(band_difference("corners", "lowest"), reference.heatmap))


@wave_claim(missing="The subject’s map lacks these waves.", display=Display(bands=("corners", "lowest")))
def within(subject: NamedMap, reference: NamedMap | None = None) -> Judged:
    """Slow waves mislead CLIP more, fast ones less.

    “CLIP, on the other hand, shows higher vulnerability on the lowest frequencies and less vulnerability on the highest
    frequencies.”

    By one reading, within the map of {subject}: the mean error over waves of up to 1 cycle per image, minus that in the
    corners. By the other, “in relation to” the second network (paper, §4): each minus the same of that network.
    """
    ends = ("lowest", "slowest"), ("corners", "fastest")
    slow, fast = (error_in(band, subject, f"{subject.name}, {end}") for band, end in ends)
    bands, heatmap = band_difference("lowest", "corners"), subject.heatmap
    gap = with_spread(slow.minus(fast, "slowest minus fastest waves"), bands, heatmap, networks=1)
    inside = above(gap, reading="within its own map")
    summary = f"{subject} is wrong on {slow} of pictures under the slowest waves, on {fast} under the fastest"
    included = spread_included(bands, heatmap, "in that difference")
    if reference is None:
        return judged([inside], [slow, fast], f"{summary}.", included)
    other_slow, other_fast = (error_in(band, reference, f"{reference.name}, {end}") for band, end in ends)
    reading, minus = f"compared with {reference.name}", f"waves, minus {reference.name}"
    more = with_spread(slow.minus(other_slow, f"slowest {minus}"), band_difference("lowest"), heatmap)
    less = with_spread(fast.minus(other_fast, f"fastest {minus}"), band_difference("corners"), heatmap)
    relation = [above(more, reading=reading), below(less, reading=reading)]
    return judged(
        [inside, *relation],
        [slow, fast, other_slow, other_fast],
        f"{summary}; {reference} on {other_slow} and {other_fast}.",
        included,
    )


@wave_claim(missing="The maps have not enough waves in common.", display=Display(wave=(0, 8), show="Difference"))
def different(subject: NamedMap, reference: NamedMap) -> Judged:
    """CLIP’s map differs from the ResNet’s.

    “CLIP ViT-B/32 displayed a different behavior from what was previously observed in the Resnet50 model.”

    By how much the errors of {subject} and {reference} differ under a wave, the mean over all waves, minus the same of
    two trainings of one network. Also shown: the share of waves that differ, with 5% false discoveries, and how far the
    two maps correlate.
    """
    first, second = subject.heatmap, reference.heatmap
    comparison = clear_waves(first, second)
    control = between_trainings(wave_difference, first)
    apart = require(wave_difference(first, second) if len(comparison.waves) >= 3 else None)
    title, chance = require(control, "No network was trained twice on these data, so nothing tells what chance does.")
    radius = rounded_radius(comparison.waves)
    rates = [wave_values(heatmap.rate(), comparison.waves) for heatmap in (first, second)]
    waves = np.maximum(np.bincount(radius), 1)
    around = [values - (np.bincount(radius, values) / waves)[radius] for values in rates]
    pair = Evidence("mean difference of the two maps", apart, "rise", bar="the two maps")
    same = Evidence("mean difference of two trainings", chance, "rise", bar="two trainings")
    differing = Interval.exact(float(comparison.clear.mean()))
    more = [
        Evidence(f"waves that differ (of {len(comparison.waves)})", differing, "error"),
        Evidence("correlation of the two maps", Interval.exact(correlation(*rates)), "ratio"),
        Evidence("correlation without the ring means", Interval.exact(correlation(*around)), "ratio"),
    ]
    return judged(
        [above(Evidence("the two maps minus two trainings", newcombe(apart, chance)))],
        [pair, same, *more],
        f"At a typical wave the two maps differ by {pair} points; those of two trainings of one network differ by "
        f"{same}.",
        f"The network trained twice is {title}; the maps of others that were trained twice differ less.",
        "Correlations have no interval, as neighbouring waves are not independent.",
    )


@wave_claim(
    missing="A log in the authors’ repository may hold them (scripts/nohup_out_clip_imagenet, commit b97de37); we "
    "could not download it."
)
def figure_2_clip() -> Judged:
    """On photographs, CLIP’s error falls from slow to fast waves.

    “CLIP model maintains high error rates in the lowest frequencies up to a point, which then decreases for higher
    frequencies [on ImageNet100].”

    We couldn’t check this: the paper prints the map but not its numbers.
    """
    raise NotCheckable


@wave_claim(
    missing="The map of ResNet-50 on ImageNet100 is missing.",
    display=Display(wave=(0, 9), bands=("beyond lowest", "corners", "lowest")),
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
        [above(gap) for gap in gaps],
        [*gaps, rest, slow, fast],
        f"It is wrong on {slow} of pictures under the slowest waves, on {rest} under all others, and on {fast} under "
        "the fastest.",
        f"This row is always about {figure_2.name} on ImageNet100, whichever maps you choose.",
        TRAINED_ONCE,
    )


@wave_claim(
    section="4",
    missing="The subject’s clean error was not published.",
    display=Display(wave=corner_wave, bands=("corners",)),
)
def robust_high(subject: NamedMap, reference: NamedMap | None = None) -> Judged:
    """The fastest waves hardly mislead CLIP.

    “Since the CLIP model is robust to high frequency perturbations …”

    By one reading: the mean error of {subject} in the corners of its map, minus its error without a wave; differences
    up to 2 points are ignored. By the other, “in relation to” the second network (paper, §4): minus that network’s
    error under the same waves, which should be larger.
    """
    return unaffected(subject, "corners", "Under the fastest waves", robust_high.missing, reference)


def _first_multiple(named: NamedMap) -> Frequency:
    """Return the lowest wave that repeats in every patch."""
    period = named.patch_grid or CLIP_GRID
    return period, period


@wave_claim(section="ours", display=Display(wave=_first_multiple, bands=None))
def lattice(subject: NamedMap, reference: NamedMap) -> Judged:
    """Waves that repeat in every patch mislead less.

    Waves with i and j that are multiples of the number of patches per side (7 for CLIP ViT-B/32) against the eight
    waves around each, in the map of {subject}, where they should mislead less, and of {reference}, where the error
    should fall by less than 2 points; chance is that of other sets of as many waves.
    """
    period, _ = _first_multiple(subject)
    why = f"One of the maps is smaller than the first multiple of {period}."
    a, b = (require(lattice_of(named.heatmap, period) if period > 1 else None, why) for named in (subject, reference))
    first = Evidence(f"{subject.name} at multiples of {period}", a.mean, bar=subject.name)
    second = Evidence(reference.name, b.mean, bar=reference.name)
    p_first, p_second = (Evidence("p", Interval.exact(dips.p), "p") for dips in (a, b))
    # A dip that random sets of waves reach as well decides nothing.
    clear = a.is_rare or a.mean.low > 0
    rare = first if clear else replace(first, measured=Interval.exact(a.mean.value))
    parts = [below(rare), above(second, -SMALL_RISE)]
    doubt = f"p is the share of {a.draws:,} random sets of {len(a.waves)} waves that dip as far."
    if subject.patch_grid is None:
        parts, doubt = [], "The subject is not known to cut pictures into patches, so no dip is expected."

    def apart(first: Heatmap, second: Heatmap) -> Interval | None:
        own = int(first.metadata["classifier"].get("patch_grid") or 1)
        here, there = (lattice_of(heatmap, own) if own > 1 else None for heatmap in (first, second))
        return newcombe(here.mean, there.mean) if here and there else None

    return judged(
        parts,
        [first, p_first, second, p_second],
        f"Under waves that repeat in every patch, the error of {subject} differs by {first} points from that under "
        f"their neighbours, and that of {reference} by {second}.",
        doubt,
        trained_once(apart, subject.heatmap) if parts else "",
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
