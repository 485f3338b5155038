"""What every page has: one address, styles from its first paint on, and the footer with how to cite."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from ui.shared import url
from ui.shared.look import CSS

_HISTORY = Path(__file__).with_name("history.js").read_bytes()
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


@dataclass(frozen=True)
class Reference:
    """Publication: its BibTeX entry, and what it contributed to this app."""

    bibtex: str
    gave: str

    def field(self, name: str) -> str:
        """Return a field's text.

        Raises:
            KeyError: no such field.
        """
        return dict(re.findall(r"^  (\w+) = \{(.*)\}", self.bibtex, re.MULTILINE))[name]


# In the order of `references.bib`, whose entries are separated by blank lines.
_GAVE = (
    "the experiments and the published heat maps",
    "Fourier heat maps",
    "inpainting and generation with a classifier",
    "CLIP",
    "projected gradient descent and adversarial training",
    "the code that the paper's inpainting and generation were built upon",
)
_ENTRIES = Path(__file__).with_name("references.bib").read_text(encoding="utf-8").strip().split("\n\n")
PAPER, *BUILDS_ON = map(Reference, _ENTRIES, _GAVE)


def _line(reference: Reference) -> str:
    first = reference.field("author").partition(",")[0]
    return f"{reference.gave}: [{first} et al. {reference.field('year')}]({reference.field('url')})"


def footer() -> None:
    """Draw the last line of a page: the paper's title, its authors, a link, and *Share* with how to cite."""
    with st.container(horizontal=True, vertical_alignment="center", key="footer"):
        title = PAPER.field("title").replace("{", "").replace("}", "")
        st.markdown(
            f"An interactive companion to *{title}* by Yuri Galindo and Fabio A. Faria "
            f"([code and runs]({PAPER.field('url')}))."
        )
        # The page's URL is complete only now.
        with st.popover("Share", icon=":material/link:"):
            st.markdown(url.about_link())
            st.code(url.address(), language=None, wrap_lines=True)
            with st.expander("Cite"):
                st.markdown("The paper, for the experiments and for the heat maps marked as published:")
                st.code(PAPER.bibtex, language="latex", wrap_lines=True)
                st.markdown("; ".join(map(_line, BUILDS_ON)) + ":")
                st.code("\n\n".join(work.bibtex for work in BUILDS_ON), language="latex", wrap_lines=True)
