"""Limits on a visitor's requests to this server. Its operator changes them by environment variables.

For example, `CLIP_LAB_PICTURE_MB` sets `limits().picture_mb`. Batch scripts ignore the limits: they have the machine to
themselves. Does not import Streamlit.
"""

from __future__ import annotations

import functools
import json
import logging
import os
import traceback
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.classifiers.registry import VARIABLE as LISTED
from core.shared.files import CACHE
from core.shared.text import quoted

PREFIX = "CLIP_LAB_"
_NO_LIMITS = (LISTED, CACHE)  # variables of the same prefix that other modules read


def _limit(value: int, what: str, *, low: int = 1, high: int = 10**9) -> Any:
    return field(default=value, metadata={"what": what, "low": low, "high": high})


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits as integers; their metadata describe them. The server refuses more, and pages say so in advance."""

    picture_mb: int = _limit(20, "MB of an uploaded picture", high=50)
    run_steps: int = _limit(2000, "steps of a run", high=100_000)
    run_seconds: int = _limit(3600, "seconds that a run or a sweep may take; what it has computed is kept")
    clip: int = _limit(0, "whether the server fetches the paper's CLIP at its start, 0 or 1", low=0, high=1)

    @staticmethod
    def from_environment(environment: Mapping[str, str]) -> Limits:
        """Return the limits that the variables set, with defaults for the others.

        Raises:
            ValueError: a variable with our prefix names no limit, or its value is invalid; one sentence.
        """
        known = {PREFIX + field.name.upper(): field for field in fields(Limits)}
        values = {}
        for variable in sorted(name for name in environment if name.startswith(PREFIX)):
            if variable in _NO_LIMITS:
                continue
            if variable not in known:
                names = ", ".join((*_NO_LIMITS, *known))
                raise ValueError(f"the environment variable {variable} is unknown to this server; known: {names}")
            limit, text = known[variable], environment[variable].strip()
            low, high = limit.metadata["low"], limit.metadata["high"]
            value = int(text) if text.isdecimal() and len(text) < 12 else -1
            if not low <= value <= high:
                raise ValueError(
                    f"the environment variable {variable} ({limit.metadata['what']}) wants a whole number from "
                    f"{low:,} to {high:,}, got {quoted(text)}; mend or unset it, and start the app again"
                )
            values[limit.name] = value
        return Limits(**values)


@functools.cache
def limits() -> Limits:
    """Return this process's limits.

    Raises:
        ValueError: as `Limits.from_environment`.
    """
    return Limits.from_environment(os.environ)


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
