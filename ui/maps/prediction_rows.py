"""The predictions in one glance: a row a classifier, clean and with the wave."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.fourier.basis import Frequency
from core.numbers import wave_name
from core.sweep.predictions import Predictions
from ui.shared.look import style_sheet
from ui.shared.text import isolated

_STYLE = style_sheet(__file__)


@dataclass(frozen=True)
class Row:
    """What one classifier predicts. flips: changed top-1 predictions and of how many; None while they are counted."""

    title: str
    stands_for: str
    colour: str
    predictions: Predictions
    flips: tuple[int, int] | None = None


def prediction_rows(
    rows: Sequence[Row], names: Sequence[str], label: int | None, frequency: Frequency, total: int | None
) -> None:
    """Draw the rows.

    Args:
        names: of the classes. label: place of the true class, None if there is none.
        total: images that flips are counted over; None where they are not.
    """
    what = f"probability of “{isolated(names[label])}”" if label is not None else "probability of the clean prediction"
    flips = "" if total is None else f"<th style='width:17%'>flips, of {total} samples</th>"
    colours = ",".join(dict.fromkeys(row.colour for row in (*rows, rows[-1])))
    wave = f"background:linear-gradient(90deg,{colours},{rows[-1].colour})"
    body = "".join(_row(row, names, label, total) for row in rows)
    st.html(
        f'{_STYLE}<table class="prediction-rows" data-wave="{frequency[0]},{frequency[1]}">'
        f"<caption><b>Predictions under the wave {wave_name(frequency)}</b> &emsp;"
        f'<span class="bar clean"></span>clean &ensp;<span class="bar" style="{wave}"></span>with the wave</caption>'
        "<thead><tr><th style='width:26%'>model</th><th style='width:25%'>top-1 prediction</th>"
        f"<th>{what}</th>{flips}</tr></thead><tbody>{body}</tbody></table>"
    )


def _row(row: Row, names: Sequence[str], label: int | None, total: int | None) -> str:
    clean, wave = row.predictions.clean, row.predictions.perturbed
    before, after = int(clean.argmax()), int(wave.argmax())
    column = before if label is None else label
    verdict = f"stays {_mark(names, before, label)}"
    if before != after:
        verdict = f"{_mark(names, before, label)} → <b>{_mark(names, after, label)}</b>"
    stands = f"<small>stands in for {html.escape(row.stands_for)}</small>" if row.stands_for else ""
    counted = "counting …" if row.flips is None else "{} of {}".format(*row.flips)
    return (
        f'<tr><th scope="row"><span class="key" style="background:{row.colour}"></span>{html.escape(row.title)}{stands}'
        f"</th><td>{verdict}</td><td>{_bar(clean, column, 'clean', '')}{_bar(wave, column, 'wave', row.colour)}</td>"
        f"{'' if total is None else f'<td>{counted}</td>'}</tr>"
    )


def _bar(probabilities: np.ndarray, column: int, kind: str, colour: str) -> str:
    share = float(probabilities[column])
    style = f"width:{65 * share:.1f}%" + (f";background:{colour}" if colour else "")
    return f'<div><span class="bar {kind}" style="{style}"></span>{100 * share:.1f} %</div>'


def _mark(names: Sequence[str], column: int, label: int | None) -> str:
    mark = "" if label is None else " ✓" if column == label else " ✗"
    return f"{isolated(names[column])}{mark}"
