"""Two processes of which one dies: what was computed stays, and one alone goes on."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from core.data.classes import CIFAR10
from core.fourier.heatmap import Heatmap
from core.sweep.__main__ import main

ROOT = Path(__file__).parents[3]


def test_a_killed_process_costs_only_its_cells_in_flight_and_another_number_goes_on(tmp_path, capsys):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=images, labels=np.arange(40) % 10, classes=np.array(CIFAR10.names))
    output = tmp_path / "map.npz"
    command = [
        "--classifier",
        "mini-resnet",
        "--dataset",
        str(tmp_path / "noise.npz"),
        "--side",
        "15",
        "--epsilon",
        "4",
    ]
    command += ["--batch-size", "5", "--device", "cpu", "--output", str(output)]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
    first, second = (
        subprocess.Popen(
            [sys.executable, "-m", "core.sweep", *command],
            cwd=ROOT,
            env=os.environ | group | {"RANK": rank, "LOCAL_RANK": rank},
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    )
    deadline = time.monotonic() + 300
    while not output.exists():
        assert first.poll() is None and time.monotonic() < deadline, first.stderr.read()
        time.sleep(0.02)
    second.send_signal(signal.SIGKILL)
    _, text = first.communicate(timeout=300)
    second.wait()
    assert first.returncode != 0 and "run the same command again to resume" in text
    kept = Heatmap.load(output)
    assert 0 < (kept.count > 0).sum() < 225
    assert main(command) == 0
    assert "225 of 225 cells" in capsys.readouterr().out
    whole = Heatmap.load(output)
    known = kept.count > 0
    np.testing.assert_array_equal(whole.top1_errors[known], kept.top1_errors[known])
    assert whole.metadata["source"]["processes"] == 1
