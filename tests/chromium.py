"""Find a Chromium for the browser tests, or install Playwright's own: `python -m tests.chromium`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# What a minimal Debian lacks; Playwright's own list has the rest.
DEBIAN_PACKAGES = {"libatomic.so.1": "apt-get install libatomic1"}


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


def problem(*command: str | Path) -> str:
    """Explain in one sentence why a program does not start, naming the missing package; empty if it starts."""
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]} does not start ({error})"
    if ended.returncode == 0:
        return ""
    if missing := re.search(r"(lib[\w.+-]+): cannot open shared object file", ended.stderr):
        library = missing[1]
        hint = DEBIAN_PACKAGES.get(library, "see python -m playwright install-deps chromium")
        return f"{command[0]} needs {library}, which is not installed (Debian: {hint})"
    last = (ended.stderr.strip().splitlines() or [f"status {ended.returncode}"])[-1]
    return f"{command[0]} does not start ({last[:200]})"


def main() -> int:
    """Make sure that driver and browser exist and start; return the exit status."""
    from playwright._impl._driver import compute_driver_executable

    driver = compute_driver_executable()
    if wrong := problem(*driver, "--version"):
        print(wrong)
        return 1
    if find_chromium() is None:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    path = find_chromium()
    if path is None:
        print("No Chromium could be found or installed: install one (Debian: apt-get install chromium) or set CHROMIUM")
        return 1
    if wrong := problem(path, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "about:blank"):
        print(wrong)
        return 1
    print(f"Chromium for the browser tests: {path}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
