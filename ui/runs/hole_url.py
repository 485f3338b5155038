"""A painted hole as a short text for the URL."""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np

# Longer URLs are cut by some servers and chats. A square takes some 40 characters, a busy scribble some hundreds.
MAX_LENGTH = 1500


def hole_text(mask: np.ndarray) -> str | None:
    """(1, H, W) bool as characters that need no quoting, after its side and a dot; None if over 1,500."""
    packed = zlib.compress(np.packbits(mask).tobytes(), 9)
    text = f"{mask.shape[-1]}.{base64.urlsafe_b64encode(packed).decode('ascii').rstrip('=')}"
    return text if len(text) <= MAX_LENGTH else None


def read_hole(text: str, size: int) -> np.ndarray | None:
    """The (1, size, size) mask of `hole_text`; None if the text, which may come from anyone, is none of that size."""
    side, dot, encoded = text.partition(".")
    if not dot or side != str(size) or len(text) > MAX_LENGTH:
        return None
    wanted = (size * size + 7) // 8
    try:
        packed = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
        # The limit bounds the work: a few characters can stand for a very long text.
        data = zlib.decompressobj().decompress(packed, wanted + 1)
    except (binascii.Error, ValueError, zlib.error):
        return None
    if len(data) != wanted:
        return None
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8), count=size * size)
    return bits.astype(bool).reshape(1, size, size)
