"""Weights that are being downloaded and profiles that are being made, for all visitors of this process.

Neither enters the queue of live work, and both go on after the visitor has left. Does not import Streamlit, because any
visitor's browser can clear its caches.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, list_classifiers
from core.data.stored import stored_files
from core.reproduce.profiled import profile_name
from core.shared.files import cache_folder, make_folder
from core.shared.text import sentence
from ui.server.cache import is_ready
from ui.server.limits import ROOT, limits, log

NICE = 10  # of 19: pages and visitors' runs get nine times as much of a contested core
END_SECONDS = 5.0
_PROGRESS = re.compile(r"(\d+) of (\d+), (.*)")  # a line of the command's output, before each file


class WeightDownload:
    """One download, created by `WeightDownloads.start`. All attributes may be read from any thread.

    Attributes:
        title: the classifier's display name.
        total: total bytes, if known. received: bytes so far.
        error: one sentence for the visitor, empty unless it has failed.
    """

    def __init__(self, spec: ClassifierSpec, then: Callable[[], object]) -> None:
        self.title, self.total, self.received, self.error = spec.title, spec.download_bytes, 0, ""
        self._thread = threading.Thread(target=self._work, args=(spec, then), name=f"download-{spec.name}", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @property
    def fraction(self) -> float:
        """Fraction downloaded, in [0, 1]; 0 while the total is unknown."""
        return min(1.0, self.received / self.total) if self.total else 0.0

    def wait(self, timeout: float | None = None) -> bool:
        """Block until the download ends, at most `timeout` seconds; return whether it has ended. Not for pages."""
        self._thread.join(timeout)
        return not self.running

    def _report(self, received: int, total: int | None) -> None:
        self.received, self.total = received, total or self.total

    def _work(self, spec: ClassifierSpec, then: Callable[[], object]) -> None:
        log("download started", classifier=spec.name, bytes=self.total)
        reason: Exception | None = None
        try:
            spec.weights.fetch(self._report)
        except (FileNotFoundError, RuntimeError) as error:  # what a source says it raises: sentences for people
            reason, self.error = error, sentence(str(error))
        except Exception as error:
            reason = error
            why = getattr(error, "strerror", None) or type(error).__name__  # without the path that an error may name
            self.error = f"The download of {self.title} failed ({why}); check the disk and try again."
        log("download ended", error=reason, classifier=spec.name, bytes=self.received)
        if not self.error:
            then()


class WeightDownloads:
    """This process's downloads by classifier."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._downloads: dict[str, WeightDownload] = {}

    def start(self, spec: ClassifierSpec, then: Callable[[], object] = lambda: None) -> WeightDownload:
        """Start downloading a classifier's weights or return the running download, without blocking.

        then: called in the download's thread after success.
        """
        with self._lock:
            known = self._downloads.get(spec.name)
            if known is None or not known.running:
                known = self._downloads[spec.name] = WeightDownload(spec, then)
            return known

    def get(self, name: str) -> WeightDownload | None:
        """Return the latest download of a classifier's weights, running or ended, or None."""
        return self._downloads.get(name)

    @property
    def running(self) -> bool:
        """True while any download is running."""
        with self._lock:
            return any(download.running for download in self._downloads.values())


class ProfileMaker:
    """The only subprocess of this server that makes a profile. All attributes may be read from any thread.

    Attributes:
        title: the network's. what: the file being made, as the command says it. fraction: finished files, in [0, 1].
        error: one sentence for the visitor, empty unless it has failed.
    """

    def __init__(self) -> None:
        self.title, self.what, self.error, self.fraction = "", "", "", 0.0
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self, spec: ClassifierSpec) -> None:
        """Start making a network's profile, or resume it, unless one is being made; return without waiting."""
        with self._lock:
            if self.running:
                return
            self.title, self.what, self.error, self.fraction = spec.title, "starting", "", 0.0
            self._thread = threading.Thread(target=self._work, args=(spec,), name="profile", daemon=True)
            self._thread.start()

    def wait(self, timeout: float | None = None) -> None:
        """Block until the subprocess has ended, at most `timeout` seconds. Not for pages."""
        if self._thread is not None:
            self._thread.join(timeout)

    def close(self) -> None:
        """End the subprocess; what it has finished is kept."""
        if (process := self._process) is not None:
            process.terminate()
            self.wait(END_SECONDS)
            process.kill()  # in the middle of a long step; files are written whole
            self.wait(END_SECONDS)

    def _work(self, spec: ClassifierSpec) -> None:
        folder = cache_folder() / "profiles" / profile_name(spec.name)
        log("profile started", classifier=spec.name)
        try:
            make_folder(folder.parent)
            self.error = self._run(spec, folder)
        except OSError as error:
            self.error = f"The profile of {spec.title} could not be made ({error.strerror}); check the disk."
        log("profile ended", classifier=spec.name, failed=bool(self.error))

    def _run(self, spec: ClassifierSpec, folder: Path) -> str:
        """Run the command and read its progress; return a sentence on why it failed, empty if it did not."""
        options = ("--classifier", spec.name, "--quick", "--output", str(folder))
        threads = str(max(1, (os.cpu_count() or 2) - 1))
        process = self._process = subprocess.Popen(
            [sys.executable, "-m", "core.reproduce.profile", *options],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": threads},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        with contextlib.suppress(OSError, AttributeError):  # a sandbox may refuse it, and Windows has none
            os.setpriority(os.PRIO_PROCESS, process.pid, NICE)
        last = ""
        assert process.stderr is not None
        for line in process.stderr:
            if progress := _PROGRESS.match(line):
                number, count, self.what = progress.groups()
                self.fraction = (int(number) - 1) / int(count)
            elif line.startswith("error: "):
                last = line.removeprefix("error: ").strip()
        self._process = None
        if process.wait() == 0:
            return ""
        return sentence(f"the profile of {spec.title} is not finished ({last or 'its process was ended'}): try again")


_DOWNLOADS, _PROFILES = WeightDownloads(), ProfileMaker()


def weight_downloads() -> WeightDownloads:
    """Return the process's downloads, shared by all visitors."""
    return _DOWNLOADS


def profile_maker() -> ProfileMaker:
    """Return the process's maker of profiles, shared by all visitors."""
    return _PROFILES


def unprofiled() -> list[ClassifierSpec]:
    """Return the installed CLIPs without a whole profile, judging by its last file."""
    made = {path.stem for path in stored_files("judgements")}
    clips = (spec for spec in list_classifiers() if spec.vocabulary is None and is_ready(spec.name))
    return [spec for spec in clips if profile_name(spec.name) not in made]


def fetch_clip() -> None:
    """Fetch the paper's CLIP and make its profile, if the operator enabled it; return without waiting."""

    def make_profile() -> None:
        if spec in unprofiled():
            profile_maker().start(spec)

    spec = classifier_spec(PAPERS_CLIP)
    if limits().clip and is_ready(PAPERS_CLIP):
        make_profile()
    elif limits().clip:
        weight_downloads().start(spec, then=make_profile)
