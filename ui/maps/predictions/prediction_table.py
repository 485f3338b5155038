"""Tables of predictions without and with the wave: a row for each classifier, or for each leading class."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.shared.numbers import Frequency, wave_name, wilson
from core.shared.text import Number, bdi, number_html
from core.sweep.predict import Predictions
from ui.shared.look import style_sheet
from ui.shared.table import row_html, table_html

MAX_ROWS, MAX_COMPLETE_ROWS = 5, 10
STYLE = style_sheet(__file__)
# Head of the column of flips, its cells, and their placeholder.
FLIPS, COUNTED, WAITS = "flips, of {total} samples", "{flips} of {counted}", "counting …"


@dataclass(frozen=True)
class PredictionRow:
    """Predictions of one classifier.

    note: text below the title; may be empty. flips: numbers of changed and of all counted top-1 predictions; None
    before the first.
    """

    title: str
    note: str
    colour: str
    predictions: Predictions
    flips: tuple[int, int] | None = None


def rows_html(
    rows: Sequence[PredictionRow],
    names: Sequence[str],
    label: int | None,
    frequency: Frequency,
    total: int | None,
) -> str:
    """Return a table with a row for each classifier.

    Args:
        names: class names. label: index of the true class, or None.
        total: images over which flips are counted; None if they are not.
    """
    what = f"probability of “{bdi(names[label])}”" if label is not None else "probability of the clean prediction"
    flips = [] if total is None else [FLIPS.format(total=total)]
    colours = ",".join(dict.fromkeys(row.colour for row in (*rows, rows[-1])))
    wave = f"background:linear-gradient(90deg,{colours},{rows[-1].colour})"
    caption = (
        f"<b>Predictions under the wave {wave_name(frequency)}</b> &emsp;"
        f'<span class="bar"></span>clean &ensp;<span class="bar" style="{wave}"></span>with the wave'
    )
    body = [_row(row, names, label, total) for row in rows]
    return _table("prediction-rows", frequency, caption, ["model", "top-1 prediction", what, *flips], body)


def _row(row: PredictionRow, names: Sequence[str], label: int | None, total: int | None) -> str:
    clean, wave = row.predictions.clean, row.predictions.perturbed
    before, after = int(clean.argmax()), int(wave.argmax())
    column = before if label is None else label
    verdict = f"stays {_mark(names, before, label)}"
    if before != after:
        verdict = f"{_mark(names, before, label)} → <b>{_mark(names, after, label)}</b>"
    note = f"<small>{html.escape(row.note)}</small>" if row.note else ""
    counted = WAITS if row.flips is None else _counted(*row.flips, total)
    head = f'<span class="key" style="background:{row.colour}"></span>{html.escape(row.title)}{note}'
    bars = f"<div>{_bar(clean[column])}</div><div>{_bar(wave[column], row.colour)}</div>"
    return row_html([verdict, bars, *([] if total is None else [counted])], head=head)


def _counted(flips: int, counted: int, total: int | None) -> str:
    """Return a count as HTML, with the 95 % interval of its share once all are counted."""
    text = COUNTED.format(flips=flips, counted=counted)
    if counted != total:
        return f"{text} …"
    _, low, high = wilson(flips / counted, counted)
    return number_html(Number(text, f"{100 * low:.0f} to {100 * high:.0f} %"))


def _mark(names: Sequence[str], column: int, label: int | None) -> str:
    mark = "" if label is None else " ✓" if column == label else " ✗"
    return f"{bdi(names[column])}{mark}"


def prediction_table(
    title: str,
    predictions: Predictions,
    names: Sequence[str],
    label: int | None,
    *,
    colour: str,
    frequency: Frequency,
    complete: bool = False,
) -> None:
    """Draw a table of the leading classes with or without the wave, with both probabilities as bars and numbers.

    Args:
        label: index of the true class, or None.
        colour: the classifier's colour.
        complete: whether to list all classes of a short list, or add a line for the sum of the others.
    """
    probabilities = np.stack([predictions.clean, predictions.perturbed], axis=1)  # (K, 2)
    leading = leading_classes(probabilities, MAX_COMPLETE_ROWS if complete else MAX_ROWS, whole=complete)
    lines = [
        ("true", f"{bdi(names[row])} ✓", probabilities[row])
        if row == label
        else ("", bdi(names[row]), probabilities[row])
        for row in leading
    ]
    if complete and len(leading) < len(names):
        lines.append(
            ("rest", f"{len(names) - len(leading)} more classes", np.maximum(0, 1 - probabilities[leading].sum(0)))
        )
    body = [row_html([name, _bar(clean), _bar(wave, colour)], kind) for kind, name, (clean, wave) in lines]
    before, after = (bdi(names[row]) for row in probabilities.argmax(0))
    verdict = f"{before} stays" if before == after else f"{before} becomes {after}"
    caption = f"{html.escape(title)}: {verdict}"
    st.html(STYLE + _table("predictions", frequency, caption, ["class", "clean", "with the wave"], body))


def leading_classes(probabilities: np.ndarray, max_rows: int, *, whole: bool) -> list[int]:
    """The top five of both columns of (K, 2) together, best first, cut to `max_rows`; all K if `whole` and they fit."""
    leading = np.unique(probabilities.argsort(0)[-5:])
    if whole and len(probabilities) <= max_rows:
        leading = np.arange(len(probabilities))
    return sorted(leading.tolist(), key=lambda row: -probabilities[row].max())[:max_rows]


def _table(kind: str, frequency: Frequency, caption: str, heads: Sequence[str], rows: Sequence[str]) -> str:
    """Return a table. kind: its CSS class, which tests use too."""
    return table_html(heads, rows, kind=kind, caption=caption, data=f'data-wave="{frequency[0]},{frequency[1]}"')


def _bar(share: float, colour: str = "") -> str:
    """Return a probability as a bar (grey without a colour) and a number."""
    style = f"width:{55 * share:.1f}%" + (f";background:{colour}" if colour else "")
    return f'<span class="bar" style="{style}"></span>{100 * share:.1f} %'
