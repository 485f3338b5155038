"""Outcomes of a network on corrupted pictures: whether it classifies each of them correctly."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.provenance import OUTCOME_FACTS
from core.fourier.intervals import clustered_interval
from core.fourier.maps.contrasts import Errors
from core.images.corruptions import STRENGTHS
from core.shared.files import ArchiveKind, Fact, check_array
from core.sweep.transforms import TransformOutcomes

CORRUPTION_FILE = ArchiveKind(
    name="file of corruptions",
    maker="core.sweep.corruption",
    schema=1,
    required=("clean", "correct", "spectrum"),
    facts=(
        *OUTCOME_FACTS,
        Fact("pictures", "whole number", 1, 2**32),
        Fact("corruptions", "JSON object", 1, 100),
    ),
)


@dataclass(frozen=True, eq=False)
class CorruptionOutcomes(TransformOutcomes):
    """Outcomes on n pictures under D corruptions at S strengths.

    clean: (n,) bool, whether each clean picture is classified correctly. correct: (D, S, n) bool, the same for the
    corrupted pictures. spectrum: (D, S, R) mean energy of the change by rounded radius, as in `energy_by_radius`; NaN
    where not yet measured. metadata: facts; `corruptions` are D keys, each with its S amounts.
    """

    FILE, what, unit = CORRUPTION_FILE, "corruptions", "strength"

    clean: np.ndarray
    correct: np.ndarray
    spectrum: np.ndarray
    metadata: Mapping[str, Any]

    @property
    def pictures(self) -> int:
        return len(self.clean)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the D corruptions, in order."""
        return tuple(self.metadata["corruptions"])

    @property
    def measured(self) -> np.ndarray:
        """(D, S) bool, whether measured."""
        return np.isfinite(self.spectrum).all(axis=-1)

    def originals(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        return {"clean": (predictions == labels)[0]}

    def part(self, place: tuple[int, ...], says: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
        correct, spectrum = self.correct.copy(), self.spectrum.copy()
        correct[place], spectrum[place] = says[0], value
        return {"correct": correct, "spectrum": spectrum}

    @property
    def images(self) -> Hashable:
        """Key of the pictures and corruptions: equal keys mean paired outcomes."""
        facts = self.metadata
        amounts = tuple((key, *amounts) for key, amounts in facts["corruptions"].items())
        return facts["dataset"]["content_hash"], facts["seed"], self.pictures, amounts

    def clean_errors(self) -> Errors:
        """Return the errors on the clean pictures."""
        return self._errors(~self.clean[None])

    def errors(self, *keys: str, strength: int | None = None) -> Errors:
        """Return the mean error over one or several corruptions, at one strength or over all, image by image."""
        rows = [self.keys.index(key) for key in keys]
        columns = slice(None) if strength is None else [STRENGTHS.index(strength)]
        return self._errors(~self.correct[rows][:, columns].reshape(-1, self.pictures))

    def _errors(self, wrong: np.ndarray) -> Errors:
        scores = wrong.mean(axis=0)
        return Errors(clustered_interval(scores).item(), scores, self.images)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the file's arrays, outcomes packed as bits."""
        return {
            "clean": np.packbits(self.clean),
            "correct": np.packbits(self.correct, axis=2),
            "spectrum": self.spectrum.astype(np.float32),
        }

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> CorruptionOutcomes:
        clean, correct, spectrum = (arrays[name] for name in CORRUPTION_FILE.required)
        pictures, rows = metadata["pictures"], (len(metadata["corruptions"]), len(STRENGTHS))
        check_array("clean", clean, (-(-pictures // 8),), np.uint8)
        check_array("correct", correct, (*rows, -(-pictures // 8)), np.uint8)
        if spectrum.shape[:2] != rows or spectrum.ndim != 3 or not spectrum.shape[2] or spectrum.dtype.kind != "f":
            raise ValueError(f"spectrum must be {rows} rows of numbers; it is {spectrum.dtype} {spectrum.shape}")
        if np.isinf(spectrum).any() or (spectrum < 0).any():
            raise ValueError("energies must be finite and non-negative")
        for key, amounts in metadata["corruptions"].items():
            if not isinstance(amounts, list) or len(amounts) != len(STRENGTHS):
                raise ValueError(f"{key!r} must have {len(STRENGTHS)} amounts")
            if not all(isinstance(amount, int | float) for amount in amounts):
                raise ValueError(f"the amounts of {key!r} must be numbers")
        clean = np.unpackbits(clean, count=pictures).astype(bool)
        correct = np.unpackbits(correct, axis=2, count=pictures).astype(bool)
        return cls(clean, correct, spectrum.astype(np.float64), metadata)
