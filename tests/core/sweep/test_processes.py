"""Two processes of which one is killed: what that costs, who goes on, and what the other says."""

import os
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
# A process counts as lost after two seconds of silence, so that the test need not wait for thirty, and says when it has
# taken a wave: from then on it has one in hand.
SCRIPT = """
import core.sweep.messages as messages
from core.sweep.__main__ import main

messages.SILENCE = 2
count = messages.Messages.count

def count_and_say(*given):
    number = count(*given)
    print(*given[1:], flush=True)
    return number

messages.Messages.count = count_and_say
raise SystemExit(main())
"""


def write_noise(path):
    images = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(40) % 10, classes=np.array(CIFAR10.names))


def command(archive, output):
    return [
        *("--classifier", "mini-resnet", "--dataset", str(archive), "--side", "15", "--epsilon", "4"),
        *("--batch-size", "5", "--device", "cpu", "--output", str(output)),
    ]


def start_two(archive, output):
    """Both processes as a batch system starts them, without torchrun; returned when the first has written a file.

    The other has a wave in hand then.
    """
    before = output.stat().st_mtime_ns if output.exists() else 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, *command(archive, output)],
            cwd=ROOT,
            env=os.environ | group | {"RANK": rank, "LOCAL_RANK": rank},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]
    deadline = time.monotonic() + 300
    while not output.exists() or output.stat().st_mtime_ns == before:
        assert both[0].poll() is None and time.monotonic() < deadline, both[0].stderr.read()
        time.sleep(0.02)
    assert "taken" in both[1].stdout.readline()
    return both


def test_a_killed_process_costs_only_what_it_had_in_hand(tmp_path):
    archive, output, peaceful = (tmp_path / name for name in ("noise.npz", "map.npz", "peaceful.npz"))
    write_noise(archive)
    first, second = start_two(archive, output)
    first.kill()
    first.wait()
    _, text = second.communicate(timeout=300)
    assert second.returncode == 2 and "run the same command again to resume" in text, "nobody writes the file any more"
    assert (Heatmap.load(output).count > 0).sum() < 225
    first, second = start_two(archive, output)
    second.kill()
    second.wait()
    _, text = first.communicate(timeout=300)
    assert first.returncode == 0, text
    assert "process 1 is lost; rank 0 computes what it had in hand" in text
    assert main(command(archive, peaceful)) == 0
    alone, together = Heatmap.load(peaceful), Heatmap.load(output)
    for name in ("top1_errors", "top5_errors", "count", "clean", "outcomes"):
        np.testing.assert_array_equal(getattr(together, name), getattr(alone, name))
    assert together.metadata["source"]["processes"] == 2
