"""Entry of the app: `streamlit run app.py` serves the pages of `ui/pages/navigation.py`."""

import contextlib
from collections.abc import AsyncIterator

import streamlit as st
from starlette.middleware import Middleware

from ui.models.preparation import preparation
from ui.paths import PagesHaveOneName
from ui.shared.model_cache import read_list
from ui.shared.server_jobs import end_jobs


@contextlib.asynccontextmanager
async def serving(app: st.App) -> AsyncIterator[None]:
    """Lives as long as the server, which ends by the signal that it got: nothing of Python's own end is reached."""
    read_list()  # before anybody waits for a page
    yield
    preparation().close()
    end_jobs()


app = st.App("ui/pages/navigation.py", lifespan=serving, middleware=[Middleware(PagesHaveOneName)])
