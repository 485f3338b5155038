"""Page *Models and data*: what is here, what can be fetched, where it all comes from, and how to add to it.

Nothing on this page imports torch.
"""

from __future__ import annotations

import streamlit as st

from core.classifiers.listed import listed_classifiers
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, classifier_state, classifier_title
from core.shared.html import TERMS
from core.shared.roles import INSTEAD
from ui.maps.catalogue import computed_maps, stored_title
from ui.models.classifier_table import classifier_table, format_size, linked_card
from ui.models.data_tables import maps_table, samples_tables
from ui.models.preparation import preparation, unprepared
from ui.models.weight_downloads import weight_downloads
from ui.shared.sentences import write_sentence
from ui.shared.text import as_markdown

REDRAW_SECONDS = 0.5  # while a download runs


def page() -> None:
    """Draw the page."""
    st.title("Models and data", anchor=False)
    linked_card()
    # Ticks only while there is something to follow: each tick draws the table anew.
    st.fragment(_classifiers, run_every=REDRAW_SECONDS if _busy() else None)()
    with st.expander("Heat maps with their origin and licence"):
        maps_table()
    with st.expander("Pictures with their credit"):
        samples_tables()
    st.markdown(
        "A classifier, a data set or a map of your own: `docs/adding.md`, in a copy of this project, has the commands."
    )


def _busy() -> bool:
    """Whether a download or a preparation goes on."""
    return weight_downloads().running or preparation().running


def _classifiers() -> None:
    ticking, busy = st.session_state.setdefault("models.ticking", False), _busy()
    if ticking != busy:  # one began or the last one ended: the page decides anew whether to tick
        st.session_state["models.ticking"] = busy
        st.rerun()
    text, banner = st.columns([2, 3], gap="large")
    with text:
        write_sentence(
            "What each CLIP, ResNet and robust network here is, where it comes from, and what a download adds.", *TERMS
        )
        _preparation()
    with banner:
        _banner()
    classifier_table()
    for reason in listed_classifiers().refused:
        st.warning(as_markdown(reason), icon=":material/warning:")


def _banner() -> None:
    """Whether the paper's CLIP is here, what its download brings, and what changes with it."""
    spec, state = classifier_spec(PAPERS_CLIP), classifier_state(PAPERS_CLIP)
    if state.status == "ready":
        st.success(
            f"**{spec.title}, the paper’s CLIP, is here**: it predicts beside its map on *Frequencies*, and "
            "*Fill a hole* and *Draw* open with the paper’s own experiment on a photograph.",
            icon=":material/check_circle:",
        )
        return
    size = format_size(state.download_bytes)
    if computed_maps(PAPERS_CLIP):
        st.success(
            f"**A profile of {stored_title(PAPERS_CLIP)} is here**: *Story*, *Findings* and stored runs show it "
            f"wherever it has a result. Its weights, a download of {size}, bring predictions and runs of your own.",
            icon=":material/check_circle:",
        )
        return
    st.info(
        f"**The paper’s CLIP is not bundled**, only its heat map is: a download of {size} brings {spec.title} itself, "
        "which then predicts on *Frequencies*, for your own words as well, and with which *Fill a hole* and "
        f"*Draw* then open; until then {classifier_title(INSTEAD[PAPERS_CLIP])} is shown instead, in miniature. A "
        "download that breaks off goes on where it stood.",
        icon=":material/info:",
    )


def _preparation() -> None:
    """How far the examples are that follow a download; or a button that makes those which are missing."""
    state = preparation()
    if state.running:
        st.progress(
            state.fraction,
            text=f"Examples are being made: {as_markdown(state.what)}. No page waits for them.",
        )
        return
    if state.error:
        st.warning(as_markdown(state.error), icon=":material/warning:")
    if unprepared():
        st.button(
            "Make the missing examples",
            help="Holes and drawings by the networks that *Fill a hole* and *Draw* open with, and a CLIP’s "
            "profile: minutes of one core, in the background.",
            on_click=preparation().begin,
            key="models.prepare",
        )
