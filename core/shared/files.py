"""Files: never half-written, and untrusted `.npz` archives, with facts about their arrays, read safely."""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import zipfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from core.shared import former_names
from core.shared.errors import one_line, quoted

Content = TypeVar("Content")
CACHE = "CLIP_LAB_CACHE"  # environment variable: another folder for what can be computed again
# Kinds of facts, as errors call them.
KINDS: dict[str, Any] = {
    "text": str,
    "number": (int, float),
    "whole number": int,
    "list": list,
    "JSON object": dict,
}

# Reading a damaged or hostile archive raises anything, from struct.error to SyntaxError (tests flip bytes at random).
DAMAGE = (Exception,)
# Characters of a file's name and of a reason in an error: either may be untrusted, and of any length.
MAX_NAME, MAX_REASON = 100, 300
# Members of an archive. Listing the millions that fit into a small file takes half a minute and a gigabyte.
_MAX_MEMBERS = 1000
_MEMBER = b"PK\x01\x02"  # begins every line of an archive's list
# Characters of an archive's metadata; those of a run over a thousand classes have some 20,000.
_MAX_METADATA = 2**21


def cache_folder() -> Path:
    """Return the folder of what can be computed again: $CLIP_LAB_CACHE, else `clip-lab` in the user's cache."""
    usual = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "clip-lab")
    return Path(os.environ.get(CACHE) or usual).expanduser()


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


def write_json(path: Path, content: Any, indent: int | None = 2) -> None:
    """Write JSON atomically, indented or on one line; a value that JSON cannot hold is an error."""
    text = json.dumps(content, indent=indent, allow_nan=False, ensure_ascii=False)
    # Half a character, as an odd command line may hold it, becomes an escape, which JSON reads again.
    write_atomically(path, f"{text}\n".encode(errors="backslashreplace"))


def npz_bytes(**arrays: Any) -> bytes:
    """A compressed `.npz` of these arrays."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def make_folder(path: Path) -> None:
    """Make a folder for results, unless it is there.

    Raises:
        OSError: one sentence, where that cannot be done.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OSError(f"cannot make the folder {path}: {error.strerror}") from error


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
        members = {former_names.ARRAYS.get(name, name): entry for name, entry in members.items()}
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
            check_characters(name, arrays[name])
    return arrays


def check_array(name: str, array: np.ndarray, shape: tuple[int, ...], dtype: type) -> None:
    """Raise ValueError unless an array has this shape and type."""
    if array.shape != shape or array.dtype != dtype:
        raise ValueError(f"{name} must be {shape} {dtype.__name__}; got {array.shape} {array.dtype}")


def check_characters(name: str, array: np.ndarray) -> None:
    """Raise ValueError where texts of an array hold numbers that are no characters: numpy would make broken texts."""
    if array.dtype.kind == "U":
        codes = np.frombuffer(array.tobytes(), array.dtype.str[0] + "u4")
        if codes.max(initial=0) > sys.maxunicode:
            raise ValueError(f"{name} holds numbers that are no characters")


class ArchiveError(RuntimeError):
    """An archive that is damaged, foreign or of an unknown schema. The text names the file."""


@dataclass(frozen=True)
class Fact:
    """Requirement on one fact in an archive's metadata.

    path: the fact's name; a dot leads into an inner object. kind: one of `KINDS`.
    low, high: range of a number, or of the length of anything else. choices: all that it can be, where these are few.
    optional: whether it may be absent or null.
    """

    path: str
    kind: str
    low: float = 0
    high: float = float("inf")
    choices: tuple[str, ...] = ()
    optional: bool = False

    def check(self, metadata: Mapping[str, Any]) -> None:
        """Raise ValueError, one sentence, unless the metadata say so."""
        value: Any = metadata
        for key in self.path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        if value is None and self.optional:
            return
        if isinstance(value, bool) or not isinstance(value, KINDS[self.kind]):
            raise ValueError(f"{self.path} must be a {self.kind}; got {quoted(value)}")
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.path} must be one of {', '.join(self.choices)}; got {quoted(value)}")
        amount = value if "number" in self.kind else len(value)
        if not self.low <= amount <= self.high:
            of = "" if "number" in self.kind else "of length "
            raise ValueError(f"{self.path} must be {of}{self.low:,g} to {self.high:,g}; got {quoted(value)}")


@dataclass(frozen=True)
class ArchiveKind:
    """One kind of `.npz`: arrays, and as `metadata` a JSON object of facts about them, with the file's `schema`.

    name, maker: what people call it, and what writes it. required, optional: names of its arrays.
    max_bytes, max_content: of the file, and of its arrays together. facts: what readers rely on.
    error: what `load` and `parse` raise.
    """

    name: str
    maker: str
    schema: int
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    max_bytes: int = 64 * 2**20
    max_content: int = 64 * 2**20
    facts: tuple[Fact, ...] = ()
    error: type[ArchiveError] = ArchiveError

    def pack(self, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, Any]) -> bytes:
        """The file's bytes, which `numpy.load(allow_pickle=False)` reads."""
        return npz_bytes(metadata=np.array(json.dumps({**metadata, "schema": self.schema})), **arrays)

    def load(self, path: str | os.PathLike[str], build: Callable[..., Content]) -> Content:
        """Parse a file, as `parse` does its bytes.

        Raises:
            FileNotFoundError: there is no such file.
        """
        path = Path(path)
        if path.stat().st_size > self.max_bytes:
            raise self.error(f"{path.name}: larger than {self.max_bytes >> 20} MiB, so not a {self.name}")
        return self.parse(path.read_bytes(), path.name, build)

    def parse(
        self, data: bytes, name: str, build: Callable[..., Content], *, max_content: int | None = None
    ) -> Content:
        """Parse a file's bytes, trusted or not, and return `build(metadata, **arrays)`.

        Args:
            name: what errors call the file.
            max_content: another limit for the arrays' bytes.
        Raises:
            ArchiveError: as `error` says, one sentence, where anything is wrong; `build` raises one of `DAMAGE` then.
        """
        name, required = one_line(name, MAX_NAME), (*self.required, "metadata")
        try:
            arrays = read_npz(data, required=required, optional=self.optional, limit=max_content or self.max_content)
            text = arrays.pop("metadata")
            if text.dtype.kind != "U" or text.shape or text.itemsize > 4 * _MAX_METADATA:
                raise ValueError(f"metadata must be one text of at most {_MAX_METADATA:,} characters")
            facts = json.loads(str(text))
            metadata = {former_names.FACTS.get(key, key): value for key, value in facts.items()}
            if (schema := metadata.pop("schema", None)) != self.schema:
                raise self.error(
                    f"{name}: schema {quoted(schema)} is unknown to this version, which reads schema "
                    f"{self.schema}; update the app, or compute it again with {self.maker}"
                )
            for fact in self.facts:
                fact.check(metadata)
            return build(metadata, **arrays)
        except self.error:
            raise
        except DAMAGE as error:
            raise self.error(
                f"{name}: not a {self.name}, or a damaged one ({one_line(error, MAX_REASON)}); "
                f"wanted an .npz written by {self.maker}"
            ) from error


class Archived:
    """Content of an archive: its facts, and arrays that `arrays` and `build` turn into those of the file and back."""

    FILE: ClassVar[ArchiveKind]
    metadata: Mapping[str, Any]

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of the file, by name."""
        raise NotImplementedError

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> Self:
        """Build from a file's facts and arrays, trusted or not; raises one of `DAMAGE` if they do not fit."""
        return cls(metadata=metadata, **arrays)  # type: ignore[call-arg]

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        return self.FILE.pack(self.arrays(), self.metadata)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file atomically: after a crash it is the old one or the new one, never half of one.

        Raises:
            FileNotFoundError: the folder does not exist.
        """
        write_atomically(Path(path), self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a file.

        Raises:
            FileNotFoundError: there is no such file.
            ArchiveError: as `FILE.error` says: it is damaged, foreign, or has a schema this version does not know.
        """
        return cls.FILE.load(path, cls.build)

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str, limit: int | None = None) -> Self:
        """Read a file's bytes, trusted or not.

        Args:
            name: what errors call the file.
            limit: bytes that its arrays may unpack to; None for the usual limit.
        Raises:
            ArchiveError: as `load`.
        """
        return cls.FILE.parse(data, name, cls.build, max_content=limit)
