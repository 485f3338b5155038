"""Streamlit servers: one for all parallel test processes, which the first to need it starts and the session ends."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 180.0


def session_folder() -> Path:
    """The folder that all processes of a session share."""
    return Path(os.environ["TEST_SESSION_FOLDER"])


def url_of(script: str, env: dict[str, str]) -> str:
    """Return the URL of the server that runs a script of the repository with these environment variables.

    Raises:
        RuntimeError: the server did not start; includes its output.
    """
    key = hashlib.sha256(json.dumps([script, env], sort_keys=True).encode()).hexdigest()[:16]
    facts = session_folder() / f"{key}.server"
    with FileLock(facts.with_suffix(".lock")):
        if not facts.exists():
            url, server = start_server(ROOT / script, env, facts.with_suffix(".txt"))
            facts.write_text(json.dumps({"pid": server.pid, "url": url}))
    return json.loads(facts.read_text())["url"]


def start_server(script: Path, env: Mapping[str, str], log: Path) -> tuple[str, subprocess.Popen]:
    """Start a Streamlit server that writes to `log`; return its URL and its process once it answers.

    Raises:
        RuntimeError: it ended, or did not answer in time; includes its output.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = [f"--server.port={port}", "--server.address=127.0.0.1", "--server.headless=true"]
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", str(script), *settings, "--browser.gatherUsageStats=false"],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **env},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + START_SECONDS
    while not _is_healthy(url):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            raise RuntimeError(f"the Streamlit server of {script} did not start; its output:\n{log.read_text()}")
        time.sleep(0.02)
    return url, server


def free_port() -> int:
    """Return a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _is_healthy(url: str) -> bool:
    """Return whether a Streamlit server answers."""
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def end_session(folder: str) -> None:
    """End the servers of a session and remove its folder."""
    for facts in Path(folder).glob("*.server"):
        with suppress(ProcessLookupError):
            os.kill(json.loads(facts.read_text())["pid"], signal.SIGTERM)
    shutil.rmtree(folder, ignore_errors=True)
