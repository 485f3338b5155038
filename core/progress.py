"""A progress bar for the batch scripts: lively in a terminal, seldom in a log file. Does not import torch."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

QUIET_SECONDS = 30.0


def progress_bar(**options: Any) -> tqdm:
    """tqdm on standard error; a file is written to at most every 30 seconds."""
    if not sys.stderr.isatty():
        options = {"mininterval": QUIET_SECONDS, "maxinterval": QUIET_SECONDS, "ascii": True, "ncols": 100} | options
    return tqdm(file=sys.stderr, **options)
