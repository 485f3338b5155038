"""Files: never half-written, and untrusted `.npz` archives read safely."""

from __future__ import annotations

import io
import os
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Collection
from pathlib import Path

import numpy as np

# All that reading a damaged or hostile archive was seen to raise (tests flip its bytes at random).
DAMAGE = (
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    OSError,
    EOFError,
    RuntimeError,
    OverflowError,
    MemoryError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)
# Members of an archive. Listing the millions that fit into a small file takes half a minute and a gigabyte.
_MAX_MEMBERS = 1000
_MEMBER = b"PK\x01\x02"  # begins every line of an archive's list


def write_atomically(path: Path, data: bytes) -> None:
    """Write beside `path`, flush to the disk, then rename over it.

    Raises:
        FileNotFoundError: the folder does not exist.
        OSError: one sentence, where the disk is full, the folder read-only or `path` a folder.
    """
    if not path.parent.is_dir():
        raise FileNotFoundError(f"cannot write {path.name}: the folder {path.parent} does not exist; create it first")
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            # mkstemp makes files private; a result is to be as readable as any other file of the user.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(f"cannot write {path.name}: {error.strerror}") from error


def read_npz(
    data: bytes, *, required: Collection[str], optional: Collection[str] = (), limit: int
) -> dict[str, np.ndarray]:
    """The named arrays of an archive; others in it are ignored.

    Args:
        data: the file's bytes.
        required, optional: names of arrays.
        limit: bytes that all of them together may unpack to.
    Raises:
        One of `DAMAGE`: not such an archive, damaged, or too large.
    """
    if data.count(_MEMBER) > _MAX_MEMBERS:
        raise ValueError(f"it has more than {_MAX_MEMBERS:,} members")
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if missing := set(required) - members.keys():
            raise ValueError(f"it lacks {', '.join(sorted(missing))}")
        for name in (*required, *(name for name in optional if name in members)):
            # The archive yields no byte beyond this size, and an array's memory is not touched before it is filled.
            limit -= members[name].file_size
            if limit < 0:
                raise ValueError(f"{name} unpacks to {members[name].file_size:,} bytes, which is too large")
            if members[name].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name} is compressed in a way that numpy never uses")
            with archive.open(members[name]) as stream:
                arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
    return arrays
