"""The small models that come with the project, in `precomputed/models/`. Does not import torch."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from core.classifiers.loaders import load_bundled_clip, load_bundled_network
from core.classifiers.spec import ClassifierSpec
from core.classifiers.weights import OPEN_CLIP_CONFIG, OPEN_CLIP_WEIGHTS, FolderFile
from core.data.classes import PRECOMPUTED

MODELS = PRECOMPUTED / "models"
_CONFIGS = (OPEN_CLIP_CONFIG, "config.json")


def bundled_specs() -> dict[str, ClassifierSpec]:
    """Return the spec of every bundled model by name; only models present are listed.

    A folder with `open_clip_config.json` holds a CLIP in open_clip's format; one with only `config.json` holds a
    network of `precomputed.training`. Either `config.json` may give `title`, `trained`, `licence`, `source`, `classes`
    and `sha256`.

    Raises:
        RuntimeError: a model's configuration is damaged.
    """
    specs = {}
    for path in sorted(MODELS.iterdir()) if MODELS.is_dir() else ():
        changes = [file.stat().st_mtime_ns for name in _CONFIGS if (file := path / name).is_file()]
        if changes:
            specs[path.name] = _spec(path, tuple(changes))
    return specs


def model_card(name: str) -> str | None:
    """Return a bundled model's card as Markdown; None if there is no such model or no card."""
    path = MODELS / name / "README.md"
    return path.read_text(encoding="utf-8") if name in bundled_specs() and path.is_file() else None


@functools.lru_cache(maxsize=256)
def _spec(folder: Path, changes: tuple[int, ...]) -> ClassifierSpec:
    """Read the specs again only if files have changed: pages ask for titles at every redraw."""
    config = _read(folder / "config.json")
    is_clip = (folder / OPEN_CLIP_CONFIG).is_file()
    if is_clip:
        side = _read(folder / OPEN_CLIP_CONFIG).get("model_cfg", {}).get("vision_cfg", {}).get("image_size")
        weights = FolderFile(folder, OPEN_CLIP_WEIGHTS, (OPEN_CLIP_CONFIG,), config.get("sha256"))
    else:
        side = config.get("image_size", 32)
        weights = FolderFile(folder, ("model.safetensors",), ("config.json",), config.get("sha256"))
    return ClassifierSpec(
        name=folder.name,
        title=config.get("title", folder.name),
        kind="zero-shot" if is_clip else "closed-set",
        load=load_bundled_clip if is_clip else load_bundled_network,
        weights=weights,
        weights_id=f"bundled {folder.name}",
        licence=config.get("licence", "MIT"),
        source=config.get("source", "trained by precomputed.training"),
        image_size=side,
        vocabulary=config.get("classes", "cifar10"),
        trained=config.get("trained", ""),
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as error:
        raise RuntimeError(f"{path} is damaged ({error}); restore it from the repository") from error
