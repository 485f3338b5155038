"""Every page, opened once: title, layout shift, size, and axe-core on desktop and phone."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.checks import cut, fits, grave_faults
from tests.browser.waiting import in_page, wait_until_drawn, wait_until_still
from ui.server.streamlit_internals import HEAD
from ui.shared.url import PAGES
from ui.story.chapters import SLUGS

MAX_HEIGHTS = {1440: 1800, 400: 3500}  # by width, in CSS pixels
POPOVER = "[data-testid=stPopoverBody]"
WIDE = 120  # left edge of each page in a window of 1,920 pixels

# Further views of the pages, each with a text that appears once it is complete.
VIEWS = {
    **{f"story?chapter={slug}": "" for slug in SLUGS[1:]},
    "frequency?tab=Two+pictures+in+one": "is a real prediction",
    "frequency?tab=Corruptions": "2,000 CIFAR-10",
    "frequency?tab=Your+own+words": "about ten things",
    "frequency?tab=Compute+a+map": "481 waves",
    "frequency?tab=Add+a+map": "Heat map file",
    "frequency?details=true": "Figure 1, right",
    "inpainting?inpainting-pictures=CIFAR-10": "",
    "generation?generation-set=CIFAR-10%2C+32+px": "",
    "findings?section=Paintings+and+holes": "",
    "findings?section=Corruptions+and+robustness": "",
}


def settled(page: Page) -> Page:
    """Return the page once it is complete: the footer is there, and nothing is loading."""
    expect(page.locator(".st-key-footer")).to_be_visible()
    expect(page.get_by_text("Loading the networks")).to_have_count(0)
    wait_until_still(page)
    wait_until_drawn(page)
    return page


def expect_to_fit(page: Page, width: int, *, details: bool = False) -> None:
    """Check the page's height, but for tables and sources below it, and that nothing needs horizontal scrolling."""
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    assert details or height <= MAX_HEIGHTS[width], (width, height)
    assert fits(page), width


def expect_run_in_sight(page: Page, width: int) -> None:
    """Check *Paint* and *Fill a hole*: large pictures and the verb are in the first window, first on a phone."""
    verb = page.locator(".st-key-run-stage button[kind=primary]").bounding_box()
    boxes = [canvas.bounding_box() for canvas in page.locator(".painter canvas, .replay canvas").all()]
    if width > 768:
        assert all(box["y"] > 0 and box["y"] + box["height"] <= 900 for box in (verb, *boxes))
        assert max(box["width"] for box in boxes) > 450
    else:
        first = min(boxes, key=lambda box: box["y"])
        assert verb["y"] < 900 and first["y"] < 450 and first["width"] > 300
        buttons = page.locator(".st-key-run-stage button").all()
        assert [it.inner_text() for it in buttons if it.is_visible() and it.bounding_box()["height"] < 40] == []


def make_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'")


@pytest.mark.parametrize("path", [*PAGES, *(pytest.param(view, marks=pytest.mark.slow) for view in VIEWS)])
def test_page_is_stable_fits_and_is_accessible(app, open_page, path):
    page, name = open_page(f"{app}/{path}", width=1440), path.partition("?")[0]
    expect(page).to_have_title(f"{PAGES[name]} · What does CLIP see?")
    expect(page.get_by_test_id("stTopNav").locator("[aria-current=page]")).to_have_text([PAGES[name]])
    for text in ("Page not found", "Deploy"):
        expect(page.get_by_text(text, exact=True)).to_have_count(0)
    heading, footer = page.locator("h1"), page.locator(".st-key-footer")
    expect(heading).to_have_count(1)
    expect(footer).to_contain_text("Galindo")
    expect(page.get_by_text(VIEWS.get(path, "")).first).to_be_visible()
    shifts = settled(page).evaluate(in_page("layoutShifts"))
    assert sum(value for value, _ in shifts) <= 0.05, shifts
    top = page.get_by_test_id("stHeader").bounding_box()
    assert heading.bounding_box()["y"] - (top["y"] + top["height"]) <= 64
    for width in MAX_HEIGHTS:
        if width != 1440:
            page.set_viewport_size({"width": width, "height": 900})
            settled(page)
        expect_to_fit(page, width, details="details" in path)
        if path in ("inpainting", "generation"):
            expect_run_in_sight(page, width)
        if width == 400:
            make_dark(page)
        assert grave_faults(page) == [] and cut(page) == [], width
    page.set_viewport_size({"width": 1920, "height": 1080})
    box = settled(page).locator(".st-key-footer").bounding_box()
    assert heading.bounding_box()["x"] == box["x"] == WIDE and box["width"] == 1920 - 2 * WIDE
    if "-" in path:  # *Paint* and *Fill a hole*, whose closed parts are opened
        for part in page.locator("[data-testid=stExpander] summary").all():
            part.click()
        page.set_viewport_size({"width": 400, "height": 900})
        assert grave_faults(settled(page)) == []


def test_placeholders_are_hidden_before_layout(contexts):
    """Streamlit's placeholders are visible by a style of their own; on a slow computer they showed and moved."""
    page = contexts().new_page()
    block = '<div data-testid="stMainBlockContainer"><div data-testid="stVerticalBlock">{}</div></div>'
    page.set_content(HEAD.decode() + block.format('<div><p style="visibility: visible">a placeholder</p></div>'))
    expect(page.get_by_text("a placeholder")).to_be_hidden()
    page.locator("#veil").evaluate("e => e.remove()")
    expect(page.get_by_text("a placeholder")).to_be_visible()
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize(("button", "opened"), [("Share", POPOVER), ("Your photo", "[role=dialog]")])
def test_dialogs_are_accessible(app, open_page, button, opened):
    page = settled(open_page(f"{app}/inpainting", width=1440))
    page.get_by_role("button", name=button).click()
    expect(page.locator(opened)).to_be_visible()
    if button == "Share":
        page.locator(opened).get_by_text("Cite", exact=True).click()
        for key in ("galindo-faria-clip-robustness", "yin2019fourier", "santurkar2019image", "radford2021learning"):
            expect(page.locator(opened)).to_contain_text(key)
    settled(page)  # it appears before all its content
    assert grave_faults(page) == []
    make_dark(page)
    assert grave_faults(settled(page)) == [], "dark"
    page.keyboard.press("Escape")
    expect(page.locator(opened)).to_have_count(0)
    expect(page.get_by_role("button", name=button)).to_be_focused()
