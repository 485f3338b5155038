"""Memory of the server at rest, with one visitor, and with twelve.

    python -m benchmarks.memory

At rest the server has read its pages, which it goes on with after it began to answer. Every visitor opens the page
*Frequencies* and waits for its predictions. Resident memory of the server's process; Linux only. Needs the
packages of requirements-dev.txt and a Chromium.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from benchmarks.app import FLAGS, ROOT, server
from tests.chromium import find_chromium

VISITORS = 12
LEVEL_SECONDS = 5.0  # without another megabyte


def megabytes(pid: int) -> float:
    """What the process takes."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmRSS:")).split()[1]) / 1000, 1)


def level(pid: int) -> float:
    """What it takes once that has not grown for a while."""
    last, now = 0.0, megabytes(pid)
    while now > last + 1:
        time.sleep(LEVEL_SECONDS)
        last, now = now, megabytes(pid)
    return now


def main() -> int:
    """Print the figures as JSON."""
    with sync_playwright() as playwright, server(ROOT / "app.py", {}) as (address, process, _):
        found = {"at rest": level(process.pid)}
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=FLAGS)
        for visitor in range(1, VISITORS + 1):
            page = browser.new_page()
            page.goto(f"{address}/?pictures=CIFAR-10")
            page.wait_for_selector(".prediction-rows", timeout=120_000)
            if visitor in (1, VISITORS):
                found[f"{visitor} visitor{'s' if visitor > 1 else ''}"] = megabytes(process.pid)
        browser.close()
    print(json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
