"""Shared code of the scripts: option types, progress, one-sentence errors. Does not import torch."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from core.shared.text import quoted

Number = TypeVar("Number", int, float)
_QUIET_SECONDS = 30.0
MAX_SEED = 2**64 - 1
# Errors for the user, such as damaged weights or a folder of another run.
EXPECTED_ERRORS = (ValueError, OSError, RuntimeError, MemoryError, ModuleNotFoundError)


def integer(low: int, high: int = 2**63 - 1) -> Callable[[str], int]:
    """Return an argparse type for whole numbers from `low` to `high`."""
    bounds = f"of at least {low:,}" if high == 2**63 - 1 else f"from {low:,} to {high:,}"
    return _parser(int, lambda value: low <= value <= high, f"a whole number {bounds}")


def number(*, above: bool = False) -> Callable[[str], float]:
    """Return an argparse type for finite numbers of at least 0, or `above` it."""
    expected = f"a number {'above' if above else 'of at least'} 0"
    return _parser(float, lambda value: 0 <= value < float("inf") and not (above and value == 0), expected)


def names_of(known: Sequence[str], what: str) -> Callable[[str], tuple[str, ...]]:
    """Return an argparse type for names or prefixes, separated by commas; the value has the order of `known`."""

    def parse(text: str) -> tuple[str, ...]:
        chosen: set[str] = set()
        for name in (part.strip() for part in text.split(",")):
            matching = {name} & set(known) or {key for key in known if name and key.startswith(name)}
            if not matching:
                raise ArgumentTypeError(f"there is no {what} {quoted(name)}; known: {', '.join(known)}")
            chosen |= matching
        return tuple(key for key in known if key in chosen)

    return parse


def _parser(read: Callable[[str], Number], fits: Callable[[Number], bool], expected: str) -> Callable[[str], Number]:
    def parse(text: str) -> Number:
        with suppress(ValueError):
            if fits(value := read(text)):
                return value
        raise ArgumentTypeError(f"expected {expected}, got {quoted(text)}")

    return parse


def check_output(parser: ArgumentParser, output: Path) -> None:
    """Exit unless `--output` names an .npz in an existing folder."""
    if output.suffix != ".npz":
        parser.error(f"--output wants a name that ends in .npz; got {output.name}")
    if output.is_dir():
        parser.error(f"--output: {output} is a folder; give the name of a file")
    if not output.parent.is_dir():
        parser.error(f"--output: the folder {output.parent} does not exist; create it first")


def check_output_folder(parser: ArgumentParser, output: Path) -> None:
    """Exit if `--output`, a folder to write or resume, is a file."""
    if output.exists() and not output.is_dir():
        parser.error(f"--output must be a folder; {output} is a file")


def run_script(work: Callable[[], str], stopped: str) -> int:
    """Do the work, print its report, and return the exit status.

    An expected error is one sentence on standard error, status 2; Ctrl-C or SIGTERM, which batch systems send before
    killing, prints `stopped`, status 130.
    """
    try:
        with _sigterm_as_ctrl_c():
            if line := work():
                print(line)
    except KeyboardInterrupt:
        print(f"\nstopped; {stopped}", file=sys.stderr)
        return 130
    except EXPECTED_ERRORS as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


@contextmanager
def _sigterm_as_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # as in tests; only the main thread may set a handler
        yield
        return
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def progress_bar(*items: Any, **options: Any) -> Any:
    """Return tqdm, in a notebook or on standard error; at most every 30 seconds in a log file.

    items: what to iterate over, if anything. options: of tqdm.
    """
    from tqdm.auto import tqdm

    if not sys.stderr.isatty() and "ipykernel" not in sys.modules:
        options = {"mininterval": _QUIET_SECONDS, "maxinterval": _QUIET_SECONDS, "ascii": True, "ncols": 100} | options
    return tqdm(*items, file=sys.stderr, **options)
