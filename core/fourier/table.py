"""The one table of results: a row a transform, with counts, packed hits where kept, and free numbers; its file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np

from core.data.stored import first_by_name, read_stored, stored_files
from core.shared.files import ArchiveContent, ArchiveFormat, Fact, check_array
from core.shared.text import quoted

_SCHEMA = 2
# Arrays of tables that only some have.
_OPTIONAL = ("bits", "labels", "predictions")
# Entries of the metadata, and numbers, that may differ between the beginning and the end of one table.
GROWN = ("source", "estimate")


@dataclass(frozen=True)
class Number:
    """A number, or an array of numbers, of each row.

    shape: shape of one row; None for an axis of any length. low, high: range; NaN where not measured.
    """

    shape: tuple[int | None, ...] = ()
    dtype: type = np.float64
    low: float = 0.0
    high: float = 1.0

    def rounded(self, name: str, value: float) -> float:
        """Clip a value to the range; raise ValueError if it is outside by more than rounding error."""
        within = float(np.clip(value, self.low, self.high))
        if not abs(within - value) < 1e-5:
            raise ValueError(f"{name} holds numbers in [{self.low:g}, {self.high:g}], got {value:g}; give its range")
        return within

    def check(self, name: str, values: np.ndarray, rows: int) -> None:
        """Raise ValueError unless the values of all rows fit."""
        lengths = values.shape[1:] if values.ndim == 1 + len(self.shape) else (1,) * len(self.shape)
        shape = (here if length is None else length for length, here in zip(self.shape, lengths, strict=True))
        check_array(name, values, (rows, *shape), self.dtype)
        if (values < self.low).any() or (values > self.high).any():
            raise ValueError(
                f"{name} holds numbers in [{self.low:g}, {self.high:g}]; "
                f"got {np.nanmin(values):g} to {np.nanmax(values):g}"
            )


POSITIVE = float(np.finfo(np.float32).max)  # highest value of a number without a limit


@dataclass(frozen=True, eq=False)
class Row:
    """A measured row. index: in the table. The other fields are the row's part of the fields of `Outcomes`."""

    index: int
    count: int
    hits: Sequence[int] | np.ndarray = ()
    bits: np.ndarray | None = None
    predictions: np.ndarray | None = None
    numbers: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Outcomes(ArchiveContent):
    """Results of one network: a row for each of T transforms of n pictures; row 0 is mostly that without a transform.

    counts: (T,) int64, pictures measured under each transform; 0 where not measured. hits: (T, ASKED) int64, for how
    many of them each class asked for is predicted, such as the true one; -1 where unknown. bits: (T, KEPT, ceil(n / 8))
    uint8 or None: for which of them, as `numpy.packbits` packs n bits, for the first KEPT classes asked for; zeros
    where not measured. labels: (n,), or (P, n) if each picture is made from P, uint16 true classes, or None.
    predictions: like labels, the top-1 class of each picture without a transform, or None. numbers: of each row, by
    name, those of NUMBERS. metadata: everything that determines the results, and their source.

    TRANSFORM: name of the transforms.
    """

    TRANSFORM: ClassVar[str]
    ASKED: ClassVar[int] = 0
    KEPT: ClassVar[int] = 0
    NUMBERS: ClassVar[Mapping[str, Number]] = {}

    counts: np.ndarray
    hits: np.ndarray
    metadata: Mapping[str, Any]
    bits: np.ndarray | None = None
    labels: np.ndarray | None = None
    predictions: np.ndarray | None = None
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = len(self.counts) if self.counts.ndim else 0
        check_array("counts", self.counts, (rows,), np.int64)
        check_array("hits", self.hits, (rows, self.ASKED), np.int64)
        if (self.hits > self.counts[:, None]).any() or (self.hits < -1).any() or (self.counts < 0).any():
            raise ValueError("hits must lie between -1 (unknown) and the number of pictures")
        for name, values in self.numbers.items():
            self.NUMBERS[name].check(name, values, rows)
        for name in ("labels", "predictions"):
            if (classes := getattr(self, name)) is not None:
                check_array(name, classes, (*classes.shape[:-1], self.n), np.uint16)
                if classes.max(initial=0) >= (known := len(self.metadata["class_names"])):
                    raise ValueError(f"{name} hold class {classes.max()} of {known}")
        if self.bits is not None:
            check_array("bits", self.bits, (rows, self.KEPT, -(-self.n // 8)), np.uint8)
            padding = self.bits[..., -1:] & (0xFF >> (self.n % 8 or 8))
            hits = np.where(self.measured[:, None], self.hits[:, : self.KEPT], 0)
            bits = np.bitwise_count(self.bits).sum(axis=-1, dtype=np.int64)
            if (bits != hits).any() or padding.any() or not np.isin(self.counts, (0, self.n)).all():
                raise ValueError("the packed hits differ from the counts")

    @property
    def n(self) -> int:
        """Number of pictures under each transform, if all have the same."""
        return int(self.metadata["dataset"]["n"])

    @property
    def measured(self) -> np.ndarray:
        """(T,) bool, True where a row is measured."""
        return self.counts > 0

    def hit(self, rows: Any, column: int = 0) -> np.ndarray:
        """(rows, n) bool, for which pictures a class asked for is predicted, in a table with `bits`."""
        assert self.bits is not None
        return np.unpackbits(self.bits[rows][..., column, :], axis=-1, count=self.n).astype(bool)

    def entered(self, row: Row, source: Mapping[str, Any] | None = None) -> Self:
        """Return a copy with a measured row and its source, without what followed from the rows before it.

        A number that the table lacks is left out.
        """
        arrays = {"counts": row.count, "hits": row.hits, "bits": row.bits}
        changes: dict[str, Any] = {}
        for name, value in arrays.items():
            if (array := getattr(self, name)) is not None and value is not None:
                changes[name] = _with_row(array, row.index, value)
        if row.predictions is not None and self.predictions is not None:
            changes["predictions"] = row.predictions.astype(np.uint16)
        facts = {name: fact for name, fact in self.metadata.items() if name not in GROWN}
        numbers = {
            name: _with_row(values, row.index, row.numbers[name]) if name in row.numbers else values
            for name, values in self.numbers.items()
            if name not in GROWN
        }
        facts["source"] = self.metadata["source"] if source is None else source
        return replace(self, **changes, metadata=facts, numbers=numbers)

    def rows(self, chosen: Sequence[int] | np.ndarray) -> Self:
        """Return a table of some rows, in this order."""
        bits = None if self.bits is None else self.bits[chosen]
        numbers = {name: values[chosen] for name, values in self.numbers.items()}
        return replace(self, counts=self.counts[chosen], hits=self.hits[chosen], bits=bits, numbers=numbers)

    @property
    def settings(self) -> dict[str, Any]:
        """Facts besides the metadata that determine the results."""
        return {"number of rows": len(self.counts)}

    def differences(self, other: Self) -> list[str]:
        """Return why one cannot resume the other, "seed 0, not 1"; empty if all but source and estimate are equal."""
        facts, theirs = (
            {**_flat({name: value for name, value in table.metadata.items() if name not in GROWN}), **table.settings}
            for table in (self, other)
        )
        names = [name for name in {**facts, **theirs} if facts.get(name) != theirs.get(name)]
        return [f"{name} {quoted(facts.get(name), 60)}, not {quoted(theirs.get(name), 60)}" for name in names]

    def equals(self, other: Self) -> bool:
        """Return True if both tables are equal."""
        arrays, theirs = self.arrays(), other.arrays()
        same = arrays.keys() == theirs.keys() and self.metadata == other.metadata
        return same and all(np.array_equal(arrays[name], theirs[name], equal_nan=True) for name in arrays)

    def arrays(self) -> dict[str, np.ndarray]:
        optional = {name: array for name in _OPTIONAL if (array := getattr(self, name)) is not None}
        return {"counts": self.counts, "hits": self.hits, **optional, **self.numbers}

    def to_bytes(self) -> bytes:
        return self.FILE.pack(self.arrays(), {**self.metadata, "transform": self.TRANSFORM})

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> Self:
        del metadata["transform"]
        counts, hits = arrays.pop("counts"), arrays.pop("hits")
        optional = {name: arrays.pop(name, None) for name in _OPTIONAL}
        return cls(counts, hits, metadata, **optional, numbers=arrays)

    @classmethod
    def stored(cls) -> dict[str, Self]:
        """Load the stored files by classifier name; the first of a name counts."""
        tables = read_stored(cls.load, stored_files(cls.TRANSFORM))
        return first_by_name((table.metadata["classifier"]["name"], table) for table in tables)


def outcome_file(
    transform: str,
    facts: tuple[Fact, ...],
    numbers: Mapping[str, Number],
    *,
    required: tuple[str, ...] = (),
    name: str = "",
    command: str = "",
) -> ArchiveFormat:
    """Return the file format of a table.

    Args:
        transform: the table's TRANSFORM. facts, numbers: that it may have as well.
        required: names of arrays that every such file has, besides `counts` and `hits`.
        name: used in errors; defaults to the transform's. command: writes the file; defaults to the sweep.
    """
    optional = tuple(name for name in (*_OPTIONAL, *numbers) if name not in required)
    facts = (Fact("transform", "text", choices=(transform,)), *facts)
    name, command = name or f"file of {transform}", command or f"python -m core.sweep {transform}"
    return ArchiveFormat(name, command, _SCHEMA, ("counts", "hits", *required), optional, facts=facts)


def _with_row(array: np.ndarray, index: int, value: Any) -> np.ndarray:
    copy = array.copy()
    copy[index] = value
    return copy


def _flat(facts: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested metadata by dotted names."""
    flat: dict[str, Any] = {}
    for name, value in facts.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else {f"{prefix}{name}": value}
    return flat
