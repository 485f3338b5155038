"""Shared code of benchmarks: measuring in turns, and printing a table with its environment.

A script's `rows` yields its figures; `main` prints them as Markdown, and returns them.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("torch", "torchvision", "open_clip_torch", "timm", "streamlit", "numpy")
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}  # cpu: of this process, independent of other load


@dataclass(frozen=True)
class Row:
    """One figure. target: such as "<= 1.2", "" for none. peer: what a ratio is relative to."""

    name: str
    value: float
    unit: str
    target: str = ""
    peer: str = ""


@dataclass(frozen=True)
class Times:
    """Seconds of each work in each turn."""

    seconds: Mapping[str, Sequence[float]]

    def median_ms(self, name: str) -> float:
        return 1000 * statistics.median(self.seconds[name])

    def ratio(self, name: str, peer: str) -> float:
        """Return the median over turns of the ratio within a turn, which is insensitive to drift between turns."""
        return statistics.median(a / b for a, b in zip(self.seconds[name], self.seconds[peer], strict=True))


def in_turns(
    works: Mapping[str, Callable[[], Any]], rounds: int, *, warm_up: int = 1, clock: str = "wall", device: str = "cpu"
) -> Times:
    """Time several works in turns, in a random order per turn, as each affects the next.

    Args:
        warm_up: turns that are not counted. clock: of CLOCKS. device: a CUDA device is waited for.
    """
    seconds: dict[str, list[float]] = {name: [] for name in works}
    shuffle, order = random.Random(0).shuffle, list(works)
    for turn in range(warm_up + rounds):
        shuffle(order)
        for name in order:
            took = stopwatch(works[name], clock=clock, device=device)
            if turn >= warm_up:
                seconds[name].append(took)
    return Times(seconds)


def stopwatch(work: Callable[[], Any], *, clock: str = "wall", device: str = "cpu") -> float:
    """Seconds of one call."""
    import torch

    wait = torch.cuda.synchronize if device.startswith("cuda") else lambda: None
    wait()
    start = CLOCKS[clock]()
    work()
    wait()
    return CLOCKS[clock]() - start


def machine() -> dict[str, str]:
    """Date, machine, and the version of Python and of each package that decides what is computed."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "Python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
    }


def table(rows: Iterable[Row]) -> str:
    """Rows as Markdown."""
    lines = ["| name | value | unit | target | peer |", "|---|---|---|---|---|"]
    return "\n".join(lines + [f"| {r.name} | {r.value:,.4g} | {r.unit} | {r.target} | {r.peer} |" for r in rows])


def run_script(
    rows: Callable[[argparse.Namespace], Iterable[Row]],
    parser: argparse.ArgumentParser,
    argv: Sequence[str] | None = None,
) -> list[Row]:
    """Parse the options, measure, print, and return the rows."""
    args = parser.parse_args(argv)
    start = time.monotonic()
    measured = list(rows(args))
    facts = machine() | {"seconds": f"{time.monotonic() - start:.0f}"}
    print(", ".join(f"{name} {value}" for name, value in facts.items()), table(measured), sep="\n\n")
    return measured
