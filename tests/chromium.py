"""Find a Chromium for the browser tests, or install Playwright's own: `python -m tests.chromium`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> Path | None:
    """Return the environment variable CHROMIUM, else a browser on the PATH, else Playwright's own; None without any."""
    if configured := os.environ.get("CHROMIUM"):
        return Path(configured)
    for name in NAMES:
        if path := shutil.which(name):
            return Path(path)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


def main() -> int:
    """Install Playwright's Chromium, unless there is one; return the exit status."""
    if find_chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    print(f"Chromium for the browser tests: {find_chromium()}; set CHROMIUM to the path of another")
    return int(find_chromium() is None)


if __name__ == "__main__":
    raise SystemExit(main())
