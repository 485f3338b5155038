"""Every page, opened once: title, layout shift, size, and axe-core on desktop and phone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.shared.text import JARGON
from tests.browser.accessibility import grave_faults
from tests.browser.waiting import wait_until_drawn, wait_until_still
from tests.ui.reading import numbers_in
from ui.shared.page import HEAD
from ui.shared.url import PAGES
from ui.story.chapters import SLUGS

MAX_HEIGHTS = {1440: 1800, 400: 3500}  # by width, in CSS pixels
POPOVER = "[data-testid=stPopoverBody]"

# Cumulative layout shift since the page was opened, without shifts that follow the visitor's own actions, and without
# Streamlit's change of its empty page from narrow to wide, which alone makes 0.07 to 0.09.
LAYOUT_SHIFT = """() => new Promise(resolve => {
  let sum = 0;
  const streamlits = shift => shift.sources.some(({ node }) => node?.dataset?.testid === "stMainBlockContainer");
  const add = list => list.getEntries().forEach(shift => {
    if (!shift.hadRecentInput && !streamlits(shift)) sum += shift.value;
  });
  const observer = new PerformanceObserver((list) => { add(list); resolve(sum); });
  observer.observe({ type: "layout-shift", buffered: true });
  setTimeout(() => resolve(sum), 200); // where there is none, nothing calls
})"""


EDGES = {1440: 80, 400: 16}  # left edge of each page's title, by width
WIDE = {"story": 120, "frequency": 120}  # left edge of pages that use a window of 1,920 pixels
SIZES = {"32px", "20px", "16px", "13px"}
# Paragraphs whose lines are counted; tables, figures, controls and the footer have the width they need.
READ = r"""() => {
  const main = document.querySelector("[data-testid=stMain]"), apart = "table, figure, button, label, .st-key-footer";
  const other = ".st-key-page-tabs, .tooltip-text, .katex-mathml, svg, style";
  const shown = (element) => element.checkVisibility() && !element.closest(other);
  const texts = (root) => {
    const found = [], walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode())
      if (text.data.trim() && shown(text.parentElement)) found.push(text);
    return found;
  };
  const longest = (block) => {
    const lines = [], range = document.createRange();
    let place = Infinity;
    for (const text of texts(block)) for (const word of text.data.matchAll(/\S+\s*/g)) {
      range.setStart(text, word.index);
      range.setEnd(text, word.index + word[0].length);
      const { bottom } = range.getClientRects()[0];
      if (Math.abs(bottom - place) >= 9) lines.push("");
      lines.push(lines.pop() + word[0]);
      place = bottom;
    }
    return lines.map((line) => line.trim()).filter((line) => line.length > 75);
  };
  const blocks = [...main.querySelectorAll("p, li")].filter((block) => shown(block) && !block.closest(apart));
  const places = "p, li, h1, h2, h3, h4, td, th, caption, figcaption, summary, small, code";
  const apart_in_size = ".lead, .katex";
  const sized = texts(main).filter(({ parentElement: one }) => one.closest(places) && !one.closest(apart_in_size));
  return {
    blocks: blocks.length,
    long: blocks.flatMap(longest),
    sizes: sized.map((text) => [getComputedStyle(text.parentElement).fontSize, text.data]),
    edge: main.querySelector("h1").getBoundingClientRect().x,
  };
}"""


# First occurrence of each term outside buttons, charts and links; terms without an explanation are wrong.
UNEXPLAINED = r"""(terms) => {
  const apart = "a, button, option, style, svg, .tooltip-text, .katex";
  const read = (node) => node.nodeType === Node.TEXT_NODE ? [node]
    : node.nodeType === Node.ELEMENT_NODE && (node.matches(apart) || getComputedStyle(node).display === "none") ? []
    : [...(node.shadowRoot ?? node).childNodes].flatMap(read);
  const texts = read(document.querySelector("[data-testid=stMain]"));
  const help = "label, [data-testid=stWidgetLabel], [data-testid=stMarkdown]";
  return terms.flatMap((term) => {
    const first = texts.find(({ data }) => new RegExp(`\\b${term}\\b`).test(data))?.parentElement;
    const helped = first?.closest(help)?.querySelector("[data-testid=stTooltipIcon]");
    return !first || first.closest(".tooltip") || helped ? [] : [`${term}: ${first.textContent}`];
  });
}"""
# Sentences about results as a visitor reads them; tables and lists of settings are excluded.
SENTENCES = r"""() => {
  const read = (root) => [...root.querySelectorAll("*")].flatMap((part) => part.shadowRoot ? read(part.shadowRoot)
    : part.matches(".prose, .lead, .lesson p, .verdict, .readout, [class*=outcome] p, .judged .each") ? [part] : []);
  return read(document.querySelector("[data-testid=stMain]")).filter((part) => part.checkVisibility())
    .flatMap((part) => part.innerText.split(/(?<=[.;:])\s+(?=[A-Z“])/));
}"""
READ_PATHS = [
    *(f"story?chapter={slug}" for slug in SLUGS),
    "frequency",
    *(f"frequency?tab={tool}" for tool in ("Two+pictures+in+one", "Gradient", "Classes", "Corruptions")),
    "inpainting",
    "inpainting?inpainting-pictures=CIFAR-10",
    "generation",
    "generation?generation-set=CIFAR-10%2C+32+px",
    "findings",
    "findings?section=Robust+features%3A+section+3.2",
    "findings?section=Robustness%3A+sections+1+and+4",
    "models",
]


@pytest.fixture
def app(streamlit_app):
    return streamlit_app("app.py")


def settled(page: Page) -> Page:
    """Return the page once it is complete: the footer is there, and nothing is loading."""
    expect(page.locator(".st-key-footer")).to_be_visible()
    expect(page.get_by_text("Loading the classifiers")).to_have_count(0)
    wait_until_still(page)
    wait_until_drawn(page)
    return page


def expect_to_fit(page: Page, width: int) -> None:
    """Check the page's height, and that nothing in it needs horizontal scrolling."""
    height = page.get_by_test_id("stMain").evaluate("main => main.scrollHeight")
    assert height <= MAX_HEIGHTS[width], (width, height)
    for scroller in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{scroller}.scrollWidth <= {scroller}.clientWidth"), width


def expect_to_read_well(page: Page, width: int) -> None:
    """Check for lines of at most 75 characters, four font sizes, and the same left edge on all pages."""
    read = page.evaluate(READ)
    assert read["blocks"] > 0 and read["long"] == []
    title = {"32px"} if width > 768 else {"24px"}
    assert [style for style in read["sizes"] if style[0] not in SIZES | title] == []
    assert read["edge"] == EDGES[width]


def make_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("getComputedStyle(document.querySelector('.stApp')).colorScheme === 'dark'")


@pytest.mark.parametrize("path", PAGES)
def test_page_has_its_title_stays_put_fits_and_is_accessible(app, open_page, path):
    page = open_page(f"{app}/{path}", width=1440)
    expect(page).to_have_title(f"{PAGES[path]} · What does CLIP see?")
    expect(page.get_by_test_id("stTopNav").locator("[aria-current=page]")).to_have_text([PAGES[path]])
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_text("Deploy", exact=True)).to_have_count(0)
    heading, top = page.locator("h1"), page.get_by_test_id("stHeader").bounding_box()
    expect(heading).to_have_count(1)
    assert heading.bounding_box()["y"] - (top["y"] + top["height"]) <= 64
    assert heading.evaluate("e => getComputedStyle(e).fontSize") == "32px"
    footer = page.locator(".st-key-footer")
    expect(footer).to_contain_text("Understanding CLIP Robustness by Yuri Galindo and Fabio A. Faria")
    expect(footer.get_by_role("link")).to_have_attribute("href", "https://github.com/yurigalindo/FourierHeatmap")
    assert settled(page).evaluate(LAYOUT_SHIFT) <= 0.05
    for width in MAX_HEIGHTS:
        page.set_viewport_size({"width": width, "height": 900})
        expect_to_fit(settled(page), width)
        expect_to_read_well(page, width)
        if width == 400:
            make_dark(page)
        assert grave_faults(page) == [], width


def test_nothing_shows_before_the_page_is_laid_out(contexts):
    """Streamlit's placeholders are visible by a style of their own; on a slow computer they showed and moved."""
    page = contexts().new_page()
    block = '<div data-testid="stMainBlockContainer"><div data-testid="stVerticalBlock">{}</div></div>'
    page.set_content(HEAD.decode() + block.format('<div><p style="visibility: visible">a placeholder</p></div>'))
    expect(page.get_by_text("a placeholder")).to_be_hidden()
    page.locator("#veil").evaluate("e => e.remove()")
    expect(page.get_by_text("a placeholder")).to_be_visible()
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_page_is_accessible_dark_at_a_desk_and_light_on_a_phone(app, open_page, path):
    page = settled(open_page(f"{app}/{path}", width=400))
    assert grave_faults(page) == []
    make_dark(page)
    page.set_viewport_size({"width": 1440, "height": 900})
    assert grave_faults(settled(page)) == []


@pytest.mark.slow
@pytest.mark.parametrize(("path", "width"), [("models", 400), ("findings", 1440), ("findings", 400)])
def test_no_tab_makes_a_page_long_or_inaccessible(app, open_page, path, width):
    page = settled(open_page(f"{app}/{path}", width=width))
    for tab in page.get_by_role("tab").all():
        if tab.is_visible():
            tab.click()
            settled(page)
            expect_to_fit(page, width)
            expect_to_read_well(page, width)
            assert grave_faults(page) == [], tab.inner_text()


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 400])
@pytest.mark.parametrize("path", ["inpainting", "generation", "generation?generation-set=CIFAR-10%2C+32+px"])
def test_closed_parts_are_readable_and_accessible_once_open(app, open_page, path, width):
    page = settled(open_page(f"{app}/{path}", width=width))
    for part in page.locator("[data-testid=stExpander] summary").all():
        part.click()
    expect_to_read_well(settled(page), width)
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert grave_faults(page) == []


# For each tool of *Frequencies* with four networks, and for its details, a text that appears once it is complete.
VIEWS = {
    "Two pictures in one": "This is a single pair.",
    "Gradient": "Rise of the error in",
    "Classes": "Error by class",
    "Corruptions": "2,000 CIFAR-10 test pictures",
    "Your own words": "learned from captions about the ten classes",
    "Compute a map": "481 waves, each on",
    "Add a map": "Heat map file",
    "&details=true": "Galindo & Faria, Understanding CLIP Robustness, Figure 1, right",
}


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
def test_views_of_frequency_fit_read_well_and_are_accessible(app, open_page, view):
    page = open_page(f"{app}/frequency?tab={view}", width=1440)
    expect(page.get_by_text(VIEWS[view]).first).to_be_visible()
    for width in MAX_HEIGHTS:
        page.set_viewport_size({"width": width, "height": 900})
        if "details" not in view:  # below the stage stand tables, charts and sources
            expect_to_fit(settled(page), width)
        expect_to_read_well(settled(page), width)
        assert grave_faults(page) == [], width


@pytest.mark.slow
def test_what_opens_is_accessible(app, open_page):
    page = settled(open_page(f"{app}/inpainting", width=1440))
    opens_accessibly(page, page.get_by_role("button", name="Share"), POPOVER)
    opens_accessibly(page, page.get_by_role("button", name="Your photo"), "[role=dialog]")


def opens_accessibly(page: Page, button: Locator, opened: str) -> None:
    """Open the button's popover, check it with axe in both themes, and close it."""
    page.emulate_media(color_scheme="light")
    button.click()
    expect(page.locator(opened)).to_be_visible()
    settled(page)  # the popover appears before all its content
    assert grave_faults(page) == []
    make_dark(page)
    expect(page.locator(opened)).to_be_visible()
    settled(page)
    assert grave_faults(page) == [], "dark"
    page.keyboard.press("Escape")
    expect(page.locator(opened)).to_have_count(0)


def test_what_a_word_means_is_read_whole_on_a_phone(app, open_page):
    page = settled(open_page(f"{app}/frequency", width=390, height=844))
    terms = [term for term in page.locator(".tooltip").all() if term.is_visible()]
    assert len(terms) > 4
    for term in terms:
        term.focus()
        box = term.get_by_role("tooltip").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] >= 0 and box["y"] + box["height"] <= 844


@pytest.mark.slow
def test_axe_can_find_something(app, open_page):
    page = settled(open_page(f"{app}/findings", width=1440))
    page.evaluate("document.querySelector('h1').style.color = '#dddddd'")
    page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<h5>too deep</h5>')")
    assert {line.partition(":")[0] for line in grave_faults(page)} == {"color-contrast", "heading-order"}


@pytest.mark.slow
@pytest.mark.parametrize("path", READ_PATHS)
def test_terms_are_explained_where_they_first_stand_and_a_sentence_has_two_numbers_at_most(app, open_page, path):
    page = settled(open_page(f"{app}/{path}", width=1440))
    assert page.evaluate(UNEXPLAINED, [re.escape(term) for term in JARGON]) == []
    assert [sentence for sentence in page.evaluate(SENTENCES) if len(numbers_in(sentence)) > 2] == []
    for title in page.locator("h1, h2, h3").all_inner_texts():
        assert "," not in title


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_a_page_stands_in_the_middle_of_a_wide_window(app, open_page, path):
    page = settled(open_page(f"{app}/{path}", width=1920, height=1080))
    left = WIDE.get(path, 320)
    assert page.locator("h1").bounding_box()["x"] == left
    link = page.get_by_test_id("stTopNavLink").first
    assert link.locator("p").bounding_box()["x"] == pytest.approx(left, abs=2)
    footer = page.locator(".st-key-footer").bounding_box()
    assert footer["x"] == left and footer["width"] == 1920 - 2 * left


@pytest.mark.parametrize("path", ["inpainting", "generation"])
def test_pictures_and_verb_are_in_sight_at_a_desk_and_come_first_on_a_phone(app, open_page, path):
    page = settled(open_page(f"{app}/{path}", width=1440))
    verb = page.locator(".st-key-run-stage button[kind=primary]")
    pictures = page.locator(".replay canvas, .painter canvas")
    for part in (verb, *pictures.all()):
        box = part.bounding_box()
        assert box["y"] > 0 and box["y"] + box["height"] <= 900
    sides = [picture.bounding_box()["width"] for picture in pictures.all()]
    assert max(sides) > 450
    page.set_viewport_size({"width": 390, "height": 844})
    boxes = [canvas.bounding_box() for canvas in settled(page).locator(".painter canvas, .replay canvas").all()]
    first = min(boxes, key=lambda box: box["y"])
    assert verb.bounding_box()["y"] < 900 and first["y"] < 450 and first["width"] > 300
    for control in page.locator(".st-key-run-stage button").all():
        if control.is_visible():
            assert control.bounding_box()["height"] >= 40, control.inner_text()
