"""Wait for Streamlit in browser tests."""

from playwright.sync_api import BrowserContext, Locator, Page, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

PATIENCE = 120_000  # milliseconds: allows for a very busy machine; a test waits only as long as it must


# Sets `window.runState` by the first bytes of messages to and from the server. Streamlit itself marks a page as
# running only when the server answers, which a busy server does late.
TRACK_RUNS = """(() => {
  const send = WebSocket.prototype.send, seen = new WeakSet();
  const type = (message) => {  // of a ForwardMsg, after its short fields hash (1) and metadata (2)
    const bytes = new Uint8Array(message.data);
    let start = 0;
    while (bytes[start] === 0x0a || bytes[start] === 0x12) start += 2 + bytes[start + 1];
    const end = bytes[start + 1] === 2 ? "stopped for a rerun" : "script_finished";
    return { 0x22: "new_session", 0x30: end }[bytes[start]];
  };
  WebSocket.prototype.send = function (message) {
    if (!seen.has(this)) {
      seen.add(this);
      this.addEventListener("message", (answer) => {
        const state = type(answer);
        if (state === "new_session" && window.runState === "requested") window.runState = "started";
        if (state === "script_finished" && window.runState === "started") window.runState = "finished";
      });
      this.addEventListener("close", () => { window.runState = "finished"; });
    }
    if (message[0] === 0x5a) window.runState = "requested";  // BackMsg.rerun_script
    send.call(this, message);
  };
})()"""

_TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


def patient(context: BrowserContext) -> BrowserContext:
    """Let the pages of a new context wait as long as the tests do, and follow the runs that a click requests."""
    context.set_default_timeout(PATIENCE)
    context.add_init_script(TRACK_RUNS)
    return context


def wait_until_drawn(page: Page, timeout: float = PATIENCE) -> None:
    """Wait until the page's script has finished and the page is shown; up to `timeout` milliseconds each."""
    page.wait_for_function(_TWO_FRAMES, timeout=timeout)  # a click requests a run one frame later
    page.wait_for_function("() => [undefined, 'finished'].includes(window.runState)", timeout=timeout)
    page.wait_for_function(_TWO_FRAMES, timeout=timeout)
    idle = expect(page.get_by_test_id("stApp"))
    idle.to_have_attribute("data-test-script-state", "notRunning", timeout=timeout)
    page.wait_for_function("() => document.documentElement.dataset.shown !== ''", timeout=timeout)


# Elements, texts and sizes of a page, without shadow roots, compared from frame to frame.
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
    """Wait until so many consecutive frames (17 ms each on a quick machine) have the same elements and sizes."""
    page.evaluate(_STILL, frames)


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
