"""Waiting times of a visitor: first picture, redrawn picture while pointing, predictions.

    python -m benchmarks.app
    python -m benchmarks.app --resnet56 resnet56-4bfd9763.th

The start is compared with an empty Streamlit app, in turns. Clicks are timed in the browser, from the press to the
frame with the new wave's predictions; pointing, from the event to the redrawn canvases.
Needs the packages of requirements-dev.txt and a Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.measure import Row, run_script, spread
from benchmarks.serving import APP, chromium, server, start_stopwatch, stopwatch_ms

EMPTY = "import streamlit as st\nst.html('<div class=\"plot\">empty</div>')\n"
PAINTED, OPENED = ".plot", "canvas, .plot"  # a map; the first content of a page
# Two classifiers predict small pictures, one large ones; the side is the first map's.
QUERIES = {"32 px": ("?pictures=CIFAR-10&cell=0,2", 31), "224 px": ("?story=4&cell=0,2", 63)}
# Milliseconds from each pointer event on a map until the panel's canvases hold the new wave.
WATCH = """() => {
  window.redraws = [];
  const panel = [...document.querySelectorAll("*")].map(e => e.shadowRoot?.querySelector(".panel")).find(Boolean);
  let start;
  addEventListener("pointermove", () => { start = performance.now(); }, {capture: true});
  new MutationObserver(() => window.redraws.push(performance.now() - start))
    .observe(panel, {attributes: true, attributeFilter: ["data-wave"]});
}"""


def first_paint(browser: Browser, script: Path, environment: dict[str, str]) -> tuple[float, bool]:
    """Return the seconds from the server's start to the first picture, and whether torch was loaded by then."""
    with server(script, environment) as (address, process, start):
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(OPENED)
        seconds = time.perf_counter() - start
        mapped = Path(f"/proc/{process.pid}/maps")
        torch_loaded = mapped.exists() and "libtorch" in mapped.read_text()
        page.close()
    return seconds, torch_loaded


def waits(
    browser: Browser, query: str, clicks: int, side: int, environment: dict[str, str]
) -> tuple[list[float], list[float]]:
    """Milliseconds from click to new predictions, and from pointing to the redrawn picture, for different cells."""
    with server(APP, environment) as (address, _, _):
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
    start_stopwatch(page, "selector => document.querySelector(selector)", f'.prediction-rows[data-wave="{i},{j}"]')
    page.mouse.click(*_middle(page, frequency, side))
    return stopwatch_ms(page)


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the first paint, compared with an empty app, then clicks and pointing on pictures of both sizes."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        environment = {}
        if args.resnet56:
            cache = Path(folder) / "hub" / "checkpoints"
            cache.mkdir(parents=True)
            shutil.copy(args.resnet56, cache)
            environment["TORCH_HOME"] = folder
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        turns = [[first_paint(browser, script, {}) for script in (empty, APP)] for _ in range(args.rounds + 1)][1:]
        yield Row("page, start to first map", statistics.median(app for _, (app, _) in turns), "s")
        more = statistics.median(app - bare for (bare, _), (app, _) in turns)
        yield Row("page, start to first map", more, "s more", "", "an empty Streamlit app")
        yield Row("page, torch loaded by then", sum(loaded for _, (_, loaded) in turns), "starts", "= 0")
        for size, (query, side) in QUERIES.items():
            answered, redrawn = waits(browser, query, args.clicks, side, environment)
            yield from spread(f"page, click to predictions, {size}", answered, "ms")
            yield from spread(f"page, pointing to redrawn picture, {size}", redrawn, "ms")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.app")
    parser.add_argument("--resnet56", type=Path, help="its weight file: clicks are then timed with it as well")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--clicks", type=int, default=20)
    run_script(rows, parser, argv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
