"""Preparation after a download, with a bundled network in place of a downloaded one."""

import dataclasses
import threading
import time

import pytest

from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP, classifier_spec, classifier_title
from core.data.datasets import load_dataset
from core.data.profiles import stored_files
from core.data.sample_sets import SAMPLE_SETS
from core.runs.examples import examples
from core.runs.file import PGDRun
from core.runs.stored import machine_runs, stored_path
from core.shared.roles import ROLES
from ui.models.preparation import Preparation, _profile, fetch_clip, is_made, missing, preparation, unprepared
from ui.runs.examples import made_here, stored_example, stored_runs
from ui.server.limits import limits
from ui.server.server_jobs import job_manager

NAME = "mini-clip-vit"  # bundled, and without shipped runs


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache; small pictures open with a network without shipped runs, as if it had been downloaded."""
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setitem(ROLES, "contrast", ((NAME, "mini-clip-robust"),))


def test_what_is_shipped_is_not_made(monkeypatch):
    monkeypatch.setitem(ROLES, "contrast", (("mini-clip", "mini-clip-robust"),))
    assert not unprepared() and not [*missing()]


def test_clip_gets_its_words_first_then_the_papers_experiment(monkeypatch):
    here = dataclasses.replace(CLASSIFIERS[PAPERS_CLIP], weights=CLASSIFIERS["efficientnet-lite0"].weights)
    monkeypatch.setitem(CLASSIFIERS, PAPERS_CLIP, here)
    monkeypatch.setitem(ROLES, "contrast", ((PAPERS_CLIP,),))
    words = [f"words for {count} classes" for count in ("10", "100", "1,000")]
    titles = ("Photographs", "Photographs, by views", "CIFAR-10")
    runs = [f"{kind}, {title}" for kind in ("inpainting", "generation") for title in titles]
    parts = ["its heat map", "the story's pictures", "hybrid images", "corruptions", "the gradient of its loss"]
    parts.append("judges of what it paints")
    assert [piece.what for piece in missing()] == [*words, *runs, *parts]
    monkeypatch.setenv("CLIP_LAB_BACKGROUND_PROFILE", "0")
    limits.cache_clear()
    try:
        assert [piece.what for piece in missing()] == [*words, *runs]
    finally:
        limits.cache_clear()


def test_a_server_fetches_clip_at_its_start_where_its_operator_says_so(monkeypatch):
    here = dataclasses.replace(CLASSIFIERS[PAPERS_CLIP], weights=CLASSIFIERS["efficientnet-lite0"].weights)
    monkeypatch.setitem(CLASSIFIERS, PAPERS_CLIP, here)
    begun = []
    monkeypatch.setattr("ui.models.preparation.missing", lambda: begun.append("a look") or [])
    for value, expected in (("0", []), ("1", ["a look"])):
        monkeypatch.setenv("CLIP_LAB_CLIP", value)
        limits.cache_clear()
        fetch_clip()
        preparation().wait(60)
        assert begun == expected
    limits.cache_clear()


def test_a_profile_is_made_in_the_background_and_goes_on_after_an_end(monkeypatch, tmp_path):
    few = load_dataset("cifar10-samples", limit=10)
    monkeypatch.setattr("ui.models.preparation.load_dataset", lambda name, limit: few)
    folder, what = tmp_path / "profiles" / NAME / "corruptions", "corruptions"
    (piece,) = [piece for piece in _profile(classifier_spec(NAME)) if piece.what == what]
    monkeypatch.setattr("ui.models.preparation.missing", lambda: [piece])
    looks = iter(range(4))
    with monkeypatch.context() as patch:  # a visitor's work begins after four parts and does not end
        patch.setattr(job_manager(), "wait_until_idle", lambda end: next(looks, None) is None and end.wait(60))
        preparation = Preparation()
        preparation.begin()
        deadline = time.monotonic() + 120
        while preparation.fraction < 0.16 and time.monotonic() < deadline:
            time.sleep(0.01)
        preparation.close()
    assert preparation.what == f"{classifier_title(NAME)}, {what}" and preparation.fraction == pytest.approx(4 / 24)
    assert [path.suffix for path in folder.iterdir()] == [".unfinished"]
    again = Preparation()
    again.begin()
    again.wait(120)
    assert (again.status, again.error, again.fraction) == ("done", "", 1.0)
    assert [*folder.iterdir()] == [folder / f"{NAME}.npz"] and folder / f"{NAME}.npz" in stored_files("corruptions")
    assert what not in [piece.what for piece in _profile(classifier_spec(NAME))]


@pytest.mark.parametrize("slow", [pytest.param(False, marks=pytest.mark.slow), True])
def test_examples_are_made_once_and_pages_find_them(slow, monkeypatch):
    monkeypatch.setattr("ui.models.preparation.is_slow", lambda specs, steps, pixels: slow and pixels < 2000)
    before = {kind: len(stored_runs(kind)) for kind in ("inpainting", "generation")}
    # with the fast steps the companion is run as well: its shipped run has the paper's steps
    inpainting = [f"inpainting, CIFAR-10 {name}" for name in ((NAME, "mini-clip-robust") if slow else (NAME,))]
    assert unprepared() and [f"{one.what} {one.spec.name}" for one in missing()] == [
        *inpainting,
        f"generation, CIFAR-10 {NAME}",
    ]
    preparation = Preparation()
    preparation.begin()
    preparation.wait(120)
    assert (preparation.status, preparation.error) == ("done", "") and not unprepared() and not [*missing()]
    for kind, count in before.items():
        (mine,) = [run for run in stored_runs(kind) if run.metadata["classifier"]["name"] == NAME]
        assert len(stored_runs(kind)) == count + (len(inpainting) if kind == "inpainting" else 1)
        assert len(mine.curves["loss"]) == mine.config.steps + 1 == {"generation": 61}.get(kind, 101 if slow else 721)
    shown = stored_example("inpainting", "cifar10", (NAME, "mini-clip-robust"), "eq3")
    assert [run.metadata["classifier"]["name"] for run in shown.runs] == [NAME, "mini-clip-robust"]
    assert {run.config.steps for run in shown.runs} == {100 if slow else 720}
    files = made_here()
    preparation.begin()
    preparation.wait(60)
    assert made_here() == files, "nothing is computed twice"


def test_a_run_of_other_settings_or_a_damaged_one_is_made_again():
    (example,) = [
        one for one in examples(SAMPLE_SETS["cifar10"]) if (one.kind, one.subject) == ("inpainting", "cifar10-5")
    ]
    stored = PGDRun.load(stored_path("inpainting", "cifar10-5", "mini-clip"))
    path = machine_runs() / "inpainting_cifar10-5__mini-clip.npz"
    path.parent.mkdir()
    stored.save(path)
    assert is_made(path, "mini-clip", example)
    settings = {**stored.metadata["config"], "epsilon": 1.0}
    PGDRun(**{**vars(stored), "metadata": {**stored.metadata, "config": settings}}).save(path)
    assert not is_made(path, "mini-clip", example)
    path.write_bytes(b"damaged")
    assert not is_made(path, "mini-clip", example) and path.name in [name for name, _ in made_here()]


def test_it_rests_while_a_visitors_run_goes_on_and_ends_when_asked():
    go_on, preparation = threading.Event(), Preparation()

    def states():
        go_on.wait(60)
        yield 1

    job = job_manager().submit(states, owner="a visitor")
    preparation.begin()
    deadline = time.monotonic() + 120
    while "look" in preparation.what and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)
    assert preparation.running and preparation.fraction == 0 and not made_here()
    preparation.close()
    assert preparation.status == "done" and not made_here(), "it ends without any result"
    go_on.set()
    assert job.wait(30)


def test_what_cannot_be_made_is_one_sentence(monkeypatch, tmp_path):
    (tmp_path / "runs").write_text("a file where the folder should be")
    monkeypatch.setattr("ui.models.preparation.is_slow", lambda specs, steps, pixels: pixels < 2000)  # fewer steps
    preparation = Preparation()
    preparation.begin()
    preparation.wait(120)
    assert preparation.status == "failed"
    assert preparation.error.startswith("The examples could not be made: ") and str(tmp_path) not in preparation.error
