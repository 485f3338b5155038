"""Which classifier, and which weights. Does not import torch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Identity:
    """Which classifier this is: its name, which weights it carries, and the digest of the file they came from."""

    name: str
    weights_id: str
    sha256: str | None = None
