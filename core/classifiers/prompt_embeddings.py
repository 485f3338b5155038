"""Embeddings of a bundled CLIP's usual prompts, kept beside its weights. Imports no torch."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.files import write_atomically

PROMPT_FILE = "prompt_embeddings.npz"


def save_prompt_embeddings(folder: Path, prompts: Sequence[str], embeddings: np.ndarray, weights_sha256: str) -> None:
    """Write `PROMPT_FILE`.

    Args:
        folder: the model's.
        prompts: K sentences.
        embeddings: (K, D) float32, unit rows.
        weights_sha256: of the weights that they come from.
    """
    stream = io.BytesIO()
    np.savez(stream, prompts=np.array(prompts), embeddings=embeddings, weights_sha256=np.array(weights_sha256))
    write_atomically(folder / PROMPT_FILE, stream.getvalue())


def load_prompt_embeddings(folder: Path, weights_sha256: str | None) -> dict[str, np.ndarray]:
    """Prompt -> (D,) float32; empty where the folder holds none that come from these weights."""
    path = folder / PROMPT_FILE
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        if str(file["weights_sha256"]) != weights_sha256:
            return {}
        return dict(zip(file["prompts"].tolist(), file["embeddings"], strict=True))
