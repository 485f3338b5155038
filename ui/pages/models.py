"""Page *Models and data*: installed and downloadable models and data, their provenance, and how to add more.

Nothing on this page imports torch.
"""

from __future__ import annotations

import streamlit as st

from core.classifiers.registry import (
    PAPERS_CLIP,
    classifier_spec,
    classifier_state,
    classifier_title,
    listed_classifiers,
)
from core.data.stored import missing_profiles
from core.shared.roles import INSTEAD
from core.shared.text import TERMS
from ui.maps.catalogue import computed_maps, stored_title
from ui.models.classifier_table import classifier_table, format_size, linked_card
from ui.models.data_tables import maps_table, samples_tables
from ui.server.downloads import profile_maker, unprofiled, weight_downloads
from ui.shared.sentences import write_sentence
from ui.shared.text import as_markdown, one_line

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
    """Return whether a download or the making of a profile is running."""
    return weight_downloads().running or profile_maker().running


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
        _profile()
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


def _profile() -> None:
    """Draw the progress of a profile, or a button that makes or resumes the first CLIP's that lacks one."""
    maker = profile_maker()
    if maker.running:
        st.progress(maker.fraction, text=f"Profile of {as_markdown(maker.title)}: {as_markdown(maker.what)}.")
        return
    if maker.error:
        st.warning(as_markdown(maker.error), icon=":material/warning:")
    for spec in unprofiled()[:1]:
        st.button(
            f"Make the profile of {as_markdown(one_line(spec.title))}",
            help="Its heat map, the story’s pictures, hybrid images, corruptions, gradient, judged drawings, and the "
            "runs that *Fill a hole* and *Draw* open with: about ten minutes on two cores, beside visitors’ runs. "
            "Pressed again after an end of the server, it resumes.",
            on_click=profile_maker().start,
            args=(spec,),
            key="models.profile",
        )
