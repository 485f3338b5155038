"""Two processes, one of them killed: the loss, the other one's message, and resuming."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.data.sample_sets import CIFAR10
from core.fourier.heatmap import Heatmap
from core.sweep.__main__ import main
from core.sweep.processes import Processes, share_out
from tests.shared_server import free_port

ROOT = Path(__file__).parents[3]
# The script with a pause before each batch, so that it can be killed midway on machines of any speed.
SLOWLY = """
import time
from core.classifiers.classifier import ClosedSetClassifier
from core.sweep.__main__ import main

predict = ClosedSetClassifier.forward
ClosedSetClassifier.forward = lambda self, images: time.sleep(0.1) or predict(self, images)
raise SystemExit(main())
"""


def write_noise(path):
    images = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(20) % 10, classes=np.array(CIFAR10.names))


def command(archive, output):
    return [
        *("waves", "--classifier", "mini-resnet", "--dataset", str(archive), "--side", "15", "--epsilon", "4"),
        *("--batch-size", "5", "--device", "cpu", "--output", str(output)),
    ]


def start_two(archive, output):
    """Start both processes as a batch system does, without torchrun."""
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()), "OMP_NUM_THREADS": "1"}
    return [
        subprocess.Popen(
            [sys.executable, "-c", SLOWLY, *command(archive, output)],
            cwd=ROOT,
            env=os.environ | group | {"RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]


def cells(output):
    return int((Heatmap.load(output).count > 0).sum()) if output.exists() else 0


@pytest.mark.slow
def test_a_killed_process_ends_the_run_and_the_same_command_computes_what_is_missing(tmp_path):
    archive, output, peaceful = (tmp_path / name for name in ("noise.npz", "map.npz", "peaceful.npz"))
    write_noise(archive)
    for lost in (0, 1):
        processes, before = start_two(archive, output), cells(output)
        while (saved := cells(output)) == before:  # the file is written during the run
            assert processes[0].poll() is None, processes[0].stderr.read()
            time.sleep(0.02)
        processes[lost].kill()
        processes[lost].wait()
        _, text = processes[1 - lost].communicate(timeout=300)
        assert processes[1 - lost].returncode == 2, text
        assert "error: another process of this run has ended; finished rows are saved, run the same command" in text
        assert "Traceback" not in text
        assert before < saved <= cells(output) < 225, "gathered results are kept"
    assert Heatmap.load(output).metadata["source"]["processes"] == 2
    assert main(command(archive, output)) == main(command(archive, peaceful)) == 0
    alone, together = Heatmap.load(peaceful), Heatmap.load(output)
    for name in ("top1_errors", "top5_errors", "count", "clean", "bits"):
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))


def test_shares_are_equal_in_cost_and_the_first_item_is_the_first_processs():
    shares = share_out(list(range(21)), [10, *[1] * 20], 3)
    assert shares[0] == [0] and [len(share) for share in shares] == [1, 10, 10]
    assert sorted(sum(shares, [])) == list(range(21))
    assert share_out("abcde", [1] * 5, 2) == [["a", "c", "e"], ["b", "d"]]


def test_one_process_alone_hands_results_on_as_they_come():
    done = []
    results = Processes().gather([1, 2], lambda items: (done.append(item) or item for item in items))
    assert next(results) == 1 and done == [1] and Processes().broadcast("value") == "value"
