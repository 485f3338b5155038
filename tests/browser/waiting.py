"""Wait for Streamlit in browser tests."""

from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.node import function_of

PATIENCE = 120_000  # milliseconds: allows for a very busy machine; a test waits only as long as it must


_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


def in_page(name: str) -> str:
    """Return a function of `in_page.js` for `evaluate`."""
    return function_of(Path(__file__).with_name("in_page.js"), name)


def patient(context: BrowserContext) -> BrowserContext:
    """Let the pages of a new context wait as long as the tests do, and follow the runs that a click requests."""
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"({in_page('trackRuns')})()")
    return context


def wait_until_drawn(page: Page, timeout: float = PATIENCE) -> None:
    """Wait until the page's script has finished and the page is shown; up to `timeout` milliseconds each."""
    page.wait_for_function(_TWO_FRAMES, timeout=timeout)  # a click requests a run one frame later
    page.wait_for_function("() => [undefined, 'finished'].includes(window.runState)", timeout=timeout)
    page.wait_for_function(_TWO_FRAMES, timeout=timeout)
    idle = expect(page.get_by_test_id("stApp"))
    idle.to_have_attribute("data-test-script-state", "notRunning", timeout=timeout)
    page.wait_for_function("() => document.documentElement.dataset.shown !== ''", timeout=timeout)


def wait_until_still(page: Page, frames: int = 12) -> None:
    """Wait until so many consecutive frames (17 ms each on a quick machine) have the same elements and sizes."""
    page.evaluate(in_page("still"), frames)


def choose_option(field: Locator, option: Locator) -> None:
    """Open a list by its field and click an option; the list opens again if a growing page has closed it."""
    for attempt in range(5):
        wait_until_still(field.page)
        field.click()
        try:
            option.click(timeout=PATIENCE / 12)
        except PlaywrightTimeout:
            if attempt == 4:
                raise
        else:
            return
