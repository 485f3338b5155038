"""Reproduce the paper as far as this machine allows: `python -m core.reproduce [--quick]`.

Computes the maps of Figures 1 and 2, judges the claims about them, tests the networks of Figure 1 on hybrid images,
measures inpainting and generation, and compares each number with the published one. Bundled models run beside the
paper's networks. Writes report.html and report.json, a profile of each network in profiles/, and tables/, from which
the same command resumes. The report lists parts that cannot run, with instructions.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from core.reproduce.parts.plan import CLIP, KEYS
from core.reproduce.run import run
from core.shared.cli import MAX_SEED, check_output_folder, integer, names_of
from core.shared.device import DTYPES
from core.shared.errors import quoted
from core.sweep.hybrid.pairs import MAX_PAIRS
from core.sweep.processes import run_together


def parse_weights(text: str) -> tuple[str, Path]:
    """'resnet-56=FILE' -> ('resnet-56', Path('FILE'))."""
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise argparse.ArgumentTypeError(f'need a classifier and its file, like "resnet-56=FILE", got {quoted(text)}')
    return name, Path(file).expanduser()


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    parser = argparse.ArgumentParser(
        prog="python -m core.reproduce",
        description="Run the paper again as far as this machine allows, and compare it with the published numbers. "
        "Run the same command again to resume; start it with torchrun to share the work over GPUs and nodes.",
    )
    parser.add_argument("--quick", action="store_true", help="few waves and images: minutes on two cores")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write into, or to resume")
    parser.add_argument(
        "--parts", type=names_of(KEYS, "part"), default=KEYS, help="names or prefixes, e.g. figure-1,stand-in"
    )
    parser.add_argument("--cells", type=integer(1), help="waves per map, drawn by the seed; default all")
    parser.add_argument("--limit", type=integer(1), help="images per map, drawn by the seed; default all")
    parser.add_argument("--runs", type=integer(1), help="inpainting and generation runs per part; default 100")
    parser.add_argument("--pairs", type=integer(1, MAX_PAIRS), help="pairs of pictures for hybrid images; default 2000")
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="folder of CIFAR-10, default data")
    parser.add_argument("--imagenet-dir", type=Path, help="ImageNet100, a folder of class folders by WordNet id")
    parser.add_argument("--download", action="store_true", help="allow downloading weights and CIFAR-10")
    parser.add_argument(
        "--weights",
        type=parse_weights,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="weights of a classifier",
    )
    parser.add_argument("--clip", default=CLIP, metavar="NAME", help="another zero-shot classifier in CLIP's place")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    parser.add_argument("--dtype", default="float32", choices=DTYPES, help="of the maps' forward passes")
    parser.add_argument("--batch-size", type=integer(1), help="images worked on at once, default measured")
    parser.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help="of waves, signs, images, holes and noise")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    check_output_folder(parser, args.output)
    command_line = sys.argv[1:] if argv is None else argv
    args.command = shlex.join(["python", "-m", "core.reproduce", *command_line])
    return run_together(
        lambda processes: run(args, processes), "what was finished is saved, run the same command again to resume"
    )


if __name__ == "__main__":
    raise SystemExit(main())
