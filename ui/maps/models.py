"""Whose map is shown, and who predicts: paired by kind of model, each kind with a colour of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.classifiers.registry import ClassifierSpec, classifier_state, list_classifiers
from ui.maps.catalogue import Entry

# Okabe & Ito 2008: (as trained, robust). Who is of neither kind, such as an uploaded map's model, gets the last.
COLOURS = {"zero-shot": ("#0072B2", "#56B4E9"), "closed-set": ("#D55E00", "#E69F00")}
UNKNOWN = "#009E73"


def _specs() -> dict[str, ClassifierSpec]:
    return {spec.name: spec for spec in list_classifiers()}


def model_colour(name: str) -> str:
    """The colour of a classifier's kind; of its robust twin the lighter one."""
    spec = _specs().get(name)
    return COLOURS[spec.kind][_is_robust(name)] if spec else UNKNOWN


def _is_robust(name: str) -> bool:
    return name.endswith("-robust")


def map_note(entry: Entry) -> str:
    """What stands beside a map's title: whose it is, and whether its classifier could predict here."""
    name = entry.heatmap.metadata["classifier"]["name"]
    if entry.heatmap.metadata["source"]["type"] != "published" or name not in _specs():
        return ""
    ready = classifier_state(name).status == "ready"
    return "(the paper’s)" if ready else "(the paper’s, map only: its weights are a download)"


@dataclass(frozen=True)
class Predictor:
    """A classifier that predicts. stands_for: title of the shown map's classifier whose place it takes; or empty."""

    spec: ClassifierSpec
    stands_for: str = ""


def predictors(chosen: Sequence[Entry], ready: Sequence[ClassifierSpec]) -> list[Predictor]:
    """Of the `ready` classifiers those whose maps are shown, and stand-ins of the same kind for the others.

    A stand-in is trained alike: a robust one stands for a robust one. Where the maps lead to nobody, all predict.
    """
    known, found = _specs(), dict[str, Predictor]()
    mine = {spec.name: spec for spec in ready}
    shown = list(dict.fromkeys(entry.heatmap.metadata["classifier"]["name"] for entry in chosen))
    for name in shown:
        if name in mine:
            found[name] = Predictor(mine[name])
    for name in shown:
        if name in mine or name not in known:
            continue
        for spec in ready:
            if spec.kind == known[name].kind and _is_robust(spec.name) == _is_robust(name):
                found.setdefault(spec.name, Predictor(spec, short_title(known[name].title)))
                break
    return list(found.values()) or [Predictor(spec) for spec in ready]


def short_title(title: str) -> str:
    """Without what stands in brackets."""
    return title.split(" (")[0]
