"""What follows a download, made with a bundled network in place of a downloaded one."""

import threading
import time

import pytest

from core.classifiers.registry import classifier_spec
from core.data.sample_sets import SAMPLE_SETS
from core.runs.examples import examples
from core.runs.file import PGDRun
from core.runs.stored import machine_runs, stored_path
from ui.models.preparation import Preparation, is_made, missing, unprepared
from ui.runs.examples import made_here, stored_runs
from ui.shared.server_jobs import job_manager

NAME = "mini-clip-vit"  # bundled, and no run of it is


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))


def test_examples_are_made_once_and_pages_find_them():
    spec = classifier_spec(NAME)
    before = {kind: len(stored_runs(kind)) for kind in ("inpainting", "generation")}
    assert unprepared(NAME) and [piece.what for piece in missing(spec)] == [
        "inpainting, CIFAR-10",
        "generation, CIFAR-10",
    ]
    preparation = Preparation()
    preparation.begin(NAME)
    preparation.wait(120)
    assert (preparation.status, preparation.error) == ("done", "") and not unprepared(NAME) and not [*missing(spec)]
    for kind, count in before.items():
        (mine,) = [run for run in stored_runs(kind) if run.metadata["classifier"]["name"] == NAME]
        assert len(stored_runs(kind)) == count + 1 and len(mine.curves["loss"]) == mine.config.steps + 1
    files = made_here()
    preparation.begin(NAME)
    preparation.wait(60)
    assert made_here() == files, "nothing is made twice"


def test_a_run_of_other_settings_or_a_damaged_one_is_made_again():
    (example,) = [
        one for one in examples(SAMPLE_SETS["cifar10"]) if (one.kind, one.subject) == ("inpainting", "cifar10-5")
    ]
    stored = PGDRun.load(stored_path("inpainting", "cifar10-5", "mini-clip"))
    spec, path = classifier_spec("mini-clip"), machine_runs() / "inpainting_cifar10-5__mini-clip.npz"
    path.parent.mkdir()
    stored.save(path)
    assert is_made(spec, example)
    settings = {**stored.metadata["config"], "epsilon": 1.0}
    PGDRun(**{**vars(stored), "metadata": {**stored.metadata, "config": settings}}).save(path)
    assert not is_made(spec, example)
    path.write_bytes(b"damaged")
    assert not is_made(spec, example) and path.name in [name for name, _ in made_here()]


def test_it_rests_while_a_visitors_run_goes_on_and_ends_when_asked():
    go_on, preparation = threading.Event(), Preparation()

    def states():
        go_on.wait(60)
        yield 1

    job = job_manager().submit(states, owner="a visitor")
    preparation.begin(NAME)
    deadline = time.monotonic() + 30
    while not preparation.what and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.5)
    assert preparation.running and preparation.fraction == 0 and not made_here()
    preparation.close()
    assert preparation.status == "done" and not made_here(), "it ends without having made anything"
    go_on.set()
    assert job.wait(30)


def test_what_cannot_be_made_is_one_sentence(monkeypatch, tmp_path):
    (tmp_path / "runs").write_text("a file where the folder should be")
    preparation = Preparation()
    preparation.begin(NAME)
    preparation.wait(120)
    assert preparation.status == "failed"
    assert (
        preparation.error.startswith(f"The examples of {NAME} could not be made: ")
        and str(tmp_path) not in preparation.error
    )
