"""Classifiers listed by a server's operator, and those of profiles, offered like those of the registry.

`CLIP_LAB_CLASSIFIERS="timm:resnet18, torchvision:resnet18=FILE"`: names as the scripts take them, separated by commas,
each with its own weight file if wanted. A family's network with a profile is listed by itself, unless the profile is
of other weights than the published ones. Reading the list imports the libraries it names, and torch with them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core.classifiers.families import family_spec, name_forms
from core.classifiers.spec import ClassifierSpec, own_weights_id
from core.classifiers.weights import local_weights
from core.data import profiles
from core.numbers import join_list
from core.shared.errors import one_line, quoted
from core.shared.files import cache_folder

VARIABLE = "CLIP_LAB_CLASSIFIERS"
_FOLDER = "open_clip:local-dir:"  # prefix of a name whose path may contain "="
_UNUSABLE = (ValueError, OSError, ImportError, RuntimeError)


@dataclass(frozen=True)
class ListedClassifiers:
    """Entries of the list. specs: by name, in order. refused: one sentence for each unusable entry."""

    specs: dict[str, ClassifierSpec]
    refused: tuple[str, ...]


def listed_classifiers() -> ListedClassifiers:
    """Return the classifiers listed in the environment and those of profiles; read once, so changes need a restart."""
    return _read(os.environ.get(VARIABLE, ""), os.environ.get(profiles.VARIABLE, ""), cache_folder())


@cache
def _read(text: str, *_folders: str | Path) -> ListedClassifiers:
    specs, refused = dict[str, ClassifierSpec](), []
    for entry in dict.fromkeys(filter(None, map(str.strip, text.split(",")))):
        try:
            spec = _spec(entry)
            specs[spec.name] = spec
        except _UNUSABLE as error:
            refused.append(f"{VARIABLE} lists {quoted(entry, 200)}, which cannot be used: {one_line(error, 400)}.")
    for name, weights_id in profiles.profiled_networks().items():
        if name not in specs and (profiled := _profiled(name)) is not None and profiled.weights_id == weights_id:
            specs[name] = profiled
    return ListedClassifiers(specs, tuple(refused))


def _spec(entry: str) -> ClassifierSpec:
    name, _, file = (entry, "", "") if entry.startswith(_FOLDER) else entry.partition("=")
    spec = family_spec(name)
    if spec is None:
        raise ValueError(f"write {join_list(name_forms(), 'or')}")
    if file:
        weights_id = own_weights_id(Path(file))
        title = f"{spec.title.partition(' (')[0]} (weights: {weights_id})"
        spec = replace(spec, title=title, weights=local_weights(Path(file), spec.weights), weights_id=weights_id)
    if not spec.weights.origin and spec.weights.locate() is None:  # a folder cannot be downloaded
        raise FileNotFoundError(spec.weights.missing())
    return spec


def _profiled(name: str) -> ClassifierSpec | None:
    """Return the spec of a family's network; None for other names, and where its library lacks it."""
    try:
        return family_spec(name)
    except _UNUSABLE:
        return None
