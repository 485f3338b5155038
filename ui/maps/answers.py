"""Networks' answers to the picture under every wave of the maps: stored, or computed while the page is open."""

from __future__ import annotations

import html
import itertools
import json
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from core.data.sample_sets import SAMPLE_SETS
from core.data.words import everyday_name
from core.sweep.answers import CLEAN, UNKNOWN, WaveAnswers, answer, column, columns, no_answers, stored_answers
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


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """A network's known answers on one picture under each wave; sessions share and grow it.

    known: answers for this picture alone, filled in place. lock: held while a network is asked.
    """

    known: WaveAnswers
    picture: Picture
    lock: threading.Lock = field(default_factory=threading.Lock)

    def missing(self, columns: Sequence[int] | None = None) -> list[int]:
        """Return the columns without an answer, of some or of all."""
        unknown = np.flatnonzero(self.known.percents[0] == UNKNOWN).tolist()
        return unknown if columns is None else sorted({*unknown} & {*columns})

    def fill(self, columns: Sequence[int]) -> None:
        """Ask the network about the missing ones of some columns."""
        with self.lock:
            if needed := self.missing(columns):
                classifier = classifier_for(self.known.metadata["classifier"]["name"], self.picture.classes)
                answer(self.known, classifier, self.picture.pixels[None], needed, start=self.picture.position)


@single_flight_cache(max_entries=500)
def answers_of(name: str, picture: Picture, epsilon: float) -> AnswerTable:
    """Return a network's answers to a picture: stored for a bundled one at the usual size v, else none yet."""
    stored = stored_answers().get(name)
    about = SAMPLE_SETS[picture.sample_set].dataset, usual_map_size(picture.size), epsilon
    if stored is not None and stored.about == about and not picture.own:
        return AnswerTable(stored.of(picture.position), picture)
    return AnswerTable(no_answers(name, 1, *about), picture)


def draw_answers(
    predictors: Sequence[Predictor], chosen: Sequence[Entry], perturbed: PerturbedPicture, more: bool = False
) -> bool:
    """Give the maps' component all that is known of what each network says of the picture under each wave.

    What is not stored is computed: the chosen wave's answer first and, if a network is small, the others as they come.
    chosen: the maps on which waves can be outlined. more: True if the page asks for more. Returns True if
    networks can be asked.
    """
    tables = {row: answers_of(row.spec.name, perturbed.picture, perturbed.epsilon) for row in predictors}
    chosen_column = column(perturbed.frequency, usual_map_size(perturbed.picture.size))
    first = [] if chosen_column is None else [CLEAN, chosen_column]
    lacking = [row for row, table in tables.items() if table.missing(first)]
    wait = bool(lacking or more) and (wait_for_first_paint() or not torch_starts())
    for row in [] if wait else lacking:
        try_predict(row.spec, partial(tables[row].fill, first))
    answered = {row: table for row, table in tables.items() if not table.missing([CLEAN])}
    small = [table for row, table in answered.items() if (row.spec.image_size or LARGE) < LARGE]
    _write_and_grow(answered, [table for table in small if table.missing()], chosen, perturbed)
    return not wait


def _write_and_grow(
    answered: Mapping[Predictor, AnswerTable],
    growing: Sequence[AnswerTable],
    chosen: Sequence[Entry],
    perturbed: PerturbedPicture,
) -> None:
    """Write the answers for the component; then, on a timer, grow some tables and write again until nothing is missing.

    The first writing waits for no network.
    """
    ticks = itertools.count()

    def tick() -> None:
        grows = next(ticks) > 0 and bool(growing)
        if grows:
            _grow(growing, time.monotonic() + GROW_SECONDS)
        known = {row: table.known for row, table in answered.items()}
        content = json.dumps(pack_answers(known, chosen, perturbed))
        st.html(f'<div data-answers="{html.escape(content)}"></div>')
        if grows and not any(table.missing() for table in growing):
            st.rerun()  # without the timer

    st.fragment(tick, run_every=GROW_SECONDS if growing else None)()


def _grow(tables: Sequence[AnswerTable], end: float) -> None:
    """Fill in tables, one after the other, until a time of `time.monotonic`; visitors' runs wait for a batch."""
    for table in tables:
        while (missing := table.missing()) and time.monotonic() < end:
            with job_manager().before_runs():
                table.fill(missing[:GROW_BATCH])


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
