"""The button of every download."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable

import streamlit as st

from ui.server.streamlit_internals import visitors_files


def download_button(
    label: str, make: Callable[[], bytes | str], name: str, *, key: str, icon: str | None = None
) -> None:
    """Draw a button that downloads what `make` returns on click, as the file `name`; `key` is unique on the page."""
    mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
    keep = visitors_files(mime, key, name)

    def stored() -> bytes:
        content = make()
        data = content.encode() if isinstance(content, str) else content
        keep(data)
        return data

    # No rerun: it would remove the file from the session.
    st.download_button(label, stored, name, mime, key=key, icon=icon, on_click="ignore")
