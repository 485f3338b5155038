"""Page *Story*, the home page: steps, each with an interactive figure, most with a claim and its verdict."""

from __future__ import annotations

import html
import re

import streamlit as st

from core.reproduce.findings import STYLE, judged_html
from core.shared.html import JARGON, explain_terms
from ui.components.steps import step_tabs
from ui.shared import url
from ui.story.judge import forget
from ui.story.step import Step
from ui.story.steps import STEPS, named_step

STEP = "step"  # in the URL, the only place that stores the current step


def page() -> None:
    """Draw the step named in the URL."""
    step = named_step(url.text(STEP)) or STEPS[0]  # an invalid URL shows the first step
    text = step_html(step)  # computed before anything is drawn, so that text and figure change together
    with st.container(horizontal=True, vertical_alignment="center", key="story-bar"):
        st.title("What does CLIP see?", width="content", anchor=False)
        with st.container(key="story-steps"):
            step_tabs(
                [member.name for member in STEPS],
                [member.slug for member in STEPS],
                STEPS.index(step) + 1,
                title=step.title,
                parameter=STEP,
                on_go=_go,
            )
    left, figure = st.columns([33, 67] if step is STEPS[0] else [25, 75], gap="medium")
    with left:
        st.html(text)
        step.beside()
    with figure, st.container(key="story-figure"):
        step.draw()
    step.below()


def _go(number: int) -> None:
    forget()
    url.put(STEP, STEPS[number - 1].slug)


def step_html(step: Step) -> str:
    """Return a step's texts, claims and link as HTML."""
    findings = [(claim.find(), claim.shows) for claim in step.claims]
    tried = "".join(judged_html(finding, shows) for finding, shows in findings if finding is not None)
    read = (
        f'<div class="story"><h2>{html.escape(step.title)}</h2>'
        f'<p class="lead">{_unbroken(step.text + step.more())}</p>{tried}'
        f"{step.link.html if step.link else ''}</div>"
    )
    return f"{STYLE}{explain_terms(read, *JARGON)}"


def _unbroken(text: str) -> str:
    """Escape text, keeping numbers and their units on one line."""
    return html.escape(re.sub(r"(?<=\d) (?=%|points|MB)", "\N{NO-BREAK SPACE}", text))
