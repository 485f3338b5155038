"""What a network does with pictures, part by part: in one file, while it grows and when it is whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

import numpy as np

from core.data.provenance import computed_source
from core.shared.cli import progress_bar
from core.shared.files import Archived
from core.sweep.output import only_writer


class Outcomes(Archived):
    """A dataclass of arrays, with `metadata` on the network, the data set, and all else that they depend on.

    what: they are, for errors. unit: a part of them, for the progress bar.
    """

    what: ClassVar[str]
    unit: ClassVar[str]

    @property
    def measured(self) -> np.ndarray:
        """bool, of each part whether it was."""
        raise NotImplementedError

    @classmethod
    def stored(cls, folder: Path) -> dict[str, Self]:
        """Those of a folder's files, by the name of the classifier."""
        found = [cls.load(path) for path in sorted(folder.glob("*.npz"))]
        return {one.metadata["classifier"]["name"]: one for one in found}

    def same_settings(self, other: Self) -> bool:
        """Whether one can go on where the other stopped: the facts are equal, but for the source."""
        one, two = ({**outcomes.metadata, "source": None} for outcomes in (self, other))
        return one == two


Growing = TypeVar("Growing", bound=Outcomes)


def growing(start: Growing, measure: Callable[..., dict[str, Any]], device: str) -> Iterator[Growing]:
    """The outcomes after each part that was not measured yet; the last are whole.

    Args:
        start: what was measured so far, which is kept.
        measure: from the outcomes so far, and a part's place in `measured`, to the arrays that it changes. A kept state
            never changes later, so these are copies.
        device: in words.
    """
    outcomes: Any = start
    begun, before = time.perf_counter(), outcomes.metadata["source"].get("wall_seconds", 0.0)
    for part in np.argwhere(~outcomes.measured).tolist():
        arrays = measure(outcomes, *part)
        seconds = round(before + time.perf_counter() - begun, 2)
        facts = {**outcomes.metadata, "source": computed_source(device, wall_seconds=seconds)}
        outcomes = replace(outcomes, **arrays, metadata=facts)
        yield outcomes


def grow_in_file(
    output: Path, empty: Growing, grow: Callable[[Growing], Iterator[Growing]], description: str | None = None
) -> Growing:
    """Measure what `output` lacks, and keep each finished part there, so that the same call resumes.

    Args:
        empty: before anything is measured.
        grow: the outcomes after each further part.
        description: what the progress bar is called.
    Raises:
        ValueError: `output` holds outcomes of other settings.
        RuntimeError: another run is writing it.
        OSError: the folder takes no file.
    """
    with only_writer(output):
        outcomes = start = type(empty).load(output) if output.exists() else empty
        if not empty.same_settings(start):
            raise ValueError(f"{output.name} holds {empty.what} of other settings; choose another --output")
        done = int(start.measured.sum())
        with progress_bar(desc=description, total=empty.measured.size, initial=done, unit=empty.unit) as bar:
            for outcomes in grow(start):
                outcomes.save(output)
                bar.update()
    return outcomes
