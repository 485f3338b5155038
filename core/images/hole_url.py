"""A painted hole as a short text for the URL."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from core.images.masks import pack_mask, unpack_mask
from core.images.url_text import url_bytes, url_text

# Longer URLs are cut by some servers and chats. A square takes some 40 characters, a busy scribble some hundreds.
MAX_LENGTH = 1500


def hole_text(mask: np.ndarray) -> str | None:
    """(1, H, W) bool as characters that need no quoting, after its side and a dot; None if over 1,500."""
    text = f"{mask.shape[-1]}.{url_text(pack_mask(mask))}"
    return text if len(text) <= MAX_LENGTH else None


def read_hole(text: str, size: int) -> np.ndarray | None:
    """The (1, size, size) mask of `hole_text`; None if the text, which may come from anyone, is none of that size."""
    side, dot, encoded = text.partition(".")
    if dot and side == str(size) and len(text) <= MAX_LENGTH:
        with suppress(ValueError):
            # The limit bounds the work: a few characters can stand for a very long text.
            return unpack_mask(url_bytes(encoded, size * size), height=size, width=size)
    return None
