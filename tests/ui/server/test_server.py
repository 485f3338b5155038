"""What an operator limits, documented and enforced, and what visitors share: the loaded classifiers."""

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from pathlib import Path

import pytest
import streamlit as st

import ui.shared.pictures
from core.classifiers import registry
from core.data.sample_sets import ClassSet
from tests.ui.server.test_jobs import GIVING_WAY, priority
from ui.server import cache
from ui.server.cache import classifier_for, job_manager, ready_classifiers
from ui.server.downloads import weight_downloads
from ui.server.jobs import lower_priority
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
    limits = Limits.from_environment({"CLIP_LAB_CLIP": "1", "CLIP_LAB_PICTURE_MB": " 5 "} | unrelated)
    assert limits == replace(Limits(), clip=1, picture_mb=5)
    with pytest.raises(ValueError, match="CLIP_LAB_QUEUE .*CLIP_LAB_CACHE, .*CLIP_LAB_RUN_STEPS"):
        Limits.from_environment({"CLIP_LAB_QUEUE": "3"})


@pytest.mark.parametrize("value", ["", "-1", "0", "1.5", "51", "9" * 5000])
def test_value_that_is_no_limit_is_refused_in_one_sentence(value):
    with pytest.raises(ValueError, match=r"CLIP_LAB_PICTURE_MB .* wants a whole number from 1 to 50, got") as caught:
        Limits.from_environment({"CLIP_LAB_PICTURE_MB": value})
    assert len(str(caught.value)) < 250


def test_an_upload_beyond_the_limit_is_refused(monkeypatch):
    check_upload(bytes(2**20), 1)
    monkeypatch.setattr(ui.shared.pictures, "limits", lambda: replace(limits(), picture_mb=1))
    with pytest.raises(ValueError, match="larger than the 1 MB"):
        uploaded_pixels(bytes(2**20 + 1), 32)


@pytest.fixture
def loads(monkeypatch):
    """Name and thread's priority of each load of a classifier from now on."""
    loads = []

    def load(name, *args, **options):
        loads.append((name, priority()))
        return registry.load_classifier(name, *args, **options)

    monkeypatch.setattr(cache, "load_classifier", load)
    for cached in (cache._loaded, classifier_for):
        cached.cache_clear()
    return loads


def test_visitors_share_one_classifier_whatever_is_cleared(loads):
    with ThreadPoolExecutor(4) as pool:
        (first,) = set(pool.map(lambda _: classifier_for("mini-clip", "cifar10"), range(4)))
    before = job_manager(), weight_downloads()
    # Streamlit's reaction to a browser's message `clear_cache`.
    st.cache_data.clear()
    st.cache_resource.clear()
    assert (job_manager(), weight_downloads()) == before and classifier_for("mini-clip", "cifar10") is first
    for spec in ready_classifiers("cifar10"):
        classifier_for(spec.name, "cifar10")
    assert len(ready_classifiers("cifar10")) > 4
    assert classifier_for("mini-clip", ClassSet("custom", ("cat", "dog"))).network is first.network
    assert [name for name, _ in loads].count("mini-clip") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_a_page_never_waits_for_a_load_that_gives_way(loads):
    running = []

    def run():
        lower_priority()
        classifier_for("mini-resnet", "cifar10")
        running.append(priority())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert loads == [("mini-resnet", priority())] and running == [max(priority(), GIVING_WAY)]
