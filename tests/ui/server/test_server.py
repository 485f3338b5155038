"""An operator's limits, documented and enforced, and the classifiers that visitors share."""

import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import streamlit as st

from core.classifiers import registry
from core.data.sample_sets import CIFAR10, ClassSet
from tests.ui.server.test_jobs import GIVING_WAY, priority
from ui.server import cache
from ui.server.cache import classifier_for, job_manager, ready_classifiers
from ui.server.downloads import weight_downloads
from ui.server.jobs import lower_priority
from ui.server.limits import VARIABLES, Limits, read_limits
from ui.shared.page_pictures import MAX_MB, uploaded_photo

SERVER = Path(__file__).parents[3] / "docs" / "server.md"


def test_docs_list_every_limit_with_its_default():
    rows = re.findall(r"`(CLIP_LAB_\w+)` \| ([\d,]+) ", SERVER.read_text("utf-8"))
    assert {name: int(value.replace(",", "")) for name, value in rows} == {
        name: usual for name, (_, usual, _, _) in VARIABLES.items()
    }


def test_environment_overrides_limits():
    unrelated = {"CLIP_LAB_CLASSIFIERS": "timm:resnet18", "CLIP_LAB_CACHE": "y", "PATH": "x"}
    assert read_limits({"CLIP_LAB_CLIP": "1"} | unrelated) == Limits(3600, True)
    assert read_limits({"CLIP_LAB_RUN_SECONDS": " 5 "}) == Limits(5, False)
    with pytest.raises(ValueError, match="CLIP_LAB_QUEUE .*CLIP_LAB_CACHE, .*CLIP_LAB_CLIP"):
        read_limits({"CLIP_LAB_QUEUE": "3"})


@pytest.mark.parametrize("value", ["", "-1", "1.5", "2", "9" * 5000])
def test_invalid_limit_is_refused(value):
    with pytest.raises(ValueError, match=r"CLIP_LAB_CLIP .* must be an integer from 0 to 1, got") as caught:
        read_limits({"CLIP_LAB_CLIP": value})
    assert len(str(caught.value)) < 250


def test_an_upload_beyond_the_limit_is_refused():
    with pytest.raises(ValueError, match="larger than the 20 MB"):
        uploaded_photo(bytes(MAX_MB * 2**20 + 1), 32, "large.png")


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


def test_classifiers_are_shared_after_cache_clearing(loads):
    with ThreadPoolExecutor(4) as pool:
        (first,) = set(pool.map(lambda _: classifier_for("mini-clip", CIFAR10), range(4)))
    before = job_manager(), weight_downloads()
    # Streamlit's reaction to a browser's message `clear_cache`.
    st.cache_data.clear()
    st.cache_resource.clear()
    assert (job_manager(), weight_downloads()) == before and classifier_for("mini-clip", CIFAR10) is first
    for spec in ready_classifiers("cifar10"):
        classifier_for(spec.name, CIFAR10)
    assert classifier_for("mini-clip", ClassSet("custom", ("cat", "dog"))).network is first.network
    assert [name for name, _ in loads].count("mini-clip") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_classifier_loads_at_normal_priority(loads):
    running = []

    def run():
        lower_priority()
        classifier_for("mini-resnet", CIFAR10)
        running.append(priority())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert loads == [("mini-resnet", priority())] and running == [max(priority(), GIVING_WAY)]
