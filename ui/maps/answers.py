"""Networks' answers to the picture under every wave of the maps: stored, or computed while the page is open."""

from __future__ import annotations

import html
import json
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.data.sample_sets import SAMPLE_SETS
from core.data.words import everyday_name
from core.sweep.answers import UNKNOWN, WaveAnswers, answer, column, columns, no_answers, stored_answers
from core.sweep.wave_sweep import usual_map_size
from ui.components.mount import pack_bytes, picture_id
from ui.maps.catalogue import Entry, Predictor
from ui.maps.chosen_wave import PerturbedPicture
from ui.server.cache import classifier_for, job_manager, single_flight_cache, wait_for_first_paint
from ui.shared.colours import model_colour
from ui.shared.page import torch_starts, try_predict
from ui.shared.page_pictures import Picture

GROW_SECONDS, GROW_BATCH = 0.25, 16  # between two deliveries of answers; waves in one forward pass
LARGE = 100  # pixels; networks for larger pictures are slow, so they are not asked about every wave


def draw_answers(
    predictors: Sequence[Predictor], chosen: Sequence[Entry], perturbed: PerturbedPicture, more: bool = False
) -> bool:
    """Give the maps' component all that is known of what each network says of the picture under each wave.

    What is not stored is computed: the chosen wave's answer first and, if a network is small, the others as they come.
    chosen: the maps on which waves can be outlined. more: True if the page asks for more. Returns True if
    networks can be asked.
    """
    rows = {predictor: _answers(predictor.spec.name, perturbed.picture, perturbed.epsilon) for predictor in predictors}
    chosen_column = column(perturbed.frequency, usual_map_size(perturbed.picture.size))
    needed = [] if chosen_column is None else [0, chosen_column]
    lacking = [row for row in rows if UNKNOWN in rows[row].percents[0, needed]]
    wait = bool(lacking or more) and (wait_for_first_paint() or not torch_starts())
    for predictor in [] if wait else lacking:
        try_predict(predictor.spec, partial(_answer, rows[predictor], perturbed.picture, needed))
    answered = [row for row in rows if rows[row].percents[0, 0] != UNKNOWN]
    small = [row for row in answered if (row.spec.image_size or LARGE) < LARGE]
    growing = [rows[row] for row in small if UNKNOWN in rows[row].percents]
    first = True

    def follow() -> None:
        nonlocal first
        end, grown = time.monotonic() + GROW_SECONDS, not first
        while not first and growing and time.monotonic() < end:
            unknown = np.flatnonzero(growing[0].percents[0] == UNKNOWN)
            with job_manager().before_runs():
                _answer(growing[0], perturbed.picture, unknown[:GROW_BATCH].tolist())
            if len(unknown) <= GROW_BATCH:
                growing.pop(0)
        first = False
        content = json.dumps(pack_answers({row: rows[row] for row in answered}, chosen, perturbed))
        st.html(f'<div data-answers="{html.escape(content)}"></div>')
        if grown and not growing:
            st.rerun()  # without the timer

    st.fragment(follow, run_every=GROW_SECONDS if growing else None)()
    return not wait


@single_flight_cache(max_entries=500)
def _answers(name: str, picture: Picture, epsilon: float) -> WaveAnswers:
    """Return what is known of a picture, to be grown in place: all of a bundled one at the usual size v, or nothing."""
    stored = stored_answers().get(name)
    about = SAMPLE_SETS[picture.sample_set].dataset, usual_map_size(picture.size), epsilon
    if stored is not None and stored.about == about and not picture.own:
        return stored.of(picture.position)
    return no_answers(name, 1, *about)


def _answer(answers: WaveAnswers, picture: Picture, needed: list[int]) -> None:
    classifier = classifier_for(answers.metadata["classifier"]["name"], picture.classes)
    answer(answers, classifier, picture.pixels[None], needed, start=picture.position)


def pack_answers(
    rows: Mapping[Predictor, WaveAnswers], chosen: Sequence[Entry], perturbed: PerturbedPicture
) -> dict[str, Any]:
    """Return JSON for the maps' component: `readAnswers` in `answers.js` reads it."""
    picture, networks, seen = perturbed.picture, [], set[int]()
    size = usual_map_size(picture.size)
    cells = columns(size)
    for predictor, answers in rows.items():
        classes, percents = answers.classes[0], answers.percents[0]
        known, right = percents[1:] != UNKNOWN, classes[0] if picture.label is None else picture.label
        seen.update(classes.tolist(), [int(right)])
        names = (predictor.of, predictor.spec.name)
        networks.append(
            {
                "title": predictor.title,
                "colour": model_colour(predictor.spec.name),
                "maps": [k for k, entry in enumerate(chosen) if entry.classifier in names],
                "right": int(right),
                "clean": [int(classes[0]), int(percents[0])],
                "classes": pack_bytes(classes[cells].astype("<u2")),
                "percents": pack_bytes(percents[cells]),
                "waves": [int((known & (classes[1:] != right)).sum()), int(known.sum()), len(known)],
            }
        )
    return {
        "about": [picture_id(picture.pixels), perturbed.epsilon],
        "size": size,
        "named": picture.label is not None,
        "names": {k: everyday_name(picture.classes.names[k]) for k in sorted(seen)},
        "networks": networks,
    }
