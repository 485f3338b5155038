"""A cheaper forward pass, only where it is measured to be faster and to predict the same. Imports torch lazily."""

from __future__ import annotations

import importlib.util
import statistics
from timeit import timeit
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from core.shared.device import SAME, forward, with_cast_weights

if TYPE_CHECKING:
    from torch import Tensor

    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset

Backend = Literal["auto", "torch", "openvino"]
BACKENDS: tuple[Backend, ...] = get_args(Backend)
ROUNDS, IMAGES = 3, 256
BATCH = {"cpu": 32, "cuda": 256}  # of fewer a large GPU would tell how soon it starts, not how fast it is
MOST_CHANGED = 0.015  # of the predictions, under bfloat16
MOST_MEASURING = 0.05  # of the time to come
CONVERSION_SECONDS = 8  # that OpenVINO takes to convert a network, small or large


def with_backend(
    classifier: Classifier, dataset: ImageDataset, backend: Backend, ahead: int | None = None
) -> Classifier:
    """The classifier as `backend` computes it; "auto" takes OpenVINO where it is there, faster, and predicts the same.

    Args:
        ahead: predictions to come: "auto" measures on few images then, not where it took over 5 % of the time.
    Raises:
        ValueError: OpenVINO is asked for on another device than the CPU.
        ModuleNotFoundError: it is asked for and not installed.
    """
    on_cpu, installed = classifier.device.type == "cpu", importlib.util.find_spec("openvino") is not None
    if backend == "torch" or (backend == "auto" and not (on_cpu and installed)):
        return classifier
    if not on_cpu:
        raise ValueError(f"--backend openvino computes on the CPU alone, and the device is {classifier.device}")
    if not installed:
        raise ModuleNotFoundError("--backend openvino needs the package openvino: pip install openvino")
    from core.sweep.on_openvino import OpenVinoClassifier

    batches = _batches(classifier, dataset, IMAGES if ahead is None else BATCH["cpu"])
    if backend == "auto" and ahead is not None and not _worth_converting(classifier, batches[0], ahead):
        return classifier
    try:
        other = OpenVinoClassifier(classifier, batches[0])
    except Exception:  # its converter raises a dozen types for what it cannot convert
        if backend == "openvino":
            raise
        return classifier
    if backend == "openvino" or (_same(classifier, other, batches) and _faster(classifier, other, batches[0])):
        return other
    return classifier


def choose_dtype(classifier: Classifier, dataset: ImageDataset) -> str:
    """The faster of float32 and bfloat16, the second only if it changes few of the first images' predictions."""
    batches, cast = _batches(classifier, dataset), with_cast_weights(classifier, "bfloat16")
    if not _faster(classifier, cast, batches[0], dtype="bfloat16"):
        return "float32"
    exact = np.concatenate([_predicted(classifier, one) for one in batches])
    rounded = np.concatenate([_predicted(cast, one, "bfloat16") for one in batches])
    return "bfloat16" if (exact != rounded).mean() <= MOST_CHANGED else "float32"


def _batches(classifier: Classifier, dataset: ImageDataset, count: int = IMAGES) -> list[Tensor]:
    import torch

    images = torch.as_tensor(np.ascontiguousarray(dataset.images[:count])).to(classifier.device).float() / 255
    return list(images.split(BATCH.get(images.device.type, BATCH["cpu"])))


def _predicted(classifier: Classifier, images: Tensor, dtype: str = "float32") -> np.ndarray:
    return _logits(classifier, images, dtype).argmax(dim=1).cpu().numpy()


def _logits(classifier: Classifier, images: Tensor, dtype: str = "float32") -> Tensor:
    import torch

    with torch.inference_mode():
        return forward(classifier, images, dtype)


def _worth_converting(classifier: Classifier, images: Tensor, ahead: int) -> bool:
    """Whether converting the network and measuring it takes at most 5 % of the time of the predictions to come."""
    _predicted(classifier, images)
    batch = timeit(lambda: _predicted(classifier, images), number=1)
    return 2 * (ROUNDS + 2) * batch + CONVERSION_SECONDS <= MOST_MEASURING * ahead * batch / len(images)


def _same(first: Classifier, second: Classifier, batches: list[Tensor]) -> bool:
    """Whether the logits are equal up to rounding."""
    pairs = ((_logits(first, one), _logits(second, one)) for one in batches)
    return all(bool((one - other).norm() < SAME * one.norm()) for one, other in pairs)


def _faster(first: Classifier, second: Classifier, images: Tensor, dtype: str = "float32") -> bool:
    """Whether the second, in that dtype, takes less time than the first in float32: medians, in turns."""
    works = (lambda: _predicted(first, images), lambda: _predicted(second, images, dtype))
    turns = [[timeit(work, number=1) for work in works] for _ in range(ROUNDS + 1)][1:]
    one, two = (statistics.median(times) for times in zip(*turns, strict=True))
    return two < one
