"""The app as a server, with one process or several behind HAProxy, and a Chromium to visit it."""

from __future__ import annotations

import contextlib
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.measure import ROOT
from tests.chromium import find_chromium
from tests.shared_server import free_port, is_healthy

APP = ROOT / "app.py"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
CONFIGURATION = ROOT / "cloud" / "haproxy.cfg"
BY_NAME = "    server-template app- 16 app:8501 check resolvers docker init-addr none\n"
BIND = "bind :8501"
START_SECONDS = 30.0
# Milliseconds from the next press of the pointer to the first frame in which `shows(argument)` holds.
_STOPWATCH = """argument => { window.waited = new Promise(resolve => {
  const shows = %s;
  addEventListener("pointerdown", () => {
    const start = performance.now();
    const look = () => shows(argument) ? resolve(performance.now() - start) : requestAnimationFrame(look);
    look();
  }, {once: true, capture: true});
}) }"""


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
        _wait_for(address, process)
        yield address, process, start
    finally:
        process.terminate()
        process.wait()


@contextlib.contextmanager
def replicas(
    environment: Mapping[str, str], logs: Sequence[IO[str]], script: Path = APP
) -> Iterator[tuple[str, list[str], list[subprocess.Popen]]]:
    """Start a process for each log, behind the proxy; yield the proxy's address, theirs, and the processes."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(server(script, environment, log)) for log in logs]
        port, addresses = free_port(), [address for address, _, _ in started]
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".cfg"))
        file.write(configuration([address.removeprefix("http://") for address in addresses], port))
        file.flush()
        proxy = subprocess.Popen(["haproxy", "-db", "-q", "-f", file.name])
        stack.callback(proxy.wait)
        stack.callback(proxy.terminate)
        _wait_for(f"http://127.0.0.1:{port}", proxy)
        yield f"http://127.0.0.1:{port}", addresses, [process for _, process, _ in started]


def configuration(addresses: Sequence[str], port: int) -> str:
    """Return the committed file with these replicas, "host:port", in place of the names that Docker resolves."""
    text = CONFIGURATION.read_text()
    if BY_NAME not in text or BIND not in text:
        raise RuntimeError(f"{CONFIGURATION} has no line {BY_NAME.strip()!r} or {BIND!r}; look at {__file__}")
    lines = [f"    server app-{k} {address} check\n" for k, address in enumerate(addresses, 1)]
    return text.replace(BY_NAME, "".join(lines)).replace(BIND, f"bind 127.0.0.1:{port}")


def _wait_for(address: str, process: subprocess.Popen) -> None:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        if is_healthy(address):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.args} did not answer within {START_SECONDS:.0f} s")


@contextlib.contextmanager
def chromium(nice: int = 0) -> Iterator[Browser]:
    """A browser; a visitor's runs on another machine, so with `nice` up to 19 it gives way to the server."""
    with chromium_path(nice) as path, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextlib.contextmanager
def chromium_path(nice: int = 0) -> Iterator[str]:
    """Path of a Chromium, or of a script that starts one with a lower priority, which it cannot raise again."""
    path = str(find_chromium())
    if not nice:
        yield path
        return
    keep = "setpriv --bounding-set=-sys_nice " if os.geteuid() == 0 else ""  # root may raise its priority, and does
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "browser.sh")
        script.write_text(f'#!/bin/sh\nexec {keep}nice -n {nice} {shlex.quote(path)} "$@"\n')
        script.chmod(0o755)
        yield str(script)


def start_stopwatch(page: Page, shows: str, argument: str) -> None:
    """Time the next press of the pointer until the JavaScript function `shows` holds: `stopwatch_ms` reads it."""
    page.evaluate(_STOPWATCH % shows, argument)


def stopwatch_ms(page: Page) -> float:
    """Return the milliseconds once they are known."""
    return page.evaluate("window.waited")
