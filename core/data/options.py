"""Command-line options that name a data set."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from core.data.dataset import ImageDataset
from core.data.datasets import load_dataset
from core.data.sample_sets import sets_by_dataset
from core.shared.cli import integer, progress_bar


def add_dataset_options(parser: ArgumentParser, default: str | None = None) -> None:
    """Add the options that `named_dataset` reads; without a default the data set is required."""
    parser.add_argument(
        "--dataset",
        required=default is None,
        default=default,
        help="cifar10, imagenet100, a folder of class folders, an .npz, or the bundled " + ", ".join(sets_by_dataset()),
    )
    parser.add_argument("--data-dir", type=Path, help="where cifar10 or imagenet100 lie")
    parser.add_argument("--image-size", type=integer(8, 2**16), help="pixels, default 32 for cifar10, else 224")


def named_dataset(args: Namespace, *, quiet: bool = False, **choices: Any) -> ImageDataset:
    """Load the data set named on the command line; `choices` and errors are those of `load_dataset`."""
    with progress_bar(desc="decoding", unit="img", disable=quiet, leave=False, delay=1) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return load_dataset(args.dataset, args.data_dir, image_size=args.image_size, progress=show, **choices)
