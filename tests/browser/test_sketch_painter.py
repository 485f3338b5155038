"""The sketch painter in a real browser: Python receives exactly the pixels that `tests.painter_oracle` computes."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.holes_and_sketches import PALETTE, SKETCHES, Point, draw_sketch
from tests.browser.painting import TOUCH, drag, place
from tests.painter_oracle import brush_mask, ellipse_mask, fill_mask

APP = "tests/browser/demos.py"
OWN = (1, 171, 205)


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

    def ellipse(self, start: Point, end: Point, colour: str) -> np.ndarray:
        return self.paint(ellipse_mask(start, end, **self.size), colour)

    def fill(self, point: Point, colour: str) -> np.ndarray:
        return self.paint(fill_mask(self.picture, point), colour)


@pytest.fixture
def demo(streamlit_app, open_page):
    """`demo("&size=64", width=390)` -> the page, drawn."""

    def open_(query: str = "", **window) -> Page:
        page = open_page(f"{streamlit_app(APP)}/?demo=sketch{query}", **window)
        expect(page.locator(".stage .sheet")).to_be_visible()
        return page

    return open_


def choose(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).click()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def expect_picture(page: Page, picture: np.ndarray) -> None:
    digest = hashlib.sha256(picture.tobytes()).hexdigest()[:16]
    # The first: during a rerun the previous element can still be on the page beside its successor.
    expect(page.get_by_text(f"Python has {digest}", exact=True).first).to_be_visible()


def pixels_of(page: Page, size: int = 32) -> np.ndarray:
    """Pixels that the browser shows."""
    values = page.locator(".sheet").evaluate(
        "(e) => [...e.getContext('2d').getImageData(0, 0, e.width, e.height).data]"
    )
    return np.array(values, dtype=np.uint8).reshape(size, size, 4)[..., :3]


@pytest.mark.parametrize(("size", "width"), [(32, 1400), pytest.param(64, 390, marks=pytest.mark.slow)])
def test_strokes_of_every_tool_are_those_of_the_oracle(demo, size, width):
    page, sheet = demo(f"&size={size}", width=width), Sheet(size)
    rng = np.random.default_rng(size)
    paths = [[tuple(int(v) for v in p) for p in rng.integers(-size // 4, size + size // 4, (5, 2))] for _ in range(4)]
    for path in paths:
        path[0] = tuple(min(max(v, 0), size - 1) for v in path[0])  # a stroke begins on the picture
    drag(page, paths[0], size)
    expect_picture(page, sheet.brush(paths[0], 2, "sky blue"))
    choose(page, "brown")
    page.locator(".size input").evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input')) }", size // 5)
    drag(page, paths[1], size)
    expect_picture(page, sheet.brush(paths[1], size // 5, "brown"))
    choose(page, "Ellipse", "red")
    for start, *_, end in paths[2:]:
        drag(page, [start, (0, 0), end], size)  # only the end point counts
        expect_picture(page, sheet.ellipse(start, end, "red"))
    choose(page, "Fill", "grass green")
    drag(page, [(0, size - 1), (size // 2, size // 2)], size)  # only the start point counts
    expect_picture(page, sheet.fill((0, size - 1), "grass green"))
    np.testing.assert_array_equal(pixels_of(page, size), sheet.picture)


@pytest.mark.slow
def test_fill_stays_within_its_area(demo):
    page, sheet = demo(), Sheet()
    choose(page, "red")
    drag(page, [(4, 4), (27, 4), (27, 27), (4, 27), (4, 4)])
    sheet.brush([(4, 4), (27, 4), (27, 27), (4, 27), (4, 4)], 2, "red")
    choose(page, "Fill", "water blue")
    drag(page, [(15, 15)])
    expect_picture(page, sheet.fill((15, 15), "water blue"))
    drag(page, [(4, 15)])
    expect_picture(page, sheet.fill((4, 15), "water blue"))
    assert {tuple(c) for c in np.unique(sheet.picture.reshape(-1, 3), axis=0)} == {(34, 102, 175), (240, 240, 240)}


def test_undo_redo_and_clear(demo):
    page, sheet = demo(), Sheet()
    undo, redo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Redo", "Clear"))
    blank = sheet.picture
    expect(undo).to_be_disabled()
    expect(clear).to_be_disabled()
    drag(page, [(8, 8), (20, 8)])
    first = sheet.brush([(8, 8), (20, 8)], 2, "sky blue")
    expect_picture(page, first)
    choose(page, "Ellipse", "dark green")
    drag(page, [(5, 12), (25, 28)])
    second = sheet.ellipse((5, 12), (25, 28), "dark green")
    expect_picture(page, second)
    undo.click()
    expect_picture(page, first)
    redo.click()
    expect_picture(page, second)
    expect(redo).to_be_disabled()
    clear.click()
    expect_picture(page, blank)
    for picture in (second, first, blank):
        undo.click()
        expect_picture(page, picture)
    expect(undo).to_be_disabled()


@pytest.mark.slow
def test_python_may_put_a_bundled_sketch_there_and_undo_takes_it_back(demo):
    page, sheet = demo(), Sheet()
    drag(page, [(3, 3)])
    sheet.brush([(3, 3)], 2, "sky blue")
    painted = sheet.picture
    expect_picture(page, painted)
    for name in ("ship", "horse"):
        choose(page, name)
        expect_picture(page, draw_sketch(name))
    np.testing.assert_array_equal(pixels_of(page), draw_sketch("horse"))
    choose(page, "Undo")
    expect_picture(page, draw_sketch("ship"))
    choose(page, "Undo")
    expect_picture(page, painted)


@pytest.mark.slow
def test_own_colour_and_one_picked_up(demo):
    page, sheet = demo(), Sheet()
    own = page.get_by_label("Own colour")
    own.fill("#01abcd")
    drag(page, [(6, 6)])
    expect_picture(page, sheet.brush([(6, 6)], 2, OWN))
    choose(page, "red", "Ellipse")
    drag(page, [(10, 10), (20, 22)])
    expect_picture(page, sheet.ellipse((10, 10), (20, 22), "red"))
    choose(page, "Pick up")
    drag(page, [(6, 6)])
    expect(page.get_by_role("button", name="Ellipse")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".state")).to_contain_text("#01abcd: 1.3 % of the picture.")
    drag(page, [(25, 25), (29, 30)])
    expect_picture(page, sheet.paint(ellipse_mask((25, 25), (29, 30), **sheet.size), OWN))
    choose(page, "dog")
    expect_picture(page, draw_sketch("dog"))  # sent by the server; an earlier click would pick the previous colour
    choose(page, "Pick up")
    drag(page, [(16, 16)])
    expect(own).to_have_value("#{:02x}{:02x}{:02x}".format(*SKETCHES["dog"].shapes[0].colour))


def test_keys_move_the_cursor_choose_and_paint(demo):
    page, sheet = demo(), Sheet()
    live = page.locator(".visually-hidden")
    page.locator(".stage").focus()
    press(page, "ArrowLeft", "ArrowLeft", "ArrowUp", "Shift+ArrowDown")
    expect(live).to_have_text("column 14, row 25, white")
    press(page, "6")
    expect(live).to_have_text("red")
    press(page, "+", " ")
    expect_picture(page, sheet.brush([(14, 25)], 3, "red"))
    expect(live).to_contain_text("Red: 2.8 % of the picture.")
    press(page, "-", "-", "-", "5", "ArrowRight", " ")
    brown = sheet.brush([(15, 25)], 0, "brown")
    expect_picture(page, brown)
    press(page, "ArrowLeft")
    expect(live).to_have_text("column 14, row 25, red")
    press(page, "e", "3", " ")
    expect(live).to_have_text("One corner of the ellipse’s box is here.")
    press(page, "Escape", "Shift+ArrowUp", "Shift+ArrowUp", " ", "Shift+ArrowRight", *["ArrowDown"] * 7, " ")
    green = sheet.ellipse((14, 5), (24, 12), "grass green")
    expect_picture(page, green)
    press(page, "f", "1", "Shift+ArrowDown", " ")
    expect_picture(page, sheet.fill((24, 22), "sky blue"))
    press(page, "Control+z")
    expect_picture(page, green)
    press(page, "z")
    expect_picture(page, brown)
    press(page, "y", "Control+Shift+Z")
    expect_picture(page, sheet.picture)
    press(page, "p", *["ArrowUp"] * 14, " ", "b")
    expect(page.get_by_role("button", name="grass green")).to_have_attribute("aria-pressed", "true")


@pytest.mark.slow
def test_finger_paints_and_the_page_stays(demo):
    page, sheet = demo(**TOUCH), Sheet()
    page.locator(".stage").scroll_into_view_if_needed()
    points = [(10, 28), (11, 20), (14, 9), (15, 2)]
    finger = page.context.new_cdp_session(page)
    before = page.locator(".stage").bounding_box()
    for kind, point in [("touchStart", points[0]), *(("touchMove", point) for point in points[1:])]:
        x, y = place(page, point, 32)
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect_picture(page, sheet.brush(points, 2, "sky blue"))
    assert page.locator(".stage").bounding_box() == before
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_sketch_survives_hiding_the_painter(demo):
    page, sheet = demo(), Sheet()
    choose(page, "Ellipse", "red")
    drag(page, [(5, 5), (20, 25)])
    expect_picture(page, sheet.ellipse((5, 5), (20, 25), "red"))
    for _ in range(2):
        page.get_by_text("Show the painter").click()
    expect(page.locator(".state")).to_contain_text("Red: ")
    np.testing.assert_array_equal(pixels_of(page), sheet.picture)
    choose(page, "Undo")
    expect_picture(page, Sheet().picture)


@pytest.mark.slow
def test_sketch_of_another_size_is_one_of_its_own(demo):
    page, sheet = demo(), Sheet()
    drag(page, [(5, 5), (20, 25)])
    expect_picture(page, sheet.brush([(5, 5), (20, 25)], 2, "sky blue"))
    page.get_by_text("Other size").click()
    other = Sheet(64)
    expect_picture(page, other.picture)
    drag(page, [(63, 0)], 64)
    expect_picture(page, other.brush([(63, 0)], 2, "sky blue"))
    page.get_by_text("Other size").click()
    expect_picture(page, sheet.picture)


@pytest.mark.slow
def test_quick_strokes_all_arrive(demo):
    page, sheet = demo(), Sheet()
    for k in range(12):
        point, colour = (2 + 2 * k, 29 - 2 * k), list(PALETTE)[k % 8]
        choose(page, colour)
        drag(page, [point])
        sheet.brush([point], 2, colour)
    expect_picture(page, sheet.picture)
