"""The batch script, run as users run it: whole, killed, resumed, refused, and shared over two processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.fourier.heatmap import Heatmap
from core.sweep.__main__ import main, parse_cells
from core.sweep.cells import CellResult
from core.sweep.journal import SweepJournal

ROOT = Path(__file__).parents[3]
SIDE = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six coarse random pictures in folders of three ImageNet classes: real work, a few seconds in all."""
    path = tmp_path_factory.mktemp("data") / "noise"
    rng = np.random.default_rng(0)
    for wnid in ("n01440764", "n01443537", "n01484850"):
        (path / wnid).mkdir(parents=True)
        for picture in range(2):
            pixels = rng.integers(0, 256, size=(8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).resize((256, 256)).save(path / wnid / f"{picture}.png")
    return path


def command(folder, output, *more):
    return [
        *("--classifier", "efficientnet-lite0", "--dataset", str(folder), "--side", str(SIDE), "--seed", "1"),
        *("--epsilon", "15.7", "--batch-size", "3", "--device", "cpu", "--output", str(output), *more),
    ]


def run(*arguments, module=("-m", "core.sweep"), **kwargs):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *module, *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        **kwargs,
    )


@pytest.fixture(scope="module")
def whole(folder, tmp_path_factory):
    """The map of an uninterrupted run."""
    output = tmp_path_factory.mktemp("whole") / "map.npz"
    result = run(*command(folder, output))
    assert result.returncode == 0, result.stderr
    assert f"{SIDE**2} of {SIDE**2} cells" in result.stdout
    return Heatmap.load(output)


def assert_same_counts(first, second):
    for name in ("top1_errors", "top5_errors", "count", "clean"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_script_fills_the_map_symmetrically_and_records_where_it_came_from(whole):
    assert (whole.count == 6).all() and whole.clean[2] == 6
    np.testing.assert_array_equal(whole.top1_errors, whole.top1_errors[::-1, ::-1])
    facts = whole.metadata
    assert facts["classifier"]["name"] == "efficientnet-lite0" and len(facts["classifier"]["sha256"]) == 64
    assert facts["dataset"]["n"] == 6 and len(facts["dataset"]["content_hash"]) == 64
    assert facts["seed"] == 1 and facts["epsilon"] == 15.7 and facts["image_size"] == 224
    assert facts["source"]["type"] == "computed" and facts["source"]["wall_seconds"] > 0
    assert facts["class_names"] == ["tench", "goldfish", "great white shark"]


def test_script_killed_in_mid_sweep_goes_on_to_identical_counts(folder, whole, tmp_path):
    output = tmp_path / "map.npz"
    journal = tmp_path / "map.npz.part"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "core.sweep", *command(folder, output)],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not (journal.exists() and len(journal.read_text().splitlines()) > 5):
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = len(journal.read_text().splitlines()) - 1
    assert not output.exists() and 5 <= done < (SIDE**2 + 1) // 2
    with open(journal, "a") as stream:
        stream.write('{"frequency": [0, 1], "top1_')  # what a crash in the middle of a line leaves
    result = run(*command(folder, output))
    assert result.returncode == 0, result.stderr
    assert not journal.exists()
    assert_same_counts(Heatmap.load(output), whole)


def test_script_stopped_by_ctrl_c_saves_what_it_has_and_says_so(folder, whole, tmp_path):
    output, journal = tmp_path / "map.npz", tmp_path / "map.npz.part"
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-m", "core.sweep", *command(folder, output)],
        cwd=ROOT,
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
        # What a script runs in the background ignores the key, and so do its children, these tests among them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (journal.exists() and len(journal.read_text().splitlines()) > 3):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 130 and "the same command goes on from here" in text
    partial = Heatmap.load(output)
    known = partial.count > 0
    assert 0 < known.sum() < SIDE**2
    np.testing.assert_array_equal(partial.top1_errors[known], whole.top1_errors[known])


def test_script_computes_chosen_cells_and_adds_the_rest_later(folder, whole, tmp_path):
    output = tmp_path / "map.npz"
    assert main(command(folder, output, "--cells=2,1;-2,2")) == 0
    some = Heatmap.load(output)
    assert some.count[4, 3] == some.count[0, 1] == some.count[0, 4] == some.count[4, 0] == 6
    assert (some.count > 0).sum() == 4 and (some.top1_errors == -1).sum() == SIDE**2 - 4
    assert main(command(folder, output, "--cells=0,0")) == 0
    assert (Heatmap.load(output).count > 0).sum() == 5
    assert main(command(folder, output)) == 0
    assert_same_counts(Heatmap.load(output), whole)


def test_script_refuses_another_configuration_on_the_same_output(folder, tmp_path, capsys):
    output = tmp_path / "map.npz"
    assert main(command(folder, output, "--cells=0,0")) == 0
    before = output.read_bytes()
    assert main(command(folder, output, "--cells=0,1", "--epsilon", "4")) == 2
    assert "holds a map of another configuration; choose another --output" in capsys.readouterr().err
    assert output.read_bytes() == before


def test_script_under_torchrun_with_two_processes_counts_the_same(folder, whole, tmp_path):
    output = tmp_path / "map.npz"
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "core.sweep")
    result = run(*command(folder, output), module=launcher)
    assert result.returncode == 0, result.stderr
    heatmap = Heatmap.load(output)
    assert heatmap.metadata["source"]["processes"] == 2
    assert_same_counts(heatmap, whole)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--classifier", "efficientnet-lite9"), "did you mean 'efficientnet-lite0'"),
        (("--dataset", "nowhere"), "nowhere"),
        (("--side", "4"), "odd side"),
        (("--side", "301"), "use a side of at most 223"),
        (("--device", "cuda"), "use --device cpu"),
        (("--cells", "1;2"), 'wanted pairs of whole numbers like "11,10;-3,4"'),
        (("--batch-size", "many"), "wanted a whole number or auto"),
        (("--output", "map.txt"), "ends in .npz"),
        (("--output", "nowhere/map.npz"), "create it first"),
    ],
)
def test_script_answers_bad_arguments_with_a_sentence(folder, tmp_path, capsys, more, message):
    try:
        status = main(command(folder, tmp_path / "map.npz", *more))
    except SystemExit as stop:
        status = stop.code
    text = capsys.readouterr().err
    assert status == 2 and message in text and "Traceback" not in text
    assert list(tmp_path.iterdir()) == []


def test_parse_cells_reads_signed_pairs():
    assert parse_cells("11,10;-3,4") == ((11, 10), (-3, 4))


def test_journal_refuses_a_second_writer(tmp_path):
    with (
        SweepJournal(tmp_path / "map.npz", "a"),
        pytest.raises(RuntimeError, match=r"another run is writing map\.npz\.part"),
    ):
        SweepJournal(tmp_path / "map.npz", "a").__enter__()


def test_journal_refuses_another_configuration_and_damage(tmp_path):
    with SweepJournal(tmp_path / "map.npz", "a") as journal:
        journal.append([CellResult((1, 2), 3, 1, 10, 0.5)], 2.0)
    with pytest.raises(ValueError, match="another configuration"):
        SweepJournal(tmp_path / "map.npz", "b").__enter__()
    with SweepJournal(tmp_path / "map.npz", "a") as journal:
        assert journal.finished == {(1, 2): CellResult((1, 2), 3, 1, 10, 0.5)} and journal.seconds == 2.0
    (tmp_path / "map.npz.part").write_text(json.dumps({"configuration": "a"}) + "\n{}\n")
    with pytest.raises(RuntimeError, match="delete it to start afresh"):
        SweepJournal(tmp_path / "map.npz", "a").__enter__()
