"""Sentences about heat maps with numbers computed from the maps. Plain text: names may be untrusted."""

from __future__ import annotations

from collections.abc import Sequence

from core.fourier.contrasts import mismatches
from core.fourier.outcomes import Errors, cell_error, clean_error
from core.shared.numbers import (
    Frequency,
    Interval,
    displayed_difference,
    interval,
    join_list,
    measured_percent,
    percent,
    points,
    wave_name,
)
from core.shared.text import Number, Paragraph, Sentence, join_parts
from ui.maps.catalogue import Entry, named_apart


def cell_verdict(chosen: Sequence[Entry], frequency: Frequency, top: int = 1) -> Paragraph:
    """Return one or two sentences with the numbers of the selected wave.

    Args:
        chosen: the displayed maps in order, at least one.
        frequency: (i, j), cycles per image.
        top: 1 or 5, for top-1 or top-5 error.
    """
    pairs = [(entry, cell_error(entry.heatmap, frequency, top)) for entry in named_apart(chosen)]
    known = [(entry, error) for entry, error in pairs if error is not None]
    wave = f"wave {wave_name(frequency)}"
    if not known:
        return Paragraph(f"No map in view has the {wave}.")
    errors = join_parts(_error(entry, error.measured) for entry, error in known)
    sentences = [Sentence(f"{'Top-5 error' if top == 5 else 'Error'} under the {wave}: ", errors, ".")]
    if len(known) <= 2 and not any(_one_image(entry) for entry, _ in known):
        sentences.append(_rise(*known[0], top) if len(known) == 1 else _contrast(*known))
    if missing := [entry.name for entry, error in pairs if error is None]:
        sentences.append(Sentence(f"This wave is missing from the map of {' and '.join(missing)}."))
    return Paragraph(*sentences)


def other_strength(chosen: Sequence[Entry], size: int, epsilon: float) -> str:
    """Warn if the wave on the picture of `size` pixels is not as strong as its maps' waves; else return nothing."""
    facts = [entry.heatmap.metadata for entry in chosen]
    strengths = {row["epsilon"] for row in facts if row["image_size"] == size}
    if not strengths or strengths == {epsilon}:
        return ""
    named = join_list([f"{strength:g}" for strength in sorted(strengths)])
    all_alike = all(row["image_size"] == size for row in facts)
    whose = "The maps and this sentence" if all_alike else f"The maps of {size}-pixel pictures"
    return f"{whose} are for v = {named}; the picture and its predictions for v = {epsilon:.3g}."


def _error(entry: Entry, error: Interval) -> Sentence:
    if _one_image(entry):
        return Sentence(f"{entry.name} {'wrong' if error.value else 'right'} on its one image")
    return Sentence(f"{entry.name} ", measured_percent(error))


def _rise(entry: Entry, error: Errors, top: int) -> Sentence:
    clean = clean_error(entry.heatmap, top)
    if clean is None:
        return Sentence()
    without, rise = percent(clean.measured.value), _difference(error, clean)
    if not rise.clear:
        return Sentence(f"It is {without} without a wave, a difference within ", _noise(rise), ".")
    return Sentence("It is ", points(rise), f" than without a wave, {without}.")


def _contrast(first: tuple[Entry, Errors], second: tuple[Entry, Errors]) -> Sentence:
    if mismatches(first[0].heatmap, second[0].heatmap):
        return Sentence("The maps were measured differently, so their difference says little.")
    difference = _difference(first[1], second[1])
    if not difference.clear:
        return Sentence("The difference is within ", _noise(difference), ".")
    return Sentence(f"{first[0].name}’s error is ", points(difference), ".")


def _noise(difference: Interval) -> Number:
    return Number("the noise", interval(difference))


def _difference(first: Errors, second: Errors) -> Interval:
    """Return the difference as it is read beside the two."""
    return displayed_difference(first.minus(second).measured.item(), first.measured.value, second.measured.value)


def _one_image(entry: Entry) -> bool:
    return entry.heatmap.metadata["dataset"]["n"] == 1
