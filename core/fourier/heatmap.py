"""A Fourier heat map: error counts with their provenance; saved, loaded and read without surprises.

The file is one `.npz` that loads with `allow_pickle=False`; DESIGN of the format in the README, "Heat map files".
"""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.files import DAMAGE, read_npz, write_atomically
from core.fourier.basis import check_side
from core.fourier.intervals import Interval, wilson

SCHEMA = 1
# Room for a map of 1023 x 1023 cells, far beyond any sweep; keeps an uploaded archive from filling the memory.
LARGEST_FILE = 64 * 2**20
REQUIRED = ("top1_errors", "top5_errors", "count", "clean", "metadata")
OPTIONAL = ("printed_rates", "true_probability")


class HeatmapError(RuntimeError):
    """A heat map file that is damaged, foreign or of an unknown schema. The text names the file."""


@dataclass(frozen=True, eq=False)
class Heatmap:
    """Errors of one classifier on one data set, for every wave of a centred odd square.

    top1_errors, top5_errors: (R, R) int64, -1 where not computed. count: (R, R) int64, images per cell.
    clean: (3,) int64, [top-1 errors, top-5 errors, n] without any wave; -1 where unknown.
    metadata: provenance, a JSON object (see the README).
    printed_rates: (2, R, R) float64 or None. Published maps are known only as printed percentages with three
    digits: they carry these rates (top-1, top-5; NaN where missing) and no made-up counts.
    true_probability: (R, R) float64 or None, mean softmax probability of the true class; NaN where not computed.
    """

    top1_errors: np.ndarray
    top5_errors: np.ndarray
    count: np.ndarray
    clean: np.ndarray
    metadata: Mapping[str, Any]
    printed_rates: np.ndarray | None = None
    true_probability: np.ndarray | None = None

    def __post_init__(self) -> None:
        side = self.top1_errors.shape[0]
        check_side(side)
        for name in ("top1_errors", "top5_errors", "count"):
            array = getattr(self, name)
            if array.shape != (side, side) or array.dtype != np.int64:
                raise ValueError(f"{name} must be ({side}, {side}) int64; got {array.shape} {array.dtype}")
        for errors in (self.top1_errors, self.top5_errors):
            if (errors > self.count).any() or (errors < -1).any():
                raise ValueError("every error count must lie between -1 (not computed) and the number of images")
        if self.clean.shape != (3,) or self.clean.dtype != np.int64:
            raise ValueError(f"clean must be 3 int64: top-1 errors, top-5 errors, n; got {self.clean}")
        if self.clean[2] >= 0 and (self.clean[:2] > self.clean[2]).any():
            raise ValueError(f"more clean errors than images: {self.clean.tolist()}")
        _check_fractions("printed_rates", self.printed_rates, (2, side, side))
        _check_fractions("true_probability", self.true_probability, (side, side))

    @property
    def side(self) -> int:
        """R, the number of rows and of columns."""
        return int(self.top1_errors.shape[0])

    @property
    def error_rate(self) -> np.ndarray:
        """(R, R) top-1 error in [0, 1], NaN where not computed."""
        return self.rate(1)

    def rate(self, top: int = 1) -> np.ndarray:
        """(R, R) top-1 or top-5 error in [0, 1], NaN where not computed."""
        if self.printed_rates is not None:
            return self.printed_rates[_top_index(top)].copy()
        errors = (self.top1_errors, self.top5_errors)[_top_index(top)]
        computed = (errors >= 0) & (self.count > 0)
        return np.divide(errors, self.count, out=np.full(errors.shape, np.nan), where=computed)

    def interval(self, top: int = 1, confidence: float = 0.95) -> Interval:
        """(R, R) Wilson interval of `rate`; a printed rate's rounding widens it on both sides."""
        rate, half = self.rate(top), self.rounding(top)
        return Interval(
            wilson(np.clip(rate - half, 0, 1), self.images, confidence).low,
            wilson(np.clip(rate + half, 0, 1), self.images, confidence).high,
        )

    @property
    def images(self) -> np.ndarray:
        """(R, R) images behind each rate; for a printed rate the number its run used."""
        if self.printed_rates is None:
            return self.count
        return np.where(np.isfinite(self.printed_rates[0]), int(self.metadata["dataset"]["n"]), 0)

    def rounding(self, top: int = 1) -> np.ndarray:
        """(R, R) half a unit of the last printed digit (three significant digits, in percent); 0 for counts."""
        rate = self.rate(top)
        if self.printed_rates is None:
            return np.zeros_like(rate)
        percent = np.nan_to_num(rate * 100)
        # 54.3 -> 0.05 points, 5.83 -> 0.005, 0.916 -> 0.0005; the 1e-9 keeps 9.9999... from binary rounding apart.
        digits = np.floor(np.log10(np.maximum(percent, 1e-3) + 1e-9))
        return 0.5 * 10.0 ** (digits - 2) / 100

    def clean_rate(self, top: int = 1) -> float | None:
        """Error without any wave, in [0, 1]; None where the source does not give it."""
        errors, n = self.clean[_top_index(top)], self.clean[2]
        return float(errors / n) if errors >= 0 and n > 0 else None

    def crop(self, side: int) -> Heatmap:
        """The central `side` x `side` cells; the map itself when it is not larger than that."""
        check_side(side)
        if side >= self.side:
            return self
        cut = (self.side - side) // 2
        centre = (slice(cut, cut + side), slice(cut, cut + side))
        rates, probability = self.printed_rates, self.true_probability
        return Heatmap(
            self.top1_errors[centre].copy(),
            self.top5_errors[centre].copy(),
            self.count[centre].copy(),
            self.clean,
            self.metadata,
            None if rates is None else rates[(slice(None), *centre)].copy(),
            None if probability is None else probability[centre].copy(),
        )

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        arrays: dict[str, Any] = {
            "top1_errors": self.top1_errors,
            "top5_errors": self.top5_errors,
            "count": self.count,
            "clean": self.clean,
            "metadata": np.array(json.dumps(dict(self.metadata), ensure_ascii=True, sort_keys=True)),
        }
        arrays |= {name: array for name in OPTIONAL if (array := getattr(self, name)) is not None}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)
        return buffer.getvalue()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the file atomically: after a crash it is the old one or the new one, never half of one."""
        write_atomically(Path(path), self.to_bytes())

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Heatmap:
        """Read a heat map file.

        Raises:
            FileNotFoundError: there is no such file.
            HeatmapError: the file is damaged, is not a heat map, or has a schema this version does not know.
        """
        path = Path(path)
        if path.stat().st_size > LARGEST_FILE:
            raise HeatmapError(f"{path.name}: larger than {LARGEST_FILE >> 20} MiB, so not a heat map")
        return Heatmap.from_bytes(path.read_bytes(), name=path.name)

    @staticmethod
    def from_bytes(data: bytes, *, name: str) -> Heatmap:
        """Read a heat map from a file's bytes, trusted or not; `name` is what errors call it."""
        try:
            arrays = read_npz(data, required=REQUIRED, optional=OPTIONAL, limit=LARGEST_FILE)
            metadata = json.loads(str(arrays.pop("metadata")))
            if not isinstance(metadata, dict):
                raise ValueError("metadata is not a JSON object")
            if metadata.get("schema") != SCHEMA:
                raise HeatmapError(
                    f"{name}: heat map schema {metadata.get('schema')!r} is unknown to this version, which reads "
                    f"schema {SCHEMA}; update the app, or compute the map again with python -m core.sweep"
                )
            _check_metadata(metadata)
            return Heatmap(**arrays, metadata=metadata)
        except HeatmapError:
            raise
        except DAMAGE as error:
            raise HeatmapError(
                f"{name}: not a heat map file, or a damaged one ({error}); wanted an .npz written by "
                "python -m core.sweep"
            ) from error


def _check_fractions(name: str, array: np.ndarray | None, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless the array is absent, or has that shape and fractions or NaN in it."""
    if array is None:
        return
    if array.shape != shape or array.dtype != np.float64:
        raise ValueError(f"{name} must be {shape} float64; got {array.shape} {array.dtype}")
    known = array[~np.isnan(array)]
    if (known < 0).any() or (known > 1).any():
        raise ValueError(f"{name} holds fractions in [0, 1]; got {known.min():g} to {known.max():g}")


def _top_index(top: int) -> int:
    if top not in (1, 5):
        raise ValueError(f"top must be 1 or 5; got {top}")
    return 0 if top == 1 else 1


def _check_metadata(metadata: Mapping[str, Any]) -> None:
    """Raise ValueError unless the fields that readers rely on are there, with the right types."""
    wanted: dict[str, type | tuple[type, ...]] = {
        "classifier": dict,
        "dataset": dict,
        "source": dict,
        "image_size": int,
        "epsilon": (int, float),
        "class_names": list,
    }
    for key, kind in wanted.items():
        if not isinstance(metadata.get(key), kind):
            raise ValueError(f"metadata lacks {key}, or it has the wrong type")
    for key, inner in (("classifier", "name"), ("dataset", "name"), ("source", "type")):
        if not isinstance(metadata[key].get(inner), str):
            raise ValueError(f"metadata lacks {key}.{inner}")
    if not isinstance(metadata["dataset"].get("n"), int) or metadata["dataset"]["n"] < 1:
        raise ValueError("metadata lacks dataset.n, the number of images")
