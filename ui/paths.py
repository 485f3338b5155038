"""Server responses at the paths of pages and at unknown paths."""

from __future__ import annotations

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

# Where the server is: else the page at /inpainting asks for /inpainting/_stcore first, and is answered 404, twice.
SERVER = b"<head><script>window.__streamlit = { BACKEND_BASE_URL: new URL('.', location).href };</script>"


class PagesHaveOneName(BaseHTTPMiddleware):
    """Sends a visitor of `/inpainting/anything` to `/inpainting`, with the query; and tells pages where the server is.

    Streamlit answers every path that it does not know with its page, whose scripts are looked for beside that path:
    one level down there are none, and the window would stay blank.
    """

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer a request as Streamlit does, unless that is its page."""
        if "text/html" in request.headers.get("accept", ""):
            del MutableHeaders(scope=request.scope)["accept-encoding"]  # the page is read below
        response = await call_next(request)
        if not response.headers.get("content-type", "").startswith("text/html"):
            return response
        base = st.get_option("server.baseUrlPath").strip("/")
        page, *rest = request.url.path.removeprefix(f"/{base}").strip("/").split("/")
        if rest:  # Relative, so that it holds behind a proxy that strips a path prefix.
            return RedirectResponse("../" * len(rest) + page + (f"?{request.url.query}" if request.url.query else ""))
        html = b"".join([part async for part in response.body_iterator])  # type: ignore[attr-defined]
        del response.headers["content-length"]
        return Response(html.replace(b"<head>", SERVER, 1), response.status_code, response.headers)
