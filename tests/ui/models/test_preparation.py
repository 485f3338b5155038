"""Preparation after a download, with a bundled network in place of a downloaded one."""

import threading
import time
from functools import partial

import pytest
from filelock import FileLock

from core.classifiers.registry import PAPERS_CLIP, classifier_title
from core.data.datasets import load_dataset
from core.data.profiles import VARIABLE, stored_files
from core.reproduce.profile.network import ProfiledNetwork, usual_dataset
from core.reproduce.profile.parts import PARTS
from core.reproduce.profile.runs import first_paths
from core.shared.roles import ROLES
from ui.models.preparation import Preparation, fetch_clip, missing, preparation, unprepared
from ui.runs.examples import MADE_HERE, stored_example, stored_runs
from ui.server.limits import limits
from ui.server.server_jobs import job_manager

NAME = "mini-clip-vit"  # bundled, and without shipped runs
HOLE = "inpainting_cifar10-5"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache; small pictures open with a network without shipped runs, as if it had been downloaded."""
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setitem(ROLES, "contrast", ((NAME, "mini-clip-robust"),))
    yield tmp_path
    limits.cache_clear()


def files(piece):
    """The file of a profile that a piece makes."""
    return piece.make.func.__self__


def made_here(cache):
    return sorted((path, path.stat().st_mtime_ns) for path in cache.glob("profiles/*/runs/*"))


def test_what_is_shipped_is_not_made(monkeypatch):
    monkeypatch.setitem(ROLES, "contrast", (("mini-clip", "mini-clip-robust"),))
    assert not unprepared() and not [*missing()]


def test_clip_gets_its_words_first_then_what_the_command_makes(installed_clip, monkeypatch):
    monkeypatch.setitem(ROLES, "contrast", ((PAPERS_CLIP,),))
    pieces = list(missing())
    words = [f"words for {count} classes" for count in ("10", "100", "1,000")]
    assert [piece.what for piece in pieces[:3]] == words
    images = partial(load_dataset, usual_dataset(None))
    network = ProfiledNetwork(PAPERS_CLIP, lambda classes: None, lambda limit: images(limit=limit), quick=True)
    command = [file.path for part in PARTS.values() for file in part.items(network)]
    assert [files(piece).path for piece in pieces[3:]] == command
    runs = [path.name.partition("__")[0] for path in command[:6]]
    assert {*first_paths(network)} == {*command[:6]}
    assert runs == [*2 * ["inpainting_photographs-6"], *2 * ["generation_imagenet"], "generation_cifar10", HOLE]
    monkeypatch.setenv("CLIP_LAB_BACKGROUND_PROFILE", "0")
    limits.cache_clear()
    assert [piece.what for piece in missing()] == [*words, *6 * [PARTS["runs"].what]]


def test_a_profile_from_elsewhere_is_not_made_again(installed_clip, tmp_path, monkeypatch):
    monkeypatch.setitem(ROLES, "contrast", ((PAPERS_CLIP,),))
    (tmp_path / "theirs" / "heatmaps").mkdir(parents=True)
    (tmp_path / "theirs" / "heatmaps" / f"{PAPERS_CLIP}_cifar10-10000.npz").touch()
    assert len([*missing()]) > 9
    monkeypatch.setenv(VARIABLE, str(tmp_path / "theirs"))
    assert len([*missing()]) == 9, "words, and the runs, which that profile does not have"


def test_a_server_fetches_clip_at_its_start_where_its_operator_says_so_and_goes_on(installed_clip, cache, monkeypatch):
    begun = []
    monkeypatch.setattr("ui.models.preparation.missing", lambda: begun.append("a look") or [])
    for value, expected in (("0", []), ("1", ["a look"])):
        monkeypatch.setenv("CLIP_LAB_CLIP", value)
        limits.cache_clear()
        fetch_clip()
        preparation().wait(60)
        assert begun == expected
    monkeypatch.setenv("CLIP_LAB_CLIP", "0")
    limits.cache_clear()
    (cache / "profiles" / PAPERS_CLIP).mkdir(parents=True)  # an earlier process began, as a visitor asked
    fetch_clip()
    preparation().wait(60)
    assert begun == ["a look"] * 2


def test_of_processes_with_one_cache_one_prepares(cache, monkeypatch):
    looks = []
    monkeypatch.setattr("ui.models.preparation.missing", lambda: looks.append("a look") or [])
    with FileLock(cache / "preparation.lock"):
        preparation = Preparation()
        preparation.begin()
        preparation.wait(1.5)
        assert preparation.running and not looks
        ended = Preparation()
        ended.begin()
        ended.close()
        assert ended.status == "done" and not looks
    preparation.wait(60)
    assert preparation.status == "done" and looks == ["a look"]


def test_a_profile_is_made_in_the_background_and_goes_on_after_an_end(installed_clip, monkeypatch, tmp_path):
    few = load_dataset("cifar10-samples", limit=10)
    monkeypatch.setattr("ui.models.preparation.load_dataset", lambda name, limit: few)
    folder, what = tmp_path / "profiles" / PAPERS_CLIP / "corruptions", "corruptions"
    monkeypatch.setitem(ROLES, "contrast", ((PAPERS_CLIP,),))
    (piece,) = [piece for piece in missing() if piece.what == what]
    monkeypatch.setattr("ui.models.preparation.missing", lambda: [piece])
    checks = iter(range(4))
    with monkeypatch.context() as patch:  # a visitor's work begins after four parts and does not end
        patch.setattr(job_manager(), "wait_until_idle", lambda end: next(checks, None) is None and end.wait(60))
        preparation = Preparation()
        preparation.begin()
        deadline = time.monotonic() + 120
        while preparation.fraction < 0.16 and time.monotonic() < deadline:
            time.sleep(0.01)
        preparation.close()
    assert preparation.what == f"{classifier_title(PAPERS_CLIP)}, {what} (1 of 1)"
    assert preparation.fraction == pytest.approx(4 / 24)
    assert [path.suffix for path in folder.iterdir()] == [".unfinished"]
    again = Preparation()
    again.begin()
    again.wait(120)
    assert (again.status, again.error, again.fraction) == ("done", "", 1.0)
    (path,) = folder.iterdir()
    assert path.name == f"{PAPERS_CLIP}.npz" and path in stored_files("corruptions")
    assert what not in [piece.what for piece in missing()]


@pytest.mark.slow
def test_examples_are_made_once_and_pages_find_them(cache):
    before = {kind: len(stored_runs(kind)) for kind in ("inpainting", "generation")}
    assert unprepared() and [(piece.spec.name, files(piece).path.name) for piece in missing()] == [
        (NAME, f"generation_cifar10__{NAME}.npz"),
        (NAME, f"{HOLE}__{NAME}.npz"),
    ]
    preparation = Preparation()
    preparation.begin()
    preparation.wait(120)
    assert (preparation.status, preparation.error) == ("done", "") and not unprepared() and not [*missing()]
    for kind, count in before.items():
        (stored,) = [run for run in stored_runs(kind) if run.metadata["classifier"]["name"] == NAME]
        assert len(stored_runs(kind)) == count + 1
        assert len(stored.curves["loss"]) == stored.config.steps + 1 == {"generation": 61, "inpainting": 721}[kind]
    example = stored_example("inpainting", "cifar10", (NAME, "mini-clip-robust"), "eq3")
    assert [run.metadata["classifier"]["name"] for run in example.runs] == [NAME, "mini-clip-robust"]
    assert example.note == MADE_HERE
    made = made_here(cache)
    preparation.begin()
    preparation.wait(60)
    assert len(made) == 2 and made_here(cache) == made, "nothing is computed twice"


def test_it_rests_while_a_visitors_run_goes_on_and_ends_when_asked(cache):
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
    assert preparation.running and preparation.fraction == 0 and not made_here(cache)
    preparation.close()
    assert preparation.status == "done" and not made_here(cache), "it ends without any result"
    go_on.set()
    assert job.wait(30)


def test_what_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "profiles").write_text("a file where the folder should be")
    preparation = Preparation()
    preparation.begin()
    preparation.wait(120)
    assert preparation.status == "failed"
    assert preparation.error.startswith("The examples could not be made: ") and str(tmp_path) not in preparation.error
