"""A small chart of errors by ring of waves, of one map, or the difference of two, as HTML."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import lru_cache

from core.claims.finding import Finding
from core.fourier.contrasts import BANDS, mismatches, ring_differences, ring_errors, rings_in_words
from core.shared.numbers import Interval, decimal, join_list, percent
from core.shared.text import count_of
from ui.maps.catalogue import Entry
from ui.maps.map_options import SHOWN_SIZE
from ui.shared.chart import SIDE, across, chart_html, line, ribbon, shade
from ui.shared.colours import model_colour

_RISE = "#808080"
_WAVES = {"low": "slow", "high": "fast"}  # claims on two maps, and the waves that each is about
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
        lines = [("error", model_colour(entry.classifier), errors)]
        title, shows = f"How often {entry.name} is wrong, by wave", ""
    else:
        first, second = entries
        rings = ring_differences(*heatmaps)
        lines = [("error", model_colour(first.classifier), {ring.radius: ring.error for ring in rings})]
        rises = {ring.radius: ring.rise for ring in rings if ring.rise is not None}
        lines += [("rise over the error without a wave", _RISE, rises)] if rises else []
        title = f"Error of {first.name} minus that of {second.name}"
        shows = rings_in_words(first.name, second.name, rings) if bands and not brief else ""
    radii = list(lines[0][2])
    if len(radii) < 3:
        return ""
    shaded = [BANDS[name](min(heatmaps, key=lambda heatmap: heatmap.size)) for name in bands]
    spans = [(max(band.first, radii[0]), min(band.last, radii[-1])) for band in shaded]
    unit = "% wrong" if len(entries) == 1 else "points"
    drawing = _drawing(lines, spans, ". ".join(filter(None, (title, shows))), unit)
    about = f"<b>{html.escape(title)}</b> {html.escape(shows)} {_keys(lines) if len(lines) > 1 else ''}"
    return f'<figure class="rings">{drawing}<figcaption>{about}</figcaption></figure>'


def errors_chart(entries: tuple[Entry, Entry], findings: Sequence[Finding]) -> str:
    """Return how often two maps' networks are wrong, by ring; empty if the maps cannot be compared.

    findings: on these maps; what became of the claims on slow and on fast waves stands above the chart.
    """
    by_key = {finding.claim.key: finding for finding in findings if finding.parts}
    said = [who_errs(by_key[key], waves) for key, waves in _WAVES.items() if key in by_key]
    bands = [by_key[key].claim.display.bands or () for key in _WAVES if key in by_key]
    return _errors_chart(entries, tuple(band for names in bands for band in names), " ".join(said))


def who_errs(finding: Finding, waves: str) -> str:
    """Say which of two networks some waves fool more often, by the difference that a claim on them rests on."""
    (subject, reference), (_, low, high) = finding.names, finding.parts[0].number.measured
    if low <= 0 <= high:
        return f"With {waves} waves we cannot tell whom they fool more often."
    return f"{waves.capitalize()} waves fool {subject if low > 0 else reference} more often."


@lru_cache(16)
def _errors_chart(entries: tuple[Entry, ...], bands: tuple[str, ...], found: str) -> str:
    heatmaps = [entry.heatmap.crop(SHOWN_SIZE) for entry in entries]
    if any(mismatches(heatmaps[0], other) for other in heatmaps[1:]):
        return ""
    names = [entry.name for entry in entries]
    colours = [model_colour(entry.classifier) for entry in entries]
    errors = [{radius: error.measured for radius, error in ring_errors(heatmap).items()} for heatmap in heatmaps]
    if min(map(len, errors)) < 3:
        return ""
    lines = list(zip(names, colours, errors, strict=True))
    said = "How often a network is wrong with one wave added, from slow waves to fast ones"
    last, smallest = max(map(max, errors)), min(heatmaps, key=lambda heatmap: heatmap.size)
    spans = [(band.first, min(band.last, last)) for band in (BANDS[name](smallest) for name in bands)]
    drawing = _drawing(lines, spans, f"{said}: {join_list(names)}. {found}", "% wrong", tuple(_WAVES.values()))
    title = f"<b>{html.escape(found)}</b> {said}. " if found else f"<b>{said}</b> "
    return f'<figure class="rings errors"><figcaption>{title}{_keys(lines)}</figcaption>{drawing}</figure>'


def _keys(lines: Sequence[Line]) -> str:
    """Return the lines' colours and names as HTML."""
    return "".join(f'<span><i style="background:{colour}"></i>{html.escape(name)}</span>' for name, colour, _ in lines)


def _drawing(
    lines: Sequence[Line], spans: Sequence[tuple[int, int]], said: str, unit: str, named: Sequence[str] = ()
) -> str:
    """Return lines with their intervals as a chart.

    spans: shaded radii, from the first to the last. named: words at the foot of each span, if any.
    """
    ends = [0.0, *(100 * end for _, _, values in lines for interval in values.values() for end in interval[1:])]
    low, high, last = min(ends), max(ends), max(max(values) for _, _, values in lines)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if (high - low) / step <= 4)

    def x(radius: float) -> float:
        return round((radius + 0.5) * SIDE / (last + 1), 1)

    def y(value: float) -> float:
        return round((high - value) * SIDE / ((high - low) or 1), 1)

    shapes = [shade(x(a - 0.5), x(b + 0.5)) for a, b in spans]
    ticks = range(-(int(-low) // step), int(high) // step + 1)
    shapes += [across(y(k * step), strong=not k) for k in ticks]
    for _, colour, values in lines:
        upper = [(x(radius), y(100 * interval.high)) for radius, interval in values.items()]
        lower = [(x(radius), y(100 * interval.low)) for radius, interval in values.items()]
        middle = [(x(radius), y(100 * interval.value)) for radius, interval in values.items()]
        shapes += [ribbon([*upper, *reversed(lower)], colour), line(middle, colour)]
    every = next(every for every in (1, 2, 5, 10, 20, 50) if last / every <= 6)
    return chart_html(
        shapes,
        said,
        down=[(y(k * step), decimal(k * step, 0)) for k in ticks],
        along=[(x(radius), str(radius)) for radius in range(0, last + 1, every)],
        names=(unit, "cycles per image"),
        above=[(x((a + b) / 2), words) for (a, b), words in zip(spans, named, strict=False)],
    )
