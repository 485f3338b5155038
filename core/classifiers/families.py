"""Entries of the registry, and the families open_clip:NAME, timm:NAME and torchvision:NAME."""

from __future__ import annotations

import difflib
import importlib.util
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from core.classifiers.loaders import load_open_clip, load_open_clip_folder, load_timm, load_torchvision
from core.classifiers.weights import (
    OPEN_CLIP_CONFIG,
    OPEN_CLIP_WEIGHTS,
    TIMM_WEIGHTS,
    TOKENIZER_FILES,
    FolderFile,
    HubFile,
    Identity,
    UrlFile,
    WeightSource,
)
from core.shared.numbers import join_list

if TYPE_CHECKING:
    from core.classifiers.classifier import ClosedSetClassifier
    from core.classifiers.zero_shot import ClipModel


OWN_WEIGHTS = "file "  # prefix of the name of a user's own weights for a network of a family


def own_weights_id(path: Path) -> str:
    """Return the name of a user's own weights."""
    return OWN_WEIGHTS + path.name


@dataclass(frozen=True)
class ClassifierSpec:
    """One entry of the registry.

    Attributes:
        name: identifier; title: for display.
        kind: "zero-shot" (classes come as prompts) or "closed-set" (a fixed vocabulary).
        load: weight file and identity -> the model on the CPU. Imports heavy packages lazily, loads strictly, and
            handles the entry's peculiarities.
        weights: source of the weight file.
        weights_id: readable name of the weights.
        licence, source: licence and origin of the weights.
        image_size: the network's own input size, in pixels; None for a name with a library's prefix.
        vocabulary: classes of a closed-set classifier, or the only ones a zero-shot one has learned; None for a CLIP of
            any words.
    """

    name: str
    title: str
    kind: Literal["zero-shot", "closed-set"]
    load: Callable[[Path, Identity], ClosedSetClassifier | ClipModel]
    weights: WeightSource
    weights_id: str
    licence: str
    source: str
    image_size: int | None = None
    vocabulary: str | None = None

    @property
    def sha256(self) -> str | None:
        """Required digest of the weight file, or its first digits; None if none is published."""
        return self.weights.sha256

    @property
    def download_bytes(self) -> int | None:
        """Size of a download; None if unknown, 0 if nothing is ever downloaded."""
        return self.weights.download_bytes


@dataclass(frozen=True)
class ClassifierState:
    """State of a classifier: ready, or how to get it.

    Attributes:
        status: "ready" (bundled, installed or cached), "downloadable" or "unavailable".
        detail: one sentence for the user: size and origin of a download, or what is missing.
        download_bytes: size of the download, if known; None if nothing needs downloading.
    """

    status: Literal["ready", "downloadable", "unavailable"]
    detail: str
    download_bytes: int | None = None


_HUB = "https://huggingface.co"
_HUB_LICENCE = "see the model card"


@dataclass(frozen=True)
class Family:
    """Classifiers with a common prefix in their names.

    spec: makes a spec from the full name and the part after the prefix. forms: patterns of names, for error texts.
    """

    spec: Callable[[str, str], ClassifierSpec]
    forms: tuple[str, ...]


def family_spec(name: str) -> ClassifierSpec | None:
    """Return the spec of a name with a family's prefix; None for other names.

    Raises:
        ValueError: the family has no such model, or its weights would silently compute something else.
        ModuleNotFoundError: a package that it needs is not installed.
    """
    prefix, _, rest = name.partition(":")
    return FAMILIES[prefix].spec(name, rest) if rest and prefix in FAMILIES else None


def name_forms() -> list[str]:
    """Return the patterns of names of all families."""
    return [form for family in FAMILIES.values() for form in family.forms]


def open_clip_repository(
    repo_id: str,
    *,
    name: str,
    title: str | None = None,
    licence: str = _HUB_LICENCE,
    image_size: int | None = None,
    download_bytes: int | None = None,
) -> ClassifierSpec:
    """Return the spec of a CLIP on the hub in open_clip's format. Does not import open_clip."""
    files = OPEN_CLIP_WEIGHTS, (OPEN_CLIP_CONFIG,), TOKENIZER_FILES
    return ClassifierSpec(
        name=name,
        title=title or f"CLIP {repo_id}",
        kind="zero-shot",
        load=load_open_clip_folder,
        weights=HubFile(repo_id, *files, download_bytes=download_bytes),
        weights_id=f"hf-hub {repo_id}",
        licence=licence,
        source=f"{_HUB}/{repo_id}",
        image_size=image_size,
    )


def _open_clip(name: str, rest: str) -> ClassifierSpec:
    if rest.startswith("local-dir:"):
        return _open_clip_folder(name, Path(rest.removeprefix("local-dir:")).expanduser())
    if rest.startswith("hf-hub:"):
        return open_clip_repository(rest.removeprefix("hf-hub:"), name=name)
    import open_clip

    known = {architecture for architecture, _ in open_clip.list_pretrained()}
    architecture, _, tag = rest.rpartition("/") if "/" in rest else (rest, "", "")
    architecture, tag = architecture.replace("/", "-"), tag.lower().replace("-", "_")
    if architecture not in known:
        raise ValueError(
            f"open_clip has no weights for {rest!r}{_did_you_mean(architecture, known)}; "
            f"write {join_list(_OPEN_CLIP_FORMS, 'or')}"
        )
    weights, config = open_clip.get_pretrained_cfg(architecture, tag), open_clip.get_model_config(architecture)
    if not weights:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(architecture))
        lack = f"open_clip has no weights {tag!r} for {architecture}" if tag else f"{name!r} does not say which weights"
        raise ValueError(f"{lack}; write open_clip:{architecture}/TAG with one of the tags {tags}")
    text = config["text_cfg"]
    if "hf_model_name" in text:
        raise ValueError(
            f"{architecture} takes its text tower from the package transformers ({text['hf_model_name']}), "
            "which is not supported; take an architecture with open_clip's own text tower"
        )
    needs = bool(weights.get("quick_gelu"))
    if needs != bool(config.get("quick_gelu")):  # open_clip itself only warns about such a pair
        right = f"{architecture}-quickgelu" if needs else architecture.removesuffix("-quickgelu")
        raise ValueError(
            f"{name} would silently compute something else, because these weights "
            f"{'need' if needs else 'do not use'} QuickGELU; use open_clip:{right}/{tag}"
        )
    if "hf_tokenizer_name" in text and not importlib.util.find_spec("transformers"):
        raise ModuleNotFoundError(
            f"the tokenizer of {architecture} comes from the package transformers; run 'pip install transformers'"
        )
    repo_id, _, filename = weights.get("hf_hub", "").rpartition("/")
    extras = TOKENIZER_FILES if "hf_tokenizer_name" in text else ()
    files = (filename,) if filename else OPEN_CLIP_WEIGHTS
    return ClassifierSpec(
        name=name,
        title=f"CLIP {architecture} ({tag})",
        kind="zero-shot",
        load=partial(load_open_clip, architecture=architecture, tag=tag),
        weights=HubFile(repo_id, files, extras=extras) if repo_id else UrlFile(weights["url"]),
        weights_id=f"open_clip {architecture}/{tag}",
        licence=_HUB_LICENCE,
        source=f"{_HUB}/{repo_id}" if repo_id else weights["url"],
    )


def _open_clip_folder(name: str, folder: Path) -> ClassifierSpec:
    return ClassifierSpec(
        name=name,
        title=f"CLIP from {folder.name}",
        kind="zero-shot",
        load=load_open_clip_folder,
        weights=FolderFile(folder, OPEN_CLIP_WEIGHTS, (OPEN_CLIP_CONFIG,)),
        weights_id=f"folder {folder.name}",
        licence="as its author says",
        source=str(folder),
    )


def _torchvision(name: str, rest: str) -> ClassifierSpec:
    from torchvision import models

    model, _, version = rest.partition("/")
    known = models.list_models(module=models)
    if model not in known:
        raise ValueError(f"torchvision has no classifier {model!r}{_did_you_mean(model, known)}")
    versions = models.get_model_weights(model).__members__
    if (version or "DEFAULT") not in versions:
        raise ValueError(f"torchvision has no weights {version!r} for {model}; known: {', '.join(versions)}")
    weights = versions[version or "DEFAULT"]
    digest = weights.url.rsplit("-", 1)[-1].removesuffix(".pth")
    # torchvision states mebibytes rounded to three decimals, about a kilobyte
    size = round(weights.meta["_file_size"] * 2**20 / 1000) * 1000
    return ClassifierSpec(
        name=name,
        title=f"{model} ({weights.name}, torchvision)",
        kind="closed-set",
        load=partial(load_torchvision, model=model, version=weights.name),
        weights=UrlFile(weights.url, digest, size),
        weights_id=f"torchvision {model} {weights.name}",
        licence=weights.meta.get("license", "BSD-3-Clause"),  # stated only if it differs from torchvision's
        source=weights.url,
        vocabulary="imagenet",
    )


def _timm(name: str, rest: str) -> ClassifierSpec:
    import timm

    try:
        weights: Any = timm.get_pretrained_cfg(rest)
    except RuntimeError:  # the architecture has no such tag
        weights = None
    if weights is None or not weights.has_weights:
        raise ValueError(f"timm has no weights {rest!r}{_did_you_mean(rest, timm.list_pretrained())}")
    if weights.num_classes != 1000:
        raise ValueError(
            f"timm's {rest!r} has {weights.num_classes} outputs, not the 1,000 ImageNet classes; "
            "choose weights with a tag that ends in in1k"
        )
    model = f"{weights.architecture}.{weights.tag}" if weights.tag else weights.architecture
    files = (weights.hf_hub_filename,) if weights.hf_hub_filename else TIMM_WEIGHTS
    return ClassifierSpec(
        name=name,
        title=f"{model} (timm)",
        kind="closed-set",
        load=partial(load_timm, model=model),
        weights=HubFile(weights.hf_hub_id, files) if weights.hf_hub_id else UrlFile(weights.url),
        weights_id=f"timm {model}",
        licence=weights.license or _HUB_LICENCE,
        source=f"{_HUB}/{weights.hf_hub_id}" if weights.hf_hub_id else weights.url,
        vocabulary="imagenet",
    )


_OPEN_CLIP_FORMS = "open_clip:ARCHITECTURE/TAG", "open_clip:hf-hub:OWNER/NAME", "open_clip:local-dir:FOLDER"
FAMILIES = {
    "open_clip": Family(_open_clip, _OPEN_CLIP_FORMS),
    "timm": Family(_timm, ("timm:NAME",)),
    "torchvision": Family(_torchvision, ("torchvision:NAME",)),
}


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
    return f" (did you mean {' or '.join(map(repr, close))}?)" if close else ""
