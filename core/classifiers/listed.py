"""Classifiers listed by a server's operator, offered like those of the registry.

`CLIP_LAB_CLASSIFIERS="timm:resnet18, open_clip:local-dir:PATH"`: names as the scripts take them, separated by commas.
Reading the list imports the libraries it names, and torch with them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache

from core.classifiers.families import family_spec, name_forms
from core.classifiers.spec import ClassifierSpec
from core.numbers import join_list
from core.shared.errors import one_line, quoted

VARIABLE = "CLIP_LAB_CLASSIFIERS"


@dataclass(frozen=True)
class Listed:
    """Entries of the list. specs: by name, in order. refused: one sentence for each unusable entry."""

    specs: dict[str, ClassifierSpec]
    refused: tuple[str, ...]


def listed_classifiers() -> Listed:
    """Return the classifiers listed in the environment; read once, so later changes need a restart."""
    return _read(os.environ.get(VARIABLE, ""))


@cache
def _read(text: str) -> Listed:
    specs, refused = dict[str, ClassifierSpec](), []
    for name in dict.fromkeys(filter(None, map(str.strip, text.split(",")))):
        try:
            specs[name] = _spec(name)
        except (ValueError, OSError, ImportError, RuntimeError) as error:
            refused.append(f"{VARIABLE} lists {quoted(name, 200)}, which cannot be used: {one_line(error, 400)}.")
    return Listed(specs, tuple(refused))


def _spec(name: str) -> ClassifierSpec:
    spec = family_spec(name)
    if spec is None:
        raise ValueError(f"write {join_list(name_forms(), 'or')}")
    if not spec.weights.origin and spec.weights.locate() is None:  # a folder cannot be downloaded
        raise FileNotFoundError(spec.weights.missing())
    return spec
