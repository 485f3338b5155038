"""Weights of the exported graphs: a classifier's own tensors, in the order in which the graphs expect them.

`precomputed.make_graphs` writes graphs without weights, since those are in precomputed/models or in a package.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, get_args

from core.data.sample_sets import CIFAR10, PRECOMPUTED, ClassSet, imagenet
from core.pgd.settings import RunKind, usual_settings

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.classifier import Classifier

GRAPHS = PRECOMPUTED / "graphs"
PROVENANCE = GRAPHS / "provenance.json"
WEIGHTS = "weights.bin"  # what the graphs call the file of their initializers
PREDICT, GRADIENT = GRAPH_NAMES = ("predict", "gradient")
# The networks that have graphs, and the side of their pictures in pixels.
NETWORKS = {
    "mini-clip": 32,
    "mini-clip-robust": 32,
    "mini-resnet": 32,
    "mini-resnet-robust": 32,
    "mini-clip-vit": 32,
    "efficientnet-lite0": 224,
}


def graph_names(name: str) -> tuple[str, ...]:
    """Return a network's graphs: prediction, gradient, and gradients of smaller inputs, as the search by views has.

    "gradient-112" takes pictures of 112 pixels; a network that takes one size alone has none.
    """
    from core.classifiers.registry import load_classifier

    side = NETWORKS[name]
    usual = [usual_settings(kind, side, search="views") for kind in get_args(RunKind)]
    sizes = {size for settings in usual for size in settings["search_settings"].small_inputs(side)}
    any_size = bool(sizes) and load_classifier(name).any_size
    return (*GRAPH_NAMES, *(f"{GRADIENT}-{size}" for size in sorted(sizes) if any_size))


def class_set(side: int) -> ClassSet:
    """The classes of networks whose pictures have a side in pixels."""
    return CIFAR10 if side == 32 else imagenet()


def graph_classifier(name: str) -> Classifier:
    """Load a classifier of `NETWORKS` in the order of axes that ONNX has."""
    import torch

    from core.classifiers.registry import load_classifier

    classifier = load_classifier(name, class_set(NETWORKS[name]))
    return classifier.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]


def named_tensors(classifier: Classifier) -> dict[str, Tensor]:
    """Return every float32 tensor of a classifier by its name in it."""
    tensors = {**dict(classifier.named_parameters()), **dict(classifier.named_buffers())}
    return {name: tensor.detach() for name, tensor in tensors.items() if tensor.is_floating_point()}


def graph_facts() -> dict[str, Any]:
    """Return what `precomputed/graphs/provenance.json` says of each classifier's graphs, by its name."""
    return json.loads(PROVENANCE.read_text(encoding="utf-8"))["graphs"]


def packed_weights(name: str) -> bytes:
    """Return the tensors that a classifier's graphs name, one after the other, little-endian float32.

    Raises:
        RuntimeError: the graphs were exported from other weights.
    """
    facts, classifier = graph_facts()[name], graph_classifier(name)
    if facts["classifier"]["sha256"] != classifier.sha256:
        raise RuntimeError(
            f"the graphs of {name!r} want weights {facts['classifier']['sha256']}, got {classifier.sha256}; "
            "run python -m precomputed.make_graphs"
        )
    tensors = named_tensors(classifier)
    return b"".join(tensors[name].contiguous().numpy().astype("<f4").tobytes() for name in facts["weights"])
