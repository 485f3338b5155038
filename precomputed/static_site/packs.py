"""Packs: data for the page, compressed and cut into pieces that are classic scripts.

A page from a file may load scripts but not fetch. To keep one byte per byte (base64 takes a third more), a piece's text
is read as `x-user-defined`, where byte b is a character whose code ends in b; a page from a server fetches the same
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

PIECE = 2**19  # bytes, so that a progress bar moves and received pieces need not be loaded again
FOLDER = "packs"
_QUOTED = {b'"': b'\\"', b"\\": b"\\\\", b"\n": b"\\n", b"\r": b"\\r"}
_SPECIAL = re.compile(rb'["\\\n\r]')


def json_bytes(value: Any) -> bytes:
    """Return a JSON value to be packed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def planes(values: np.ndarray) -> bytes:
    """Return little-endian numbers plane by plane, lowest bytes first: the highest ones, being alike, compress well."""
    return values.view(np.uint8).reshape(-1, values.itemsize).T.tobytes()


def _gzip(content: bytes, strategy: int) -> bytes:
    """strategy: of zlib; strings never repeat in weights, and looking for them costs more than it saves."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, strategy)
    return packer.compress(content) + packer.flush()


def pack_files(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Convert name -> content into file -> bytes: the pieces of all packs, and their index `FOLDER/index.js`."""
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
