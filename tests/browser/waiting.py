"""Waiting for Streamlit, for tests in a browser."""

from playwright.sync_api import Page, expect


def wait_until_drawn(page: Page, timeout: float = 45_000) -> None:
    """Wait until the page's script has run to its end, and the page is shown; each for `timeout` milliseconds."""
    idle = expect(page.get_by_test_id("stApp"))
    idle.to_have_attribute("data-test-script-state", "notRunning", timeout=timeout)
    # The first run of the script brings the style sheet alone; the browser then asks for the page by itself.
    page.wait_for_function(
        "() => !document.querySelector('.st-key-look') || document.querySelector('.st-key-page-tabs')",
        timeout=timeout,
    )
    idle.to_have_attribute("data-test-script-state", "notRunning", timeout=timeout)
    page.wait_for_function("() => document.documentElement.dataset.shown !== ''", timeout=timeout)
