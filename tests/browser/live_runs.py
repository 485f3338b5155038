"""Live runs on the pages *Fill a hole* and *Paint*: starting and stopping them, and what the replay shows."""

import re

import numpy as np
from playwright.sync_api import Locator, Page, expect

from tests.browser.canvases import pixels, place
from tests.browser.waiting import wait_until_drawn, wait_until_still

SLOW = 240_000  # milliseconds: enough to load torch and a classifier on a busy machine
CANVAS = ".st-key-run-stage .replay canvas"


def start(page: Page) -> None:
    page.locator(".st-key-inpainting-start button, .st-key-generation-start button").click()


def go_to(page: Page, title: str) -> None:
    """Open another page with the navigation bar."""
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()


def said(page: Page) -> Locator:
    """Return the line below the pictures. On a busy machine the previous replay stays on the page for a moment."""
    return page.locator(".st-key-run-stage .replay .text").last


def moment(page: Page) -> Locator:
    """Return the slider of moments, whose `aria-valuetext` names the step."""
    return page.locator(".st-key-run-stage .replay .scrubber").last


def expect_step(page: Page, step: int, steps: int) -> None:
    expect(moment(page)).to_have_attribute("aria-valuetext", f"step {step} of {steps}")


def step_number(page: Page) -> int:
    return int(re.match(r"step (\d+) of", moment(page).get_attribute("aria-valuetext"))[1])


def wait_for_steps(page: Page) -> None:
    expect(said(page)).to_have_text(re.compile(r"About .* left"), timeout=SLOW)


def wait_for_end(page: Page) -> None:
    """Wait until the run that goes on has ended and its result is shown."""
    expect(page.get_by_role("button", name="Stop the run")).to_have_count(1, timeout=SLOW)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_enabled(timeout=SLOW)
    wait_until_drawn(page)


def drawn(page: Page, k: int = 0) -> np.ndarray:
    """(H, W, 3) uint8: pixels of the k-th picture of the replay."""
    return pixels(page.locator(CANVAS).nth(k))


def open_details(page: Page) -> Locator:
    """Open *Details*, and return it once it has its height: a click while it grows would meet what moves there."""
    details = page.get_by_test_id("stExpander").filter(has_text="Details")
    if not details.locator("details[open]").count():
        details.locator("summary").click()
        wait_until_still(page)
    return details


def expect_run(page: Page, text: str, timeout: float = SLOW) -> None:
    """Check the last row of the table on the displayed runs: how they were made."""
    expect(open_details(page).get_by_role("region", name="This run").locator("tr").last).to_contain_text(
        text, timeout=timeout
    )


def stop(page: Page) -> None:
    """Stop the run, and wait until the page shows it."""
    page.get_by_role("button", name="Stop the run").click()
    expect(said(page)).to_have_text(re.compile("You stopped it after"))


def stage_click(page: Page, x: int, y: int, size: int) -> None:
    page.locator(".painter .stage").scroll_into_view_if_needed()
    page.mouse.click(*place(page, (x, y), size))


def download(page: Page, name: str) -> tuple[str, bytes]:
    """Return a downloaded file's suggested name and content."""
    open_details(page)
    button = page.get_by_role("button", name=name)
    if name.startswith("Save ") and not button.is_visible():
        page.get_by_role("button", name="Save as").click()
    with page.expect_download() as waiting:
        button.click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()
