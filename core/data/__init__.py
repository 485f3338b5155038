"""Data sets, bundled samples and class sets. Does not import torch.

Class statistics are in `core.data.class_statistics`, which is also a script.
"""

from core.data.classes import CIFAR10, CLASS_SETS, IMAGE_SIZES, ClassSet, imagenet, imagenet100
from core.data.dataset import ImageDataset
from core.data.datasets import load_dataset
from core.data.samples import SampleCredit, load_samples, sample_credits

__all__ = [
    "CIFAR10",
    "CLASS_SETS",
    "IMAGE_SIZES",
    "ClassSet",
    "ImageDataset",
    "SampleCredit",
    "imagenet",
    "imagenet100",
    "load_dataset",
    "load_samples",
    "sample_credits",
]
