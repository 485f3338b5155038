"""Downloads that never hang and resume if interrupted.

Does not import torch.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import shutil
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit
from urllib.request import Request

PROBE_SECONDS = 4.0  # for a whole response, name look-up included, so that users wait less than five
STALL_SECONDS = 10.0  # without a byte, after which a download is retried
RETRY_SECONDS = (0.5, 1.0, 2.0, 4.0)  # between attempts without progress; any progress starts over
LOOK_SECONDS = 0.5  # between checks of another process's download
OLD_SECONDS = 600.0  # without a byte, after which a partial file counts as abandoned
CHUNK_BYTES = 1 << 20
BROWSER = {"User-Agent": "python"}  # some servers refuse urllib's default

Result = TypeVar("Result")
Progress = Callable[[int, int | None], None]  # bytes so far, total bytes (None if unknown)


def call_with_deadline(function: Callable[[], Result]) -> Result:
    """Run `function` in a daemon thread and wait at most `PROBE_SECONDS` for it.

    A socket's timeout covers neither the name look-up nor a response that trickles in byte by byte. On timeout the
    thread is abandoned; it ends with the process at the latest.

    Raises:
        TimeoutError: no result in time.
        Exception: any that `function` raises.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="network-call").start()
    try:
        return future.result(timeout=PROBE_SECONDS)
    except TimeoutError as error:
        raise TimeoutError(f"no answer within {PROBE_SECONDS:g} s") from error


def probe(url: str) -> int | None:
    """Check that `url` answers, and return its content length.

    Args:
        url: http or https; the environment's proxies are used.
    Returns:
        Content length in bytes; None if the server does not state it.
    Raises:
        FileNotFoundError: no response in time, no connection, or an error response; one sentence, naming the host.
    """
    request = Request(url, method="HEAD", headers=BROWSER)

    def ask() -> int | None:
        with urllib.request.urlopen(request, timeout=PROBE_SECONDS) as response:
            length = response.headers.get("Content-Length")
            return int(length) if length and length.isdigit() else None

    try:
        return call_with_deadline(ask)
    except urllib.error.HTTPError as error:
        raise FileNotFoundError(refusal(urlsplit(url).hostname, error.code)) from error
    except (OSError, ValueError) as error:
        raise FileNotFoundError(unreachable(urlsplit(url).hostname, _reason(error))) from error


def download(
    url: str,
    path: Path,
    *,
    sha256: str | None = None,
    size: int | None = None,
    headers: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> None:
    """Download `url` to `path`, which afterwards is either complete and checked or untouched.

    If the digest is known, an interrupted download resumes, even after a killed process. One process downloads; others
    wait.

    Args:
        url: http or https.
        path: destination; its folder is created.
        sha256: required hex digest, or its first digits.
        size: total bytes, if known beforehand.
        headers: request headers.
        progress: called with bytes so far and total bytes (None if unknown).
    Raises:
        FileNotFoundError: the server is unreachable, refuses or stops midway; or the disk is full.
        RuntimeError: the content has another digest; it is deleted.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{sha256 or uuid.uuid4().hex}.part")
    sweep_partials(path.parent, f".{path.name}.*.part", but=partial)
    before = _version(path)
    with _alone(partial, size, progress):
        if _version(path) != before:
            return  # another process has fetched it meanwhile
        try:
            request = Request(url, headers=BROWSER)
            for name, value in (headers or {}).items():
                request.add_unredirected_header(name, value)  # keep an account's key from other servers
            _complete(request, partial, size, progress)
            with partial.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if sha256 and not digest.startswith(sha256):
                partial.unlink()
                raise RuntimeError(
                    f"what {urlsplit(url).hostname} sent is not the published file: its sha256 is {digest}, expected "
                    f"{sha256}; it was deleted, so try again, or fetch the file yourself"
                )
            partial.replace(path)
        finally:
            if not sha256:
                partial.unlink(missing_ok=True)  # without a digest a resumed file cannot be checked


def sweep_partials(folder: Path, pattern: str, *, but: Path | None = None) -> None:
    """Delete abandoned partial files that match a pattern."""
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if path != but and time.time() - path.stat().st_mtime > OLD_SECONDS:
                path.unlink()


@contextlib.contextmanager
def _alone(partial: Path, size: int | None, progress: Progress | None) -> Iterator[None]:
    """Hold the lock on a partial file; while another process holds it, report that one's progress."""
    from filelock import FileLock, Timeout

    lock = FileLock(partial.with_suffix(".lock"))  # released when the process ends, however it does
    while True:
        try:
            lock.acquire(timeout=LOOK_SECONDS)
            break
        except Timeout:
            if progress and partial.exists():
                progress(partial.stat().st_size, size)
    try:
        yield
    finally:
        if not partial.exists():
            Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()


def _version(path: Path) -> int | None:
    return path.stat().st_mtime_ns if path.exists() else None


def _complete(request: Request, partial: Path, size: int | None, progress: Progress | None) -> None:
    """Append to a partial file until it is complete, over as many connections as needed."""
    host = urlsplit(request.full_url).hostname
    with partial.open("ab") as file:
        first, waits = file.tell(), iter(RETRY_SECONDS)
        while True:
            before = file.tell()
            try:
                if _append(request, file, size, progress):
                    return
                reason = "the connection was closed"
            except urllib.error.HTTPError as error:
                raise FileNotFoundError(refusal(host, error.code)) from error
            except FileNotFoundError:
                raise  # already our own message
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                    partial.unlink()  # free the space
                    raise FileNotFoundError(f"the disk is full: {error.strerror}; make room and try again") from error
                reason = _reason(error)
                if file.tell() == first:
                    raise FileNotFoundError(unreachable(host, reason)) from error
            if file.tell() > before:
                waits = iter(RETRY_SECONDS)
            if (wait := next(waits, None)) is None:
                raise FileNotFoundError(
                    f"the download from {host} was interrupted after {file.tell() / 1e6:.1f} MB ({reason}); try again "
                    "to resume"
                )
            time.sleep(wait)


def _append(request: Request, file: BinaryIO, size: int | None, progress: Progress | None) -> bool:
    """Append the content of one connection; return True if the file is complete."""
    have = file.tell()
    if have:
        request.add_header("Range", f"bytes={have}-")
    else:
        request.remove_header("Range")
    try:
        response = call_with_deadline(lambda: urllib.request.urlopen(request, timeout=STALL_SECONDS))
    except urllib.error.HTTPError as error:
        if error.code != http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE or not have:
            raise
        if error.headers.get("Content-Range") == f"bytes */{have}":
            return True
        file.truncate(0)  # the partial content belongs to another version
        return False
    with response:
        if have and response.status != http.HTTPStatus.PARTIAL_CONTENT:
            file.truncate(0)
            have = 0
        length = response.headers.get("Content-Length")
        total = have + int(length) if length else size
        _check_room(Path(file.name).parent, (total or have) - have)
        if progress:
            progress(have, total)
        while chunk := response.read1(CHUNK_BYTES):
            file.write(chunk)
            file.flush()
            have += len(chunk)
            if progress:
                progress(have, total)
    return length is None or have == total


def _check_room(folder: Path, needed: int) -> None:
    if (free := shutil.disk_usage(folder).free) < needed:
        raise FileNotFoundError(
            f"the disk is full: {needed / 1e6:,.0f} MB are needed and {free / 1e6:,.0f} MB are free; make room "
            "and try again"
        )


def _reason(error: Exception) -> str:
    """Return an error's reason, without any path."""
    inner = getattr(error, "reason", None) or error
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__


def unreachable(host: str | None, reason: str) -> str:
    """Return a sentence about a server that does not answer."""
    return f"{host} cannot be reached ({reason}); check the network and try again"


def refusal(host: str | None, code: int) -> str:
    """Return a sentence about a server that answered with an error."""
    if code in (401, 403):
        advice = "it gives this file only to accounts with access"
    elif code == 429 or code >= 500:
        advice = "it is busy or broken, so try again in a few minutes"
    else:
        advice = "it may have moved"
    return f"{host} answered {code} {http.client.responses.get(code, '')}; {advice}"
