"""Tabs below the maps and the views in them: only the open one is computed, and the sweep, which may be running."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.claims.disturbances import TAB as DISTURBANCES
from ui.maps.downloads import map_downloads
from ui.maps.predictions.cell_panel import change_in_numbers
from ui.maps.predictions.cell_predictions import draw_details
from ui.maps.predictions.own_classes import CLASSES, PROMPT, own_classes
from ui.maps.provenance import provenance
from ui.maps.upload import add_a_file
from ui.shared import url
from ui.sweeps.panel import sweep_goes_on, sweep_panel
from ui.tabs.classes import class_panel
from ui.tabs.disturbances import disturbance_panel
from ui.tabs.gradients import gradient_panel
from ui.tabs.hybrids import hybrid_panel
from ui.tabs.shown import Shown

TAB = "tab"  # in the URL: the view that is open, by its name in `TABS`
PICTURE, ALL, OWN, SOURCES = "This picture", "All pictures", "Your own", "Sources and downloads"
HYBRIDS = "Two pictures in one"
DETAILS, BY_CLASS, GRADIENT = "Details", "Classes", "Gradient"
OWN_WORDS, OWN_SWEEP, OWN_FILE = "Your own words", "Compute a map", "Add a map"
_FIRST, _OPEN = "frequency.first_view", "frequency.tabs"


@dataclass(frozen=True)
class Tab:
    """A view. group: the tab it is found in. of_picture: whether there is nothing to draw without one."""

    group: str
    draw: Callable[[Shown], None]
    of_picture: bool = False


def draw_tabs(shown: Shown) -> None:
    """Draw the tabs, and the view chosen in the open one."""
    # Decided once: another default would be another element, and whoever types in it would lose the focus.
    asked = url.text(TAB) if url.text(TAB) in TABS else DETAILS
    if not url.names().isdisjoint((CLASSES, PROMPT)) and asked == DETAILS:
        asked = OWN_WORDS
    first = st.session_state.setdefault(_FIRST, asked)
    names = list(dict.fromkeys(view.group for view in TABS.values()))
    tabs = dict(zip(names, st.tabs(names, key=_OPEN, default=TABS[first].group, on_change="rerun"), strict=True))
    open_tab = next((name for name, tab in tabs.items() if tab.open), OWN)
    views = [name for name, view in TABS.items() if view.group == open_tab]
    with tabs[open_tab]:
        name = views[0]
        if len(views) > 1:
            name = st.segmented_control(
                "View",
                views,
                default=first if first in views else name,
                required=True,
                key=f"frequency.view.{open_tab}",
                label_visibility="collapsed",
                wrap=True,
            )
        url.put(TAB, name, DETAILS)
        if TABS[name].of_picture and shown.picture is None:
            st.info("This is about a picture: choose a file of your own, or a bundled picture.")
        else:
            TABS[name].draw(shown)
    if name != OWN_SWEEP and sweep_goes_on():
        with tabs[OWN]:  # a map that is computed is looked after
            TABS[OWN_SWEEP].draw(shown)


def _details(shown: Shown) -> None:
    if shown.waved is not None:
        change_in_numbers(shown.waved)
        draw_details(shown.who, shown.waved)


def _sources(shown: Shown) -> None:
    for entry in shown.chosen:
        source, files = st.columns([5, 1], gap="medium")
        with source:
            provenance(entry)
        with files:
            map_downloads(entry)


# By the name that visitors and the URL give it, in the order of the row.
TABS: dict[str, Tab] = {
    DETAILS: Tab(PICTURE, _details),
    HYBRIDS: Tab(PICTURE, hybrid_panel, of_picture=True),
    GRADIENT: Tab(PICTURE, gradient_panel, of_picture=True),
    BY_CLASS: Tab(ALL, class_panel),
    DISTURBANCES: Tab(ALL, disturbance_panel, of_picture=True),
    OWN_WORDS: Tab(OWN, lambda shown: own_classes(shown.waved)),
    OWN_SWEEP: Tab(OWN, lambda shown: sweep_panel(shown.picture, on_result=shown.on_new_map)),
    OWN_FILE: Tab(OWN, lambda shown: add_a_file(shown.on_new_map)),
    SOURCES: Tab(SOURCES, _sources),
}
