"""A guard against gross regressions, by one ratio with a wide margin."""

import pytest

from benchmarks.pgd import main


@pytest.mark.slow
def test_step_is_not_much_slower_than_bare_passes():
    rows = main(["mini-resnet", "--batch", "1", "--rounds", "15", "--clock", "cpu"])
    (ratio,) = (row.value for row in rows if (row.name, row.unit) == ("PGD step, inpainting", "ratio"))
    assert ratio < 2.5  # of processor time; 1.1 on a quiet machine
