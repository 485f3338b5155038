"""Command line of sweeps over transforms of pictures."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from core.classifiers.text import add_classifier_options, named_classifier
from core.data.datasets import add_dataset_options, named_dataset
from core.data.sample_sets import ImageDataset
from core.shared.cli import MAX_SEED, integer
from core.sweep.grow import BATCH, Growing, Transforms, grow_in_file


def build_parser(
    module: str, description: str | None, count: str, most: int, of: str, seed_of: str
) -> argparse.ArgumentParser:
    """Return the common parser. count: name of the option for the number; of, seed_of: for its help and --seed's."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {module}", description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_classifier_options(parser)
    add_dataset_options(parser)
    parser.add_argument(f"--{count}", type=integer(1, most), default=2000, help=f"{of}, default 2000")
    parser.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help=f"of the choice of {seed_of}")
    parser.add_argument("--batch-size", type=integer(1), default=BATCH, help=f"default {BATCH}")
    parser.add_argument("--output", type=Path, required=True, help="the .npz to write, or to resume")
    return parser


def measured(args: argparse.Namespace, table: Callable[[ImageDataset], Transforms[Growing]]) -> Growing:
    """Measure the missing parts of `--output` and return all. table: makes the transforms for the data set."""
    dataset = named_dataset(args)
    transforms = table(dataset)
    return grow_in_file(
        transforms, named_classifier(args, dataset.classes), dataset, args.output, batch_size=args.batch_size
    )
