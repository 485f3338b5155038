"""A small chart as HTML: its lines are a picture, its numbers text of the page, in the page's type and colours."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Iterable

# Streamlit's HTML keeps no <svg>, so the lines are an image, in greys that are legible on white and on black. It is
# stretched to the room that it gets; lines keep their width.
_STYLE = (
    "*{vector-effect:non-scaling-stroke}.shade{fill:#f2c14e;opacity:.35}.grid{stroke:#808080;opacity:.3}"
    ".zero{stroke:#767676}@media(prefers-color-scheme:dark){.shade{opacity:.18}polyline{filter:brightness(1.5)}}"
)
SIDE = 1000  # width and height of the drawing's coordinates, from the top left

Tick = tuple[float, str]  # a coordinate and its number


def chart_html(
    shapes: Iterable[str],
    said: str,
    *,
    down: Iterable[Tick],
    along: Iterable[Tick],
    names: Iterable[str],
    above: Iterable[Tick] = (),
) -> str:
    """Return a chart.

    Args:
        shapes: SVG elements in coordinates up to `SIDE`, of classes "grid", "zero" and "shade" or with colours.
        said: what it shows, for those who do not see it.
        down, along: numbers of the vertical and the horizontal axis.
        names: names of the axes, the vertical one's first.
        above: names of spans of the horizontal axis, just above it.
    """
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE} {SIDE}" preserveAspectRatio="none">'
        f"<style>{_STYLE}</style>{''.join(shapes)}</svg>"
    )
    image = f'<img src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}" alt="{html.escape(said)}">'
    numbers = [
        *(f'<span class="down" style="top:{100 * at / SIDE:.1f}%">{text}</span>' for at, text in down),
        *(f'<span class="along" style="left:{100 * at / SIDE:.1f}%">{text}</span>' for at, text in along),
        *(f'<span class="above" style="left:{100 * at / SIDE:.1f}%">{text}</span>' for at, text in above),
    ]
    axes = "".join(f"<span>{name}</span>" for name in names)
    return (
        f'<span class="chart"><span class="area">{image}<span aria-hidden="true">{"".join(numbers)}</span></span>'
        f'<span class="axes" aria-hidden="true">{axes}</span></span>'
    )


def line(points: Iterable[tuple[float, float]], colour: str, width: float = 2) -> str:
    """Return a line through points."""
    return f'<polyline points="{_joined(points)}" fill="none" stroke="{colour}" stroke-width="{width}"/>'


def ribbon(points: Iterable[tuple[float, float]], colour: str) -> str:
    """Return the filled area inside points, transparent."""
    return f'<polygon points="{_joined(points)}" fill="{colour}" opacity="0.25"/>'


def dot(x: float, y: float, colour: str) -> str:
    """Return a dot, round however the chart is stretched."""
    return f'<path d="M{x} {y}h0" stroke="{colour}" stroke-width="10" stroke-linecap="round"/>'


def across(y: float, *, strong: bool = False) -> str:
    """Return a horizontal line from edge to edge."""
    return f'<path class="{"zero" if strong else "grid"}" d="M0 {y}H{SIDE}"/>'


def shade(start: float, end: float) -> str:
    """Return a shaded span of the horizontal axis."""
    return f'<rect class="shade" x="{start}" y="0" width="{end - start:.1f}" height="{SIDE}"/>'


def _joined(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x},{y}" for x, y in points)
