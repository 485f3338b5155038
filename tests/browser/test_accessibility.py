"""axe-core on every page, in both themes, on a desk and on a phone; and no page asks another server for anything."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.waiting import wait_until_drawn

PAGES = ("story", "frequency", "inpainting", "generation", "findings", "models")
WIDTHS = (1440, 400)
GRAVE = ("critical", "serious")
# Streamlit's own, which no page can change: (rule, part of the selector) -> why.
STREAMLITS_OWN: dict[tuple[str, str], str] = {}


def findings(page: Page) -> list[str]:
    """Grave violations and wrong heading orders, a line for each element."""
    found = []
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] not in GRAVE and violation["id"] != "heading-order":
            continue
        for node in violation["nodes"]:
            target = " ".join(map(str, node["target"]))
            if not any(violation["id"] == rule and part in target for rule, part in STREAMLITS_OWN):
                found.append(f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})")
    return found


def settled(page: Page) -> Page:
    """The page when its last part is there: the footer stands, and nothing is being loaded any more."""
    expect(page.locator(".st-key-footer")).to_be_visible()
    expect(page.get_by_text("Loading the classifiers")).to_have_count(0)
    page.wait_for_timeout(1000)
    wait_until_drawn(page)
    return page


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(streamlit_app, open_page, name, theme, width):
    page = settled(open_page(f"{streamlit_app('app.py')}/{name}", width=width, color_scheme=theme))
    assert findings(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_opens(streamlit_app, open_page, theme):
    page = settled(open_page(f"{streamlit_app('app.py')}/models", width=1440, color_scheme=theme))
    for row in (".st-key-models-row-mini-clip", ".st-key-footer"):
        page.locator(row).get_by_role("button").last.click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        page.wait_for_timeout(500)
        assert findings(page) == []
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)


def test_axe_can_find_something(open_page, streamlit_app):
    page = settled(open_page(f"{streamlit_app('app.py')}/models", width=1440))
    page.evaluate("document.querySelector('h1').style.color = '#dddddd'")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<h5>too deep</h5>')")
    assert {line.partition(":")[0] for line in findings(page)} == {"color-contrast", "heading-order"}


@pytest.mark.parametrize("name", ["", *PAGES])
def test_no_page_asks_another_server(streamlit_app, contexts, name):
    url, hosts = streamlit_app("app.py"), set()
    page = contexts().new_page()
    try:
        page.on("request", lambda request: hosts.add(urlsplit(request.url).hostname))
        page.on("websocket", lambda socket: hosts.add(urlsplit(socket.url).hostname))
        page.goto(f"{url}/{name}")
        settled(page)
    finally:
        page.close()
    assert "127.0.0.1" in hosts and hosts - {"127.0.0.1", None} == set()  # None: data and blob URLs
