"""The app as a server, and what one visitor waits for: first map, predictions after a click, picture while pointing.

    python -m benchmarks.serving

The start is compared with an empty Streamlit app, in turns. Clicks are timed in the browser, from the press to the
frame with the new wave's predictions; pointing, from the event to the redrawn canvases. Linux only; needs the packages
of requirements-dev.txt and a Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measure import ROOT, Row, resident_mb, run_script, spread
from tests.chromium import find_chromium
from tests.shared_server import free_port, is_healthy

APP = ROOT / "app.py"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
START_SECONDS = 30.0
EMPTY = "import streamlit as st\nst.html('<div class=\"plot\">empty</div>')\n"
MAP = ".plot"
# Two classifiers predict small pictures, one large ones; the side is the first map's.
QUERIES = {
    "32 px": ("?pictures=CIFAR-10&cell=0,2", 31),
    "224 px": ("?pictures=Photographs&maps=ResNet-50+·+ImageNet100+·+published&cell=0,2", 63),
}
# Milliseconds from the next press of the pointer to the first frame with the predictions of a wave.
PRESS = """wave => { window.waited = new Promise(resolve => {
  addEventListener("pointerdown", () => {
    const start = performance.now();
    const look = () => document.querySelector(`.prediction-rows[data-wave="${wave}"]`)
      ? resolve(performance.now() - start) : requestAnimationFrame(look);
    look();
  }, {once: true, capture: true});
}) }"""
# Milliseconds from each pointer event on a map until the panel's canvases hold the new wave.
WATCH = """() => {
  window.redraws = [];
  const panel = [...document.querySelectorAll("*")].map(e => e.shadowRoot?.querySelector(".panel")).find(Boolean);
  let start;
  addEventListener("pointermove", () => { start = performance.now(); }, {capture: true});
  new MutationObserver(() => window.redraws.push(performance.now() - start))
    .observe(panel, {attributes: true, attributeFilter: ["data-wave"]});
}"""


@contextlib.contextmanager
def server(
    script: Path, environment: Mapping[str, str], log: IO[str] | int = subprocess.DEVNULL
) -> Iterator[tuple[str, subprocess.Popen, float]]:
    """Start a Streamlit server that writes to `log`; yield its address, its process and the time of its start."""
    port, start = free_port(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=log,
        stderr=log,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for(address, process)
        yield address, process, start
    finally:
        process.terminate()
        process.wait()


def wait_for(address: str, process: subprocess.Popen) -> None:
    """Block until a server answers.

    Raises:
        RuntimeError: it ended, or did not answer in time.
    """
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if is_healthy(address):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args} did not answer within {START_SECONDS:.0f} s")


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=FLAGS)
        yield browser
        browser.close()


def first_map(browser: Browser, script: Path) -> float:
    """Return the seconds from the server's start to the first map."""
    with server(script, {}) as (address, _, start):
        page = browser.new_page()
        page.goto(f"{address}/{'' if script != APP else 'frequency'}")
        page.wait_for_selector(MAP)
        seconds = time.perf_counter() - start
        page.close()
    return seconds


def visit(browser: Browser, size: str, clicks: int) -> Iterator[Row]:
    """Yield the waits for predictions and redrawn pictures of one size, and the server's memory afterwards."""
    query, side = QUERIES[size]
    with server(APP, {}) as (address, process, _):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/frequency{query}")
        page.wait_for_selector(".prediction-rows", timeout=120_000)
        answered = [_click(page, (3 + k % 10, -9 + (7 * k) % 19), side) for k in range(clicks + 2)][2:]
        yield from spread(f"page, click to predictions, {size}", answered, "ms")
        page.evaluate(WATCH)
        for k in range(5 * clicks):
            page.mouse.move(*_middle(page, (-9 + (5 * k) % 19, -9 + (7 * k) % 19), side))
        yield from spread(f"page, pointing to redrawn picture, {size}", page.evaluate("window.redraws"), "ms")
        yield Row(f"memory of the server, one visitor, {size}", resident_mb(process.pid), "MB")
        page.close()


def _middle(page: Page, frequency: tuple[int, int], side: int) -> tuple[float, float]:
    box = page.locator(MAP).first.bounding_box()
    assert box is not None
    x, y = ((number + side // 2 + 0.5) / side for number in reversed(frequency))
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def _click(page: Page, frequency: tuple[int, int], side: int) -> float:
    page.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testScriptState == 'notRunning'")
    page.evaluate(PRESS, "{},{}".format(*frequency))
    page.mouse.click(*_middle(page, frequency, side))
    return page.evaluate("window.waited")


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the first map, compared with an empty app, then clicks and pointing on pictures of both sizes."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        turns = [[first_map(browser, script) for script in (empty, APP)] for _ in range(args.rounds + 1)][1:]
        yield Row("page, start to first map", statistics.median(app for _, app in turns), "s")
        more = statistics.median(app - bare for bare, app in turns)
        yield Row("page, start to first map", more, "s more", "", "an empty Streamlit app")
        for size in QUERIES:
            yield from visit(browser, size, args.clicks)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clicks", type=int, default=20)
    run_script(rows, parser, argv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
