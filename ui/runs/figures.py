"""Pictures and curves of a PGD run as HTML: cheap enough to be drawn anew several times a second. No Streamlit."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.images.square import png_data_uri, to_uint8
from ui.shared.charts import DASHES, PALETTE

WIDTH, HEIGHT = 250, 165
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 12, 34
MAX_POINTS = 240
MIN_LOSS = 1e-6  # a logarithmic axis ends here at the latest

_STYLE = """<style>
.run-row{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(var(--tile,130px),45%),1fr));gap:.6rem}
.run-row figure{margin:0;max-width:260px;overflow-wrap:anywhere}
.run-row img{width:100%;border-radius:4px;display:block}
.run-row figcaption,.run-curves figcaption{font-size:.8rem;line-height:1.3;margin-top:.25rem}
.run-row figcaption span{opacity:.75}
.run-curves{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(195px,100%),1fr));gap:.8rem}
.run-curves figure{margin:0;max-width:340px;display:grid;grid-row:span 2;grid-template-rows:subgrid;row-gap:.2rem}
.run-curves svg{width:100%;height:auto;display:block;overflow:visible}
.run-curves text{fill:currentColor;font-size:12px}
.run-curves .key{display:inline-block;margin-right:.8rem;white-space:nowrap}
</style>"""


@dataclass(frozen=True, eq=False)
class Figure:
    """One picture with its caption. picture: uint8 (H, W, 3). title is set bold; note stands below it."""

    title: str
    note: str
    picture: np.ndarray


@dataclass(frozen=True, eq=False)
class Curve:
    """One line of a chart; values: (S,), one for each state."""

    label: str
    values: np.ndarray


def to_picture(image: np.ndarray) -> np.ndarray:
    """(3, H, W) uint8 -> (H, W, 3), or float in [0, 1] rounded to uint8."""
    return np.ascontiguousarray(image.transpose(1, 2, 0)) if image.dtype == np.uint8 else to_uint8(image)


def amplified_change(image: np.ndarray, start: np.ndarray, factor: float) -> np.ndarray:
    """(H, W, 3) uint8: the change from `start` times `factor`, on grey.

    Args:
        image: (3, H, W) uint8 or float. start: (3, H, W) float32 in [0, 1]. It is rounded like the image first:
            otherwise a colour between two levels would show as a change.
    """
    after, before = (to_picture(one).astype(np.float32) / 255 for one in (image, start))
    return np.rint(255 * (0.5 + factor * (after - before)).clip(0, 1)).astype(np.uint8)


def picture_row(figures: Sequence[Figure], *, tile: int = 130) -> str:
    """Pictures side by side, as many in a row as fit; lossless, small ones with square pixels."""
    parts = []
    for figure in figures:
        crisp = "pixelated" if len(figure.picture) < 100 else "auto"
        note = f"<br><span>{html.escape(figure.note)}</span>" if figure.note else ""
        alt = html.escape(f"{figure.title}: {figure.note}" if figure.note else figure.title, quote=True)
        parts.append(
            f'<figure><img src="{png_data_uri(figure.picture)}" alt="{alt}" style="image-rendering:{crisp}">'
            f"<figcaption><b>{html.escape(figure.title)}</b>{note}</figcaption></figure>"
        )
    return f'{_STYLE}<div class="run-row" style="--tile:{tile}px">{"".join(parts)}</div>'


def curve_row(charts: Sequence[str]) -> str:
    """Charts of `curve_chart` side by side, for Markdown with HTML (`st.html` strips SVG), below a `picture_row`."""
    return f'<div class="run-curves">{"".join(charts)}</div>'


def curve_chart(
    title: str,
    curves: Sequence[Curve],
    *,
    steps: int,
    log: bool = False,
    top: float | None = None,
    mark: int | None = None,
) -> str:
    """A line chart over the steps of a run as inline SVG, in the colours of the page's text.

    Args:
        title: what the values are, with their unit.
        curves: at most four.
        steps: the run's last step, the end of the horizontal axis.
        log: logarithmic values, from 1e-6.
        top: upper end of the vertical axis; None for the largest value.
        mark: a step to be marked by a vertical line.
    """
    values = [np.asarray(curve.values, dtype=np.float64) for curve in curves]
    if log:
        # A penalty is zero before the first step: it begins at the axis' lower end.
        positive = np.concatenate([column[column > MIN_LOSS] for column in values])
        values = [column.clip(min=positive.min() if len(positive) else MIN_LOSS) for column in values]
    low, high, ticks = _log_axis(values) if log else _linear_axis(values, top)
    across, down = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def x(step: float) -> float:
        return LEFT + across * step / max(1, steps)

    def y(value: float) -> float:
        value = math.log10(value) if log else value
        return TOP + down * (1 - (value - low) / (high - low))

    parts = []
    for value, text in ticks:
        at = y(value)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="currentColor" opacity=".18"/>'
            f'<text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{text}</text>'
        )
    for step in (0, steps // 2, steps):
        parts.append(f'<text x="{x(step):.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{step:,}</text>')
    parts.append(f'<text x="{LEFT + across / 2}" y="{HEIGHT - 5}" text-anchor="middle">step</text>')
    keys = []
    for k, (curve, column) in enumerate(zip(curves, values, strict=True)):
        places = np.unique(np.linspace(0, len(column) - 1, min(len(column), MAX_POINTS)).round().astype(int))
        line = " ".join(f"{x(place):.1f},{y(column[place]):.1f}" for place in places)
        colour, dash = PALETTE[k % 4], ",".join(map(str, DASHES[k % 4])) if k else "none"
        parts.append(
            f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"/>'
        )
        last = f"{x(len(column) - 1):.1f}", f"{y(column[-1]):.1f}"
        parts.append(f'<circle cx="{last[0]}" cy="{last[1]}" r="2.5" fill="{colour}"/>')
        if len(curves) > 1:
            sample = f'stroke="{colour}" stroke-width="3" stroke-dasharray="{dash}"'
            keys.append(
                f'<span class="key"><svg viewBox="0 0 22 8" style="width:22px;display:inline-block">'
                f'<line x1="0" x2="22" y1="4" y2="4" {sample}/></svg> {html.escape(curve.label)}</span>'
            )
    if mark is not None:
        parts.append(
            f'<line x1="{x(mark):.1f}" x2="{x(mark):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="currentColor" '
            'stroke-dasharray="4,3" opacity=".6"/>'
        )
    said = ", ".join(f"{curve.label} {curve.values[0]:.3g} to {curve.values[-1]:.3g}" for curve in curves)
    return (
        f"<figure><figcaption><b>{html.escape(title)}</b><br>{''.join(keys)}</figcaption>"
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(f"{title}: {said}", quote=True)}">'
        f"{''.join(parts)}</svg></figure>"
    )


def _log_axis(values: Sequence[np.ndarray]) -> tuple[float, float, list[tuple[float, str]]]:
    """Ends as exponents, whole decades, and at most five ticks."""
    low = math.floor(math.log10(min(float(column.min()) for column in values)))
    high = max(low + 1, math.ceil(math.log10(max(float(column.max()) for column in values))))
    stride = -(-(high - low) // 4)
    names = {0: "1", 1: "10", 2: "100", -1: "0.1", -2: "0.01"}
    return low, high, [(10.0**k, names.get(k, f"1e{k}".replace("-", "−"))) for k in range(low, high + 1, stride)]


def _linear_axis(values: Sequence[np.ndarray], top: float | None) -> tuple[float, float, list[tuple[float, str]]]:
    high = top or max(max(float(column.max()) for column in values), 1e-3)
    return 0.0, high, [(high * k / 4, f"{high * k / 4:.3g}") for k in range(5)]
