"""The batch script behind `python -m core.sweep`: a full sweep, resumable, on one process or under torchrun."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from core.classifiers.options import add_classifier_options, named_classifier
from core.data.options import add_dataset_options, named_dataset
from core.data.sample_sets import usual_epsilon
from core.fourier.basis import Frequency, largest_side
from core.numbers import percent
from core.shared import paper
from core.shared.cli import MAX_SEED, check_output, number, whole
from core.shared.device import DTYPES
from core.shared.errors import quoted
from core.sweep.loop.config import SweepConfig, check_side_fits
from core.sweep.output import run_sweep
from core.sweep.processes import Processes, run_together

FIRST_ROUND = 0.01  # of the images, with --precision


def parse_cells(text: str) -> tuple[Frequency, ...]:
    """'11,10;-3,4' -> ((11, 10), (-3, 4))."""
    try:
        return tuple((int(i), int(j)) for i, j in (part.split(",") for part in text.split(";")))
    except ValueError:
        raise argparse.ArgumentTypeError(f'wanted pairs of whole numbers like "11,10;-3,4", got {text!r}') from None


def parse_passes(text: str) -> float:
    """'2%' -> 0.02."""
    share = number(above=True)(text.removesuffix("%")) / 100
    if not text.endswith("%") or share > 1:
        raise argparse.ArgumentTypeError(f'wanted a percentage of at most 100, like "2%", got {quoted(text)}')
    return share


def not_auto(text: str) -> str:
    """A text other than "auto", which older versions took."""
    if text == "auto":
        raise argparse.ArgumentTypeError('"auto" is no longer measured: leave it out, or name a choice')
    return text


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(
        prog="python -m core.sweep",
        description="Compute a Fourier heat map. Run the same command again to resume after an interruption; "
        "start it with torchrun to share the cells over GPUs and nodes.",
    )
    add_classifier_options(options)
    add_dataset_options(options)
    options.add_argument("--limit", type=whole(1), help="use this many images, chosen by the seed")
    options.add_argument("--epsilon", type=number(), help="L2 size v per channel, default the paper's: 4.0 or 15.7")
    options.add_argument(
        "--weaken-as",
        type=whole(1),
        metavar="PIXELS",
        help="weaken each wave as enlarging the image to this network's input would, e.g. 224 for CLIP's",
    )
    options.add_argument(
        "--passes",
        type=parse_passes,
        metavar="SHARE",
        help="add each wave to this share of the images, e.g. 2%%, a class-balanced sample of its own",
    )
    options.add_argument(
        "--precision",
        type=number(above=True),
        metavar="POINTS",
        help="take more images under all waves, round by round, until the map's estimate has 95%% intervals of this "
        "mean half-width, e.g. 2.0; --passes is then the first round's share, default 1%%",
    )
    options.add_argument("--side", type=whole(1), help="side of the map, odd, default the paper's: 31 or 63")
    options.add_argument("--cells", type=parse_cells, help='only these frequencies, e.g. --cells="11,10;-3,4"')
    options.add_argument("--seed", type=whole(0, MAX_SEED), default=0, help="of the signs and of the choice of images")
    options.add_argument(
        "--dtype",
        type=not_auto,
        default="float32",
        choices=DTYPES,
        help="bfloat16 rounds more, and is faster where the hardware has it",
    )
    options.add_argument(
        "--backend",
        type=not_auto,
        default="torch",
        choices=("torch", "openvino"),
        help="what computes float32; openvino, on a CPU, needs the package of that name",
    )
    options.add_argument(
        "--no-outcomes",
        action="store_false",
        dest="outcomes",
        help="leave out which images are misclassified under each wave, one bit each: 0.6 MB for CIFAR-10",
    )
    options.add_argument("--batch-size", type=whole(1), help="default 64, on a GPU 512; halved on OOM")
    options.add_argument("--output", type=Path, required=True, help="the .npz to write, or to resume")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the batch script; returns the exit status."""
    options = parser()
    args = options.parse_args(arguments)
    check_output(options, args.output)
    return run_together(
        lambda processes: _run(args, processes), "finished cells are saved, run the same command again to resume"
    )


def _run(options: argparse.Namespace, processes: Processes) -> str:
    if options.passes is None:
        options.passes = 1.0 if options.precision is None else FIRST_ROUND
    dataset = named_dataset(options, limit=options.limit, seed=options.seed, quiet=not processes.is_main)
    size = dataset.image_size
    if options.epsilon is None and not usual_epsilon(size):
        raise ValueError(f"the paper gives no size v for {size}-pixel images; choose one with --epsilon")
    as_given = ("seed", "cells", "dtype", "batch_size", "weaken_as", "outcomes", "passes", "precision")
    config = SweepConfig(
        side=paper.MAP_SIDE.get(size, min(63, largest_side(size, size))) if options.side is None else options.side,
        epsilon=usual_epsilon(size) if options.epsilon is None else options.epsilon,
        **{name: getattr(options, name) for name in as_given},
    )
    check_side_fits(config.side, size)  # before anything of that size is made
    # Rank 0 downloads what is missing; the others then find it in the cache.
    for turn in ("first", "rest"):
        if processes.is_main == (turn == "first"):
            classifier = named_classifier(options, dataset.classes, processes.local_rank)
        processes.broadcast(None)
    if options.backend == "openvino":
        if config.dtype != "float32":
            raise ValueError(
                f"--backend openvino computes float32, and --dtype is {config.dtype}: leave one of them out"
            )
        from core.sweep.on_openvino import on_openvino

        classifier = on_openvino(classifier, dataset)
    heatmap = run_sweep(classifier, dataset, config, options.output, processes)
    computed = f"{(heatmap.count > 0).sum()} of {heatmap.side**2} cells"
    if heatmap.estimate is not None:
        computed += f", estimated to {heatmap.metadata['estimate']['half_width']:.2f} points"
    clean = percent(heatmap.clean_rate() or 0.0, 2)  # which every sweep begins with
    return f"{options.output}: {computed}, clean error {clean}" if processes.is_main else ""


if __name__ == "__main__":
    raise SystemExit(main())
