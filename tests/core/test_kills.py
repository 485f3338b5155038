"""A few kills of saves and downloads in the middle; `python -m benchmarks.kills` does fifty, sweeps among them."""

import pytest

from benchmarks.kills import kill_often

pytestmark = pytest.mark.slow


def test_killed_saves_and_downloads_leave_nothing_damaged_and_lose_nothing():
    kill_often({"saves": 3, "downloads": 3})  # of sweeps see core/sweep/test_main.py
