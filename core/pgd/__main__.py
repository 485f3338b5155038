"""Many pictures, filled and drawn in resumable batches: `python -m core.pgd inpaint|generate`.

Writes to a folder: pictures.npz (the table of `core.pgd.pictures`, a row per picture), summary.json (means and standard
deviations; with --judge also how many pictures another network calls the target; all settings) and grid.png (the first
pictures, as in the paper's Figures 3 and 4). All files are complete after every batch. The same command on the same
folder resumes; other settings start over."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from core.classifiers.text import add_classifier_options, named_classifier
from core.data.datasets import add_dataset_options, named_dataset
from core.data.holes import Fill
from core.pgd.jobs import PGDJob, make_job, run_job
from core.pgd.plan import JobConfig
from core.pgd.settings import MAX_STEPS, PENALTIES, SETTINGS, RunKind, usual_settings
from core.pgd.starts import MADE_STARTS, STARTS
from core.shared import paper
from core.shared.cli import MAX_SEED, check_output_folder, integer, number, run_script
from core.shared.numbers import percent, small, wilson
from core.shared.text import count_of, quoted


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    parser = argparse.ArgumentParser(prog="python -m core.pgd", description=__doc__)
    modes = parser.add_subparsers(dest="mode", required=True)
    inpaint = modes.add_parser("inpaint", help="Eq. 3: fill a square hole in each image")
    generate = modes.add_parser(
        "generate", help="Eq. 2: draw classes, starting from a blur or noise with their statistics"
    )
    for mode in (inpaint, generate):
        add_classifier_options(mode)
        add_dataset_options(mode)
        mode.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write into")
        mode.add_argument("--limit", type=integer(1), default=100, help="number of images, default 100")
        mode.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help="seed of images, holes and noise")
        mode.add_argument(
            "--tries", type=integer(1), default=1, help="results of each, by the seeds from --seed on; default 1"
        )
        mode.add_argument("--target", help="one class for all images; default: the true class, or every class in turn")
        mode.add_argument(
            "--judge",
            help="another classifier, which judges if the results show the target; --download may fetch its weights",
        )
        mode.add_argument("--batch-size", type=integer(1), help="images per batch")
    _add_settings(inpaint, "inpainting")
    _add_settings(generate, "generation")
    inpaint.add_argument(
        "--penalty",
        choices=PENALTIES,
        default="eq3",
        help=" ".join(f"{name}: {penalty.rule}" for name, penalty in PENALTIES.items()),
    )
    inpaint.add_argument(
        "--hole",
        type=integer(1),
        metavar="SIDE",
        help="of the square, default 60 at 224 pixels, 16 at 32; scales epsilon",
    )
    inpaint.add_argument(
        "--fill",
        choices=get_args(Fill),
        default="region",
        help="mean of the hole, or the colours of its rim",
    )
    generate.add_argument(
        "--start",
        choices=MADE_STARTS,
        default="blur",
        help="; ".join(f"{kind}: {(text := STARTS[kind].source)[0].lower()}{text[1:-1]}" for kind in MADE_STARTS),
    )
    return parser


def _add_settings(parser: argparse.ArgumentParser, kind: RunKind) -> None:
    """Add an option for each setting, by default None."""
    for name, usual in usual_settings(kind, paper.IMAGE_SIZE).items():
        row = SETTINGS[name]
        takes: Any = integer(1, MAX_STEPS) if row.whole else None if row.choices else number(above=bool(row.scaled))
        scaled = f" at {paper.IMAGE_SIZE} pixels, scaled" if row.scaled else ""
        text = f"{row.label}; default {usual}{scaled}. {row.help}".strip().replace("%", "%%")
        parser.add_argument(f"--{name.replace('_', '-')}", type=takes, choices=row.choices or None, help=text)


def build_job(args: argparse.Namespace) -> PGDJob:
    """Return the job described by the command line."""
    inpaint = args.mode == "inpaint"
    # Generation needs statistics over all images of its classes.
    dataset = named_dataset(args, limit=args.limit if inpaint else None, seed=args.seed)
    own = ("hole", "penalty", "fill") if inpaint else ("start",)
    overrides = {name: getattr(args, name, None) for name in SETTINGS}
    config = JobConfig(
        count=args.limit,
        changes={name: value for name, value in overrides.items() if value is not None},
        **{name: getattr(args, name) for name in ("mode", "seed", "tries", "target", *own)},
    )
    judges = []
    if args.judge:
        other = argparse.Namespace(**{**vars(args), "classifier": args.judge, "weights": None, "template": None})
        judges = [named_classifier(other, dataset.classes)]
    job = make_job(config, named_classifier(args, dataset.classes), dataset, judges)
    if job.judges and len(job.facts["class_names"]) > len(dataset.classes):
        raise ValueError(f"--judge knows only the data set's classes, not --target {quoted(args.target)}")
    return job


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    check_output_folder(parser, args.output)
    return run_script(
        lambda: _run(args),
        f"{args.output} holds the batches that were finished, run the same command again to resume",
    )


def _run(args: argparse.Namespace) -> str:
    table = run_job(build_job(args), args.output, args.batch_size)
    (outcomes,) = table.kinds().values()
    before, after = (small(outcomes.pictures[name].mean()) for name in ("loss_before", "loss_after"))
    share = percent(outcomes.pictures["is_target"].mean())
    line = f"{args.output}: {count_of(outcomes.n, 'image')}, loss {before} -> {after}, {share} become the target"
    if not table.judges:
        return line
    judged = outcomes.judgement
    low, high = map(percent, judged.share(judged.after)[1:])
    text = (
        f"{line}; {judged.judge} calls {judged.after} the target (95 % interval {low} to {high}), of the starts "
        f"{judged.before}"
    )
    if (tries := outcomes.facts["kind"].get("tries", 1)) == 1:
        return text
    count, n = outcomes.recognised_in_one_try()
    low, high = map(percent, wilson(count / n, n).item()[1:])
    return f"{text}; in at least one of {tries} tries {count} of {n} (95 % interval {low} to {high})"


if __name__ == "__main__":
    raise SystemExit(main())
