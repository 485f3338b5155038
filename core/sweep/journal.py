"""What a sweep has finished so far, kept beside its output so that a killed run can go on.

One JSON line per finished cell, after a first line that names the configuration. A line torn by a crash is
dropped; the cell it belonged to is computed again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import IO

from core.fourier.basis import Frequency
from core.sweep.cells import CellResult

try:
    import fcntl
except ImportError:  # Windows: two runs on one output are then not noticed
    fcntl = None  # type: ignore[assignment]


class SweepJournal:
    """The file `OUTPUT.part`; open it with `with`, one process at a time.

    finished: results by frequency (None: clean images). seconds: computing time behind them.
    """

    def __init__(self, output: Path, fingerprint: str) -> None:
        self.path = output.with_name(output.name + ".part")
        self.fingerprint = fingerprint
        self.finished: dict[Frequency | None, CellResult] = {}
        self.seconds = 0.0
        self._stream: IO[str] | None = None

    def __enter__(self) -> SweepJournal:
        """Open the file and read what it holds.

        Raises:
            ValueError: it belongs to another configuration.
            RuntimeError: another process is writing it.
        """
        self._stream = open(self.path, "a+", encoding="utf-8")
        try:
            self._lock()
            self._read()
        except BaseException:
            self._stream.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if not self.finished:
            self.remove()
        if self._stream is not None:
            self._stream.close()

    def append(self, results: Sequence[CellResult], seconds: float) -> None:
        """Write finished cells through to the disk."""
        assert self._stream is not None
        for result in results:
            self._stream.write(json.dumps({**asdict(result), "seconds": seconds / len(results)}) + "\n")
            self.finished[result.frequency] = result
        self.seconds += seconds
        self._stream.flush()
        os.fsync(self._stream.fileno())

    def remove(self) -> None:
        """Delete the file, once its content stands in the output."""
        self.path.unlink(missing_ok=True)

    def _lock(self) -> None:
        assert self._stream is not None
        if fcntl is not None:
            try:
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise RuntimeError(
                    f"another run is writing {self.path.name}; wait for it, stop it, or choose another --output"
                ) from error

    def _read(self) -> None:
        assert self._stream is not None
        self._stream.seek(0)
        text = self._stream.read()
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            self._stream.truncate(len(whole.encode("utf-8")))
        lines = whole.splitlines()
        if not lines:
            self._stream.write(json.dumps({"configuration": self.fingerprint}) + "\n")
            self._stream.flush()
            return
        try:
            if json.loads(lines[0])["configuration"] != self.fingerprint:
                raise ValueError(
                    f"{self.path.name} holds cells of another configuration; choose another --output, "
                    "or delete that file to start afresh"
                )
            for line in lines[1:]:
                entry = json.loads(line)
                self.seconds += entry.pop("seconds")
                frequency = entry.pop("frequency")
                result = CellResult(frequency=None if frequency is None else (frequency[0], frequency[1]), **entry)
                self.finished[result.frequency] = result
        except (json.JSONDecodeError, KeyError, TypeError) as error:
            raise RuntimeError(f"{self.path.name} is damaged ({error}); delete it to start afresh") from error
