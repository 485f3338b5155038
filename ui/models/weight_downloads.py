"""Weight files fetched in the background: one download per classifier in this process, whoever asked for it.

They have no place in the queue of live work: a download uses no core worth waiting for, and goes on when the visitor
who started it has left. Does not import Streamlit, whose caches any
visitor's browser may ask it to clear.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Literal

from core.classifiers.fetch.weights import WeightSource
from core.classifiers.spec import ClassifierSpec
from core.shared.errors import sentence
from ui.server.log import log


class WeightDownload:
    """One download, made by `WeightDownloads.start`. Every attribute may be read from any thread.

    Attributes:
        title: the classifier's name for people.
        total: bytes in all, if known.
        received: bytes so far; None where the source does not say.
        silent_seconds: since the last byte, or since the start.
        status: "running", and in the end "done" or "failed" (see `error`).
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
        """Share of the download that has arrived, in [0, 1]; None where that is not known."""
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
        """Block until the download has ended, at most `timeout` seconds; True if it has. Not for pages."""
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
    """The downloads of this process, by classifier."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._downloads: dict[str, WeightDownload] = {}

    def start(self, spec: ClassifierSpec, then: Callable[[], object] | None = None) -> WeightDownload:
        """Begin to fetch a classifier's weights, or join the download that is on its way already. Returns at once.

        then: is called in the download's thread once the weights are there.
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
        """The newest download of a classifier's weights, running or ended; None if nobody asked for one."""
        return self._downloads.get(name)

    @property
    def running(self) -> bool:
        """True while any download is on its way."""
        with self._lock:
            return any(download.status == "running" for download in self._downloads.values())


_DOWNLOADS = WeightDownloads()


def weight_downloads() -> WeightDownloads:
    """The downloads of this process, shared by all visitors."""
    return _DOWNLOADS
