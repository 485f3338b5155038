"""Pairs of different classes, fixed by a seed."""

import numpy as np
import pytest

from core.sweep.transforms import HybridConfig, default_cutoffs, draw_pairs

LABELS = np.arange(100) % 3


def test_pairs_are_of_different_classes_and_no_picture_is_used_twice_before_all_were():
    pairs = draw_pairs(LABELS, 30, seed=4)
    assert pairs.shape == (30, 2) and (LABELS[pairs[:, 0]] != LABELS[pairs[:, 1]]).all()
    assert len(np.unique(pairs)) == 60


def test_fewer_pairs_of_a_seed_are_the_first_of_more():
    many = draw_pairs(LABELS, 500, seed=4)
    assert (draw_pairs(LABELS, 20, seed=4) == many[:20]).all()
    assert (draw_pairs(LABELS, 20, seed=5) != many[:20]).any()
    assert (LABELS[many[:, 0]] != LABELS[many[:, 1]]).all()


def test_one_class_alone_makes_no_pair():
    with pytest.raises(ValueError, match="different classes"):
        draw_pairs(np.zeros(5, int), 1, seed=0)


def test_cutoffs_cover_one_to_half_the_side():
    small = default_cutoffs(32)
    assert small[:3] == (1, 1.5, 2) and small[-1] == 16 and {3.0, 5.0, 8.0} <= set(small)
    for side in (8, 16, 32, 64, 224):
        HybridConfig(1, default_cutoffs(side))
        assert default_cutoffs(side)[0] == 1 and 0.8 * side / 2 < default_cutoffs(side)[-1] <= side / 2


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"pairs": 0}, "pairs must be"),
        ({"cutoffs": (1.0,)}, "at least two"),
        ({"cutoffs": (2.0, 1.0)}, "ascend"),
        ({"cutoffs": (1.0, float("inf"))}, "finite"),
    ],
)
def test_a_configuration_that_means_nothing_is_refused(change, why):
    with pytest.raises(ValueError, match=why):
        HybridConfig(**{"pairs": 3, "cutoffs": (1.0, 2.0), **change})
