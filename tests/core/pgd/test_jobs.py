"""Many pictures by `core.pgd`: batches, the table and the other files, resuming, errors."""

import io
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.picture_files import square_image
from core.data.sample_sets import CIFAR10, ImageDataset
from core.data.sketches import smooth_sketch
from core.pgd import __main__ as script
from core.pgd import jobs
from core.pgd.picture_outcomes import JudgedOutcomes, rank_column
from core.pgd.plan import JobConfig, prepare
from core.pgd.record import mean_change
from core.pgd.steps import pgd_steps
from core.shared.numbers import wilson
from tests.core.toy import ConvClassifier


def dataset(count=12, size=16):
    coarse = np.random.default_rng(0).integers(0, 256, (count, 3, size // 4, size // 4))
    images = coarse.repeat(4, axis=2).repeat(4, axis=3).astype(np.uint8)
    return ImageDataset("noise", "test", images, np.arange(count, dtype=np.int64) % 10, CIFAR10, "noise")


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    data, path = dataset(), tmp_path_factory.mktemp("data") / "noise.npz"
    np.savez(path, images=data.images.transpose(0, 2, 3, 1), labels=data.labels, classes=np.array(data.classes.names))
    return path


def toy(name="toy", classes=CIFAR10, scale=1.0):
    model = ConvClassifier(seed=int(name == "judge"), classes=len(classes))
    model.classes, model.name = classes, name
    model.layers[-1].weight *= scale
    return model


@pytest.fixture(scope="module", autouse=True)
def toy_classifier():
    """A small network in place of a registry entry; nothing else is replaced."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.classifiers.text.load_classifier", lambda name, classes, **_: toy(name, classes))
        yield


def run(command, archive, output, *more):
    """The exit status, also of argparse."""
    arguments = [command, "--classifier", "toy", "--dataset", str(archive), "--output", str(output), "--device", "cpu"]
    try:
        return script.main([*arguments, *more])
    except SystemExit as stop:
        return stop.code


def columns(output):
    """The table's numbers by column, the class names, and its settings."""
    table = JudgedOutcomes.load(output / "pictures.npz")
    facts = table.metadata
    return dict(zip(facts["columns"], table.numbers.T, strict=True)), facts["class_names"], facts


# The table


@pytest.mark.parametrize("command", ["inpaint", "generate"])
def test_files_agree_with_the_run_and_the_judge(command, archive, tmp_path, monkeypatch, capsys):
    output = tmp_path / "deep" / "out"
    # A toy barely depends on single pixels, so its Eq. 3 needs a weak penalty to make any change worthwhile.
    weight = ["--weight", "0.05"] if command == "inpaint" else []
    options = ["--limit", "12", "--steps", "15", "--batch-size", "9", "--judge", "judge", *weight]
    runs, run_batch = [], jobs.run_batch
    monkeypatch.setattr(jobs, "run_batch", lambda *of: runs.append(batch := run_batch(*of)) or batch)
    assert run(command, archive, output, *options) == 0
    files = ["grid.png", "pictures.npz", "summary.json"]
    assert sorted(path.name for path in output.iterdir()) == files
    numbers, _, facts = columns(output)
    saved, judge, part = runs[0].run, toy("judge"), slice(9)  # the first batch
    assert saved.curves["loss"].shape == (16, 9) and (saved.original is not None) == (command == "inpaint")
    assert saved.metadata["targets"] == numbers["target"][part].tolist()
    for when, index in (("before", 0), ("after", -1)):
        np.testing.assert_array_equal(numbers[f"loss_{when}"][part], saved.curves["loss"][index])
        np.testing.assert_array_equal(numbers[f"top1_{when}"][part], saved.logits[index].argmax(axis=1))
    np.testing.assert_array_equal(numbers["is_target"], numbers["top1_after"] == numbers["target"])
    assert numbers["loss_after"].mean() < numbers["loss_before"].mean()
    if command == "generate":
        assert not numbers["change_outside"].any() and len(set(numbers["target"])) == 10
    else:
        assert sorted(numbers["label"]) == sorted([*range(10), 0, 1]) == sorted(numbers["target"])
        assert {int(hole.sum()) for hole in saved.mask} == {64}
    hits = {}
    for when, seen, images in (("before", "start", saved.start), ("after", "result", saved.frames[-1] / 255)):
        logits = judge(torch.from_numpy(images.astype(np.float32)))
        order = logits.argsort(dim=1, descending=True).tolist()
        ranks = [1 + order[k].index(target) for k, target in enumerate(saved.metadata["targets"])]
        assert numbers[rank_column(0, seen)][part].tolist() == ranks
        hits[when] = int((numbers[rank_column(0, seen)] == 1).sum())
    summary = json.loads((output / "summary.json").read_text())
    assert summary["n"] == 12 and summary["settings"] == facts and facts["kinds"][0]["config"]["steps"] == 15
    for name in jobs.SUMMARY:
        expected = {"mean": pytest.approx(numbers[name].mean()), "std": pytest.approx(numbers[name].std())}
        assert summary[name] == expected
    _, low, high = wilson(hits["after"] / 12, 12)
    judged = {"judge": "judge", "n": 12, **hits, "after_interval": pytest.approx([float(low), float(high)])}
    assert judged.items() <= summary["judge"].items()
    told = f"judge calls {hits['after']} the target (95% interval {100 * low:.1f}% to {100 * high:.1f}%)"
    assert told in capsys.readouterr().out
    with Image.open(output / "grid.png") as grid:
        assert grid.width > 5 * 112 and grid.height > 3 * 112


def test_first_confident_step_is_found():
    data, network = load_samples("cifar10-samples"), toy(scale=200)  # confident about almost everything
    request = JobConfig(task="inpainting", count=6, changes={"steps": 30, "step_size": 0.2}, hole_size=16)
    job = jobs.make_job(request, network, data)
    numbers, plan = jobs.run_batch(job, range(6), lambda count: None).numbers, job.make_plan(range(6))
    classifier, objective = prepare(plan, network)
    states = list(pgd_steps(classifier, objective, torch.from_numpy(plan.start), plan.config))
    for row in range(6):
        sure = [state for state in states if state.target_probability[row] >= 0.9]
        if not sure:
            assert np.isnan(numbers["sure_step"][row]) and np.isnan(numbers["sure_change"][row])
            continue
        inside = np.broadcast_to(plan.mask[row], plan.start[row].shape)
        change = np.abs(sure[0].images[row].numpy() - plan.start[row])[inside].mean()
        assert numbers["sure_step"][row] == sure[0].step and np.isclose(numbers["sure_change"][row], change, rtol=1e-5)
    assert (numbers["sure_step"] > 0).any(), "some should become confident on the way"


def test_mean_change_equals_a_plain_loop():
    before, after = np.random.default_rng(1).random((2, 2, 3, 16, 16), dtype=np.float32)
    hole = np.zeros((1, 16, 16), dtype=bool)
    hole[:, 4:10, 5:12] = True
    for picture, change in enumerate(mean_change(before, after, hole)):
        sums = {True: [], False: []}
        for c, y, x in np.ndindex(3, 16, 16):
            sums[bool(hole[0, y, x])].append(abs(after[picture, c, y, x] - before[picture, c, y, x]))
        assert change == pytest.approx({"inside": np.mean(sums[True]), "outside": np.mean(sums[False])}, abs=1e-6)
    assert mean_change(before, before, None) == 2 * [{"inside": 0, "outside": 0}]


# Options


@pytest.mark.parametrize("more", [["inpaint"], ["inpaint", "--method", "views"], ["generate", "--method", "views"]])
def test_numbers_do_not_depend_on_the_batch_size(more, archive, tmp_path):
    for size in ("1", "3"):
        command = [*more[1:], "--limit", "3", "--steps", "11", "--batch-size", size]
        assert run(more[0], archive, tmp_path / size, *command) == 0
    (one, _, facts), (several, *_) = columns(tmp_path / "1"), columns(tmp_path / "3")
    assert facts["kinds"][0]["config"]["method"] == (more[2] if len(more) > 1 else "paper")
    for name in ("target", "loss_after", "perturbation_norm"):
        np.testing.assert_allclose(one[name], several[name], rtol=1e-3, atol=1e-3)
    assert not one["change_outside"].any() or "views" not in more


def test_command_line_sets_settings_and_target(archive, tmp_path):
    more = "--steps 3 --epsilon 0.5 --step-size 0.4 --weight 2 --penalty mean_square --fill rim --target cat"
    assert run("inpaint", archive, tmp_path, "--limit", "3", *more.split()) == 0
    numbers, names, facts = columns(tmp_path)
    (kind,) = facts["kinds"]
    assert (kind["config"]["epsilon"], kind["config"]["step_size"]) == (0.5, 0.4)
    assert kind["objective"] == {"weight": 2.0, "penalty": "mean_square", "fill": "rim", "hole_size": 8}
    assert {names[int(target)] for target in numbers["target"]} == {"cat"} and facts["judges"] == []
    assert numbers["perturbation_norm"].max() <= 0.5 * 1.00001


def test_free_text_unknown_to_the_judge_is_refused(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("core.classifiers.text.load_classifier", load_classifier)  # only a CLIP takes free text
    arguments = ["--classifier", "mini-clip", "--dataset", "cifar10-samples", "--output", str(tmp_path / "out")]
    options = ["--target", "a red bird", "--judge", "mini-resnet"]
    assert script.main(["generate", *arguments, *options, "--device", "cpu"]) == 2
    expected = "--judge knows only the data set's classes, not --target 'a red bird'"
    assert expected in capsys.readouterr().err and not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("output", "more", "message"),
    [
        ("new", "--steps 0", "--steps: expected a whole number from 1 to 100,000"),
        ("new", "--batch-size 0", "--batch-size: expected a whole number of at least 1"),
        ("new", "--epsilon -1", "--epsilon: expected a number above 0"),
        ("new", "--device gpu", "device gpu cannot be used here"),
        ("new", "--target teapot", "'teapot' is not among the 10 classes"),
        ("new", "--dataset cifer10", "did you mean 'cifar10'"),
        ("file", "", "must be a folder"),
        ("file/out", "", "cannot make the folder"),
        ("full", "", "cannot write pictures.npz"),
    ],
)
def test_bad_input_writes_nothing(output, more, message, archive, tmp_path, capsys):
    (tmp_path / "file").touch()
    (tmp_path / "full" / "pictures.npz").mkdir(parents=True)
    assert run("inpaint", archive, tmp_path / output, "--limit", "1", "--steps", "1", *more.split()) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "error: " in error and message in error and not (tmp_path / "new").exists()


def test_one_recognised_try_of_several_counts(archive, tmp_path, capsys):
    common = ["--limit", "5", "--steps", "9", "--judge", "judge", "--method", "views", "--batch-size", "4"]
    assert run("inpaint", archive, tmp_path, *common, "--tries", "3") == 0
    table, _, facts = columns(tmp_path)
    best = table[rank_column(0)].reshape(5, 3).min(axis=1) == 1
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["recognised_in_one_try"] == {"count": int(best.sum()), "n": 5} and facts["kinds"][0]["tries"] == 3
    assert f"in at least one of 3 tries {int(best.sum())} of 5 (" in capsys.readouterr().out
    assert table["label"].tolist() == table["label"][::3].repeat(3).tolist()
    assert len(set(table["loss_before"][:3])) == 1 < len(set(table["loss_after"][:3])), "one hole, three results"


# Resuming


def contents(output):
    """Contents of the files of a folder, by name, without date and seconds."""
    files = {path.name: path.read_bytes() for path in output.iterdir()}
    with np.load(io.BytesIO(files.pop("pictures.npz")), allow_pickle=False) as file:
        files |= {member: file[member].tobytes() for member in file.files if member != "metadata"}
    summary = json.loads(files.pop("summary.json"))
    assert summary["settings"]["source"].pop("seconds") > 0
    del summary["settings"]["source"]["date"]
    return files | {"summary": summary}


@pytest.mark.parametrize(
    ("command", "stop", "finished"),  # the n-th batch, or the file whose n-th write is interrupted; pictures then
    [
        ("generate", ("run_batch", 3), 4),
        pytest.param("inpaint", ("grid.npz", 2), 2, marks=pytest.mark.slow),
        pytest.param("inpaint", ("pictures.npz", 4), 4, marks=pytest.mark.slow),
    ],
)
def test_stopped_job_resumes_to_the_same_files(command, stop, finished, archive, tmp_path, monkeypatch):
    options = ["--limit", "11", "--steps", "3", "--batch-size", "2", "--judge", "judge"]
    assert run(command, archive, tmp_path / "whole", *options) == 0
    counts, output, stops = Counter(), tmp_path / "out", [stop]

    def watched(function, name):
        def call(*arguments):
            key = name or Path(arguments[0]).name
            counts[key] += 1
            if (key, counts[key]) in stops:
                raise KeyboardInterrupt
            return function(*arguments)

        return call

    for function, name in (("run_batch", "run_batch"), ("write_atomically", None)):
        monkeypatch.setattr(jobs, function, watched(getattr(jobs, function), name))
    assert run(command, archive, output, *options) == 130
    assert len(columns(output)[0]["target"]) == finished
    counts.clear()
    stops.clear()
    assert run(command, archive, output, *options) == 0 == run(command, archive, output, *options)
    assert counts["run_batch"] == (11 - finished + 1) // 2, "the second time nothing is left"
    assert contents(output) == contents(tmp_path / "whole")


@pytest.mark.parametrize("more", ["--seed 1", "--limit 5", ""])
def test_rows_of_other_settings_are_replaced(more, archive, tmp_path):
    command = ["--limit", "4", "--steps", "2"]
    assert run("generate", archive, tmp_path / "out", *command) == 0
    if not more:
        (tmp_path / "out" / "pictures.npz").write_bytes((tmp_path / "out" / "pictures.npz").read_bytes()[:-9])
    for folder in ("out", "fresh"):
        assert run("generate", archive, tmp_path / folder, *command, *more.split()) == 0
    assert contents(tmp_path / "out") == contents(tmp_path / "fresh")


@pytest.mark.parametrize(("option", "size"), [("--sketch", 32), ("--start", 48)])
def test_drawings_start_from_a_file(option, size, archive, tmp_path):
    pixels = np.random.default_rng(4).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "own.png")
    more = ("--method", "views", "--target", "cat", "--limit", "2", "--steps", "2", option, str(tmp_path / "own.png"))
    assert run("generate", archive, tmp_path / "a", *more) == 0
    kind = JudgedOutcomes.load(tmp_path / "a/pictures.npz").metadata["kinds"][0]
    assert kind["name"] == ("sketch" if option == "--sketch" else "photo")
    args = script.build_parser().parse_args(
        ["generate", "--classifier", "toy", "--dataset", str(archive), "--output", "x", *more]
    )
    start = script.build_job(args).make_plan([0, 1]).start
    expected = smooth_sketch(pixels, 16) if option == "--sketch" else square_image(pixels, 16, resize_to=16) / 255
    expected = expected if option == "--sketch" else np.moveaxis(expected, -1, 0)
    np.testing.assert_allclose(start, np.stack([expected, expected]), atol=1e-6)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--sketch", "photo.png"), r"a sketch must be uint8 \(32, 32, 3\); got uint8 \(48, 48, 3\)"),
        (("--sketch", "text.txt"), "text.txt must be a picture"),
        (("--sketch", "missing.png"), "missing.png must be a picture"),
        (("--start", "grey", "--sketch", "photo.png"), "--sketch and --start each say where a drawing begins"),
        (("--start", "gray"), "--start must be one of .*grey.*, or a picture's file; got 'gray'"),
    ],
)
def test_a_start_that_is_no_picture_gets_a_sentence(more, message, archive, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (48, 48)).save("photo.png")
    Path("text.txt").write_text("no picture")
    assert run("generate", archive, tmp_path / "out", *more) != 0
    assert re.search(message, " ".join(capsys.readouterr().err.split()))
