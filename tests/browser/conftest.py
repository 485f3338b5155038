"""A real Streamlit server and a real Chromium, for tests that click, point, press keys and look.

Fixtures: `streamlit_app` starts a script and returns its URL, `app` the whole app; `open_page` opens a URL in a window
of a given size and waits until Streamlit has drawn the page, in Firefox where a test sets `browser_name`. Every test
here carries the marker `browser`.
"""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.waiting import PATIENCE, patient, wait_until_drawn
from tests.chromium import find_chromium
from tests.firefox import find_firefox, launch_firefox
from tests.shared_server import session_folder, url_of

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

expect.set_options(timeout=PATIENCE)

_NONE_HERE = pytest.mark.skipif(find_firefox() is None, reason="there is no Firefox here")
# Values of `browser_name` for walks in which both browsers matter.
BOTH_BROWSERS = [
    pytest.param("browser", id="chromium"),
    pytest.param("firefox", id="firefox", marks=[pytest.mark.slow, _NONE_HERE]),
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def streamlit_app() -> Callable[..., str]:
    """`streamlit_app(script, env={...})` -> URL of a server that runs `script`, a path below the repository's root.

    All processes of the session share servers with equal arguments; they end with the session.
    """
    return lambda script, env=None: url_of(script, env or {})


@pytest.fixture
def app(streamlit_app: Callable[..., str]) -> str:
    """URL of the whole app."""
    return streamlit_app("app.py")


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """Start Playwright, which starts browsers."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> dict[str, Any]:
    """Arguments that start the Chromium that `tests.chromium` finds; without one the tests fail."""
    chromium_path = find_chromium()
    if chromium_path is None or not chromium_path.exists():
        pytest.fail(
            "no Chromium was found: run python -m tests.chromium, or set CHROMIUM to the path of one; "
            "to leave these tests out, run pytest with -m 'not browser and not slow'"
        )
    return {"executable_path": chromium_path, "args": FLAGS}


@pytest.fixture(scope="session")
def browser(playwright: Playwright, chromium: dict[str, Any]) -> Iterator[Browser]:
    """Chromium for contexts with settings of their own."""
    browser = playwright.chromium.launch(**chromium)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def profile(playwright: Playwright, chromium: dict[str, Any]) -> Iterator[BrowserContext]:
    """Chromium with a profile, which keeps compiled scripts: a page opens in half the time of a context's."""
    context = playwright.chromium.launch_persistent_context(mkdtemp(dir=session_folder()), **chromium)
    yield patient(context)
    context.close()


@pytest.fixture(scope="session")
def firefox(playwright: Playwright) -> Iterator[Browser]:
    """The Firefox that `tests.firefox` finds."""
    browser = launch_firefox(playwright, session_folder())
    yield browser
    browser.close()


@pytest.fixture
def browser_name() -> str:
    """Name of the browser in which `open_page` opens pages; tests in another browser set it as a parameter."""
    return "browser"


@pytest.fixture(scope="session")
def contexts(request: pytest.FixtureRequest) -> Callable[..., BrowserContext]:
    """`contexts(has_touch=True)` -> a context shared by all tests with equal arguments: Streamlit's files load once."""

    @functools.cache
    def context(browser: str = "browser", **settings) -> BrowserContext:
        if browser == "browser" and not settings:
            return request.getfixturevalue("profile")
        return patient(request.getfixturevalue(browser).new_context(**settings))

    return context


def is_local(url: str) -> bool:
    """Return whether a request stays on this machine: it goes to a server of the tests, or to none."""
    parts = urlsplit(url)
    return parts.scheme in ("data", "blob", "about", "file") or parts.hostname == "127.0.0.1"


def _left_font(error: object) -> bool:
    """Return True if the error is Firefox's about a font that still loaded as the page was left."""
    return str(error).startswith("download failed (font-family")


@pytest.fixture
def open_page(contexts: Callable[..., BrowserContext], browser_name: str) -> Iterator[Callable[..., Page]]:
    """`open_page(url, width=1400, height=900, **context)` -> page, drawn; closed after the test.

    media: arguments of `emulate_media`; drawn: whether to wait for Streamlit. Further arguments go to Playwright's
    `new_context`, e.g. `has_touch=True`, `device_scale_factor=3`. The test fails at its end if a page threw a
    JavaScript error, sent a request to another server, or got an error response.
    """
    pages: list[Page] = []
    errors: list[str] = []
    urls: list[str] = []
    missing: list[str] = []

    def open_(url: str, *, width=1400, height=900, media: dict | None = None, drawn=True, **context) -> Page:
        page = contexts(browser_name, **context).new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": height})
        page.on("pageerror", lambda error: None if _left_font(error) else errors.append(str(error)))
        page.on("request", lambda request: urls.append(request.url))
        page.on("websocket", lambda socket: urls.append(socket.url))
        page.on(
            "response", lambda answer: missing.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None
        )
        if media:
            page.emulate_media(**media)
        page.goto(url)
        if drawn:
            wait_until_drawn(page)
        return page

    yield open_
    for page in pages:
        page.close()
    assert not errors, f"JavaScript errors on the page: {errors}"
    assert not missing, f"the server sent error responses: {missing}"
    foreign = [url for url in urls if not is_local(url)]
    assert not foreign, f"the page sent requests to third parties: {foreign}"
