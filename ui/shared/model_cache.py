"""Loaded classifiers, shared by all visitors of this process."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import streamlit as st

from core.classifiers.registry import ClassifierSpec, classifier_state, list_classifiers, load_classifier
from core.classifiers.text import check_prompts
from core.data.classes import CIFAR10, CLASS_SETS, ClassSet

NONE_READY = (
    "No classifier for these classes is ready on this machine. The page **Models and data** shows what can be had, and "
    "how large each download is."
)

if TYPE_CHECKING:
    from core.classifiers.base import Classifier


def ready_classifiers(class_set: str) -> list[ClassifierSpec]:
    """Classifiers whose weights are here and which know the words of "cifar10" or "imagenet". Does not import torch."""
    return [spec for spec in list_classifiers() if spec.vocabulary in (None, class_set) and _is_ready(spec)]


def ready_clips() -> list[ClassifierSpec]:
    """Zero-shot classifiers whose weights are here, whatever words they learned. Does not import torch."""
    return [spec for spec in list_classifiers() if spec.kind == "zero-shot" and _is_ready(spec)]


def _is_ready(spec: ClassifierSpec) -> bool:
    return classifier_state(spec.name).status == "ready"


@st.cache_resource(show_spinner=False, max_entries=24)
def classifier_for(name: str, classes: str | ClassSet, template: str | None = None) -> Classifier:
    """The classifier for "cifar10" or "imagenet" or, if it is zero-shot, for any classes; embeds each prompt once.

    Args:
        template: prompt pattern for classes of one's own; None for the paper's.
    Raises:
        ValueError: a class name too long for the text tower.
    """
    classifier = _loaded(name)
    # By name where there is one: Streamlit takes 0.1 s to hash a thousand classes.
    if isinstance(classes, str):
        return classifier.for_classes(CLASS_SETS[classes]())
    check_prompts(classifier, classes.names, template)
    return classifier.for_classes(classes, template)


@st.cache_resource(show_spinner=False, max_entries=4)
def _loaded(name: str) -> Classifier:
    device = _prepared_device()
    spec = next(spec for spec in list_classifiers() if spec.name == name)
    classes = CIFAR10 if spec.kind == "zero-shot" else None
    classifier = load_classifier(name, classes, device=device)
    # A collection of garbage looks through every object, and torch's, which stay for good, would make it 0.2 s.
    gc.collect()
    gc.freeze()
    return classifier


@st.cache_resource(show_spinner=False)
def _prepared_device() -> str:
    """Set torch up for a server of pages; returns where classifiers are to be."""
    import torch

    from core.device import keep_freed_memory

    keep_freed_memory()
    # One core stays with the pages: with a thread of torch's on each, every layer waits for the one that a redraw
    # interrupts, and a run takes twice as long (`benchmarks.live`, two cores).
    torch.set_num_threads(max(1, torch.get_num_threads() - 1))
    return "cuda" if torch.cuda.is_available() else "cpu"
