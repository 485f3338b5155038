"""Measure which frequencies decide a prediction, on pairs of pictures mixed at several cutoffs.

    python -m core.sweep.hybrid --classifier mini-clip --dataset cifar10 --pairs 2000 --output mini-clip.npz
    python -m core.sweep.hybrid plot mini-clip.npz mini-resnet.npz --output figure.svg

The first command saves after each cutoff and resumes. The second plots shares by cutoff.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from core.data.dataset import ImageDataset
from core.numbers import decimal, percent
from core.shared.cli import check_output, number, run_script
from core.shared.files import write_atomically
from core.shared.sentences import count_of
from core.sweep.hybrid.figure import FORMATS, figure
from core.sweep.hybrid.outcomes import ALIKE, HybridOutcomes, crossover_of, dissimilar_pairs, paired_difference
from core.sweep.hybrid.pairs import MAX_PAIRS, HybridConfig, default_cutoffs
from core.sweep.script import build_parser as build_table_parser
from core.sweep.script import measured


def parse_cutoffs(text: str) -> tuple[float, ...]:
    """'1,2.5,4' -> (1.0, 2.5, 4.0)."""
    return tuple(number(above=True)(part) for part in text.split(","))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the measuring command."""
    parser = build_table_parser("core.sweep.hybrid", __doc__, "pairs", MAX_PAIRS, "of pictures", "pairs")
    cutoffs_help = 'cycles per image, ascending, e.g. --cutoffs="2,4,8"; default 1 to half of the side'
    parser.add_argument("--cutoffs", type=parse_cutoffs, help=cutoffs_help)
    return parser


def build_plot_parser() -> argparse.ArgumentParser:
    """Return the parser of the plotting command."""
    parser = argparse.ArgumentParser(
        prog="python -m core.sweep.hybrid plot", description="Shares by cutoff, with 95 % bands and crossover cutoffs."
    )
    parser.add_argument("files", nargs="+", type=Path, help="files of core.sweep.hybrid, one per network")
    parser.add_argument("--output", type=Path, required=True, help=f"a file name ending in {' or '.join(FORMATS)}")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Measure or plot; return the exit status."""
    command = list(sys.argv[1:] if argv is None else argv)
    parser, work = (build_plot_parser(), _plot) if command[:1] == ["plot"] else (build_parser(), _run)
    args = parser.parse_args(command[1:] if work is _plot else command)
    check_output(parser, args.output, FORMATS if work is _plot else (".npz",))
    return run_script(lambda: work(args), "finished cutoffs are saved, run the same command again to resume")


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


def _plot(args: argparse.Namespace) -> str:
    networks = [HybridOutcomes.load(path) for path in args.files]
    if empty := [path.name for path, network in zip(args.files, networks, strict=True) if network.done < 2]:
        raise ValueError(f"{empty[0]}: fewer than two cutoffs are measured; rerun its command to resume")
    write_atomically(args.output, figure(networks, args.output.suffix[1:]))
    lines = [f"{network.metadata['classifier']['name']}: {crossover_summary(network)}" for network in networks]
    for other in networks[1:]:
        difference = paired_difference(networks[0], other)
        if difference is not None:
            names = [network.metadata["classifier"]["name"] for network in (networks[0], other)]
            value, low, high = (decimal(number, 2, sign=True) for number in difference)
            lines.append(f"{names[0]} minus {names[1]}: {value} ({low} to {high}), paired")
    return "\n".join([*lines, str(args.output)])


if __name__ == "__main__":
    raise SystemExit(main())
