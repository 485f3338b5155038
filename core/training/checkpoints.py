"""Checkpoints that survive kill -9. Imports torch at the top: import it lazily."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from core.files import write_atomically


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` so that `path` is always either the old or the new checkpoint, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, recipe: dict[str, Any]) -> dict[str, Any] | None:
    """The state stored at `path`, or None where there is none yet.

    Raises:
        ValueError: the checkpoint belongs to another recipe.
        RuntimeError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen unrelated types for a damaged archive
        raise RuntimeError(f"the checkpoint {path} cannot be read ({error}); delete it to start afresh") from error
    stored = state.get("recipe")
    if stored != recipe:
        wanted = {key: value for key, value in recipe.items() if (stored or {}).get(key) != value}
        found = {key: (stored or {}).get(key) for key in wanted}
        raise ValueError(
            f"{path} belongs to another recipe: wanted {wanted}, found {found}; "
            "choose another --output, or delete the checkpoint"
        )
    return state
