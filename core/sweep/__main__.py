"""Script `python -m core.sweep`: resumable sweeps over waves, hybrids and corruptions.

    python -m core.sweep waves --classifier mini-clip --dataset cifar10 --output map.npz
    python -m core.sweep hybrids --classifier mini-clip --dataset cifar10 --pairs 2000 --output hybrids.npz

Run the same command again to resume after an interruption; start it with torchrun to share the rows of the table over
GPUs and nodes."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from core.classifiers.text import add_classifier_options, named_classifier
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.data.datasets import add_dataset_options, named_dataset
from core.data.sample_sets import ImageDataset
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes, crossover_of
from core.shared.cli import MAX_SEED, check_output, integer, number
from core.shared.device import DTYPES
from core.shared.numbers import Frequency, decimal, interval, percent
from core.shared.text import count_of, quoted
from core.sweep.corruption_sweep import CorruptionConfig
from core.sweep.grow import PICTURES_AT_ONCE, Transforms, grow_file
from core.sweep.hybrid_sweep import MAX_PAIRS, HybridConfig, default_cutoffs
from core.sweep.processes import Processes, run_together
from core.sweep.wave_sweep import SweepConfig, usual_sweep


def parse_cells(text: str) -> tuple[Frequency, ...]:
    """'11,10;-3,4' -> ((11, 10), (-3, 4))."""
    try:
        return tuple((int(i), int(j)) for i, j in (part.split(",") for part in text.split(";")))
    except ValueError:
        raise argparse.ArgumentTypeError(f'expected pairs of whole numbers like "11,10;-3,4", got {text!r}') from None


def parse_fraction(text: str) -> float:
    """'2%' -> 0.02."""
    fraction = number(above=True)(text.removesuffix("%")) / 100
    if not text.endswith("%") or fraction > 1:
        raise argparse.ArgumentTypeError(f'expected a percentage of at most 100, like "2%", got {quoted(text)}')
    return fraction


def parse_cutoffs(text: str) -> tuple[float, ...]:
    """'1,2.5,4' -> (1.0, 2.5, 4.0)."""
    return tuple(number(above=True)(part) for part in text.split(","))


def _wave_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--limit", type=integer(1), help="number of images, chosen by the seed")
    parser.add_argument("--epsilon", type=number(), help="L2 size v per channel, default the paper's: 4.0 or 15.7")
    parser.add_argument(
        "--fraction",
        type=parse_fraction,
        metavar="PERCENT",
        default=1.0,
        help="add each wave to its own class-balanced sample of the images, e.g. 2%%",
    )
    parser.add_argument(
        "--size", type=integer(1), help="rows and columns of the map, odd, default the paper's: 31 or 63"
    )
    parser.add_argument("--cells", type=parse_cells, help='only these frequencies, e.g. --cells="11,10;-3,4"')
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=DTYPES,
        help="bfloat16 rounds more and is faster on supporting hardware",
    )


def _waves(args: argparse.Namespace, dataset: ImageDataset) -> SweepConfig:
    names = ("size", "epsilon", "seed", "cells", "dtype", "batch_size", "fraction")
    return usual_sweep(dataset.image_size, **{name: getattr(args, name) for name in names})


def _map_summary(heatmap: Heatmap) -> str:
    computed = f"{(heatmap.count > 0).sum()} of {heatmap.size**2} cells"
    if heatmap.estimate is not None:
        computed += f", estimated to {heatmap.metadata['estimate']['half_width']:.2f} points"
    return f"{computed}, clean error {percent(heatmap.clean_rate() or 0.0, 2)}"  # every sweep starts with it


def _hybrid_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pairs", type=integer(1, MAX_PAIRS), default=2000, help="of pictures, default 2000")
    cutoffs_help = 'cycles per image, ascending, e.g. --cutoffs="2,4,8"; default 1 to half of the side'
    parser.add_argument("--cutoffs", type=parse_cutoffs, help=cutoffs_help)


def _hybrids(args: argparse.Namespace, dataset: ImageDataset) -> HybridConfig:
    cutoffs = args.cutoffs or default_cutoffs(dataset.image_size)
    return HybridConfig(args.pairs, cutoffs, args.seed, args.batch_size)


def _crossover_summary(outcomes: HybridOutcomes) -> str:
    crossover, pairs = crossover_of(outcomes), count_of(outcomes.n, "pair")
    if crossover is None:
        return f"{pairs}, the shares do not cross at these cutoffs"
    value, low, high = (decimal(number, 2) for number in crossover.radius)
    return f"{pairs}, crossover cutoff {value} cycles per image ({low} to {high})"


def _corruption_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pictures", type=integer(1), default=2000, help="drawn by the seed, default 2000")


def _error_table(outcomes: CorruptionOutcomes) -> str:
    """Return a table of top-1 errors in per cent with 95% intervals, one line per corruption."""
    clean = outcomes.clean_errors().measured
    lines = [f"{count_of(outcomes.n, 'picture')}; clean top-1 error {decimal(100 * clean.value)} ({interval(clean)})"]
    for key in outcomes.keys:
        errors = [outcomes.errors(key, strength=strength).measured for strength in STRENGTHS]
        numbers = "; ".join(f"{decimal(100 * error.value)} ({interval(error)})" for error in errors)
        lines.append(f"  {CORRUPTIONS[key].label:<14} {numbers}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Sweep:
    """A command. what: help text. options: adds options. config: builds settings. summary: sums up a finished table."""

    what: str
    options: Callable[[argparse.ArgumentParser], None]
    config: Callable[[argparse.Namespace, ImageDataset], Transforms[Any]]
    summary: Callable[[Any], str]


SWEEPS = {
    "waves": Sweep("a Fourier heat map: the error under every wave", _wave_options, _waves, _map_summary),
    "hybrids": Sweep(
        "which of two pictures, mixed at several cutoffs, is predicted", _hybrid_options, _hybrids, _crossover_summary
    ),
    "corruptions": Sweep(
        f"the error under {len(CORRUPTIONS)} corruptions at {len(STRENGTHS)} strengths each",
        _corruption_options,
        lambda args, dataset: CorruptionConfig(args.pictures, args.seed, args.batch_size),
        _error_table,
    ),
}


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    parser = argparse.ArgumentParser(
        prog="python -m core.sweep", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="sweep", required=True, metavar="|".join(SWEEPS))
    for name, sweep in SWEEPS.items():
        command = commands.add_parser(name, help=sweep.what, description=f"Measure {sweep.what}.")
        add_classifier_options(command)
        add_dataset_options(command)
        sweep.options(command)
        command.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help="of all random choices")
        command.add_argument(
            "--batch-size", type=integer(1), help=f"default {PICTURES_AT_ONCE}, for waves on a GPU 512"
        )
        command.add_argument("--output", type=Path, required=True, help="the .npz to write, or to resume")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    check_output(parser, args.output)
    return run_together(partial(_run, args), "finished rows are saved, run the same command again to resume")


def _run(args: argparse.Namespace, processes: Processes) -> str:
    sweep, limit = SWEEPS[args.sweep], getattr(args, "limit", None)
    # Rank 0 downloads first; the others then use what it fetched.
    for turn in ("first", "rest"):
        if processes.is_main == (turn == "first"):
            dataset = named_dataset(args, limit=limit, seed=args.seed, quiet=not processes.is_main)
            config = sweep.config(args, dataset)
            classifier = named_classifier(args, dataset.classes, processes.local_rank)
        processes.broadcast(None)
    table = grow_file(classifier, dataset, config, args.output, processes)
    return f"{args.output}: {sweep.summary(table)}" if processes.is_main else ""


if __name__ == "__main__":
    raise SystemExit(main())
