"""Downloads against a real local server, and the making of a profile by the real command."""

import dataclasses
import time

import pytest

from core.classifiers.families import family_spec
from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP
from core.classifiers.weights import STALL_SECONDS, PackageFile, UrlFile
from core.reproduce.profile_parts import profile_name
from tests.weight_server import LIMIT, PIECE, dead_address, silent_server, weight_server
from ui.server.downloads import ProfileMaker, WeightDownloads, fetch_clip, unprofiled
from ui.server.limits import limits

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
    assert failed.error.startswith("127.0.0.1 cannot be reached, or broke off (") and failed.error.endswith(
        "try again."
    )
    assert not cache.exists() or not list(cache.iterdir())
    with weight_server(CONTENT) as server:
        server.release()
        again = downloads.start(spec_of(server.url))
        assert again is not failed and again.wait(LIMIT) and again.status == "done"


def test_silent_server_is_given_up_within_seconds_and_never_waited_for():
    with silent_server() as url:
        started = time.monotonic()
        download = WeightDownloads().start(spec_of(url))
        assert time.monotonic() - started < 1
        assert download.wait(30) and download.status == "failed" and "cannot be reached" in download.error
        assert time.monotonic() - started < STALL_SECONDS + 10


def test_disk_trouble_is_one_sentence_too(cache):
    cache.parent.parent.mkdir(exist_ok=True)
    cache.parent.write_text("a file where a folder should be")
    with weight_server(CONTENT) as server:
        download = WeightDownloads().start(spec_of(server.url))
        assert download.wait(LIMIT)
    assert download.status == "failed" and str(cache) not in download.error
    assert download.error.endswith("check the disk and try again.")


def test_source_that_cannot_say_how_far_it_is():
    spec = dataclasses.replace(CLASSIFIERS["resnet-56"], weights=PackageFile("no_such_package", "x", "no-such-package"))
    download = WeightDownloads().start(spec)
    assert download.wait(LIMIT) and download.received is None and download.fraction is None
    assert download.error == "The package no-such-package is not installed; run 'pip install no-such-package'."


@pytest.fixture
def clip(clip_folder, tmp_path, monkeypatch):
    """The registry's entry of a small random CLIP, for this process and for the command, which have an empty cache."""
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path / "cache"))
    return family_spec(f"open_clip:local-dir:{clip_folder}")


@pytest.fixture
def maker():
    maker = ProfileMaker()
    yield maker
    maker.close()


@pytest.mark.slow
def test_a_profile_is_made_by_the_command_ends_with_the_server_and_goes_on(clip, maker, tmp_path):
    folder = tmp_path / "cache" / "profiles" / profile_name(clip.name)
    maker.start(clip)
    maker.start(clip)  # pressed twice
    wait_for(lambda: list(folder.glob("runs/*.npz")) or not maker.running)
    assert maker.running and maker.title == clip.title
    assert maker.what.startswith("the runs that pages open with: runs/") and maker.what.endswith(" left")
    other = ProfileMaker()
    other.start(clip)
    other.wait(LIMIT)
    assert other.status == "failed" and "Another process of this server is making the profile" in other.error
    process = maker._process
    maker.close()
    assert process.poll() is not None and maker.status == "failed" and "its process was ended" in maker.error
    made = {path: path.stat().st_mtime_ns for path in folder.glob("*/*.npz")}
    assert made
    maker.start(clip)
    wait_for(lambda: len(list(folder.glob("*/*.npz"))) > len(made) or not maker.running)
    assert maker.running and made.items() <= {p: p.stat().st_mtime_ns for p in folder.glob("*/*.npz")}.items()


def test_a_profile_that_cannot_be_made_is_one_sentence(clip, maker):
    maker.start(dataclasses.replace(clip, name="open_clip:local-dir:/nowhere"))
    maker.wait(LIMIT)
    assert maker.status == "failed" and "the folder /nowhere does not exist; check the path" in maker.error
    assert maker.error.startswith(f"The profile of {clip.title} is not finished (") and maker.error.endswith(
        "try again."
    )


def test_an_installed_clip_without_a_profile_is_offered_one(installed_clip, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    assert [spec.name for spec in unprofiled()] == [PAPERS_CLIP]
    folder = tmp_path / "profiles" / PAPERS_CLIP / "judgements"
    folder.mkdir(parents=True)
    (folder / f"{PAPERS_CLIP}.npz").touch()
    assert unprofiled() == []


@pytest.mark.parametrize("enabled", ["0", "1"])
@pytest.mark.parametrize("installed", [False, True])
def test_a_server_fetches_clip_at_its_start_where_its_operator_says_so(
    enabled, installed, tmp_path, monkeypatch, request
):
    if installed:
        request.getfixturevalue("installed_clip")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    monkeypatch.setenv("CLIP_LAB_CLIP", enabled)
    started = []
    monkeypatch.setattr(WeightDownloads, "start", lambda self, spec, then: started.append("download"))
    monkeypatch.setattr(ProfileMaker, "start", lambda self, spec: started.append("profile"))
    limits.cache_clear()
    fetch_clip()
    limits.cache_clear()
    assert started == (["profile" if installed else "download"] if enabled == "1" else [])
