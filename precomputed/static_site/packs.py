"""Packs: data for the page, compressed and cut into pieces that are classic scripts.

A page from a file may load scripts but not fetch. So that a byte stays one (base64 takes a third more), a piece's text
is read as `x-user-defined`, in which byte b is a character whose code ends in b; a page from a server fetches the same
files and reads their bytes (`page/packs.js`).
"""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

PIECE = 2**19  # bytes, so that a progress bar moves and what has arrived need not come again
FOLDER = "packs"
_QUOTED = {b'"': b'\\"', b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_SPECIAL = re.compile(rb'["\\\n\r]')


def json_bytes(value: Any) -> bytes:
    """A JSON value to be packed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def planes(values: np.ndarray) -> bytes:
    """Bytes of little-endian numbers, first the lowest of each: the highest, which are alike, then compress."""
    return values.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()


def _gzip(content: bytes, strategy: int) -> bytes:
    """strategy: of zlib; in weights no string repeats, and looking for one costs more than it saves."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    return packer.compress(content) + packer.flush()


def pack_files(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name -> content becomes file -> bytes: the pieces of all, and `FOLDER/index.js`, which says what there is."""
    files, index = {}, {}
    for name, content in contents.items():
        packed = min((_gzip(content, how) for how in (zlib.Z_DEFAULT_STRATEGY, zlib.Z_HUFFMAN_ONLY)), key=len)
        pieces = [packed[at : at + PIECE] for at in range(0, len(packed), PIECE)]
        for k, piece in enumerate(pieces):
            text = _SPECIAL.sub(lambda match: _QUOTED[match[0]], piece)
            files[f"{FOLDER}/{name}.{k}.js"] = b'laboratory.piece("%s.%d","%s");\n' % (name.encode(), k, text)
        digest = hashlib.sha256(packed).hexdigest()[:16]
        index[name] = {"pieces": [len(piece) for piece in pieces], "size": len(content), "version": digest}
    files[f"{FOLDER}/index.js"] = b"laboratory.packs = %s;\n" % json_bytes(index)
    return files
