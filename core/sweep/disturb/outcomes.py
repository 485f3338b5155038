"""Outcomes of a network on disturbed pictures: whether it classifies each of them correctly."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.data.provenance import OUTCOME_FACTS
from core.fourier.intervals import clustered_interval
from core.fourier.maps.contrasts import Errors
from core.images.disturbances import STRENGTHS
from core.shared.files import ArchiveKind, Fact, check_array
from core.sweep.transforms import Outcomes

DISTURBED = ArchiveKind(
    name="file of disturbances",
    maker="core.sweep.disturb",
    schema=1,
    required=("undisturbed", "correct", "spectrum"),
    facts=(
        *OUTCOME_FACTS,
        Fact("pictures", "whole number", 1, 2**32),
        Fact("disturbances", "JSON object", 1, 100),
    ),
)


@dataclass(frozen=True, eq=False)
class DisturbedOutcomes(Outcomes):
    """Outcomes on n pictures under D disturbances at S strengths.

    undisturbed: (n,) bool, whether each picture is classified correctly. correct: (D, S, n) bool, the same of the
    disturbed pictures. spectrum: (D, S, R) mean energy of what each changes, by rounded radius, as `energy_by_radius`
    has it; NaN where it was not yet measured. metadata: facts; `disturbances` are D keys, each with its S amounts.
    """

    FILE, what, unit = DISTURBED, "disturbances", "strength"

    undisturbed: np.ndarray
    correct: np.ndarray
    spectrum: np.ndarray
    metadata: Mapping[str, Any]

    @property
    def pictures(self) -> int:
        return len(self.undisturbed)

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of the D disturbances, in their order."""
        return tuple(self.metadata["disturbances"])

    @property
    def measured(self) -> np.ndarray:
        """(D, S) bool."""
        return np.isfinite(self.spectrum).all(axis=-1)

    def originals(self, predictions: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
        return {"undisturbed": (predictions == labels)[0]}

    def part(self, place: tuple[int, ...], says: np.ndarray, value: np.ndarray) -> dict[str, np.ndarray]:
        correct, spectrum = self.correct.copy(), self.spectrum.copy()
        correct[place], spectrum[place] = says[0], value
        return {"correct": correct, "spectrum": spectrum}

    @property
    def images(self) -> Hashable:
        """Equal where the same pictures were disturbed alike."""
        facts = self.metadata
        amounts = tuple((key, *amounts) for key, amounts in facts["disturbances"].items())
        return facts["dataset"]["content_hash"], facts["seed"], self.pictures, amounts

    def clean_errors(self) -> Errors:
        """Return the errors on the undisturbed pictures."""
        return self._errors(~self.undisturbed[None])

    def errors(self, *keys: str, strength: int | None = None) -> Errors:
        """Mean over one or several disturbances, at one strength or over all, image by image."""
        rows = [self.keys.index(key) for key in keys]
        columns = slice(None) if strength is None else [STRENGTHS.index(strength)]
        return self._errors(~self.correct[rows][:, columns].reshape(-1, self.pictures))

    def _errors(self, wrong: np.ndarray) -> Errors:
        scores = wrong.mean(axis=0)
        return Errors(clustered_interval(scores).item(), scores, self.images)

    def arrays(self) -> dict[str, np.ndarray]:
        """Bits and bytes."""
        return {
            "undisturbed": np.packbits(self.undisturbed),
            "correct": np.packbits(self.correct, axis=2),
            "spectrum": self.spectrum.astype(np.float32),
        }

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> DisturbedOutcomes:
        undisturbed, correct, spectrum = (arrays[name] for name in DISTURBED.required)
        pictures, rows = metadata["pictures"], (len(metadata["disturbances"]), len(STRENGTHS))
        check_array("undisturbed", undisturbed, (-(-pictures // 8),), np.uint8)
        check_array("correct", correct, (*rows, -(-pictures // 8)), np.uint8)
        if spectrum.shape[:2] != rows or spectrum.ndim != 3 or not spectrum.shape[2] or spectrum.dtype.kind != "f":
            raise ValueError(f"spectrum must be {rows} rows of numbers; it is {spectrum.dtype} {spectrum.shape}")
        if np.isinf(spectrum).any() or (spectrum < 0).any():
            raise ValueError("an energy is finite and not negative")
        for key, amounts in metadata["disturbances"].items():
            if not isinstance(amounts, list) or len(amounts) != len(STRENGTHS):
                raise ValueError(f"{key!r} must have {len(STRENGTHS)} amounts")
            if not all(isinstance(amount, int | float) for amount in amounts):
                raise ValueError(f"the amounts of {key!r} must be numbers")
        undisturbed = np.unpackbits(undisturbed, count=pictures).astype(bool)
        correct = np.unpackbits(correct, axis=2, count=pictures).astype(bool)
        return cls(undisturbed, correct, spectrum.astype(np.float64), metadata)
