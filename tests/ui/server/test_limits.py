"""Limits of the server: set by its operator, documented, and enforced whatever a browser sends."""

import re
import threading
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

import ui.shared.pictures
from core.pgd.run import RunPlan
from core.pgd.settings import paper_generation
from tests.ui.server.test_jobs import LIMIT, Clock, Steps
from ui.runs.settings import check_size
from ui.server.jobs import JobManager
from ui.server.limits import PREFIX, Limits, check_upload, limits
from ui.shared.pictures import uploaded_pixels

SERVER = Path(__file__).parents[3] / "docs" / "server.md"


def test_docs_list_every_limit_with_its_default():
    rows = re.findall(rf"`{PREFIX}(\w+)` \| ([\d,]+) ", SERVER.read_text("utf-8"))
    assert {name: int(value.replace(",", "")) for name, value in rows} == {
        limit.name.upper(): limit.default for limit in fields(Limits)
    }


def test_environment_sets_limits_and_leaves_the_others():
    unrelated = {"CLIP_LAB_CLASSIFIERS": "timm:resnet18", "CLIP_LAB_CACHE": "y", "PATH": "x"}
    limits = Limits.from_environment({"CLIP_LAB_QUEUE_LENGTH": "0", "CLIP_LAB_PICTURE_MB": " 5 "} | unrelated)
    assert limits == replace(Limits(), queue_length=0, picture_mb=5)


@pytest.mark.parametrize("value", ["", "-1", "0", "1.5", "many", "51", "9" * 5000, "1e3"])
def test_value_that_is_no_limit_is_refused_in_one_sentence(value):
    with pytest.raises(ValueError, match=r"CLIP_LAB_PICTURE_MB .* wants a whole number from 1 to 50, got") as caught:
        Limits.from_environment({"CLIP_LAB_PICTURE_MB": value})
    assert len(str(caught.value)) < 250


def test_misspelt_limit_is_named_with_those_there_are():
    with pytest.raises(ValueError, match="CLIP_LAB_QUEUE sets no limit; known: .*CLIP_LAB_QUEUE_LENGTH"):
        Limits.from_environment({"CLIP_LAB_QUEUE": "3"})


def test_server_refuses_a_run_that_no_widget_would_ask_for():
    def plan(pictures, steps):
        config = replace(paper_generation(32), steps=steps)
        return RunPlan(targets=(0,) * pictures, start=np.zeros((pictures, 3, 8, 8), np.float32), config=config)

    check_size(plan(16, limits().run_steps))
    with pytest.raises(ValueError, match="2,000 steps per run, not 2,001; choose fewer"):
        check_size(plan(16, 2001))
    with pytest.raises(ValueError, match="16 pictures per run, not 17"):
        check_size(plan(17, 5))


def test_upload_is_measured_on_the_server(monkeypatch):
    check_upload(bytes(2**20), 1)
    monkeypatch.setattr(ui.shared.pictures, "limits", lambda: replace(limits(), picture_mb=1))
    with pytest.raises(ValueError, match="larger than the 1 MB"):
        uploaded_pixels(bytes(2**20 + 1))


def test_run_that_takes_too_long_ends_keeps_its_state_and_frees_the_slot():
    clock = Clock()
    manager, steps = JobManager(run_seconds=60, clock=clock), Steps(5)
    job = manager.submit(steps, owner="a")
    steps.step()
    clock.now = 61.0
    steps.permits.release()
    assert job.wait(LIMIT) and (job.status, job.latest) == ("overtime", 1)
    assert steps.closed.wait(LIMIT) and manager.submit(lambda: [1], owner="b").wait(LIMIT)


def test_first_visitors_at_once_share_one_manager():
    from ui.server import cache

    cache.job_manager.cache_clear()
    managers, barrier = [], threading.Barrier(8)

    def visit():
        barrier.wait(LIMIT)
        managers.append(cache.job_manager())

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(managers) == 8 and len(set(map(id, managers))) == 1
