"""Pictures, filled and drawn: `python -m core.pgd inpaint|generate` makes many in batches, `paint` the one of a link.

`inpaint` and `generate` write to a folder: pictures.npz (the table of `core.pgd.picture_outcomes`, a row per picture),
summary.json (means and standard deviations; with --judge also how many pictures a second network calls the target; all
settings) and grid.png (the first pictures, as in the paper's Figures 3 and 4). All files are complete after every
batch. The same command on the same folder resumes; other settings start over. `paint` takes a link of the app and
writes its picture and its run, as *Save* does.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, get_args

import numpy as np

from core.classifiers.registry import classifier_title, short_title
from core.classifiers.text import add_classifier_options, named_classifier
from core.data.datasets import add_dataset_options, named_dataset
from core.data.holes import Fill
from core.data.picture_files import decode_image, png_bytes, square_image
from core.data.sample_sets import CLASS_SETS
from core.data.sketches import SKETCH_SIZE, check_sketch, smooth_sketch
from core.pgd.jobs import PGDJob, make_job, run_job
from core.pgd.links import from_link
from core.pgd.live import finished_run
from core.pgd.methods import METHODS, picture_stem
from core.pgd.painting import Painting
from core.pgd.plan import JobConfig
from core.pgd.record import PGDRun
from core.pgd.settings import FIELDS, MAX_STEPS, PENALTIES, Task, defaults
from core.pgd.starts import MADE_STARTS, STARTS, StartName
from core.shared import paper
from core.shared.cli import MAX_SEED, check_output_folder, integer, number, run_script
from core.shared.files import ArchiveError, make_folder, write_atomically
from core.shared.numbers import percent, small, wilson
from core.shared.text import count_of, quoted


def build_parser() -> argparse.ArgumentParser:
    """Return the command-line parser."""
    parser = argparse.ArgumentParser(prog="python -m core.pgd", description=__doc__)
    commands = parser.add_subparsers(required=True)
    inpaint = commands.add_parser("inpaint", help="Eq. 3: fill a square hole in each image")
    generate = commands.add_parser(
        "generate", help="Eq. 2: draw classes, starting from a blur or noise with their statistics"
    )
    for command in (inpaint, generate):
        add_classifier_options(command)
        add_dataset_options(command)
        command.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write into")
        command.add_argument("--limit", type=integer(1), default=100, help="number of images, default 100")
        command.add_argument("--seed", type=integer(0, MAX_SEED), default=0, help="seed of images, holes and noise")
        command.add_argument(
            "--tries", type=integer(1), default=1, help="results of each, by the seeds from --seed on; default 1"
        )
        command.add_argument(
            "--target", help="one class for all images; default: the true class, or every class in turn"
        )
        command.add_argument(
            "--judge",
            help="another classifier, which judges if the results show the target; --download may fetch its weights",
        )
        command.add_argument("--batch-size", type=integer(1), help="images per batch")
    _add_settings(inpaint, "inpainting")
    _add_settings(generate, "generation")
    inpaint.add_argument(
        "--penalty",
        choices=PENALTIES,
        default="eq3",
        help=" ".join(f"{name}: {penalty.rule}" for name, penalty in PENALTIES.items()),
    )
    inpaint.add_argument(
        "--hole-size",
        type=integer(1),
        metavar="PIXELS",
        help="of the square hole, default 60 at 224 pixels, 16 at 32; scales epsilon",
    )
    inpaint.add_argument(
        "--fill",
        choices=get_args(Fill),
        default="region",
        help="mean of the hole, or the colours of its rim",
    )
    texts = "; ".join(f"{name}: {(text := STARTS[name].source)[0].lower()}{text[1:-1]}" for name in MADE_STARTS)
    generate.add_argument(
        "--start", metavar="NAME|FILE", help=f"default blur. {texts}; or a photo, a file, with the settings of photos"
    )
    generate.add_argument(
        "--sketch",
        type=Path,
        metavar="FILE",
        help=f"instead of --start: a sketch, a PNG of {SKETCH_SIZE} x {SKETCH_SIZE} pixels in flat colours; uses the "
        "settings of sketches",
    )
    paint = commands.add_parser("paint", help="paint the picture that a link of the app shows, by its leading method")
    paint.add_argument("link", help="as *Share* on Paint and Fill a hole gives it, in quotes")
    paint.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    paint.add_argument("--download", action="store_true", help="allow downloading the weights if they are missing")
    paint.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write into")
    paint.set_defaults(task="paint")
    return parser


def _add_settings(parser: argparse.ArgumentParser, task: Task) -> None:
    """Add the options of the task's settings; numbers are None by default."""
    parser.set_defaults(task=task)
    parser.add_argument(
        "--method",
        choices=METHODS,
        default="paper",
        help=f"default paper. {' '.join(f'{name}: {row.steps}.' for name, row in METHODS.items())}",
    )
    usual = {**vars(defaults(task, paper.IMAGE_SIZE))}
    if task == "inpainting":
        usual["weight"] = paper.PENALTY_WEIGHT
    for name, field in FIELDS.items():
        if name in usual:
            takes = integer(1, MAX_STEPS) if field.whole else number(above=bool(field.scaled))
            scaled = f" at {paper.IMAGE_SIZE} pixels, scaled" if field.scaled else ""
            text = f"{field.label}; the paper's default {usual[name]:g}{scaled}. {field.help}"
            parser.add_argument(f"--{name.replace('_', '-')}", type=takes, help=text.strip())


def build_job(args: argparse.Namespace) -> PGDJob:
    """Return the job described by the command line."""
    inpainting = args.task == "inpainting"
    # Generation needs statistics over all images of its classes.
    dataset = named_dataset(args, limit=args.limit if inpainting else None, seed=args.seed)
    own: dict[str, Any] = {name: getattr(args, name) for name in ("hole_size", "penalty", "fill")} if inpainting else {}
    if not inpainting:
        own["start"], own["picture"] = _start(args, dataset.image_size)
    changes = {name: value for name in FIELDS if (value := getattr(args, name, None)) is not None}
    weight = changes.pop("weight", paper.PENALTY_WEIGHT)
    config = JobConfig(
        count=args.limit,
        changes=changes,
        weight=weight,
        **{name: getattr(args, name) for name in ("task", "method", "seed", "tries", "target")},
        **own,
    )
    judges = []
    if args.judge:
        other = argparse.Namespace(**{**vars(args), "classifier": args.judge, "weights": None, "template": None})
        judges = [named_classifier(other, dataset.classes)]
    job = make_job(config, named_classifier(args, dataset.classes), dataset, judges)
    if job.judges and len(job.facts["class_names"]) > len(dataset.classes):
        raise ValueError(f"--judge knows only the data set's classes, not --target {quoted(args.target)}")
    return job


def _start(args: argparse.Namespace, size: int) -> tuple[StartName, np.ndarray | None]:
    """Return the name of the start of drawings and, of a sketch or a photo, its (3, size, size) picture.

    Raises:
        ValueError: the start is neither a name nor a readable picture, the sketch has another size, or both are given.
    """
    if args.sketch is not None and args.start is not None:
        raise ValueError("--sketch and --start each say where a drawing begins; give only one of them")
    if args.sketch is not None:
        return "sketch", smooth_sketch(check_sketch(_read(args.sketch)), size)
    for name in MADE_STARTS:
        if (args.start or "blur") == name:
            return name, None
    path = Path(args.start)
    if not path.is_file():
        raise ValueError(f"--start must be one of {', '.join(MADE_STARTS)}, or a picture's file; got {args.start!r}")
    pixels = square_image(_read(path), size, resize_to=size)
    return "photo", np.moveaxis(pixels.astype(np.float32) / np.float32(255), -1, 0)


def _read(path: Path) -> np.ndarray:
    """Return a file's picture, (H, W, 3) uint8; raise ValueError if it is none."""
    try:
        return decode_image(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} must be a picture, PNG, JPEG or WebP; {error}") from None


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser()
    args = parser.parse_args(argv)
    check_output_folder(parser, args.output)
    if args.task == "paint":
        return run_script(lambda: _paint(args), "nothing was written")
    return run_script(
        lambda: _run(args),
        f"{args.output} holds the batches that were finished, run the same command again to resume",
    )


def _paint(args: argparse.Namespace) -> str:
    """Paint the picture of a link; return what was written."""
    painting = from_link(args.link)
    stem = args.output / picture_stem(painting.word, painting.method)
    run = _painted(painting, stem.with_suffix(".npz"))
    if run is None:
        options = argparse.Namespace(**vars(args), classifier=painting.painter, weights=None, template=None)
        classifier = named_classifier(options, CLASS_SETS[painting.row.class_set]())
        run = finished_run(painting.plan(), classifier, painting.word)
        make_folder(args.output)
        run.save(stem.with_suffix(".npz"))
    picture = stem.with_suffix(".png")
    write_atomically(picture, png_bytes(np.moveaxis(run.frames[-1, 0], 0, -1)))
    confidence = percent(run.curves["target_probability"][-1, 0])
    return f"{picture}: {painting.word}; {short_title(classifier_title(painting.painter))} is {confidence} sure"


def _painted(painting: Painting, path: Path) -> PGDRun | None:
    """Return the run of a painting in a file; None if the file is missing, damaged, or of another painting."""
    with suppress(FileNotFoundError, ArchiveError):
        run = PGDRun.load(path)
        return run if Painting.of_run(run, painting.sample_set) == painting else None
    return None


def _run(args: argparse.Namespace) -> str:
    table = run_job(build_job(args), args.output, args.batch_size)
    (outcomes,) = table.kinds().values()
    before, after = (small(outcomes.pictures[name].mean()) for name in ("loss_before", "loss_after"))
    fraction = percent(outcomes.pictures["is_target"].mean())
    line = f"{args.output}: {count_of(outcomes.n, 'image')}, loss {before} -> {after}, {fraction} become the target"
    if not table.judges:
        return line
    judged = outcomes.judgement
    low, high = map(percent, judged.fraction(judged.after)[1:])
    text = (
        f"{line}; {judged.judge} calls {judged.after} the target (95% interval {low} to {high}), of the starts "
        f"{judged.before}"
    )
    if (tries := outcomes.facts["kind"].get("tries", 1)) == 1:
        return text
    count, n = outcomes.recognised_in_one_try()
    low, high = map(percent, wilson(count / n, n).item()[1:])
    return f"{text}; in at least one of {tries} tries {count} of {n} (95% interval {low} to {high})"


if __name__ == "__main__":
    raise SystemExit(main())
