"""All that the app takes from Streamlit's inside, where it has no public way; with it go five files.

`cover.html`, `history.js` and `connection.js`, which the page that the server sends gets; `streamlit.css` and
`ui/components/streamlit.js`, which name Streamlit's own elements by their test ids. `requirements.txt` admits the minor
versions with which the browser tests have passed, since any other may change these.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

_STATIC = Path(__file__).parent
_STYLES = (_STATIC / "streamlit.css").read_text(encoding="utf-8")
_COVER = (_STATIC / "cover.html").read_bytes()
for _script in ("history", "connection"):
    _COVER = _COVER.replace(_script.upper().encode(), (_STATIC / f"{_script}.js").read_bytes())
HEAD = b"<head>" + _COVER


def session_id() -> str:
    """Return the id of the session of the running script."""
    context = get_script_run_ctx()
    assert context is not None  # only pages call this
    return context.session_id


def tab_id() -> str:
    """Return the id of the visitor's tab, which a reload keeps; empty if the browser stores none."""
    return st.context.cookies.get("tab", "")


def is_connected(session: str) -> bool:
    """Return whether a session's browser is connected; always true in Streamlit's test runner, which has no server."""
    return not exists() or get_instance().is_active_session(session)


def visitors_files(mime: str, key: str, name: str) -> Callable[[bytes], None]:
    """Return a function that keeps a file for the visitor of the running script, until their next action.

    Streamlit counts a file made on click as unused, and drops it when two scripts have ended, of whichever visitors: on
    a busy server before a slow connection has it. A file that is also added to the session stays, as that of a button
    without a function does.
    """
    context = get_script_run_ctx()

    def keep(data: bytes) -> None:
        # Streamlit reads the session from the thread, and this one belongs to the server.
        thread = Thread(target=get_instance().media_file_mgr.add, args=(data, mime, key, name, True))
        add_script_run_ctx(thread, context).start()
        thread.join()

    return keep


def app_font() -> Path | None:
    """Return Streamlit's file of the type in which the app is set, Source Sans; None if this version has none."""
    return next(iter(sorted((Path(st.__file__).parent / "static/static/media").glob("SourceSans*Upright*"))), None)


def import_ahead() -> None:
    """Import and read what Streamlit needs in its first run."""
    import pandas  # noqa: F401  # it checks whether a component's data are pandas'
    import streamlit.emojis  # noqa: F401  # in which it looks for the page's icon

    inspect.stack()  # the search for all modules' files is cached


class PagesHaveOneName(BaseHTTPMiddleware):
    """Redirect `/inpainting/anything` to `/inpainting`, with its query, and add the server's URL and styles to pages.

    css: the app's styles, which are then there at the first paint.

    Streamlit answers unknown paths with its page. Its scripts have relative URLs: one level down these do not exist,
    and the window would stay blank.
    """

    def __init__(self, app: ASGIApp, css: str) -> None:
        super().__init__(app)
        self.style = f"<style>{_STYLES}{css}</style></body>".encode()  # at the end, after Streamlit's own

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Return Streamlit's response, but redirect or complete its page."""
        if "text/html" in request.headers.get("accept", ""):
            del MutableHeaders(scope=request.scope)["accept-encoding"]  # the page is read below
        response = await call_next(request)
        if not response.headers.get("content-type", "").startswith("text/html"):
            return response
        base = st.get_option("server.baseUrlPath").strip("/")
        page, *rest = request.url.path.removeprefix(f"/{base}").strip("/").split("/")
        if rest:  # A relative redirect also works behind a proxy that strips a path prefix.
            return RedirectResponse("../" * len(rest) + page + (f"?{request.url.query}" if request.url.query else ""))
        html = b"".join([part async for part in response.body_iterator])  # type: ignore[attr-defined]
        del response.headers["content-length"]
        html = html.replace(b"<head>", HEAD, 1).replace(b"</body>", self.style, 1)
        return Response(html, response.status_code, response.headers)
