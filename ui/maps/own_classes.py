"""Asking every ready CLIP about classes in the visitor's own words, with a prompt pattern of their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np
import streamlit as st

from core import paper
from core.classifiers.bundled import bundled_specs
from core.classifiers.predictions import Predictions, predict_under_wave
from core.classifiers.registry import ClassifierSpec
from core.classifiers.text import MAX_CLASSES, MIN_CLASSES, check_prompts, parse_class_list, parse_template
from core.data.classes import ClassSet
from core.errors import sentence
from ui.maps.prediction_tables import answer_table
from ui.shared.model_cache import classifier_for, ready_clips
from ui.shared.text import as_markdown

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from ui.maps.cell_predictions import WavedPicture

# What a visitor types here; in the page's address as well.
CLASSES, PROMPT = "classes", "prompt"
DEFAULT_CLASSES = "kitten, puppy, pony, bird, car, jet, boat"
# Longer addresses are cut by some servers and chats, and a reload of a very long one fails.
LONGEST_IN_ADDRESS = 1500


def ask_in_own_words(shown: WavedPicture, *, loaded: bool) -> Callable[[], None]:
    """Draw the question and keep a place for the answers.

    Args:
        shown: the picture and the wave asked about.
        loaded: whether torch may be used in this run.
    Returns:
        What asks the classifiers and fills the place.
    """
    st.markdown("##### Ask CLIP in your own words")
    clips = ready_clips()
    if not clips:
        st.caption(
            "A CLIP can be asked about any classes that you type, but none is ready on this machine: the page "
            "**Models and data** has CLIP models."
        )
        return lambda: None
    typed, pattern = _question()
    _small_vocabulary(clips)
    try:
        classes, template = parse_class_list(typed), parse_template(pattern)
    except ValueError as error:
        _refuse(str(error))
        return lambda: None
    place = st.container(key="own-answers")
    if not loaded:
        place.caption("The answers come as soon as the classifiers are loaded …")
        return lambda: None

    def ask() -> None:
        with place:
            _draw(clips, classes, template, shown)

    return ask


def _question() -> tuple[str, str]:
    """The two fields; returns what is typed in them."""
    typed = st.text_area(
        f"Classes, on lines of their own or separated by commas ({MIN_CLASSES} to {MAX_CLASSES})",
        DEFAULT_CLASSES,
        height=100,
        key=CLASSES,
        bind=_binding(CLASSES),
        persist_state="session",
        help="The answer is a share among exactly these. Try things that are not in the picture, such as “pattern of "
        "stripes”: does the wave make CLIP say it?",
    )
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    pattern = left.text_input(
        "Prompt pattern, with {class} where the class stands",
        paper.TEMPLATE,
        key=PROMPT,
        bind=_binding(PROMPT),
        persist_state="session",
    )
    # Leaving a field is enough; the button is for those who look for one.
    right.button("Ask", width="stretch", key="own.ask")
    if not all(_fits_address(text) for text in (typed, pattern)):
        st.caption("This is too long for the page's address: a link to this page will ask about other classes.")
    return typed, pattern


def _binding(key: str) -> str | None:
    return "query-params" if _fits_address(st.session_state.get(key, "")) else None


def _fits_address(text: str) -> bool:
    return len(quote(text)) <= LONGEST_IN_ADDRESS


def _small_vocabulary(clips: Sequence[ClassifierSpec]) -> None:
    small = [spec.title for spec in clips if spec.name in bundled_specs()]
    if small:
        st.caption(
            f"{' and '.join(small)} learned from captions about the ten classes of CIFAR-10 alone: about any other "
            "word it has to guess."
        )


def _draw(clips: Sequence[ClassifierSpec], classes: ClassSet, template: str, shown: WavedPicture) -> None:
    from core.classifiers.zero_shot import fill_template

    try:
        fill_template(template, classes)
    except ValueError as error:
        _refuse(str(error))
        return
    for spec in clips:
        with st.empty():
            try:
                with st.spinner(f"{spec.title} …"):
                    found = _answers_about(spec, classes, template, shown)
            except (RuntimeError, FileNotFoundError, ValueError) as error:
                _refuse(str(error), of=spec.title)
                continue
            answer_table(spec.title, found, classes.names, None, frequency=shown.frequency, complete=True)


def _refuse(reason: str, *, of: str = "") -> None:
    """Say in one sentence what is wrong; the reason may quote the visitor, so nothing in it is taken as Markdown."""
    st.error(as_markdown(f"{of}: {reason}." if of else sentence(reason)))


def _answers_about(spec: ClassifierSpec, classes: ClassSet, template: str, shown: WavedPicture) -> Predictions:
    picture = shown.picture
    return _answers_of(
        spec.name, classes, template, picture.pixels, shown.frequency, shown.epsilon, shown.seed, picture.position
    )


@st.cache_data(show_spinner=False, max_entries=500)
def _answers_of(
    name: str,
    classes: ClassSet,
    template: str,
    pixels: np.ndarray,
    frequency: tuple[int, int],
    epsilon: float,
    seed: int,
    position: int,
) -> Predictions:
    image = pixels.astype(np.float32) / 255
    return predict_under_wave(
        _asked(name, classes, template), image, frequency, epsilon, (), seed=seed, position=position
    )


@st.cache_resource(show_spinner=False, max_entries=12)
def _asked(name: str, classes: ClassSet, template: str) -> Classifier:
    """The classifier, asked about these classes: each prompt is embedded here, once."""
    classifier = classifier_for(name, "cifar10")
    check_prompts(classifier, classes.names, template)
    return classifier.for_classes(classes, template)
