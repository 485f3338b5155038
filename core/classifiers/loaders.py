"""How each kind of weight file becomes a classifier. Imports no torch before a loader is called.

Every loader takes the weight file and the classifier's identity and returns the model on the CPU; the makers below
return a loader for one architecture.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.classifiers.spec import Identity
from core.data.class_statistics import CIFAR10_MEAN, CIFAR10_STD
from core.data.classes import CIFAR10, CLASS_SETS, imagenet

if TYPE_CHECKING:
    from core.classifiers.closed_set import ClosedSetClassifier
    from core.classifiers.zero_shot import ClipModel


def load_resnet56(path: Path, identity: Identity) -> ClosedSetClassifier:
    """The public CIFAR-10 ResNet-56.

    Trained with ImageNet's mean and standard deviation, evaluated in the paper's run with CIFAR-10's, as here.
    """
    from core.classifiers.closed_set import ClosedSetClassifier
    from core.classifiers.networks.resnet_cifar import CifarResNet
    from core.classifiers.preprocessing import Preprocess
    from core.classifiers.state_dicts import load_strictly, read_weights

    state = read_weights(path)
    state = state.get("state_dict", state)
    network = CifarResNet(depth=56, num_classes=10)
    # the file was saved from a DataParallel wrapper
    load_strictly(network, {key.removeprefix("module."): value for key, value in state.items()}, path)
    return ClosedSetClassifier(identity, network, Preprocess(32, CIFAR10_MEAN, CIFAR10_STD), CIFAR10)


def load_efficientnet_lite0(path: Path, identity: Identity) -> ClosedSetClassifier:
    """EfficientNet-Lite0 from the weights of another implementation.

    The names differ from timm's but the modules come in the same order, so tensors are paired by place.
    """
    import timm

    from core.classifiers.closed_set import ClosedSetClassifier
    from core.classifiers.preprocessing import Preprocess
    from core.classifiers.state_dicts import load_strictly, read_weights

    state = read_weights(path)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    expected = network.state_dict()
    if [value.shape for value in state.values()] != [value.shape for value in expected.values()]:
        raise RuntimeError(f"weight file {path} does not hold an EfficientNet-Lite0; check that it is the right file")
    load_strictly(network, dict(zip(expected, state.values(), strict=True)), path)
    half = (0.5, 0.5, 0.5)
    return ClosedSetClassifier(identity, network, Preprocess(224, half, half), imagenet())


def load_bundled_network(path: Path, identity: Identity) -> ClosedSetClassifier:
    """A network trained by `core.training`; `config.json` beside the weights describes it."""
    from core.classifiers.closed_set import ClosedSetClassifier
    from core.classifiers.networks.mini_resnet import MiniResNet
    from core.classifiers.preprocessing import Preprocess
    from core.classifiers.state_dicts import load_strictly, read_weights

    config_file = path.parent / "config.json"
    config = json.loads(config_file.read_text(encoding="utf-8"))
    if config.get("architecture") != "mini-resnet":
        raise RuntimeError(f"{config_file} names the architecture {config.get('architecture')!r}; known: 'mini-resnet'")
    network = MiniResNet(**config["kwargs"])
    load_strictly(network, read_weights(path), path)
    preprocess = Preprocess(config.get("image_size", 32), config["mean"], config["std"])
    return ClosedSetClassifier(identity, network, preprocess, CLASS_SETS[config["classes"]]())


def torchvision_loader(name: str, version: str) -> Callable[[Path, Identity], ClosedSetClassifier]:
    """Loader for one version of the weights of a torchvision classifier.

    Images are taken as cropped already: they are scaled to the crop's size, not to the larger size before cropping.
    """

    def load(path: Path, identity: Identity) -> ClosedSetClassifier:
        import torchvision.models

        from core.classifiers.closed_set import ClosedSetClassifier
        from core.classifiers.preprocessing import Preprocess
        from core.classifiers.state_dicts import load_strictly, read_weights

        # These two normalise once more inside, which torchvision switches on together with its own weights.
        quirks: dict[str, Any] = (
            {"transform_input": True, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
        )
        network = torchvision.models.get_model(name, weights=None, **quirks)
        state = read_weights(path)
        if name.startswith("densenet"):  # its files spell "norm.1" what is "norm1" today
            state = {re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", key): v for key, v in state.items()}
        load_strictly(network, state, path)
        recipe = torchvision.models.get_model_weights(name)[version].transforms()
        preprocess = Preprocess(recipe.crop_size[0], recipe.mean, recipe.std, interpolation=recipe.interpolation.value)
        return ClosedSetClassifier(identity, network, preprocess, imagenet())

    return load


def timm_loader(name: str) -> Callable[[Path, Identity], ClosedSetClassifier]:
    """Loader for a timm classifier, "architecture.tag". Images are taken as cropped already."""

    def load(path: Path, identity: Identity) -> ClosedSetClassifier:
        import timm

        from core.classifiers.closed_set import ClosedSetClassifier
        from core.classifiers.preprocessing import Preprocess
        from core.classifiers.state_dicts import read_weights

        config = timm.get_pretrained_cfg(name)
        if config is None or config.num_classes != 1000:
            outputs = "an unknown number of" if config is None else config.num_classes
            raise ValueError(
                f"timm's {name!r} has {outputs} outputs, not the 1,000 ImageNet classes; "
                "take weights whose tag ends in in1k"
            )
        # timm renames, converts and cuts the tensors of a file to fit, then loads strictly.
        overlay = {"state_dict": read_weights(path), "custom_load": False}
        try:
            network = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay)
        except (RuntimeError, KeyError) as error:
            reasons = " ".join(line.strip() for line in str(error).splitlines()[:3])
            raise RuntimeError(f"weight file {path} does not fit timm's {name}: {reasons[:300]}") from error
        recipe = timm.data.resolve_model_data_config(network)
        preprocess = Preprocess(
            recipe["input_size"][-1],
            recipe["mean"],
            recipe["std"],
            interpolation="bilinear" if recipe["interpolation"] == "bilinear" else "bicubic",
        )
        return ClosedSetClassifier(identity, network, preprocess, imagenet())

    return load


def open_clip_loader(architecture: str, tag: str) -> Callable[[Path, Identity], ClipModel]:
    """Loader for weights of an architecture that open_clip ships, normalising as their tag says."""

    def load(path: Path, identity: Identity) -> ClipModel:
        import open_clip

        recipe = open_clip.get_pretrained_cfg(architecture, tag)
        network = _open_clip_model(
            architecture,
            path,
            pretrained=str(path),
            image_mean=recipe.get("mean"),
            image_std=recipe.get("std"),
            image_interpolation=recipe.get("interpolation"),
            image_resize_mode=recipe.get("resize_mode"),
        )
        text = open_clip.get_model_config(architecture)["text_cfg"]
        # Tokenizers that open_clip does not bundle come along with the weights.
        source = f"local-dir:{path.parent}" if text.get("hf_tokenizer_name") else architecture
        return _clip_model(identity, network, open_clip.get_tokenizer(source))

    return load


def load_open_clip_folder(path: Path, identity: Identity) -> ClipModel:
    """A CLIP from a folder in open_clip's format: `open_clip_config.json` beside the weights."""
    network = _open_clip_model(f"local-dir:{path.parent}", path)
    return _clip_model(identity, network, _folder_tokenizer(path.parent))


def load_bundled_clip(path: Path, identity: Identity) -> ClipModel:
    """A CLIP of `core.training`, from the same folder as `load_open_clip_folder`'s.

    Without open_clip, whose import takes longer than all the rest, until somebody asks about a prompt of his own.
    """
    from core.classifiers.networks.mini_clip import IMAGE_TOWER, MiniClip
    from core.classifiers.preprocessing import Preprocess
    from core.classifiers.prompt_embeddings import load_prompt_embeddings
    from core.classifiers.state_dicts import read_weights
    from core.classifiers.zero_shot import ClipModel

    folder = path.parent
    config = json.loads((folder / "open_clip_config.json").read_text(encoding="utf-8"))
    vision, recipe = config["model_cfg"]["vision_cfg"], config["preprocess_cfg"]
    if vision.get("timm_model_name") != IMAGE_TOWER:
        return load_open_clip_folder(path, identity)
    state = read_weights(path)
    try:
        network = MiniClip(state, lambda: _open_clip_model(f"local-dir:{folder}", path))
    except (KeyError, RuntimeError) as error:
        raise RuntimeError(f"weight file {path} does not hold a mini-clip; check that it is the right file") from error
    known_tokenizer = functools.cache(_folder_tokenizer)

    def tokenize(prompts: list[str], **options: Any) -> Any:
        return known_tokenizer(folder)(prompts, **options)

    preprocess = Preprocess(
        vision["image_size"],
        recipe["mean"],
        recipe["std"],
        interpolation=recipe["interpolation"],
        resize_mode=recipe["resize_mode"],
    )
    embedded = load_prompt_embeddings(folder, identity.sha256)
    return ClipModel(identity, network, tokenize, preprocess, embedded)


def _folder_tokenizer(folder: Path) -> Any:
    import open_clip

    name, options = f"local-dir:{folder}", {}
    vocabulary = open_clip.get_model_config(name)["text_cfg"].get("tokenizer_kwargs", {}).get("bpe_path")
    if vocabulary:
        # open_clip would look for it in the working directory
        options["bpe_path"] = str(folder / vocabulary)
        if not (folder / vocabulary).is_file():
            raise FileNotFoundError(f"the folder {folder} lacks {vocabulary}, the vocabulary; add the file")
    return open_clip.get_tokenizer(name, **options)


def _open_clip_model(name: str, path: Path, **options: Any) -> Any:
    import open_clip

    try:
        return open_clip.create_model_from_pretrained(name, return_transform=False, **options)
    except Exception as error:  # open_clip, torch and safetensors raise a dozen unrelated types for a bad file
        reasons = " ".join(line.strip() for line in str(error).splitlines()[:3])
        raise RuntimeError(
            f"weight file {path} does not load as open_clip's {name}: {reasons[:300]}; check that it is the right file"
        ) from error


def _clip_model(identity: Identity, network: Any, tokenizer: Any) -> ClipModel:
    from core.classifiers.preprocessing import Preprocess
    from core.classifiers.zero_shot import ClipModel

    recipe = network.visual.preprocess_cfg
    size = recipe["size"]
    height, width = (size, size) if isinstance(size, int) else tuple(size)
    if height != width:
        raise ValueError(f"classifier {identity.name!r} takes {height} x {width} images; only square ones work here")
    preprocess = Preprocess(
        height,
        recipe["mean"],
        recipe["std"],
        interpolation="bilinear" if recipe["interpolation"] == "bilinear" else "bicubic",  # as open_clip decides
        resize_mode=recipe["resize_mode"],
    )
    return ClipModel(identity, network, tokenizer, preprocess)


def has_package(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
