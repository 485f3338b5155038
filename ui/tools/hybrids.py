"""Tool *Two pictures in one*: low frequencies of one picture, high ones of another, and each network's prediction."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core.data.sample_sets import SAMPLE_SETS
from core.sweep.predict import HybridPredictions, hybrid_cutoffs, predict_hybrids
from ui.components.hybrid_mixer import hybrid_mixer
from ui.maps.models import Predictor
from ui.maps.predictions.cell_predictions import predict_all, torch_starts
from ui.server.model_cache import classifier_for
from ui.shared import url
from ui.shared.picture_choice import thumbnails
from ui.shared.pictures import Picture, sample_picture, samples
from ui.shared.sentences import write_sentence
from ui.shared.text import whole_number
from ui.tools.mixtures import mixture
from ui.tools.page_state import MAX_NETWORKS, PageState
from ui.tools.sentences import crossover_cutoffs

SECOND, CUTOFF = "second", "cutoff"  # in the URL: index of a bundled picture; cycles per image
_OF_KIND, _CUTOFF = "frequency.second.{}", "frequency.cutoff"  # keys in the session


def hybrid_panel(page: PageState) -> None:
    """Draw the tool for the chosen picture."""
    assert page.picture is not None
    picture, predictors = page.picture, page.predictors
    second = sample_picture(picture.kind, _second(picture))
    cutoffs = hybrid_cutoffs(picture.size)
    predictions = _predictions_by_network(picture, second, cutoffs, predictors) if predictors and torch_starts() else {}
    mixed = mixture(picture, second, cutoffs, predictions, thumbnails(picture.kind), second.position)
    hybrid_mixer(
        mixed,
        selected=_selected(cutoffs),
        key=f"frequency.hybrids.{picture.size}",
        on_choose=lambda place: st.session_state.__setitem__(_CUTOFF, cutoffs[place]),
        on_pick=partial(st.session_state.__setitem__, _OF_KIND.format(picture.kind)),
    )
    if mixed.networks:
        left, right = st.columns(2, gap="large")
        with left:
            write_sentence(crossover_cutoffs(mixed.networks, cutoffs))
        right.caption(
            "The low-frequency picture contributes a share exp(-r² / 2c²) of each wave of r cycles per image, the "
            f"other picture the rest; c is the cutoff. Networks predict at each of the slider’s {len(cutoffs)} "
            "cutoffs; no bar is interpolated. The wave of the maps above is not added."
        )


def _second(picture: Picture) -> int:
    """Return the index of the second picture."""
    read = partial(whole_number, places=range(len(samples(picture.kind))))
    return url.session_value(_OF_KIND.format(picture.kind), SECOND, read, SAMPLE_SETS[picture.kind].second)


def _selected(cutoffs: Sequence[float]) -> int:
    """Return the index of the cutoff nearest to the session's or the URL's; by default the middle one."""

    def nearest(cutoff: float) -> int:
        return int(np.abs(np.log(np.array(cutoffs) / cutoff)).argmin())

    usual, read = cutoffs[len(cutoffs) // 2], url.real(1e-9, url.MAX_NUMBER)
    return nearest(url.session_value(_CUTOFF, CUTOFF, read, usual, lambda cutoff: f"{cutoffs[nearest(cutoff)]:g}"))


def _predictions_by_network(
    low: Picture, high: Picture, cutoffs: tuple[float, ...], predictors: Sequence[Predictor]
) -> dict[Predictor, HybridPredictions]:
    """Return each classifier's predictions at every cutoff; the page explains missing ones."""
    predictions = predict_all(
        [predictor.spec for predictor in predictors[:MAX_NETWORKS]], lambda name: _predictions(name, low, high, cutoffs)
    )
    return {predictor: predictions[predictor.spec] for predictor in predictors if predictor.spec in predictions}


@st.cache_data(show_spinner=False, max_entries=200)
def _predictions(name: str, low: Picture, high: Picture, cutoffs: tuple[float, ...]) -> HybridPredictions:
    return predict_hybrids(classifier_for(name, low.class_set), low.image, high.image, cutoffs)
