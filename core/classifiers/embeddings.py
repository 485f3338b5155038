"""Prompt embeddings in files: bundled with models, or cached for the next start. No torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

from core.classifiers.weights import Identity
from core.shared.files import DAMAGE, cache_folder, make_folder, npz_bytes, write_atomically

PROMPT_FILE = "prompt_embeddings.npz"
_VERSION = 1  # of the cache file's content
_TOLERANCE = 1e-5


def save_prompt_embeddings(folder: Path, prompts: Sequence[str], embeddings: np.ndarray, weights_sha256: str) -> None:
    """Write embeddings to `PROMPT_FILE`, so that these prompts need no text tower.

    Args:
        folder: the model's.
        prompts: K sentences.
        embeddings: (K, D) float32, unit rows.
        weights_sha256: of the weights that produced them.
    """
    arrays = {"prompts": np.array(prompts), "embeddings": embeddings, "weights_sha256": np.array(weights_sha256)}
    write_atomically(folder / PROMPT_FILE, npz_bytes(**arrays))


def load_prompt_embeddings(folder: Path, weights_sha256: str | None) -> dict[str, np.ndarray]:
    """Load (D,) float32 embeddings by prompt; empty if the folder holds none for these weights."""
    path = folder / PROMPT_FILE
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        if str(file["weights_sha256"]) != weights_sha256:
            return {}
        return dict(zip(file["prompts"].tolist(), file["embeddings"], strict=True))


def cached_embeddings(identity: Identity, prompts: list[str], embed: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """Return (K, D) unit rows of K prompts, read from the cache, or embedded and cached if possible.

    A cache file counts if it is complete and the text tower still gives the same embedding of its first prompt, up to
    rounding: architecture or tokenizer may have changed.

    Args:
        identity: of the weights; without a digest nothing is cached.
        embed: K sentences -> (K, D) float32 unit rows.
    """
    if identity.sha256 is None:
        return embed(prompts)
    facts = json.dumps([_VERSION, identity.name, identity.sha256, prompts]).encode()
    path = cache_folder() / "embeddings" / f"{hashlib.sha256(facts).hexdigest()}.npz"
    with suppress(*DAMAGE), np.load(path, allow_pickle=False) as file:
        rows, first = file["embeddings"], embed(prompts[:1])
        whole = rows.dtype == np.float32 and rows.shape == (len(prompts), first.shape[1])
        if whole and np.abs(rows[:1] - first).max() < _TOLERANCE:
            return rows
    rows = embed(prompts)
    with suppress(OSError):  # full disk or read-only folder: compute them again next time
        make_folder(path.parent)
        write_atomically(path, npz_bytes(embeddings=rows))
    return rows
