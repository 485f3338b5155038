"""Background downloads against a real local server."""

import dataclasses
import time

import pytest

from core.classifiers.registry import CLASSIFIERS
from core.classifiers.weights import PackageFile, UrlFile
from tests.weight_server import LIMIT, PIECE, dead_address, silent_server, weight_server
from ui.models.weight_downloads import WeightDownloads

CONTENT = bytes(range(256)) * (3 * PIECE // 256)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    return tmp_path / "hub" / "checkpoints"


def spec_of(url, sha256=None):
    return dataclasses.replace(CLASSIFIERS["resnet-56"], weights=UrlFile(url, sha256, len(CONTENT)))


def wait_for(condition):
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "timed out"
        time.sleep(0.01)


def test_download_arrives_whole_and_says_how_far_it_is(cache):
    with weight_server(CONTENT) as server:
        download = WeightDownloads().start(spec_of(server.url))
        assert download.status == "running" and download.total == len(CONTENT)
        server.permits.release(2)
        wait_for(lambda: download.received == 2 * PIECE)
        assert download.fraction == pytest.approx(2 / 3)
        server.permits.release()
        assert download.wait(LIMIT)
    assert (download.status, download.error, download.fraction) == ("done", "", 1.0)
    assert (cache / "weights.th").read_bytes() == CONTENT


def test_second_visitor_joins_the_download_on_its_way():
    downloads = WeightDownloads()
    with weight_server(CONTENT) as server:
        first = downloads.start(spec_of(server.url))
        assert downloads.start(spec_of(server.url)) is first is downloads.get("resnet-56")
        assert downloads.running
        server.release()
        assert first.wait(LIMIT)
    assert not downloads.running and first.status == "done"


def test_dead_network_is_one_sentence_and_can_be_tried_again(cache):
    downloads = WeightDownloads()
    failed = downloads.start(spec_of(dead_address()))
    assert failed.wait(LIMIT) and failed.status == "failed"
    assert failed.error.startswith("127.0.0.1 cannot be reached (") and failed.error.endswith("try again.")
    assert not cache.exists() or not list(cache.iterdir())
    with weight_server(CONTENT) as server:
        server.release()
        again = downloads.start(spec_of(server.url))
        assert again is not failed and again.wait(LIMIT) and again.status == "done"


def test_silent_server_is_given_up_within_five_seconds_and_never_waited_for():
    with silent_server() as url:
        started = time.monotonic()
        download = WeightDownloads().start(spec_of(url))
        assert time.monotonic() - started < 1
        assert download.wait(10) and download.status == "failed" and "cannot be reached" in download.error
        # four and a half seconds for the answer; the rest allows for a busy machine
        assert time.monotonic() - started < 8


def test_disk_trouble_is_one_sentence_too(cache):
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_text("a file where a folder should be")
    with weight_server(CONTENT) as server:
        download = WeightDownloads().start(spec_of(server.url))
        assert download.wait(LIMIT)
    assert download.status == "failed" and "check the disk" in download.error
    assert download.error.startswith("The download of ResNet-56 (CIFAR-10) failed (")
    assert str(cache) not in download.error and "Not a directory" in download.error


def test_source_that_cannot_say_how_far_it_is():
    spec = dataclasses.replace(CLASSIFIERS["resnet-56"], weights=PackageFile("no_such_package", "x", "no-such-package"))
    download = WeightDownloads().start(spec)
    assert download.wait(LIMIT) and download.received is None and download.fraction is None
    assert download.error == "The package no-such-package is not installed; run 'pip install no-such-package'."
