"""Responses of the server at the paths of pages and at unknown paths."""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ui.shared.look import CSS

_HISTORY = (Path(__file__).parent / "shared" / "history.js").read_bytes()
# Sets the server's URL: otherwise the page at /inpainting first requests /inpainting/_stcore, and gets 404 twice. Hides
# the page's parts until `look.js` shows them one by one, or for five seconds.
HEAD = (
    b"""<head><script>%bwindow.__streamlit = { BACKEND_BASE_URL: new URL('.', location).href };
document.documentElement.dataset.shown = ''; setTimeout(() => document.getElementById('veil')?.remove(), 5000);
</script><style id="veil">[data-testid=stMainBlockContainer] > [data-testid=stVerticalBlock] * {
visibility: hidden !important }</style>"""
    % _HISTORY
)
# At the end, after Streamlit's own styles.
STYLE = f"<style>{CSS}</style></body>".encode()


class PagesHaveOneName(BaseHTTPMiddleware):
    """Redirect `/inpainting/anything` to `/inpainting`, with its query, and add the server's URL and styles to pages.

    Streamlit answers unknown paths with its page, whose scripts have relative URLs: one level down these do not exist,
    and the window would stay blank.
    """

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Return Streamlit's response, but redirect or complete its page."""
        if "text/html" in request.headers.get("accept", ""):
            del MutableHeaders(scope=request.scope)["accept-encoding"]  # the page is read below
        response = await call_next(request)
        if not response.headers.get("content-type", "").startswith("text/html"):
            return response
        base = st.get_option("server.baseUrlPath").strip("/")
        page, *rest = request.url.path.removeprefix(f"/{base}").strip("/").split("/")
        if rest:  # The redirect is relative, so that it works behind a proxy that strips a path prefix.
            return RedirectResponse("../" * len(rest) + page + (f"?{request.url.query}" if request.url.query else ""))
        html = b"".join([part async for part in response.body_iterator])  # type: ignore[attr-defined]
        del response.headers["content-length"]
        html = html.replace(b"<head>", HEAD, 1).replace(b"</body>", STYLE, 1)
        return Response(html, response.status_code, response.headers)
