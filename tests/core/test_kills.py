"""`kill -9` in the middle of saves: no damaged file is read as good, and the last save before the kill is there."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.fourier.heatmap import Heatmap
from core.pgd.run import PGDRun

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
LOAD = {"map.npz": Heatmap.load, "run.npz": PGDRun.load}
# Saves one numbered map and run after the other, and prints the number of each saved one.
SAVES = """
import itertools, sys
from dataclasses import replace
from pathlib import Path
from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from core.pgd.run import PGDRun

heatmap = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-clip_cifar10.npz")
run = PGDRun.load(PRECOMPUTED / "runs" / "inpainting_cifar10-5__mini-clip.npz")
for number in itertools.count(int(sys.argv[2])):
    for content, name in ((heatmap, "map.npz"), (run, "run.npz")):
        facts = {**content.metadata, "source": {**content.metadata["source"], "wall_seconds": number}}
        replace(content, metadata=facts).save(Path(sys.argv[1], name))
    print(number, flush=True)
"""


def test_killed_saves_leave_nothing_damaged_and_lose_nothing(tmp_path):
    chance, saved = random.Random(0), 0
    for _ in range(3):
        command = [sys.executable, "-c", SAVES, str(tmp_path), str(saved + 1)]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        first = process.stdout.readline()
        time.sleep(chance.uniform(0, 1))
        process.kill()
        saved = int((first + process.communicate()[0]).splitlines()[-1])
        for name, load in LOAD.items():
            assert load(tmp_path / name).metadata["source"]["wall_seconds"] in (saved, saved + 1)
