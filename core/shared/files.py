"""Atomic writes, and safe reading of untrusted `.npz` archives with metadata."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from core.shared.text import one_line, quoted

CACHE = "CLIP_LAB_CACHE"  # environment variable: another cache folder
# Types of metadata, as named in errors.
_TYPES: dict[str, Any] = {
    "text": str,
    "number": (int, float),
    "whole number": int,
    "list": list,
    "JSON object": dict,
}

# Damaged or hostile archives raise anything from struct.error to SyntaxError (tests flip random bytes).
DAMAGE = (Exception,)
# Maximum length of a file name and of a reason in an error; both may be untrusted.
MAX_NAME, MAX_REASON = 100, 300
# Maximum number of members. Listing the millions that fit into a small file takes half a minute and a gigabyte.
_MAX_MEMBERS = 1000
_MEMBER = b"PK\x01\x02"  # start of an entry in the archive's directory
# Maximum length of metadata; those of a run over a thousand classes have about 20,000 characters.
_MAX_METADATA = 2**21


def cache_folder() -> Path:
    """Return the cache folder: $CLIP_LAB_CACHE, or else `clip-lab` in the user's cache."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "clip-lab")
    return Path(os.environ.get(CACHE) or usual).expanduser()


def write_atomically(path: Path, data: bytes) -> None:
    """Write a temporary file next to `path`, flush it to disk, and rename it.

    Raises:
        OSError: there is no such folder, it is read-only or full, or `path` is a folder; one sentence.
    """
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            # mkstemp makes files private; give results the user's usual permissions.
            umask = os.umask(0)
            os.umask(umask)
            os.chmod(temporary, 0o666 & ~umask)
            os.replace(temporary, path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OSError(f"cannot write {path.name}: {error.strerror}") from error


def write_json(path: Path, content: Any, indent: int | None = 2) -> None:
    """Write JSON atomically, indented or on one line; NaN and infinity are errors."""
    text = json.dumps(content, indent=indent, allow_nan=False, ensure_ascii=False)
    # Lone surrogates, as in odd command lines, become escapes, which JSON can read.
    write_atomically(path, f"{text}\n".encode(errors="backslashreplace"))


def npz_bytes(**arrays: Any) -> bytes:
    """Return a compressed `.npz` of these arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def make_folder(path: Path) -> None:
    """Create a folder for results, if missing.

    Raises:
        OSError: it cannot be created; one sentence.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"cannot make the folder {path}: {error.strerror}") from error


def read_npz(
    data: bytes, *, required: Collection[str], optional: Collection[str] = (), limit: int
) -> dict[str, np.ndarray]:
    """Return the named arrays of an archive; others are ignored.

    Args:
        data: the file's bytes.
        required, optional: names of arrays.
        limit: maximum total size, unpacked, in bytes.
    Raises:
        One of `DAMAGE`: not such an archive, damaged, or larger than `limit`.
    """
    if data.count(_MEMBER) > _MAX_MEMBERS:
        raise ValueError(f"it has more than {_MAX_MEMBERS:,} members")
    if not zipfile.is_zipfile(io.BytesIO(data)):
        raise ValueError("it is cut short or another kind of file")
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
        if lacking := [name for name in required if name not in members]:
            raise ValueError(f"it lacks {', '.join(lacking)}")
        for name in (*required, *(name for name in optional if name in members)):
            # Reading stops at this size, and an array's memory is untouched until filled.
            limit -= members[name].file_size
            if limit < 0:
                raise ValueError(f"{name} unpacks to {members[name].file_size:,} bytes, more than is allowed")
            if members[name].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                raise ValueError(f"{name} has a compression that numpy never uses")
            with archive.open(members[name]) as stream:
                arrays[name] = np.lib.format.read_array(stream, allow_pickle=False)
            check_characters(name, arrays[name])
    return arrays


def check_array(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: type) -> None:
    """Raise ValueError unless an array has this shape and dtype."""
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} must be {shape} {dtype.__name__}; got {array.shape} {array.dtype}")


def check_characters(name: str, array: np.ndarray) -> None:
    """Raise ValueError if texts of an array contain invalid code points, which numpy would accept."""
    if array.dtype.kind == "U":
        codes = np.frombuffer(array.tobytes(), array.dtype.str[0] + "u4")
        if codes.max(initial=0) > sys.maxunicode:
            raise ValueError(f"{name} contains invalid characters")


class ArchiveError(RuntimeError):
    """An archive that is damaged, foreign or of an unknown schema. The message names the file."""


@dataclass(frozen=True)
class Fact:
    """Requirement on one entry of an archive's metadata.

    path: the entry's name, with dots for nested objects. type_name: one of `_TYPES`.
    low, high: range of a number, or of the length of anything else. choices: all allowed values, if few.
    optional: True if it may be absent or null.
    """

    path: str
    type_name: str
    low: float = 0
    high: float = float("inf")
    choices: tuple[str, ...] = ()
    optional: bool = False

    def check(self, metadata: Mapping[str, Any]) -> None:
        """Raise a one-sentence ValueError unless the metadata fulfil the requirement."""
        value: Any = metadata
        for key in self.path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is None and self.optional:
            return
        if isinstance(value, bool) or not isinstance(value, _TYPES[self.type_name]):
            raise ValueError(f"{self.path} must be a {self.type_name}; got {quoted(value)}")
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.path} must be one of {', '.join(self.choices)}; got {quoted(value)}")
        amount = value if "number" in self.type_name else len(value)
        if not self.low <= amount <= self.high:
            of = "" if "number" in self.type_name else "of length "
            raise ValueError(f"{self.path} must be {of}{self.low:,g} to {self.high:,g}; got {quoted(value)}")


@dataclass(frozen=True)
class ArchiveFormat:
    """Format of an `.npz`: arrays, and `metadata`, a JSON object with the file's `schema`.

    name, maker: its name and the module that writes it, for errors. required, optional: names of its arrays.
    max_bytes, max_content: maximum size of the file, and of its arrays. facts: required metadata. renamed: new names of
    entries of the metadata by those in files of earlier versions.
    """

    name: str
    maker: str
    schema: int
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    max_bytes: int = 64 * 2**20
    max_content: int = 64 * 2**20
    facts: tuple[Fact, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)

    def pack(self, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> bytes:
        """Return the file's bytes, readable with `numpy.load(allow_pickle=False)`."""
        return npz_bytes(metadata=np.array(json.dumps({**metadata, "schema": self.schema})), **arrays)


class ArchiveContent:
    """Base class of archive contents: metadata, and conversions `arrays` and `build` to and from the file's arrays."""

    FILE: ClassVar[ArchiveFormat]
    metadata: Mapping[str, Any]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the file's arrays by name."""
        raise NotImplementedError

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> Self:
        """Build from a file's metadata and arrays, trusted or not; raises any of `DAMAGE` if they are invalid."""
        return cls(metadata=metadata, **arrays)  # type: ignore[call-arg]

    def to_bytes(self) -> bytes:
        """Return the file's bytes."""
        return self.FILE.pack(self.arrays(), self.metadata)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file atomically: after a crash it is either the old or the new one; errors as there."""
        write_atomically(Path(path), self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file.

        Raises:
            FileNotFoundError: there is no such file.
            ArchiveError: it is damaged, foreign, or of an unknown schema.
        """
        path, file = Path(path), cls.FILE
        if path.stat().st_size > file.max_bytes:
            raise ArchiveError(f"{path.name}: larger than {file.max_bytes >> 20} MiB, so not a {file.name}")
        return cls._parse(path.read_bytes(), path.name)

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str) -> Self:
        """Read a file's bytes, trusted or not.

        Args:
            name: file name used in errors.
        Raises:
            ArchiveError: one sentence, if anything is wrong; `build` may raise any of `DAMAGE`.
        """
        return cls._parse(data, name)

    @classmethod
    def _parse(cls, data: bytes, name: str) -> Self:
        file, name = cls.FILE, one_line(name, MAX_NAME)
        try:
            required = (*file.required, "metadata")
            arrays = read_npz(data, required=required, optional=file.optional, limit=file.max_content)
            text = arrays.pop("metadata")
            if text.dtype.kind != "U" or text.shape or text.itemsize > 4 * _MAX_METADATA:
                raise ValueError(f"metadata must be one text of at most {_MAX_METADATA:,} characters")
            metadata = json.loads(str(text))
            schema = metadata.pop("schema", None)
            if isinstance(schema, int) and 0 < schema < file.schema:
                raise ArchiveError(
                    f"{name}: this {file.name} was made by an earlier version; make it again with {file.maker}"
                )
            if schema != file.schema:
                raise ArchiveError(
                    f"{name}: schema {quoted(schema)} is unknown to this version, which reads schema "
                    f"{file.schema}; update the app, or recompute it with {file.maker}"
                )
            for old, new in file.renamed.items():
                if old in metadata:
                    metadata[new] = metadata.pop(old)
            for fact in file.facts:
                fact.check(metadata)
            return cls.build(metadata, **arrays)
        except ArchiveError:
            raise
        except DAMAGE as error:
            raise ArchiveError(
                f"{name}: not a {file.name}, or a damaged one ({one_line(error, MAX_REASON)}); "
                f"expected an .npz written by {file.maker}"
            ) from error
