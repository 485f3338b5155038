"""A few kills in the middle of saves and downloads; `python -m benchmarks.soak --kills 50` does more, and sweeps."""

import pytest

from benchmarks.kills import kill_often

pytestmark = pytest.mark.slow


def test_killed_saves_and_downloads_leave_nothing_damaged_and_lose_nothing():
    rows = list(kill_often({"saves": 3, "downloads": 3}))  # for sweeps see core/sweep/test_main.py
    assert [row.value for row in rows if "killed" in row.name] == [3, 3]
