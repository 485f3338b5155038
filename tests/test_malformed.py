"""Thousands of malformed inputs: none crashes, hangs or fills the memory; each is refused in a sentence or accepted."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_malformed_inputs_of_all_parsers_are_harmless():
    # A separate process: a crash of a library would end it, and its memory is that of the parsers.
    ended = subprocess.run(
        [sys.executable, "-m", "tests.malformed"], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    report = json.loads(ended.stdout)
    parsers = report["parsers"]
    assert sum(counts["inputs"] for counts in parsers.values()) >= 3000
    for name, counts in parsers.items():
        assert counts["refused"] > counts["inputs"] / 20, f"{name}: the damage has no effect, so the test is void"
        assert counts["slowest"] < 5, name
    assert report["memory"] < 500e6
