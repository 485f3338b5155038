"""Classifiers of the maps and predictors, paired by kind of model; each kind has its own colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.claims.claim import MINIATURE
from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import classifier_title, list_classifiers, short_title
from core.shared.roles import INSTEAD, network_colour
from ui.maps.catalogue import Entry
from ui.server.model_cache import is_ready


def _specs() -> dict[str, ClassifierSpec]:
    return {spec.name: spec for spec in list_classifiers()}


def model_colour(name: str) -> str:
    """Return a classifier's colour, the same on every page."""
    spec = _specs().get(name)
    return network_colour(name, spec.kind if spec else None)


def map_note(entry: Entry) -> str:
    """Return the note beside a published map's title, on whether its classifier can predict here; else empty."""
    name = entry.classifier
    if entry.heatmap.metadata["source"]["type"] != "published" or name not in _specs():
        return ""
    return "(the paper’s)" if is_ready(name) else "(the paper’s, map only)"


@dataclass(frozen=True)
class Predictor:
    """A classifier that predicts. instead_of: title of the shown map's classifier whose place it takes; or empty."""

    spec: ClassifierSpec
    instead_of: str = ""

    @property
    def note(self) -> str:
        """Phrase that names the classifier it stands in for; or empty."""
        small = ", in miniature" if self.spec.name.startswith(MINIATURE) else ""
        return f"instead of {self.instead_of}{small}" if self.instead_of else ""


def choose_predictors(chosen: Sequence[Entry], ready: Sequence[ClassifierSpec], class_set: str) -> list[Predictor]:
    """Choose predictors among those `ready` for the picture's classes: the shown maps' own, and stand-ins for the rest.

    A stand-in has learned the same classes: an ImageNet network says nothing about a map of CIFAR-10. Where the maps
    lead to nobody, all predict.
    """
    selected = dict[str, Predictor]()
    by_name = {spec.name: spec for spec in ready}
    names = list(dict.fromkeys(entry.classifier for entry in chosen))
    of_others = {
        entry.classifier for entry in chosen if entry.sample_set is not None and entry.sample_set.class_set != class_set
    }
    for name in names:
        if name in by_name:
            selected[name] = Predictor(by_name[name])
    for name in names:
        spec = by_name.get(INSTEAD.get(name, ""))
        if spec is not None and name not in by_name and name not in of_others:
            selected.setdefault(spec.name, Predictor(spec, short_title(classifier_title(name))))
    return list(selected.values()) or [Predictor(spec) for spec in ready]
