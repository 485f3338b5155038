"""The painters in a real browser: Python receives exactly the pixels that `tests.painter_oracle` computes."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.holes import Point, encode_mask, square_side
from core.data.sketches import PALETTE, SKETCHES, draw_sketch
from tests.browser.canvases import TOUCH, drag, open_tools, pixels, place
from tests.browser.waiting import wait_until_drawn, wait_until_still
from tests.painter_oracle import brush_mask, ellipse_mask, fill_mask, stamp_mask

OWN = (1, 171, 205)


@pytest.fixture
def demo(streamlit_app, open_page):
    """`demo("mask&size=32", width=390)` -> the page of a painter, drawn."""

    def open_(painter: str, **window) -> Page:
        page = open_page(f"{streamlit_app('tests/browser/apps/demos.py')}/?demo={painter}", **window)
        expect(page.locator(".stage img, .stage .sheet")).to_be_visible()
        return page

    return open_


class Sheet:
    """Expected state in Python: a picture with the oracle's strokes."""

    def __init__(self, size: int = 32) -> None:
        self.picture = np.full((size, size, 3), PALETTE["white"], dtype=np.uint8)
        self.size = {"height": size, "width": size}

    def paint(self, mask: np.ndarray, colour: str | tuple[int, int, int]) -> np.ndarray:
        self.picture = self.picture.copy()
        self.picture[mask[0]] = PALETTE[colour] if isinstance(colour, str) else colour
        return self.picture

    def brush(self, points: Sequence[Point], radius: int, colour: str | tuple[int, int, int]) -> np.ndarray:
        return self.paint(brush_mask(points, radius, **self.size), colour)

    def ellipse(self, start: Point, end: Point, colour: str | tuple[int, int, int]) -> np.ndarray:
        return self.paint(ellipse_mask(start, end, **self.size), colour)


def choose(page: Page, *names: str) -> None:
    open_tools(page)
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def set_size(page: Page, radius: int) -> None:
    page.locator(".size input").evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')) }", radius)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def expect_there(page: Page, painted: np.ndarray) -> None:
    """Wait until Python has a mask, or a picture."""
    data = encode_mask(painted).encode() if painted.dtype == bool else painted.tobytes()
    digest = hashlib.sha256(data).hexdigest()[:16]
    text = f"Python has {painted.sum()} pixels, {digest}" if painted.dtype == bool else f"Python has {digest}"
    # The first: during a rerun the previous element can still be on the page beside its successor.
    expect(page.get_by_text(text, exact=True).first).to_be_visible()


def wait_until_mounted(page: Page) -> None:
    """Wait until no painter is replaced any more: Playwright would repeat a press on one that then goes away."""
    wait_until_drawn(page)
    wait_until_still(page, frames=30)
    expect(page.locator(".painter")).to_have_count(1)


def random_paths(count: int, size: int) -> list[list[Point]]:
    """Paths that begin on the picture and may leave it."""
    points = np.random.default_rng(size).integers(-size // 8, size + size // 8, (count, 6, 2))
    points[:, 0] = points[:, 0].clip(0, size - 1)
    return [[(int(x), int(y)) for x, y in path] for path in points]


def test_strokes_of_every_tool_of_a_mask_are_the_oracles(demo):
    page, size = demo("mask&size=224"), 224
    whole, side, paths = {"height": size, "width": size}, square_side(size), random_paths(3, size)
    choose(page, "Square")
    drag(page, [(75, 112)], size)
    mask = stamp_mask([(75, 112)], side, **whole)
    expect_there(page, mask)
    share = 100 * side * side / size**2
    expect(page.locator(".state")).to_have_text(f"Hole: {side} × {side} pixels, {share:.1f} %")
    drag(page, paths[0], size)
    page.locator(".stage").focus()
    press(page, "ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowDown", "+", "+", " ")
    mask = stamp_mask([(110, 121)], side + 2, **whole)
    expect_there(page, mask)
    for name, radius, path in (("Brush", 24, paths[1]), ("Brush", 0, paths[2]), ("Eraser", 14, paths[2])):
        choose(page, name)
        set_size(page, radius)
        drag(page, path, size)
        stroke = brush_mask(path, radius, **whole)
        mask = mask & ~stroke if name == "Eraser" else mask | stroke
        expect_there(page, mask)
    choose(page, "Brush")
    set_size(page, 3)
    for k in range(12):  # quick strokes all arrive
        drag(page, [(20 + 15 * k, 10 + 12 * k)], size)
        mask |= brush_mask([(20 + 15 * k, 10 + 12 * k)], 3, **whole)
    expect_there(page, mask)
    before = mask
    page.get_by_role("button", name=f"{side} × {side}").click()  # one square, where the hole is
    y, x = (int(where.min() + where.max() + 1) // 2 for where in mask[0].nonzero())
    mask = stamp_mask([(x, y)], side, **whole)
    assert not np.array_equal(mask, before)
    expect_there(page, mask)
    expect(page.get_by_role("button", name=f"{side} × {side}")).to_have_attribute("aria-pressed", "true")
    page.get_by_text("Other picture").click()  # it keeps the hole
    wait_until_mounted(page)
    expect(page.locator(".state")).to_contain_text(f"Hole: {side} × {side} pixels")
    page.get_by_role("button", name="Undo").click()
    expect_there(page, before)
    page.locator(".stage").focus()
    for key, painted in (("Control+Shift+Z", mask), ("Control+z", before)):
        press(page, key)
        expect_there(page, painted)


def test_strokes_of_every_tool_of_a_sketch_are_the_oracles(demo):
    page, sheet, paths = demo("sketch&size=32"), Sheet(), random_paths(4, 32)
    drag(page, paths[0])
    expect_there(page, sheet.brush(paths[0], 2, "sky blue"))
    choose(page, "brown")
    set_size(page, 6)
    drag(page, paths[1])
    expect_there(page, sheet.brush(paths[1], 6, "brown"))
    choose(page, "Ellipse", "red")
    for start, *_, end in paths[2:]:
        drag(page, [start, (0, 0), end])  # only the end point counts
        expect_there(page, sheet.ellipse(start, end, "red"))
    choose(page, "Brush", "brown")
    set_size(page, 0)
    drag(page, [(31, 0), (0, 31)])  # no fill passes between its corners
    sheet.brush([(31, 0), (0, 31)], 0, "brown")
    choose(page, "Fill", "grass green")
    drag(page, [(0, 0), (16, 16)])  # only the start point counts
    expect_there(page, sheet.paint(fill_mask(sheet.picture, (0, 0)), "grass green"))
    np.testing.assert_array_equal(pixels(page.locator(".sheet")), sheet.picture)
    page.get_by_label("Own colour").fill("#01abcd")
    choose(page, "Ellipse")
    drag(page, [(6, 6), (7, 7)])
    expect_there(page, sheet.ellipse((6, 6), (7, 7), OWN))
    choose(page, "red", "Pick up")
    drag(page, [(6, 6)])
    expect(page.get_by_role("button", name="Ellipse", exact=True)).to_have_attribute("aria-pressed", "true")
    drag(page, [(25, 25), (29, 30)])
    expect_there(page, sheet.ellipse((25, 25), (29, 30), OWN))
    choose(page, "dog")
    expect_there(page, draw_sketch("dog"))  # sent by the server; an earlier click would pick the previous colour
    choose(page, "Pick up")
    drag(page, [(16, 16)])
    colour = "#{:02x}{:02x}{:02x}".format(*SKETCHES["dog"].shapes[0].colour)
    expect(page.get_by_label("Own colour")).to_have_value(colour)


def test_undo_and_redo_survive_python_hiding_and_another_size(demo):
    page, sheet = demo("sketch"), Sheet()
    open_tools(page)
    undo, redo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Redo", "Clear"))
    blank = sheet.picture
    expect(undo).to_be_hidden()
    expect(clear).to_be_disabled()
    drag(page, [(8, 8), (20, 8)])
    first = sheet.brush([(8, 8), (20, 8)], 2, "sky blue")
    expect_there(page, first)
    choose(page, "ship")
    expect_there(page, draw_sketch("ship"))
    np.testing.assert_array_equal(pixels(page.locator(".sheet")), draw_sketch("ship"))
    for button, picture in ((undo, first), (redo, draw_sketch("ship")), (clear, blank)):
        button.click()
        expect_there(page, picture)
    expect(redo).to_be_hidden()
    for _ in range(2):
        page.get_by_text("Show the painter").click()
    wait_until_mounted(page)
    expect(page.locator(".state")).not_to_have_text("")
    for picture in (draw_sketch("ship"), first):
        undo.click()
        expect_there(page, picture)
    expect(redo).to_be_enabled()
    drag(page, [(3, 20)])
    last = sheet.brush([(3, 20)], 2, "sky blue")
    expect_there(page, last)
    expect(redo).to_be_hidden()
    page.get_by_text("Other size").click()
    other = Sheet(64)
    expect_there(page, other.picture)
    drag(page, [(63, 0)], 64)
    expect_there(page, other.brush([(63, 0)], 2, "sky blue"))
    page.get_by_text("Other size").click()
    expect_there(page, last)


def test_keys_move_the_cursor_of_a_sketch_choose_and_paint(demo):
    page, sheet = demo("sketch"), Sheet()
    live = page.locator(".visually-hidden")
    page.locator(".stage").focus()
    press(page, "ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowDown")
    expect(live).to_have_text("column 14, row 25, white")
    press(page, "6")
    expect(live).to_have_text("red")
    press(page, "+", " ")
    expect_there(page, sheet.brush([(14, 25)], 3, "red"))
    expect(live).to_contain_text("Red: 2.8 % of the picture.")
    press(page, "-", "-", "-", "5", "ArrowRight", " ")
    brown = sheet.brush([(15, 25)], 0, "brown")
    expect_there(page, brown)
    press(page, "e", "3", " ")
    expect(live).to_have_text("One corner of the ellipse’s box is here.")
    press(
        page, "Escape", "ArrowLeft", "Shift+ArrowUp", "Shift+ArrowUp", " ", "Shift+ArrowRight", *["ArrowDown"] * 7, " "
    )
    green = sheet.ellipse((14, 5), (24, 12), "grass green")
    expect_there(page, green)
    press(page, "f", "1", "Shift+ArrowDown", " ")
    expect_there(page, sheet.paint(fill_mask(sheet.picture, (24, 22)), "sky blue"))
    press(page, "z", "z")
    expect_there(page, brown)
    press(page, "y", "Control+Shift+Z")
    expect_there(page, sheet.picture)
    press(page, "p", *["ArrowUp"] * 14, " ", "b")
    expect(page.get_by_role("button", name="grass green")).to_have_attribute("aria-pressed", "true")


def test_a_finger_paints_and_the_page_stays(demo):
    page, sheet = demo("sketch", **TOUCH), Sheet()
    stage = page.locator(".stage")
    stage.scroll_into_view_if_needed()
    points = [(10, 28), (11, 20), (14, 9), (15, 2)]
    finger, before = page.context.new_cdp_session(page), stage.bounding_box()
    for kind, point in [("touchStart", points[0]), *(("touchMove", point) for point in points[1:])]:
        x, y = place(page, point, 32)
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_there(page, sheet.brush(points, 2, "sky blue"))
    assert stage.bounding_box() == before and page.evaluate("document.documentElement.scrollWidth") <= 390
