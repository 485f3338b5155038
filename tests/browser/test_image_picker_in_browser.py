"""The image picker in a real browser, alone on a page."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.datasets import load_samples, sample_credits
from tests.browser.waiting import wait_until_drawn

APP = "tests/browser/demos.py"
CAPTIONS = [credit.title for credit in sample_credits("cifar10-samples")]
LAST = len(CAPTIONS) - 1


@pytest.fixture
def demo(streamlit_app, open_page):
    """`demo("&set=photographs", width=390)` -> the demo page, thumbnails drawn."""

    def open_demo(query: str = "", **window) -> Page:
        page = open_page(f"{streamlit_app(APP)}/?demo=pictures{query}", **window)
        expect(page.get_by_role("radio").nth(7)).to_be_checked()
        page.wait_for_function("""() => {
            const host = [...document.querySelectorAll('*')].find((e) => e.shadowRoot?.querySelector('.picker'));
            const canvas = host?.shadowRoot.querySelector('.tile:last-child canvas');
            return canvas?.getContext('2d').getImageData(1, 1, 1, 1).data[3] === 255;
        }""")
        return page

    return open_demo


def tile(page: Page, index: int):
    return page.get_by_role("radio").nth(index)


def caption(page: Page):
    return page.locator(".caption .text")


def expect_picked(page: Page, index: int) -> int:
    """Wait until Python has the picture; return the number of the run that printed it."""
    line = page.get_by_text(re.compile(rf"Python has picture {index}$"))
    expect(line).to_be_visible()
    return int(line.inner_text().split()[1].rstrip(":"))


def columns(page: Page) -> int:
    """Number of tiles in the first row."""
    tops = page.get_by_role("radio").evaluate_all("tiles => tiles.map(tile => tile.offsetTop)")
    return tops.count(tops[0])


def test_click_reports_the_picture_to_python(demo):
    page = demo()
    for click, index in enumerate([0, 24, 24, LAST], 1):  # choosing the same picture again counts: it closes a dialog
        tile(page, index).click()
        # one click, one rerun
        expect(page.get_by_text(f"Run {1 + click}: Python has picture {index}", exact=True)).to_be_visible()
        expect(page.get_by_role("radio", checked=True)).to_have_count(1)
        page.mouse.move(0, 0)
        expect(caption(page)).to_have_text(CAPTIONS[index])


def test_tiles_show_the_pictures_pixel_for_pixel(demo):
    page = demo()
    pixels = page.locator("canvas").evaluate_all(
        "all => all.filter((_, k) => k % 9 === 0)"
        ".map(c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data])"
    )
    tiles = np.array(pixels).reshape(-1, 32, 32, 4)
    assert np.array_equal(tiles[..., :3], load_samples("cifar10-samples").images[::9].transpose(0, 2, 3, 1))
    assert (tiles[..., 3] == 255).all()
    assert page.locator("canvas").first.evaluate("c => getComputedStyle(c).imageRendering") == "pixelated"


@pytest.mark.slow
def test_hover_shows_the_caption_without_a_rerun(demo):
    page = demo()
    tile(page, 30).hover()
    expect(caption(page)).to_have_text(CAPTIONS[30])
    expect(page.locator(".caption .count")).to_have_text("31 of 100")
    page.mouse.move(0, 0)
    expect(caption(page)).to_have_text(CAPTIONS[7])  # back to the chosen tile
    assert expect_picked(page, 7) == 1


def test_keys_look_through_the_pictures_and_enter_chooses(demo):
    page = demo()
    expect(page.get_by_role("radiogroup", name="Image")).to_be_visible()
    expect(page.get_by_role("radio", name=CAPTIONS[3], exact=True)).to_have_attribute("title", CAPTIONS[3])
    across = columns(page)
    page.get_by_role("button", name="Preset").focus()
    page.keyboard.press("Tab")
    expect(tile(page, 7)).to_be_focused()
    assert page.locator(".tile[tabindex='0']").count() == 1, "the group is one tab stop"
    style = "e => [getComputedStyle(e).outlineStyle, getComputedStyle(e).outlineWidth]"
    assert tile(page, 7).evaluate(style) == ["double", "5px"], "focus is visible"
    moves = {"ArrowRight": 8, "ArrowDown": 8 + across, "ArrowLeft": 7 + across, "ArrowUp": 7, "Home": 0, "End": LAST}
    for key, index in moves.items():
        page.keyboard.press(key)
        expect(tile(page, index)).to_be_focused()
        expect(caption(page)).to_have_text(CAPTIONS[index])
        expect(tile(page, 7)).to_be_checked()
    for key in ("ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    expect(tile(page, LAST)).to_be_focused()
    assert expect_picked(page, 7) == 1, "moving the focus triggers no rerun"
    page.keyboard.press("Enter")
    assert expect_picked(page, LAST) == 2
    expect(tile(page, LAST)).to_be_checked()
    expect(tile(page, LAST)).to_be_focused()


@pytest.mark.slow
def test_python_moves_the_choice_the_next_click_wins_again_and_quick_clicks_end_at_the_last(demo):
    page = demo()
    for _ in range(2):
        tile(page, 5).click()
        expect_picked(page, 5)
        page.get_by_role("button", name="Preset").click()
        expect(tile(page, 42)).to_be_checked()
    for index in range(20, 32):
        tile(page, index).click()
    expect_picked(page, 31)
    wait_until_drawn(page)
    expect(tile(page, 31)).to_be_checked()


@pytest.mark.slow
@pytest.mark.parametrize("query", ["&set=photographs", "&thumbnail=96"])
def test_narrow_window_never_scrolls_sideways(demo, query):
    page = demo(query, width=320)
    for scroller in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
        assert page.evaluate(f"{scroller}.scrollWidth <= {scroller}.clientWidth")
    assert page.get_by_role("radiogroup").evaluate("e => e.scrollWidth <= e.clientWidth")


@pytest.mark.slow
def test_tap_on_a_dark_phone_chooses_a_picture(demo):
    page = demo(width=390, has_touch=True, is_mobile=True, device_scale_factor=3, color_scheme="dark")
    tile(page, 12).tap()
    expect_picked(page, 12)
    expect(caption(page)).to_have_text(CAPTIONS[12])
    colour = caption(page).evaluate("e => getComputedStyle(e).color.match(/\\d+/g).map(Number)")
    assert min(colour[:3]) > 200
