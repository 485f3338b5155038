"""Background work after a download: class embeddings and quick profiles, which begin with the pages' default runs.

No page waits for it: it pauses during any visitor's work and does not enter the queue. Imports torch only when it
starts.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from filelock import FileLock, Timeout

from core.classifiers.registry import PAPERS_CLIP, classifier_spec
from core.classifiers.spec import ClassifierSpec
from core.data.classes import CIFAR10, CLASS_SETS, PRECOMPUTED, imagenet, imagenet100
from core.data.datasets import load_dataset
from core.data.profiles import profile_folders
from core.data.sample_sets import SAMPLE_SETS
from core.reproduce.profile.network import GRADIENT_PASSES, ProfiledNetwork, usual_dataset
from core.reproduce.profile.parts import PARTS
from core.reproduce.profile.runs import first_paths
from core.shared.cli import watcher
from core.shared.errors import sentence
from core.shared.files import cache_folder, make_folder
from ui.models.weight_downloads import weight_downloads
from ui.runs.setup.pace import PROMPT_SECONDS, STEP_SECONDS
from ui.runs.setup.settings import first_choice
from ui.server.jobs import lower_priority
from ui.server.limits import limits
from ui.server.log import log
from ui.server.model_cache import classifier_for, is_ready, ready_classifiers
from ui.server.server_jobs import job_manager

PASS_SECONDS = STEP_SECONDS / GRADIENT_PASSES


@dataclass(frozen=True, eq=False)
class _Piece:
    """One result to compute.

    what: description within a sentence. make: computes it and reports progress to the watcher.
    """

    spec: ClassifierSpec
    what: str
    seconds: float
    make: Callable[[], object]


class Preparation:
    """The process's only background job. All attributes may be read from any thread.

    Attributes:
        status: "idle", "running", "done" or "failed" (see `error`).
        what: description of the current result, within a sentence.
        fraction: elapsed share of the expected time, in [0, 1].
        error: one sentence for the visitor, empty unless failed.
    """

    def __init__(self) -> None:
        self.status: Literal["idle", "running", "done", "failed"] = "idle"
        self.what, self.error, self.fraction = "", "", 0.0
        self._lock = threading.Lock()
        self._again = False
        self._thread: threading.Thread | None = None
        self._end = threading.Event()

    @property
    def running(self) -> bool:
        return self.status == "running"

    def begin(self) -> None:
        """Start computing missing default results in the background."""
        with self._lock:
            self._again = True
            if not self.running:
                self.status, self.error, self.fraction, self.what = "running", "", 0.0, "checking what is missing"
                if self._thread is None:
                    atexit.register(self.close)
                self._thread = threading.Thread(target=self._work, name="preparation", daemon=True)
                self._thread.start()

    def wait(self, timeout: float | None = None) -> None:
        """Block until the job ends, at most `timeout` seconds. Not for pages."""
        if self._thread is not None:
            self._thread.join(timeout)

    def close(self) -> None:
        """Stop after the current step, so that the process can exit; the next start resumes."""
        self._end.set()
        self.wait(10)

    def _work(self) -> None:
        lower_priority()
        while True:
            with self._lock:
                if not self._again or self._end.is_set():
                    self.status = "failed" if self.error else "done"
                    return
                self._again = False  # set by a download that ends meanwhile
            log("preparation started")
            reason: Exception | None = None
            try:
                with contextlib.suppress(_Ended), self._only_process():
                    self._prepare()
            except Exception as error:  # a page shows the sentence, the log the traceback
                reason, why = error, str(error) if isinstance(error, RuntimeError) else type(error).__name__
                self.error = sentence(f"the examples could not be made: {why}")
            log("preparation ended", error=reason)

    def _prepare(self) -> None:
        pieces = list(missing())
        whole, done = sum(piece.seconds for piece in pieces), 0.0

        def rest(share: float) -> None:
            self.fraction = (done + share * piece.seconds) / whole
            job_manager().wait_until_idle(self._end)
            if self._end.is_set():
                raise _Ended

        watcher.set(rest)  # for this thread only
        for number, piece in enumerate(pieces, 1):
            self.what = f"{piece.spec.title}, {piece.what} ({number} of {len(pieces)})"
            rest(0.0)
            piece.make()
            done += piece.seconds

    def _only_process(self) -> contextlib.AbstractContextManager[object]:
        """Return a lock, acquired once no other process with this cache, such as a replica, prepares anything."""
        make_folder(cache_folder())
        lock = FileLock(cache_folder() / "preparation.lock")  # released when the process ends, however it does
        while not self._end.is_set():
            with contextlib.suppress(Timeout):
                return lock.acquire(timeout=1)
        raise _Ended


class _Ended(Exception):
    """Signal that the process exits; the next start resumes."""


def _networks() -> list[ClassifierSpec]:
    """Return the networks that pages open with, for large pictures first, then further zero-shot networks."""
    rows = sorted(SAMPLE_SETS.values(), key=lambda row: -row.side)
    ready = [ready_classifiers(row.class_set) for row in rows]
    first = [spec for specs in ready for spec in specs if spec.title in first_choice(specs)]
    return list(dict.fromkeys((*first, *(spec for specs in ready for spec in specs if spec.vocabulary is None))))


def _network(spec: ClassifierSpec) -> ProfiledNetwork:
    images = functools.cache(lambda limit: load_dataset(usual_dataset(spec.vocabulary), limit=limit))
    return ProfiledNetwork(spec.name, lambda classes: classifier_for(spec.name, classes.name), images, quick=True)


def _own_folder(network: ProfiledNetwork) -> Path:
    """Return the folder of the profile that is made here."""
    return cache_folder() / "profiles" / network.file_name


def unprepared() -> bool:
    """Return whether a run that pages open with is missing, judging by file names."""
    folders = PRECOMPUTED, *profile_folders()
    paths = (path for spec in _networks() for path in first_paths(_network(spec)))
    return not all(any((folder / path).is_file() for folder in folders) for path in paths)


def missing() -> Iterator[_Piece]:
    """Yield missing or outdated results of one network after the other: class embeddings, then its quick profile.

    A profile from elsewhere spares a network its own, except for runs that pages open with.
    """
    for spec in _networks():
        network, folders = _network(spec), profile_folders()
        own = _own_folder(network)
        maps = (folder.glob(f"heatmaps/{network.file_name}_*.npz") for folder in folders if folder != own)
        whole = spec.vocabulary is None and limits().background_profile and not any(map(any, maps))
        pieces = [
            _Piece(spec, part.what, PASS_SECONDS * file.passes, partial(file.make_in, own))
            for part in (PARTS.values() if whole else (PARTS["runs"],))
            for file in part.files(network)[0]
            if not any(file.is_there(folder) for folder in (PRECOMPUTED, *folders))
        ]
        if pieces and spec.vocabulary is None:
            for classes in (CIFAR10, imagenet100(), imagenet()):
                class_set = classes.name if classes.name in CLASS_SETS else classes  # by name where pages ask by name
                task = f"words for {len(classes):,} classes"
                yield _Piece(spec, task, PROMPT_SECONDS * len(classes), partial(classifier_for, spec.name, class_set))
        yield from pieces


_PREPARATION = Preparation()


def preparation() -> Preparation:
    """Return the process's background job, shared by all visitors."""
    return _PREPARATION


def fetch_clip() -> None:
    """Start fetching the paper's CLIP, if the operator enabled it, and the work after downloads; return at once.

    Unfinished work of an earlier process goes on.
    """
    if limits().clip and not is_ready(PAPERS_CLIP):
        weight_downloads().start(classifier_spec(PAPERS_CLIP), then=preparation().begin)
    elif limits().clip or any(_own_folder(_network(spec)).is_dir() for spec in _networks()):
        preparation().begin()
