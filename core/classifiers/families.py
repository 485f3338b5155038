"""Classifiers by their maker's own name: "open_clip:...", "timm:...", "torchvision:...". Imports no torch."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from core.classifiers import package_tables as tables
from core.classifiers.hub import HubFile
from core.classifiers.loaders import (
    has_package,
    load_open_clip_folder,
    open_clip_loader,
    timm_loader,
    torchvision_loader,
)
from core.classifiers.spec import ClassifierSpec
from core.classifiers.weights import FolderFile, UrlFile, WeightSource

OPEN_CLIP_CONFIG = "open_clip_config.json"
# In open_clip's own order of preference, so that the file checked is the file it loads.
OPEN_CLIP_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
)
TOKENIZER_FILES = ("tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "*.model", "bpe*")
TIMM_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
HUB_LICENCE = "see the model card"


def family_spec(name: str) -> ClassifierSpec | None:
    """The spec of a name with a family's prefix; None if it has none.

    Raises:
        ValueError: the family has no such model, or its weights would compute something else than intended.
        ModuleNotFoundError: the family's package is not installed.
    """
    prefix, colon, rest = name.partition(":")
    if not colon or prefix not in FAMILIES:
        return None
    return FAMILIES[prefix](name, rest)


def open_clip_folder_source(folder: Path) -> FolderFile:
    """Weights of a folder in open_clip's format."""
    return FolderFile(folder, OPEN_CLIP_WEIGHTS, (OPEN_CLIP_CONFIG,))


def _open_clip(name: str, rest: str) -> ClassifierSpec:
    if rest.startswith("local-dir:"):
        return _open_clip_folder(name, Path(rest.removeprefix("local-dir:")).expanduser())
    if rest.startswith("hf-hub:"):
        return _open_clip_hub(name, rest.removeprefix("hf-hub:"))
    architecture, slash, tag = rest.rpartition("/")
    architecture, tag = architecture.replace("/", "-"), tag.lower().replace("-", "_")
    known = tables.open_clip_tags()
    if not slash and rest.replace("/", "-") in known:
        tags = ", ".join(known[rest.replace("/", "-")])
        raise ValueError(f"{name!r} does not say which weights; write {name}/TAG with one of the tags {tags}")
    if architecture not in known:
        raise ValueError(
            f"open_clip has no weights for {rest!r}{_did_you_mean(architecture or rest, known)}; "
            "write open_clip:ARCHITECTURE/TAG, open_clip:hf-hub:OWNER/NAME or open_clip:local-dir:FOLDER"
        )
    if tag not in known[architecture]:
        tags = ", ".join(known[architecture])
        raise ValueError(f"open_clip has no weights {tag!r} for {architecture}; known: {tags}")
    entry, config = known[architecture][tag], tables.open_clip_config(architecture)
    text = config["text_cfg"]
    if "hf_model_name" in text:
        raise ValueError(
            f"{architecture} takes its text tower from the package transformers ({text['hf_model_name']}), "
            "which is not supported; take an architecture with open_clip's own text tower"
        )
    if entry.quick_gelu != bool(config.get("quick_gelu")):
        raise ValueError(_wrong_activation(architecture, tag, known))
    if "hf_tokenizer_name" in text:
        _require_transformers(architecture)
    owner_name, _, filename = entry.hub.rpartition("/")
    source: WeightSource
    if entry.hub:
        extras = TOKENIZER_FILES if "hf_tokenizer_name" in text else ()
        source = HubFile(owner_name, (filename,) if filename else OPEN_CLIP_WEIGHTS, extras=extras)
    else:
        source = UrlFile(entry.url)
    return ClassifierSpec(
        name=name,
        title=f"CLIP {architecture} ({tag})",
        kind="zero-shot",
        load=open_clip_loader(architecture, tag),
        weights=source,
        weights_id=f"open_clip {architecture}/{tag}",
        licence=HUB_LICENCE,
        source=f"https://huggingface.co/{owner_name}" if entry.hub else entry.url,
        image_size=_side(config),
    )


def _open_clip_hub(name: str, repo_id: str) -> ClassifierSpec:
    source = HubFile(repo_id, OPEN_CLIP_WEIGHTS, (OPEN_CLIP_CONFIG,), TOKENIZER_FILES)
    return ClassifierSpec(
        name=name,
        title=f"CLIP {repo_id}",
        kind="zero-shot",
        load=load_open_clip_folder,
        weights=source,
        weights_id=f"hf-hub {repo_id}",
        licence=HUB_LICENCE,
        source=f"https://huggingface.co/{repo_id}",
    )


def _open_clip_folder(name: str, folder: Path) -> ClassifierSpec:
    config = folder / OPEN_CLIP_CONFIG
    side = _side(json.loads(config.read_text(encoding="utf-8")).get("model_cfg", {})) if config.is_file() else None
    return ClassifierSpec(
        name=name,
        title=f"CLIP from {folder.name}",
        kind="zero-shot",
        load=load_open_clip_folder,
        weights=open_clip_folder_source(folder),
        weights_id=f"folder {folder.name}",
        licence="as its author says",
        source=str(folder),
        image_size=side,
    )


def _torchvision(name: str, rest: str) -> ClassifierSpec:
    model, _, version = rest.partition("/")
    versions = tables.torchvision_weights(model)
    if not versions:
        raise ValueError(f"torchvision has no classifier {model!r}{_did_you_mean(model, tables.torchvision_names())}")
    version = version or "DEFAULT"
    if version not in versions:
        raise ValueError(f"torchvision has no weights {version!r} for {model}; known: {', '.join(versions)}")
    entry = versions[version]
    digest = entry.url.rsplit("-", 1)[-1].removesuffix(".pth")
    # torchvision states mebibytes with three digits after the point: one thousand bytes
    size = None if entry.mebibytes is None else round(entry.mebibytes * 2**20 / 1000) * 1000
    return ClassifierSpec(
        name=name,
        title=f"{model} ({entry.version}, torchvision)",
        kind="closed-set",
        load=torchvision_loader(model, entry.version),
        weights=UrlFile(entry.url, digest, size),
        weights_id=f"torchvision {model} {entry.version}",
        licence="CC-BY-NC-4.0" if "SWAG" in entry.version else "BSD-3-Clause",
        source=entry.url,
        vocabulary="imagenet",
        sha256=digest,
    )


def _timm(name: str, rest: str) -> ClassifierSpec:
    entry = tables.timm_weights(rest)
    if entry is None:
        raise ValueError(f"timm has no weights {rest!r}{_did_you_mean(rest, tables.timm_names())}")
    full = f"{entry.architecture}.{entry.tag}" if entry.tag else entry.architecture
    source: WeightSource
    if entry.hub_id:
        source = HubFile(entry.hub_id, (entry.hub_filename,) if entry.hub_filename else TIMM_WEIGHTS)
    else:
        source = UrlFile(entry.url or "")
    return ClassifierSpec(
        name=name,
        title=f"{full} (timm)",
        kind="closed-set",
        load=timm_loader(full),
        weights=source,
        weights_id=f"timm {full}",
        licence=HUB_LICENCE,
        source=f"https://huggingface.co/{entry.hub_id}" if entry.hub_id else entry.url or "",
        vocabulary="imagenet",
    )


FAMILIES: dict[str, Callable[[str, str], ClassifierSpec]] = {
    "open_clip": _open_clip,
    "timm": _timm,
    "torchvision": _torchvision,
}


def _did_you_mean(wanted: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(wanted, list(known), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""


def _wrong_activation(architecture: str, tag: str, known: dict[str, dict[str, tables.OpenClipTag]]) -> str:
    # open_clip itself loads such a pair with a warning.
    twin = f"{architecture}-quickgelu"
    advice = (
        f"use open_clip:{twin}/{tag}"
        if tag in known.get(twin, {}) and twin in tables.open_clip_architectures()
        else "open_clip ships no matching architecture, so use another tag"
    )
    return (
        f"open_clip:{architecture}/{tag} would silently compute something else, because these weights "
        f"{'need' if known[architecture][tag].quick_gelu else 'do not use'} QuickGELU; {advice}"
    )


def _require_transformers(architecture: str) -> None:
    if not has_package("transformers"):
        raise ModuleNotFoundError(
            f"the tokenizer of {architecture} comes from the package transformers; run 'pip install transformers'"
        )


def _side(config: dict) -> int | None:
    side = config.get("vision_cfg", {}).get("image_size")
    return side if isinstance(side, int) else None
