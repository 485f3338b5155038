"""End of the chapter *Limits*: three things to do, each a button to the page or the chapter where one does it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from core.classifiers.registry import PAPERS_CLIP, classifier_state
from ui.runs.known_words import about_words
from ui.shared import url
from ui.shared.page_pictures import open_upload
from ui.shared.url import as_markdown
from ui.story import story_start
from ui.story.chapters import about_clip


def clip_title() -> str:
    """Return the label of the button that leads to CLIP."""
    return "About CLIP" if classifier_state(PAPERS_CLIP).status == "ready" else "Get the real CLIP"


def things_to_do(open_first: Callable[[], None]) -> None:
    """Draw the buttons. open_first: opens the first chapter; for callbacks."""

    def upload() -> None:
        open_upload(story_start.PAGE)
        open_first()

    def sketch() -> None:
        story_start.choose(story_start.EMPTY)
        story_start.choose_word(None)
        open_first()

    clip, photo, canvas = st.columns(3, gap="medium")
    with clip:
        if st.button(clip_title(), key="story.to-do.clip", type="primary", width="stretch"):
            url.open_page("models")
        st.markdown(as_markdown(about_clip()))
    with photo:
        st.button("Try your own photo", key="story.to-do.photo", type="primary", width="stretch", on_click=upload)
        st.markdown(f"Turn it into any of {about_words(story_start.ROW.classes)}.")
    with canvas:
        st.button("Paint your own sketch", key="story.to-do.sketch", type="primary", width="stretch", on_click=sketch)
        st.markdown("A few blobs on an empty canvas are enough.")
