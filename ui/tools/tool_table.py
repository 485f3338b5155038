"""Tools of *Frequencies*: two as cards below the maps, the visitor's own above them. Only an open one is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import streamlit as st

from core.claims.corruption_claims import CORRUPTIONS_TOOL
from core.data.picture_files import png_data_uri
from core.data.sample_sets import SAMPLE_SETS
from core.fourier.waves import hybrid
from core.sweep.mixture_pairs import MIXED_SET, mixed_pairs
from ui.maps.predictions import PageState
from ui.shared import url
from ui.shared.page import scroll_into_view
from ui.shared.page_pictures import sample_picture, to_picture
from ui.tools.compute import add_map_panel, sweep_is_running, sweep_panel
from ui.tools.corruption_tool import USUAL, corrupted_picture, corruption_panel
from ui.tools.hybrid_tool import forget_mixture, hybrid_panel, show_pair
from ui.tools.own_words import OWN_CLASSES, PROMPT, own_classes

TOOL = "tab"  # in the URL: the tool that is open, by its name in `TOOLS`
HYBRIDS_TOOL = "Two pictures in one"
OWN_SWEEP, OWN_WORDS, OWN_MAP = "Compute a map", "Your own words", "Add a map"
_OPEN, _CARD, _OWN = "frequency.tool", "frequency.card", "frequency.own"
_BY_HAND, _TOOLS_PLACE = "frequency.tools_opened", "frequency-tools"


@dataclass(frozen=True)
class Tool:
    """Tool.

    about, picture: text and picture of its card, uint8 (H, W, 3); none for the visitor's own tools. A tool with a card
    needs a picture to work on.
    """

    draw: Callable[[PageState], None]
    about: str = ""
    picture: Callable[[], np.ndarray] | None = None


def open_linked_tool() -> None:
    """Open the tool that the URL names, once."""
    state = st.session_state
    if _OPEN not in state:
        linked = url.text(TOOL) if url.text(TOOL) in TOOLS else None
        if linked is None and not url.names().isdisjoint((OWN_CLASSES, PROMPT)):
            linked = OWN_WORDS
        state[_OPEN], state[_BY_HAND] = linked, int(linked is not None)


def forget_tool() -> None:
    """Forget which tool is open, and the choices in it; the URL then says them."""
    st.session_state.pop(_OPEN, None)
    forget_mixture()


def tool_is_open() -> bool:
    """Return True if any tool is open."""
    return st.session_state[_OPEN] is not None


def own_is_open() -> bool:
    """Return True if a tool of the visitor's own is open."""
    return tool_is_open() and not TOOLS[st.session_state[_OPEN]].about


def open_own(own: bool) -> None:
    """Open the tools of the visitor's own, or close them; for callbacks."""
    if own or own_is_open():
        _open(OWN_SWEEP if own else None)


def draw_own(page: PageState) -> None:
    """Draw the visitor's own tools, if one of them is open, or a map of theirs that is being computed."""
    state = st.session_state
    name = state[_OPEN] if own_is_open() else None
    if name is not None:
        state[_OWN] = name
        own = [name for name in TOOLS if not TOOLS[name].about]
        st.segmented_control(
            "Your own", own, key=_OWN, on_change=lambda: _open(state[_OWN]), label_visibility="collapsed"
        )
        TOOLS[name].draw(page)
    if name != OWN_SWEEP and sweep_is_running():
        TOOLS[OWN_SWEEP].draw(page)  # keep following a map in progress


def draw_cards(page: PageState) -> None:
    """Draw a card for each tool on bundled pictures, and below them the open one."""

    def open_card() -> None:
        _open(state[_CARD])
        if state[_CARD] == HYBRIDS_TOOL and page.is_first:
            page.on_photo(show_pair())  # as on the tile

    state = st.session_state
    cards, name = [name for name in TOOLS if TOOLS[name].about], state[_OPEN]
    with st.container(key=_TOOLS_PLACE):
        st.html(_pictures(*cards))
        state[_CARD] = name if name in cards else None
        st.pills(
            "Tools", cards, format_func=_label, key=_CARD, on_change=open_card,
            label_visibility="collapsed", width="stretch",
        )  # fmt: skip
        url.put(TOOL, name)
        if name not in cards:
            return
        scroll_into_view(_TOOLS_PLACE, state[_BY_HAND])
        if page.picture is None:
            st.info("This tool needs a picture. Choose one above, or use a photo of your own.")
        else:
            TOOLS[name].draw(page)


def _open(name: str | None) -> None:
    st.session_state[_OPEN] = name
    st.session_state[_BY_HAND] += name is not None


def _label(name: str) -> str:
    return f"**{name}** {TOOLS[name].about}"


def mixed_picture() -> np.ndarray:
    """Return the first pair of two photos in one, uint8 (H, W, 3)."""
    pair = mixed_pairs()[0]
    low, high = (sample_picture(MIXED_SET, position).image for position in (pair.low, pair.high))
    return to_picture(hybrid(low, high, pair.predictions.cutoffs[pair.start]))


def _noisy_card() -> np.ndarray:
    picture = sample_picture("cifar10", SAMPLE_SETS["cifar10"].first)
    return to_picture(corrupted_picture(picture, USUAL, 2))


# Keyed by the name on the page and in the URL.
TOOLS: dict[str, Tool] = {
    HYBRIDS_TOOL: Tool(hybrid_panel, "Which picture wins?", mixed_picture),
    CORRUPTIONS_TOOL: Tool(corruption_panel, "Who still sees through noise?", _noisy_card),
    OWN_SWEEP: Tool(sweep_panel),
    OWN_WORDS: Tool(own_classes),
    OWN_MAP: Tool(add_map_panel),
}


@cache
def _pictures(*cards: str) -> str:
    """Return a style sheet with the picture of each card."""
    pictures = [TOOLS[name].picture for name in cards]
    rules = [
        f".st-key-frequency-card button:nth-of-type({k})"
        f"::before{{content:'';background-image:url({png_data_uri(picture())})}}"
        for k, picture in enumerate(pictures, 1)
        if picture is not None
    ]
    return f"<style>{''.join(rules)}</style>"
