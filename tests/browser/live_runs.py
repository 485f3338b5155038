"""Live runs on the pages *Fill a hole* and *Draw*: starting and stopping them, and what the replay shows."""

import re

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.browser.painting import place

SLOW = 240_000  # milliseconds: enough to load torch and a classifier on a busy machine
READ = "canvas => [canvas.width, ...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"


def start(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def go_to(page: Page, title: str) -> None:
    """Open another page with the navigation bar."""
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()


def step_of(page: Page) -> Locator:
    """Return the current step. On a busy machine the previous replay stays on the page for a moment."""
    return page.locator("[class*='-panel'] .replay .step").last


def step_number(step: Locator) -> int:
    return int(re.match(r"[Ss]tep ([\d,]+) of", step.inner_text())[1].replace(",", ""))


def wait_for_steps(page: Page) -> None:
    expect(step_of(page)).to_have_text(re.compile(r"step [1-9][\d,]* of .* left"), timeout=SLOW)


def pixels(page: Page, k: int = 0) -> np.ndarray:
    """(H, W, 3) uint8: pixels of the k-th picture of the replay."""
    return rgb(page.locator("[class*='-panel'] .replay .model:not(.reference) canvas").nth(k).evaluate(READ))


def rgb(read: list[int]) -> np.ndarray:
    width, *values = read
    return np.array(values, dtype=np.uint8).reshape(-1, width, 4)[..., :3]


def rendering(page: Page) -> set[str]:
    """Return the `image-rendering` of the replay's pictures, including those of an open dialog."""
    return set(
        page.locator("[class*='-panel'] .replay canvas").evaluate_all(
            "all => all.map(c => getComputedStyle(c).imageRendering)"
        )
    )


def wholly_in_the_window(page: Page) -> None:
    """Pictures of 32 pixels, transport bar and curve are in the window, the pictures equal, the results in a column."""
    window = page.viewport_size
    expect(page.locator("[class*='-panel'] .replay .pictures canvas")).to_have_count(4)
    # In one call: a run in progress redraws its charts between two calls.
    boxes = page.locator("[class*='-panel'] .replay").evaluate(
        """replay => [...replay.querySelectorAll(".pictures canvas, .transport, .beside > .charts > .chart")]
          .map(one => one.getBoundingClientRect().toJSON())"""
    )
    assert len(boxes) == 6
    for box in boxes:
        assert box["width"] > 90 and box["height"] > 20, box
        assert box["left"] >= 0 and box["right"] <= window["width"], box
        assert box["top"] >= 0 and box["bottom"] <= window["height"], box
    pictures = [box for box in boxes if abs(box["width"] - box["height"]) < 1]
    assert len(pictures) == 4 and len({round(box["width"]) for box in pictures}) == 1, pictures
    original, start, *results = pictures
    assert original["top"] == start["top"] == results[0]["top"], pictures
    assert len({box["left"] for box in results}) == 1 and results[0]["bottom"] < results[1]["top"], pictures


def stop(page: Page) -> None:
    """Stop the run, and wait until the page shows it."""
    page.get_by_role("button", name="Stop the run").click()
    expect(page.get_by_text(re.compile("stopped by you after"))).to_be_visible()


def stage_click(page: Page, x: int, y: int, size: int) -> None:
    page.locator(".painter .stage").scroll_into_view_if_needed()
    page.mouse.click(*place(page, (x, y), size))


def download(page: Page, name: str) -> tuple[str, bytes]:
    """Return a downloaded file's suggested name and content."""
    button = page.get_by_test_id("stPopoverBody").get_by_role("button", name=name).first
    if not button.count():
        page.locator("[class*=st-key-][class*=-download] button").first.click()
    with page.expect_download() as waiting:
        button.click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()
