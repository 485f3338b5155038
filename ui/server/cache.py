"""Shared by all visitors of this process: loaded classifiers, what they predict, and the manager of jobs.

It does not use Streamlit's caches, which any visitor's browser can clear.
"""

from __future__ import annotations

import atexit
import functools
import gc
import logging
import math
import sys
import threading
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import streamlit as st
from cachetools import LRUCache, cached
from cachetools.keys import hashkey

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import classifier_state, list_classifiers, listed_classifiers, load_classifier
from core.classifiers.text import check_prompts
from core.data.sample_sets import CIFAR10, CLASS_SETS, ClassSet
from core.shared.device import check_torch, free_device, prepare_torch, return_freed_memory
from ui.server.jobs import JobManager, at_full_priority
from ui.server.limits import limits, log
from ui.server.streamlit_internals import is_connected

NONE_READY = (
    "No classifier for these classes is installed. The page **Models** lists the available ones with the size "
    "of each download."
)

LOADING = "predictions.loading"  # session key: True once a run without torch has been painted

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def single_flight_cache(
    max_entries: float = math.inf, key: Callable[..., Hashable] = hashkey
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Cache results for all visitors; compute each once, at a page's priority, however many threads ask for it.

    key: of the arguments, what results depend on.
    """

    def decorate(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @cached(LRUCache(max_entries), key, condition=threading.Condition())
        @functools.wraps(function)
        def get(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            return at_full_priority(lambda: function(*arguments, **named))

        return get

    return decorate


@functools.cache
def read_list() -> None:
    """Read the operator's list of classifiers, which imports their libraries, and log unusable entries."""
    for reason in listed_classifiers().refused:
        log("left out", level=logging.WARNING, reason=reason)


def ready_classifiers(class_set: str) -> list[ClassifierSpec]:
    """Return the installed classifiers that know the words of a class set. Does not import torch."""
    return [spec for spec in list_classifiers() if spec.vocabulary in (None, class_set) and is_ready(spec.name)]


def ready_clips() -> list[ClassifierSpec]:
    """Return the installed zero-shot classifiers, whatever their vocabulary. Does not import torch."""
    return [spec for spec in list_classifiers() if spec.kind == "zero-shot" and is_ready(spec.name)]


def is_ready(name: str) -> bool:
    """Return whether a classifier's weights are installed."""
    return classifier_state(name).status == "ready"


@single_flight_cache(max_entries=24)
def classifier_for(name: str, classes: ClassSet, template: str | None = None) -> Classifier:
    """Return a classifier for the classes, any classes if it is zero-shot; embeds each prompt once.

    Args:
        template: prompt template for custom classes; None for the paper's.
    Raises:
        ValueError: a class name is longer than the text tower reads.
    """
    classifier = _loaded(name)
    if classes.name not in CLASS_SETS:  # typed by a visitor
        check_prompts(classifier, classes.names, template)
    return classifier.for_classes(classes, template)


@functools.cache
def load_ahead(names: tuple[str, ...], class_set: str) -> None:
    """Load classifiers in the background, once, before the visitor presses the button that needs them."""

    def load() -> None:
        for name in filter(is_ready, names):
            try:
                classifier_for(name, CLASS_SETS[class_set]())
            except Exception as error:  # the run that needs it says why
                log("not loaded ahead", error=error, classifier=name)

    threading.Thread(target=load, name="load-ahead", daemon=True).start()


# Unbounded: the registry limits the number of names, and a second copy would take more memory.
@single_flight_cache()
def _loaded(name: str) -> Classifier:
    device = _prepared_device()
    spec = next(spec for spec in list_classifiers() if spec.name == name)
    classes = CIFAR10 if spec.kind == "zero-shot" else None
    classifier = load_classifier(name, classes, device=device)
    # Garbage collection scans every object; torch's permanent ones would make each collection take 0.2 s.
    gc.collect()
    gc.freeze()
    return_freed_memory()
    return classifier


@single_flight_cache(max_entries=1)
def _prepared_device() -> str:
    """Set up torch for a server of pages; return the device of the classifiers."""
    check_torch()
    import torch

    prepare_torch()
    # Leave one core to the pages: with a torch thread on every core, each layer waits for the thread that a redraw
    # interrupts, and a run takes twice as long (measured on two cores).
    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    return free_device()


@single_flight_cache(max_entries=1)
def job_manager() -> JobManager:
    """Return this process's manager, shared by all visitors. Owners are sessions, by `session_id()`."""
    manager = JobManager(run_seconds=limits().run_seconds, is_connected=is_connected)
    atexit.register(manager.close)
    return manager


def wait_for_first_paint() -> bool:
    """Return True if this run must not import torch yet: it would delay the first paint.

    The next run, which the browser asks for once it has shown this one, may load it.
    """
    if "torch" in sys.modules or LOADING in st.session_state:
        return False
    st.markdown("Loading the networks …")

    def load() -> None:
        if LOADING in st.session_state:
            st.rerun()
        st.session_state[LOADING] = True

    # This run makes the first call, the browser the second.
    st.fragment(load, run_every=0.3)()
    return True
