"""Find, download and check weight files, against local servers that hang up, fall silent, refuse or lie."""

import hashlib
import re
import time

import pytest
import torch
from huggingface_hub import constants

from core.classifiers.families import family_spec
from core.classifiers.registry import load_classifier
from core.classifiers.weights import HubFile, UrlFile, check_sha256
from core.data.sample_sets import CIFAR10
from core.shared import download
from core.shared.download import format_bytes
from tests.core.toy import save_clip, tiny_clip
from tests.hub_server import COMMIT, PIECE, dead_address, hub_server, silent_server

CONTENT = bytes(range(256)) * (4 * PIECE // 256)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NAME = "owner/name/weights.bin"


@pytest.fixture
def use_hub(tmp_path, monkeypatch):
    """Return a function that makes a URL the hub, with empty caches."""

    def use(url):
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    return use


@pytest.fixture
def hub(use_hub):
    """A hub with one repository, and empty caches."""
    with hub_server({NAME: CONTENT, "owner/name/config.json": b"{}"}) as server:
        use_hub(server.url)
        yield server


def source_of(**changes):
    return HubFile(
        "owner/name",
        ("better.bin", "weights.bin"),
        ("config.json",),
        **{"revision": COMMIT, "sha256": DIGEST} | changes,
    )


def url_file(hub, sha256=DIGEST):
    return UrlFile(f"{hub.url}/cdn/{NAME}", sha256)


def left(tmp_path):
    """Names of files without the small ones and the hub's locks."""
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size > 1000]
    return sorted(path.name for path in files if not path.is_symlink())


def test_hub_file_is_fetched_with_its_companions(hub, tmp_path):
    source, steps = source_of(), []
    assert source.locate() is None and source.remote_bytes() == len(CONTENT) + 2
    path = source.fetch(lambda *step: steps.append(step))
    assert path == source.locate() and str(path).endswith(f"{COMMIT}/weights.bin") and path.read_bytes() == CONTENT
    assert (path.parent / "config.json").read_bytes() == b"{}"
    assert steps == sorted(steps) and steps[-1] == (len(CONTENT), len(CONTENT))
    assert check_sha256(path) == DIGEST and left(tmp_path) == [DIGEST]
    assert format_bytes(605_143_284) == "605.1 MB (605,143,284 bytes)" and format_bytes(None) == "unknown size"
    path.resolve().write_bytes(CONTENT[:-1])
    with pytest.raises(RuntimeError, match=f"weights.bin is not the published one.*expected {DIGEST}"):
        check_sha256(path)


def test_url_file_lies_where_torch_hub_keeps_its_own(hub, tmp_path):
    source, steps = url_file(hub), []
    assert str(source.path.parent.parent) == torch.hub.get_dir() and source.locate() is None
    path = source.fetch(lambda *step: steps.append(step))
    assert path == source.locate() == tmp_path / "hub" / "checkpoints" / "weights.bin"
    assert path.read_bytes() == CONTENT and steps[-1] == (len(CONTENT), len(CONTENT)) and len(steps) > 3


@pytest.mark.parametrize("pinned", ["f" * 64, "f" * 8, None])
@pytest.mark.parametrize("kind", ["hub", "url"])
def test_another_file_than_the_published_one_is_refused(hub, tmp_path, kind, pinned):
    if pinned is None:
        hub.stated[NAME] = "0" * 64  # a hub that lies, or bytes corrupted on the way
    source = source_of(sha256=pinned) if kind == "hub" else url_file(hub, pinned or "0" * 64)
    with pytest.raises(RuntimeError, match=r"it was deleted"):
        source.fetch()
    assert source.locate() is None and left(tmp_path) == []


def test_an_interrupted_hub_download_resumes(hub, tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", PIECE)  # it goes on after the last whole chunk
    hub.cut_at = [3 * PIECE - 5]
    steps = []
    path = source_of().fetch(lambda *step: steps.append(step))
    assert check_sha256(path, DIGEST) and hub.requested_ranges == [None, f"bytes={2 * PIECE}-"]
    assert steps == sorted(steps) and steps[-1] == (len(CONTENT), len(CONTENT)) and left(tmp_path) == [DIGEST]


def test_an_interrupted_url_download_starts_anew(hub, tmp_path):
    hub.cut_at = [PIECE]
    with pytest.raises(FileNotFoundError, match=r"^couldn’t reach 127\.0\.0\.1; check your internet connection"):
        url_file(hub).fetch()
    assert left(tmp_path) == []
    assert url_file(hub).fetch().read_bytes() == CONTENT and hub.requested_ranges == [None, None]


@pytest.mark.parametrize("kind", ["silent", "dead"])
@pytest.mark.parametrize("where", ["hub", "url"])
def test_unreachable_server_fails_within_seconds(kind, where, use_hub, monkeypatch, tmp_path):
    monkeypatch.setattr(download, "PROBE_SECONDS", 0.5)
    monkeypatch.setattr(download, "STALL_SECONDS", 0.5)
    with silent_server() as silent:
        use_hub(url := silent if kind == "silent" else dead_address())
        start = time.monotonic()
        source, name = (source_of(), "huggingface.co/owner/name") if where == "hub" else (UrlFile(url), "127.0.0.1")
        with pytest.raises(FileNotFoundError, match=f"^couldn’t reach {name}; "):
            source.fetch()
    assert time.monotonic() - start < 9 and left(tmp_path) == []  # without these limits each attempt takes 10


def test_download_errors_are_explained(hub, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"^couldn’t reach huggingface\.co/owner/other \(404"):
        HubFile("owner/other", ("weights.bin",)).fetch()
    with pytest.raises(FileNotFoundError, match=re.escape("huggingface.co/owner/name lacks y.json, x.bin or z.bin")):
        HubFile("owner/name", ("x.bin", "z.bin"), ("y.json",)).fetch()
    with pytest.raises(ValueError, match=r"got '\.\./\.\./etc'"):
        HubFile("../../etc", ("weights.bin",))
    hub.status = 503
    for source in (url_file(hub), source_of()):
        with pytest.raises(FileNotFoundError, match=rf"^couldn’t reach {source.origin} \(.*503 "):
            source.fetch()
    hub.status, full = None, OSError(28, "No space left on device", "/somewhere/secret")
    monkeypatch.setattr("huggingface_hub.hf_hub_download", lambda *_, **__: (_ for _ in ()).throw(full))
    with pytest.raises(FileNotFoundError, match=r"^the file cannot be written \(No space left on device\); check"):
        source_of().fetch()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FileNotFoundError, match="HF_HUB_OFFLINE"):
        source_of().remote_bytes()


def test_hub_clip_brings_its_tokenizer(hub, tmp_path):
    made = tmp_path / "made"
    save_clip(made, tiny_clip())
    (made / "tokenizer_config.json").write_text("{}")
    hub.files = {f"owner/clip/{path.name}": path.read_bytes() for path in made.iterdir()}
    spec = family_spec("open_clip:hf-hub:owner/clip")
    assert (spec.weights.fetch().parent / "tokenizer_config.json").is_file()
    assert load_classifier(spec.name, CIFAR10).classes == CIFAR10
