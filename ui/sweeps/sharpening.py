"""State of a map that sharpens as it runs, the time to its next point, and the command that resumes it.

Does not import Streamlit.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from core.fourier.basis import half_plane
from core.fourier.maps.heatmap import Heatmap
from core.sweep.maps import passes_taken

SIDE = 31
FIRST_IMAGES = 5  # per wave in the first round: a complete, if coarse, map within seconds


@dataclass(frozen=True)
class PrecisionPoint:
    """Precision after a round. half_width: mean, in points. passes: total so far."""

    half_width: float
    passes: int


@dataclass(frozen=True, eq=False)
class Sharpening:
    """The newest map, and the newest with an estimate. rounds: precision after each round."""

    heatmap: Heatmap
    estimated: Heatmap | None
    rounds: tuple[PrecisionPoint, ...]

    @property
    def share(self) -> float:
        """Share of passes done."""
        return passes_taken(self.heatmap) / _all_passes(self.heatmap)

    @property
    def next_point(self) -> tuple[int, float] | None:
        """Next integer half-width in points, and the seconds until it; None if there is none or it is unknown."""
        if not self.rounds:
            return None
        source, now = self.heatmap.metadata["source"], passes_taken(self.heatmap)
        expected = passes_to_next_point(self.rounds, _all_passes(self.heatmap))
        if expected is None or not source["images_per_second"]:
            return None
        return expected[0], max(0.0, (expected[1] - now) / source["images_per_second"])


def _all_passes(heatmap: Heatmap) -> int:
    return int(heatmap.metadata["dataset"]["n"]) * (1 + len(half_plane(heatmap.side)))


def sharpening(maps: Iterable[Heatmap]) -> Iterator[Sharpening]:
    """Yield the states of a sweep with precision."""
    estimated: Heatmap | None = None
    rounds: tuple[PrecisionPoint, ...] = ()
    for heatmap in maps:
        if heatmap.estimate is not None:
            estimated = heatmap
            rounds = (*rounds, PrecisionPoint(heatmap.metadata["estimate"]["half_width"], passes_taken(heatmap)))
        yield Sharpening(heatmap, estimated, rounds)


def passes_to_next_point(rounds: Sequence[PrecisionPoint], most: int) -> tuple[int, int] | None:
    """Return the next integer below the current half-width, and the number of passes at which to expect it.

    The half-width is assumed to fall as a power of the passes: that between the last two rounds, initially 1/2.

    Returns:
        None if it would take more than `most` passes, or if the half-width is at most one point already.
    """
    *_, last = rounds
    target, power = math.ceil(last.half_width) - 1, 0.5
    if len(rounds) > 1 and rounds[-2].half_width > last.half_width:
        before = rounds[-2]
        power = math.log(before.half_width / last.half_width) / math.log(last.passes / before.passes)
    if target < 1:
        return None
    # In logarithms: a half-width that hardly falls would take more passes than a float can hold.
    log_passes = math.log(last.passes) + math.log(last.half_width / target) / power
    return None if log_passes > math.log(most) else (target, round(math.exp(log_passes)))


def sweep_options(images: int) -> dict[str, float]:
    """Return `passes` and `precision` of a sweep over this many images that sharpens until it has used all."""
    return {"passes": min(1.0, FIRST_IMAGES / images), "precision": 0.01}


def script_command(heatmap: Heatmap, dataset: str) -> str:
    """Return the command that resumes a downloaded map. dataset: value of `--dataset`."""
    facts = heatmap.metadata
    first = 100 * sweep_options(facts["dataset"]["n"])["passes"]
    arguments = [
        *("python", "-m", "core.sweep", "--classifier", facts["classifier"]["name"], "--dataset", dataset),
        *("--side", str(heatmap.side), "--epsilon", str(facts["epsilon"]), "--passes", f"{first:.9g}%"),
        *("--precision", "1", "--output", "map.npz"),
    ]
    return shlex.join(arguments)
