"""Pixels that the browser shows, and strokes on a painter's stage, in pixels of its picture."""

import base64
from collections.abc import Sequence

import numpy as np
from playwright.sync_api import Locator, Page

from core.data.holes import Point
from tests.browser.waiting import in_page

TOUCH = {"width": 390, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}


def rgba(canvas: Locator) -> np.ndarray:
    """(H, W, 4) uint8: pixels of a canvas."""
    width, text = canvas.evaluate(in_page("canvasBytes"))
    return np.frombuffer(base64.b64decode(text), np.uint8).reshape(-1, width, 4)


def pixels(canvas: Locator) -> np.ndarray:
    """(H, W, 3) uint8: pixels of an opaque canvas."""
    values = rgba(canvas)
    assert (values[..., 3] == 255).all()
    return values[..., :3]


def place(page: Page, point: Point, size: int) -> tuple[float, float]:
    """Return the position of an image pixel's centre in the window."""
    box = page.locator(".painter .stage").bounding_box()
    return tuple(box[k] + (at + 0.5) * box["width"] / size for k, at in zip("xy", point, strict=True))


def open_tools(page: Page) -> None:
    """Open the painter's tools; those on a picture are folded."""
    fold = page.get_by_role("button", name="Tools:")
    if fold.count() and fold.is_visible() and fold.get_attribute("aria-expanded") == "false":
        fold.click()


def drag(page: Page, points: Sequence[Point], size: int = 32) -> None:
    page.locator(".painter .stage").scroll_into_view_if_needed()
    page.mouse.move(*place(page, points[0], size))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, point, size))
    page.mouse.up()
