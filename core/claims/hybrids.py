"""Compare the crossover cutoffs of two maps' classifiers on stored hybrid images."""

from __future__ import annotations

from pathlib import Path

from core.claims.finding import Evidence, NamedMap
from core.data.profiles import cached_by_files
from core.fourier.intervals import Interval
from core.sweep.hybrid.outcomes import HybridOutcomes, crossover_of, first_pairs, paired_difference

DIFFERENCE = "difference of crossover cutoffs"


@cached_by_files("hybrids")
def stored_hybrids(paths: tuple[Path, ...]) -> dict[str, HybridOutcomes]:
    """Load the stored outcomes on hybrid images, by classifier name."""
    return HybridOutcomes.stored(paths)


def crossover_evidence(first: NamedMap, second: NamedMap) -> tuple[Interval, tuple[Evidence, ...]] | None:
    """Return the paired difference of the crossover cutoffs, first minus second, and all three numbers as evidence.

    Only pairs that both saw count. None if either lacks stored hybrids or a crossover, or saw other pairs.
    """
    a, b = (named.own(stored_hybrids()) for named in (first, second))
    return None if a is None or b is None else compare_crossovers(first.name, a, second.name, b)


def compare_crossovers(
    first: str, a: HybridOutcomes, second: str, b: HybridOutcomes
) -> tuple[Interval, tuple[Evidence, ...]] | None:
    """Compare two outcomes on the pairs that both networks saw. first, second: names of their classifiers."""
    count = min(a.pairs, b.pairs)
    a, b = first_pairs(a, count), first_pairs(b, count)
    of_a, of_b, difference = crossover_of(a), crossover_of(b), paired_difference(a, b)
    if of_a is None or of_b is None or difference is None:
        return None
    return difference, (
        Evidence(f"crossover cutoff of {first}", of_a.radius, "radius"),
        Evidence(f"crossover cutoff of {second}", of_b.radius, "radius"),
        Evidence(DIFFERENCE, difference, "radii", (of_a.radius.value, of_b.radius.value)),
    )


def favours_low_frequencies(difference: Interval) -> bool:
    """Return whether the first of two networks has the lower crossover cutoff, beyond the noise."""
    return bool(difference.high < 0)


def lacking_hybrids(*maps: NamedMap) -> tuple[str, ...]:
    """Return a sentence that names the maps without stored hybrids; none if all have them."""
    names = [named.name for named in maps if named.own(stored_hybrids()) is None]
    return (f"The direct test is missing: {' and '.join(names)} saw no hybrid images.",) if names else ()
