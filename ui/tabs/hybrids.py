"""Tab *Two pictures in one*: slow waves of the chosen picture, fast waves of another, and who sees which of the two."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.claims.hybrids import stored_hybrids
from core.data.sample_sets import SAMPLE_SETS
from core.sweep.hybrid.figure import FORMATS, figure
from core.sweep.predictions import HybridPredictions, hybrid_cutoffs, predict_hybrids
from ui.components.hybrid_mixer import hybrid_mixer
from ui.maps.cell_predictions import ask, torch_starts, with_twins
from ui.maps.models import Predictor
from ui.shared import url
from ui.shared.model_cache import classifier_for
from ui.shared.picture_choice import thumbnails
from ui.shared.pictures import Picture, sample_picture, samples
from ui.shared.server_jobs import job_manager
from ui.shared.text import as_markdown
from ui.tabs.mixtures import changes, mixture
from ui.tabs.sentences import changes_of_mind

SECOND, CUTOFF = "second", "cutoff"  # in the URL: a place among the bundled pictures; cycles per image
MAX_NETWORKS = 4


def hybrid_panel(picture: Picture | None, who: Sequence[Predictor]) -> None:
    """Draw it; `who` predicts, nobody where no classifier may be used in this run."""
    if picture is None:
        st.info("Open **Picture** above and choose a file of your own, or a bundled picture.")
        return
    second = sample_picture(picture.kind, _second(picture))
    cutoffs = hybrid_cutoffs(picture.size)
    found = _found(picture, second, cutoffs, who) if who and torch_starts() else {}
    shown = mixture(picture, second, cutoffs, found, thumbnails(picture.kind), second.position)
    hybrid_mixer(
        shown,
        selected=_selected(cutoffs),
        key=f"frequency.hybrids.{picture.size}",
        on_choose=partial(_choose, cutoffs),
        on_pick=partial(_pick, picture.kind),
    )
    if shown.networks:
        st.markdown(as_markdown(changes_of_mind(changes(shown), cutoffs)))
        st.caption(
            "Of a wave of r cycles per image the share exp(-r² / 2c²) comes from the slow waves’ picture and the rest "
            f"from the other; c is the cutoff. The slider stops at {len(cutoffs)} cutoffs, and networks predict at "
            "each: no bar is interpolated. The wave of the maps above is not added."
        )
    _figure_for_talks(picture, who)


def _figure_for_talks(picture: Picture, who: Sequence[Predictor]) -> None:
    """Buttons for the figure of the many stored pairs: of the networks that predict here, and of their twins."""
    stored = [stored_hybrids().get(spec.name) for spec in with_twins(who, picture.class_set)]
    networks = [one for one in stored if one is not None and one.metadata["image_size"] == picture.size]
    if not networks:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Not one pair but {networks[0].pairs:,}, as a figure for talks:", width="content")
        for suffix in FORMATS:
            kind, name = suffix[1:], f"two-pictures-in-one{suffix}"
            made = partial(figure, networks, kind)
            st.download_button(kind.upper(), made, name, key=f"hybrids.{kind}", on_click="ignore")


def _second(picture: Picture) -> int:
    """The place of the other picture: from this visit, else from the URL, else the set's own."""
    places: dict[str, int] = st.session_state.setdefault("frequency.second", {})
    count = len(samples(picture.kind))
    usual = SAMPLE_SETS[picture.kind].second
    if picture.kind not in places:
        linked = url.number(SECOND)
        places[picture.kind] = usual if linked is None or linked >= count else linked
    url.put(SECOND, str(places[picture.kind]), str(usual))
    return places[picture.kind]


def _pick(kind: str, place: int) -> None:
    st.session_state["frequency.second"][kind] = place


def _selected(cutoffs: Sequence[float]) -> int:
    """The place of the cutoff nearest to this visit's, else to the URL's, else the one in the middle."""
    usual = cutoffs[len(cutoffs) // 2]
    wanted = st.session_state.get("frequency.cutoff")
    if wanted is None:
        try:
            wanted = float(url.text(CUTOFF))
        except ValueError:
            wanted = usual
        if not (math.isfinite(wanted) and wanted > 0):
            wanted = usual
    place = int(np.abs(np.log(np.array(cutoffs) / wanted)).argmin())
    url.put(CUTOFF, f"{cutoffs[place]:g}", f"{usual:g}")
    return place


def _choose(cutoffs: Sequence[float], place: int) -> None:
    st.session_state["frequency.cutoff"] = cutoffs[place]


def _found(
    low: Picture, high: Picture, cutoffs: tuple[float, ...], who: Sequence[Predictor]
) -> dict[Predictor, HybridPredictions]:
    """What each classifier predicts at every cutoff; the page says why one does not."""
    found = {}
    for one in who[:MAX_NETWORKS]:
        answer = ask(one.spec, partial(_predictions, one.spec.name, low, high, cutoffs))
        if answer is not None:
            found[one] = answer
    return found


@st.cache_data(show_spinner=False, max_entries=200)
def _predictions(name: str, low: Picture, high: Picture, cutoffs: tuple[float, ...]) -> HybridPredictions:
    with job_manager().before_runs():
        return predict_hybrids(classifier_for(name, low.class_set), low.image, high.image, cutoffs)
