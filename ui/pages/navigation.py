"""Entry script of all pages: page settings, navigation and common elements."""

from urllib.parse import urlsplit

import streamlit as st

from core.shared.text import sentence
from ui.pages import findings, frequency, generation, inpainting, models, story
from ui.server.cache import read_list
from ui.server.limits import limits, log
from ui.shared import url
from ui.shared.page import begin_page, footer, reveal


def main() -> None:
    """Draw the chosen page and what all pages share."""
    # Called first: the first paint must have the page's width.
    # The icon is an emoji, and pages have none: material icons would be fetched from another server.
    st.set_page_config(page_icon="🌊", layout="wide")
    try:
        limits()
    except ValueError as error:  # the message tells the operator how to fix it
        log("limits are wrong", error=error, reason=str(error))
        st.error(sentence(str(error)))
        st.stop()

    url.note_return()
    read_list()  # in case the server's entry point has not read it

    # A page at the root has no other URL, so the story is registered twice, at the root and at /story; one is shown.
    at_root = urlsplit(st.context.url or "").path.rpartition("/")[2] != "story"
    home = st.Page(story.page, title=url.PAGES["story"], default=True, visibility="visible" if at_root else "hidden")
    drawn = (story.page, frequency.page, inpainting.page, generation.page, findings.page, models.page)
    pages = [
        st.Page(draw, title=title, url_path=path, visibility="hidden" if path == "story" and at_root else "visible")
        for (path, title), draw in zip(url.PAGES.items(), drawn, strict=True)
    ]
    chosen = st.navigation([home, *pages], position="top")
    st.set_page_config(page_title=f"{chosen.title} · What does CLIP see?")
    reveal(chosen.title)
    tabs = dict(zip(url.PAGES, pages, strict=True))
    if at_root:
        tabs["story"] = home
    url.keep_pages(tabs)
    with st.container(horizontal=True, key="page-tabs"):  # for windows so narrow that Streamlit hides its navigation
        for path, page in tabs.items():
            st.page_link(page, label=url.PAGES[path])
    begin_page(chosen.title)
    chosen.run()
    footer(chosen.title)


if __name__ == "__main__":
    main()
