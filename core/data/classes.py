"""Class sets: which classes a data set or classifier distinguishes, and in which label order."""

from __future__ import annotations

import csv
import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

PRECOMPUTED = Path(__file__).resolve().parents[2] / "precomputed"
IMAGENET100_FILE = PRECOMPUTED / "imagenet100_classes.json"


@dataclass(frozen=True)
class ClassSet:
    """Class names in label order: label k of a data set, and column k of the logits, is `names[k]`.

    Args:
        name: "cifar10", "imagenet", "imagenet100" or, for anything else, "custom".
        names: one name per class, as it is put into a prompt. ImageNet's own first names are not unique
            ("crane" is a bird and a machine), so equal names are allowed.
        imagenet_indices: each class's place among the 1,000 ImageNet classes, if the classes are ImageNet's.
        wnids: each class's WordNet id, if known.
    Raises:
        ValueError: no classes, an empty name, or fields of different lengths.
    """

    name: str
    names: tuple[str, ...]
    imagenet_indices: tuple[int, ...] | None = None
    wnids: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        # Tuples whatever came in, so that a class set can be hashed and never changes.
        for field in ("names", "imagenet_indices", "wnids"):
            value = getattr(self, field)
            if isinstance(value, str):
                raise ValueError(f"class set field {field!r} must be a sequence, got the string {value!r}")
            if value is not None:
                object.__setattr__(self, field, tuple(value))
        if not self.names or not all(isinstance(name, str) and name.strip() for name in self.names):
            raise ValueError(f"class set {self.name!r} needs at least one class and no empty name, got {self.names!r}")
        for field in ("imagenet_indices", "wnids"):
            value = getattr(self, field)
            if value is not None and len(value) != len(self.names):
                raise ValueError(
                    f"class set {self.name!r} has {len(self.names)} names but {len(value)} {field}; give one per class"
                )
        if self.imagenet_indices is not None and not all(0 <= index < 1000 for index in self.imagenet_indices):
            raise ValueError(f"class set {self.name!r}: ImageNet indices lie in 0..999, got {self.imagenet_indices}")

    def __len__(self) -> int:
        return len(self.names)


CIFAR10 = ClassSet(
    "cifar10", ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
)


@cache
def imagenet() -> ClassSet:
    """The 1,000 ImageNet (ILSVRC-2012) classes in the order of their WordNet ids, each with its first name.

    Reads the tables bundled with timm without importing it, because importing timm imports torch.

    Raises:
        ModuleNotFoundError: timm is not installed.
    Source: timm.data.ImageNetInfo, the same files.
    """
    spec = importlib.util.find_spec("timm")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the ImageNet class names come from the package timm: run 'pip install timm'")
    tables = Path(spec.submodule_search_locations[0]) / "data" / "_info"
    wnids = tuple((tables / "imagenet_synsets.txt").read_text(encoding="utf-8").split())
    lines = (tables / "imagenet_synset_to_lemma.txt").read_text(encoding="utf-8").splitlines()
    lemmas = {row[0]: row[1] for row in csv.reader(lines, delimiter="\t")}
    names = tuple(lemmas[wnid].split(", ")[0] for wnid in wnids)
    return ClassSet("imagenet", names, tuple(range(len(wnids))), wnids)


@cache
def imagenet100() -> ClassSet:
    """The paper's 100 ImageNet classes, each with its first name, from the bundled list.

    Raises:
        FileNotFoundError: the list is not in `precomputed/`.
        RuntimeError: the list is damaged.
    """
    try:
        rows = json.loads(IMAGENET100_FILE.read_text(encoding="utf-8"))
        columns = [tuple(row[key] for row in rows) for key in ("name", "imagenet_index", "wnid")]
    except FileNotFoundError:
        raise FileNotFoundError(
            f"the ImageNet100 class list is missing: {IMAGENET100_FILE} is part of the repository; check it out again"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise RuntimeError(f"the ImageNet100 class list {IMAGENET100_FILE} is damaged: {error!r}") from error
    return ClassSet("imagenet100", *columns)


# Class sets by name, and the size in pixels at which the app shows their images.
CLASS_SETS: dict[str, Callable[[], ClassSet]] = {"cifar10": lambda: CIFAR10, "imagenet": imagenet}
IMAGE_SIZES = {"cifar10": 32, "imagenet": 224}
