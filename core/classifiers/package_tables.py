"""What open_clip, timm and torchvision know about their weights, read without importing them.

Importing any of the three imports torch, which takes seconds; the app wants to say which classifiers are ready
before that. The tables are plain data in their source files, so they are parsed, not executed. Each function's test
compares every row with what the imported package says.
"""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from core.classifiers.weights import package_folder


@dataclass(frozen=True)
class OpenClipTag:
    """Weights of an open_clip architecture: repository "owner/name/[file]" and whether they need QuickGELU."""

    hub: str
    url: str
    quick_gelu: bool


@dataclass(frozen=True)
class TimmWeights:
    """timm's weights for one model name: on the hub, or behind a URL."""

    architecture: str
    tag: str
    hub_id: str | None
    hub_filename: str | None
    url: str | None


@dataclass(frozen=True)
class TorchvisionWeights:
    """One version of torchvision's weights for a model."""

    version: str
    url: str
    mebibytes: float | None


def require_package(package: str, distribution: str) -> Path:
    """The folder of an installed package.

    Raises:
        ModuleNotFoundError: it is not installed; says how to install it.
    """
    folder = package_folder(package)
    if folder is None:
        raise ModuleNotFoundError(f"the package {distribution} is not installed; run 'pip install {distribution}'")
    return folder


# ---- open_clip


@cache
def open_clip_tags() -> dict[str, dict[str, OpenClipTag]]:
    """Architecture -> tag -> weights, as `open_clip.list_pretrained` has them."""
    source = (require_package("open_clip", "open_clip_torch") / "pretrained.py").read_text(encoding="utf-8")
    tables: dict[str, Any] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Assign) and isinstance(target := statement.targets[0], ast.Name):
            tables[target.id] = _value(statement.value, tables)
    tags: dict[str, dict[str, OpenClipTag]] = {}
    for architecture, entries in tables["_PRETRAINED"].items():
        tags[architecture] = {
            tag: OpenClipTag(entry.get("hf_hub", ""), entry.get("url", ""), entry.get("quick_gelu", False))
            for tag, entry in entries.items()
        }
    for architecture, entries in list(tags.items()):
        if quick := {tag: entry for tag, entry in entries.items() if entry.quick_gelu}:
            tags[f"{architecture}-quickgelu"] = quick
    return tags


@cache
def open_clip_architectures() -> dict[str, Path]:
    """Architecture -> its configuration file."""
    folder = require_package("open_clip", "open_clip_torch") / "model_configs"
    return {path.stem: path for path in sorted(folder.glob("*.json"))}


def open_clip_config(architecture: str) -> dict[str, Any]:
    """The architecture's own configuration; `architecture` must be one of `open_clip_architectures`."""
    return json.loads(open_clip_architectures()[architecture].read_text(encoding="utf-8"))


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    """A literal, or a table built by `dict(...)`, by a helper with keyword arguments, or by a name seen before."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {_value(key, names): _value(value, names) for key, value in pairs if key is not None}
    if isinstance(node, ast.Call):
        return {item.arg: _value(item.value, names) for item in node.keywords if item.arg}
    try:
        return ast.literal_eval(node)
    except ValueError:
        return None


# ---- torchvision


@cache
def torchvision_weights(name: str) -> dict[str, TorchvisionWeights]:
    """Version -> weights of one of torchvision's classifiers, its default under "DEFAULT"; empty if unknown."""
    for path in _sources("torchvision", "torchvision"):
        text = path.read_text(encoding="utf-8")
        if not re.search(rf"^def {re.escape(name)}\(", text, re.MULTILINE):
            continue
        tree = ast.parse(text)
        builder = next(n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
        used = {n.id for n in ast.walk(builder) if isinstance(n, ast.Name) and n.id.endswith("_Weights")}
        classes = [n for n in tree.body if isinstance(n, ast.ClassDef) and n.name in used]
        return _weight_versions(classes[0]) if classes else {}
    return {}


@cache
def torchvision_names() -> tuple[str, ...]:
    """Names of torchvision's classifiers that have weights."""
    pattern = re.compile(r"^@register_model\(\)(?:\n@.*)*\ndef (\w+)\(", re.MULTILINE)
    names = [
        name for path in _sources("torchvision", "torchvision") for name in pattern.findall(path.read_text("utf-8"))
    ]
    return tuple(sorted(names))


def _weight_versions(enum: ast.ClassDef) -> dict[str, TorchvisionWeights]:
    versions: dict[str, TorchvisionWeights] = {}
    for statement in enum.body:
        if not isinstance(statement, ast.Assign) or not isinstance(target := statement.targets[0], ast.Name):
            continue
        if isinstance(statement.value, ast.Name):
            versions[target.id] = versions[statement.value.id]
            continue
        entry = _value(statement.value, {})
        versions[target.id] = TorchvisionWeights(target.id, entry["url"], (entry.get("meta") or {}).get("_file_size"))
    return versions


def _sources(package: str, distribution: str) -> list[Path]:
    return sorted((require_package(package, distribution) / "models").glob("*.py"))


# ---- timm


@cache
def timm_weights(name: str) -> TimmWeights | None:
    """timm's weights for "architecture" or "architecture.tag"; None if it has none."""
    architecture, _, tag = name.partition(".")
    for path in _sources("timm", "timm"):
        text = path.read_text(encoding="utf-8")
        if re.search(rf"^def {re.escape(architecture)}\(", text, re.MULTILINE):
            return _timm_entry(text, architecture, tag)
    return None


@cache
def timm_names() -> tuple[str, ...]:
    """ "architecture.tag" of everything that stands in timm's tables."""
    pattern = re.compile(r"^    '([\w]+\.[\w]+)\*?': ", re.MULTILINE)
    return tuple(sorted({key for path in _sources("timm", "timm") for key in pattern.findall(path.read_text("utf-8"))}))


def _timm_entry(text: str, architecture: str, tag: str) -> TimmWeights | None:
    """Find the entry of a tag, or of the default: a key without tag, a tag with a star, else the first with weights."""
    entries: dict[str, dict[str, Any]] = {}
    default: str | None = None
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Dict):
            continue
        for key, value in zip(node.keys, node.values, strict=True):
            if not (
                isinstance(key, ast.Constant) and isinstance(key.value, str) and isinstance(value, ast.Call | ast.Dict)
            ):
                continue
            known, _, its_tag = key.value.partition(".")
            if known == architecture:
                entry = _value(value, {})
                entries[its_tag.strip("*")] = entry
                weights = entry.get("hf_hub_id") or entry.get("url") or entry.get("file")
                if (its_tag.endswith("*") or (not its_tag and weights)) and weights:
                    default = its_tag.strip("*")
                elif default is None and weights:
                    default = its_tag
    chosen = tag or default
    entry = entries.get(chosen) if chosen is not None else None
    if chosen is None or entry is None or not (entry.get("hf_hub_id") or entry.get("url")):
        return None
    hub_id = entry.get("hf_hub_id")
    if hub_id == "timm/":
        hub_id = f"timm/{architecture}.{chosen}" if chosen else f"timm/{architecture}"
    return TimmWeights(architecture, chosen, hub_id, entry.get("hf_hub_filename"), entry.get("url"))
