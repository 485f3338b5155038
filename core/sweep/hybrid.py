"""Measure which frequencies decide a prediction, on pairs of pictures mixed at several cutoffs.

    python -m core.sweep.hybrid --classifier mini-clip --dataset cifar10 --pairs 2000 --output mini-clip.npz

It saves after each cutoff and resumes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from core.data.sample_sets import ImageDataset
from core.fourier.outcomes import ALIKE, HybridOutcomes, crossover_of, dissimilar_pairs
from core.shared.cli import check_output, number, run_script
from core.shared.numbers import decimal, percent
from core.shared.text import count_of
from core.sweep.script import build_parser as build_table_parser
from core.sweep.script import measured
from core.sweep.transforms import MAX_PAIRS, HybridConfig, default_cutoffs


def parse_cutoffs(text: str) -> tuple[float, ...]:
    """'1,2.5,4' -> (1.0, 2.5, 4.0)."""
    return tuple(number(above=True)(part) for part in text.split(","))


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    parser = build_table_parser("core.sweep.hybrid", __doc__, "pairs", MAX_PAIRS, "of pictures", "pairs")
    cutoffs_help = 'cycles per image, ascending, e.g. --cutoffs="2,4,8"; default 1 to half of the side'
    parser.add_argument("--cutoffs", type=parse_cutoffs, help=cutoffs_help)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    check_output(parser, args.output)
    return run_script(lambda: _run(args), "finished cutoffs are saved, run the same command again to resume")


def _run(args: argparse.Namespace) -> str:
    def table(dataset: ImageDataset) -> HybridConfig:
        return HybridConfig(args.pairs, args.cutoffs or default_cutoffs(dataset.image_size), args.seed)

    return f"{args.output}: {crossover_summary(measured(args, table))}"


def crossover_summary(outcomes: HybridOutcomes) -> str:
    """Return the crossover cutoff in one line, with and without pairs of similar classes."""
    different = dissimilar_pairs(outcomes)
    parts = [f"{count_of(outcomes.pairs, 'pair')}, {_crossover(outcomes)}"]
    if 0 < different.sum() < outcomes.pairs:
        without = outcomes.subset(different)
        parts.append(
            f"without the {outcomes.pairs - without.pairs:,} pairs of classes that it takes for each other in "
            f"{percent(ALIKE, 0)} or more {_crossover(without)}"
        )
    return "; ".join(parts)


def _crossover(outcomes: HybridOutcomes) -> str:
    crossover = crossover_of(outcomes)
    if crossover is None:
        return "the shares do not cross at these cutoffs"
    value, low, high = (decimal(number, 2) for number in crossover.radius)
    return f"crossover cutoff {value} cycles per image ({low} to {high})"


if __name__ == "__main__":
    raise SystemExit(main())
