"""Background downloads of weight files: one per classifier in this process, shared by all visitors.

They do not enter the queue of live work: a download needs little processor time and continues after the visitor has
left. Does not import Streamlit, because any visitor's browser can clear its caches.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from core.classifiers.spec import ClassifierSpec
from core.classifiers.weights import WeightSource
from core.shared.errors import sentence
from ui.server.log import log


class WeightDownload:
    """One download, created by `WeightDownloads.start`. All attributes may be read from any thread.

    Attributes:
        title: the classifier's display name.
        total: total bytes, if known.
        received: bytes so far; None if the source does not report them.
        silent_seconds: seconds since the last byte or the start.
        status: "running", "done" or "failed" (see `error`).
        error: one sentence for the visitor, empty unless failed.
    """

    def __init__(self, title: str, total: int | None) -> None:
        self.title = title
        self.total = total
        self.received: int | None = None
        self.status: Literal["running", "done", "failed"] = "running"
        self.error = ""
        self._started = self._last = time.monotonic()
        self._ended = threading.Event()

    @property
    def fraction(self) -> float | None:
        """Fraction downloaded, in [0, 1]; None if unknown."""
        if self.received is None or not self.total:
            return None
        return min(1.0, self.received / self.total)

    @property
    def seconds(self) -> float:
        """Seconds since the download started."""
        return time.monotonic() - self._started

    @property
    def silent_seconds(self) -> float:
        return time.monotonic() - self._last

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the download ends, at most `timeout` seconds; return whether it has ended. Not for pages."""
        return self._ended.wait(timeout)

    def _report(self, received: int, total: int | None) -> None:
        if received != self.received:
            self._last = time.monotonic()
        self.received, self.total = received, total or self.total

    def _run(self, source: WeightSource, name: str, then: Callable[[], object] | None) -> None:
        log("download started", classifier=name, bytes=self.total)
        reason: Exception | None = None
        try:
            source.fetch(self._report)
        except (FileNotFoundError, RuntimeError) as error:  # what a source says it raises: sentences for people
            reason, self.error = error, sentence(str(error))
        except Exception as error:
            reason = error
            why = getattr(error, "strerror", None) or type(error).__name__  # without the path that an error may name
            self.error = f"The download of {self.title} failed ({why}); check the disk and try again."
        finally:
            self.status = "failed" if self.error else "done"
            if then is not None and self.status == "done":
                then()
            facts: dict[str, Any] = {"status": self.status, "seconds": round(self.seconds, 3), "bytes": self.received}
            log("download ended", error=reason, classifier=name, **facts)
            self._ended.set()


class WeightDownloads:
    """Registry of this process's downloads by classifier."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._downloads: dict[str, WeightDownload] = {}

    def start(self, spec: ClassifierSpec, then: Callable[[], object] | None = None) -> WeightDownload:
        """Start downloading a classifier's weights or return the running download, without blocking.

        then: called in the download's thread after success.
        """
        with self._lock:
            known = self._downloads.get(spec.name)
            if known is not None and known.status == "running":
                return known
            started = self._downloads[spec.name] = WeightDownload(spec.title, spec.download_bytes)
        work, thread = (spec.weights, spec.name, then), f"download-{spec.name}"
        threading.Thread(target=started._run, args=work, name=thread, daemon=True).start()
        return started

    def get(self, name: str) -> WeightDownload | None:
        """Return the latest download of a classifier's weights, running or ended, or None."""
        return self._downloads.get(name)

    @property
    def running(self) -> bool:
        """Whether any download is running."""
        with self._lock:
            return any(download.status == "running" for download in self._downloads.values())


_DOWNLOADS = WeightDownloads()


def weight_downloads() -> WeightDownloads:
    """Return the process's downloads, shared by all visitors."""
    return _DOWNLOADS
