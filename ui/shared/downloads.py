"""A download button whose file is made on click and stays until the browser has it."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from threading import Thread

import streamlit as st
from streamlit.runtime import get_instance
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx


def download_button(
    label: str, make: Callable[[], bytes | str], name: str, *, key: str, icon: str | None = None
) -> None:
    """Draw a button that downloads what `make` returns on click, as the file `name`; `key` is unique on the page.

    Streamlit itself (1.67) counts a file made on click as unused, and drops it when two scripts have ended, of
    whichever visitors: on a busy server before a slow connection has it. So the file is also added to the session, as
    the file of a button without a function is: it then stays until the visitor's next action.
    """
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    context = get_script_run_ctx()

    def stored() -> bytes:
        content = make()
        data = content.encode() if isinstance(content, str) else content
        # Streamlit reads the session from the thread, and this one belongs to the server.
        thread = Thread(target=get_instance().media_file_mgr.add, args=(data, mime, key, name, True))
        add_script_run_ctx(thread, context).start()
        thread.join()
        return data

    # No rerun: it would remove the file from the session.
    st.download_button(label, stored, name, mime, key=key, icon=icon, on_click="ignore")
