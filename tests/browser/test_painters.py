"""The painters in a real browser: Python receives exactly the pixels that `tests.painter_oracle` computes."""

import hashlib

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.holes import Point, encode_mask, square_size
from core.data.sketches import PALETTE, draw_sketch
from tests.browser.canvases import TOUCH, drag, open_tools, pixels, place
from tests.browser.waiting import wait_until_drawn, wait_until_still
from tests.painter_oracle import brush_mask, fill_mask, stamp_mask

OWN = (1, 171, 205)


@pytest.fixture
def demo(streamlit_app, open_page):
    """`demo("mask", width=390)` -> the page of a painter, drawn."""

    def open_(painter: str, **window) -> Page:
        page = open_page(f"{streamlit_app('tests/browser/apps/demos.py')}/?demo={painter}", **window)
        expect(page.locator(".stage .sheet")).to_be_visible()
        return page

    return open_


class Sheet:
    """Expected state in Python: a picture with the oracle's strokes."""

    def __init__(self, size: int = 32) -> None:
        self.picture = np.full((size, size, 3), PALETTE["white"], dtype=np.uint8)

    def paint(self, mask: np.ndarray, colour: tuple[int, int, int]) -> np.ndarray:
        self.picture = self.picture.copy()
        self.picture[mask[0]] = colour
        return self.picture

    def brush(self, points: list[Point], radius: int, colour: tuple[int, int, int]) -> np.ndarray:
        size = len(self.picture)
        return self.paint(brush_mask(points, radius, height=size, width=size), colour)


def choose(page: Page, *names: str) -> None:
    open_tools(page)
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def set_size(page: Page, radius: int) -> None:
    page.locator(".size input").evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')) }", radius)


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


def test_mask_strokes_equal_the_oracle(demo):
    page, size = demo("mask"), 224
    whole, side, paths = {"height": size, "width": size}, square_size(size), random_paths(3, size)
    choose(page, "Square")
    drag(page, [*paths[0], (75, 112)], size)
    mask = stamp_mask([(75, 112)], side, **whole)
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
    page.locator(".stage").focus()
    for key in ("ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowDown", "Space"):
        page.keyboard.press(key)
    mask |= brush_mask([(110, 121)], 3, **whole)
    for k in range(12):  # quick strokes all arrive
        drag(page, [(20 + 15 * k, 10 + 12 * k)], size)
        mask |= brush_mask([(20 + 15 * k, 10 + 12 * k)], 3, **whole)
    expect_there(page, mask)
    before, papers = mask, page.get_by_role("button", name="Square hole")
    papers.click()  # one square, where the hole is
    y, x = (int(where.min() + where.max() + 1) // 2 for where in mask[0].nonzero())
    mask = stamp_mask([(x, y)], side, **whole)
    assert not np.array_equal(mask, before)
    expect_there(page, mask)
    expect(papers).to_have_attribute("aria-pressed", "true")
    page.get_by_text("Other picture").click()  # it keeps the hole
    wait_until_mounted(page)
    share = 100 * side * side / size**2
    expect(page.locator(".state")).to_have_text(f"Hole: {side} × {side} pixels, {share:.1f}%")
    page.locator(".stage").focus()
    page.keyboard.press("Control+z")
    expect_there(page, before)


def test_sketch_strokes_and_undo_equal_the_oracle(demo):
    page, sheet, paths = demo("sketch"), Sheet(), random_paths(2, 32)
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    expect(undo).to_be_hidden()
    expect(clear).to_be_disabled()
    drag(page, paths[0])
    expect_there(page, sheet.brush(paths[0], 2, PALETTE["sky blue"]))
    choose(page, "brown")
    set_size(page, 0)
    drag(page, [(31, 0), (0, 31)])  # no fill passes between its corners
    sheet.brush([(31, 0), (0, 31)], 0, PALETTE["brown"])
    choose(page, "Fill", "grass green")
    drag(page, [(0, 0)])
    expect_there(page, sheet.paint(fill_mask(sheet.picture, (0, 0)), PALETTE["grass green"]))
    choose(page, "Brush")
    set_size(page, 2)
    page.get_by_label("Own colour").fill("#01abcd")
    drag(page, paths[1])
    first = sheet.brush(paths[1], 2, OWN)
    expect_there(page, first)
    choose(page, "ship")  # Python's sketch, which can be undone as well
    expect_there(page, draw_sketch("ship"))
    np.testing.assert_array_equal(pixels(page.locator(".sheet")), draw_sketch("ship"))
    clear.click()
    expect_there(page, Sheet().picture)
    for _ in range(2):
        page.get_by_text("Show the painter").click()
    wait_until_mounted(page)
    for picture in (draw_sketch("ship"), first):
        undo.click()
        expect_there(page, picture)
    page.get_by_text("Other size").click()
    other = Sheet(64)
    expect_there(page, other.picture)
    drag(page, [(63, 0)], 64)
    expect_there(page, other.brush([(63, 0)], 2, PALETTE["sky blue"]))


def test_touch_paints_without_scrolling(demo):
    page, sheet = demo("sketch", **TOUCH), Sheet()
    stage = page.locator(".stage")
    stage.scroll_into_view_if_needed()
    points = [(10, 28), (11, 20), (14, 9), (15, 2)]
    finger, before = page.context.new_cdp_session(page), stage.bounding_box()
    for kind, point in [("touchStart", points[0]), *(("touchMove", point) for point in points[1:])]:
        x, y = place(page, point, 32)
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_there(page, sheet.brush(points, 2, PALETTE["sky blue"]))
    assert stage.bounding_box() == before and page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("way", ["wide", "tall"])
def test_frame_moves_by_pointer_keys_and_finger(streamlit_app, open_page, way):
    page = open_page(f"{streamlit_app('tests/browser/apps/demos.py')}/?demo=frame&{way}=1", **TOUCH)
    frame = page.locator(".photo-frame")
    expect(frame).to_be_visible()
    wait_until_still(page)
    box = frame.bounding_box()
    assert box["width"] / box["height"] == pytest.approx(1.5 if way == "wide" else 2 / 3, rel=0.02), "the whole photo"

    def at(along: float) -> tuple[float, float]:
        across, down = (along, 0.5) if way == "wide" else (0.5, along)
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    page.mouse.move(*at(0.5))
    page.mouse.down()
    page.mouse.move(*at(0.4))
    page.mouse.move(*at(0.1))
    page.mouse.up()
    expect(page.get_by_text("Python has 0.00")).to_be_visible()
    frame.focus()
    page.keyboard.press("ArrowRight" if way == "wide" else "ArrowDown")
    expect(page.get_by_text("Python has 0.02")).to_be_visible()
    page.touchscreen.tap(*at(0.95))  # outside the frame, which comes there
    expect(page.get_by_text("Python has 1.00")).to_be_visible()
    finger = page.context.new_cdp_session(page)
    for kind, points in [("touchStart", [0.8]), ("touchMove", [0.7]), ("touchMove", [0.6]), ("touchEnd", [])]:
        touches = [dict(zip("xy", at(along), strict=True)) for along in points]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})
    expect(page.get_by_text("Python has 0.40")).to_be_visible()
    assert page.evaluate("scrollY") == 0
