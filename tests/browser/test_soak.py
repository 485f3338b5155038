"""A few visitors at once for a quarter of a minute: the short form of `python -m benchmarks.soak`."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.soak import FREED_SECONDS


def test_app_stays_up_and_frees_its_slots_under_a_few_visitors():
    # 15 seconds of three visitors: the whole suite has not the time for more. No figures of speed: others compute.
    command = [sys.executable, "-m", "benchmarks.soak", "--minutes", "0.25", "--visitors", "3"]
    output = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=400)
    assert output.returncode == 0, output.stderr[-2000:]
    report = json.loads(output.stdout)
    assert report["exceptions"] == 0 and sum(report["did"].values()) > 0
    assert report["slots still taken"] == 0 and report["runs"]["started"] > 0
    assert report["closed tabs freed after seconds"]
    assert max(report["closed tabs freed after seconds"]) < FREED_SECONDS
