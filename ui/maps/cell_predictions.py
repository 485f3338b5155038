"""How every ready classifier answers to the picture under the wave."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import paper
from core.classifiers.predictions import Flips, Predictions, flips, predict_under_wave, top1_predictions
from core.classifiers.registry import ClassifierSpec
from ui.maps.own_classes import ask_in_own_words
from ui.maps.prediction_tables import answer_table, probability_curve
from ui.shared.model_cache import classifier_for, ready_classifiers
from ui.shared.pictures import Picture, samples

LOADING = "answers.loading"
CURVE_POINTS = 9
FLIP_CHUNK = 25


@dataclass(frozen=True, eq=False)
class WavedPicture:
    """What the answers are about: a picture, a wave (i, j), its size v per channel, and the seed of its signs."""

    picture: Picture
    frequency: tuple[int, int]
    epsilon: float
    seed: int


def draw_answers(shown: WavedPicture, *, answered: DeltaGenerator, question: DeltaGenerator) -> Callable[[], None]:
    """Predictions clean beside perturbed and the curve over v; and the visitor's own classes.

    Args:
        answered, question: where the two go; always the same places, since a field that moves on the page loses its
            hold on the page's address.
    Returns:
        What takes longest, for the places kept for it here: answers about the visitor's classes, and flips counted
        over the samples.
    """
    ready = ready_classifiers(shown.picture.class_set)
    wait = "torch" not in sys.modules and LOADING not in st.session_state
    with answered:
        count = _known_answers(ready, shown, loaded=not wait)
    with question:
        ask = ask_in_own_words(shown, loaded=not wait)

    def finish() -> None:
        ask()
        count()

    return finish


def _known_answers(ready: list[ClassifierSpec], shown: WavedPicture, *, loaded: bool) -> Callable[[], None]:
    """Predictions about the picture's own class set; returns what counts the flips."""
    if not ready:
        st.info(
            "No classifier for these classes is ready on this machine. The page **Models and data** shows what can be "
            "had, and how large each download is."
        )
        return lambda: None
    st.markdown("##### How the answers change")
    if not loaded:
        _wait_for_first_paint()
        return lambda: None
    picture = shown.picture
    found: dict[str, Predictions] = {}
    places = [st.empty() for _ in ready]
    for place, spec in zip(places, ready, strict=True):
        with place:
            try:
                found[spec.title] = _cached_answers(spec, shown)
            except (RuntimeError, FileNotFoundError, ValueError) as error:
                st.error(f"{spec.title}: {error}")
                continue
            answer_table(spec.title, found[spec.title], picture.classes.names, picture.label, frequency=shown.frequency)
    if found:
        probability_curve(found, picture.classes.names, picture.label, shown.epsilon)
    counts = st.container()
    usable = [spec for spec in ready if spec.title in found]

    def count() -> None:
        with counts:
            _flip_counts(usable, shown)

    return count


def _wait_for_first_paint() -> None:
    """Load torch in the next run: importing it now would hold up what the browser is about to paint."""
    st.caption("Loading the classifiers …")

    def go_on() -> None:
        if LOADING in st.session_state:
            st.rerun()
        st.session_state[LOADING] = True

    # The first call is part of this run; the second comes from the browser, once it has shown this one.
    st.fragment(go_on, run_every=0.3)()


def _cached_answers(spec: ClassifierSpec, shown: WavedPicture) -> Predictions:
    picture = shown.picture
    sizes = tuple(np.linspace(0, 4 * paper.EPSILON[picture.size], CURVE_POINTS).round(4).tolist())
    with st.spinner(f"{spec.title} …"):
        return _answers_of(
            spec.name,
            picture.class_set,
            picture.pixels,
            shown.frequency,
            shown.epsilon,
            sizes,
            shown.seed,
            picture.position,
        )


@st.cache_data(show_spinner=False, max_entries=500)
def _answers_of(
    name: str,
    class_set: str,
    pixels: np.ndarray,
    frequency: tuple[int, int],
    epsilon: float,
    sizes: tuple[float, ...],
    seed: int,
    position: int,
) -> Predictions:
    image = pixels.astype(np.float32) / 255
    return predict_under_wave(
        classifier_for(name, class_set), image, frequency, epsilon, sizes, seed=seed, position=position
    )


def _flip_counts(ready: list[ClassifierSpec], shown: WavedPicture) -> None:
    """How often this wave changes the first answer over the bundled samples, counted chunk by chunk.

    Each chunk is a short piece of work, so that another click is not kept waiting.
    """
    kind = "cifar10" if shown.picture.class_set == "cifar10" else "photographs"
    if samples(kind).image_size != shown.picture.size:
        return
    total = len(samples(kind))
    st.markdown(f"##### How often this wave flips the {total} bundled samples")
    places = [st.empty() for _ in ready]
    for place, spec in zip(places, ready, strict=True):
        changed = broken = repaired = 0
        for start in range(0, total, FLIP_CHUNK):
            place.caption(f"{spec.title}: counting, {start} of {total}")
            part = _flips_of(spec.name, kind, start, shown.frequency, shown.epsilon, shown.seed)
            changed, broken, repaired = changed + part.changed, broken + part.broken, repaired + part.repaired
        place.markdown(
            f"**{spec.title}**: {changed} of {total} first answers change; {broken} were right and become wrong, "
            f"{repaired} were wrong and become right."
        )


@st.cache_data(show_spinner=False, max_entries=2000)
def _flips_of(name: str, kind: str, start: int, frequency: tuple[int, int], epsilon: float, seed: int) -> Flips:
    data, part = samples(kind), slice(start, start + FLIP_CHUNK)
    classifier = classifier_for(name, _class_set(kind))
    before = _clean_answers_of(name, kind, start)
    return flips(classifier, data.images[part], data.labels[part], before, frequency, epsilon, seed=seed, start=start)


@st.cache_data(show_spinner=False)
def _clean_answers_of(name: str, kind: str, start: int) -> np.ndarray:
    return top1_predictions(classifier_for(name, _class_set(kind)), samples(kind).images[start : start + FLIP_CHUNK])


def _class_set(kind: str) -> str:
    return "cifar10" if kind == "cifar10" else "imagenet"
