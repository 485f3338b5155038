"""What the server answers at paths that no page has."""

from __future__ import annotations

import streamlit as st
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response


class PagesHaveOneName(BaseHTTPMiddleware):
    """Sends a visitor of `/inpainting/anything` to `/inpainting`, with the query.

    Streamlit answers every path that it does not know with its page, whose scripts are looked for beside that path:
    one level down there are none, and the window would stay blank.
    """

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer a request as Streamlit does, unless that is its page at a path of several names."""
        response = await call_next(request)
        base = st.get_option("server.baseUrlPath").strip("/")
        page, *rest = request.url.path.removeprefix(f"/{base}").strip("/").split("/")
        if not rest or not response.headers.get("content-type", "").startswith("text/html"):
            return response
        # Relative, so that it holds behind a proxy that strips a path prefix.
        return RedirectResponse("../" * len(rest) + page + (f"?{request.url.query}" if request.url.query else ""))
