"""Asking the network for something without ever hanging on it. Does not import torch.

What answers within `PROBE_SECONDS` is left to urllib and to huggingface_hub, which are more patient.
"""

from __future__ import annotations

import hashlib
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

PROBE_SECONDS = 4.0  # for a whole response, name look-up included: the user waits for less than five
STALL_SECONDS = 20.0  # without a single byte in the middle of a download
CHUNK_BYTES = 1 << 20

Result = TypeVar("Result")
Progress = Callable[[int, int | None], None]  # bytes so far, bytes in all (None if unknown)


def call_with_deadline(function: Callable[[], Result], seconds: float) -> Result:
    """Run `function` in a daemon thread and wait for it no longer than `seconds`.

    A time-out given to a socket does not cover the look-up of its name, nor a response that trickles in byte by
    byte. The thread is left behind when the time is up; it ends with the process at the latest.

    Raises:
        TimeoutError: no result in time.
        Exception: whatever `function` raised.
    """
    future: Future[Result] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except Exception as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True, name="network-call").start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError as error:
        raise TimeoutError(f"no answer within {seconds:g} s") from error


def probe(url: str, seconds: float = PROBE_SECONDS) -> int | None:
    """Ask whether `url` answers, and how long its content is.

    Args:
        url: http or https; proxies of the environment are honoured.
        seconds: how long to wait in total.
    Returns:
        Content length in bytes, None if the server does not say.
    Raises:
        FileNotFoundError: no response in time, no connection, or an error response; one sentence, naming the host.
    """
    request = urllib.request.Request(url, method="HEAD", headers={"User-Agent": "python"})

    def ask() -> int | None:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            length = response.headers.get("Content-Length")
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


def download(url: str, path: Path, *, sha256: str | None = None, progress: Progress | None = None) -> None:
    """Fetch `url` into `path`, which is either complete and checked afterwards or untouched.

    torch.hub's own function would do, but it loads torch, waits for ever on a stalled connection, takes a file cut
    short for a whole one and tells nobody how far it is.

    Args:
        url: http or https.
        path: where to put it; its folder is made.
        sha256: hex digest, or its first digits, that the content must have.
        progress: called with bytes so far and bytes in all (None if unknown).
    Raises:
        FileNotFoundError: the server cannot be reached, or stopped in the middle.
        RuntimeError: what arrived has another digest.
    """
    total, received, digest = probe(url), 0, hashlib.sha256()
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with partial.open("wb") as file, urllib.request.urlopen(url, timeout=STALL_SECONDS) as response:
            while chunk := response.read(CHUNK_BYTES):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                if progress:
                    progress(received, total)
        if total is not None and received != total:
            raise OSError(f"{received:,} of {total:,} bytes arrived")
        found = digest.hexdigest()
        if sha256 and not found.startswith(sha256):
            raise RuntimeError(
                f"what {url} sent is not the published file: its sha256 is {found}, expected {sha256}; "
                "nothing was kept, try again or fetch the file yourself and give its path"
            )
        partial.replace(path)
    except OSError as error:
        raise FileNotFoundError(f"the download of {url} broke off ({error}); try again") from error
    finally:
        partial.unlink(missing_ok=True)


def hub_files(repo_id: str, revision: str | None) -> dict[str, int | None]:
    """Name -> bytes of every file in a repository of the Hugging Face Hub.

    Raises:
        FileNotFoundError: as `hub_errors`, within `PROBE_SECONDS`.
    """
    from huggingface_hub import HfApi

    def ask() -> Any:
        return HfApi().model_info(repo_id, revision=revision, files_metadata=True, timeout=PROBE_SECONDS)

    with hub_errors(repo_id, revision):
        return {file.rfilename: file.size for file in call_with_deadline(ask, PROBE_SECONDS).siblings or ()}


def hub_download(repo_id: str, name: str, revision: str | None, progress: Progress | None = None) -> Path:
    """One file of a repository, by huggingface_hub into its cache.

    Raises:
        FileNotFoundError: as `hub_errors`.
    """
    from huggingface_hub import hf_hub_download

    bar = _reporting_bar(progress) if progress else None
    with hub_errors(repo_id, revision):
        return Path(hf_hub_download(repo_id, name, revision=revision, tqdm_class=bar))


@contextmanager
def hub_errors(repo_id: str, revision: str | None) -> Iterator[None]:
    """What huggingface_hub raises (its own errors, httpx's and the system's) as a FileNotFoundError of one sentence."""
    from huggingface_hub import constants, errors

    place = f"huggingface.co/{repo_id}"
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise FileNotFoundError("HF_HUB_OFFLINE forbids asking the hub; unset it to download") from error
    except errors.GatedRepoError as error:
        raise FileNotFoundError(
            f"{place} is open only to people who accepted its terms; accept them there and log in"
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise FileNotFoundError(f"the hub has no public {place} at {revision or 'main'}") from error
    except Exception as error:
        host, reason = urlsplit(constants.ENDPOINT).hostname, str(error).partition("\n")[0]
        raise FileNotFoundError(
            f"{host} did not deliver {place} ({reason}); check the network and try again"
        ) from error


def _reporting_bar(progress: Progress) -> type:
    """A progress bar for huggingface_hub that draws nothing and tells `progress` how much has arrived."""
    from tqdm import tqdm

    class ReportingBar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self.received, self.size = options.get("initial") or 0, options.get("total")
            options.pop("name", None)  # huggingface_hub's own bars are grouped by it
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            self.received += int(n or 0)  # below 0 where a download begins anew
            progress(self.received, self.size)
            return None

    return ReportingBar
