"""How long a visitor waits: for the first picture, for a picture redrawn while pointing, for predictions.

    python -m benchmarks.app
    python -m benchmarks.app --resnet56 resnet56-4bfd9763.th

The start is compared with an empty Streamlit app, in turns. Clicks are timed inside the browser, from the pointer's
press to the frame that shows the new wave's predictions; pointing, from the event until the canvases are redrawn.
Needs the packages of requirements-dev.txt and a Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, Page, sync_playwright

from tests.chromium import find_chromium

ROOT = Path(__file__).resolve().parents[1]
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EMPTY = "import streamlit as st\nst.html('<div class=\"plot\">empty</div>')\n"
PAINTED, OPENED = ".plot", "canvas, .plot"  # a map; what the first page opens with
# Two classifiers predict on small pictures, one on large ones; the side is that of the first map.
QUERIES = {"32 px": ("?pictures=CIFAR-10&cell=0,2", 31), "224 px": ("?story=4&cell=0,2", 63)}

# Resolves with the milliseconds from the next press of the pointer to the first frame that shows the selector.
STOPWATCH = """selector => new Promise(resolve => {
  addEventListener("pointerdown", () => {
    const start = performance.now();
    const look = () => document.querySelector(selector) ? resolve(performance.now() - start)
      : requestAnimationFrame(look);
    look();
  }, {once: true, capture: true});
})"""


@contextlib.contextmanager
def server(
    script: Path, environment: dict[str, str], log: IO[str] | int = subprocess.DEVNULL
) -> Iterator[tuple[str, subprocess.Popen, float]]:
    """A Streamlit server that writes to `log`; yields its address, its process and the time it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", "--server.headless=true"],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=log,
        stderr=log,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"{address}/_stcore/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.02)
        yield address, process, start
    finally:
        process.terminate()
        process.wait()


def first_paint(browser: Browser, script: Path, environment: dict[str, str]) -> tuple[float, bool]:
    """Seconds from the server's start to the first picture, and whether torch was loaded by then."""
    with server(script, environment) as (address, process, start):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(OPENED)
        seconds = time.perf_counter() - start
        mapped = Path(f"/proc/{process.pid}/maps")
        torch_loaded = mapped.exists() and "libtorch" in mapped.read_text()
        page.close()
    return seconds, torch_loaded


# Milliseconds from each pointer event on a map until the panel's canvases hold the new wave.
WATCH = """() => {
  window.redraws = [];
  const panel = [...document.querySelectorAll("*")].map(e => e.shadowRoot?.querySelector(".panel")).find(Boolean);
  let start;
  addEventListener("pointermove", () => { start = performance.now(); }, {capture: true});
  new MutationObserver(() => window.redraws.push(performance.now() - start))
    .observe(panel, {attributes: true, attributeFilter: ["data-wave"]});
}"""


def waits(
    browser: Browser, query: str, clicks: int, side: int, environment: dict[str, str]
) -> tuple[list[float], list[float]]:
    """Milliseconds from click to new predictions, and from pointing to the redrawn picture, for different cells."""
    with server(ROOT / "app.py", environment) as (address, _, _):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.goto(f"{address}/{query}")
        page.wait_for_selector(".prediction-rows", timeout=120_000)
        answered = [_click(page, (3 + k % 10, -9 + (7 * k) % 19), side) for k in range(clicks + 2)][2:]
        page.evaluate(WATCH)
        for k in range(5 * clicks):
            page.mouse.move(*_middle(page, (-9 + (5 * k) % 19, -9 + (7 * k) % 19), side))
        return answered, page.evaluate("window.redraws")


def _middle(page: Page, frequency: tuple[int, int], side: int) -> tuple[float, float]:
    box = page.locator(PAINTED).first.bounding_box()
    assert box is not None
    x, y = ((number + side // 2 + 0.5) / side for number in reversed(frequency))
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def _click(page: Page, frequency: tuple[int, int], side: int) -> float:
    i, j = frequency
    page.wait_for_function("document.querySelector('[data-testid=stApp]').dataset.testScriptState == 'notRunning'")
    # The braces keep the promise from being awaited here already.
    page.evaluate(f"() => {{ window.waited = ({STOPWATCH})('.prediction-rows[data-wave=\"{i},{j}\"]') }}")
    page.mouse.click(*_middle(page, frequency, side))
    return page.evaluate("window.waited")


def _summary(milliseconds: list[float], digits: int) -> dict[str, float]:
    ordered = sorted(milliseconds)
    return {
        "median": round(statistics.median(ordered), digits),
        "95th percentile": round(ordered[math.ceil(0.95 * len(ordered)) - 1], digits),
        "largest": round(ordered[-1], digits),
        "number": len(ordered),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.app")
    options.add_argument("--resnet56", type=Path, help="its weight file: clicks are then timed with it as well")
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--clicks", type=int, default=20)
    given = options.parse_args(arguments)
    report: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        environment = {}
        if given.resnet56:
            cache = Path(folder) / "hub" / "checkpoints"
            cache.mkdir(parents=True)
            shutil.copy(given.resnet56, cache)
            environment["TORCH_HOME"] = folder
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        first_paint(browser, empty, {})
        first_paint(browser, ROOT / "app.py", {})
        paints = [
            (first_paint(browser, empty, {}), first_paint(browser, ROOT / "app.py", {})) for _ in range(given.rounds)
        ]
        report["first_paint_seconds"] = {
            "empty": round(statistics.median(empty for (empty, _), _ in paints), 2),
            "app": round(statistics.median(ours for _, (ours, _) in paints), 2),
            "more": round(statistics.median(ours - empty for (empty, _), (ours, _) in paints), 2),
            "torch_loaded_by_then": any(loaded for _, (_, loaded) in paints),
        }
        for name, (query, side) in QUERIES.items():
            answered, redrawn = waits(browser, query, given.clicks, side, environment)
            report[f"click_to_predictions_ms, {name}"] = _summary(answered, 0)
            report[f"pointing_to_redrawn_picture_ms, {name}"] = _summary(redrawn, 1)
        browser.close()
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
