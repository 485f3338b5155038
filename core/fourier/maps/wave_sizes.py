"""Error against the size v of the waves, from maps that differ only in v."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from core.fourier.basis import Frequency
from core.fourier.intervals import Interval
from core.fourier.maps.contrasts import Errors, cell_error, clean_error, contrast
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.rings import ring_errors


@dataclass(frozen=True)
class SizePoint:
    """Error at one size v of the wave, its L2 norm per channel; v = 0 means no wave."""

    epsilon: float
    error: Interval


def families(maps: Iterable[Heatmap]) -> tuple[tuple[Heatmap, ...], ...]:
    """Return groups of two or more maps of one classifier on the same images that differ only in v, weakest first.

    The first of two maps with the same v counts.
    """
    groups: list[list[Heatmap]] = []
    for heatmap in maps:
        family = next((family for family in groups if _facts(family[0]) == _facts(heatmap)), None)
        if family is None:
            groups.append([heatmap])
        elif all(_size(other) != _size(heatmap) for other in family):
            family.append(heatmap)
    return tuple(tuple(sorted(family, key=_size)) for family in groups if len(family) > 1)


def _facts(heatmap: Heatmap) -> tuple[object, ...]:
    """Return everything but v that cells depend on."""
    return heatmap.side, {**heatmap.metadata, "epsilon": None, "source": None, "estimate": None}


def _size(heatmap: Heatmap) -> float:
    return float(heatmap.metadata["epsilon"])


def wave_curve(family: Sequence[Heatmap], frequency: Frequency) -> tuple[SizePoint, ...]:
    """Return the error under one wave at every v and without it; maps that lack the wave are skipped."""
    return _curve(family, [cell_error(heatmap, frequency) for heatmap in family])


def ring_curve(family: Sequence[Heatmap], radius: int) -> tuple[SizePoint, ...]:
    """Return the mean error over one ring at every v, and without a wave.

    Intervals are Wilson's from counts for every map, for comparability: wider than necessary.
    """
    return _curve(family, [ring_errors(replace(heatmap, outcomes=None, labels=None)).get(radius) for heatmap in family])


def _curve(family: Sequence[Heatmap], errors: Sequence[Errors | None]) -> tuple[SizePoint, ...]:
    sizes = [0.0, *map(_size, family)]
    known = zip(sizes, [clean_error(family[0]), *errors], strict=True)
    return tuple(SizePoint(size, error.measured) for size, error in known if error is not None)


def harmful_from(family: Sequence[Heatmap], frequency: Frequency) -> float | None:
    """Return the smallest v from which the wave clearly raises the error at every larger v; None if there is none."""
    first = None
    for heatmap in reversed(family):
        rise = contrast(cell_error(heatmap, frequency), clean_error(heatmap))
        if rise is None or rise.low <= 0:
            break
        first = _size(heatmap)
    return first
