"""Every page, in both themes, on a desk and on a phone: axe-core, heights, layout shift; none asks another server."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from tests.browser.waiting import wait_until_drawn

PAGES = ("story", "frequency", "inpainting", "generation", "findings", "models")
LONGEST = {1440: 1800, 400: 3500}  # CSS pixels of a page, by the window's width
# Cumulative layout shift since the page was opened, with what Streamlit does itself.
LAYOUT_SHIFT = """() => new Promise(resolve => {
  let sum = 0;
  const add = list => list.getEntries().forEach(shift => { if (!shift.hadRecentInput) sum += shift.value; });
  new PerformanceObserver(add).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 100);
})"""
POPOVER = "[data-testid=stPopoverBody]"
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


def height(page: Page) -> float:
    """Of all that can be scrolled to, in CSS pixels."""
    return page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")


def settled(page: Page) -> Page:
    """The page when its last part is there: the footer stands, and nothing is being loaded any more."""
    expect(page.locator(".st-key-footer")).to_be_visible()
    expect(page.get_by_text("Loading the classifiers")).to_have_count(0)
    page.wait_for_timeout(1000)
    wait_until_drawn(page)
    return page


@pytest.mark.parametrize("width", LONGEST)
@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_is_accessible_short_and_keeps_still(streamlit_app, open_page, name, theme, width):
    page = settled(open_page(f"{streamlit_app('app.py')}/{name}", width=width, color_scheme=theme))
    assert page.evaluate(LAYOUT_SHIFT) <= 0.1
    assert findings(page) == []
    assert height(page) <= LONGEST[width]


@pytest.mark.parametrize(
    ("name", "width"), [("inpainting", 1440), ("inpainting", 400), ("generation", 400), ("models", 400)]
)
def test_no_tab_makes_a_page_long_or_inaccessible(streamlit_app, open_page, name, width):
    page = settled(open_page(f"{streamlit_app('app.py')}/{name}", width=width))
    for tab in page.get_by_role("tab").all():
        if tab.is_visible():
            tab.click()
            page.wait_for_timeout(300)
            assert height(page) <= LONGEST[width], tab.inner_text()
            assert findings(page) == [], tab.inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_opens(streamlit_app, open_page, theme):
    app = streamlit_app("app.py")
    page = settled(open_page(f"{app}/models", width=1440, color_scheme=theme))
    opens_accessibly(page, page.locator(".st-key-models-row-mini-clip").get_by_role("button").last, POPOVER)
    page = settled(open_page(f"{app}/inpainting", width=1440, color_scheme=theme))
    for name in ("Open a saved run", "Download", "Share", "Cite"):
        opens_accessibly(page, page.get_by_role("button", name=name), POPOVER)
    opens_accessibly(page, page.get_by_role("button", name="Pictures"), "[role=dialog]")


def opens_accessibly(page: Page, button: Locator, opened: str) -> None:
    """Open what the button opens, look at it with axe, and close it."""
    button.click()
    expect(page.locator(opened)).to_be_visible()
    page.wait_for_timeout(500)
    assert findings(page) == []
    page.keyboard.press("Escape")
    expect(page.locator(opened)).to_have_count(0)


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
