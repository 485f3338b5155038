"""Loaders from weight files to classifiers. Does not import torch before a loader is called.

Every loader takes the weight file and the classifier's identity and returns the model on the CPU; peculiarities of
single files are handled here. Loaders of one architecture among many are made with `functools.partial`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.classifiers.weights import Identity
from core.data.sample_sets import CIFAR10, CIFAR10_MEAN, CIFAR10_STD, CLASS_SETS, ClassSet, imagenet

if TYPE_CHECKING:
    import torch
    from torch import nn

    from core.classifiers.classifier import ClosedSetClassifier, Preprocess
    from core.classifiers.zero_shot import ClipModel


def read_weights(path: Path) -> Any:
    """Read a weight file: safetensors, or torch's format with `weights_only`.

    Raises:
        RuntimeError: the file is damaged or holds anything but plain data; names the file.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both libraries raise many unrelated types for a damaged file
        raise RuntimeError(
            f"weight file {path} cannot be read ({str(error).splitlines()[0]}); "
            "it may be damaged or cut short, so delete it and fetch it again"
        ) from error


def load_strictly(network: nn.Module, state: Mapping[str, torch.Tensor], path: Path) -> nn.Module:
    """Load every tensor into the network and return it.

    Raises:
        RuntimeError: names or shapes differ; names the file and the first differences.
    """
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        reasons = " ".join(line.strip() for line in str(error).splitlines()[1:3])
        raise RuntimeError(
            f"weight file {path} does not fit {type(network).__name__}: {reasons[:300]}; "
            "check that it is the right file"
        ) from error
    return network


def load_resnet56(path: Path, identity: Identity) -> ClosedSetClassifier:
    """Load the public CIFAR-10 ResNet-56.

    It was trained with ImageNet's mean and standard deviation; the paper's run evaluated it with CIFAR-10's, as here.
    """
    from core.classifiers.networks import CifarResNet

    state = read_weights(path)
    # The file was saved from a DataParallel wrapper.
    state = {key.removeprefix("module."): value for key, value in state.get("state_dict", state).items()}
    recipe = {"mean": CIFAR10_MEAN, "std": CIFAR10_STD}
    return _closed_set(identity, path, CifarResNet(), state, CIFAR10, _preprocess(32, recipe))


def load_efficientnet_lite(path: Path, identity: Identity, *, number: int, image_size: int) -> ClosedSetClassifier:
    """Load EfficientNet-Lite0 (1, 2) for pictures of `image_size` pixels from another implementation's weights.

    Names differ from timm's but modules come in the same order, so tensors are paired by position.
    """
    import timm

    state = read_weights(path)
    network = timm.create_model(f"tf_efficientnet_lite{number}", pretrained=False)
    state = dict(zip(network.state_dict(), state.values(), strict=True))
    recipe = {"mean": (0.5,) * 3, "std": (0.5,) * 3}
    classifier = _closed_set(identity, path, network, state, imagenet(), _preprocess(image_size, recipe))
    _fold_batch_norms(network)
    return classifier


def _fold_batch_norms(network: Any) -> None:
    """Fold each of timm's batch norms into the convolution before it, once the weights are loaded.

    In eval mode the network computes the same up to rounding, and a PGD step takes a fifth less time.
    """
    from timm.layers import BatchNormAct2d
    from torch.nn import Conv2d
    from torch.nn.utils.fusion import fuse_conv_bn_eval

    for module in list(network.modules()):
        for (name, convolution), (after, norm) in pairwise(list(module.named_children())):
            if isinstance(convolution, Conv2d) and isinstance(norm, BatchNormAct2d):
                setattr(module, name, fuse_conv_bn_eval(convolution, norm))
                setattr(module, after, norm.act)


def load_bundled_network(path: Path, identity: Identity) -> ClosedSetClassifier:
    """Load a network trained by `precomputed.training`, described by the `config.json` in its folder."""
    from core.classifiers.networks import MiniResNet

    config = json.loads((path.parent / "config.json").read_text(encoding="utf-8"))
    network, classes = MiniResNet(**config["kwargs"]), CLASS_SETS[config["classes"]]()
    preprocess = _preprocess(config.get("image_size", 32), config)
    return _closed_set(identity, path, network, read_weights(path), classes, preprocess)


def load_torchvision(path: Path, identity: Identity, *, model: str, version: str) -> ClosedSetClassifier:
    """Load one version of a torchvision classifier's weights.

    Images count as already cropped: they are resized to the crop size.
    """
    from torchvision import models

    # These two normalise again inside; torchvision enables that with its own weights.
    twice = {"transform_input": True, "init_weights": False} if model in ("googlenet", "inception_v3") else {}
    network = models.get_model(model, weights=None, **twice)
    state = read_weights(path)
    if model.startswith("densenet"):  # old files spell "norm1" as "norm.1"
        state = {re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key): v for key, v in state.items()}
    transforms = models.get_model_weights(model)[version].transforms()
    recipe = {"mean": transforms.mean, "std": transforms.std, "interpolation": transforms.interpolation.value}
    return _closed_set(identity, path, network, state, imagenet(), _preprocess(transforms.crop_size[0], recipe))


def load_timm(path: Path, identity: Identity, *, model: str) -> ClosedSetClassifier:
    """Load a timm classifier of the 1,000 ImageNet classes, "architecture.tag". Images count as already cropped."""
    import timm

    from core.classifiers.classifier import ClosedSetClassifier

    # timm renames, converts and trims the file's tensors, then loads strictly.
    overlay = {"state_dict": read_weights(path), "custom_load": False}
    try:
        network = timm.create_model(model, pretrained=True, pretrained_cfg_overlay=overlay)
    except (RuntimeError, KeyError) as error:
        raise RuntimeError(f"weight file {path} does not fit timm's {model}: {_reasons(error)}") from error
    recipe = timm.data.resolve_model_data_config(network)
    return ClosedSetClassifier(identity, network, _preprocess(recipe["input_size"][-1], recipe), imagenet())


def load_open_clip(path: Path, identity: Identity, *, architecture: str, tag: str) -> ClipModel:
    """Load weights of an open_clip architecture, with the normalisation of their tag."""
    import open_clip

    recipe = open_clip.get_pretrained_cfg(architecture, tag)
    network = _open_clip_model(
        architecture,
        path,
        pretrained=str(path),
        image_mean=recipe.get("mean"),
        image_std=recipe.get("std"),
        image_interpolation=recipe.get("interpolation"),
    )
    # Tokenizers that open_clip does not bundle come with the weights.
    elsewhere = open_clip.get_model_config(architecture)["text_cfg"].get("hf_tokenizer_name")
    return _clip_model(
        identity, network, open_clip.get_tokenizer(f"local-dir:{path.parent}" if elsewhere else architecture)
    )


def load_open_clip_folder(path: Path, identity: Identity) -> ClipModel:
    """Load a CLIP from a folder in open_clip's format: the weights and `open_clip_config.json`."""
    network = _open_clip_model(f"local-dir:{path.parent}", path)
    return _clip_model(identity, network, _folder_tokenizer(path.parent))


def load_bundled_clip(path: Path, identity: Identity) -> ClipModel:
    """Load a CLIP of `precomputed.training` as `load_open_clip_folder` does, with its stored embeddings of prompts."""
    from core.classifiers.zero_shot import load_prompt_embeddings

    clip = load_open_clip_folder(path, identity)
    if trunk := getattr(
        clip.network.visual, "trunk", None
    ):  # a plain ViT has no norms, and embeds its prompts at each start
        _fold_batch_norms(trunk)
        clip.embedded = load_prompt_embeddings(path.parent, identity.sha256)
    return clip


def _folder_tokenizer(folder: Path) -> Any:
    import open_clip

    name = f"local-dir:{folder}"
    vocabulary = open_clip.get_model_config(name)["text_cfg"].get("tokenizer_kwargs", {}).get("bpe_path")
    if not vocabulary:
        return open_clip.get_tokenizer(name)
    # open_clip would look for it in the working directory
    return open_clip.get_tokenizer(name, bpe_path=str(folder / vocabulary))


def _open_clip_model(name: str, path: Path, **options: Any) -> Any:
    import open_clip

    try:
        with _skip_initialisation():
            return open_clip.create_model_from_pretrained(name, return_transform=False, **options)
    except Exception as error:  # open_clip, torch and safetensors raise many unrelated types for a bad file
        raise RuntimeError(
            f"weight file {path} does not load as open_clip's {name}: {_reasons(error)}; "
            "check that it is the right file"
        ) from error


def _skip_initialisation() -> Any:
    """Context in which `torch.nn.init` does nothing, since all tensors are then loaded from a file, strictly.

    Otherwise a ViT-B/32 takes twice as long to load, for 150 million unused random numbers.
    """
    from torch.overrides import TorchFunctionMode

    class SkipInitialisation(TorchFunctionMode):
        def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            arguments = kwargs or {}
            fills = getattr(function, "__module__", "") == "torch.nn.init"
            return arguments["tensor"] if fills else function(*args, **arguments)

    return SkipInitialisation()


def _clip_model(identity: Identity, network: Any, tokenizer: Any) -> ClipModel:
    """Wrap an open_clip model with its own preprocessing."""
    from core.classifiers.zero_shot import ClipModel

    return ClipModel(identity, network, tokenizer, preprocess_of(identity.name, network.visual.preprocess_cfg))


def preprocess_of(name: str, recipe: Mapping[str, Any]) -> Preprocess:
    """Return the `Preprocess` of settings with a size, such as open_clip's; name: of the classifier, for errors."""
    size = recipe["size"]
    height, width = (size, size) if isinstance(size, int) else tuple(size)
    if height != width:
        raise ValueError(f"classifier {name!r} takes {height} x {width} images; only square ones work here")
    return _preprocess(height, recipe)


def _closed_set(
    identity: Identity, path: Path, network: Any, state: Any, vocabulary: ClassSet, preprocess: Preprocess
) -> ClosedSetClassifier:
    """Return the classifier of a network that takes exactly the tensors `state` of the file `path`."""
    from core.classifiers.classifier import ClosedSetClassifier

    return ClosedSetClassifier(identity, load_strictly(network, state, path), preprocess, vocabulary)


def _preprocess(size: int, recipe: Mapping[str, Any]) -> Preprocess:
    """Return the `Preprocess` of timm's or open_clip's settings; both treat any mode but "bilinear" as bicubic."""
    from core.classifiers.classifier import Preprocess

    interpolation = "bilinear" if recipe.get("interpolation") == "bilinear" else "bicubic"
    return Preprocess(size, recipe["mean"], recipe["std"], interpolation=interpolation)


def _reasons(error: Exception) -> str:
    return " ".join(line.strip() for line in str(error).splitlines()[:3])[:300]
