"""What do real disturbances cost a network? Pictures under eight of them, at three strengths each.

    python -m core.sweep.disturb --classifier mini-clip --dataset cifar10 --pictures 2000 --output mini-clip.npz

Resumable: each finished disturbance and strength is kept, and the same command resumes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.classifiers.options import add_classifier_options, named_classifier
from core.data.options import add_dataset_options, named_dataset
from core.images.disturbances import DISTURBANCES, STRENGTHS
from core.numbers import decimal, interval
from core.shared.cli import MAX_SEED, check_output, run_script, whole
from core.sweep.disturb.measure import BATCH, DisturbConfig, empty_outcomes, growing_disturbances
from core.sweep.disturb.outcomes import DisturbedOutcomes
from core.sweep.outcomes import grow_in_file


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(
        prog="python -m core.sweep.disturb", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_classifier_options(options)
    add_dataset_options(options)
    options.add_argument("--pictures", type=whole(1), default=2000, help="drawn by the seed, default 2000")
    options.add_argument("--seed", type=whole(0, MAX_SEED), default=0, help="of the choice of pictures and of noise")
    options.add_argument("--batch-size", type=whole(1), default=BATCH, help=f"default {BATCH}")
    options.add_argument("--output", type=Path, required=True, help="the .npz to write, or to resume")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; returns the exit status."""
    options = parser()
    given = options.parse_args(arguments)
    check_output(options, given.output)
    return run_script(lambda: _run(given), "finished disturbances are saved, run the same command again to resume")


def _run(given: argparse.Namespace) -> str:
    dataset = named_dataset(given)
    config = DisturbConfig(given.pictures, given.seed)
    classifier = named_classifier(given, dataset)
    outcomes = grow_in_file(
        given.output,
        empty_outcomes(classifier, dataset, config),
        lambda start: growing_disturbances(classifier, dataset, config, start, batch_size=given.batch_size),
    )
    return f"{given.output}: {told(outcomes)}"


def told(outcomes: DisturbedOutcomes) -> str:
    """The top-1 errors in a small table, per cent with 95 % intervals, a line for each disturbance."""
    clean = outcomes.clean_errors().measured
    lines = [
        f"{outcomes.pictures:,} pictures; top-1 error undisturbed {decimal(100 * clean.value)} ({interval(clean)})"
    ]
    for key in outcomes.keys:
        found = [outcomes.errors(key, strength=strength).measured for strength in STRENGTHS]
        numbers = "; ".join(f"{decimal(100 * one.value)} ({interval(one)})" for one in found)
        lines.append(f"  {DISTURBANCES[key].label:<14} {numbers}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
