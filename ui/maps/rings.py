"""A small chart of errors by ring of waves, of one map, or the difference of two, as HTML."""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import lru_cache

from core.claims.finding import Finding
from core.fourier.contrasts import BANDS, mismatches, ring_differences, ring_errors, rings_in_words
from core.shared.numbers import Interval, decimal, percent
from core.shared.text import count_of
from ui.maps.catalogue import Entry
from ui.maps.map_options import SHOWN_SIZE
from ui.shared.colours import model_colour

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 320, 132, 30, 28  # of the drawing; left and bottom of it are the axes' numbers
_RISE = "#808080"
_STYLE = (
    "text{font:11px sans-serif;fill:#767676}.shade{fill:#f2c14e;opacity:.35}.grid{stroke:#808080;opacity:.3}"
    ".zero{stroke:#767676}@media(prefers-color-scheme:dark){.shade{opacity:.18}polyline{filter:brightness(1.5)}text{fill:#a0a0a0}}"
)
Line = tuple[str, str, dict[int, Interval]]  # name, colour, and a fraction for each radius


def rings_of(finding: Finding, maps: Mapping[str, Entry]) -> str:
    """Return the chart of a finding on one or two maps, with the waves that it compares shaded; empty for others."""
    bands, entries = finding.claim.display.bands, tuple(maps[label] for label in finding.maps if label in maps)
    return "" if bands is None or not 0 < len(entries) < 3 else ring_chart(entries, bands, brief=True)


def ring_charts(entries: tuple[Entry, ...], bands: tuple[str, ...] = ()) -> tuple[str, str]:
    """Return the chart of one or two maps, or of two that cannot be subtracted a chart each and why, both as HTML."""
    if together := ring_chart(entries, bands):
        return together, ""
    charts = [ring_chart((entry,)) for entry in entries]
    if len(entries) < 2 or "" in charts:
        return "".join(charts), ""
    (first, often), (other, seldom) = (_peak(entry) for entry in entries)
    return "".join(charts), (
        f"{entries[0].name} is wrong most often at {count_of(first, 'cycle')} per image ({often}), {entries[1].name} "
        f"at {other} ({seldom}). The maps were measured differently, so compare their shapes, not their heights."
    )


def _peak(entry: Entry) -> tuple[int, str]:
    """Return the ring, in cycles per image, where a map's errors are most frequent, and how frequent: 9, '52.3%'."""
    errors = {radius: errors.measured.value for radius, errors in ring_errors(entry.heatmap.crop(SHOWN_SIZE)).items()}
    radius = max(errors, key=errors.__getitem__)
    return radius, percent(errors[radius])


@lru_cache(64)
def ring_chart(entries: tuple[Entry, ...], bands: tuple[str, ...] = (), brief: bool = False) -> str:
    """Return the errors of one map by ring, or the differences of two, with their intervals and some bands shaded.

    Of two maps also the difference of the rises over the clean errors, where both are known; empty where they cannot be
    compared. bands: names in `BANDS`. brief: say only what is drawn, not what it shows.
    """
    heatmaps = [entry.heatmap.crop(SHOWN_SIZE) for entry in entries]
    if len(entries) > 1 and mismatches(*heatmaps):
        return ""
    lines: list[Line]
    if len(entries) == 1:
        (entry,), (heatmap,) = entries, heatmaps
        errors = {radius: errors.measured for radius, errors in ring_errors(heatmap).items()}
        lines, said = [("error", model_colour(entry.classifier), errors)], f"How often {entry.name} is wrong, by wave"
    else:
        first, second = entries
        rings = ring_differences(*heatmaps)
        lines = [("error", model_colour(first.classifier), {ring.radius: ring.error for ring in rings})]
        rises = {ring.radius: ring.rise for ring in rings if ring.rise is not None}
        lines += [("rise over the error without a wave", _RISE, rises)] if rises else []
        said = (
            f"{first.name} minus {second.name}"
            if brief
            else f"Error of {first.name} minus that of {second.name}, in points"
        )
        said = rings_in_words(first.name, second.name, rings) if bands and not brief else said
    radii = list(lines[0][2])
    if len(radii) < 3:
        return ""
    shaded = [BANDS[name](min(heatmaps, key=lambda heatmap: heatmap.size)) for name in bands]
    spans = [(max(band.first, radii[0]), min(band.last, radii[-1])) for band in shaded]
    keys = "".join(f'<span><i style="background:{colour}"></i>{name}</span>' for name, colour, _ in lines)
    said, unit = html.escape(said), "% wrong" if len(entries) == 1 else "points"
    about = f"{said} {keys if len(lines) > 1 else ''}"
    return f'<figure class="rings">{_drawing(lines, spans, said, unit)}<figcaption>{about}</figcaption></figure>'


def _drawing(lines: Sequence[Line], spans: Sequence[tuple[int, int]], said: str, unit: str) -> str:
    """Return lines with their intervals as a picture; spans: shaded radii, from the first to the last."""
    ends = [0.0, *(100 * end for _, _, values in lines for interval in values.values() for end in interval[1:])]
    low, high, last = min(ends), max(ends), max(max(values) for _, _, values in lines)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if (high - low) / step <= 4)
    width, height = _WIDTH - _LEFT, _HEIGHT - _BOTTOM - 8

    def x(radius: float) -> float:
        return round(_LEFT + (radius + 0.5) * width / (last + 1), 1)

    def y(value: float) -> float:
        return round(8 + (high - value) * height / ((high - low) or 1), 1)

    parts = [
        f'<rect class="shade" x="{x(a - 0.5)}" y="8" width="{x(b + 0.5) - x(a - 0.5):.1f}" height="{height}"/>'
        for a, b in spans
    ]
    ticks = range(-(int(-low) // step), int(high) // step + 1)
    parts += [
        f'<path class="{"grid" if k else "zero"}" d="M{_LEFT} {y(k * step)}H{_WIDTH}"/>'
        f'<text x="{_LEFT - 4}" y="{y(k * step) + 4}" text-anchor="end">{decimal(k * step, 0)}</text>'
        for k in ticks
    ]
    across = next(across for across in (1, 2, 5, 10, 20, 50) if last / across <= 6)
    below = _HEIGHT - _BOTTOM + 12
    parts += [
        f'<text x="{x(radius)}" y="{below}" text-anchor="middle">{radius}</text>'
        for radius in range(0, last + 1, across)
    ]
    parts.append(f'<text x="{_WIDTH}" y="{below + 13}" text-anchor="end">cycles per image</text>')
    parts.append(f'<text x="0" y="{below + 13}">{unit}</text>')
    for _, colour, values in lines:
        upper = [f"{x(radius)},{y(100 * interval.high)}" for radius, interval in values.items()]
        lower = [f"{x(radius)},{y(100 * interval.low)}" for radius, interval in values.items()]
        middle = [f"{x(radius)},{y(100 * interval.value)}" for radius, interval in values.items()]
        parts.append(f'<polygon points="{" ".join([*upper, *reversed(lower)])}" fill="{colour}" opacity="0.25"/>')
        parts.append(f'<polyline points="{" ".join(middle)}" fill="none" stroke="{colour}" stroke-width="2"/>')
    # Streamlit's HTML keeps no <svg>, so it is an image with greys that are legible on white and on black.
    style, size = f"<style>{_STYLE}</style>", f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{style}{"".join(parts)}</svg>'
    return f'<img src="data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}" alt="{said}">'
