"""Page *Models and data*: installed and downloadable models and data, their provenance, and how to add more.

Nothing on this page imports torch.
"""

from __future__ import annotations

import streamlit as st

from core.classifiers.listed import listed_classifiers
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, classifier_state, classifier_title
from core.data.profiles import missing_profiles
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
    # Reruns on a timer only while something is in progress: each rerun redraws the table.
    st.fragment(_classifiers, run_every=REDRAW_SECONDS if _busy() else None)()
    with st.expander("Heat maps with their origin and licence"):
        maps_table()
    with st.expander("Pictures with their credit"):
        samples_tables()
    st.markdown(
        "`docs/adding.md`, in a copy of this project, has the commands that add your own classifier, data set or map."
    )


def _busy() -> bool:
    """Return whether a download or a preparation is running."""
    return weight_downloads().running or preparation().running


def _classifiers() -> None:
    ticking, busy = st.session_state.setdefault("models.ticking", False), _busy()
    if ticking != busy:  # the first job began or the last one ended: the page starts or stops the timer
        st.session_state["models.ticking"] = busy
        st.rerun()
    text, banner = st.columns([2, 3], gap="large")
    with text:
        write_sentence(
            "This page lists every CLIP, ResNet and robust network: what it is, where it comes from, and what a "
            "download adds.",
            *TERMS,
        )
        _preparation()
    with banner:
        _banner()
    classifier_table()
    for reason in (*listed_classifiers().refused, *missing_profiles()):
        st.warning(as_markdown(reason), icon=":material/warning:")


def _banner() -> None:
    """Say whether the paper's CLIP is installed, and what its download adds."""
    spec, state = classifier_spec(PAPERS_CLIP), classifier_state(PAPERS_CLIP)
    if state.status == "ready":
        st.success(
            f"**{spec.title}, the paper’s CLIP, is installed.** It predicts beside its map on *Frequencies*. "
            "*Fill a hole* and *Draw* open with the paper’s own experiment on a photograph.",
            icon=":material/check_circle:",
        )
        return
    size = format_size(state.download_bytes)
    if computed_maps(PAPERS_CLIP):
        st.success(
            f"**A profile of {stored_title(PAPERS_CLIP)} is installed.** *Story*, *Findings* and stored runs show it "
            f"wherever it has a result. The paper’s weights, a download of {size}, add predictions and your own runs.",
            icon=":material/check_circle:",
        )
        return
    st.info(
        f"**Only the heat map of the paper’s CLIP is bundled.** A download of {size} installs {spec.title} itself. It "
        "then predicts on *Frequencies*, also among your own words, and *Fill a hole* and *Draw* open with it. Until "
        f"then {classifier_title(INSTEAD[PAPERS_CLIP])} takes its place, in miniature.",
        icon=":material/info:",
    )


def _preparation() -> None:
    """Draw the progress of examples after a download, or a button that computes missing ones."""
    state = preparation()
    if state.running:
        st.progress(
            state.fraction,
            text=f"Computing examples in the background: {as_markdown(state.what)}.",
        )
        return
    if state.error:
        st.warning(as_markdown(state.error), icon=":material/warning:")
    if state.error or unprepared():
        st.button(
            "Compute the missing examples",
            help="Examples are the holes and drawings that *Fill a hole* and *Draw* open with, and a CLIP’s profile. "
            "They take minutes on one core, in the background.",
            on_click=preparation().begin,
            key="models.prepare",
        )
