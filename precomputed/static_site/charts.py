"""The app's charts: SVG drawn when the site is built, or compiled to Vega for data that only the browser has."""

from __future__ import annotations

import html
import re
from typing import Any

from ui.shared.charts import Chart

WIDTH = 460  # CSS pixels of the plot, its maximum width
_TEXT = {"labelColor": "currentColor", "titleColor": "currentColor", "labelFontSize": 12, "titleFontSize": 12}
# Colours for both light and dark pages.
_CONFIG: dict[str, Any] = {
    "background": None,
    "view": {"stroke": None},
    "axis": {**_TEXT, "gridColor": "#88888844", "domainColor": "#888888", "tickColor": "#888888"},
    "legend": _TEXT,
}
_SIZE = re.compile(r'class="marks" width="(\d+)" height="\d+"')


def chart_html(chart: Chart) -> str:
    """Return the legend, and the chart with its description for screen readers."""
    import vl_convert  # in requirements-dev.txt

    svg = vl_convert.vegalite_to_svg({**chart.spec, "width": WIDTH}, config=_CONFIG)
    label = html.escape(chart.alt_text, quote=True)
    drawn, count = _SIZE.subn(lambda size: f'role="img" aria-label="{label}" style="max-width:{size[1]}px"', svg)
    if count != 1:
        raise RuntimeError("Vega-Lite drew no SVG of a known size; look at precomputed.static_site.charts")
    return chart.legend + drawn


def vega(chart: Chart) -> dict[str, Any]:
    """Compile a chart to Vega. Its layers read the rows from the data set `rows`."""
    import vl_convert  # in requirements-dev.txt

    layers = [{key: value for key, value in layer.items() if key != "data"} for layer in chart.spec["layer"]]
    rows = {"name": "rows", "values": chart.spec["layer"][0]["data"]["values"]}
    spec = {**chart.spec, "layer": layers, "data": rows, "width": WIDTH}
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(spec, config=_CONFIG)
    return compiled
