"""The app's charts as script-free pictures: SVG, drawn by Vega-Lite when the site is built."""

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
