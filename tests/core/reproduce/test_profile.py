"""A network's profile: made by one command, resumed, read by the pages. The network is linear, with random weights."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from core.claims.statistics import stored_corruptions, stored_hybrids
from core.classifiers.families import FAMILIES
from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, PRECOMPUTED
from core.pgd.drawings import opening_words
from core.pgd.examples import stored_path, stored_subjects
from core.pgd.picture_outcomes import JudgedOutcomes, fingerprint, judged_outcomes, stored_judgement
from core.pgd.record import PGDRun
from core.reproduce import judgements
from core.reproduce.profile import main
from core.reproduce.profile_parts import PARTS
from core.reproduce.profiled import MissingDataError, ProfiledNetwork
from core.sweep.story_predictions import chosen_pictures, predict_story, stored_predictions
from tests.core.toy import linear_family
from tests.profiles import use_profile
from ui.maps.catalogue import shipped_maps

NAME = "toy:linear"
calls = {"left": None}  # passes before the network is interrupted; None for never


class Linear(nn.Sequential):
    """Raises KeyboardInterrupt once `calls` says so."""

    def forward(self, images):
        if calls["left"] is not None:
            calls["left"] -= 1
            if calls["left"] < 0:
                raise KeyboardInterrupt
        return super().forward(images)


@pytest.fixture
def toy(monkeypatch, tmp_path):
    """A linear classifier with random weights, as a family of classifiers."""
    torch.manual_seed(0)
    monkeypatch.setitem(FAMILIES, "toy", linear_family(tmp_path, Linear, "linear.pt"))
    monkeypatch.setitem(calls, "left", None)


def profiled(name, data=None, quick=True, load=lambda classes: None):
    return ProfiledNetwork(name, load, lambda limit: data, quick)


def profile(folder, *options):
    return main(
        ["--classifier", NAME, "--quick", "--data-dir", str(folder / "nowhere"), "--output", str(folder), *options]
    )


def test_profile_is_made_and_shown(toy, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "profile"
    assert profile(folder) == 0
    printed = capsys.readouterr()
    assert "7 files made" in printed.out and "cifar10-samples stands in" in printed.err
    assert "1 of 7, the runs that pages open with: runs/generation_cifar10__toy-linear.npz" in printed.err
    assert "3 of 7, its heat map: heatmaps/toy-linear_cifar10-samples-" in printed.err
    assert not list(folder.rglob("*.unfinished"))
    assert sum(path.stat().st_size for path in folder.rglob("*")) < 6_000_000
    use_profile(monkeypatch, folder)
    assert NAME in stored_hybrids() and stored_hybrids()[NAME].n == 150
    assert stored_corruptions()[NAME].measured.all()
    kinds = judged_outcomes()[NAME].kinds()
    assert {name: outcomes.n for name, outcomes in kinds.items()} == {"classless, paper": 6, "classless, views": 6}
    assert kinds["classless, views"].judges == ("mini-resnet", "mini-clip-vit")
    predictions = stored_predictions()[NAME]
    assert len(predictions.top1()) == 482
    (entry,) = [entry for entry in shipped_maps().values() if entry.classifier == NAME]
    assert entry.heatmap.estimate is not None and (entry.heatmap.count > 0).all()
    drawn = [path for path in stored_subjects("generation")["cifar10"] if path.stem.endswith("__toy-linear")]
    assert PGDRun.load(*drawn).metadata["classifier"]["name"] == NAME
    assert profile(folder) == 0 and "0 files made, 7 kept" in capsys.readouterr().out


def test_stopped_profile_resumes(toy, tmp_path, capsys):
    whole, stopped = tmp_path / "whole", tmp_path / "stopped"
    assert profile(whole, "--parts", "hybrids") == 0
    calls["left"] = 30
    assert profile(stopped, "--parts", "hybrids") == 130
    assert [path.suffix for path in (stopped / "hybrids").iterdir()] == [".unfinished"]
    calls["left"] = None
    assert profile(stopped, "--parts", "hybrids") == 0
    first, second = ({**np.load(folder / "hybrids" / "toy-linear.npz")} for folder in (whole, stopped))
    for name in first.keys() - {"metadata"}:
        np.testing.assert_array_equal(first[name], second[name])


def test_existing_judgements_are_kept(toy, tmp_path, monkeypatch):
    kinds = {kind.name: kind for kind in judgements.SERIES}
    papers, views = (replace(kinds[f"classless, {method}"], amounts=(3, 3)) for method in ("paper", "views"))
    monkeypatch.setattr(judgements, "SERIES", (papers,))
    assert profile(tmp_path, "--parts", "judgements") == 0
    path = tmp_path / "judgements" / "toy-linear.npz"
    first = JudgedOutcomes.load(path)
    monkeypatch.setattr(judgements, "SERIES", (papers, views))
    calls = []
    monkeypatch.setattr(
        judgements, "_painted", lambda *a, painted=judgements._painted: calls.append(a[1]) or painted(*a)
    )
    assert profile(tmp_path, "--parts", "runs,judgements") == 0 and calls == ["classless, views"]
    outcomes = JudgedOutcomes.load(path)
    assert np.array_equal(first.numbers, outcomes.numbers[:3], equal_nan=True) and len(outcomes.numbers) == 6
    (mark,) = outcomes.metadata["runs"]
    (run,) = (PGDRun.load(file) for file in (tmp_path / "runs").glob("generation_cifar10__*"))
    assert fingerprint(run) == mark and outcomes.metadata["runs"][mark]["judge"] == "mini-resnet"
    monkeypatch.setattr(judgements, "SERIES", (replace(papers, fewer=2), views))
    assert profile(tmp_path, "--parts", "judgements") == 0 and calls.pop() == papers.name, "of other settings"
    again = JudgedOutcomes.load(path).kinds()
    assert again[papers.name].config["steps"] == outcomes.kinds()[papers.name].config["steps"] // 2
    path.unlink()
    assert profile(tmp_path, "--parts", "judgements", "--judge", "mini-resnet-robust") == 0
    assert JudgedOutcomes.load(path).judges[0] == "mini-resnet-robust" and len(calls) == 3


def test_outdated_or_damaged_run_is_remade(tmp_path):
    network = profiled("mini-clip")
    (file,) = [file for file in PARTS["runs"].items(network) if file.path.name.startswith("inpainting")]
    stored = PGDRun.load(PRECOMPUTED / file.path)
    path = tmp_path / file.path
    path.parent.mkdir()
    stored.save(path)
    assert file.is_there(tmp_path)
    settings = {**stored.metadata["config"], "epsilon": 1.0}
    replace(stored, metadata={**stored.metadata, "config": settings}).save(path)
    assert not file.is_there(tmp_path)
    path.write_bytes(b"damaged")
    assert not file.is_there(tmp_path)


def test_drawings_of_imagenets_classes_are_judged(tmp_path, monkeypatch):
    name, judge = "efficientnet-lite1", "efficientnet-lite0"
    stored = PGDRun.load(stored_path("generation", "imagenet", judge, method="views"))
    path = stored_path("generation", "imagenet", name, tmp_path / "runs", "views")
    path.parent.mkdir()
    run = replace(stored, metadata={**stored.metadata, "classifier": {**stored.metadata["classifier"], "name": name}})
    run.save(path)
    network = profiled(name, load_samples("photographs"), load=partial(load_classifier, judge))
    (file,) = PARTS["judgements"].items(network)
    file.make_in(tmp_path, "quick")
    assert file.is_there(tmp_path)
    use_profile(monkeypatch, tmp_path)
    stored = stored_judgement(fingerprint(run))
    expected = judgements.ready_judge(name, "imagenet")  # EfficientNet-Lite2 where it is installed
    assert (stored.judge, *stored.says, *stored.ranks) == (expected, opening_words()[0], 1)
    assert expected not in (None, name) and stored_judgement("unknown") is None
    assert JudgedOutcomes.load(tmp_path / file.path).kinds() == {}
    monkeypatch.setattr(judgements, "ready_judge", lambda *arguments: None)
    with pytest.raises(MissingDataError):
        list(PARTS["judgements"].items(network))


def test_missing_data_of_a_part_is_explained(toy, tmp_path, capsys):
    few = load_samples("cifar10-samples")
    arrays = {"images": few.images[:12].transpose(0, 2, 3, 1), "labels": few.labels[:12], "classes": few.classes.names}
    np.savez(tmp_path / "few.npz", **arrays)
    options = ("--parts", "judgements,hybrids", "--dataset", str(tmp_path / "few.npz"), "--image-size", "64")
    assert profile(tmp_path, *options) == 0
    printed = capsys.readouterr().out
    assert "1 file made" in printed
    assert "pictures of 32" in printed


def test_full_profile_replaces_quick_parts(toy, tmp_path):
    data = load_samples("cifar10-samples")
    assert profile(tmp_path, "--parts", "hybrids,corruptions") == 0
    for quick in (True, False):
        network = profiled(NAME, data, quick)
        for key, there in (("hybrids", quick), ("corruptions", True)):  # there are at most 100 pictures
            (item,) = PARTS[key].items(network)
            assert item.is_there(tmp_path) == there


@pytest.mark.parametrize("name", [chosen_pictures()["turned"], chosen_pictures()["kept"]])
def test_stored_predictions_equal_the_networks(name):
    stored, classifier = stored_predictions()[name], load_classifier(name, CIFAR10)
    made = predict_story(classifier)
    assert stored.metadata["classifier"]["sha256"] == classifier.sha256
    assert [top1 for top1, _ in stored.top1()] == [top1 for top1, _ in made.top1()]
    own, again = (table.numbers["probabilities"].astype(int) for table in (stored, made))
    np.testing.assert_allclose(own, again, atol=2)  # integers of 10,000; other processors differ in a digit
