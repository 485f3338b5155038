"""A painted hole as a short text for the URL."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from core.images.masks import pack_mask, unpack_mask
from core.images.url_text import url_bytes, url_text

# Some servers and chats truncate longer URLs. A square takes about 40 characters, a busy scribble some hundreds.
MAX_LENGTH = 1500


def hole_text(mask: np.ndarray) -> str | None:
    """Encode a (1, H, W) bool mask, after its side and a dot, in URL-safe characters; None if over 1,500."""
    text = f"{mask.shape[-1]}.{url_text(pack_mask(mask))}"
    return text if len(text) <= MAX_LENGTH else None


def read_hole(text: str, size: int) -> np.ndarray | None:
    """Decode an untrusted text of `hole_text` to a (1, size, size) mask; None if it is not one of that size."""
    side, dot, encoded = text.partition(".")
    if dot and side == str(size) and len(text) <= MAX_LENGTH:
        with suppress(ValueError):
            # Bounded, as a few characters can expand to a very long text.
            return unpack_mask(url_bytes(encoded, size * size), height=size, width=size)
    return None
