"""Classifiers: which there are, where their weights come from, and one interface over all of them.

Does not import torch; `load_classifier` does.
"""

from core.classifiers.registry import classifier_spec, classifier_state, list_classifiers, load_classifier
from core.classifiers.spec import ClassifierSpec, ClassifierState

__all__ = [
    "ClassifierSpec",
    "ClassifierState",
    "classifier_spec",
    "classifier_state",
    "list_classifiers",
    "load_classifier",
]
