"""Stored results are complete: each network has every run and every judgement that the tables ask for."""

import pytest

from core.classifiers.registry import bundled_specs
from core.data.canvases import CANVASES, COMPARED_CANVAS
from core.data.sample_sets import PRECOMPUTED, SAMPLE_SETS
from core.pgd.examples import RUNS, examples, stored_classifier
from core.pgd.picture_outcomes import judged_outcomes
from core.pgd.starts import MADE_STARTS
from core.reproduce.judgements import SECOND_JUDGE, SERIES
from core.reproduce.profile_parts import PARTS
from core.reproduce.profiled import ProfiledNetwork

SMALL = sorted(bundled_specs())
PAINTERS = [*(name for name in SMALL if name != SECOND_JUDGE), "efficientnet-lite0"]
JUDGED_LARGE = {"grey"}  # starts that precomputed/views.npz judges at 224 pixels, not the small networks' files


def test_runs_of_every_network_are_expected():
    assert {stored_classifier(path) for path in RUNS.glob("*.npz")} == {*PAINTERS}


@pytest.mark.parametrize("name", PAINTERS)
def test_each_network_has_every_run_with_present_settings(name):
    network = ProfiledNetwork(name, lambda classes: None, lambda limit: None, quick=False)
    files = {file.path.name: file for file in PARTS["runs"].items(network)}
    stored = {path.name for path in RUNS.glob("*.npz") if stored_classifier(path) == name}
    assert sorted(files.keys() - stored) == [], "missing"
    assert sorted(stored - files.keys()) == [], "in no table"
    assert [path for path, file in files.items() if not file.is_there(PRECOMPUTED)] == [], "of other settings"


@pytest.mark.parametrize("name", SMALL)
def test_each_network_has_judgements_of_every_kind(name):
    kinds = judged_outcomes()[name].kinds()
    counts = {kind.name: (kinds[kind.name].n if kind.name in kinds else 0, kind.amounts[1]) for kind in SERIES}
    missing = {(name, kind): count for kind, count in counts.items() if count[0] < count[1]}
    assert not missing
    assert kinds.keys() <= counts.keys(), "in no table"


@pytest.mark.parametrize("name", SMALL)
def test_judged_pictures_have_the_present_settings(name):
    kinds = judged_outcomes()[name].kinds()
    stored = {kind.name: kinds[kind.name] for kind in SERIES if kind.name in kinds}
    jobs = {kind.name: kind.job(SAMPLE_SETS["cifar10"].image_size, kind.amounts[1], 0) for kind in SERIES}
    assert [kind for kind, made in stored.items() if made.config != jobs[kind].config.to_json()] == []


@pytest.mark.parametrize("start", [start for start in MADE_STARTS if start not in {*CANVASES} - {COMPARED_CANVAS}])
def test_each_start_has_stored_runs_and_judgements(start):
    plans = [example.plan for row in SAMPLE_SETS.values() for example in examples(row)]
    assert start in {plan.images.get("start") for plan in plans} | {"classless"}  # of which no run is stored
    assert start in {kind.start for kind in SERIES if kind.task == "generation"} | JUDGED_LARGE
