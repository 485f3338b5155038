"""Passes of a network's exported gradient graphs by OpenVINO, 1.7 times as fast as torch's on one thread of our CPU."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.classifiers.classifier import Classifier
from precomputed.graph_weights import GRADIENT, GRAPHS, WEIGHTS, graph_names, packed_weights


class GraphClassifier(nn.Module):
    """A classifier whose gradient of the cross-entropy to known targets comes from its graphs; predictions from torch.

    Args:
        classifier: one of `graph_weights.NETWORKS`.
        targets: class of each picture of every batch.
        models: of `compiled_graphs`.
    """

    def __init__(self, classifier: Classifier, targets: Sequence[int], models: dict[int, Any]) -> None:
        super().__init__()
        self.classifier, self.targets, self.models = classifier, targets, models
        self.any_size = len(models) > 1
        self.classes = classifier.classes

    def at_size(self, side: int) -> GraphClassifier:
        """Return the classifier of pictures of another side."""
        other = copy.copy(self)
        other._modules = {"classifier": self.classifier.at_size(side)}
        return other

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> logits (B, K), whose gradient is only that of the cross-entropy."""
        if not images.requires_grad:
            return self.classifier(images)
        return _Graph.apply(images, self.models[images.shape[-1]], self.targets)


class _Graph(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, images: Tensor, model: Any, targets: Sequence[int]) -> Tensor:
        results = [
            model({"images": image[None].numpy(), "target": np.array([target])})
            for image, target in zip(images.detach().contiguous(), targets, strict=True)
        ]
        logits, gradients = (
            torch.from_numpy(np.concatenate([np.array(result[name]) for result in results]))
            for name in ("logits", GRADIENT)
        )
        context.save_for_backward(gradients)
        return logits

    @staticmethod
    def backward(context: Any, _: Tensor) -> tuple[Tensor, None, None]:
        return context.saved_tensors[0], None, None


def compiled_graphs(name: str, side: int, folder: Any) -> dict[int, Any]:
    """Return a network's compiled gradient graphs by side; folder: for the weights, as a temporary file."""
    openvino = import_module("openvino")
    (folder / WEIGHTS).write_bytes(packed_weights(name))
    options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
    models = {}
    for graph in graph_names(name):
        if graph.startswith(GRADIENT):
            (folder / f"{graph}.onnx").write_bytes((GRAPHS / name / f"{graph}.onnx").read_bytes())
            model = openvino.compile_model(folder / f"{graph}.onnx", "CPU", options)
            models[int(graph.partition("-")[2] or side)] = model
    return models
