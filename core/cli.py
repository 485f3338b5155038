"""What the batch scripts share: options, what these name, and errors as one sentence. Does not import torch."""

from __future__ import annotations

import signal
import sys
import threading
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from core.data.sample_sets import sets_by_dataset
from core.errors import quoted

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset

QUIET_SECONDS = 30.0
MAX_SEED = 2**64 - 1


def whole(low: int, high: int = 2**63 - 1) -> Callable[[str], int]:
    """The type of an option that takes a whole number from `low` to `high`; argparse names the option in its errors."""

    def parse(text: str) -> int:
        with suppress(ValueError):
            if low <= (value := int(text)) <= high:
                return value
        wanted = f"of at least {low:,}" if high == 2**63 - 1 else f"from {low:,} to {high:,}"
        raise ArgumentTypeError(f"wanted a whole number {wanted}, got {quoted(text)}")

    return parse


def number(*, above: bool = False) -> Callable[[str], float]:
    """The type of an option that takes a finite number of at least 0, or `above` it."""

    def parse(text: str) -> float:
        with suppress(ValueError):
            value = float(text)
            if 0 <= value < float("inf") and not (above and value == 0):
                return value
        raise ArgumentTypeError(f"wanted a number {'above' if above else 'of at least'} 0, got {quoted(text)}")

    return parse


def add_classifier_options(options: ArgumentParser) -> None:
    """What `named_classifier` needs."""
    options.add_argument("--classifier", required=True, help="a name of the registry, e.g. mini-clip, clip-vit-b-32")
    options.add_argument("--weights", type=Path, help="weight file, for classifiers that take one")
    options.add_argument("--download", action="store_true", help="allow downloading the weights")
    options.add_argument("--template", help='prompt of a zero-shot classifier, default "a photo of a {class}"')
    options.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")


def add_dataset_options(options: ArgumentParser, default: str | None = None) -> None:
    """What `named_dataset` needs; the data set must be named where there is no default."""
    options.add_argument(
        "--dataset",
        required=default is None,
        default=default,
        help="cifar10, imagenet100, a folder of class folders, an .npz, or the bundled " + ", ".join(sets_by_dataset()),
    )
    options.add_argument("--data-dir", type=Path, help="where cifar10 or imagenet100 lie")
    options.add_argument("--image-size", type=whole(8, 2**16), help="pixels, default 32 for cifar10, else 224")


def named_classifier(given: Namespace, dataset: ImageDataset, local_rank: int = 0) -> Classifier:
    """The classifier that the command line names, for the data set's classes; errors as `load_classifier`."""
    from core.classifiers.registry import load_classifier
    from core.device import choose_device, keep_freed_memory

    keep_freed_memory()
    classifier = load_classifier(
        given.classifier,
        dataset.classes,
        device=choose_device(given.device, local_rank),
        weights=given.weights,
        download=given.download,
        template=given.template,
    )
    if local_rank == 0:
        _warn_of_classes(dataset.classes.names, zero_shot=classifier.template is not None)
    return classifier


def _warn_of_classes(names: Sequence[str], *, zero_shot: bool) -> None:
    """Say what would make the numbers mean nothing."""
    if len(names) == 1:
        print(f"warning: {quoted(names[0])} is the only class, so every prediction is right", file=sys.stderr)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if zero_shot and twice:
        line = f"several classes are called {', '.join(map(quoted, twice[:5]))}, which no prompt can tell apart"
        print(f"warning: {line}", file=sys.stderr)


def named_dataset(given: Namespace, *, quiet: bool = False, **choices: Any) -> ImageDataset:
    """The data set that the command line names; `choices` are further arguments of `load_dataset`, errors its own."""
    from core.data.datasets import load_dataset

    with progress_bar(desc="decoding", unit="img", disable=quiet, leave=False, delay=1) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return load_dataset(given.dataset, given.data_dir, image_size=given.image_size, progress=show, **choices)


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


def progress_bar(**options: Any) -> tqdm:
    """tqdm on standard error: lively in a terminal, at most every 30 seconds in a log file."""
    if not sys.stderr.isatty():
        options = {"mininterval": QUIET_SECONDS, "maxinterval": QUIET_SECONDS, "ascii": True, "ncols": 100} | options
    return tqdm(file=sys.stderr, **options)
