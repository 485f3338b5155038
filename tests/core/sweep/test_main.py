"""The batch script, run as users run it: complete, killed, resumed, refused, and split over two processes."""

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

from core.data.sample_sets import CIFAR10
from core.fourier.heatmap import Heatmap, outcome_rows
from core.fourier.waves import frequency_to_cell, half_plane
from core.sweep import __main__ as sweep
from core.sweep.__main__ import main, parse_cells, parse_passes
from core.sweep.processes import Processes
from core.sweep.waves import balanced_sample

ROOT = Path(__file__).parents[3]
SIDE = 15


def command(archive, output, *more):
    return [
        *("waves", "--classifier", "mini-resnet", "--dataset", str(archive), "--side", str(SIDE), "--seed", "1"),
        *("--epsilon", "4", "--batch-size", "5", "--device", "cpu", "--output", str(output)),
        *more,
    ]


def start(*arguments, **kwargs):
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stderr=subprocess.PIPE,
        text=True,
        # Programs that a shell runs in the background ignore Ctrl-C, and so do their children, these tests among them.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        **kwargs,
    )


def cells(output):
    return int((Heatmap.load(output).count > 0).sum()) if output.exists() else 0


def wait_for_more_than(known, output, process):
    deadline = time.monotonic() + 120
    while cells(output) <= known:
        assert process.poll() is None and time.monotonic() < deadline, process.stderr.read()
        time.sleep(0.02)


@pytest.fixture(scope="module")
def whole(archive, tmp_path_factory):
    """The map of an uninterrupted run."""
    output = tmp_path_factory.mktemp("whole") / "map.npz"
    assert main(command(archive, output)) == 0
    assert [path.name for path in output.parent.iterdir()] == ["map.npz"]
    return Heatmap.load(output)


def assert_same_counts(first, second):
    for name in ("top1_errors", "top5_errors", "count", "clean", "bits", "labels"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_script_fills_the_map_symmetrically_and_records_where_it_came_from(whole):
    assert (whole.count == 20).all() and whole.clean[2] == 20
    assert len(np.unique(whole.top1_errors)) > 3
    np.testing.assert_array_equal(whole.top1_errors, whole.top1_errors[::-1, ::-1])
    facts = whole.metadata
    assert facts["classifier"]["name"] == "mini-resnet" and len(facts["classifier"]["sha256"]) == 64
    assert facts["dataset"]["n"] == 20 and len(facts["dataset"]["content_hash"]) == 64
    assert facts["seed"] == 1 and facts["epsilon"] == 4.0 and facts["image_size"] == 32
    assert facts["source"]["type"] == "computed" and facts["source"]["wall_seconds"] > 0
    assert facts["class_names"] == list(CIFAR10.names)


@pytest.mark.parametrize(("pixels", "side"), [(48, 47), (96, 63)])
def test_pictures_of_another_size_want_an_epsilon_and_get_the_largest_map_up_to_63(tmp_path, capsys, pixels, side):
    images = np.random.default_rng(0).integers(0, 256, (4, pixels, pixels, 3), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=images, labels=np.arange(4), classes=np.array(CIFAR10.names))
    args = [
        "waves",
        "--classifier",
        "mini-resnet",
        "--dataset",
        str(tmp_path / "noise.npz"),
        "--cells=0,0",
        "--device",
        "cpu",
    ]
    args += ["--output", str(tmp_path / "map.npz")]
    assert main(args) == 2 and f"no size v for {pixels}-pixel images" in capsys.readouterr().err
    assert main([*args, "--epsilon", "4"]) == 0
    assert Heatmap.load(tmp_path / "map.npz").side == side


def test_rank_0_loads_the_network_before_the_others_may(archive, tmp_path, monkeypatch):
    events, load = [], sweep.named_classifier
    monkeypatch.setattr(sweep, "named_classifier", lambda *arguments: events.append("loads") or load(*arguments))
    monkeypatch.setattr(Processes, "broadcast", lambda self, value: events.append("shares") or value)
    assert main(command(archive, tmp_path / "map.npz", "--cells=0,0")) == 0
    assert events[:3] == ["loads", "shares", "shares"]


@pytest.mark.slow
def test_script_killed_then_stopped_by_ctrl_c_resumes_to_identical_counts(archive, whole, tmp_path, capsys):
    output = tmp_path / "map.npz"
    (tmp_path / "map.npz.part").write_text("a journal of the previous version")
    process = start("core.sweep", *command(archive, output))
    wait_for_more_than(0, output, process)
    process.kill()
    process.wait()
    killed = Heatmap.load(output)
    assert 0 < cells(output) < SIDE**2

    process = start("core.sweep", *command(archive, output))
    wait_for_more_than(cells(output), output, process)
    assert main(command(archive, output)) == 2
    assert "another run is writing map.npz; wait for it, stop it, or choose another" in capsys.readouterr().err
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=60)
    assert process.returncode == 130 and "run the same command again to resume" in text
    stopped = Heatmap.load(output)
    assert cells(output) < SIDE**2
    assert stopped.metadata["source"]["wall_seconds"] >= killed.metadata["source"]["wall_seconds"]

    assert main(command(archive, output)) == 0
    assert f"{SIDE**2} of {SIDE**2} cells, clean error {5 * whole.clean[0]}.00 %" in capsys.readouterr().out
    assert whole.clean[0] > 0
    assert_same_counts(Heatmap.load(output), whole)


def test_script_computes_chosen_cells_and_adds_others_later(archive, whole, tmp_path, capsys):
    output = tmp_path / "map.npz"
    assert main(command(archive, output, "--cells=2,1;-2,2")) == 0
    some = Heatmap.load(output)
    assert some.count[9, 8] == some.count[5, 6] == some.count[5, 9] == some.count[9, 5] == 20
    assert (some.count > 0).sum() == 4 and (some.top1_errors == -1).sum() == SIDE**2 - 4
    capsys.readouterr()
    assert main(command(archive, output, "--cells=0,0")) == 0
    assert capsys.readouterr().err.splitlines()[-1].strip().startswith("100%"), "the bar counts the remaining waves"
    more = Heatmap.load(output)
    known = more.count > 0
    assert known.sum() == 5
    np.testing.assert_array_equal(more.top1_errors[known], whole.top1_errors[known])


def test_script_refuses_another_configuration_on_the_same_output(archive, tmp_path, capsys):
    output = tmp_path / "map.npz"
    assert main(command(archive, output, "--cells=0,0")) == 0
    before = output.read_bytes()
    assert main(command(archive, output, "--cells=0,1", "--epsilon", "3")) == 2
    assert (
        "map.npz holds waves of other settings (epsilon '4.0', not '3.0'); choose another --output"
        in capsys.readouterr().err
    )
    assert output.read_bytes() == before


@pytest.mark.slow
def test_script_under_torchrun_loses_a_process_starts_again_and_samples_as_one_process_does(archive, whole, tmp_path):
    output = tmp_path / "map.npz"
    launcher = ("torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--max-restarts", "1")
    process = start(*launcher, "-m", "core.sweep", *command(archive, output, "--passes", "50%"))
    assert main(command(archive, tmp_path / "one.npz", "--passes", "50%")) == 0
    while not output.exists():
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.02)
    workers = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=True)
    os.kill(int(workers.stdout.split()[-1]), signal.SIGKILL)
    _, text = process.communicate(timeout=300)
    assert process.returncode == 0, text
    single, two = Heatmap.load(tmp_path / "one.npz"), Heatmap.load(output)
    assert two.metadata["source"]["processes"] == 2
    for name in ("counts", "hits"):
        np.testing.assert_array_equal(getattr(two, name), getattr(single, name))
    np.testing.assert_array_equal(two.number("sampling_variance"), single.number("sampling_variance"))
    np.testing.assert_array_equal(two.clean, whole.clean)
    for wave in half_plane(SIDE):
        wrong = ~whole.hit(outcome_rows([wave], SIDE))[0]
        cell = frequency_to_cell(*wave, SIDE)
        assert two.count[cell] == 10
        assert two.top1_errors[cell] == wrong[balanced_sample(np.arange(20) % 10, 10, wave, seed=1)].sum()


def test_parse_passes_reads_percentages_alone():
    assert parse_passes("2%") == 0.02 and parse_passes("0.5%") == 0.005 and parse_passes("100%") == 1
    for text in ("2", "0.02", "0%", "101%", "-1%", "many%", "nan%"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a"):
            parse_passes(text)


def test_script_leaves_outcomes_out_when_asked(archive, whole, tmp_path):
    output = tmp_path / "map.npz"
    assert main(command(archive, output, "--cells=0,0", "--no-outcomes")) == 0
    plain = Heatmap.load(output)
    assert plain.bits is None and plain.labels is None and plain.clean[0] == whole.clean[0]


def test_script_answers_a_full_disk_with_a_sentence(archive, tmp_path, capsys):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        status = main(command(archive, tmp_path / "map.npz", "--cells=0,0"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert status == 2 and "error: cannot write map.npz: File too large" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_script_stopped_by_sigterm_keeps_its_cells_and_says_how_to_resume(archive, tmp_path):
    output = tmp_path / "map.npz"
    process = start("core.sweep", *command(archive, output))
    wait_for_more_than(0, output, process)
    process.terminate()
    _, text = process.communicate(timeout=60)
    assert process.returncode == 130 and "run the same command again to resume" in text
    assert [path.name for path in tmp_path.iterdir()] == ["map.npz"] and 0 < cells(output) < SIDE**2


@pytest.mark.parametrize(
    ("classifier", "classes", "message"),
    [
        ("mini-resnet", ["cat"], "warning: 'cat' is the only class, so every prediction is right"),
        ("mini-clip", ["cat", "dog", "cat"], "warning: several classes are called 'cat', which no"),
        ("mini-clip", ["cat", "dog"], ""),
    ],
)
def test_script_warns_of_classes_that_make_the_numbers_mean_nothing(classifier, classes, message, tmp_path, capsys):
    path = tmp_path / "few.npz"
    images = np.zeros((len(classes), 32, 32, 3), np.uint8)
    np.savez(path, images=images, labels=np.arange(len(classes)), classes=np.array(classes))
    assert main(command(path, tmp_path / "map.npz", "--classifier", classifier, "--cells=0,0")) == 0
    warnings = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning")]
    assert len(warnings) == bool(message) and message in "".join(warnings)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--classifier", "mini-resnett"), "did you mean 'mini-resnet'"),
        (("--dataset", "nowhere"), "nowhere"),
        (("--side", "0"), "--side: expected a whole number of at least 1, got '0'"),
        (("--side", "30"), "must be odd"),
        (("--side", "100001"), "use a side of at most 31"),
        (("--seed", "-1"), "--seed: expected a whole number from 0"),
        (("--limit", "0"), "--limit: expected a whole number of at least 1"),
        (("--epsilon", "nan"), "--epsilon: expected a number of at least 0"),
        (("--image-size", "4"), "--image-size: expected a whole number from 8"),
        (("--device", "gpu"), "--device gpu cannot be used here"),
        (("--side", "33"), "use a side of at most 31"),
        (("--device", "cuda"), "use --device cpu"),
        (("--cells", "1;2"), 'expected pairs of whole numbers like "11,10;-3,4"'),
        (("--batch-size", "many"), "--batch-size: expected a whole number of at least 1"),
        (("--output", "map.txt"), "ends in .npz"),
        (("--output", "nowhere/map.npz"), "create it first"),
    ],
)
def test_script_answers_bad_arguments_with_a_sentence(archive, tmp_path, capsys, more, message):
    try:
        status = main(command(archive, tmp_path / "map.npz", *more))
    except SystemExit as stop:
        status = stop.code
    text = capsys.readouterr().err
    assert status == 2 and message in text and "Traceback" not in text
    assert list(tmp_path.iterdir()) == []


def test_script_refuses_a_folder_as_output(archive, tmp_path, capsys):
    (tmp_path / "map.npz").mkdir()
    with pytest.raises(SystemExit):
        main(command(archive, tmp_path / "map.npz"))
    assert "map.npz is a folder; give the name of a file" in capsys.readouterr().err


def test_parse_cells_reads_signed_pairs():
    assert parse_cells("11,10;-3,4") == ((11, 10), (-3, 4))
