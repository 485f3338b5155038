"""Checks of a run file's untrusted metadata. Does not import torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from core.images.masks import Fill
from core.pgd.config import PGDConfig
from core.pgd.penalties import PENALTIES
from core.runs.starts import START_KINDS
from core.shared.errors import quoted
from core.shared.files import Fact

MAX_NAME_LENGTH = 1_000  # characters; a class may be a free text
MAX_TEXT_LENGTH = 10_000
MAX_TERMS = 8

# Optional texts.
TEXTS = (
    "classifier.kind",
    "classifier.sha256",
    "classifier.template",
    "images.dataset",
    "images.credit",
    "source.type",
    "source.version",
    "source.date",
    "source.device",
)
FACTS = (
    Fact("kind", "text", choices=("inpainting", "generation")),
    Fact("config", "JSON object"),
    Fact("objective", "JSON object"),
    Fact("objective.weight", "number", high=1e12, optional=True),
    Fact("objective.penalty", "text", choices=tuple(PENALTIES), optional=True),
    Fact("targets", "list"),
    Fact("class_names", "list", low=1, high=50_000),
    Fact("terms", "list", low=1, high=MAX_TERMS),
    Fact("seed", "whole number", high=2**64 - 1),
    Fact("classifier.name", "text", high=MAX_TEXT_LENGTH),
    Fact("classifier.weights_id", "text", high=MAX_TEXT_LENGTH),
    Fact("images", "JSON object"),
    Fact("images.change", "list", optional=True),
    Fact("images.sure", "list", optional=True),
    Fact("images.fill", "text", choices=get_args(Fill), optional=True),
    Fact("images.start", "text", choices=START_KINDS, optional=True),
    Fact("source", "JSON object"),
    Fact("source.wall_seconds", "number", high=1e12, optional=True),
    *(Fact(text, "text", high=MAX_TEXT_LENGTH, optional=True) for text in TEXTS),
)


def check_agreement(metadata: Mapping[str, Any]) -> None:
    """Raise ValueError unless metadata of the types in `FACTS` are consistent."""
    PGDConfig.from_json(metadata["config"])
    names, objective = metadata["class_names"], metadata["objective"]
    if not all(isinstance(name, str) and len(name) <= MAX_NAME_LENGTH for name in names):
        raise ValueError(f"class names must be texts of at most {MAX_NAME_LENGTH:,} characters")
    if not all(type(target) is int and 0 <= target < len(names) for target in metadata["targets"]):
        raise ValueError(f"targets must be indices of the {len(names)} classes; got {quoted(metadata['targets'][:5])}")
    if objective.get("kind") != metadata["kind"]:
        raise ValueError(f"objective.kind must be {metadata['kind']}; got {quoted(objective.get('kind'))}")
    if metadata["kind"] == "inpainting" and None in (objective.get("weight"), objective.get("penalty")):
        raise ValueError("the objective of an inpainting run needs its weight and penalty")
    for term in metadata["terms"]:
        if not isinstance(term, str) or not term.isidentifier() or not term.isascii() or len(term) > 40:
            raise ValueError(f"the name of a loss term must be a short identifier; got {quoted(term)}")
    if len(set(metadata["terms"])) != len(metadata["terms"]):
        raise ValueError("two loss terms have the same name")
    for change in metadata["images"].get("change") or ():
        # Mean change inside and outside of each image's hole.
        for part in ("inside", "outside"):
            Fact(f"images.change.{part}", "number", high=1).check({"images": {"change": change}})
    for sure in metadata["images"].get("sure") or ():
        # First step with a classifier confident in each image's target, and the mean change by then.
        if sure is not None:
            for fact in (Fact("images.sure.step", "whole number"), Fact("images.sure.change", "number", high=1)):
                fact.check({"images": {"sure": sure}})
