"""Background work after a download: class embeddings, the pages' default runs and quick profiles.

No page waits for it: it pauses during any visitor's work and does not enter the queue. Imports torch only when it
starts.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import itertools
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from core.classifiers.registry import PAPERS_CLIP, classifier_spec
from core.classifiers.spec import ClassifierSpec
from core.data.classes import CIFAR10, CLASS_SETS, imagenet, imagenet100
from core.data.datasets import load_dataset
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.view_settings import Search
from core.reproduce.profile.network import GRADIENT_PASSES, ProfiledNetwork, usual_dataset
from core.reproduce.profile.parts import PARTS
from core.reproduce.profile.runs import example_run
from core.runs.examples import (
    Example,
    examples,
    fast_example,
    fast_subject,
    first_searches,
    first_subjects,
)
from core.runs.file import PGDRun, RunFileError
from core.runs.matching import changed_settings
from core.runs.stored import RUNS, machine_runs, stored_path
from core.shared import paper
from core.shared.cli import watcher
from core.shared.errors import sentence
from core.shared.files import cache_folder, make_folder
from ui.models.weight_downloads import weight_downloads
from ui.runs.setup.pace import PROMPT_SECONDS, STEP_SECONDS, is_slow
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
                self._prepare()
            except Exception as error:  # a page shows the sentence, the log the traceback
                reason, why = error, str(error) if isinstance(error, RuntimeError) else type(error).__name__
                self.error = sentence(f"the examples could not be made: {why}")
            log("preparation ended", error=reason)

    def _prepare(self) -> None:
        pieces = list(missing())
        whole, done = sum(piece.seconds for piece in pieces), 0.0

        def rest(share: float) -> None:
            self.what = f"{piece.spec.title}, {piece.what}"
            self.fraction = (done + share * piece.seconds) / whole
            job_manager().wait_until_idle(self._end)
            if self._end.is_set():
                raise _Ended

        watcher.set(rest)  # for this thread only
        with contextlib.suppress(_Ended):
            for piece in pieces:
                rest(0.0)
                piece.make()
                done += piece.seconds


class _Ended(Exception):
    """Signal that the process exits; the next start resumes."""


def _run(spec: ClassifierSpec, class_set: str, example: Example, path: Path) -> None:
    run = example_run(example.plan, classifier_for(spec.name, class_set), path.stem)
    make_folder(machine_runs())
    run.save(path)


def _profile(spec: ClassifierSpec) -> Iterator[_Piece]:
    """Yield the missing parts of a network's quick profile except the runs, which `missing` yields."""
    dataset = usual_dataset(spec.vocabulary)
    images = functools.cache(lambda limit: load_dataset(dataset, limit=limit))
    network = ProfiledNetwork(spec.name, lambda classes: classifier_for(spec.name, classes.name), images, quick=True)
    folder = cache_folder() / "profiles" / network.file_name
    for part in PARTS.values():
        for item in part.items(network) if part.key != "runs" else ():
            if not item.is_there(folder):
                yield _Piece(spec, part.what, PASS_SECONDS * item.passes, partial(item.make_in, folder))


@dataclass(frozen=True)
class _FirstRun:
    """Default run of a page: a sample set and one of the default classifiers."""

    row: SampleSet
    kind: str
    subject: str
    spec: ClassifierSpec
    search: Search

    @property
    def paths(self) -> tuple[Path, Path]:
        """Return the paths that may contain the run: shipped or computed on this machine."""
        path = stored_path(self.kind, self.subject, self.spec.name, machine_runs(), self.search)
        return RUNS / path.name, path


def _first_runs() -> Iterator[_FirstRun]:
    for row in sorted(SAMPLE_SETS.values(), key=lambda row: -row.side):  # the paper's own experiment first
        ready = {spec.title: spec for spec in ready_classifiers(row.class_set)}
        specs = [ready[title] for title in first_choice(list(ready.values()))]
        for kind, subject in first_subjects(row):
            searches = first_searches(row.side)
            slow = searches == ("pixels",) and kind == "inpainting"
            slow = slow and is_slow(specs, int(paper.RUNS["inpainting"]["steps"]), row.side**2)
            name = fast_subject(subject) if slow else subject
            yield from (_FirstRun(row, kind, name, *pair) for pair in itertools.product(specs, searches))


def unprepared() -> bool:
    """Return whether a default run is missing, judging by file names."""
    return not all(any(path.is_file() for path in run.paths) for run in _first_runs())


def missing() -> Iterator[_Piece]:
    """Yield missing or outdated results: class embeddings, default runs, then quick profiles."""
    todo = []
    for run in _first_runs():
        known = [example for usual in examples(run.row) for example in (usual, fast_example(usual))]
        file = run.paths[0].name
        example = next(candidate for candidate in known if candidate.path(run.spec.name).name == file)
        if not any(is_made(path, run.spec.name, example) for path in run.paths):
            todo.append((run, example))
    for spec in dict.fromkeys(run.spec for run, _ in todo if run.spec.vocabulary is None):
        for classes in (CIFAR10, imagenet100(), imagenet()):
            class_set = classes.name if classes.name in CLASS_SETS else classes  # by name where pages ask by name
            task = f"words for {len(classes):,} classes"
            yield _Piece(spec, task, PROMPT_SECONDS * len(classes), partial(classifier_for, spec.name, class_set))
    for run, example in sorted(todo, key=lambda pair: pair[0].kind == "generation"):
        seconds = STEP_SECONDS * len(example.plan.start) * example.plan.config.steps
        make = partial(_run, run.spec, run.row.class_set, example, run.paths[1])
        by = ", by views" if run.search == "views" else ""
        yield _Piece(run.spec, f"{example.kind}, {run.row.title}{by}", seconds, make)
    for spec in ready_classifiers(CIFAR10.name) if limits().background_profile else ():
        if spec.vocabulary is None:
            yield from _profile(spec)


def is_made(path: Path, name: str, example: Example) -> bool:
    """Return whether a file holds the classifier's run with the current settings."""
    try:
        run = PGDRun.load(path)
    except (RunFileError, OSError):
        return False
    names = run.metadata["class_names"]
    targets = tuple(target if isinstance(target, str) else names[target] for target in example.plan.targets)
    return not changed_settings(replace(example.plan, targets=targets), [name], [run])


_PREPARATION = Preparation()


def preparation() -> Preparation:
    """Return the process's background job, shared by all visitors."""
    return _PREPARATION


def fetch_clip() -> None:
    """Start fetching the paper's CLIP, if the operator enabled it, and the work after downloads; return at once."""
    if not limits().clip:
        return
    if is_ready(PAPERS_CLIP):
        preparation().begin()
    else:
        weight_downloads().start(classifier_spec(PAPERS_CLIP), then=preparation().begin)
