"""What follows a download: the classifier's class embeddings and example runs, made in the background, once.

Nothing that a page does waits for it: it rests while any visitor's work goes on, and has no place in their queue. Does
not import torch before it begins.
"""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from core.classifiers.registry import classifier_spec
from core.classifiers.spec import ClassifierSpec
from core.data.classes import CLASS_SETS
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.errors import sentence
from core.files import make_folder
from core.runs.examples import Example, examples, first_subjects, with_few_frames
from core.runs.file import PGDRun, RunFileError
from core.runs.plan import Run
from core.runs.stored import machine_runs, stored_path
from ui.runs.matching import changed_settings
from ui.shared.jobs import give_way
from ui.shared.log import log
from ui.shared.model_cache import classifier_for
from ui.shared.server_jobs import job_manager

# Seconds that a large network needs for one prompt, and for one step of one picture, on one core: for the bar.
PROMPT_SECONDS, STEP_SECONDS = 0.01, 0.2


@dataclass(frozen=True, eq=False)
class _Piece:
    """One thing to make. what: for people, within a sentence. example: None for the embeddings of a class set."""

    spec: ClassifierSpec
    class_set: str
    what: str
    seconds: float
    example: Example | None = None


class Preparation:
    """The one background job of this process. Every attribute may be read from any thread.

    Attributes:
        status: "idle", "running", "done" or "failed" (see `error`).
        what: is being made, within a sentence.
        fraction: of the expected time, in [0, 1].
        error: one sentence for the visitor, empty unless failed.
    """

    def __init__(self) -> None:
        self.status: Literal["idle", "running", "done", "failed"] = "idle"
        self.what, self.error, self.fraction = "", "", 0.0
        self._lock = threading.Lock()
        self._waiting: deque[str] = deque()
        self._thread: threading.Thread | None = None
        self._end = threading.Event()

    @property
    def running(self) -> bool:
        return self.status == "running"

    def begin(self, *names: str) -> None:
        """Prepare these classifiers as well; what was prepared before is not made again. Returns at once."""
        with self._lock:
            self._waiting.extend(name for name in names if name not in self._waiting)
            if not self.running:
                self.status, self.error, self.fraction = "running", "", 0.0
                if self._thread is None:
                    atexit.register(self.close)
                self._thread = threading.Thread(target=self._work, name="preparation", daemon=True)
                self._thread.start()

    def wait(self, timeout: float | None = None) -> None:
        """Block until the job has ended, at most `timeout` seconds. Not for pages."""
        if self._thread is not None:
            self._thread.join(timeout)

    def close(self) -> None:
        """End it after the step in flight, so that the process can end; another start makes what is missing."""
        self._end.set()
        self.wait(10)

    def _work(self) -> None:
        give_way()
        while True:
            with self._lock:
                if not self._waiting or self._end.is_set():
                    self.status = "failed" if self.error else "done"
                    return
                name = self._waiting.popleft()
            log("preparation started", classifier=name)
            reason: Exception | None = None
            try:
                self._prepare(classifier_spec(name))
            except Exception as error:  # a page shows the sentence, the log the rest
                reason, why = error, str(error) if isinstance(error, RuntimeError) else type(error).__name__
                self.error = sentence(f"the examples of {name} could not be made: {why}")
            log("preparation ended", error=reason, classifier=name)

    def _prepare(self, spec: ClassifierSpec) -> None:
        pieces = list(missing(spec))
        whole, done = sum(piece.seconds for piece in pieces), 0.0
        for piece in pieces:
            for share in self._make(piece):
                self.what, self.fraction = f"{spec.title}, {piece.what}", (done + share * piece.seconds) / whole
                job_manager().wait_until_idle(self._end)
                if self._end.is_set():
                    return
            done += piece.seconds

    def _make(self, piece: _Piece) -> Iterator[float]:
        """Make it; yields which share of it is done."""
        yield 0.0
        if (example := piece.example) is None:
            classifier_for(piece.spec.name, piece.class_set)
            return
        run = Run(example.plan, lambda: [classifier_for(piece.spec.name, piece.class_set)])
        with contextlib.closing(run.states()) as states:
            for k, _ in enumerate(states):
                yield k / example.plan.config.steps
        (found,) = run.so_far()
        make_folder(machine_runs())
        with_few_frames(found).save(_path(piece.spec, example))


def missing(spec: ClassifierSpec) -> Iterator[_Piece]:
    """What has not been made for a classifier on this machine: what words mean first, then the paper's experiment."""
    rows = sorted(_rows(spec), key=lambda row: -row.side)
    wanted = [(row, example) for row in rows for example in examples(row)]
    first = [(row, example) for row, example in wanted if (example.kind, example.subject) in first_subjects(row)]
    first.sort(key=lambda one: one[1].kind == "generation")
    todo = [(row, example) for row, example in first if not is_made(spec, example)]
    if not todo:
        return
    if spec.vocabulary is None:
        for name, classes in CLASS_SETS.items():
            count = len(classes())
            yield _Piece(spec, name, f"words for {count:,} classes", PROMPT_SECONDS * count)
    for row, example in todo:
        seconds = STEP_SECONDS * len(example.plan.start) * example.plan.config.steps
        yield _Piece(spec, row.class_set, f"{example.kind}, {row.title}", seconds, example)


def unprepared(name: str) -> bool:
    """Whether examples of a classifier are missing, as far as the names of files tell."""
    spec = classifier_spec(name)
    first = (subject for row in _rows(spec) for subject in first_subjects(row))
    return not all(stored_path(*subject, name, machine_runs()).is_file() for subject in first)


def _rows(spec: ClassifierSpec) -> list[SampleSet]:
    """The sample sets whose classes it knows."""
    return [row for row in SAMPLE_SETS.values() if spec.vocabulary in (None, row.class_set)]


def is_made(spec: ClassifierSpec, example: Example) -> bool:
    """Whether this machine has the run, made with the settings of now."""
    try:
        run = PGDRun.load(_path(spec, example))
    except (RunFileError, OSError):
        return False
    names = run.metadata["class_names"]
    targets = tuple(target if isinstance(target, str) else names[target] for target in example.plan.targets)
    return not changed_settings(replace(example.plan, targets=targets), [spec.name], [run])


def _path(spec: ClassifierSpec, example: Example) -> Path:
    return stored_path(example.kind, example.subject, spec.name, machine_runs())


_PREPARATION = Preparation()


def preparation() -> Preparation:
    """The preparation of this process, shared by all visitors."""
    return _PREPARATION
