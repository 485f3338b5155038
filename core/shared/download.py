"""Downloads: what is said before one starts, files by URL, and one-sentence errors. Does not import torch."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tqdm import tqdm

from core.shared.text import one_line

PROBE_SECONDS = 4.0  # for the first response of a server, a dead network should not keep a visitor waiting
STALL_SECONDS = 10.0  # without a byte, after which huggingface_hub retries and pooch gives up

Progress = Callable[[int, int | None], None]  # bytes so far, total bytes (None if unknown)


def format_bytes(count: int | None) -> str:
    """605143284 -> '605.1 MB (605,143,284 bytes)'; None -> 'unknown size'."""
    return "unknown size" if count is None else f"{count / 1e6:.1f} MB ({count:,} bytes)"


def announce(what: str, count: int | None, origin: str) -> None:
    """Print on standard error what is about to be downloaded, how much and from where."""
    print(f"downloading {what}, {format_bytes(count)}, from {origin}", file=sys.stderr, flush=True)


def fetch_url(url: str, path: Path, digest: str | None, origin: str, progress: Progress | None = None) -> None:
    """Download a file to `path`, which is complete or absent; a file with this digest is kept.

    Args:
        digest: "sha256:..." or "md5:..."; None accepts any content.
        origin: what errors call the server.
        progress: called with bytes so far and total bytes, in any thread; None for a bar on standard error.
    Raises:
        FileNotFoundError: the file cannot be reached, or the download was interrupted; one sentence.
        RuntimeError: the file has another digest; it was deleted.
    """
    import pooch

    pooch.get_logger().setLevel(logging.WARNING)
    bar = True if progress is None else reporting(progress)()
    downloader = pooch.HTTPDownloader(progressbar=bar, timeout=(PROBE_SECONDS, STALL_SECONDS), chunk_size=1 << 18)
    with one_sentence(origin):
        try:
            pooch.retrieve(url, digest, path.name, path.parent, downloader=downloader)
        finally:
            with suppress(OSError):  # pooch makes the folder before it connects
                path.parent.rmdir()  # which succeeds only if it is empty


def other_file(origin: str) -> str:
    """Return the sentence on a download with another digest."""
    return f"what {origin} sent is not the published file, by its digest; it was deleted, so try again"


def reporting(progress: Progress) -> type[tqdm]:
    """Return a progress bar for huggingface_hub and pooch that draws nothing and reports to `progress`."""

    class Reporting(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "disable": True})

        def __bool__(self) -> bool:
            return True

        def update(self, n: float | None = 1) -> None:
            self.n += int(n or 0)
            progress(int(self.n if not self.total else min(self.n, self.total)), self.total and int(self.total))

        def reset(self, total: float | None = None) -> None:
            self.n = 0

    return Reporting


@contextmanager
def one_sentence(origin: str) -> Iterator[None]:
    """Turn errors of huggingface_hub, pooch, their HTTP clients and the system into one-sentence errors."""
    try:
        yield
    except Exception as error:
        if type(error) is FileNotFoundError and error.errno is None:
            raise  # our own
        if isinstance(error, ValueError) and "hash" in str(error):  # pooch's, which has kept nothing
            raise RuntimeError(other_file(origin)) from error
        if isinstance(error, OSError) and error.filename:
            reason = f"the file cannot be written ({error.strerror}); check the disk and try again"
        else:
            detail = one_line(error, 200)
            said = f" ({detail})" if re.search(r"\b[45]\d\d\b|HF_HUB_OFFLINE", detail) else ""  # nothing else helps
            reason = f"couldn’t reach {origin}{said}; check your internet connection and try again"
        raise FileNotFoundError(reason) from error
