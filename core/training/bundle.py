"""The folder of a bundled model: weights, config and model card. Imports torch at the top: import it lazily."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save

from core.files import write_atomically

WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "README.md"


def file_sha256(path: Path) -> str:
    """Digest of a file, 64 hex digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load_weights(network: torch.nn.Module, path: Path, sha256: str = "") -> None:
    """Load safetensors strictly into `network`.

    Raises:
        FileNotFoundError: no such file.
        RuntimeError: damaged, another network's, or not the file that `sha256` names.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights at {path}; train them first, or name another file")
    if sha256 and (found := file_sha256(path)) != sha256:
        raise RuntimeError(f"{path} should have sha256 {sha256[:12]}..., found {found[:12]}...; restore that file")
    try:
        network.load_state_dict(load_file(path))
    except Exception as error:  # safetensors and torch raise several unrelated types
        raise RuntimeError(f"the weights {path} do not fit: {error}; check that they are this network's") from error


def write_bundle(
    folder: Path, network: torch.nn.Module, config: dict[str, Any], card: str, *, weights_name: str = WEIGHTS
) -> None:
    """Write weights, `config.json` with the weights' sha256, and the model card, each file atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()}
    data = save(tensors)
    write_atomically(folder / weights_name, data)
    config = {**config, "sha256": hashlib.sha256(data).hexdigest()}
    write_atomically(folder / CONFIG, (json.dumps(config, indent=2) + "\n").encode())
    write_atomically(folder / CARD, card.encode())
