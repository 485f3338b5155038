"""The predictions in one glance: a row a classifier, clean and with the wave."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.fourier.basis import Frequency
from core.sweep.predictions import Predictions
from ui.components.heatmap import format_frequency
from ui.shared.text import isolated

_STYLE = """<style>
.prediction-rows{width:100%;border-collapse:collapse;font-size:.875rem;line-height:1.3;table-layout:fixed}
.prediction-rows caption{text-align:left;padding-bottom:.3rem;color:inherit}
.prediction-rows th{font-weight:400;text-align:left;padding:.1rem .5rem .1rem 0;vertical-align:bottom}
.prediction-rows tbody th{font-weight:600;vertical-align:middle}
.prediction-rows td{padding:.15rem .5rem .15rem 0;vertical-align:middle}
.prediction-rows tr{border-bottom:1px solid color-mix(in srgb,currentColor 18%,transparent)}
.prediction-rows small{font-weight:400;font-size:.8rem;display:block}
.prediction-rows .key{display:inline-block;width:.75em;height:.75em;border-radius:2px;margin-right:.4em}
.prediction-rows .bar{display:inline-block;height:.65rem;border-radius:2px;vertical-align:middle;margin-right:.35rem}
.prediction-rows .clean{background:#8c8c8c}.prediction-rows div{white-space:nowrap}
.prediction-rows caption .bar{width:1rem}
</style>"""


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
        f"<caption><b>Predictions under the wave {format_frequency(frequency)}</b> &emsp;"
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
