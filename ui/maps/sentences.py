"""Sentences about heat maps, made from the maps: a number is never typed. Plain text: names may be untrusted."""

from __future__ import annotations

from collections.abc import Sequence

from core.fourier.basis import Frequency
from core.fourier.contrasts import cell_error, clean_error, contrast, mismatches
from core.fourier.intervals import Measured
from core.numbers import apart, interval, percent, points, wave_name
from ui.maps.catalogue import Entry


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
            known.append((entry, error.measured))
    wave = f"wave {wave_name(frequency)}"
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


def other_strength(shown: Sequence[Entry], size: int, epsilon: float) -> str:
    """That the picture of `size` pixels is under a wave of another strength than its maps are for; or nothing."""
    about = {entry.heatmap.metadata["epsilon"] for entry in shown if entry.heatmap.metadata["image_size"] == size}
    if not about or about == {epsilon}:
        return ""
    named = " and ".join(f"{one:g}" for one in sorted(about))
    return f"The maps and this sentence are for v = {named}; the picture and its predictions for v = {epsilon:.3g}."


def _error(entry: Entry, error: Measured) -> str:
    if _one_image(entry):
        return f"{entry.name} {'wrong' if error.value else 'right'} on its one image"
    return f"{entry.name} {percent(error.value)} ({interval(error)})"


def _rise(entry: Entry, frequency: Frequency, top: int) -> str:
    clean = entry.heatmap.clean_rate(top)
    rise = contrast(cell_error(entry.heatmap, frequency, top), clean_error(entry.heatmap, top))
    if clean is None or rise is None or _one_image(entry):
        return ""
    if not rise.clear:
        return f"Without a wave it is {percent(clean)}: the difference is within the noise ({interval(rise)})."
    return f"That is {points(rise)} than without a wave, {percent(clean)}."


def _contrast(first: Entry, second: Entry, frequency: Frequency, top: int) -> str:
    if mismatches(first.heatmap, second.heatmap):
        return "They were not measured alike, so their difference says little."
    difference = contrast(*(cell_error(entry.heatmap, frequency, top) for entry in (first, second)))
    if difference is None or _one_image(first) or _one_image(second):
        return ""
    if not difference.clear:
        return f"The difference is {apart(difference)}."
    return f"{first.name}’s is {points(difference)}."


def _one_image(entry: Entry) -> bool:
    return entry.heatmap.metadata["dataset"]["n"] == 1
