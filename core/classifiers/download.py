"""Asking the network for something without ever hanging on it. Imports no torch."""

from __future__ import annotations

import contextlib
import hashlib
import os
import queue
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

PROBE_SECONDS = 4.0  # for a whole answer, name look-up included: the user waits for less than five
STALL_SECONDS = 20.0  # without a single byte in the middle of a download
CHUNK_BYTES = 1 << 20

Result = TypeVar("Result")
Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all (None if unknown)


def call_with_deadline(function: Callable[[], Result], seconds: float) -> Result:
    """Run `function` in a daemon thread and wait for it no longer than `seconds`.

    A time-out given to a socket does not cover the look-up of its name, nor an answer that trickles in byte by
    byte. The thread is left behind when the time is up; it ends with the process at the latest.

    Raises:
        TimeoutError: no result in time.
        Exception: whatever `function` raised.
    """
    outcome: queue.SimpleQueue[tuple[Result | None, Exception | None]] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put((function(), None))
        except Exception as error:
            outcome.put((None, error))

    threading.Thread(target=run, daemon=True, name="network-call").start()
    try:
        result, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]


def probe(url: str, seconds: float = PROBE_SECONDS) -> int | None:
    """Ask whether `url` answers, and how long its content is.

    Args:
        url: http or https address; proxies of the environment are honoured.
        seconds: how long to wait in total.
    Returns:
        Content length in bytes, None if the server does not say.
    Raises:
        FileNotFoundError: no answer in time, no connection, or an error answer; one sentence, naming the host.
    """
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "python"})

    def ask() -> int | None:
        with urllib.request.urlopen(request, timeout=seconds) as answer:
            length = answer.headers.get("Content-Length")
            return int(length) if length and length.isdigit() else None

    try:
        return call_with_deadline(ask, seconds)
    except urllib.error.HTTPError as error:
        raise FileNotFoundError(f"{url} answered {error.code} {error.reason}; it may have moved") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise FileNotFoundError(
            f"{urlsplit(url).hostname} cannot be reached ({reason}); check the network and try again"
        ) from error


def download(
    url: str,
    path: Path,
    *,
    sha256: str | None = None,
    progress: Progress | None = None,
) -> None:
    """Fetch `url` into `path`, which is either complete and checked afterwards or untouched.

    Args:
        url: http or https address.
        path: where to put it; its folder is made.
        sha256: hex digest, or its first digits, that the content must have.
        progress: called with bytes so far and bytes in all (None if unknown).
    Raises:
        FileNotFoundError: the server cannot be reached, or stopped in the middle.
        RuntimeError: what arrived has another digest.
    """
    total = probe(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            digest = _stream(url, file, total, progress)
        if sha256 and not digest.startswith(sha256):
            raise RuntimeError(
                f"what {url} sent is not the published file: its sha256 is {digest}, expected {sha256}; "
                "nothing was kept, try again or fetch the file yourself and give its path"
            )
        os.chmod(temporary, 0o644)  # mkstemp makes files private
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):  # renamed
            os.unlink(temporary)


def _stream(url: str, file: object, total: int | None, progress: Progress | None) -> str:
    """Copy the answer into `file`; returns the hex sha256 of what arrived."""
    digest = hashlib.sha256()
    received = 0
    try:
        with urllib.request.urlopen(url, timeout=STALL_SECONDS) as answer:
            while chunk := answer.read(CHUNK_BYTES):
                file.write(chunk)  # type: ignore[attr-defined]
                digest.update(chunk)
                received += len(chunk)
                if progress:
                    progress(received, total)
    except OSError as error:
        raise FileNotFoundError(
            f"the download of {url} broke off after {received:,} bytes ({error}); try again"
        ) from error
    if total is not None and received != total:
        raise FileNotFoundError(f"the download of {url} broke off after {received:,} of {total:,} bytes; try again")
    return digest.hexdigest()
