"""Finished runs side by side: pictures, scrubber, amplified change, curves, answers before and after, downloads."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.runs.file import PGDRun
from ui.components.wipe import wipe
from ui.runs.downloads import run_downloads
from ui.runs.figures import Curve, Figure, amplified_change, curve_chart, curve_row, picture_row, to_picture
from ui.runs.words import losses, origin, percent, run_title, target_of, verdict
from ui.shared.text import as_markdown, one_line

TERM_LABELS = {"cross_entropy": "cross-entropy", "penalty": "change outside the hole"}
FACTORS = (1, 2, 5, 10, 20, 50)

_STYLE = """<style>
.run-top{width:100%;border-collapse:collapse;font-size:.85rem}
.run-top th{font-weight:400;text-align:left;opacity:.75}
.run-top td{overflow-wrap:anywhere;padding:.12rem .4rem .12rem 0;width:50%;vertical-align:top}
.run-top .bar{display:block;height:.35rem;border-radius:2px;margin-top:.1rem}
.run-top .before{background:#56B4E9}.run-top .after{background:#D55E00}
.run-top .target{font-weight:600}
</style>"""


@dataclass(frozen=True, eq=False)
class Result:
    """Finished runs to be shown. id: another one for each result. note: what it is, for people; plain text."""

    id: str
    runs: tuple[PGDRun, ...]
    note: str


def run_view(runs: Sequence[PGDRun], *, key: str) -> None:
    """Draw one or two runs of the same start, step by step together.

    Args:
        runs: from the same plan: the same images and settings, different classifiers.
        key: unique on the page; another one for another result, so that the scrubber starts at its end.
    """
    steps = runs[0].frame_steps.tolist()
    left, right = st.columns([3, 1], gap="large", vertical_alignment="bottom")
    at = steps[-1]
    if len(steps) > 1:
        at = left.select_slider(
            "Step (drag to replay the run)", steps, value=steps[-1], format_func="{:,}".format, key=f"{key}.step"
        )
    factor = right.select_slider("Change, amplified", FACTORS, value=10, format_func="× {}".format, key=f"{key}.factor")
    frame = steps.index(at)
    batch = len(runs[0].start)
    row = 0
    if batch > 1:
        for run in runs:
            _grid(run, frame)
        row = st.segmented_control(
            "Look closer at", range(batch), default=0, required=True, format_func=lambda k: f"{k + 1}", key=f"{key}.row"
        )
    for k, (place, run) in enumerate(zip(st.columns(len(runs), gap="large"), runs, strict=True)):
        with place:
            _one(run, frame, row, factor, key=f"{key}.{k}", narrow=len(runs) > 1)


def _grid(run: PGDRun, frame: int) -> None:
    """All images of the run at one moment."""
    step = int(run.frame_steps[frame])
    probability = run.curves["target_probability"][step]
    figures = [
        Figure(
            f"{row + 1}: {target_of(run, row)}", percent(float(probability[row])), to_picture(run.frames[frame, row])
        )
        for row in range(len(run.start))
    ]
    st.html(f"<b>{html.escape(run_title(run))}</b>, step {step:,}" + picture_row(figures, tile=110))


def _one(run: PGDRun, frame: int, row: int, factor: int, *, key: str, narrow: bool) -> None:
    step = int(run.frame_steps[frame])
    st.markdown(f"##### {as_markdown(run_title(run))}")
    st.markdown(f"**{as_markdown(verdict(run, row))}** {as_markdown(losses(run, row))}")
    image, start = run.frames[frame, row], run.start[row]
    inpainting = run.original is not None
    before, after = ("corrupted", "reconstruction") if inpainting else ("noise", "picture")
    figures = [Figure("Original", "", to_picture(run.original[row]))] if run.original is not None else []
    probability = percent(float(run.curves["target_probability"][step, row]))
    figures += [
        Figure(before.capitalize(), "where the run starts", to_picture(start)),
        Figure(after.capitalize(), f"step {step:,}: {probability}", to_picture(image)),
        Figure(f"Change × {factor}", "grey is no change", amplified_change(image, start, factor)),
    ]
    st.html(picture_row(figures))
    compared, answered = (st.container(), st.container()) if narrow else st.columns([2, 3], gap="medium")
    with compared:
        wipe(to_picture(start), to_picture(image), labels=(before, after), key=f"{key}.wipe")
    with answered:
        _top_classes(run, row)
    st.markdown(curves(run, row, step), unsafe_allow_html=True)
    run_downloads(run, row, key=f"{key}.downloads")
    with st.expander("Where this run comes from", icon=":material/info:"):
        st.markdown(as_markdown(origin(run)))


def curves(run: PGDRun, row: int, mark: int | None = None) -> str:
    """Loss terms, target probability and size of the change over the steps, as HTML."""
    return curves_html(
        {name: values[:, row] for name, values in run.terms.items()},
        run.curves["target_probability"][:, row],
        run.curves["perturbation_norm"][:, row],
        steps=max(1, len(run.curves["loss"]) - 1),
        epsilon=run.config.epsilon,
        mark=mark,
    )


def curves_html(
    terms: dict[str, np.ndarray],
    probability: np.ndarray,
    norm: np.ndarray,
    *,
    steps: int,
    epsilon: float,
    mark: int | None = None,
) -> str:
    """Three charts; each array is (S,), one value for each state so far."""
    lines = [Curve(TERM_LABELS.get(name, name), values) for name, values in terms.items()]
    return curve_row(
        [
            curve_chart("Loss" if len(lines) == 1 else "Loss terms", lines, steps=steps, log=True, mark=mark),
            curve_chart(
                "Target probability (%)",
                [Curve("probability", 100 * probability)],
                steps=steps,
                top=100.0,
                mark=mark,
            ),
            curve_chart(f"Change (L2 norm, at most {epsilon:.3g})", [Curve("norm", norm)], steps=steps, mark=mark),
        ]
    )


def _top_classes(run: PGDRun, row: int) -> None:
    """Top five before and after."""
    target = target_of(run, row)
    cells = zip(run.top_classes(row, last=False), run.top_classes(row, last=True), strict=True)
    rows = "".join(f"<tr>{_cell(*one, 'before', target)}{_cell(*other, 'after', target)}</tr>" for one, other in cells)
    st.html(f'{_STYLE}<table class="run-top"><tr><th>top 5 before</th><th>top 5 after</th></tr>{rows}</table>')


def _cell(name: str, share: float, kind: str, target: str) -> str:
    mark = ' class="target"' if one_line(name) == target else ""
    return (
        f"<td{mark}>{html.escape(one_line(name))} {percent(share)}"
        f'<span class="bar {kind}" style="width:{100 * share:.1f}%"></span></td>'
    )
