"""Parts of every page: its look, terms with tooltips, what a failing classifier leaves, and the footer."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import PAPERS_CLIP
from core.shared.device import check_torch
from core.shared.text import TERMS, explain_terms, sentence
from ui.components.mount import register
from ui.server.cache import is_ready, job_manager
from ui.server.limits import log
from ui.shared import url
from ui.shared.url import as_markdown

Answer = TypeVar("Answer")
_UI = Path(__file__).parents[1]
LOOK = "".join((_UI / sheet).read_text(encoding="utf-8") for sheet in ("shared/look.css", "components/basics.css"))
_look = register("look.js")


def reveal(page: str) -> None:
    """Show the parts of a page from the top, each once its height is stable; called first in each run."""
    _look(key="look", data={"page": page})


def scroll_into_view(below: str, count: int) -> None:
    """Scroll a part of the page, which a control has opened, to the top of the window once for each new positive count.

    Args:
        below: the key of its container.
    """
    scroll_to(f".st-key-{below}", count)


def scroll_to(selector: str, count: int) -> None:
    """Scroll an element to the top of the window once it exists, one time for each new positive count."""
    _look(key=f"{selector}.scroll", data={"part": selector, "count": count})


def press_once(selector: str, count: int) -> None:
    """Press an element of the page once it exists, one time for each new positive count."""
    _look(key="look.press", data={"press": selector, "count": count})


EXPLAINED = "terms.explained"  # key in the session: the page and its part that explain a term, by term
_TERMS_PAGE = "terms.page"  # key in the session: the page that is drawn


def explain_on_page(text: str, part: str, *terms: str) -> str:
    """Return HTML with the `TERMS` entry of each term where a visitor first meets it.

    Args:
        text: HTML. part: name of the page's part, the same whenever a fragment draws this text again.
    """
    explained, here = st.session_state.setdefault(EXPLAINED, {}), (st.session_state.get(_TERMS_PAGE), part)
    result = explain_terms(text, *(term for term in terms if explained.get(term, here) == here))
    explained.update({term: here for term in terms if term not in explained and html.escape(TERMS[term]) in result})
    return result


def begin_page(page: str) -> None:
    """Start a page: forget which of its terms are explained, but not those of other pages."""
    state = st.session_state
    state[EXPLAINED] = {term: where for term, where in state.get(EXPLAINED, {}).items() if where[0] != page}
    state[_TERMS_PAGE] = page


def torch_starts() -> bool:
    """Return True if torch can be used; otherwise draw the reason."""
    try:
        check_torch()
    except RuntimeError as error:
        st.error(as_markdown(sentence(str(error))))
        return False
    return True


def try_predict(spec: ClassifierSpec, question: Callable[[], Answer]) -> Answer | None:
    """Return a classifier's predictions; on failure show and log the reason and return None."""
    try:
        with st.spinner(f"{spec.title} …"), job_manager().before_runs():
            return question()
    except (RuntimeError, FileNotFoundError, ValueError) as error:
        log("prediction failed", error=error, classifier=spec.name)
        st.error(as_markdown(sentence(f"{spec.title}: {error}")))
        return None


CLIPS_SETTINGS = "We chose its settings on other networks."


def clip_paints() -> str:
    """Return that the paper's CLIP paints and where its settings come from; empty where it is not installed."""
    return f"CLIP paints on Paint and fills on Fill a hole. {CLIPS_SETTINGS}" if is_ready(PAPERS_CLIP) else ""


# BibTeX entries: the paper, then what this app builds on.
PAPERS_ENTRY, *BUILDS_ON = Path(__file__).with_name("references.bib").read_text(encoding="utf-8").strip().split("\n\n")
THE_PAPER = dict(re.findall(r"^  (\w+) = \{(.*)\}", PAPERS_ENTRY, re.MULTILINE))  # its fields

# What somebody else gets by the link of a page, by the page's title; what the page does not know has no line.
ABOUT_LINK = {
    "Story": "Anyone with this link sees this chapter with your choices. Your own photos are not shared.",
    "Frequencies": "Anyone with this link sees the same maps, wave and picture. Your own photos and maps are not "
    "shared.",
    "Fill a hole": "Anyone with this link gets the same photo, hole, word and settings, and can fill the hole again. "
    "Your own photos are not shared.",
    "Paint": "Anyone with this link gets the same word, start and settings, and can paint it again. Your own photos "
    "are not shared.",
    "Findings": "Anyone with this link sees the same comparison.",
    "Models": "Anyone with this link sees this page.",
}


def footer(page: str) -> None:
    """Draw the last line of a page: the paper's title, its authors, a link, and *Share* with how to cite.

    page: its title.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        title = THE_PAPER["title"].replace("{", "").replace("}", "")
        st.markdown(
            f"An interactive companion to *{title}* by Yuri Galindo and Fabio A. Faria "
            f"([code and runs]({THE_PAPER['url']}))."
        )
        # The page's URL is complete only now.
        with st.popover("Share", icon=":material/link:"):
            st.markdown(ABOUT_LINK[page])
            st.code(url.address(), language=None, wrap_lines=True)
            with st.expander("Cite"):
                st.markdown("The paper, for the experiments and for the heat maps marked as published:")
                st.code(PAPERS_ENTRY, language="latex", wrap_lines=True)
                st.markdown("What it builds on:")
                st.code("\n\n".join(BUILDS_ON), language="latex", wrap_lines=True)


MISSING = "missing_photo"  # in the session, after a page's name: a link lacked the photo of whoever made it


def say_if_missing(page: str) -> None:
    """Say that a link lacks the photo of whoever made it, until another picture is chosen."""
    if st.session_state.get(f"{page}.{MISSING}"):
        st.info("Your photo isn’t in the link. Choose it again. The word and the settings are still there.")


def forget_missing(page: str) -> None:
    """Stop saying that a link lacks a photo."""
    st.session_state.pop(f"{page}.{MISSING}", None)
