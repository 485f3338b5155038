"""The app as a server, and what one visitor waits for: the first map.

    python -m benchmarks.serving

The start is compared with an empty Streamlit app, in turns. Needs the packages of requirements-dev.txt and a Chromium.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.measure import ROOT, Row, run_script
from tests.chromium import find_chromium
from tests.shared_server import start_server

APP = ROOT / "app.py"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
EMPTY = "import streamlit as st\nst.html('<div class=\"plot\">empty</div>')\n"
MAP = ".plot"


@contextlib.contextmanager
def server(script: Path) -> Iterator[tuple[str, float]]:
    """Start a Streamlit server; yield its address and the time of its start."""
    start = time.perf_counter()
    address, process = start_server(script, {}, Path(os.devnull))
    try:
        yield address, start
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(find_chromium()), args=FLAGS)
        yield browser
        browser.close()


def first_map(browser: Browser, script: Path) -> float:
    """Return the seconds from the server's start to the first map."""
    with server(script) as (address, start):
        page = browser.new_page()
        page.goto(f"{address}/{'' if script != APP else 'frequency'}")
        page.wait_for_selector(MAP)
        seconds = time.perf_counter() - start
        page.close()
    return seconds


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the first map, compared with an empty app."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        empty = Path(folder) / "empty.py"
        empty.write_text(EMPTY)
        turns = [[first_map(browser, script) for script in (empty, APP)] for _ in range(args.rounds + 1)][1:]
        yield Row("page, start to first map", statistics.median(app for _, app in turns), "s")
        more = statistics.median(app - bare for bare, app in turns)
        yield Row("page, start to first map", more, "s more", "", "an empty Streamlit app")


def main(argv: Sequence[str] | None = None) -> list[Row]:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving")
    parser.add_argument("--rounds", type=int, default=5)
    return run_script(rows, parser, argv)


if __name__ == "__main__":
    main()
