"""Entries of the classifier registry. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from core.classifiers.fetch.weights import WeightSource
from core.classifiers.kinds.identity import Identity

if TYPE_CHECKING:
    from core.classifiers.kinds.closed_set import ClosedSetClassifier
    from core.classifiers.kinds.zero_shot import ClipModel


@dataclass(frozen=True)
class ClassifierSpec:
    """One entry of the registry.

    Attributes:
        name: what users type; title: what they read.
        kind: "zero-shot" (classes come as prompts) or "closed-set" (a fixed vocabulary).
        load: weight file and identity -> the model on the CPU. Imports heavy packages inside itself, loads
            strictly, and holds whatever is peculiar to the entry.
        weights: where the weight file comes from.
        weights_id: names the weights for people; the digest of the file names them for machines.
        licence, source: of the weights.
        image_size: the network's own input side in pixels; None for a name with a library's prefix.
        vocabulary: the classes of a closed-set classifier, or those whose words are all a zero-shot one has learned;
            None for a CLIP that knows any.
        trained: what for, within a sentence; empty where that is not told.
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
        """Digest the weight file must have, or its first digits; None where nobody published one."""
        return self.weights.sha256

    @property
    def download_bytes(self) -> int | None:
        """Size of what a download would fetch; None if unknown, 0 if nothing is ever downloaded."""
        return self.weights.download_bytes


@dataclass(frozen=True)
class ClassifierState:
    """Whether a classifier can be used here and now.

    Attributes:
        status: "ready" (bundled, installed or cached), "downloadable" or "unavailable".
        detail: one sentence for the user: how large a download is and from where, or what is missing.
        download_bytes: what a download would fetch, if known; None when nothing needs downloading.
    """

    status: Literal["ready", "downloadable", "unavailable"]
    detail: str
    download_bytes: int | None = None
