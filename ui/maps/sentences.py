"""Sentences about heat maps, made from the maps: a number is never typed. Plain text: names may be untrusted."""

from __future__ import annotations

from collections.abc import Sequence

from core.fourier.analysis import mismatches
from core.fourier.basis import Frequency
from core.fourier.findings import Estimate, cell_contrast, cell_error, cell_rise, clean_error
from ui.components.heatmap import format_frequency
from ui.maps.catalogue import Entry


def percent(rate: float) -> str:
    """0.3312 -> '33.1 %'."""
    return f"{100 * rate:.1f} %"


def signed(difference: float) -> str:
    """A fraction in points of per cent, with its sign: '−10.3'."""
    return f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")


def times(count: int) -> str:
    """'once', 'twice', 'three times', '4 times'."""
    return {1: "once", 2: "twice", 3: "three times"}.get(count, f"{count} times")


def interval(estimate: Estimate) -> str:
    """Both ends in points of per cent: '32.2 to 34.0'; with signs where they differ: '−0.9 to +1.6'.

    Of a difference that is clear the size is meant, so the ends are given without their sign, the smaller first.
    """
    if estimate.low < 0 < estimate.high:
        return f"{100 * estimate.low:+.1f} to {100 * estimate.high:+.1f}".replace("-", "\N{MINUS SIGN}")
    low, high = sorted(100 * abs(end) for end in (estimate.low, estimate.high))
    return f"{low:.1f} to {high:.1f}"


def points(difference: Estimate) -> str:
    """Size and direction of a clear difference: '17.8 points higher (95 % interval 16.6 to 19.0)'."""
    way = "higher" if difference.value > 0 else "lower"
    return f"{100 * abs(difference.value):.1f} points {way} (95 % interval {interval(difference)})"


def cell_verdict(shown: Sequence[Entry], frequency: Frequency, top: int = 1) -> str:
    """One or two sentences with the numbers of the chosen wave, as plain text.

    Args:
        shown: the maps in view, at least one, in their order.
        frequency: (i, j), cycles per image.
        top: 1 or 5, of the error.
    """
    known, missing = [], []
    for entry in shown:
        error = cell_error(entry.heatmap, frequency, top)
        if error is None:
            missing.append(entry.name)
        else:
            known.append((entry, error))
    wave = f"wave {format_frequency(frequency)}"
    if not known:
        return f"No map in view holds the {wave}."
    errors = ", ".join(_error(entry, error) for entry, error in known)
    sentences = [f"{'Top-5 error' if top == 5 else 'Error'} under the {wave}: {errors}."]
    if len(known) == 1:
        sentences.append(_rise(known[0][0], frequency, top))
    elif len(known) == 2:
        sentences.append(_contrast(known[0][0], known[1][0], frequency, top))
    if missing:
        sentences.append(f"Not in the map of {', '.join(missing)}.")
    return " ".join(filter(None, sentences))


def _error(entry: Entry, error: Estimate) -> str:
    if _one_image(entry):
        return f"{entry.name} {'wrong' if error.value else 'right'} on its one image"
    return f"{entry.name} {percent(error.value)} ({interval(error)})"


def _rise(entry: Entry, frequency: Frequency, top: int) -> str:
    clean, rise = clean_error(entry.heatmap, top), cell_rise(entry.heatmap, frequency, top)
    if clean is None or rise is None or _one_image(entry):
        return ""
    if not rise.clear:
        return f"Without a wave it is {percent(clean.value)}: the difference is within the noise ({interval(rise)})."
    return f"That is {points(rise)} than without a wave, {percent(clean.value)}."


def _contrast(first: Entry, second: Entry, frequency: Frequency, top: int) -> str:
    if mismatches(first.heatmap, second.heatmap):
        return "They were not measured alike, so their difference says little."
    difference = cell_contrast(first.heatmap, second.heatmap, frequency, top)
    if difference is None or _one_image(first) or _one_image(second):
        return ""
    if not difference.clear:
        return f"The difference is within the noise ({interval(difference)} points)."
    return f"{first.name}’s is {points(difference)}."


def _one_image(entry: Entry) -> bool:
    return entry.heatmap.metadata["dataset"]["n"] == 1
