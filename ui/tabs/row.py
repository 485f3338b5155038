"""The row of tabs below the maps: only the open one is computed, and the sweep, which may be running."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.fourier.basis import Frequency
from ui.maps.catalogue import Entry, entries
from ui.maps.cell_panel import WavedPicture, change_in_numbers
from ui.maps.cell_predictions import draw_details
from ui.maps.downloads import map_downloads
from ui.maps.models import Predictor
from ui.maps.own_classes import CLASSES, PROMPT, draw_own_predictions, own_question
from ui.maps.provenance import provenance
from ui.shared import url
from ui.shared.pictures import Picture
from ui.sweeps.panel import sweep_panel
from ui.tabs.filters import filter_panel
from ui.tabs.gradients import gradient_panel
from ui.tabs.strengths import strength_panel

TAB = "tab"  # in the URL
FIRST_TAB = "frequency.first_tab"
DETAILS, BY_CLASS, FILTERS, STRENGTHS, GRADIENT, OWN_WORDS, OWN_SWEEP, SOURCES = TABS = (
    "Details",
    "Classes",
    "Low and high pass",
    "Strength",
    "Gradient",
    "Your own words",
    "Compute a map",
    "Sources and downloads",
)


def draw_tabs(
    chosen: Sequence[Entry],
    frequency: Frequency,
    picture: Picture | None,
    waved: WavedPicture | None,
    who: Sequence[Predictor],
    on_new_map: Callable[[str], None],
) -> DeltaGenerator | None:
    """Draw them; returns the place for the classes while their tab is open, which are counted last.

    Args:
        waved: the picture under the wave; None where it has none, or where classifiers must wait.
        who: the classifiers that predict; empty where none may.
        on_new_map: gets the label of a map that a sweep has finished.
    """
    # Decided once: another default would be another element, and whoever types in it would lose the focus.
    asked = not url.names().isdisjoint((CLASSES, PROMPT))
    first = st.session_state.setdefault(FIRST_TAB, OWN_WORDS if asked else DETAILS)
    tabs = dict(zip(TABS, st.tabs(TABS, key=TAB, default=first, on_change="rerun", bind="query-params"), strict=True))
    open_tab = next((name for name, tab in tabs.items() if tab.open), None)
    with tabs[OWN_SWEEP]:
        sweep_panel(picture, on_result=on_new_map)
    if open_tab is None:
        return None
    with tabs[open_tab]:
        if open_tab == BY_CLASS:
            return st.container(key="frequency-classes")
        if open_tab == DETAILS and waved is not None:
            change_in_numbers(waved)
            draw_details(who, waved)
        elif open_tab == FILTERS:
            filter_panel(picture, who)
        elif open_tab == STRENGTHS:
            strength_panel(list(entries().values()), frequency)
        elif open_tab == GRADIENT:
            gradient_panel(picture, who, chosen, list(entries().values()), frequency)
        elif open_tab == OWN_WORDS:
            question = own_question()
            with st.container(key="own-predictions"):
                if question is not None and waved is not None:
                    draw_own_predictions(question, waved)
        elif open_tab == SOURCES:
            for entry in chosen:
                source, files = st.columns([5, 1], gap="medium")
                with source:
                    provenance(entry)
                with files:
                    map_downloads(entry)
    return None
