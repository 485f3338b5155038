"""Classifiers that a page offers for a class set."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st

from core.classifiers import registry
from core.data.sample_sets import ClassSet
from ui.server import cache
from ui.server.cache import classifier_for, job_manager, ready_classifiers, ready_clips
from ui.server.downloads import weight_downloads
from ui.server.jobs import lower_priority


def names(specs) -> set[str]:
    return {spec.name for spec in specs}


def test_a_clip_that_learned_ten_words_is_not_asked_about_a_thousand_classes():
    assert "mini-clip" in names(ready_classifiers("cifar10")) and "mini-clip" not in names(
        ready_classifiers("imagenet")
    )
    assert "efficientnet-lite0" in names(ready_classifiers("imagenet"))


def test_every_clip_predicts_in_the_visitors_own_words():
    assert "mini-clip" in names(ready_clips()) and "mini-resnet" not in names(ready_clips())


def test_what_visitors_share_survives_a_browser_that_clears_streamlits_caches():
    def shared():
        return classifier_for("mini-resnet", "cifar10"), job_manager(), weight_downloads()

    before = shared()
    # Streamlit's reaction to a browser's message `clear_cache`.
    st.cache_data.clear()
    st.cache_resource.clear()
    assert all(now is then for now, then in zip(shared(), before, strict=True))


def test_visitors_who_come_at_once_load_a_classifier_once(monkeypatch):
    loaded = []

    def load(name, *args, **options):
        loaded.append(name)
        return registry.load_classifier(name, *args, **options)

    monkeypatch.setattr(cache, "load_classifier", load)
    for cached in (cache._loaded, classifier_for):
        cached.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        classifiers = set(pool.map(lambda _: classifier_for("mini-resnet-robust", "cifar10"), range(4)))
    assert len(classifiers) == 1 and loaded == ["mini-resnet-robust"]


@pytest.mark.skipif(sys.platform != "linux", reason="priorities of threads are Linux's")
def test_a_page_never_waits_for_a_load_that_gives_way(monkeypatch):
    def timed() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    def load(name, *args, **options):
        at.append(timed())
        return registry.load_classifier(name, *args, **options)

    def run():
        lower_priority()
        classifier_for("mini-resnet", "cifar10")
        at.append(timed())

    at, pages = [], timed()
    monkeypatch.setattr(cache, "load_classifier", load)
    for cached in (cache._loaded, classifier_for):
        cached.cache_clear()
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    loading, running = at
    assert loading == pages < running


def test_a_network_is_in_memory_once_however_many_others_were_asked_since():
    first = classifier_for("mini-clip", "cifar10")
    for spec in ready_classifiers("cifar10"):
        classifier_for(spec.name, "cifar10")
    assert len(ready_classifiers("cifar10")) > 4
    assert classifier_for("mini-clip", ClassSet("custom", ("cat", "dog"))).network is first.network
