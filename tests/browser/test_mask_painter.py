"""The mask painter in a real browser: Python receives exactly the pixels that `tests.painter_oracle` computes."""

import hashlib
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.holes_and_sketches import encode_mask, square_side
from tests.browser.painting import TOUCH, drag, place
from tests.painter_oracle import brush_mask, combine, erase, stamp_mask

APP = "tests/browser/demos.py"


@pytest.fixture
def demo(streamlit_app, open_page):
    """`demo("&size=32", width=390)` -> the page, drawn."""

    def open_(query: str = "", **window) -> Page:
        page = open_page(f"{streamlit_app(APP)}/?demo=mask{query}", **window)
        expect(page.locator(".stage img")).to_be_visible()
        return page

    return open_


def expect_mask(page: Page, mask: np.ndarray) -> None:
    digest = hashlib.sha256(encode_mask(mask).encode()).hexdigest()[:16]
    # The first: during a rerun the previous element can still be on the page beside its successor.
    expect(page.get_by_text(f"Python has {mask.sum()} pixels, {digest}", exact=True).first).to_be_visible()


def tool(page: Page, name: str, size: int | None = None) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    if size is not None:
        page.locator(".size input").evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')) }", size)


@pytest.mark.parametrize(("size", "width"), [pytest.param(224, 390, marks=pytest.mark.slow), (32, 1400)])
def test_one_click_stamps_the_papers_square(demo, size, width):
    page = demo(f"&size={size}", width=width)
    drag(page, [(size // 3, size // 2)], size)
    side = square_side(size)
    mask = stamp_mask([(size // 3, size // 2)], side, height=size, width=size)
    expect_mask(page, mask)
    assert mask.sum() == side * side
    share = 100 * side * side / size**2
    expect(page.locator(".state")).to_have_text(f"Hole: {side * side:,} of {size * size:,} pixels, {share:.1f} %")


def test_strokes_of_every_tool_are_those_of_the_oracle(demo):
    page, size = demo("&size=224"), 224
    rng = np.random.default_rng(size)
    paths = [[tuple(int(v) for v in p) for p in rng.integers(-size // 8, size + size // 8, (6, 2))] for _ in range(3)]
    for path in paths:
        path[0] = tuple(min(max(v, 0), size - 1) for v in path[0])  # a stroke begins on the picture
    mask = stamp_mask(paths[0], square_side(size), height=size, width=size)
    drag(page, paths[0], size)
    expect_mask(page, mask)
    for radius in (size // 9, 0):
        tool(page, "Brush", radius)
        drag(page, paths[1], size)
        mask = combine(mask, brush_mask(paths[1], radius, height=size, width=size))
        expect_mask(page, mask)
    tool(page, "Eraser", size // 16)
    drag(page, paths[2], size)
    mask = erase(mask, brush_mask(paths[2], size // 16, height=size, width=size))
    expect_mask(page, mask)


def test_undo_redo_and_clear(demo):
    page = demo()
    first = stamp_mask([(60, 60)], 60, height=224, width=224)
    second = combine(first, brush_mask([(150, 150), (200, 100)], 8, height=224, width=224))
    empty = np.zeros_like(first)
    undo, redo = (page.get_by_role("button", name=name) for name in ("Undo", "Redo"))
    expect(undo).to_be_disabled()
    drag(page, [(60, 60)], 224)
    expect_mask(page, first)
    tool(page, "Brush")
    drag(page, [(150, 150), (200, 100)], 224)
    expect_mask(page, second)
    undo.click()
    expect_mask(page, first)
    redo.click()
    expect_mask(page, second)
    expect(redo).to_be_disabled()
    page.get_by_role("button", name="Clear").click()
    expect_mask(page, empty)
    for mask in (second, first, empty):
        undo.click()
        expect_mask(page, mask)
    expect(undo).to_be_disabled()


def test_keys_move_the_cursor_paint_and_change_the_size(demo):
    page = demo("&size=32")
    page.locator(".stage").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowDown", "+", "+", " "):
        page.keyboard.press(key)
    mask = stamp_mask([(14, 25)], 11, height=32, width=32)
    expect_mask(page, mask)
    for key in ("b", "-", "Shift+ArrowUp", "ArrowRight", " "):
        page.keyboard.press(key)
    union = combine(mask, brush_mask([(15, 15)], 0, height=32, width=32))
    expect_mask(page, union)
    page.keyboard.press("Control+z")
    expect_mask(page, mask)
    page.keyboard.press("Control+Shift+Z")
    expect_mask(page, union)


@pytest.mark.slow
def test_finger_paints_and_the_page_stays(demo):
    page = demo("&size=32", **TOUCH)
    stage = page.locator(".stage")
    stage.scroll_into_view_if_needed()
    x, y = place(page, (10, 20), 32)
    page.touchscreen.tap(x, y)
    expect_mask(page, stamp_mask([(10, 20)], 9, height=32, width=32))
    assert stage.evaluate("e => getComputedStyle(e).touchAction") == "none"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_mask_survives_hiding_the_painter_and_another_picture(demo):
    page = demo()
    drag(page, [(60, 60), (100, 90)], 224)
    mask = stamp_mask([(60, 60), (100, 90)], 60, height=224, width=224)
    expect_mask(page, mask)
    for name in ("Show the painter", "Show the painter", "Other picture"):
        page.get_by_text(name).click()
    expect(page.locator(".state")).to_contain_text(f"Hole: {mask.sum():,}")
    expect_mask(page, mask)
    page.get_by_role("button", name="Undo").click()
    expect_mask(page, np.zeros_like(mask))


@pytest.mark.slow
def test_picture_of_another_size_has_a_mask_of_its_own(demo):
    page = demo()
    drag(page, [(60, 60)], 224)
    expect_mask(page, stamp_mask([(60, 60)], 60, height=224, width=224))
    page.get_by_text("Other size").click()
    expect_mask(page, np.zeros((1, 32, 32), dtype=bool))
    drag(page, [(31, 0)], 32)
    expect_mask(page, stamp_mask([(31, 0)], 9, height=32, width=32))
    page.get_by_text("Other size").click()
    expect_mask(page, stamp_mask([(60, 60)], 60, height=224, width=224))


@pytest.mark.slow
def test_quick_strokes_all_arrive(demo):
    page = demo()
    points = [(20 + 15 * k, 200 - 14 * k) for k in range(12)]
    tool(page, "Brush", 3)
    mask = np.zeros((1, 224, 224), dtype=bool)
    for point in points:
        drag(page, [point], 224)
        mask = combine(mask, brush_mask([point], 3, height=224, width=224))
    expect_mask(page, mask)
    expect(page.locator(".state")).to_contain_text(re.compile(f"Hole: {mask.sum():,}"))
