"""The row of tabs below the maps: only the open one is computed, and the sweep, which may be running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.claims.disturbances import TAB as DISTURBANCES
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
from ui.tabs.disturbances import disturbance_panel
from ui.tabs.gradients import gradient_panel
from ui.tabs.hybrids import hybrid_panel
from ui.tabs.strengths import strength_panel

TAB = "tab"  # in the URL
FIRST_TAB = "frequency.first_tab"
HYBRIDS = "Two pictures in one"
DETAILS, BY_CLASS, STRENGTHS, GRADIENT = "Details", "Classes", "Strength", "Gradient"
OWN_WORDS, OWN_SWEEP, SOURCES = "Your own words", "Compute a map", "Sources and downloads"


@dataclass(frozen=True)
class Shown:
    """What the page shows, for tabs to say more about.

    waved: the picture under the wave; None where it has none, or where classifiers must wait. who: the classifiers that
    predict; empty where none may. on_new_map: gets the label of a map that a sweep has finished.
    """

    chosen: Sequence[Entry]
    frequency: Frequency
    picture: Picture | None
    waved: WavedPicture | None
    who: Sequence[Predictor]
    on_new_map: Callable[[str], None]


def draw_tabs(shown: Shown) -> DeltaGenerator | None:
    """Draw them; returns the place for the classes while their tab is open, which are counted last."""
    # Decided once: another default would be another element, and whoever types in it would lose the focus.
    asked = not url.names().isdisjoint((CLASSES, PROMPT))
    first = st.session_state.setdefault(FIRST_TAB, OWN_WORDS if asked else DETAILS)
    names = list(TABS)
    tabs = dict(zip(names, st.tabs(names, key=TAB, default=first, on_change="rerun", bind="query-params"), strict=True))
    with tabs[OWN_SWEEP]:
        TABS[OWN_SWEEP](shown)
    open_tab = next((name for name, tab in tabs.items() if tab.open), OWN_SWEEP)
    if open_tab == OWN_SWEEP:
        return None
    with tabs[open_tab]:
        return TABS[open_tab](shown)


def _details(shown: Shown) -> None:
    if shown.waved is not None:
        change_in_numbers(shown.waved)
        draw_details(shown.who, shown.waved)


def _own_words(shown: Shown) -> None:
    question = own_question()
    with st.container(key="own-predictions"):
        if question is not None and shown.waved is not None:
            draw_own_predictions(question, shown.waved)


def _sources(shown: Shown) -> None:
    for entry in shown.chosen:
        source, files = st.columns([5, 1], gap="medium")
        with source:
            provenance(entry)
        with files:
            map_downloads(entry)


# By the name that visitors and the URL give it, in the order of the row: what draws a tab. Returns a place to be filled
# in last, or None.
TABS: dict[str, Callable[[Shown], DeltaGenerator | None]] = {
    DETAILS: _details,
    BY_CLASS: lambda shown: st.container(key="frequency-classes"),
    HYBRIDS: lambda shown: hybrid_panel(shown.picture, shown.who),
    DISTURBANCES: lambda shown: disturbance_panel(shown.picture, shown.who, shown.chosen, list(entries().values())),
    STRENGTHS: lambda shown: strength_panel(list(entries().values()), shown.frequency),
    GRADIENT: lambda shown: gradient_panel(
        shown.picture, shown.who, shown.chosen, list(entries().values()), shown.frequency
    ),
    OWN_WORDS: _own_words,
    OWN_SWEEP: lambda shown: sweep_panel(shown.picture, on_result=shown.on_new_map),
    SOURCES: _sources,
}
