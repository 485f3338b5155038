"""Answers of a network for one picture under every wave of a map: stored for the bundled pictures, else computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.data.stored import cached_by_files, first_by_name, read_stored, stored_files
from core.fourier.waves import half_plane, wave_map
from core.shared.device import class_probabilities
from core.shared.files import ArchiveContent, ArchiveFormat, Fact, check_array
from core.shared.numbers import Frequency
from core.sweep.predict import pictures_under_wave

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier

SIGNS_SEED = 0  # of the waves' signs, as in the shipped maps
CLEAN = 0  # column of the answers without a wave
UNKNOWN = 255  # instead of a percentage: not computed


@dataclass(frozen=True, eq=False)
class WaveAnswers(ArchiveContent):
    """A network's top-1 classes and their probabilities: of N pictures without a wave, then under each of `half_plane`.

    classes: (N, 1 + W) uint16. percents: (N, 1 + W) uint8, or `UNKNOWN`. metadata: the classifier, the pictures' data
    set, the size of the map and the size v of its waves.
    """

    metadata: dict[str, Any]
    classes: np.ndarray
    percents: np.ndarray

    FILE = ArchiveFormat(
        "file of answers under waves", "precomputed/makers/samples.py of commit 14e202db", 1, ("classes", "percents"),
        facts=(Fact("classifier.name", "text"), Fact("dataset", "text"), Fact("size", "whole number", 1, 999),
               Fact("epsilon", "number", 0)),
        renamed={"side": "size"},
    )  # fmt: skip

    def __post_init__(self) -> None:
        shape = len(self.classes), 1 + len(half_plane(self.size))
        check_array("classes", self.classes, shape, np.uint16)
        check_array("percents", self.percents, shape, np.uint8)

    @property
    def size(self) -> int:
        return int(self.metadata["size"])

    @property
    def about(self) -> tuple[str, int, float]:
        """Data set, size of the map, and size v."""
        return self.metadata["dataset"], self.size, self.metadata["epsilon"]

    def arrays(self) -> dict[str, np.ndarray]:
        return {"classes": self.classes, "percents": self.percents}

    def of(self, position: int) -> WaveAnswers:
        """Return the answers for one picture."""
        return WaveAnswers(self.metadata, self.classes[position : position + 1], self.percents[position : position + 1])


def no_answers(classifier: str, count: int, dataset: str, size: int, epsilon: float) -> WaveAnswers:
    """Return answers with nothing known yet."""
    facts = {"classifier": {"name": classifier}, "dataset": dataset, "size": size, "epsilon": epsilon}
    shape = count, 1 + len(half_plane(size))
    return WaveAnswers(facts, np.zeros(shape, np.uint16), np.full(shape, UNKNOWN, np.uint8))


@cache
def columns(size: int) -> np.ndarray:
    """Return the column of the answers under each wave of a map, (R, R)."""
    waves = half_plane(size)
    return wave_map(np.arange(1.0, 1 + len(waves)), waves, size).astype(np.int64)


def column(wave: Frequency, size: int) -> int | None:
    """Return the column of the answers under a wave; None beyond the map."""
    half = size // 2
    return int(columns(size)[wave[0] + half, wave[1] + half]) if max(map(abs, wave)) <= half else None


def answer(
    answers: WaveAnswers, classifier: Classifier, images: np.ndarray, columns: Sequence[int], start: int = 0
) -> None:
    """Fill in these columns.

    images: (N, 3, H, W) uint8. start: the first one's position in its data set, for its signs.
    """
    waves, pictures = (None, *half_plane(answers.size)), images.astype(np.float32) / 255
    under = [
        pictures_under_wave(pictures, waves[k], answers.metadata["epsilon"], seed=SIGNS_SEED, start=start)
        for k in columns
    ]
    probabilities = class_probabilities(classifier, np.concatenate(under)).reshape(len(columns), len(images), -1)
    answers.classes[:, columns] = probabilities.argmax(2).T
    answers.percents[:, columns] = np.rint(100 * probabilities.max(2)).T


@cached_by_files("waves")
def stored_answers() -> dict[str, WaveAnswers]:
    """Load the stored answers for the bundled pictures, by classifier name."""
    files = read_stored(WaveAnswers.load, stored_files("waves"))
    return first_by_name((file.metadata["classifier"]["name"], file) for file in files)
