"""One interface over zero-shot and closed-set classifiers. Imports torch: import it lazily."""

from __future__ import annotations

import copy
from typing import Literal, Self

import torch
from torch import nn

from core.classifiers.kinds.identity import Identity
from core.classifiers.kinds.preprocessing import Preprocess
from core.data.classes import ClassSet


class Classifier(nn.Module):
    """Square images (B, 3, H, H) in [0, 1] -> logits (B, K), for any H.

    Resizing and normalising happen inside, differentiably. Always in eval mode with frozen parameters: one network is
    shared by all callers, so it must not change after loading.

    Attributes:
        name, weights_id, sha256: of the classifier, its weights, and the weight file.
        kind: "zero-shot" or "closed-set".
        classes: the K classes, in the order of the logits.
        template: the prompt's pattern; None for a closed-set classifier.
        image_size: the network's own input side in pixels.
        patch_grid: see `patch_grid`.
        any_size: whether the network is known to take inputs of any side; see `at_size`.
    """

    kind: Literal["zero-shot", "closed-set"]
    template: str | None = None

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

    @property
    def device(self) -> torch.device:
        return self.preprocess.mean.device

    def train(self, mode: bool = True) -> Self:
        """Stay in eval mode, whatever `mode` says, so that batch statistics and dropout never change a prediction."""
        return super().train(False)

    def at_size(self, side: int) -> Self:
        """Return a classifier that shares this network and resizes images to `side` pixels, not to its `image_size`.

        Raises:
            ValueError: the network is not known to take other sides.
        """
        if not self.any_size:
            raise ValueError(f"classifier {self.name!r} takes {self.image_size} pixels a side only; got {side}")
        other = copy.copy(self)
        other._modules = {**self._modules, "preprocess": self.preprocess.at_size(side)}
        other.image_size = side
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


def takes_any_size(network: nn.Module) -> bool:
    """Return whether a network is known to take inputs of any side: convolutions, then an average over all places."""
    tower = getattr(network, "visual", network)
    layers = (nn.Conv2d, nn.Linear, nn.modules.batchnorm._BatchNorm)
    other = [
        m for m in tower.modules() if not isinstance(m, layers) and next(m.parameters(recurse=False), None) is not None
    ]
    return not other and any(isinstance(module, nn.AdaptiveAvgPool2d) for module in tower.modules())


def patch_grid(network: nn.Module, image_size: int) -> int | None:
    """Return the number of patches per side of a plain vision transformer's input; None for any other network.

    Args:
        network: a classifier's network, or a CLIP with its image tower in `visual`.
        image_size: side of its input in pixels.
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
