"""The batch script: its batches, its files, its errors."""

import contextlib
import csv
import io
import json
import runpy
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.classifiers.registry import load_classifier
from core.data.sample_sets import CIFAR10, ImageDataset
from core.pgd import __main__ as reconstruct
from core.pgd import batches
from core.pgd.batches import generation_plans, inpainting_plans
from core.pgd.pictures import SUMMARY
from core.pgd.run import PGDRun
from core.pgd.settings import PGDConfig
from core.pgd.starts import RANDOM_KINDS
from core.shared.numbers import wilson
from tests.core.toy import ConvClassifier

ROOT = Path(__file__).parents[3]


def dataset(count=12, size=16, classes=CIFAR10):
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (count, 3, size // 4, size // 4))
    images = coarse.repeat(4, axis=2).repeat(4, axis=3).astype(np.uint8)
    return ImageDataset("noise", "test", images, np.arange(count, dtype=np.int64) % len(classes), classes, "noise")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    data = dataset()
    path = tmp_path_factory.mktemp("data") / "noise.npz"
    np.savez(path, images=data.images.transpose(0, 2, 3, 1), labels=data.labels, classes=np.array(data.classes.names))
    return path


@pytest.fixture(scope="module", autouse=True)
def toy_classifier():
    """A small network in place of a registry entry; nothing else is replaced."""

    def load(name, classes, **_):
        model = ConvClassifier(seed=int(name == "judge"), classes=len(classes))
        model.classes, model.name = classes, name
        return model

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.classifiers.text.load_classifier", load)
        yield


def run(mode, archive, output, *more):
    arguments = [mode, "--classifier", "toy", "--dataset", str(archive), "--output", str(output), "--device", "cpu"]
    return reconstruct.main([*arguments, *more])


def table(output):
    with (output / "images.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


# Batches


CONFIG = PGDConfig(epsilon=1.0, step_size=0.1, steps=2)


def test_inpainting_plans_cut_the_same_holes_however_they_are_divided():
    data = dataset()
    whole, part = (
        inpainting_plans(data, CONFIG, side=4, target=None, fill="region", seed=3)(k) for k in (range(6), range(4, 6))
    )
    np.testing.assert_array_equal(whole.mask[4:], part.mask)
    np.testing.assert_array_equal(whole.start[4:], part.start)
    assert {int(hole.sum()) for hole in whole.mask} == {16}
    outside = ~np.broadcast_to(whole.mask, whole.start.shape)
    np.testing.assert_array_equal(whole.start[outside], (whole.original / np.float32(255))[outside])
    other = inpainting_plans(data, CONFIG, side=4, target=None, fill="region", seed=4)(range(6))
    assert not np.array_equal(whole.mask, other.mask)


@pytest.mark.parametrize("start", RANDOM_KINDS)
def test_generation_plans_take_the_classes_in_turn(start):
    data = dataset(count=30)
    make_plan = generation_plans(data, CONFIG, target=None, start=start, seed=0)
    plan = make_plan(range(12))
    assert sorted(plan.targets[:10]) == list(range(10)) and plan.targets[10:] == plan.targets[:2]
    assert plan.start.shape == (12, 3, 16, 16) and not np.array_equal(plan.start[0], plan.start[10])
    np.testing.assert_array_equal(make_plan(range(3, 5)).start, plan.start[3:5])


# The script


@pytest.fixture(scope="module", params=["inpaint", "generate"])
def written(request, archive, tmp_path_factory):
    """Mode and folder of one complete run of twelve images with everything that the script writes."""
    mode, output = request.param, tmp_path_factory.mktemp("written") / "deep" / "out"
    # A toy barely depends on single pixels, so its Eq. 3 needs a weak penalty to make any change worthwhile.
    weight = ["--weight", "0.05"] if mode == "inpaint" else []
    command = ["--limit", "12", "--steps", "15", "--batch-size", "9", "--judge", "judge", "--save-run", *weight]
    with contextlib.redirect_stdout(io.StringIO()) as stdout:
        assert run(mode, archive, output, *command) == 0
    return mode, output, stdout.getvalue()


def test_script_writes_table_summary_settings_and_grid(written):
    mode, output, _ = written
    files = ["grid.png", "images.csv", "run.npz", "settings.json", "summary.json"]
    assert sorted(path.name for path in output.iterdir()) == files
    summary, rows = json.loads((output / "summary.json").read_text()), table(output)
    assert set(summary) == {"n", "judge", *SUMMARY} and summary["n"] == len(rows) == 12
    for name in SUMMARY:
        values = [float(row[name]) for row in rows]
        assert summary[name] == {"mean": pytest.approx(np.mean(values)), "std": pytest.approx(np.std(values))}
    assert summary["loss_after"]["mean"] < summary["loss_before"]["mean"]
    assert all((row["top1_after"] == row["target"]) == bool(int(row["is_target"])) for row in rows)
    if mode == "generate":
        assert summary["change_outside"]["mean"] == 0 and len({row["target"] for row in rows}) == 10
    settings = json.loads((output / "settings.json").read_text())
    assert settings["config"]["steps"] == 15 and settings["classifier"]["name"] == "toy"
    assert settings["start"] == ("blur" if mode == "generate" else None)
    with Image.open(output / "grid.png") as grid:
        assert grid.width > 5 * 112 and grid.height > 3 * 112


def test_script_saves_a_run_to_be_replayed(written):
    mode, output, _ = written
    saved, rows = PGDRun.load(output / "run.npz"), table(output)[:9]  # rows of the first batch
    assert saved.curves["loss"].shape == (16, 9) and (saved.original is not None) == (mode == "inpaint")
    names = saved.metadata["class_names"]
    assert [names[target] for target in saved.metadata["targets"]] == [row["target"] for row in rows]
    np.testing.assert_allclose(saved.curves["loss"][-1], [float(row["loss_after"]) for row in rows], rtol=1e-6)


def test_script_asks_a_second_judge_about_starts_and_results(written):
    _, output, stdout = written
    saved, rows = PGDRun.load(output / "run.npz"), table(output)
    judge, names = ConvClassifier(seed=1, classes=10), CIFAR10.names
    counts = {}
    for when, images in (("before", saved.start), ("after", saved.frames[-1].astype(np.float32) / 255)):
        predictions = [names[k] for k in judge(torch.from_numpy(images)).argmax(dim=1).tolist()]
        assert [row[f"judge_top1_{when}"] for row in rows[:9]] == predictions
        hits = [row[f"judge_top1_{when}"] == row["target"] for row in rows]
        assert [int(row[f"judge_rank_{when}"] == "1") for row in rows] == hits
        counts[when] = sum(hits)
    assert any(row["judge_top1_after"] != row["top1_after"] for row in rows), "another network"
    summary = json.loads((output / "summary.json").read_text())["judge"]
    _, low, high = wilson(counts["after"] / 12, 12)
    expected = {"judge": "judge", "n": 12, **counts, "after_interval": pytest.approx([float(low), float(high)])}
    assert expected.items() <= summary.items()
    assert json.loads((output / "settings.json").read_text())["judge"]["name"] == "judge"
    assert f"judge calls {counts['after']} the target (95 % interval {100 * low:.1f} % to {100 * high:.1f} %)" in stdout


def test_script_without_a_judge_and_with_bundled_samples_leaves_its_columns_empty(tmp_path):
    assert run("generate", "cifar10-samples", tmp_path, "--limit", "2", "--steps", "1") == 0
    assert len(table(tmp_path)) == 2
    assert {row[name] for row in table(tmp_path) for name in row if name.startswith("judge")} == {""}
    assert json.loads((tmp_path / "settings.json").read_text())["judge"] is None


def test_script_refuses_a_free_text_as_target_that_the_judge_cannot_know(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("core.classifiers.text.load_classifier", load_classifier)  # only a CLIP takes free text
    arguments = ["--classifier", "mini-clip", "--dataset", "cifar10-samples", "--output", str(tmp_path / "out")]
    options = ["--target", "a red bird", "--judge", "mini-resnet"]
    assert reconstruct.main(["generate", *arguments, *options, "--device", "cpu"]) == 2
    expected = "--judge knows only the data set's classes, not --target 'a red bird'"
    assert expected in capsys.readouterr().err and not (tmp_path / "out").exists()


def test_script_gives_the_same_numbers_for_any_batch_size(archive, tmp_path):
    for size in ("1", "4"):
        assert run("inpaint", archive, tmp_path / size, "--limit", "4", "--steps", "5", "--batch-size", size) == 0
    for row, other in zip(table(tmp_path / "1"), table(tmp_path / "4"), strict=True):
        assert row["target"] == other["target"]
        assert float(row["loss_after"]) == pytest.approx(float(other["loss_after"]), abs=1e-3)


def test_script_searches_by_views_the_same_for_any_batch_size(archive, tmp_path):
    for mode, more in (("generate", ["--start", "grey"]), ("inpaint", ["--fill", "rim"])):
        pictures = []
        for size in ("1", "3"):
            output = tmp_path / mode / size
            line = [mode, "--classifier", "toy", "--dataset", str(archive), "--limit", "3", "--steps", "11", *more]
            line += ["--search", "views", "--batch-size", size, "--save-run", "--output", str(output)]
            assert reconstruct.main(line) == 0
            settings = json.loads((output / "settings.json").read_text())
            assert settings["config"]["search"] == "views" and settings["config"]["views"]["shift"] == 3
            pictures.append(table(output))
        for row, other in zip(*pictures, strict=True):
            assert float(row["perturbation_norm"]) == pytest.approx(float(other["perturbation_norm"]), rel=1e-4)
            assert mode == "generate" or float(row["change_outside"]) == 0


def test_script_takes_settings_and_target_from_the_command_line(archive, tmp_path):
    more = "--steps 3 --epsilon 0.5 --step-size 0.4 --weight 2 --penalty mean_square --fill rim --target cat"
    assert run("inpaint", archive, tmp_path / "out", "--limit", "3", *more.split()) == 0
    settings = json.loads((tmp_path / "out" / "settings.json").read_text())
    assert (settings["config"]["epsilon"], settings["config"]["step_size"]) == (0.5, 0.4)
    assert settings["objective"] == {"weight": 2.0, "penalty": "mean_square", "fill": "rim", "side": 8}
    assert {row["target"] for row in table(tmp_path / "out")} == {"cat"}
    assert max(float(row["perturbation_norm"]) for row in table(tmp_path / "out")) <= 0.5 * 1.00001


def contents(output):
    """The bytes of a folder's files by name; settings without date and seconds."""
    files = {path.name: path.read_bytes() for path in output.iterdir()}
    settings = json.loads(files.pop("settings.json"))
    source = settings.pop("source")
    assert source["type"] == "computed" and source["seconds"] > 0
    if "run.npz" in files:
        with np.load(io.BytesIO(files.pop("run.npz")), allow_pickle=False) as run:
            files |= {name: run[name].tobytes() for name in run.files if name != "metadata"}
    return files | {"settings": settings}


RESUMED = ["--limit", "11", "--steps", "3", "--batch-size", "2", "--judge", "judge", "--save-run"]


@pytest.fixture(scope="module", params=["inpaint", "generate"])
def whole(request, archive, tmp_path_factory):
    """Mode and contents of an uninterrupted run."""
    output = tmp_path_factory.mktemp("whole")
    assert run(request.param, archive, output, *RESUMED) == 0
    return request.param, contents(output)


@pytest.mark.parametrize(
    ("stop", "finished"),
    [
        pytest.param(lambda name, calls: name == "run_batch" and calls == 3, 4, id="in a batch"),
        pytest.param(lambda name, calls: name == "grid.npz" and calls == 2, 2, id="before a batch is written"),
        pytest.param(lambda name, calls: name == "images.csv" and calls == 3, 2, id="before rows are written"),
        pytest.param(lambda name, calls: name == "settings.json" and calls == 5, 8, id="with the grid full"),
    ],
)
def test_stopped_script_resumes_to_the_same_files(whole, stop, finished, archive, tmp_path, monkeypatch):
    (mode, expected), counts = whole, Counter()

    def watched(function, name):
        def call(*arguments):
            key = name or Path(arguments[0]).name
            counts[key] += 1
            if stop(key, counts[key]):
                raise KeyboardInterrupt
            return function(*arguments)

        return call

    with monkeypatch.context() as patch:
        for function, name in (("run_batch", "run_batch"), ("write_atomically", None), ("write_json", None)):
            patch.setattr(batches, function, watched(getattr(batches, function), name))
        assert run(mode, archive, tmp_path / "out", *RESUMED) == 130
        assert len(table(tmp_path / "out")) == finished
        counts.clear()
        stop = lambda *_: False  # noqa: E731
        assert run(mode, archive, tmp_path / "out", *RESUMED) == 0
        assert counts["run_batch"] == (11 - finished + 1) // 2
        counts.clear()
        assert run(mode, archive, tmp_path / "out", *RESUMED) == 0 and counts["run_batch"] == 0
    assert contents(tmp_path / "out") == expected


@pytest.mark.parametrize("more", [["--seed", "1"], ["--limit", "5"], ["--save-run"]])
def test_script_replaces_rows_of_other_settings(more, archive, tmp_path):
    assert run("generate", archive, tmp_path / "out", "--limit", "4", "--steps", "2") == 0
    for folder in ("out", "fresh"):
        assert run("generate", archive, tmp_path / folder, "--limit", "4", "--steps", "2", *more) == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


@pytest.mark.parametrize("damage", [b"", b"index\n0\n", b"\xff", b"index,label\n1,x\n"])
def test_script_begins_anew_where_rows_are_damaged(damage, archive, tmp_path):
    command = ["--limit", "3", "--steps", "2"]
    assert run("inpaint", archive, tmp_path, *command) == 0
    before = contents(tmp_path)
    (tmp_path / "images.csv").write_bytes(damage)
    assert run("inpaint", archive, tmp_path, *command) == 0 and contents(tmp_path) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--steps", "0"], "--steps: expected a whole number from 1 to 100,000"),
        (["--epsilon", "-1"], "--epsilon: expected a number above 0"),
        (["--step-size", "0"], "--step-size: expected a number above 0"),
        (["--weight", "-2"], "--weight: expected a number of at least 0"),
        (["--seed", "-1"], "--seed: expected a whole number from 0"),
        (["--device", "gpu"], "--device gpu cannot be used here"),
        (["--target", "teapot"], "'teapot' is not among the 10 classes"),
        (["--judge-weights", "file"], "--judge-weights needs --judge"),
        (["--limit", "0"], "--limit: expected a whole number of at least 1"),
        (["--batch-size", "0"], "--batch-size: expected a whole number of at least 1"),
        (["--dataset", "cifer10"], "did you mean 'cifar10'"),
        (["--data-dir", "nowhere", "--dataset", "cifar10"], "CIFAR-10 is not in nowhere"),
    ],
)
def test_script_ends_with_one_sentence_on_bad_input(more, message, archive, tmp_path, capsys):
    try:
        status = run("inpaint", archive, tmp_path / "out", *more)
    except SystemExit as stop:  # argparse's message, after the usage
        status = stop.code
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert status == 2 and "error: " in error and message in error
    assert not (tmp_path / "out").exists()


def test_script_refuses_a_file_as_output(archive, capsys):
    assert run("inpaint", archive, archive) == 2
    assert "must be a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("output", "message"), [("file/out", "cannot make the folder"), ("out", "cannot write images.csv")]
)
def test_script_ends_with_one_sentence_where_it_cannot_write(output, message, archive, tmp_path, capsys):
    (tmp_path / "file").touch()
    (tmp_path / "out" / "images.csv").mkdir(parents=True)
    assert run("inpaint", archive, tmp_path / output, "--limit", "1", "--steps", "1") == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {message}")


def test_script_runs_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["core.pgd", "inpaint", "--help"])
    with pytest.raises(SystemExit, match="^0$"):
        runpy.run_path(str(ROOT / "core" / "pgd" / "__main__.py"), run_name="__main__")
    assert "--weight" in capsys.readouterr().out
