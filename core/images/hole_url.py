"""A painted hole as a short text for the URL."""

from __future__ import annotations

import base64
import zlib
from contextlib import suppress

import numpy as np

from core.images.masks import pack_mask, unpack_mask

# Longer URLs are cut by some servers and chats. A square takes some 40 characters, a busy scribble some hundreds.
MAX_LENGTH = 1500


def hole_text(mask: np.ndarray) -> str | None:
    """(1, H, W) bool as characters that need no quoting, after its side and a dot; None if over 1,500."""
    packed = zlib.compress(pack_mask(mask), 9)
    text = f"{mask.shape[-1]}.{base64.urlsafe_b64encode(packed).decode('ascii').rstrip('=')}"
    return text if len(text) <= MAX_LENGTH else None


def read_hole(text: str, size: int) -> np.ndarray | None:
    """The (1, size, size) mask of `hole_text`; None if the text, which may come from anyone, is none of that size."""
    side, dot, encoded = text.partition(".")
    if dot and side == str(size) and len(text) <= MAX_LENGTH:
        with suppress(ValueError, zlib.error):
            packed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
            # The limit bounds the work: a few characters can stand for a very long text.
            data = zlib.decompressobj().decompress(packed, size * size)
            return unpack_mask(data, height=size, width=size)
    return None
