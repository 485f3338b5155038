"""The command line of a sweep over transforms of pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from core.classifiers.options import add_classifier_options, named_classifier
from core.data.dataset import ImageDataset
from core.data.options import add_dataset_options, named_dataset
from core.shared.cli import MAX_SEED, whole
from core.sweep.transforms import BATCH, Growing, Transforms, grow_in_file


def parser(
    module: str, description: str | None, count: str, most: int, of: str, seed_of: str
) -> argparse.ArgumentParser:
    """The options of every table. count: the option that says how many; of, seed_of: what its help and --seed's say."""
    options = argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_classifier_options(options)
    add_dataset_options(options)
    options.add_argument(f"--{count}", type=whole(1, most), default=2000, help=f"{of}, default 2000")
    options.add_argument("--seed", type=whole(0, MAX_SEED), default=0, help=f"of the choice of {seed_of}")
    options.add_argument("--batch-size", type=whole(1), default=BATCH, help=f"default {BATCH}")
    options.add_argument("--output", type=Path, required=True, help="the .npz to write, or to resume")
    return options


def measured(options: argparse.Namespace, table: Callable[[ImageDataset], Transforms[Growing]]) -> Growing:
    """Measure what `--output` lacks and return it whole. table: the transforms, for pictures of the data set's size."""
    dataset = named_dataset(options)
    transforms = table(dataset)
    return grow_in_file(
        transforms, named_classifier(options, dataset.classes), dataset, options.output, batch_size=options.batch_size
    )
