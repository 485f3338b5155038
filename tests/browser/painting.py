"""Strokes on a painter's stage, in pixels of its picture."""

from collections.abc import Sequence

from playwright.sync_api import Page

from core.data.holes_and_sketches import Point

TOUCH = {"width": 390, "has_touch": True, "is_mobile": True, "device_scale_factor": 3}


def place(page: Page, point: Point, size: int) -> tuple[float, float]:
    """Return the position of an image pixel's centre in the window."""
    box = page.locator(".painter .stage").bounding_box()
    return tuple(box[k] + (at + 0.5) * box["width"] / size for k, at in zip("xy", point, strict=True))


def open_tools(page: Page) -> None:
    """Open the painter's tools, which are folded."""
    fold = page.get_by_role("button", name="Tools:")
    if fold.get_attribute("aria-expanded") == "false":
        fold.click()


def drag(page: Page, points: Sequence[Point], size: int = 32) -> None:
    page.locator(".painter .stage").scroll_into_view_if_needed()
    page.mouse.move(*place(page, points[0], size))
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*place(page, point, size))
    page.mouse.up()
