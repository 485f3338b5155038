"""What a run file says about its run, checked field by field, since the file is untrusted. Does not import torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.errors import quoted
from core.pgd.config import PENALTIES, PGDConfig

KINDS = ("inpainting", "generation")
MAX_CLASSES = 50_000
MAX_TERMS = 8
MAX_NAME_LENGTH = 1_000  # characters; a class may be a text of one's own
MAX_TEXT_LENGTH = 10_000
MAX_SEED = 2**64 - 1

_REQUIRED: dict[str, type] = {
    "kind": str,
    "config": dict,
    "objective": dict,
    "targets": list,
    "class_names": list,
    "seed": int,
    "classifier": dict,
    "images": dict,
    "source": dict,
}
# May be absent or null, but nothing else.
_TEXTS = {
    "classifier": ("kind", "sha256", "template"),
    "images": ("dataset", "credit"),
    "source": ("type", "version", "date", "device"),
}


def check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raise ValueError unless all fields that readers rely on are there, of the right type and of a sane size."""
    for key, kind in _REQUIRED.items():
        if not isinstance(metadata.get(key), kind):
            raise ValueError(f"metadata lacks {key}, or it has the wrong type")
    if metadata["kind"] not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {quoted(metadata['kind'])}")
    PGDConfig.from_json(metadata["config"])
    if isinstance(metadata["seed"], bool) or not 0 <= metadata["seed"] <= MAX_SEED:
        raise ValueError(f"seed must be a whole number from 0 to {MAX_SEED}")
    _check_classes(metadata["class_names"], metadata["targets"])
    _check_objective(metadata["kind"], metadata["objective"])
    for key in ("name", "weights_id"):
        if not isinstance(metadata["classifier"].get(key), str):
            raise ValueError(f"metadata lacks classifier.{key}")
    for part, keys in _TEXTS.items():
        for key in keys:
            text = metadata[part].get(key)
            if text is not None and (not isinstance(text, str) or len(text) > MAX_TEXT_LENGTH):
                raise ValueError(
                    f"{part}.{key} must be a text of at most {MAX_TEXT_LENGTH:,} characters; got {quoted(text)}"
                )
    seconds = metadata["source"].get("wall_seconds")
    if seconds is not None and not _is_amount(seconds):
        raise ValueError(f"source.wall_seconds must be a number of at least 0; got {quoted(seconds)}")
    _check_changes(metadata["images"].get("change"))


def check_term_names(names: object) -> None:
    """Raise ValueError unless `names` are those of a few loss terms: identifiers, each another one."""
    if not isinstance(names, Sequence) or not 1 <= len(names) <= MAX_TERMS or isinstance(names, str):
        raise ValueError(f"a run needs 1 to {MAX_TERMS} loss terms")
    for name in names:
        if not isinstance(name, str) or not name.isidentifier() or not name.isascii() or len(name) > 40:
            raise ValueError(f"the name of a loss term must be a short identifier; got {quoted(name)}")
    if len(set(names)) != len(names):
        raise ValueError("two loss terms have the same name")


def _check_classes(names: list[Any], targets: list[Any]) -> None:
    if not 1 <= len(names) <= MAX_CLASSES:
        raise ValueError(f"a run needs 1 to {MAX_CLASSES:,} classes; got {len(names):,}")
    if not all(isinstance(name, str) and len(name) <= MAX_NAME_LENGTH for name in names):
        raise ValueError(f"class names must be texts of at most {MAX_NAME_LENGTH:,} characters")
    if not all(type(target) is int and 0 <= target < len(names) for target in targets):
        raise ValueError(f"targets must be indices of the {len(names)} classes; got {quoted(targets[:5])}")


def _check_objective(kind: str, objective: dict[str, Any]) -> None:
    if objective.get("kind") != kind:
        raise ValueError(f"objective.kind must be {kind}, the kind of the run; got {quoted(objective.get('kind'))}")
    if kind != "inpainting":
        return
    if not _is_amount(objective.get("weight")):
        raise ValueError(f"objective.weight must be a number of at least 0; got {quoted(objective.get('weight'))}")
    if objective.get("penalty") not in PENALTIES:
        raise ValueError(
            f"objective.penalty must be one of {', '.join(PENALTIES)}; got {quoted(objective.get('penalty'))}"
        )


def _check_changes(changes: object) -> None:
    """images.change, where there is one: mean change inside and outside the hole of each image, of 1."""
    if changes is None:
        return
    if not isinstance(changes, list):
        raise ValueError(f"images.change must be a list; got {quoted(changes)}")
    for change in changes:
        if not isinstance(change, dict) or not all(_is_amount(change.get(part), 1) for part in ("inside", "outside")):
            raise ValueError(f"images.change must hold numbers from 0 to 1, inside and outside; got {quoted(change)}")


def _is_amount(value: object, max_value: float = 1e12) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= max_value
