"""Parts of Streamlit's inside that the app takes: in few files, with tested versions; paths without a page."""

import re
from importlib.metadata import version
from pathlib import Path

import pytest
import streamlit as st
from packaging.requirements import Requirement
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.server.streamlit_internals import HEAD, PagesHaveOneName

ROOT = Path(__file__).parents[3]
FILES = {
    ROOT / "ui" / file
    for file in (
        "server/streamlit_internals.py",
        "server/cover.html",
        "server/history.js",
        "server/connection.js",
        "components/streamlit.js",
        "server/streamlit.css",
    )
}


def test_the_installed_streamlit_is_one_that_was_tested():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    (tested,) = (Requirement(line).specifier for line in lines if line.startswith("streamlit"))
    assert version("streamlit") in tested, (
        "run tests/browser with this version, mend what ui/server/streamlit_internals.py lists, then admit its minor "
        "version in requirements.txt"
    )


def test_streamlit_internals_are_used_in_few_files():
    inside = re.compile(
        r"data-testid|data-stale|streamlit\.(?!testing|logger|delta_generator)\w+ import|import streamlit\."
    )
    paths = [ROOT / "app.py"] + [path for room in ("core", "ui", "web") for path in (ROOT / room).rglob("*.*")]
    paths = [
        path for path in paths if path.suffix in (".py", ".js", ".css", ".html") and "node_modules" not in path.parts
    ]
    named = {path for path in paths if inside.search(path.read_text("utf-8"))}
    assert named == FILES - {ROOT / "ui/server/history.js"}


def test_streamlit_has_each_element_that_styles_and_scripts_name():
    names = {name for path in FILES for name in re.findall(r"data-testid\^?=\W?(\w+)", path.read_text("utf-8"))}
    code = "".join(path.read_text("utf-8") for path in Path(st.__file__).parent.glob("static/static/js/*.js"))
    assert names and {name for name in names if name not in code} == set()


PAGE = f"<!DOCTYPE html><html><head></head><body>{'the page ' * 100}</body></html>"  # long enough to be compressed


@pytest.fixture
def client(monkeypatch):
    """`client("a/lab")` -> a client of a server whose pages are below that path."""
    routes = [
        Route("/{path:path}_stcore/health", lambda request: PlainTextResponse("no", 404)),
        Route("/{path:path}", lambda request: HTMLResponse(PAGE)),
    ]
    app = Starlette(routes=routes, middleware=[Middleware(PagesHaveOneName, ".own{}"), Middleware(GZipMiddleware)])

    def at(base=""):
        monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": base}.__getitem__)
        return TestClient(app, base_url="http://lab.example", follow_redirects=False)

    return at


@pytest.mark.parametrize(
    ("base", "url", "sent_to"),
    [
        ("", "/inpainting/x/y?cell=3,4&v=2", "/inpainting?cell=3,4&v=2"),
        ("lab", "/lab/inpainting/x", "/lab/inpainting"),
        ("a/lab/", "/a/lab/inpainting/x", "/a/lab/inpainting"),
    ],
)
def test_page_under_a_longer_path_is_redirected(client, base, url, sent_to):
    answer = client(base).get(url)
    assert answer.status_code == 307 and str(answer.next_request.url) == f"http://lab.example{sent_to}"
    assert "the page" in client(base).get(sent_to).text


def test_redirects_stay_on_the_host(client):
    for url in ("/x//evil.example/y", "/%2F%2Fevil.example/y", "/evil.example:80/y", "/\\evil.example/y"):
        answer = client().get(url)
        assert answer.status_code != 307 or answer.next_request.url.host == "lab.example"
    assert client().get("/inpainting/_stcore/health").status_code == 404
    assert client().get("/").text == client().get("/inpainting").text


def test_page_contains_base_url_and_styles(client):
    answer = client().get("/inpainting", headers={"accept": "text/html", "accept-encoding": "gzip"})
    head, styles = HEAD.decode(), (ROOT / "ui/server/streamlit.css").read_text("utf-8")
    style = f"<style>{styles}.own{{}}</style></body>"
    assert "history.pushState =" in head and "__streamlit" in head
    assert head in answer.text and style in answer.text and answer.headers["content-length"] == str(len(answer.content))
    assert answer.text.replace(head, "<head>").replace(style, "</body>") == PAGE
