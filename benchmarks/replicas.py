"""Processes of the app behind HAProxy with the configuration of `compose.yaml`, on this machine and without Docker."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from benchmarks.app import ROOT, server

CONFIGURATION = ROOT / "cloud" / "haproxy.cfg"
BY_NAME = "    server-template app- 16 app:8501 check resolvers docker init-addr none\n"
BIND = "bind :8501"
START_SECONDS = 30.0


def configuration(addresses: Sequence[str], port: int) -> str:
    """The committed file with these replicas, "host:port", in the place of the names that Docker resolves."""
    text = CONFIGURATION.read_text()
    if BY_NAME not in text or BIND not in text:
        raise RuntimeError(f"{CONFIGURATION} has no line {BY_NAME.strip()!r} or {BIND!r}; look at {__file__}")
    lines = [f"    server app-{k} {address} check\n" for k, address in enumerate(addresses, 1)]
    return text.replace(BY_NAME, "".join(lines)).replace(BIND, f"bind 127.0.0.1:{port}")


@contextlib.contextmanager
def replicas(
    environment: Mapping[str, str], logs: Sequence[IO[str]], script: Path = ROOT / "app.py"
) -> Iterator[tuple[str, list[str], list[subprocess.Popen]]]:
    """A process for each log, behind the proxy; yields the proxy's address, theirs, and the processes."""
    with contextlib.ExitStack() as stack:
        started = [stack.enter_context(server(script, dict(environment), log)) for log in logs]
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        addresses = [address for address, _, _ in started]
        file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".cfg"))
        file.write(configuration([address.removeprefix("http://") for address in addresses], port))
        file.flush()
        proxy = subprocess.Popen(["haproxy", "-db", "-q", "-f", file.name])
        stack.callback(proxy.wait)
        stack.callback(proxy.terminate)
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health", proxy)
        yield f"http://127.0.0.1:{port}", addresses, [process for _, process, _ in started]


def _wait_for(url: str, proxy: subprocess.Popen) -> None:
    until = time.monotonic() + START_SECONDS
    while proxy.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError(f"HAProxy did not answer within {START_SECONDS:.0f} s")
