"""Run of `python -m core.reproduce`: runs available parts, records why others cannot run, and writes the report."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from core.classifiers.registry import classifier_spec
from core.reproduce.paper_parts import KEYS, PAPER_PARTS, Machine, MapPart
from core.reproduce.report import Report, SkippedPart
from core.reproduce.results import Result, run_map, run_pictures
from core.shared import paper
from core.shared.cli import EXPECTED_ERRORS, MAX_SEED, check_output_folder, integer, names_of, run_script
from core.shared.device import choose_device, device_name, prepare_torch
from core.shared.files import make_folder, write_atomically
from core.shared.text import count_of, one_line, quoted, sentence


def run(args: argparse.Namespace, command: str) -> Report:
    """Run all available parts; return their results, and why others did not run."""
    start = time.perf_counter()
    if classifier_spec(args.clip).kind != "zero-shot":
        raise ValueError(f"--clip needs a zero-shot classifier; {quoted(args.clip)} has fixed classes")
    prepare_torch()
    machine = Machine(
        output=args.output,
        device=choose_device(args.device, 0),
        data_dir=args.data_dir,
        imagenet_dir=args.imagenet_dir,
        clip=args.clip,
        weights=dict(args.weights),
        download=args.download,
        seed=args.seed,
    )
    parts = [part for part in PAPER_PARTS if part.key in args.parts]
    for part in parts if args.download else ():
        machine.fetch(part)  # or end before anything is made
    make_folder(args.output)
    results, skipped = list[Result](), list[SkippedPart]()
    for part in parts:
        try:
            if isinstance(part, MapPart):
                waves, images = part.quick if args.quick else (None, None)
                results.append(run_map(part, waves, args.limit or images, machine))
            else:
                count = args.runs or (part.quick if args.quick else part.full)
                results.append(run_pictures(part, count, machine))
        except EXPECTED_ERRORS as error:
            print(f"{part.key}: {error}", file=sys.stderr)
            skipped.append(SkippedPart(part, sentence(one_line(error, 300))))
    device, seconds = device_name(machine.device), time.perf_counter() - start
    return Report(command, device, args.seed, results, skipped, seconds)


def _named_weights(text: str) -> tuple[str, Path]:
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
        "Run the same command again to resume.",
    )
    parser.add_argument("--quick", action="store_true", help="few waves and images: minutes on two cores")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write into, or to resume")
    parser.add_argument(
        "--parts", type=names_of(KEYS, "part"), default=KEYS, help="names or prefixes, e.g. figure-1,stand-in"
    )
    parser.add_argument("--limit", type=integer(1), help="images per map, drawn by the seed; default all")
    parser.add_argument("--runs", type=integer(1), help="pictures per part, filled or drawn; default 100")
    parser.add_argument("--data-dir", type=Path, default=Path("data"), help="folder of CIFAR-10, default data")
    parser.add_argument("--imagenet-dir", type=Path, help="ImageNet100, a folder of class folders by WordNet id")
    parser.add_argument("--download", action="store_true", help="allow downloading what is missing: weights, CIFAR-10")
    parser.add_argument(
        "--weights",
        type=_named_weights,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="weights of a classifier",
    )
    parser.add_argument(
        "--clip", default=paper.CLIP_NAME, metavar="NAME", help="another zero-shot classifier in CLIP's place"
    )
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    parser.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help="of waves, signs, images, holes and noise")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    check_output_folder(parser, args.output)
    command = shlex.join(["python", "-m", "core.reproduce", *(sys.argv[1:] if argv is None else argv)])

    def work() -> str:
        report, file = run(args, command), args.output / "report.html"
        write_atomically(file, report.to_html().encode())
        return f"{file}: {count_of(len(report.results), 'part')} done, {len(report.skipped)} did not run"

    return run_script(work, "what was finished is saved, run the same command again to resume")


if __name__ == "__main__":
    raise SystemExit(main())
