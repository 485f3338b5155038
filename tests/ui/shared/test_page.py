"""Paths without a page, on a server that responds as Streamlit does."""

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.shared.page import HEAD, STYLE, PagesHaveOneName

PAGE = f"<!DOCTYPE html><html><head></head><body>{'the page ' * 100}</body></html>"  # long enough to be compressed


@pytest.fixture
def client():
    routes = [
        Route("/{path:path}_stcore/health", lambda request: PlainTextResponse("no", 404)),
        Route("/{path:path}", lambda request: HTMLResponse(PAGE)),
    ]
    return TestClient(
        Starlette(routes=routes, middleware=[Middleware(PagesHaveOneName), Middleware(GZipMiddleware)]),
        base_url="http://lab.example",
        follow_redirects=False,
    )


@pytest.mark.parametrize(
    ("base", "url", "sent_to"),
    [
        ("", "/inpainting/x", "/inpainting"),
        ("", "/inpainting/x/y?cell=3,4&v=2", "/inpainting?cell=3,4&v=2"),
        ("lab", "/lab/inpainting/x", "/lab/inpainting"),
        ("a/lab/", "/a/lab/inpainting/x", "/a/lab/inpainting"),
    ],
)
def test_a_page_has_one_name(client, monkeypatch, base, url, sent_to):
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": base}.__getitem__)
    answer = client.get(url)
    assert answer.status_code == 307
    assert str(answer.next_request.url) == f"http://lab.example{sent_to}"
    assert "the page" in client.get(sent_to).text


def test_a_page_has_its_servers_url_and_its_styles_and_is_otherwise_streamlits(client, monkeypatch):
    monkeypatch.setattr(st, "get_option", {"server.baseUrlPath": ""}.__getitem__)
    answer = client.get("/inpainting", headers={"accept": "text/html", "accept-encoding": "gzip"})
    head, style = HEAD.decode(), STYLE.decode()
    assert "history.pushState =" in head and "__streamlit" in head
    assert head in answer.text and style in answer.text and answer.headers["content-length"] == str(len(answer.content))
    assert answer.text.replace(head, "<head>").replace(style, "</body>") == PAGE


def test_nobody_is_sent_to_another_host(client):
    for url in ("/x//evil.example/y", "/%2F%2Fevil.example/y", "/evil.example:80/y", "/\\evil.example/y"):
        answer = client.get(url)
        assert answer.status_code != 307 or answer.next_request.url.host == "lab.example"


def test_what_is_not_the_page_stays(client):
    assert client.get("/inpainting/_stcore/health").status_code == 404
    assert client.get("/").text == client.get("/inpainting").text
