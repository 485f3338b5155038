"""Identity of a classifier and its weights. Does not import torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Name of a classifier, name of its weights, and SHA-256 of their file."""

    name: str
    weights_id: str
    sha256: str | None = None
