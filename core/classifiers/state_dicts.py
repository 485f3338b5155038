"""Reading weight files safely and loading them strictly. Imports torch: import it lazily."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn


def read_weights(path: Path) -> Any:
    """The contents of a weight file: safetensors, or torch's format restricted to plain tensors.

    Raises:
        RuntimeError: the file is damaged or holds anything but plain data; names the file.
    """
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # both libraries raise a dozen unrelated types for a damaged file
        raise RuntimeError(
            f"weight file {path} cannot be read ({str(error).splitlines()[0]}); "
            "it may be damaged or cut short, so delete it and fetch it again"
        ) from error


def load_strictly(network: nn.Module, state: Mapping[str, torch.Tensor], path: Path) -> None:
    """Load every tensor or fail.

    Raises:
        RuntimeError: names or shapes differ; names the file and the first differences.
    """
    try:
        network.load_state_dict(state, strict=True)
    except RuntimeError as error:
        reasons = " ".join(line.strip() for line in str(error).splitlines()[1:3])
        raise RuntimeError(
            f"weight file {path} does not fit {type(network).__name__}: {reasons[:300]}; "
            "check that it is the right file"
        ) from error
