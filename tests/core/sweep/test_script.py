"""`python -m core.sweep` as users run it: complete, killed, resumed, refused, and shared by two processes."""

import argparse
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core.data.corruptions import CORRUPTIONS
from core.data.sample_sets import CIFAR10
from core.fourier.heatmap import Heatmap, outcome_rows
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes
from core.fourier.waves import half_plane
from core.sweep import __main__ as sweep
from core.sweep.__main__ import main, parse_cells, parse_cutoffs, parse_fraction
from core.sweep.processes import Processes, share_out
from core.sweep.wave_sweep import balanced_sample
from tests.shared_server import free_port

ROOT = Path(__file__).parents[3]
SIDE = 11
# The kinds of tables, and options with which each is measured in a moment.
KINDS = {
    "waves": (Heatmap, ("--size", str(SIDE), "--epsilon", "4", "--cells=0,0")),
    "hybrids": (HybridOutcomes, ("--pairs", "9", "--cutoffs", "2,4,8")),
    "corruptions": (CorruptionOutcomes, ("--pictures", "9")),
}
# The script with a pause before each batch, so that it can be stopped midway on machines of any speed.
SLOWLY = """
import time
from core.classifiers.classifier import ClosedSetClassifier
from core.sweep.__main__ import main

predict = ClosedSetClassifier.forward
ClosedSetClassifier.forward = lambda self, images: time.sleep(0.1) or predict(self, images)
raise SystemExit(main())
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Twenty coarse random pictures with CIFAR-10's classes."""
    path = tmp_path_factory.mktemp("data") / "noise.npz"
    images = np.random.default_rng(0).integers(0, 256, (20, 4, 4, 3), dtype=np.uint8).repeat(8, axis=1).repeat(8, 2)
    np.savez(path, images=images, labels=np.arange(20) % 10, classes=np.array(CIFAR10.names))
    return path


def command(archive, output, *more, kind="waves"):
    same = ("--classifier", "mini-resnet", "--dataset", str(archive), "--seed", "1", "--batch-size", "5")
    waves = ("--size", str(SIDE), "--epsilon", "4") if kind == "waves" else ()
    return [kind, *same, "--device", "cpu", "--output", str(output), *waves, *more]


@pytest.fixture(scope="module")
def whole(archive, tmp_path_factory):
    """The map of an uninterrupted run."""
    output = tmp_path_factory.mktemp("whole") / "map.npz"
    assert main(command(archive, output)) == 0
    assert [path.name for path in output.parent.iterdir()] == ["map.npz"]
    return Heatmap.load(output)


def start(arguments, *launcher, **environment):
    """Start the slow script in a process that Ctrl-C may stop."""
    return subprocess.Popen(
        [sys.executable, *(launcher or ("-c", SLOWLY)), *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"} | environment,
        stderr=subprocess.PIPE,
        text=True,
        # Programs that a shell runs in the background ignore Ctrl-C, and so do their children, these tests among them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def measured(output):
    return int(Heatmap.load(output).measured.sum()) if output.exists() else 0


def wait_for_more_than(known, output, process):
    deadline = time.monotonic() + 120
    while measured(output) <= known:
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_every_command_keeps_its_table(kind, archive, tmp_path, capsys):
    table, options = KINDS[kind]
    output = tmp_path / "one.npz"
    line = command(archive, output, *options, kind=kind)
    assert main(line) == 0
    told, content = capsys.readouterr().out, table.load(output)
    assert [path.name for path in tmp_path.iterdir()] == ["one.npz"]
    assert content.metadata["source"]["wall_seconds"] >= 0  # rounded to tenths
    expected = {"waves": "1 of 121 cells, clean error", "hybrids": "9 pairs, ", "corruptions": "9 pictures; clean"}
    assert told.startswith(f"{output}: {expected[kind]}")
    if kind == "corruptions":
        assert all(row.label in told for row in CORRUPTIONS.values()) and content.keys == tuple(CORRUPTIONS)
        assert f"{100 * content.errors('fog', strength=3).measured.value:.1f} (" in told.splitlines()[-1]
    written = output.read_bytes()
    assert main(line) == 0 and output.read_bytes() == written, "nothing was left"
    assert main([*line, "--classifier", "mini-clip"]) == 2
    text = capsys.readouterr().err
    assert f"one.npz holds {kind} of other settings (" in text and "'mini-resnet', not 'mini-clip'" in text
    assert output.read_bytes() == written
    output.write_bytes(b"nothing of the kind")
    assert main(line) == 2 and f"not a {table.FILE.name}" in capsys.readouterr().err


@pytest.mark.parametrize(("pixels", "size"), [(48, 47), (96, 63)])
def test_pictures_of_another_size_want_an_epsilon(tmp_path, capsys, pixels, size):
    images = np.random.default_rng(0).integers(0, 256, (4, pixels, pixels, 3), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=images, labels=np.arange(4), classes=np.array(CIFAR10.names))
    line = f"waves --classifier mini-resnet --dataset {tmp_path}/noise.npz --cells=0,0 --device cpu".split()
    line += ["--output", str(tmp_path / "map.npz")]
    assert main(line) == 2 and f"no size v of waves for {pixels}-pixel images; give epsilon" in capsys.readouterr().err
    assert main([*line, "--epsilon", "4"]) == 0
    assert Heatmap.load(tmp_path / "map.npz").size == size


# Stopping


@pytest.mark.slow
def test_a_killed_script_resumes_to_identical_counts(archive, whole, tmp_path, capsys):
    output = tmp_path / "map.npz"
    process = start(command(archive, output))
    wait_for_more_than(0, output, process)
    process.kill()
    process.wait()
    killed = Heatmap.load(output)
    for stop in (signal.SIGINT, signal.SIGTERM):
        process = start(command(archive, output))
        wait_for_more_than(measured(output), output, process)
        assert main(command(archive, output)) == 2
        assert "is writing map.npz" in capsys.readouterr().err
        process.send_signal(stop)
        _, text = process.communicate(timeout=60)
        assert process.returncode == 130 and "run the same command again to resume" in text
        assert Heatmap.load(output).metadata["source"]["wall_seconds"] >= killed.metadata["source"]["wall_seconds"]
    assert 0 < killed.measured.sum() < measured(output) < len(killed.counts)
    assert main(command(archive, output)) == 0
    assert f"{SIDE**2} of {SIDE**2} cells, clean error {5 * whole.clean[0]}.00%" in capsys.readouterr().out
    for name in ("counts", "hits", "bits", "labels"):
        np.testing.assert_array_equal(getattr(Heatmap.load(output), name), getattr(whole, name))


def test_full_disk_is_reported(archive, tmp_path, capsys):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        status = main(command(archive, tmp_path / "map.npz", "--cells=0,0"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert status == 2 and "File too large" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


# Several processes


@pytest.mark.slow
def test_lost_process_ends_the_others(archive, whole, tmp_path):
    output = tmp_path / "map.npz"
    group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    first, lost = (start(command(archive, output), **group, RANK=rank, LOCAL_RANK=rank) for rank in "01")
    wait_for_more_than(0, output, first)
    lost.kill()
    lost.wait()
    _, text = first.communicate(timeout=300)
    assert first.returncode == 2 and "Traceback" not in text, text
    assert "another process" in text
    assert 0 < measured(output) < len(whole.counts), "gathered results are kept"
    assert Heatmap.load(output).metadata["source"]["processes"] == 2
    assert main(command(archive, output)) == 0
    for name in ("counts", "hits", "bits"):
        np.testing.assert_array_equal(getattr(Heatmap.load(output), name), getattr(whole, name))


@pytest.mark.slow
def test_torchrun_restarts_a_lost_process(archive, whole, tmp_path):
    output, script = tmp_path / "map.npz", tmp_path / "slowly.py"
    script.write_text(SLOWLY)
    torchrun = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--max-restarts", "1")
    process = start(command(archive, output, "--fraction", "50%"), *torchrun, str(script), PYTHONPATH=str(ROOT))
    while not output.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True)
    os.kill(int(workers.stdout.split()[-1]), signal.SIGKILL)
    _, text = process.communicate(timeout=300)
    two = Heatmap.load(output)
    assert process.returncode == 0 and two.metadata["source"]["processes"] == 2, text
    np.testing.assert_array_equal(two.clean, whole.clean)
    for wave in half_plane(SIDE):
        (row,) = outcome_rows([wave], SIDE)
        chosen = balanced_sample(np.arange(20) % 10, 10, wave, seed=1)
        assert (two.counts[row], two.hits[row, 0]) == (10, whole.hit([row])[0][chosen].sum())


def test_rank_0_loads_the_network_before_the_others_may(archive, tmp_path, monkeypatch):
    events, load = [], sweep.named_classifier
    monkeypatch.setattr(sweep, "named_classifier", lambda *arguments: events.append("loads") or load(*arguments))
    monkeypatch.setattr(Processes, "broadcast", lambda self, value: events.append("shares") or value)
    assert main(command(archive, tmp_path / "map.npz", "--cells=0,0")) == 0
    assert events[:3] == ["loads", "shares", "shares"]


def test_work_is_split_by_cost():
    shares = share_out(list(range(21)), [10, *[1] * 20], 3)
    assert shares[0] == [0] and [len(share) for share in shares] == [1, 10, 10]
    assert sorted(sum(shares, [])) == list(range(21))
    done = []
    results = Processes().gather([1, 2], lambda items: (done.append(item) or item for item in items))
    assert next(results) == 1 and done == [1] and Processes().broadcast("value") == "value"


# Arguments


def test_numbers_on_the_command_line_are_read_or_refused():
    assert parse_cells("11,10;-3,4") == ((11, 10), (-3, 4)) and parse_cutoffs("1,2.5,4") == (1, 2.5, 4)
    assert parse_fraction("2%") == 0.02 and parse_fraction("0.5%") == 0.005 and parse_fraction("100%") == 1
    for text in ("2", "0.02", "0%", "101%", "-1%", "many%", "nan%"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a"):
            parse_fraction(text)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("waves --classifier mini-resnett", "did you mean 'mini-resnet'"),
        ("waves --device cuda", "device cuda:0 cannot be used here"),
        ("waves --cells 1;2", 'expected pairs of whole numbers like "11,10;-3,4"'),
        ("waves --output map.txt", "ends in .npz"),
        ("waves --output nowhere/map.npz", "create it first"),
        ("waves --output folder.npz", "is a folder; give the name of a file"),
        ("hybrids --pairs 0", "--pairs"),
        ("corruptions --pictures 0", "--pictures"),
    ],
)
def test_bad_arguments_end_in_a_sentence(line, message, archive, tmp_path, monkeypatch, capsys):
    kind, *more = line.split()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.npz").mkdir()
    try:
        status = main(command(archive, "map.npz", *more, kind=kind))
    except SystemExit as stop:
        status = stop.code
    text = capsys.readouterr().err
    assert status == 2 and message in text and "Traceback" not in text
    assert [path.name for path in tmp_path.iterdir()] == ["folder.npz"]
