"""Tools below the maps: four as cards, the rest by name. Only an open tool and a running sweep are computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.claims.claim import CLAIMS
from core.claims.quantities import stored_gradients
from core.data.pixels import png_data_uri
from core.fourier.heatmap import colormap_table
from core.fourier.waves import half_plane, hybrid, wave_map
from core.shared.roles import networks_for
from ui.components.scroll import scroll_into_view
from ui.maps.files import add_a_file, map_downloads, source_text
from ui.maps.predictions.cell_panel import download_picture
from ui.maps.predictions.cell_predictions import draw_details
from ui.maps.predictions.own_classes import CLASSES, PROMPT, own_classes
from ui.shared import url
from ui.shared.picture_rows import to_picture
from ui.shared.pictures import sample_picture, samples
from ui.shared.text import as_markdown
from ui.sweeps.panel import sweep_is_running, sweep_panel
from ui.tools.classes import class_panel
from ui.tools.corruptions import corrupted_picture, corruption_panel
from ui.tools.gradients import gradient_panel
from ui.tools.hybrids import hybrid_panel
from ui.tools.mixtures import KIND, STORED, stored_mixtures
from ui.tools.page_state import PageState

TOOL = "tab"  # in the URL: the tool that is open, by its name in `TOOLS`
HYBRIDS, DETAILS, BY_CLASS, GRADIENT = "Two pictures in one", "Details", "Classes", "Gradient"
CORRUPTIONS = CLAIMS["contrast"].tool
OWN_WORDS, OWN_SWEEP, OWN_FILE, SOURCES = "Your own words", "Compute a map", "Add a map", "Sources and downloads"
_OPEN, _BY_HAND, PLACE = "frequency.tool", "frequency.tools_opened", "frequency-tools"


@dataclass(frozen=True)
class Tool:
    """Tool. about: text of its card; empty for a tool without a card. of_picture: whether it needs a picture."""

    draw: Callable[[PageState], None]
    about: str = ""
    of_picture: bool = False


def draw_tools(page: PageState) -> None:
    """Draw the row of tools, and the open one below it."""
    state = st.session_state
    if _OPEN not in state:
        linked = url.text(TOOL) if url.text(TOOL) in TOOLS else None
        if linked is None and not url.names().isdisjoint((CLASSES, PROMPT)):
            linked = OWN_WORDS
        state[_OPEN], state[_BY_HAND] = linked, int(linked is not None)
    with st.container(key=PLACE):
        st.html(_pictures())
        name = st.pills(
            "Tools",
            list(TOOLS),
            format_func=_label,
            key=_OPEN,
            on_change=lambda: state.__setitem__(_BY_HAND, state[_BY_HAND] + 1),
            label_visibility="collapsed",
            persist_state="session",
        )
        url.put(TOOL, name)
        scroll_into_view(PLACE, state[_BY_HAND])
        if name is None:
            pass
        elif TOOLS[name].of_picture and page.picture is None:
            st.info("This tool needs a picture: choose a bundled one or upload your own.")
        else:
            TOOLS[name].draw(page)
        if name != OWN_SWEEP and sweep_is_running():
            TOOLS[OWN_SWEEP].draw(page)  # keep following a map in progress


def _label(name: str) -> str:
    return f"**{name}** {TOOLS[name].about}" if TOOLS[name].about else name


def _details(page: PageState) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        page.chart()
    if page.perturbed is not None:
        draw_details(page.predictors, page.perturbed, right)
        download_picture(page.perturbed)


def _own_sweep(page: PageState) -> None:
    def keep(label: str) -> None:
        st.session_state[_BY_HAND] += 1  # the additional map moves the tools down, out of sight
        page.on_new_map(label)

    sweep_panel(page.picture, on_result=keep)


def _sources(page: PageState) -> None:
    for k in range(0, len(page.chosen), 2):
        for entry, place in zip(page.chosen[k : k + 2], st.columns(2, gap="large"), strict=False):
            with place:
                st.markdown(f"**{as_markdown(entry.label)}**  \n{source_text(entry)}")
                map_downloads(entry)


# Keyed by the name on the page and in the URL; tools with cards come first.
TOOLS: dict[str, Tool] = {
    HYBRIDS: Tool(hybrid_panel, "whose waves count?", of_picture=True),
    GRADIENT: Tool(gradient_panel, "which pixels move the loss?", of_picture=True),
    BY_CLASS: Tool(class_panel, "which class becomes which?"),
    CORRUPTIONS: Tool(corruption_panel, "who is right in fog?", of_picture=True),
    DETAILS: Tool(_details),
    OWN_WORDS: Tool(lambda page: own_classes(page.perturbed)),
    OWN_SWEEP: Tool(_own_sweep),
    OWN_FILE: Tool(lambda page: add_a_file(page.on_new_map)),
    SOURCES: Tool(_sources),
}


def card_pictures() -> dict[str, str]:
    """Return a data URI of the picture on each card: a mixture, a gradient's energy by wave, classes, and fog."""
    (mixed, *_), viridis = stored_mixtures(()), colormap_table("viridis")
    gradient = stored_gradients()[networks_for("comparison", stored_gradients())[0]]
    ranks = gradient.energy.argsort().argsort() * 255 // (len(gradient.energy) - 1)
    nine = samples(KIND).images[:9].reshape(3, 3, 3, 32, 32).transpose(0, 3, 1, 4, 2).reshape(96, 96, 3)
    pictures = {
        HYBRIDS: to_picture(hybrid(mixed.low / np.float32(255), mixed.high / np.float32(255), STORED["starts"][0])),
        GRADIENT: viridis[wave_map(ranks, half_plane(gradient.side), gradient.side).astype(int)],
        BY_CLASS: nine,
        CORRUPTIONS: to_picture(corrupted_picture(sample_picture(KIND, 0), "fog", 2)),
    }
    return {name: png_data_uri(picture) for name, picture in pictures.items()}


@st.cache_resource(show_spinner=False)
def _pictures() -> str:
    """Return a style sheet with the picture of each card."""
    rules = [
        f".st-key-{PLACE} [data-testid=stButtonGroup] button:nth-of-type({k})::before"
        f"{{content:'';background-image:url({picture})}}"
        for k, picture in enumerate(card_pictures().values(), 1)
    ]
    return f"<style>{''.join(rules)}</style>"
