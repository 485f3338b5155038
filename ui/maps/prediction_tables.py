"""Predictions as pictures of numbers: top classes clean beside perturbed, and probability against size."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

import altair as alt
import numpy as np
import streamlit as st

from core.classifiers.predictions import Predictions
from ui.shared.charts import DASHES, PALETTE, height_with_legend, show_chart

_STYLE = """<style>
.answers{width:100%;border-collapse:collapse;font-size:.85rem;margin-bottom:.8rem}
.answers caption{text-align:left;font-weight:600;padding-bottom:.2rem;color:inherit}
.answers th{font-weight:400;text-align:left;opacity:.75;padding:.1rem .4rem .1rem 0}
.answers td{padding:.12rem .4rem .12rem 0;vertical-align:middle}
.answers td.n{width:34%;white-space:nowrap}
.answers .bar{display:inline-block;height:.7rem;border-radius:2px;vertical-align:middle;margin-right:.35rem}
.answers .clean{background:#56B4E9}.answers .wave{background:#D55E00}
.answers .true td:first-child{font-weight:600}
.answers td:first-child,.answers caption{overflow-wrap:anywhere}.answers .rest{opacity:.75}
</style>"""


def answer_table(
    title: str,
    answers: Predictions,
    names: Sequence[str],
    label: int | None,
    *,
    frequency: tuple[int, int],
    complete: bool = False,
) -> None:
    """The classes that lead with or without the wave, with both probabilities as bars and numbers.

    Args:
        label: position of the true class, None if there is none.
        complete: leave nothing out: all classes of a short list, and else one more line for all that have none.
    """
    shown = leading_classes(answers, most=10 if complete else 7, whole=complete)
    rows = "".join(
        f'<tr class="{"true" if row == label else ""}"><td>{_name(names[row])}{" ✓" if row == label else ""}</td>'
        f"{_bar(answers.clean[row], 'clean')}{_bar(answers.perturbed[row], 'wave')}</tr>"
        for row in shown
    )
    if complete and len(shown) < len(names):
        left = (max(0.0, 1 - float(part[shown].sum())) for part in (answers.clean, answers.perturbed))
        bars = "".join(_bar(share, kind) for share, kind in zip(left, ("clean", "wave"), strict=True))
        rows += f'<tr class="rest"><td>{len(names) - len(shown)} more classes</td>{bars}</tr>'
    before, after = names[int(answers.clean.argmax())], names[int(answers.perturbed.argmax())]
    verdict = f"{_name(before)} stays" if before == after else f"{_name(before)} becomes {_name(after)}"
    wave = "{},{}".format(*frequency)
    st.html(
        f'{_STYLE}<table class="answers" data-wave="{wave}"><caption>{html.escape(title)}: {verdict}</caption>'
        f"<tr><th>class</th><th>clean</th><th>with the wave</th></tr>{rows}</table>"
    )


def leading_classes(answers: Predictions, *, most: int = 7, whole: bool = False) -> list[int]:
    """The top five of both answers together, best first, at most `most` rows; all classes if `whole` and they fit."""
    best = np.maximum(answers.clean, answers.perturbed)
    top = {*answers.clean.argsort()[-5:].tolist(), *answers.perturbed.argsort()[-5:].tolist()}
    if whole and len(best) <= most:
        top = set(range(len(best)))
    return sorted(top, key=lambda row: -best[row])[:most]


def _name(text: str) -> str:
    # Apart, so that a name that runs from right to left leaves the words and numbers beside it where they are.
    return f"<bdi>{html.escape(text)}</bdi>"


def _bar(probability: float, kind: str) -> str:
    return f'<td class="n"><span class="bar {kind}" style="width:{55 * probability:.1f}%"></span>{probability:.1%}</td>'


def probability_curve(
    found: Mapping[str, Predictions], names: Sequence[str], label: int | None, epsilon: float
) -> None:
    """Probability of the true class against the size v; without a true class, of each clean first answer."""
    rows, lines = [], []
    for title, answers in found.items():
        column = int(answers.clean.argmax()) if label is None else label
        line = title if label is not None else f"{title}: {names[column]}"
        lines.append(line)
        rows += [
            {"classifier": line, "v": size, "probability": float(value)}
            for size, value in zip(answers.epsilons, answers.curve[:, column], strict=True)
        ]
    what = f"probability of “{names[label]}”" if label is not None else "probability of the clean answer"
    colours = alt.Scale(domain=lines, range=[PALETTE[k % 4] for k in range(len(lines))])
    colour = alt.Color("classifier:N", scale=colours, title=None)
    dashes = alt.Scale(domain=lines, range=[DASHES[k % 4] for k in range(len(lines))])
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True)
        .encode(
            alt.X("v:Q", title="size v of the wave (L2 norm per channel)"),
            alt.Y("probability:Q", title=what, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%")),
            colour.legend(orient="top", direction="vertical", labelLimit=400),
            alt.StrokeDash("classifier:N", scale=dashes, legend=None),
            tooltip=[
                "classifier:N",
                alt.Tooltip("v:Q", format=".2f"),
                alt.Tooltip("probability:Q", format=".1%"),
            ],
        )
    )
    rule = alt.Chart(alt.Data(values=[{"v": epsilon}])).mark_rule(strokeDash=[4, 4], color="#888888").encode(x="v:Q")
    show_chart(
        (chart + rule).properties(height=height_with_legend(250, len(lines))),
        key="cell.curve",
        alt_text=f"Line chart: {what} against the size of the wave, one line for each classifier",
    )
