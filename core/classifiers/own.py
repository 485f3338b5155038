"""Classifiers that visitors add to a server whose operator allows it. Does not import torch before one is added.

The environment variable OWN_MODELS names the folder that keeps them: names of hub models in one JSON file, uploaded
weights in folders like those in `precomputed/models/`. Without the variable nothing can be added.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from pathlib import Path

from core.classifiers.bundled import MODELS, bundled_specs
from core.classifiers.families import FAMILIES, family_spec
from core.classifiers.spec import ClassifierSpec, Identity
from core.files import make_folder, write_json

VARIABLE = "OWN_MODELS"
# What an upload may be: the architecture, vocabulary and normalisation of these.
ARCHITECTURES = ("mini-clip", "mini-resnet")
_NAMES = "names.json"


def own_folder() -> Path | None:
    """Where classifiers may be added on this machine; None where nobody allowed it."""
    folder = os.environ.get(VARIABLE)
    return Path(folder).expanduser() if folder else None


def own_specs() -> dict[str, ClassifierSpec]:
    """Name -> spec of what was added. Imports the libraries whose names were added."""
    folder = own_folder()
    if folder is None:
        return {}
    found = {name: family_spec(name) for name in _names(folder)}
    return bundled_specs(folder) | {name: spec for name, spec in found.items() if spec is not None}


def add_hub_model(name: str, *, max_models: int) -> ClassifierSpec:
    """Add a model by its maker's name; its weights are a download that somebody has still to ask for.

    Args:
        max_models: how many the folder may hold.
    Raises:
        PermissionError: nothing more may be added on this machine.
        ValueError: no such model, or one that lies in a folder of the server.
        ModuleNotFoundError: the family's package is not installed.
    """
    folder = _writable_folder(max_models)
    if name.partition(":")[0] not in FAMILIES or name.startswith("open_clip:local-dir:"):
        raise ValueError(
            f"{name!r} names no model of a hub; write open_clip:hf-hub:OWNER/NAME, open_clip:ARCHITECTURE/TAG, "
            "timm:NAME or torchvision:NAME"
        )
    spec = family_spec(name)
    if spec is None:
        raise ValueError(f"{name!r} ends after its first part; write for instance timm:convnext_tiny.fb_in1k")
    names = dict.fromkeys([*_names(folder), name])
    write_json(folder / _NAMES, list(names), indent=1)
    return spec


def add_weights(title: str, architecture: str, weights: bytes, *, max_models: int) -> ClassifierSpec:
    """Add a safetensors file for the architecture of a bundled model; it is loaded strictly once before it is kept.

    Args:
        title: 1 to 40 characters, what people read. architecture: one of `ARCHITECTURES`.
        max_models: how many the folder may hold.
    Raises:
        PermissionError: nothing more may be added on this machine.
        ValueError: a bad title, one that is taken, or a file that does not fit the architecture.
    """
    folder = _writable_folder(max_models)
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    if not slug or len(title) > 40:
        raise ValueError(f"a title has 1 to 40 characters, a letter or digit among them; got {title[:60]!r}")
    if (folder / f"own-{slug}").exists():
        raise ValueError(f"there is a model called {title!r} already; choose another title")
    model = bundled_specs()[architecture]
    config = json.loads((MODELS / architecture / "config.json").read_text(encoding="utf-8"))
    sha256 = hashlib.sha256(weights).hexdigest()
    config |= {"title": title, "licence": "its owner's", "source": "uploaded", "sha256": sha256}
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        made = Path(temporary, f"own-{slug}")
        kept = ("*.safetensors", "*.npz", "README.md")  # the weights, and what belongs to them
        shutil.copytree(MODELS / architecture, made, ignore=shutil.ignore_patterns(*kept))
        found = model.weights.locate()
        assert found is not None, "bundled"
        (made / found.name).write_bytes(weights)
        write_json(made / "config.json", config)
        try:
            model.load(made / found.name, Identity(made.name, "uploaded"))
        except Exception as error:  # safetensors has an exception of its own for every kind of damage
            reason = str(error).replace(temporary, "").splitlines()[0][:200]
            raise ValueError(f"this file does not hold the weights of a {architecture}: {reason}") from error
        made.rename(folder / made.name)
    return bundled_specs(folder)[f"own-{slug}"]


def _writable_folder(max_models: int) -> Path:
    folder = own_folder()
    if folder is None:
        raise PermissionError(f"this server takes no models; its operator can set {VARIABLE} to a folder")
    make_folder(folder)
    if len(own_specs()) >= max_models:
        raise PermissionError(f"this server keeps {max_models} models already; its operator can remove some")
    return folder


def _names(folder: Path) -> list[str]:
    path = folder / _NAMES
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
