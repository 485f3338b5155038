"""Entry of the app: `streamlit run app.py` serves the pages of `ui/pages/navigation.py`."""

import contextlib
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from ui.server.cache import job_manager, read_list
from ui.server.downloads import fetch_clip, profile_maker
from ui.server.streamlit_internals import PagesHaveOneName, import_ahead
from ui.shared.page import LOOK


def read_pages() -> None:
    """Import the pages and read what the first one shows, while the first visitor's browser fetches its own part."""
    import ui.pages.findings
    import ui.pages.models  # noqa: F401
    from core.data.sketches import FIRST_SKETCH
    from ui.story.bridge import measured
    from ui.story.story_start import of_tile, word_of

    import_ahead()
    measured(of_tile(FIRST_SKETCH, word_of(FIRST_SKETCH)), None)
    with contextlib.suppress(ValueError):  # invalid limits, which every page reports
        fetch_clip()


@contextlib.asynccontextmanager
async def serving(app: st.App) -> AsyncIterator[None]:
    """Read what pages need before the server starts, and stop its jobs when it ends: Streamlit skips `atexit`."""
    read_list()  # before anybody waits for a page
    threading.Thread(target=read_pages, daemon=True).start()
    yield
    profile_maker().close()
    job_manager().close()


NAVIGATION = Path(__file__).parent / "ui" / "pages" / "navigation.py"
# Streamlit prepends this folder for each run of the script and removes it afterwards, unless it is there: an import in
# another thread would then skip a folder, and not find its modules.
sys.path.append(str(NAVIGATION.parent))
app = st.App(NAVIGATION, lifespan=serving, middleware=[Middleware(PagesHaveOneName, LOOK)])
