"""Classifiers: preprocessing, closed sets, and the base of all. Imports torch."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Literal, Self

import torch
import torch.nn.functional as F
from torch import nn

from core.classifiers.weights import Identity
from core.data.sample_sets import ClassSet


class Preprocess(nn.Module):
    """Resize and normalise square images, differentiably and for any input size.

    Resizes like PIL, with which most models were evaluated: antialiased, rows first, then columns, clipped to [0, 1]
    after each. Without PIL's rounding to integers the results differ by 0.3 grey levels on average and at most 1.2. An
    image of the network's own size is only normalised.

    Args:
        size: input size of the network, in pixels.
        mean, std: per channel, for pixel values in [0, 1].
        interpolation: "bicubic" or "bilinear".
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(
        self, size: int, mean: Sequence[float], std: Sequence[float], *, interpolation: str = "bicubic"
    ) -> None:
        super().__init__()
        self.size = int(size)
        self.interpolation = interpolation
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def at_size(self, size: int) -> Preprocess:
        """Return the same preprocessing for inputs of another size."""
        other = copy.copy(self)
        other.size = size
        return other

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(B, 3, H, H) pixel values in [0, 1] -> (B, 3, size, size) normalised.

        Raises:
            ValueError: not a float batch of square colour images.
        """
        shape = tuple(images.shape)
        if images.ndim != 4 or shape[1] != 3 or shape[2] != shape[3] or not images.is_floating_point():
            raise ValueError(
                "a classifier takes square images (B, 3, H, H), floating point in [0, 1]; "
                f"got shape {shape}, {images.dtype}; crop them first, with core.data.picture_files.square_image"
            )
        for size in ((shape[2], self.size), (self.size, self.size)):
            if images.shape[2:] != size:
                images = F.interpolate(images, size, mode=self.interpolation, align_corners=False, antialias=True)
                images = images.clamp(0.0, 1.0)  # bicubic overshoots
        return (images - self.mean) / self.std


class Classifier(nn.Module):
    """Square images (B, 3, H, H) in [0, 1] -> logits (B, K), for any H.

    Resizing and normalising happen inside, differentiably. Always in eval mode with frozen parameters: one network is
    shared by all callers, so it must not change after loading.

    Attributes:
        name: registry name. weights_id, sha256: identify the weights and the weight file.
        kind: "zero-shot" or "closed-set".
        classes: the K classes, in the order of the logits.
        template: the prompt's pattern; None for a closed-set classifier.
        image_size: the network's own input size, in pixels.
        patch_grid: see `patch_grid`.
        any_size: True if the network is known to take inputs of any size; see `at_size`.
        merged: groups of the network's classes; each group is one class here, after the others; see `merge`.
    """

    kind: Literal["zero-shot", "closed-set"]
    template: str | None = None
    merged: tuple[tuple[int, ...], ...] = ()

    def __init__(self, identity: Identity, network: nn.Module, preprocess: Preprocess, classes: ClassSet) -> None:
        super().__init__()
        self.identity = identity
        self.name, self.weights_id, self.sha256 = identity.name, identity.weights_id, identity.sha256
        self.image_size = preprocess.size
        self.patch_grid = patch_grid(network, preprocess.size)
        self.any_size = takes_any_size(network)
        self.network = network
        self.preprocess = preprocess
        self.classes = classes
        self.requires_grad_(False)
        self.train(False)

    def __repr__(self) -> str:
        type_name, count = type(self).__name__, len(self.classes)
        return f"<{type_name} {self.name}: {self.image_size} pixels, {count:,} classes, on {self.device}>"

    @property
    def device(self) -> torch.device:
        return self.preprocess.mean.device

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode, whatever `mode` says: batch statistics and dropout must never change a prediction."""
        return super().train(False)

    def at_size(self, size: int) -> Self:
        """Return a classifier that shares this network and resizes images to `size` pixels, not to its `image_size`.

        For networks of `any_size`.
        """
        other = copy.copy(self)
        other._modules = {**self._modules, "preprocess": self.preprocess.at_size(size)}
        other.image_size = size
        return other

    def class_logits(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, H, W) in [0, 1] -> logits (B, K) before any classes are merged."""
        raise NotImplementedError

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, H, W) in [0, 1] -> logits (B, K)."""
        logits = self.class_logits(images)
        if not self.merged:
            return logits
        merged = [logits[:, list(members)].logsumexp(dim=1, keepdim=True) for members in self.merged]
        return torch.cat([logits[:, _others(logits.shape[1], self.merged)], *merged], dim=1)

    def merge(self, unions: Mapping[str, Sequence[int]]) -> Self:
        """Return a classifier in which each union becomes one class with its name, appended at the end.

        The union's logit is the logsumexp of its members' logits, so its probability is the sum of theirs; all other
        classes keep their probabilities.

        Args:
            unions: indices of classes by name; no class belongs to two.
        """
        names, groups = self.classes.names, tuple(tuple(members) for members in unions.values())
        other = copy.copy(self)
        other.merged = groups
        other.classes = ClassSet("custom", (*(names[k] for k in _others(len(names), groups)), *unions))
        return other

    def for_classes(self, class_set: ClassSet, template: str | None = None) -> Classifier:
        """Return a classifier for other classes that shares this network.

        Args:
            class_set: the new classes, in the order of the logits.
            template: prompt pattern with one `{class}`; None keeps the current one. Zero-shot only.
        Raises:
            ValueError: a closed-set classifier does not know a class or was given a template; a bad template.
        """
        raise NotImplementedError


def _others(count: int, groups: Sequence[Sequence[int]]) -> list[int]:
    """Return the indices below `count` that are in no group."""
    inside = {member for members in groups for member in members}
    return [k for k in range(count) if k not in inside]


def takes_any_size(network: nn.Module) -> bool:
    """Return True if a network is known to take any input size: convolutions, then an average over all positions."""
    tower = getattr(network, "visual", network)
    if not isinstance(tower, nn.Module):
        return False
    layers = (nn.Conv2d, nn.Linear, nn.modules.batchnorm._BatchNorm)
    other = [
        m for m in tower.modules() if not isinstance(m, layers) and next(m.parameters(recurse=False), None) is not None
    ]
    return not other and any(isinstance(module, nn.AdaptiveAvgPool2d) for module in tower.modules())


def patch_grid(network: nn.Module, image_size: int) -> int | None:
    """Return the number of patches per side of a plain vision transformer's input; None for any other network.

    Args:
        network: a classifier's network, or a CLIP with its image tower in `visual`.
        image_size: its input size, in pixels.
    """
    # Names of the patch embedding in open_clip, timm (alone or inside open_clip) and torchvision.
    for name in ("visual.conv1", "visual.trunk.patch_embed.proj", "patch_embed.proj", "conv_proj"):
        try:
            filters = network.get_submodule(name)
        except AttributeError:
            continue
        # Overlapping filters, or filters of filters, belong to a convolutional stem.
        if isinstance(filters, nn.Conv2d) and filters.in_channels == 3 and filters.kernel_size == filters.stride:
            return image_size // filters.stride[0]
    return None


class ClosedSetClassifier(Classifier):
    """A network with a fixed vocabulary, its logits restricted to some classes.

    Args:
        identity: name and weights of the classifier.
        network: normalised images -> logits over the vocabulary; a module, or a function.
        preprocess: the network's preprocessing.
        vocabulary: the classes of the network's outputs, in order.
        classes: the K classes of the logits; None for the whole vocabulary.
    Raises:
        ValueError: a class is not in the vocabulary.
    """

    kind = "closed-set"
    columns: torch.Tensor | None

    def __init__(
        self,
        identity: Identity,
        network: nn.Module,
        preprocess: Preprocess,
        vocabulary: ClassSet,
        classes: ClassSet | None = None,
    ) -> None:
        super().__init__(identity, network, preprocess, classes or vocabulary)
        self.vocabulary = vocabulary
        chosen = everything = list(range(len(vocabulary)))
        if classes is not None:
            chosen = _vocabulary_columns(vocabulary, classes, identity.name)
        columns = None if chosen == everything else torch.tensor(chosen, device=self.device)
        self.register_buffer("columns", columns, persistent=False)

    def class_logits(self, images: torch.Tensor) -> torch.Tensor:
        logits = self.network(self.preprocess(images))
        return logits if self.columns is None else logits[:, self.columns]

    def for_classes(self, class_set: ClassSet, template: str | None = None) -> ClosedSetClassifier:
        if template is not None:
            raise ValueError(
                f"classifier {self.name!r} has a fixed vocabulary and reads no prompts, but got the template "
                f"{template!r}; leave the template out or take a zero-shot classifier"
            )
        return ClosedSetClassifier(self.identity, self.network, self.preprocess, self.vocabulary, class_set)


def _vocabulary_columns(vocabulary: ClassSet, class_set: ClassSet, name: str) -> list[int]:
    """Return the output column of each class of `class_set`.

    ImageNet classes are matched by index if both sides have them, others by name.

    Args:
        vocabulary: the classifier's classes.
        class_set: the classes to find.
        name: the classifier's name, for messages.
    Raises:
        ValueError: the vocabulary lacks a class, or several of its classes share the name.
    """
    known: tuple[object, ...] = vocabulary.names
    keys: tuple[object, ...] = class_set.names
    if vocabulary.imagenet_indices and class_set.imagenet_indices:
        known, keys = vocabulary.imagenet_indices, class_set.imagenet_indices
    columns = {key: column for column, key in enumerate(known)}
    missing = [repr(class_set.names[k]) for k, key in enumerate(keys) if key not in columns]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise ValueError(
            f"classifier {name!r} knows only the {len(vocabulary)} {vocabulary.name} classes, which do not "
            f"include {', '.join(missing[:3])}{more}; use a data set of its classes, or a zero-shot classifier"
        )
    shared = [key for key in keys if known.count(key) > 1]
    if shared:
        raise ValueError(
            f"{shared[0]!r} names several classes of classifier {name!r}; give the class set's imagenet_indices"
        )
    return [columns[key] for key in keys]
