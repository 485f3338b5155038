"""The one table of results: rows, and what keeps one table from resuming another."""

import dataclasses

import numpy as np
import pytest

from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import HybridOutcomes, crossover_of
from core.fourier.table import Number, Row
from core.shared.files import ArchiveError
from core.sweep.story_predictions import StoredPredictions
from tests.core.squares import only

MAP = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-clip_cifar10-1000.npz")
HYBRIDS = HybridOutcomes.load(PRECOMPUTED / "hybrids" / "mini-clip.npz")


def test_setting_a_row_drops_the_estimate():
    estimate = np.zeros((len(MAP.counts), 3))
    facts = {**MAP.metadata, "estimate": {"half_width": 0.1}}
    estimated = dataclasses.replace(MAP, metadata=facts, numbers={**MAP.numbers, "estimate": estimate})
    again = estimated.entered(Row(1, MAP.counts[1], MAP.hits[1], MAP.bits[1]), {"type": "computed"})
    assert again.estimate is None and "estimate" not in again.metadata and again.numbers.keys() == MAP.numbers.keys()
    assert again.metadata["source"] == {"type": "computed"} and estimated.estimate is not None


def test_table_differences_are_named():
    facts = {**MAP.metadata, "seed": 7, "source": {"type": "other"}, "estimate": {}}
    facts["classifier"] = {**facts["classifier"], "name": "other"}
    other = dataclasses.replace(MAP, metadata=facts)
    assert other.differences(MAP) == ["classifier.name 'other', not 'mini-clip'", "seed '7', not '0'"]
    assert MAP.crop(5).differences(MAP) == ["number of rows '14', not '482'"]
    assert HYBRIDS.subset(np.arange(2000) < 9).differences(HYBRIDS) == ["number of pairs '9', not '2000'"]
    assert MAP.differences(MAP) == []


@pytest.mark.parametrize(
    ("number", "values"),
    [
        (Number(), [1.5, 0]),
        (Number(low=-1.0), [-2, 0]),
        (Number((3,)), [[0, 1], [1, 0]]),
        (Number((None,)), [0, 1]),
        (Number(dtype=np.float32), [0, 1]),
    ],
)
def test_a_number_has_its_shape_dtype_and_range(number, values):
    with pytest.raises(ValueError, match="toy"):
        number.check("toy", np.array(values, dtype=np.float64), 2)


def test_cutoffs_may_be_measured_in_any_order():
    some = only(HYBRIDS, [0, 9, 7, 8])
    assert some.says.shape == (2, 3, 2000)
    low, high = some.says
    np.testing.assert_array_equal(low, HYBRIDS.says[0, 6:9])
    assert crossover_of(some) is not None and crossover_of(only(HYBRIDS, [0, 9])) is None


def test_a_file_of_another_transform_is_refused():
    with pytest.raises(ArchiveError, match=r"map\.npz: .*lacks probabilities"):
        StoredPredictions.from_bytes(MAP.to_bytes(), name="map.npz")
    with pytest.raises(ArchiveError, match="transform must be one of waves; got 'hybrids'"):
        Heatmap.from_bytes(HYBRIDS.to_bytes(), name="hybrids.npz")
