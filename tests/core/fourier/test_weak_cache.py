"""Results are cached as long as their maps: nothing of a visitor's map stays behind."""

import dataclasses
import gc
import weakref

import numpy as np

from core.data.classes import PRECOMPUTED
from core.fourier.maps.contrasts import difference, minus_clean
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.outcomes import by_colour, outcomes
from core.fourier.weak_cache import weak_lru_cache

SHIPPED = [Heatmap.load(PRECOMPUTED / "heatmaps" / f"{name}_cifar10-1000.npz") for name in ("mini-clip", "mini-resnet")]


def copy_of(heatmap: Heatmap) -> Heatmap:
    return dataclasses.replace(heatmap, outcomes=heatmap.outcomes.copy())


def test_result_is_computed_once_and_only_the_newest_are_kept():
    calls = []

    @weak_lru_cache(2)
    def bits(heatmap, factor=1):
        calls.append(factor)
        return factor * np.bitwise_count(heatmap.outcomes).sum()

    first = SHIPPED[0]
    assert bits(first) == bits(first) and len(calls) == 1
    assert bits(first, 2) == 2 * bits(first, 1)
    bits(first, 2), bits(first, 1)
    assert calls == [1, 2, 1], "without the number, the key differs"
    bits(first)
    assert calls == [1, 2, 1, 1], "the oldest of three was evicted"


def test_dropped_map_is_freed_with_all_that_was_computed_from_it():
    first, other = copy_of(SHIPPED[0]), SHIPPED[1]
    # One of each cache, with the map in every position.
    results = [outcomes(first), by_colour(first), difference(first, other).low, difference(other, first).low]
    results.append(minus_clean(first).low)
    assert all(result is not None for result in results) and outcomes(first) is results[0]
    references = [weakref.ref(value) for value in (first, first.outcomes, *results, results[0].wrong)]
    del first, results
    gc.collect()
    assert [value() for value in references] == [None] * len(references)
    assert outcomes(other) is outcomes(other), "results of other maps stay"
