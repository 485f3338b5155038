"""Shared parts of wave claims: a band judged by its mean, and whether waves mislead a network. No torch."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import groupby

from core.claims.evidence import Evidence
from core.claims.finding import Judged, NamedMap, NotCheckable, judged
from core.claims.statistics import (
    MeanError,
    band_difference,
    error_in,
    mean_error,
    rise_between,
    smallest_error,
    spread_included,
    with_spread,
)
from core.claims.verdict import Part, below, corrected
from core.fourier.contrasts import BANDS, Band, ring_differences, without_wave
from core.shared.numbers import Interval, join_list, newcombe

_CALM = {"no wave": "without a wave", "mildest wave": "under the mildest wave"}  # bar and words of `unaffected`
SMALL_RISE = 0.02  # of the error, which counts as nothing


def over_band(
    subject: NamedMap, reference: NamedMap, name: str, where: str, claimed: Callable[[Evidence], Part], doubt: str = ""
) -> Judged:
    """Judge that the difference of two maps is on one side of 0 over a band; say in which of its rings it is clear."""
    a, b = error_in(name, subject), error_in(name, reference)
    difference, band = with_spread(a.minus(b), band_difference(name), subject.heatmap), BANDS[name](subject.heatmap)
    rings = {
        radius: claimed(with_spread(Evidence("", error), band_difference(Band(radius, radius)), subject.heatmap))
        for radius, error, _ in ring_differences(subject.heatmap, reference.heatmap)
        if band.contains(radius)
    }
    return judged(
        [claimed(difference)],
        [a, b, difference],
        f"{where}, {subject} is wrong on {a} of pictures, {reference} on {b}.",
        doubt,
        _clear_rings(rings),
        spread_included(band_difference(name), subject.heatmap),
    )


def _clear_rings(rings: Mapping[int, Part]) -> str:
    """Say in which rings a difference is clear in the claimed direction and in the other, with Holm's correction."""
    truths, where = dict(zip(rings, corrected([*rings.values()]), strict=True)), []
    for truth, direction in ((True, "as claimed"), (False, "the other way round")):
        spans = [list(run) for held, run in groupby(truths, key=truths.__getitem__) if held is truth]
        said = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in spans]
        where += [f"{direction} at {join_list(said)} cycles per image"] if said else []
    return f"Ring by ring, with Holm’s correction, the difference is {' and '.join(where) or 'nowhere clear'}."


def unaffected(named: NamedMap, band: str, where: str, missing: str, other: NamedMap | None) -> Judged:
    """Judge that the waves of a band do not mislead a network, by two readings.

    By one, they do not raise its error over its clean error. Without a clean error that fails if it does for any clean
    error up to the smallest error under a wave, and is open otherwise. By the other, for which a second network is
    needed, its error is smaller than that network's under the same waves.
    """
    error = error_in(band, named)
    part, evidence, doubt = _rise(named, band, error, missing)
    if other is None and part.truth is None and without_wave(named.heatmap) is None:
        raise NotCheckable
    calm = "".join(f", on {number} {_CALM[number.bar]}" for number in evidence if number.bar in _CALM)
    summary = f"{where}, {named} is wrong on {error} of pictures{calm}"
    included = spread_included(band_difference(band), named.heatmap)
    if other is None:
        return judged([part], evidence, f"{summary}.", doubt, included)
    reference_error = error_in(band, other)
    less = with_spread(error.minus(reference_error, f"minus {other.name}"), band_difference(band), named.heatmap)
    relation = below(less, reading=f"compared with {other.name}")
    summary = f"{summary}; {other} on {reference_error}."
    return judged([part, relation], [*evidence, reference_error], summary, doubt, included)


def _rise(named: NamedMap, band: str, error: MeanError, missing: str) -> tuple[Part, list[Evidence], str]:
    """Return the part that waves do not raise the error, its evidence, and the doubt about the clean error."""
    clean, reading = without_wave(named.heatmap), "compared with no wave"
    between = rise_between(band)
    if clean is not None:
        without = replace(mean_error("no wave", clean), what="clean error")
        rise = with_spread(error.minus(without, "rise"), between, named.heatmap, networks=1)
        measured_here = named.heatmap.clean_rate() is None
        doubt = "We measured the clean error with the same weights, as the log does not give it." * measured_here
        return below(rise, SMALL_RISE, reading), [rise, error, without], doubt
    smallest = smallest_error(named.heatmap)
    least = Evidence("rise over the smallest error under a wave", newcombe(error.measured, smallest))
    least = with_spread(least, between, named.heatmap, networks=1)
    part = below(least, SMALL_RISE, reading)
    if part.truth is False:
        mildest = Evidence("smallest error under a wave", smallest, "error", bar="mildest wave")
        doubt = f"{missing} Waves don’t help, so it can’t be much above the smallest error under one."
        return part, [least, error, mildest], doubt
    least = replace(least, measured=Interval.exact(least.measured.value))
    return below(least, SMALL_RISE, reading), [least, error], missing
