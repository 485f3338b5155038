"""Page *Story*, the first one: ten steps, each with a figure to touch, most with a claim and its verdict."""

from __future__ import annotations

import html
import re

import streamlit as st

from ui.claims.table import STYLE, judged_html
from ui.components.steps import step_tabs
from ui.shared import url
from ui.shared.look import style_sheet
from ui.story.step import Step
from ui.story.steps import STEPS

STEP = "step"  # in the URL, which alone says where a visitor is

# Everything has its height from the start; on a phone the tabs stay in sight at the lower edge.
_STYLE = style_sheet(__file__)


def page() -> None:
    """Draw the step that the URL names."""
    st.markdown(_STYLE, unsafe_allow_html=True)
    number = url.number(STEP, range(1, len(STEPS) + 1)) or 1  # a senseless URL shows the first
    step = STEPS[number - 1]
    words = told(step)  # before anything is drawn, so that text and figure change together
    with st.container(horizontal=True, vertical_alignment="center", key="story-bar"):
        st.title("What does CLIP see?", width="content", anchor=False)
        with st.container(key="story-steps"):
            step_tabs(
                [each.name for each in STEPS], number, title=step.title, parameter=STEP, key="story.tabs", on_go=_go
            )
    left, figure = st.columns([25, 75], gap="medium")
    left.html(words)
    with figure, st.container(key="story-figure"):
        step.draw()


def _go(number: int) -> None:
    url.put(STEP, str(number))


def told(step: Step) -> str:
    """All that is read in a step, as HTML."""
    tried = "".join(judged_html(trial.find(), trial.shows) for trial in step.trials)
    return (
        f'{STYLE}<div class="story"><h2>{html.escape(step.title)}</h2>'
        f'<p class="lead">{_unbroken(step.text + step.more())}</p>{tried}'
        f'<a class="door" href="{html.escape(step.door.url)}">{html.escape(step.door.label)}</a></div>'
    )


def _unbroken(text: str) -> str:
    """Escaped, with numbers and their units on one line."""
    return html.escape(re.sub(r"(?<=\d) (?=%|points|MB)", "\N{NO-BREAK SPACE}", text))
