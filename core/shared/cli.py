"""Shared code of the batch scripts: types of options, progress, one-sentence errors. Does not import torch."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from core.shared.errors import quoted

Number = TypeVar("Number", int, float)
QUIET_SECONDS = 30.0
MAX_SEED = 2**64 - 1


def whole(low: int, high: int = 2**63 - 1) -> Callable[[str], int]:
    """The type of an option that takes a whole number from `low` to `high`; argparse names the option in its errors."""
    bounds = f"of at least {low:,}" if high == 2**63 - 1 else f"from {low:,} to {high:,}"
    return _parser(int, lambda value: low <= value <= high, f"a whole number {bounds}")


def number(*, above: bool = False) -> Callable[[str], float]:
    """The type of an option that takes a finite number of at least 0, or `above` it."""
    expected = f"a number {'above' if above else 'of at least'} 0"
    return _parser(float, lambda value: 0 <= value < float("inf") and not (above and value == 0), expected)


def _parser(read: Callable[[str], Number], fits: Callable[[Number], bool], expected: str) -> Callable[[str], Number]:
    def parse(text: str) -> Number:
        with suppress(ValueError):
            if fits(value := read(text)):
                return value
        raise ArgumentTypeError(f"wanted {expected}, got {quoted(text)}")

    return parse


def check_output(parser: ArgumentParser, output: Path, endings: Sequence[str] = (".npz",)) -> None:
    """End the script unless `--output` names a file with one of the endings, in a folder that exists."""
    if output.suffix not in endings:
        parser.error(f"--output wants a name that ends in {' or '.join(endings)}; got {output.name}")
    if output.is_dir():
        parser.error(f"--output: {output} is a folder; give the name of a file")
    if not output.parent.is_dir():
        parser.error(f"--output: the folder {output.parent} does not exist; create it first")


def check_output_folder(parser: ArgumentParser, output: Path) -> None:
    """End the script if `--output`, a folder to write or to resume, is a file."""
    if output.exists() and not output.is_dir():
        parser.error(f"--output wants a folder; {output} is a file")


def run_script(work: Callable[[], str], stopped: str) -> int:
    """Do the work and print what it reports; returns the exit status.

    An error that people can mend is one sentence on standard error, status 2; Ctrl-C or SIGTERM, which whoever runs
    batch jobs sends before it kills, is `stopped`, status 130.
    """
    try:
        with _sigterm_as_ctrl_c():
            if line := work():
                print(line)
    except KeyboardInterrupt:
        print(f"\nstopped; {stopped}", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError, MemoryError, ModuleNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # as in tests; no other may set a handler
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Watched:
    """A progress bar that nobody sees: a function is called with the share that is done, and may raise to stop."""

    def __init__(self, watch: Callable[[float], None], total: float | None = None, initial: float = 0, **_: Any):
        self.n, self.total, self._watch = initial, total, watch

    def update(self, n: float = 1) -> None:
        """Add what was done."""
        self.n += n
        self._watch(min(1.0, self.n / self.total) if self.total else 0.0)

    def set_postfix_str(self, text: str) -> None:
        """Show nothing."""

    def __enter__(self) -> Watched:
        return self

    def __exit__(self, *_: object) -> None:
        pass


# What is called in place of drawing, where a program and no person waits, as in the app's background work.
watcher: ContextVar[Callable[[float], None] | None] = ContextVar("watcher", default=None)


def progress_bar(**options: Any) -> Any:
    """tqdm on standard error: lively in a terminal, at most every 30 seconds in a log file; `Watched` for a watcher."""
    if (watch := watcher.get()) is not None:
        return Watched(watch, **options)
    if not sys.stderr.isatty():
        options = {"mininterval": QUIET_SECONDS, "maxinterval": QUIET_SECONDS, "ascii": True, "ncols": 100} | options
    return tqdm(file=sys.stderr, **options)
