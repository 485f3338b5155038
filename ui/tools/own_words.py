"""Zero-shot predictions of all ready CLIP models for class names and prompts typed by the visitor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import streamlit as st

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import bundled_specs
from core.classifiers.text import DEFAULT_WORDS, MAX_CLASSES, MIN_CLASSES, parse_class_list, parse_template
from core.data.sample_sets import ClassSet
from core.shared import paper
from core.shared.device import check_torch
from core.shared.numbers import join_list
from core.shared.text import sentence
from ui.maps.chosen_wave import PerturbedPicture
from ui.maps.predictions import PageState, prediction_table, predictions_of
from ui.server.cache import ready_clips
from ui.shared.page import try_predict
from ui.shared.url import as_markdown

# What a visitor types here; in the URL as well.
OWN_CLASSES, PROMPT = "classes", "prompt"
DEFAULT_CLASSES = ", ".join(DEFAULT_WORDS)
IN_A_ROW = 3  # tables of predictions
MAX_TEXT = 500  # characters of a field: longer URLs are cut by some servers and chats


def own_classes(page: PageState) -> None:
    """Draw the fields and, for a picture under a wave, each CLIP's predictions among the typed classes."""
    clips = ready_clips()
    if not clips:
        st.markdown(
            "A CLIP can choose among any classes that you type, but none is installed here. You can download one on "
            "the page **Models**."
        )
        return
    typed = st.text_area(
        f"Classes, one per line or separated by commas ({MIN_CLASSES} to {MAX_CLASSES})",
        DEFAULT_CLASSES,
        height=100,
        key=OWN_CLASSES,
        bind="query-params",
        max_chars=MAX_TEXT,
        persist_state="session",
        help="The probabilities of these classes add up to 100%. Try something that is not in the picture, such as "
        "“pattern of stripes”. Does the wave make CLIP see it?",
    )
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    pattern = left.text_input(
        "Prompt, with {class} where the class goes",
        paper.TEMPLATE,
        key=PROMPT,
        bind="query-params",
        max_chars=MAX_TEXT,
        persist_state="session",
    )
    # Leaving a field is enough; the button is for visitors who expect one.
    right.button("Ask", width="stretch", key="own.ask")
    small = [spec.title for spec in clips if spec.name in bundled_specs()]
    if small:
        st.markdown(
            f"{join_list(small)} {'has' if len(small) == 1 else 'have'} only seen captions about ten things, such as "
            "dogs and ships. Any other word is a guess."
        )
    with st.container(key="own-predictions"):
        try:
            parsed = parse_class_list(typed), parse_template(pattern)
            if page.perturbed is not None:
                _predictions(clips, *parsed, page.perturbed)
        except (ValueError, RuntimeError) as error:  # may quote the visitor: do not render as Markdown
            st.error(as_markdown(sentence(str(error))))


def _predictions(
    clips: Sequence[ClassifierSpec], classes: ClassSet, template: str, perturbed: PerturbedPicture
) -> None:
    """Draw each CLIP's predictions without and with the wave. Imports torch.

    Raises:
        ValueError, RuntimeError: invalid input, or torch cannot be used; the text gives the reason.
    """
    check_torch()
    from core.classifiers.zero_shot import fill_template

    fill_template(template, classes)
    columns = [column for _ in clips[::IN_A_ROW] for column in st.columns(IN_A_ROW, gap="medium")]
    for spec, column in zip(clips, columns, strict=False):
        with column, st.empty():
            predictions = try_predict(spec, partial(predictions_of, spec.name, classes, template, perturbed))
            if predictions is not None:
                prediction_table(spec, predictions, classes.names)
