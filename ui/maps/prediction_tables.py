"""Predictions as pictures of numbers: top classes clean beside perturbed, and probability against size."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import streamlit as st

from core.fourier.basis import Frequency
from core.sweep.predictions import Predictions
from ui.shared.charts import line_styles, show_chart
from ui.shared.look import style_sheet
from ui.shared.text import isolated

MAX_ROWS, MAX_COMPLETE_ROWS = 5, 10
_STYLE = style_sheet(__file__)


def prediction_table(
    title: str,
    predictions: Predictions,
    names: Sequence[str],
    label: int | None,
    *,
    frequency: Frequency,
    complete: bool = False,
) -> None:
    """The classes that lead with or without the wave, with both probabilities as bars and numbers.

    Args:
        label: position of the true class, None if there is none.
        complete: leave nothing out: all classes of a short list, and else one more line for all that have none.
    """
    both = np.stack([predictions.clean, predictions.perturbed], axis=1)  # (K, 2)
    shown = leading_classes(both, MAX_COMPLETE_ROWS if complete else MAX_ROWS, whole=complete)
    rows = "".join(
        f'<tr class="{"true" if row == label else ""}"><td>{isolated(names[row])}{" ✓" if row == label else ""}</td>'
        f"{_bars(both[row])}</tr>"
        for row in shown
    )
    if complete and len(shown) < len(names):
        rest = np.maximum(0, 1 - both[shown].sum(0))
        rows += f'<tr class="rest"><td>{len(names) - len(shown)} more classes</td>{_bars(rest)}</tr>'
    before, after = (names[row] for row in both.argmax(0))
    verdict = f"{isolated(before)} stays" if before == after else f"{isolated(before)} becomes {isolated(after)}"
    st.html(
        f'{_STYLE}<table class="predictions" data-wave="{frequency[0]},{frequency[1]}">'
        f"<caption>{html.escape(title)}: {verdict}</caption>"
        f"<tr><th>class</th><th>clean</th><th>with the wave</th></tr>{rows}</table>"
    )


def leading_classes(both: np.ndarray, max_rows: int, *, whole: bool) -> list[int]:
    """The top five of both columns of (K, 2) together, best first, cut to `max_rows`; all K if `whole` and they fit."""
    leading = np.unique(both.argsort(0)[-5:])
    if whole and len(both) <= max_rows:
        leading = np.arange(len(both))
    return sorted(leading.tolist(), key=lambda row: -both[row].max())[:max_rows]


def _bars(probabilities: np.ndarray) -> str:
    """Two cells: clean, and with the wave."""
    return "".join(
        f'<td class="n"><span class="bar {kind}" style="width:{55 * share:.1f}%"></span>{100 * share:.1f} %</td>'
        for kind, share in zip(("clean", "wave"), probabilities, strict=True)
    )


def probability_curve(
    found: Mapping[str, Predictions], names: Sequence[str], label: int | None, epsilon: float, colours: Sequence[str]
) -> None:
    """Probability of the true class against the size v; without a true class, of each clean top-1 prediction."""
    rows, lines = [], []
    for title, predictions in found.items():
        column = int(predictions.clean.argmax()) if label is None else label
        lines.append(title if label is not None else f"{title}: {names[column]}")
        rows += [
            {"classifier": lines[-1], "v": size, "probability": 100 * float(value)}
            for size, value in zip(predictions.epsilons, predictions.curve[:, column], strict=True)
        ]
    what = f"probability of “{names[label]}”" if label is not None else "probability of the clean prediction"
    size = alt.X("v:Q", title="strength v of the wave (L2 norm per channel)")
    colour, dash = line_styles("classifier:N", lines)
    colour = colour.scale(domain=lines, range=list(colours))
    line = (
        alt.Chart()
        .mark_line(point=True)
        .encode(
            size,
            alt.Y("probability:Q", title=f"{what} (%)", scale=alt.Scale(domain=[0, 100])),
            colour,
            dash,
            tooltip=[
                "classifier:N",
                alt.Tooltip("v:Q", format=".2f"),
                alt.Tooltip("probability:Q", format=".1f", title="probability (%)"),
            ],
        )
    )
    show_chart(
        rows,
        [line],
        size,
        epsilon,
        height=200,
        lines=len(lines),
        key="cell.curve",
        alt_text=f"Line chart: {what} against the size of the wave, one line for each classifier",
    )
