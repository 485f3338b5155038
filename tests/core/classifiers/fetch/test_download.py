"""Downloads that complete: against a local server that hangs up, falls silent, refuses or lies."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest
from huggingface_hub import constants

from core.classifiers.families import family_spec
from core.classifiers.fetch import download as network
from core.classifiers.fetch.download import call_with_deadline, download, probe
from core.classifiers.fetch.hub import pin_revision, pinned_revision
from core.classifiers.fetch.weights import HubFile, check_sha256
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from tests.core.toy import save_clip, tiny_clip
from tests.hub_server import COMMIT, PIECE, hub_server
from tests.weight_server import dead_address, silent_server

CONTENT = bytes(range(256)) * (4 * PIECE // 256)
NAME = "owner/name/weights.bin"
WAIT = 30  # seconds; reached only if there is a bug


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A hub with one repository, and an empty cache."""
    with hub_server({NAME: CONTENT, "owner/name/config.json": b"{}"}) as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        template = server.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(network, "RETRY_SECONDS", (0.01, 0.01))
        yield server


def source_of(hub, **changes):
    return HubFile("owner/name", ("weights.bin",), **{"revision": COMMIT, "sha256": hub.digest(NAME), **changes})


def blobs(tmp_path):
    """Names of the files in the cache, without the small file."""
    return sorted(path.name for path in (tmp_path / "hub" / "models--owner--name" / "blobs").iterdir())


def test_call_with_deadline_passes_results_and_errors_on():
    assert call_with_deadline(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        call_with_deadline(lambda: 1 // 0)


def test_probe_gives_up_on_a_server_that_never_answers_and_a_name_that_is_never_found(monkeypatch):
    monkeypatch.setattr(network, "PROBE_SECONDS", 0.3)
    start = time.monotonic()
    refused = r"127\.0\.0\.1 cannot be reached .*check the network and try again"
    with silent_server() as url, pytest.raises(FileNotFoundError, match=refused):
        probe(url)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: time.sleep(30))
    with pytest.raises(FileNotFoundError, match=r"example\.invalid cannot be reached \(no answer within 0\.3 s\)"):
        probe("http://example.invalid/weights.bin")
    assert time.monotonic() - start < 3


def test_probe_names_a_refusal_and_a_wrong_url(hub):
    with pytest.raises(FileNotFoundError, match=r"cannot be reached .*refused"):
        probe(dead_address())
    with pytest.raises(FileNotFoundError, match=r"127\.0\.0\.1 answered 404 Not Found; it may have moved"):
        probe(f"{hub.url}/nothing")


def test_a_connection_that_breaks_is_taken_up_again_with_one_count_of_progress(hub, tmp_path):
    hub.cut_at = [PIECE, 3 * PIECE - 5]
    counts = []
    path = source_of(hub).fetch(lambda *step: counts.append(step))
    assert check_sha256(path, hub.digest(NAME)) and path == source_of(hub).locate()
    assert hub.requested_ranges == [None, f"bytes={PIECE}-", f"bytes={3 * PIECE - 5}-"]
    assert counts == sorted(counts) and {total for _, total in counts} == {len(CONTENT)} == {counts[-1][0]}
    assert blobs(tmp_path) == [hub.digest(NAME)], "neither a partial file nor a lock remains"


def test_a_server_without_ranges_is_asked_for_the_whole_again(hub):
    hub.cut_at, hub.ranges = [PIECE], False
    assert source_of(hub).fetch().read_bytes() == CONTENT


@pytest.mark.slow
def test_a_killed_process_is_gone_on_from(hub, tmp_path):
    hub.stall_at = 2 * PIECE
    code = (
        "from core.classifiers.fetch.weights import HubFile\n"
        f"HubFile('owner/name', ('weights.bin',), revision={COMMIT!r}, sha256={hub.digest(NAME)!r}).fetch()"
    )
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "hub")}
    child = subprocess.Popen([sys.executable, "-c", code], env=env)
    deadline = time.monotonic() + WAIT
    while not (parts := list((tmp_path / "hub").rglob("*.part"))) or parts[0].stat().st_size < 2 * PIECE:
        assert time.monotonic() < deadline and child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.wait(WAIT)
    hub.stall_at = None
    hub.requests.clear()
    assert source_of(hub).fetch().read_bytes() == CONTENT
    assert hub.requested_ranges == [f"bytes={2 * PIECE}-"]


def test_a_process_killed_after_the_last_byte_fetches_nothing_again(hub, tmp_path):
    folder = tmp_path / "hub" / "models--owner--name" / "blobs"
    folder.mkdir(parents=True)
    digest = hub.digest(NAME)
    (folder / f".{digest}.{digest}.part").write_bytes(CONTENT)
    assert source_of(hub).fetch().read_bytes() == CONTENT
    assert hub.requested_ranges == [f"bytes={len(CONTENT)}-"]


def test_a_stall_is_noticed_and_what_has_arrived_is_kept(hub, monkeypatch):
    monkeypatch.setattr(network, "STALL_SECONDS", 0.3)
    hub.stall_at = 2 * PIECE
    with pytest.raises(
        FileNotFoundError, match=r"^the download from localhost was interrupted after 2\.1 MB \(timed out\)"
    ):
        source_of(hub).fetch()
    assert hub.requested_ranges == [None, *[f"bytes={2 * PIECE}-"] * 2]
    hub.stall_at = None
    assert source_of(hub).fetch().read_bytes() == CONTENT


def test_a_connection_that_never_brings_a_byte_is_given_up(monkeypatch, tmp_path):
    monkeypatch.setattr(network, "PROBE_SECONDS", 0.3)
    with silent_server() as url, pytest.raises(FileNotFoundError, match=r"cannot be reached \(no answer within 0\.3 s"):
        download(url, tmp_path / "weights.bin")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (401, "answered 401 Unauthorized; it gives this file only to accounts with access"),
        (404, "answered 404 Not Found; it may have moved"),
        (503, "answered 503 Service Unavailable; it is busy or broken, so try again in a few minutes"),
    ],
)
def test_a_refusal_is_one_sentence_which_says_whose_and_what_to_do(hub, status, message):
    hub.status = status
    with pytest.raises(FileNotFoundError, match=f"^127.0.0.1 {message}$"):
        source_of(hub).fetch()
    hub.status, hub.content_status = None, status
    with pytest.raises(FileNotFoundError, match=f"^localhost {message}$"):
        source_of(hub).fetch()


def test_the_pinned_digest_decides_and_not_what_the_hub_states(hub, tmp_path):
    pinned = "f" * 64
    with pytest.raises(RuntimeError, match=f"offers another file .* sha256 is {hub.digest(NAME)}, expected {pinned}"):
        source_of(hub, sha256=pinned).fetch()
    assert hub.requested_ranges == [], "nothing is fetched of a file known to be a different one"
    hub.stated[NAME] = pinned  # a hub that lies, or bytes corrupted on the way
    with pytest.raises(RuntimeError, match=rf"is not the published file.* expected {pinned}; it was deleted"):
        source_of(hub, sha256=pinned).fetch()
    assert source_of(hub).locate() is None and blobs(tmp_path) == []


def test_an_accounts_key_goes_to_the_hub_and_to_no_other_server(hub, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    source_of(hub).fetch()
    keys = {path.split("/")[1]: key for path, key in hub.keys.items() if path.endswith("weights.bin")}
    assert keys == {"owner": "Bearer hf_secret", "cdn": None}


def test_without_a_pin_the_first_commit_and_its_digest_are_kept(hub):
    source = source_of(hub, sha256=None, revision=None)
    assert "none so far" in source.pinned()
    path = source.fetch()
    assert path == source.locate() and path.parent.name == COMMIT
    assert f"commit {COMMIT[:12]}, sha256 {hub.digest(NAME)[:12]}" in source.pinned()
    hub.commit = "d" * 40  # the repository has a newer commit
    path.unlink()
    assert source.locate() is None
    hub.requests.clear()
    source.fetch()
    resolved = [path for _, path, _ in hub.requests if "/resolve/" in path]
    assert resolved and all(f"/resolve/{COMMIT}/" in path for path in resolved)


def test_a_disk_without_room_is_noticed_before_and_in_the_middle(hub, tmp_path):
    huge = 10**16
    hub.size = lambda name: huge  # 10 petabytes
    with pytest.raises(FileNotFoundError, match=r"^the disk is full: 10,000,000,000 MB are needed and"):
        source_of(hub).fetch()
    del hub.size
    assert blobs(tmp_path) == [
        f".{hub.digest(NAME)}.{hub.digest(NAME)}.lock",
        f".{hub.digest(NAME)}.{hub.digest(NAME)}.part",
    ]
    folder = tmp_path / "full"
    folder.mkdir()
    digest = hub.digest(NAME)
    (folder / f".weights.bin.{digest}.part").symlink_to("/dev/full")
    with pytest.raises(FileNotFoundError, match=r"^the disk is full: No space left on device; make room and try again"):
        download(f"{hub.url}/cdn/{NAME}", folder / "weights.bin", sha256=digest)
    assert list(folder.iterdir()) == []


def test_what_ended_downloads_left_is_swept(hub, tmp_path):
    folder = tmp_path / "hub" / "models--owner--name" / "blobs"
    folder.mkdir(parents=True)
    digest = hub.digest(NAME)
    for name in (f"{digest}.12345678.incomplete", f".{digest}.{'a' * 64}.part", f"{digest}.87654321.incomplete"):
        (folder / name).write_bytes(b"left")
        if "8765" not in name:  # the partial file being written
            os.utime(folder / name, (0, 0))
    source_of(hub).fetch()
    assert blobs(tmp_path) == [digest, f"{digest}.87654321.incomplete"]


def test_two_at_once_fetch_it_once(hub, monkeypatch):
    monkeypatch.setattr(network, "LOOK_SECONDS", 0.05)
    hub.stall_at = 2 * PIECE
    counted = [threading.Event(), threading.Event()]
    fetch = [threading.Thread(target=source_of(hub).fetch, args=(lambda *_, k=k: counted[k].set(),)) for k in (0, 1)]
    for thread, event in zip(fetch, counted, strict=True):
        thread.start()
        assert event.wait(WAIT), "a waiting download sees the other one's progress"
    hub.awake.set()
    for thread in fetch:
        thread.join(WAIT)
    assert source_of(hub).locate().read_bytes() == CONTENT and hub.requested_ranges == [None]


@pytest.mark.slow
def test_two_processes_fetch_it_once(hub, tmp_path):
    hub.seconds_per_piece = 1.0  # so that the second download starts in the middle
    source = source_of(hub)
    code = f"from core.classifiers.fetch.weights import HubFile; {source!r}.fetch()"
    env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HUB_CACHE": str(tmp_path / "hub")}
    replicas = [subprocess.Popen([sys.executable, "-c", code], env=env) for _ in range(2)]
    assert [process.wait(4 * WAIT) for process in replicas] == [0, 0]
    assert source.locate().read_bytes() == CONTENT and hub.requested_ranges == [None]


def test_a_file_without_a_known_digest_begins_anew(hub, tmp_path):
    hub.cut_at = [PIECE] * 4
    url, path = f"{hub.url}/cdn/{NAME}", tmp_path / "weights.bin"
    path.write_bytes(b"old")
    hub.ranges = False
    with pytest.raises(FileNotFoundError, match=re.escape("was interrupted after 1.0 MB (the connection was closed)")):
        download(url, path)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    hub.cut_at = []
    download(url, path)
    assert path.read_bytes() == CONTENT


def test_the_commit_that_is_kept_can_be_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    assert pinned_revision("owner/name") is None
    for commit in ("a" * 40, "b" * 40):
        pin_revision("owner/name", commit)
        assert pinned_revision("owner/name") == commit


def test_a_clip_of_the_hub_is_fetched_with_its_tokenizer_and_loads(hub, tmp_path):
    made = tmp_path / "made"
    save_clip(made, tiny_clip())
    (made / "tokenizer_config.json").write_text("{}")
    hub.files = {f"owner/clip/{path.name}": path.read_bytes() for path in made.iterdir()}
    spec = family_spec("open_clip:hf-hub:owner/clip")
    assert (spec.weights.fetch().parent / "tokenizer_config.json").is_file()
    assert load_classifier(spec.name, CIFAR10).classes == CIFAR10
