"""Makes the covariances of CIFAR-10's classes, from which *Generation* draws the blurs that it begins with.

    python -m precomputed.make_covariance --data-dir DIR

reads the training images and writes precomputed/statistics/cifar10_covariance.npz. Squares of 2 x 2 pixels and 64
components are coarse enough to be a blur, and take 0.5 MB.
"""

from __future__ import annotations

import argparse

from core.cli import run_script
from core.data.class_covariance import covariance_path, dataset_covariance
from core.data.options import add_dataset_options, named_dataset

GRAIN, COMPONENTS = 2, 64


def main() -> int:
    """Write the file; returns the exit status."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_dataset_options(options, default="cifar10")
    given = options.parse_args()
    return run_script(lambda: _run(given), "nothing was written")


def _run(given: argparse.Namespace) -> str:
    dataset = named_dataset(given, split="train")
    path = covariance_path(dataset.classes.name)
    dataset_covariance(dataset, GRAIN, COMPONENTS).save(path)
    return f"{len(dataset.classes)} classes, {len(dataset):,} images -> {path}"


if __name__ == "__main__":
    raise SystemExit(main())
