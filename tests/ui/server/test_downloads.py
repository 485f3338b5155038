"""Downloads against a real local server, and the making of a profile by the real command."""

import dataclasses
import time

import pytest

from core.classifiers.families import family_spec
from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP
from core.classifiers.weights import UrlFile
from core.reproduce.profiled import profile_name
from tests.hub_server import LIMIT, PIECE, dead_address, weight_server
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


def test_download_is_complete_and_shared(cache):
    downloads = WeightDownloads()
    with weight_server(CONTENT) as server:
        download = downloads.start(spec_of(server.url))
        assert downloads.start(spec_of(server.url)) is download is downloads.get("resnet-56") and downloads.running
        assert download.total == len(CONTENT)
        server.permits.release(2)
        wait_for(lambda: download.received == 2 * PIECE)
        assert download.fraction == pytest.approx(2 / 3)
        server.permits.release(9)
        assert download.wait(LIMIT) and not downloads.running
    assert (download.error, download.fraction) == ("", 1.0)
    assert (cache / "weights.th").read_bytes() == CONTENT


@pytest.mark.parametrize("trouble", ["network", "disk"])
def test_failed_download_is_explained_and_can_be_retried(cache, trouble):
    downloads = WeightDownloads()
    with weight_server(CONTENT) as server:
        server.permits.release(9)
        spec = spec_of(dead_address() if trouble == "network" else server.url)
        if trouble == "disk":
            cache.parent.parent.mkdir(exist_ok=True)
            cache.parent.write_text("a file where a folder should be")
        failed = downloads.start(spec)
        assert failed.wait(LIMIT) and failed.fraction == 0.0
        ends = {
            "network": ("Couldn’t reach 127.0.0.1;", "try again."),
            "disk": ("", "check the disk and try again."),
        }[trouble]
        assert failed.error.startswith(ends[0]) and failed.error.endswith(ends[1]) and str(cache) not in failed.error
        if trouble == "disk":
            cache.parent.unlink()
        assert not cache.exists() or not list(cache.iterdir())
        again = downloads.start(spec_of(server.url))
        assert again is not failed and again.wait(LIMIT) and not again.error


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
def test_profile_process_resumes(clip, maker, tmp_path):
    folder = tmp_path / "cache" / "profiles" / profile_name(clip.name)
    maker.start(clip)
    maker.start(clip)  # pressed twice
    wait_for(lambda: list(folder.glob("runs/*.npz")) or not maker.running)
    assert maker.running and maker.title == clip.title and ".npz" in maker.what
    process = maker._process
    maker.close()
    assert process.poll() is not None and "process was ended" in maker.error
    made = {path: path.stat().st_mtime_ns for path in folder.glob("*/*.npz")}
    assert made
    maker.start(clip)
    wait_for(lambda: len(list(folder.glob("*/*.npz"))) > len(made) or not maker.running)
    assert maker.running and made.items() <= {p: p.stat().st_mtime_ns for p in folder.glob("*/*.npz")}.items()
    maker.close()
    maker.start(dataclasses.replace(clip, name="open_clip:local-dir:/nowhere"))
    maker.wait(LIMIT)
    assert "/nowhere" in maker.error


def test_an_installed_clip_without_a_profile_is_offered_one(installed_clip, tmp_path, monkeypatch):
    monkeypatch.setenv("CLIP_LAB_CACHE", str(tmp_path))
    assert [spec.name for spec in unprofiled()] == [PAPERS_CLIP]
    folder = tmp_path / "profiles" / PAPERS_CLIP / "judgements"
    folder.mkdir(parents=True)
    (folder / f"{PAPERS_CLIP}.npz").touch()
    assert unprofiled() == []


@pytest.mark.parametrize("enabled", ["0", "1"])
@pytest.mark.parametrize("installed", [False, True])
def test_server_fetches_clip_only_if_configured(enabled, installed, tmp_path, monkeypatch, request):
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
