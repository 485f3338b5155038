"""What the batch scripts share: options, what these name, and errors as one sentence. Does not import torch."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset

QUIET_SECONDS = 30.0


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
        help="cifar10, imagenet100, a folder of class folders, an .npz, or the bundled cifar10-samples, photographs",
    )
    options.add_argument("--data-dir", type=Path, help="where cifar10 or imagenet100 lie")
    options.add_argument("--image-size", type=int, help="pixels, default 32 for cifar10 and 224 for photographs")


def named_classifier(given: Namespace, dataset: ImageDataset, local_rank: int = 0) -> Classifier:
    """The classifier that the command line names, for the data set's classes; errors as `load_classifier`."""
    from core.classifiers.registry import load_classifier
    from core.device import choose_device, keep_freed_memory

    keep_freed_memory()
    return load_classifier(
        given.classifier,
        dataset.classes,
        device=choose_device(given.device, local_rank),
        weights=given.weights,
        download=given.download,
        template=given.template,
    )


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

    An error that people can mend is one sentence on standard error, status 2; Ctrl-C is `stopped`, status 130.
    """
    try:
        if line := work():
            print(line)
    except KeyboardInterrupt:
        print(f"\nstopped; {stopped}", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError, ModuleNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def progress_bar(**options: Any) -> tqdm:
    """tqdm on standard error: lively in a terminal, at most every 30 seconds in a log file."""
    if not sys.stderr.isatty():
        options = {"mininterval": QUIET_SECONDS, "maxinterval": QUIET_SECONDS, "ascii": True, "ncols": 100} | options
    return tqdm(file=sys.stderr, **options)
