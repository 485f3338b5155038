"""Entries of the classifier registry. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.classifiers.kinds.identity import Identity
from core.classifiers.weights import WeightSource

if TYPE_CHECKING:
    from core.classifiers.kinds.closed_set import ClosedSetClassifier
    from core.classifiers.kinds.zero_shot import ClipModel

OWN_FILE = "file "  # prefix of the name of a user's own weights for a network of a family


def own_weights_id(path: Path) -> str:
    """Return the name of a user's own weights."""
    return OWN_FILE + path.name


@dataclass(frozen=True)
class ClassifierSpec:
    """One entry of the registry.

    Attributes:
        name: identifier; title: for display.
        kind: "zero-shot" (classes come as prompts) or "closed-set" (a fixed vocabulary).
        load: weight file and identity -> the model on the CPU. Imports heavy packages lazily, loads strictly, and
            handles the entry's peculiarities.
        weights: source of the weight file.
        weights_id: readable name of the weights.
        licence, source: of the weights.
        image_size: the network's own input side in pixels; None for a name with a library's prefix.
        vocabulary: classes of a closed-set classifier, or the only ones a zero-shot one has learned; None for a CLIP of
            any words.
        trained: purpose of its training, within a sentence; may be empty.
    """

    name: str
    title: str
    kind: Literal["zero-shot", "closed-set"]
    load: Callable[[Path, Identity], ClosedSetClassifier | ClipModel]
    weights: WeightSource
    weights_id: str
    licence: str
    source: str
    image_size: int | None = None
    vocabulary: str | None = None
    trained: str = ""

    @property
    def sha256(self) -> str | None:
        """Required digest of the weight file, or its first digits; None if none is published."""
        return self.weights.sha256

    @property
    def download_bytes(self) -> int | None:
        """Size of a download; None if unknown, 0 if nothing is ever downloaded."""
        return self.weights.download_bytes


@dataclass(frozen=True)
class ClassifierState:
    """Whether a classifier can be used now.

    Attributes:
        status: "ready" (bundled, installed or cached), "downloadable" or "unavailable".
        detail: one sentence for the user: size and origin of a download, or what is missing.
        download_bytes: size of the download, if known; None if nothing needs downloading.
    """

    status: Literal["ready", "downloadable", "unavailable"]
    detail: str
    download_bytes: int | None = None
