"""URL-safe encoding of bytes: base64url of zlib's format."""

from __future__ import annotations

import base64
import re
import zlib

_ALPHABET = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)


def url_text(data: bytes) -> str:
    """Encode bytes; the same bytes give the same text."""
    return base64.urlsafe_b64encode(zlib.compress(data, 9)).decode("ascii").rstrip("=")


def url_bytes(text: str, max_bytes: int) -> bytes:
    """Return the bytes that `url_text` encoded; b"" if the untrusted text is damaged or holds over `max_bytes`."""
    if not _ALPHABET.fullmatch(text):
        return b""
    unpacking = zlib.decompressobj()
    try:
        data = unpacking.decompress(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), max_bytes)
        data += unpacking.decompress(unpacking.unconsumed_tail, 1)  # the checksum may follow the last byte
    except (ValueError, zlib.error):
        return b""
    return data if unpacking.eof and not unpacking.unused_data else b""
