"""Make a profile: all stored results of one network, by one resumable command."""

from __future__ import annotations

import argparse
import functools
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from core.classifiers.registry import VARIABLE as LISTED
from core.classifiers.registry import classifier_spec, find_weights, load_classifier
from core.classifiers.text import add_classifier_options, named_classifier
from core.data.datasets import add_dataset_options, load_dataset, named_dataset
from core.data.sample_sets import CIFAR10, SAMPLE_SETS
from core.reproduce.profile_parts import PARTS
from core.reproduce.profiled import MissingDataError, ProfiledNetwork, ProfileFile
from core.shared.cli import EXPECTED_ERRORS, MAX_SEED, check_output_folder, integer, names_of, run_script
from core.shared.text import count_of, one_line

_SAMPLES = "cifar10-samples"


def _usual_dataset(vocabulary: str | None, data_dir: Path | None, download: bool) -> str:
    """Return CIFAR-10 if it is there or may be downloaded, else its bundled pictures; photographs for ImageNet."""
    if vocabulary not in (None, "cifar10"):
        return next(row.dataset for row in SAMPLE_SETS.values() if row.class_set == vocabulary)
    try:
        load_dataset("cifar10", data_dir, limit=1, download=download)
    except FileNotFoundError:
        if download:
            raise
        return _SAMPLES
    return "cifar10"


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    parser = argparse.ArgumentParser(
        prog="python -m core.reproduce.profile",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_classifier_options(parser)
    add_dataset_options(parser, default="")
    parser.add_argument("--quick", action="store_true", help="a smaller amount of everything, with wider intervals")
    known = tuple(PARTS)
    parser.add_argument(
        "--parts", type=names_of(known, "part"), default=known, help=f"of {', '.join(known)}; default all"
    )
    parser.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help="of the choice of images, signs and pairs")
    parser.add_argument(
        "--judge",
        help="a classifier of CIFAR-10's classes; --download may fetch it; default ResNet-56 where it is ready",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write, or to resume")
    return parser


def main(command: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(command)
    check_output_folder(parser, args.output)
    return run_script(lambda: _run(args), "what was finished is saved, run the same command again to resume")


def _run(args: argparse.Namespace) -> str:
    spec = classifier_spec(args.classifier)
    if not args.dataset:
        args.dataset = _usual_dataset(spec.vocabulary, args.data_dir, args.download)
        if args.dataset == _SAMPLES:
            print(f"CIFAR-10 is not in {args.data_dir or 'data'}: {_SAMPLES} stands in", file=sys.stderr)

    judge = partial(load_classifier, args.judge, CIFAR10, download=args.download) if args.judge else None
    if judge:
        judge()  # downloaded, or refused, before anything is made

    network = ProfiledNetwork(
        args.classifier,
        classifier=functools.lru_cache(maxsize=1)(partial(named_classifier, args)),
        images=functools.cache(lambda limit: named_dataset(args, limit=limit, seed=args.seed)),
        quick=args.quick,
        seed=args.seed,
        judge=judge,
    )
    todo, there, left_out = list[tuple[str, ProfileFile]](), 0, ""
    for key in args.parts:
        try:
            files = list(PARTS[key].items(network))
        except MissingDataError as error:
            left_out += f"\nleft out: {PARTS[key].what}, which {error}"
            continue
        missing = [(key, file) for file in files if not file.is_there(args.output)]
        todo += missing
        there += len(files) - len(missing)
    if todo:
        find_weights(spec, args.weights, args.download)  # or end before anything is made
        _make(todo, args.output, "quick" if args.quick else "full")
    size = sum(path.stat().st_size for path in args.output.rglob("*.npz"))
    made = f"{count_of(len(todo), 'file')} made{f', {there} kept' if there else ''}"
    report = f"{args.output}: {made}, {size / 1e6:.1f} MB in all{left_out}"
    if args.weights is not None and ":" in args.classifier:  # the app knows the published weights alone
        report += f'\nstart the app with {LISTED}="{args.classifier}={args.weights}" to run it there'
    return report


def _make(todo: Sequence[tuple[str, ProfileFile]], folder: Path, amount: str) -> None:
    """Make the files in order, and print the name of each before it; the bar of each has its remaining time."""
    failed: list[str] = []
    for number, (key, item) in enumerate(todo, 1):
        print(f"{number} of {len(todo)}, {PARTS[key].what}: {item.path}", file=sys.stderr)
        try:
            item.make_in(folder, amount)
        except EXPECTED_ERRORS as error:
            failed.append(f"{item.path}: {one_line(error, 300)}")
            print(failed[-1], file=sys.stderr)
    if failed:
        raise RuntimeError(f"{len(failed)} of {len(todo)} files could not be made; {failed[0]}")


if __name__ == "__main__":
    raise SystemExit(main())
