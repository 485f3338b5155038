"""Limits of this server, which its operator changes by environment variables, and its log.

Batch scripts ignore the limits: they have the machine to themselves. Does not import Streamlit.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.classifiers.registry import VARIABLE as LISTED
from core.shared.files import CACHE
from core.shared.text import quoted

PREFIX = "CLIP_LAB_"
_NO_LIMITS = (LISTED, CACHE)  # variables of the same prefix that other modules read


# Variables with what each sets, its default, and its smallest and largest value.
VARIABLES = {
    "CLIP_LAB_RUN_SECONDS": ("seconds that a run or a sweep may take; what it has computed is kept", 3600, 1, 10**9),
    "CLIP_LAB_CLIP": ("1 if the server fetches the paper's CLIP when it starts, else 0", 0, 0, 1),
}


@dataclass(frozen=True)
class Limits:
    """Settings of the operator: the seconds of a run, and whether the server fetches the paper's CLIP."""

    run_seconds: int
    clip: bool


def read_limits(environment: Mapping[str, str]) -> Limits:
    """Return the limits that the variables set, with defaults for the others.

    Raises:
        ValueError: a variable with our prefix names no limit, or its value is invalid; one sentence.
    """
    values = []
    for name in sorted(name for name in environment if name.startswith(PREFIX)):
        if name not in (*_NO_LIMITS, *VARIABLES):
            names = ", ".join((*_NO_LIMITS, *VARIABLES))
            raise ValueError(f"the environment variable {name} is unknown to this server; known: {names}")
    for name, (what, usual, low, high) in VARIABLES.items():
        text = environment.get(name, str(usual)).strip()
        value = int(text) if text.isdecimal() and len(text) < 12 else -1
        if not low <= value <= high:
            raise ValueError(
                f"the environment variable {name} ({what}) must be an integer from {low:,} to {high:,}, got "
                f"{quoted(text)}; fix or unset it, and start the app again"
            )
        values.append(value)
    seconds, clip = values
    return Limits(seconds, bool(clip))


@functools.cache
def limits() -> Limits:
    """Return this process's limits.

    Raises:
        ValueError: as `read_limits`.
    """
    return read_limits(os.environ)


def check_upload(data: bytes, most_mb: int) -> None:
    """Raise ValueError, one sentence, for a file of more than `most_mb` MB; a browser may send any size."""
    if len(data) > most_mb * 2**20:
        raise ValueError(f"larger than the {most_mb} MB that this server takes; choose a smaller file")


ROOT = Path(__file__).resolve().parents[2]
_TRACED = 8  # innermost frames of a traceback


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname.lower(), "event": record.msg}
        return json.dumps(line | vars(record)["facts"])


LOGGER = logging.getLogger("clip_lab")
LOGGER.setLevel(logging.INFO)
LOGGER.propagate = False  # Streamlit's handlers would write each line again, in their own format
_handler = logging.StreamHandler()
_handler.setFormatter(_JsonLines())
LOGGER.addHandler(_handler)


def log(event: str, *, level: int = logging.INFO, error: BaseException | None = None, **facts: Any) -> None:
    """Write a line. event: such as "run ended". facts: JSON values, none about a visitor."""
    if error is not None:
        facts |= {"error": type(error).__name__, "trace": _places(error)}
        level = max(level, logging.WARNING)
    LOGGER.log(level, event, extra={"facts": facts})


def _places(error: BaseException) -> list[str]:
    """Return the frames of an error, as in "core/pgd/steps.py:85"; for other packages, only the file's name."""
    frames = []
    for frame in traceback.extract_tb(error.__traceback__)[-_TRACED:]:
        path = Path(frame.filename)
        frames.append(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name}:{frame.lineno}")
    return frames
