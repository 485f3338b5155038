"""Networks that a program has in memory: any module or function becomes a classifier. Functions import torch."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from core.classifiers.weights import Identity
from core.data.sample_sets import CLASS_SETS, ClassSet, class_set_of, imagenet100
from core.shared import paper
from core.shared.text import one_line, quoted

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from core.classifiers.classifier import Classifier, Preprocess

_NAMED_SETS: dict[str, Callable[[], ClassSet]] = {**CLASS_SETS, "imagenet100": imagenet100}


class Input(TypedDict, total=False):
    """Input that a network takes: mean and std per channel, for pixels in [0, 1], and its size in pixels."""

    mean: Sequence[float] | None
    std: Sequence[float] | None
    size: int | None


def classifier(
    module: nn.Module | Callable[[Tensor], Tensor],
    classes: Sequence[str] | str | ClassSet,
    *,
    tokenizer: Callable[..., Tensor] | None = None,
    template: str = paper.TEMPLATE,
    name: str | None = None,
    device: str | torch.device | None = None,
    **network_input: Unpack[Input],
) -> Classifier:
    """Make a classifier of any torch module, function, or open_clip model.

    Everything else here takes a classifier: `heatmap`, `draw`, `fill`. It maps images (B, 3, H, H) in [0, 1], of any
    side H, to logits (B, K): it resizes them to `size`, normalises them by `mean` and `std`, and calls `module`.

    `module` itself is neither changed nor moved: the classifier has frozen copies of its layers in eval mode, which
    share its weights. Make a new one after training.

    Args:
        module: a module from normalised images (B, 3, size, size) to logits (B, K); a function that does the same,
            which torch can differentiate unless only heat maps are expected; or, with `tokenizer`, an open_clip model.
        classes: the K class names in the order of the logits, or "imagenet", "imagenet100" or "cifar10"; for an
            open_clip model any names.
        mean, std: per channel, for pixel values in [0, 1]. None: `module` takes images in [0, 1] and normalises
            itself, like the models of RobustBench. An open_clip model says its own.
        size: input size in pixels. None: an open_clip model's own, else 224.
        tokenizer: the open_clip model's, from `open_clip.get_tokenizer`. The classifier is then zero-shot: each class
            fills the `{class}` of `template`, and the logits are the logit scale times the cosine.
        name: in results, titles and files. None: the name of the module's class or of the function.
        device: where to compute. None: the device of the module's parameters; for a function the CPU.
    Returns:
        The classifier. Its `patch_grid` is None unless a patch embedding is recognised, its `sha256` is None, as there
        is no file, and its `weights_id` is a checksum of the module's state, empty for a function.
    Raises:
        ValueError: no logits come out for two grey images, or another number than of classes; mean and std that are
            not for [0, 1]; an open_clip model without its tokenizer; unknown or empty classes.

    >>> classifier(torchvision.models.resnet18(), "imagenet", mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
    """
    import torch

    from core.classifiers.classifier import ClosedSetClassifier
    from core.classifiers.networks import frozen_copy
    from core.classifiers.zero_shot import ClipModel

    module = getattr(module, "_orig_mod", module)  # of a compiled one
    class_set, name = _class_set(classes), name or _name_of(module)
    is_clip = hasattr(module, "encode_image") and hasattr(module, "encode_text")
    if is_clip and tokenizer is None:
        raise ValueError(f"{name} has a text tower and needs its tokenizer; give open_clip.get_tokenizer(ARCHITECTURE)")
    if tokenizer is not None and not is_clip:
        raise ValueError(f"a tokenizer needs a module with encode_image and encode_text; {name} has none; leave it out")
    preprocess = _preprocess(module, name, network_input)
    network: Any = module
    if isinstance(module, torch.jit.ScriptModule):
        if module.training:
            raise ValueError(f"{name} is scripted and in training mode, which we cannot end; call its eval()")
        network = module.forward
    elif isinstance(module, torch.nn.Module):
        network = frozen_copy(module)
    if isinstance(module, torch.nn.Module):
        device = device or next((parameter.device for parameter in module.parameters()), None)
    identity = Identity(name, _checksum(module))
    made: Classifier
    if tokenizer is not None:
        towers = ClipModel(identity, network, tokenizer, preprocess).to(device or "cpu")
        made = towers.for_classes(class_set, template)
    else:
        made = ClosedSetClassifier(identity, network, preprocess, class_set).to(device or "cpu")
    _check_logits(made)
    return made


def _class_set(classes: Sequence[str] | str | ClassSet) -> ClassSet:
    if isinstance(classes, ClassSet):
        return classes
    if isinstance(classes, str):
        if classes not in _NAMED_SETS:
            raise ValueError(
                f"classes should be names in the order of the logits, or one of {', '.join(_NAMED_SETS)}; "
                f"got {quoted(classes)}"
            )
        return _NAMED_SETS[classes]()
    if not isinstance(classes, Sequence) or not all(isinstance(name, str) for name in classes):
        raise ValueError(f"classes should be a list of names, in the order of the logits; got {quoted(classes)}")
    return class_set_of(tuple(classes))


def _name_of(module: Any) -> str:
    name = getattr(module, "__name__", getattr(module, "original_name", type(module).__name__))
    return "function" if name == "<lambda>" else str(name)


def _preprocess(module: Any, name: str, network_input: Input) -> Preprocess:
    """Return the preprocessing asked for; an open_clip model has its own."""
    from core.classifiers.loaders import preprocess_of

    if unknown := network_input.keys() - Input.__annotations__:
        raise ValueError(f"classifier has no argument {min(unknown)!r}; give mean, std or size of its input")
    changes = {key: value for key, value in network_input.items() if value is not None}
    if ("mean" in changes) != ("std" in changes):
        raise ValueError("mean and std come together, three numbers each, for pixels in [0, 1]; give both or neither")
    recipe = {"size": paper.IMAGE_SIZE, "mean": (0.0,) * 3, "std": (1.0,) * 3}
    recipe |= getattr(getattr(module, "visual", None), "preprocess_cfg", {})
    recipe |= changes
    means, deviations = (np.asarray(recipe[key], dtype=float) for key in ("mean", "std"))
    inside = means.shape == deviations.shape == (3,) and abs(means).max() <= 1 and deviations.min() > 0
    if not inside or deviations.max() > 1:
        raise ValueError(
            f"mean and std should be three numbers each, for pixels in [0, 1]; got {recipe['mean']} and "
            f"{recipe['std']}; divide those for bytes by 255"
        )
    return preprocess_of(name, {**recipe, "mean": means.tolist(), "std": deviations.tolist()})


def _checksum(module: Any) -> str:
    """Return a checksum of a module's state, "state 0123456789ab"; empty for a function."""
    import torch

    if not isinstance(module, torch.nn.Module):
        return ""
    digest = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        if isinstance(tensor, torch.Tensor):
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
    return f"state {digest.hexdigest()[:12]}"


def _check_logits(made: Classifier) -> None:
    """Raise ValueError unless two grey images give logits (2, K)."""
    import torch

    size, count = made.image_size, len(made.classes)
    try:
        with torch.inference_mode():
            logits = made(torch.full((2, 3, size, size), 0.5, device=made.device))
    except Exception as error:  # networks raise anything
        raise ValueError(
            f"{made.name} fails with images of (2, 3, {size}, {size}) on {made.device} ({one_line(error, 200)}); check "
            "`size` and `device`, and that it takes float32"
        ) from error
    if not isinstance(logits, torch.Tensor) or logits.shape != (2, count) or not logits.is_floating_point():
        got = f"{tuple(logits.shape)} {logits.dtype}" if isinstance(logits, torch.Tensor) else type(logits).__name__
        raise ValueError(
            f"{made.name} should return logits of shape (2, {count}) for two images and {count} classes; got {got}; "
            "give a function that returns the scores before softmax alone, and one class name per score, in their order"
        )
