"""Classifiers computed by OpenVINO in float32 on the CPU: predictions, no gradients. Imports torch."""

from __future__ import annotations

import copy
import importlib.util
from importlib import import_module
from typing import Any

import torch
from torch import nn

from core.classifiers.kinds.base import Classifier
from core.data.classes import ClassSet
from core.data.dataset import ImageDataset


class OpenVinoClassifier(Classifier):
    """A classifier computed by OpenVINO; torch still resizes and normalises.

    Args:
        classifier: on the CPU; stays referenced.
        images: (B, 3, H, W) in [0, 1], of the size of all later images; the batch size may vary.
    Raises:
        ModuleNotFoundError: openvino is not installed.
        RuntimeError: it cannot convert the network.
    """

    def __init__(self, classifier: Classifier, images: torch.Tensor) -> None:
        openvino: Any = import_module("openvino")  # optional, so type-checked with and without it
        super().__init__(classifier.identity, nn.Identity(), classifier.preprocess, classifier.classes)
        self.kind, self.template, self.original = classifier.kind, classifier.template, classifier
        self.patch_grid = classifier.patch_grid  # for equal metadata in maps
        self.backend = f"OpenVINO {openvino.__version__.split('-')[0]}"
        bare = copy.copy(classifier)
        bare._modules = {**classifier._modules, "preprocess": nn.Identity()}
        with torch.no_grad():
            example = classifier.preprocess(images).contiguous()
            model = openvino.convert_model(bare, example_input=example, input=[-1, *example.shape[1:]])
        # The default is bfloat16 on processors that support it.
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": torch.get_num_threads()}
        self.compiled = openvino.compile_model(model, "CPU", options)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, H, W) in [0, 1] -> logits (B, K)."""
        return torch.from_numpy(self.compiled(self.preprocess(images).contiguous().numpy())[0].copy())

    def for_classes(self, class_set: ClassSet, template: str | None = None) -> Classifier:
        return self.original.for_classes(class_set, template)


def on_openvino(classifier: Classifier, dataset: ImageDataset) -> OpenVinoClassifier:
    """Return the classifier for images of the data set's size.

    Raises:
        ValueError: its device is not the CPU.
        ModuleNotFoundError: OpenVINO is not installed.
    """
    if classifier.device.type != "cpu":
        raise ValueError(f"--backend openvino runs only on the CPU, but the device is {classifier.device}")
    if importlib.util.find_spec("openvino") is None:
        raise ModuleNotFoundError("--backend openvino needs the package openvino: pip install openvino")
    return OpenVinoClassifier(classifier, torch.as_tensor(dataset.images[:32]).float() / 255)
