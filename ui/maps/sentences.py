"""Sentences about heat maps, made from the maps: a number is never typed. Plain text: names may be untrusted."""

from __future__ import annotations

from collections.abc import Sequence

from core.fourier.basis import Frequency
from core.fourier.intervals import Measured
from core.fourier.maps.contrasts import Errors, cell_error, clean_error, mismatches
from core.numbers import between_shown, interval, percent, points, wave_name
from ui.maps.catalogue import Entry


def cell_verdict(shown: Sequence[Entry], frequency: Frequency, top: int = 1) -> str:
    """One or two sentences with the numbers of the chosen wave, as plain text.

    Args:
        shown: the maps in view, at least one, in their order.
        frequency: (i, j), cycles per image.
        top: 1 or 5, of the error.
    """
    found = [(entry, cell_error(entry.heatmap, frequency, top)) for entry in shown]
    known = [(entry, error) for entry, error in found if error is not None]
    wave = f"wave {wave_name(frequency)}"
    if not known:
        return f"No map in view holds the {wave}."
    errors = ", ".join(_error(entry, error.measured) for entry, error in known)
    sentences = [f"{'Top-5 error' if top == 5 else 'Error'} under the {wave}: {errors}."]
    if len(known) <= 2 and not any(_one_image(entry) for entry, _ in known):
        sentences.append(_rise(*known[0], top) if len(known) == 1 else _contrast(*known))
    if missing := [entry.name for entry, error in found if error is None]:
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


def _rise(entry: Entry, error: Errors, top: int) -> str:
    clean = clean_error(entry.heatmap, top)
    if clean is None:
        return ""
    without, rise = percent(clean.measured.value), _difference(error, clean)
    if not rise.clear:
        return f"Without a wave it is {without}: the difference is within the noise ({interval(rise)})."
    return f"That is {points(rise)} than without a wave, {without}."


def _contrast(first: tuple[Entry, Errors], second: tuple[Entry, Errors]) -> str:
    if mismatches(first[0].heatmap, second[0].heatmap):
        return "They were not measured alike, so their difference says little."
    difference = _difference(first[1], second[1])
    if not difference.clear:
        return f"The difference is within the noise ({interval(difference)})."
    return f"{first[0].name}’s is {points(difference)}."


def _difference(first: Errors, second: Errors) -> Measured:
    """As it is read beside the two."""
    return between_shown(first.minus(second).measured.one(), first.measured.value, second.measured.value)


def _one_image(entry: Entry) -> bool:
    return entry.heatmap.metadata["dataset"]["n"] == 1
