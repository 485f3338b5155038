"""`kill -9` at random moments of saves, downloads and sweeps: no damaged file is read, no finished work is lost.

Part of `python -m benchmarks.soak`. A child process works in a folder until killed, and the next one resumes there.
After each kill all files are checked: a map and a run hold the last save or one more, a downloaded file is complete or
absent, a sweep keeps all its cells and counts. Finally the sweep is completed and compared with an uninterrupted one.
Any violation raises AssertionError.
"""

from __future__ import annotations

import contextlib
import hashlib
import http.server
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import ROOT, Row
from core.classifiers.fetch.download import download
from core.data.classes import PRECOMPUTED
from core.fourier.maps.heatmap import Heatmap
from core.runs.file import PGDRun
from core.runs.stored import stored_path

SWEEP = "--classifier mini-resnet --dataset cifar10-samples --side 15 --batch-size 10 --device cpu"
CONTENT = random.Random(0).randbytes(8 << 20)
DIGEST = hashlib.sha256(CONTENT).hexdigest()


def saves(path: str, _: str) -> None:
    """Save one numbered map and run after the other; print the number of each saved one."""
    print("ready", flush=True)
    folder = Path(path)
    heatmap = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-clip_cifar10.npz")
    run = PGDRun.load(stored_path("inpainting", "cifar10-33", "mini-clip"))
    number = _number(folder / "map.npz", Heatmap.load)
    while True:
        number += 1
        for saved, name in ((heatmap, "map.npz"), (run, "run.npz")):
            facts = {**saved.metadata, "source": {**saved.metadata["source"], "wall_seconds": number}}
            replace(saved, metadata=facts).save(folder / name)
        print(number, flush=True)


def _number(path: Path, load: Callable[[Path], Heatmap | PGDRun]) -> int:
    return load(path).metadata["source"]["wall_seconds"] if path.exists() else 0


def check_saves(folder: Path, printed: str) -> None:
    """Check that both files can be read, and hold the last save or the interrupted one."""
    done = [int(line) for line in printed.splitlines() if line]
    for name, load in (("map.npz", Heatmap.load), ("run.npz", PGDRun.load)):
        if done:
            number = _number(folder / name, load)
            assert number in (done[-1], done[-1] + 1), f"{name}: {number} after {done[-1]}"
        elif (folder / name).exists():
            load(folder / name)


def downloads(path: str, url: str) -> None:
    """Fetch a file again and again."""
    print("ready", flush=True)
    while True:
        Path(path, "weights.th").unlink(missing_ok=True)
        download(url, Path(path, "weights.th"), sha256=DIGEST)


def check_download(folder: Path, printed: str) -> None:
    """Check that the file is complete or absent."""
    path = folder / "weights.th"
    assert not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() == DIGEST


class CheckSweep:
    """Check that results finished before a kill survive all later kills."""

    def __init__(self) -> None:
        self.known: Heatmap | None = None

    def __call__(self, folder: Path, printed: str) -> None:
        if not (folder / "map.npz").exists():
            assert self.known is None, "the map is gone"
            return
        heatmap = Heatmap.load(folder / "map.npz")
        if self.known is not None:
            had = self.known.count > 0
            assert (heatmap.top1_errors[had] == self.known.top1_errors[had]).all(), "a finished cell is lost"
        self.known = heatmap


def kill(command: Sequence[str], ready: Callable[[subprocess.Popen[str]], object], seconds: float) -> str:
    """Start a command, wait until it is ready, kill it after a delay, and return its output."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    ready(process)
    time.sleep(seconds)
    process.kill()
    return process.communicate()[0]


def kill_often(moments: Mapping[str, int], seed: int = 0) -> Iterator[Row]:
    """Kill "saves", "downloads" and "sweeps", each its number of times; yield the files left beside the results.

    Raises:
        AssertionError: damaged content was read as good, or a finished result is lost.
    """
    chance = random.Random(seed)
    checks = {"saves": check_saves, "downloads": check_download, "sweeps": CheckSweep()}
    with tempfile.TemporaryDirectory() as temporary, server() as url:
        for kind, count in moments.items():
            folder = Path(temporary, kind)
            folder.mkdir()
            if kind == "sweeps":
                command, ready = sweep_command(folder / "map.npz"), partial(_wait_for_save, folder / "map.npz")
            else:
                work = f"from benchmarks.kills import {kind}; {kind}({str(folder)!r}, {url!r})"
                command, ready = [sys.executable, "-c", work], _started
            for _ in range(count):
                checks[kind](folder, kill(command, ready, chance.uniform(0, 1)))
            yield Row(f"{kind}, killed without harm", count, "times")
            yield Row(f"{kind}, left over", sum(path.name.startswith(".") for path in folder.iterdir()), "files")
            if kind == "sweeps" and count:
                _compare_with_uninterrupted(folder)


def sweep_command(output: Path) -> list[str]:
    return [sys.executable, "-m", "core.sweep", *SWEEP.split(), "--output", str(output)]


def _started(process: subprocess.Popen[str]) -> None:
    """Wait for the child's first line."""
    assert process.stdout is not None
    process.stdout.readline()


def _wait_for_save(output: Path, process: subprocess.Popen[str]) -> None:
    """Wait until a sweep has saved cells, or has ended."""
    began = time.time()
    while process.poll() is None and not (output.exists() and output.stat().st_mtime > began):
        time.sleep(0.02)


def _compare_with_uninterrupted(folder: Path) -> None:
    """Finish the sweep, and check that an uninterrupted one has the same counts."""
    for name in ("map.npz", "peaceful.npz"):
        subprocess.run(sweep_command(folder / name), cwd=ROOT, check=True, capture_output=True)
    killed, peaceful = (Heatmap.load(folder / name) for name in ("map.npz", "peaceful.npz"))
    assert np.array_equal(killed.top1_errors, peaceful.top1_errors) and (killed.count > 0).all()


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Serve `CONTENT` slowly on this machine; yield its URL."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            with contextlib.suppress(OSError):  # the client was killed
                for start in range(0, len(CONTENT), 1 << 20):
                    self.wfile.write(CONTENT[start : start + (1 << 20)])
                    time.sleep(0.03)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/weights.th"
        running.shutdown()
