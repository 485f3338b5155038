"""Script `python -m core.sweep`: a resumable sweep on one process or under torchrun."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.classifiers.text import add_classifier_options, named_classifier
from core.data.datasets import add_dataset_options, named_dataset
from core.data.sample_sets import usual_epsilon
from core.fourier.waves import largest_side
from core.shared import paper
from core.shared.cli import MAX_SEED, check_output, integer, number
from core.shared.device import DTYPES
from core.shared.numbers import Frequency, percent
from core.shared.text import quoted
from core.sweep.grow import run_sweep
from core.sweep.processes import Processes, run_together
from core.sweep.waves import SweepConfig, check_side_fits


def parse_cells(text: str) -> tuple[Frequency, ...]:
    """'11,10;-3,4' -> ((11, 10), (-3, 4))."""
    try:
        return tuple((int(i), int(j)) for i, j in (part.split(",") for part in text.split(";")))
    except ValueError:
        raise argparse.ArgumentTypeError(f'expected pairs of whole numbers like "11,10;-3,4", got {text!r}') from None


def parse_passes(text: str) -> float:
    """'2%' -> 0.02."""
    share = number(above=True)(text.removesuffix("%")) / 100
    if not text.endswith("%") or share > 1:
        raise argparse.ArgumentTypeError(f'expected a percentage of at most 100, like "2%", got {quoted(text)}')
    return share


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    parser = argparse.ArgumentParser(
        prog="python -m core.sweep",
        description="Compute a Fourier heat map. Run the same command again to resume after an interruption; "
        "start it with torchrun to share the cells over GPUs and nodes.",
    )
    add_classifier_options(parser)
    add_dataset_options(parser)
    parser.add_argument("--limit", type=integer(1), help="number of images, chosen by the seed")
    parser.add_argument("--epsilon", type=number(), help="L2 size v per channel, default the paper's: 4.0 or 15.7")
    parser.add_argument(
        "--weaken-as",
        type=integer(1),
        metavar="PIXELS",
        help="weaken each wave like enlarging the image to this network input, e.g. 224 for CLIP",
    )
    parser.add_argument(
        "--passes",
        type=parse_passes,
        metavar="SHARE",
        default=1.0,
        help="add each wave to this share of the images, e.g. 2%%, its own class-balanced sample",
    )
    parser.add_argument("--side", type=integer(1), help="side of the map, odd, default the paper's: 31 or 63")
    parser.add_argument("--cells", type=parse_cells, help='only these frequencies, e.g. --cells="11,10;-3,4"')
    parser.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help="of the signs and of the images")
    parser.add_argument(
        "--dtype",
        default="float32",
        choices=DTYPES,
        help="bfloat16 rounds more and is faster on supporting hardware",
    )
    parser.add_argument(
        "--no-outcomes",
        action="store_false",
        dest="outcomes",
        help="do not store which images are misclassified under each wave, one bit each: 0.6 MB for CIFAR-10",
    )
    parser.add_argument("--batch-size", type=integer(1), help="default 64, on a GPU 512; halved on OOM")
    parser.add_argument("--output", type=Path, required=True, help="the .npz to write, or to resume")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    check_output(parser, args.output)
    return run_together(
        lambda processes: _run(args, processes), "finished cells are saved, run the same command again to resume"
    )


def _run(args: argparse.Namespace, processes: Processes) -> str:
    dataset = named_dataset(args, limit=args.limit, seed=args.seed, quiet=not processes.is_main)
    size = dataset.image_size
    if args.epsilon is None and not usual_epsilon(size):
        raise ValueError(f"the paper gives no size v for {size}-pixel images; choose one with --epsilon")
    as_given = ("seed", "cells", "dtype", "batch_size", "weaken_as", "outcomes", "passes")
    config = SweepConfig(
        side=paper.MAP_SIDE.get(size, min(63, largest_side(size, size))) if args.side is None else args.side,
        epsilon=usual_epsilon(size) if args.epsilon is None else args.epsilon,
        **{name: getattr(args, name) for name in as_given},
    )
    check_side_fits(config.side, size)  # before allocating anything of that size
    # Rank 0 downloads first; the others then use the cache.
    for turn in ("first", "rest"):
        if processes.is_main == (turn == "first"):
            classifier = named_classifier(args, dataset.classes, processes.local_rank)
        processes.broadcast(None)
    heatmap = run_sweep(classifier, dataset, config, args.output, processes)
    computed = f"{(heatmap.count > 0).sum()} of {heatmap.side**2} cells"
    if heatmap.estimate is not None:
        computed += f", estimated to {heatmap.metadata['estimate']['half_width']:.2f} points"
    clean = percent(heatmap.clean_rate() or 0.0, 2)  # every sweep starts with it
    return f"{args.output}: {computed}, clean error {clean}" if processes.is_main else ""


if __name__ == "__main__":
    raise SystemExit(main())
