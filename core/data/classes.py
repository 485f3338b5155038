"""Class sets: the classes of a data set or classifier, in label order."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PRECOMPUTED = Path(__file__).resolve().parents[2] / "precomputed"
HEATMAPS = PRECOMPUTED / "heatmaps"


@dataclass(frozen=True)
class ClassSet:
    """Class names in label order: label k of a data set, and column k of the logits, is `names[k]`.

    Args:
        name: "cifar10", "imagenet", "imagenet100" or "custom".
        names: one per class, as used in prompts. ImageNet's first names are not unique ("crane" is a bird and a
            machine), so duplicates are allowed.
        imagenet_indices: each class's index among the 1,000 ImageNet classes, if these are ImageNet's.
        wnids: each class's WordNet id, if known.
    Raises:
        ValueError: no classes, an empty name, or fields of different lengths.
    """

    name: str
    names: tuple[str, ...]
    imagenet_indices: tuple[int, ...] | None = None
    wnids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if isinstance(self.names, str) or not self.names or not all(name.strip() for name in self.names):
            raise ValueError(f"class set {self.name!r} needs at least one class and no empty name, got {self.names!r}")
        for field in ("names", "imagenet_indices", "wnids"):
            value = getattr(self, field)
            if value is not None:
                # Tuples, so that a class set is hashable and immutable.
                object.__setattr__(self, field, tuple(value))
                if len(value) != len(self.names):
                    raise ValueError(
                        f"class set {self.name!r} has {len(self.names)} names but {len(value)} {field}; "
                        "give one per class"
                    )

    def __len__(self) -> int:
        return len(self.names)


CIFAR10 = ClassSet(
    "cifar10", ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
)


@cache
def imagenet() -> ClassSet:
    """Return the 1,000 ImageNet (ILSVRC-2012) classes in the order of their WordNet ids, each with its first name.

    Reads timm's tables without importing timm, which would import torch.

    Raises:
        ModuleNotFoundError: timm is not installed.
    Source: timm.data.ImageNetInfo, the same files.
    """
    tables = Path(str(importlib.metadata.distribution("timm").locate_file("timm/data/_info")))
    wnids = tuple((tables / "imagenet_synsets.txt").read_text(encoding="utf-8").split())
    lines = (tables / "imagenet_synset_to_lemma.txt").read_text(encoding="utf-8").splitlines()
    lemmas = dict(line.split("\t") for line in lines)
    names = tuple(lemmas[wnid].split(", ")[0] for wnid in wnids)
    return ClassSet("imagenet", names, tuple(range(len(wnids))), wnids)


@cache
def imagenet100() -> ClassSet:
    """Return the paper's 100 ImageNet classes, each with its first name, from the bundled list.

    Raises:
        FileNotFoundError: the list is not in `precomputed/`.
    """
    rows = json.loads((PRECOMPUTED / "imagenet100_classes.json").read_text(encoding="utf-8"))
    return ClassSet("imagenet100", *(tuple(row[key] for row in rows) for key in ("name", "imagenet_index", "wnid")))


# Class sets by name.
CLASS_SETS: dict[str, Callable[[], ClassSet]] = {"cifar10": lambda: CIFAR10, "imagenet": imagenet}

# Mean and standard deviation per channel of the training images, for normalisation.
CIFAR10_MEAN, CIFAR10_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
