"""Waiting for Streamlit, for tests in a browser."""

from playwright.sync_api import Page, expect

PATIENCE = 120_000  # milliseconds: the machine may be very busy, and nothing waits longer than it must


def wait_until_drawn(page: Page, timeout: float = PATIENCE) -> None:
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


# Elements, texts and sizes of a page, shadow roots left out, compared from frame to frame.
_STILL = """frames => new Promise((resolve) => {
  const main = document.querySelector("[data-testid=stMain]") ?? document.body;
  const sight = () => [document.querySelectorAll("*").length, main.scrollHeight, main.scrollWidth,
    ...[...main.querySelectorAll("canvas, svg, img, iframe, [data-testid=stElementContainer]")]
      .flatMap((part) => Object.values(part.getBoundingClientRect().toJSON()))].join();
  let before = sight(), same = 0;
  const look = () => {
    const now = sight();
    same = now === before ? same + 1 : 0;
    before = now;
    if (same >= frames) resolve();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
})"""


def wait_until_still(page: Page, frames: int = 12) -> None:
    """Wait until so many frames in a row, each 17 ms where the machine is quick, have the same elements and sizes."""
    page.evaluate(_STILL, frames)
