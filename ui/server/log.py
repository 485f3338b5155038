"""Log of the server: one JSON object per line on standard error, about jobs and never about visitors.

A line has the time, the level, the event, and its facts: ids of runs, names of classifiers, numbers. The input and
uploads of visitors are not logged, so an error has its type and its frames in our code, but not its message, which may
quote them. Does not import Streamlit.
"""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_FRAMES = 8  # innermost frames of a traceback


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
    for frame in traceback.extract_tb(error.__traceback__)[-_FRAMES:]:
        path = Path(frame.filename)
        frames.append(f"{path.relative_to(_ROOT) if path.is_relative_to(_ROOT) else path.name}:{frame.lineno}")
    return frames
