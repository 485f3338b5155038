"""Inpainting and generation over many images: `python -m core.reconstruct inpaint|generate`.

Writes into a folder: images.csv (a row per image), summary.json (means and spreads), settings.json (everything the
numbers depend on) and grid.png (the first images, as in the paper's Figures 3 and 4); with --save-run also run.npz, the
first batch as a run that the app can replay. All are complete after every batch, so an interrupted run leaves what it
has finished.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import paper
from core.classifiers.text import choose_target
from core.pgd.config import PENALTIES, STEP_RULES, paper_generation, paper_inpainting
from core.provenance import classifier_facts, computed_source, dataset_facts
from core.reconstruct.batches import Job, generation_plans, inpainting_plans, run_job

if TYPE_CHECKING:
    from core.data.datasets import ImageDataset

DATASETS = "cifar10, imagenet100, a folder of class folders, an .npz, or the bundled cifar10-samples, photographs"
# How many pixels a batch holds: 64 images of 32 pixels, one of 224. A GPU needs more to be busy.
BATCH_PIXELS = {"cpu": 64 * 1024, "cuda": 1024 * 1024}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(prog="python -m core.reconstruct", description=__doc__)
    modes = options.add_subparsers(dest="mode", required=True)
    inpaint = modes.add_parser("inpaint", help="Eq. 3: fill a square hole in each image")
    generate = modes.add_parser("generate", help="Eq. 2: draw classes, starting from noise with their statistics")
    for mode in (inpaint, generate):
        mode.add_argument("--classifier", required=True, help="a name of the registry, e.g. mini-clip, clip-vit-b-32")
        mode.add_argument("--weights", type=Path, help="weight file, for classifiers that take one")
        mode.add_argument("--download", action="store_true", help="allow downloading the weights")
        mode.add_argument("--template", help='prompt of a zero-shot classifier, default "a photo of a {class}"')
        mode.add_argument("--dataset", required=True, help=DATASETS)
        mode.add_argument("--data-dir", type=Path, help="where cifar10 or imagenet100 lie")
        mode.add_argument("--image-size", type=int, help="pixels, default 32 for cifar10 and 224 for photographs")
        mode.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write into")
        mode.add_argument("--limit", type=int, default=100, help="number of images, default 100")
        mode.add_argument(
            "--seed", type=int, default=0, help="random seed of the choice of images, the holes and the noise"
        )
        mode.add_argument("--steps", type=int, help="number of steps, default the paper's")
        mode.add_argument("--epsilon", type=float, help="L2 budget, default the paper's, scaled with the size")
        mode.add_argument("--step-size", type=float, help="length of a step, default the paper's, scaled too")
        mode.add_argument("--step-rule", choices=STEP_RULES, default="constant", help="adaptive: Auto-PGD")
        mode.add_argument("--target", help="one class for all images; default: the true class, or every class in turn")
        mode.add_argument("--keep", choices=("last", "best"), default="last", help="result: last state, or lowest loss")
        mode.add_argument("--save-run", action="store_true", help="also write run.npz, the first batch to be replayed")
        mode.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
        mode.add_argument("--batch-size", type=int, help="images worked on at once")
    inpaint.add_argument("--weight", type=float, default=paper.PENALTY_WEIGHT, help="lambda of Eq. 3, default 10")
    inpaint.add_argument(
        "--penalty",
        choices=PENALTIES,
        default="norm",
        help="for change outside the hole: Eq. 3 as printed, Santurkar et al.'s, or no change at all",
    )
    inpaint.add_argument("--fill", choices=("region", "image"), default="region", help="whose mean fills the hole")
    generate.add_argument(
        "--noise",
        choices=("independent", "full-covariance"),
        default="independent",
        help="each pixel drawn alone (the paper), or whole small images (Santurkar et al.; needs images of the class)",
    )
    return options


def build_job(given: argparse.Namespace) -> Job:
    """The job that the command line describes."""
    from core.classifiers.registry import load_classifier
    from core.device import choose_device, device_name, keep_freed_memory

    if given.limit < 1:
        raise ValueError(f"--limit is the number of images, at least 1; got {given.limit}")
    keep_freed_memory()
    inpaint = given.mode == "inpaint"
    if inpaint and not 0 <= given.weight < float("inf"):
        raise ValueError(f"--weight (lambda) must be a number of at least 0; got {given.weight}")
    # Generation needs the statistics of whole classes, however few images it makes.
    dataset = _load(given, given.limit if inpaint else None)
    size = dataset.image_size
    changes = {name: getattr(given, name) for name in ("steps", "epsilon", "step_size", "step_rule")}
    config = replace(
        (paper_inpainting if inpaint else paper_generation)(size),
        **{name: value for name, value in changes.items() if value is not None},
    )
    classifier = load_classifier(
        given.classifier,
        dataset.classes,
        device=choose_device(given.device, 0),
        weights=given.weights,
        download=given.download,
        template=given.template,
    )
    if given.target is not None:
        choose_target(classifier, given.target)  # refused now rather than after the output was begun
    if inpaint:
        objective = {"weight": given.weight, "penalty": given.penalty}
        make_plan = inpainting_plans(
            dataset, config, target=given.target, fill=given.fill, seed=given.seed, **objective
        )
        objective["fill"] = given.fill
    else:
        objective = {}
        make_plan = generation_plans(
            dataset, config, target=given.target, full_covariance=given.noise == "full-covariance", seed=given.seed
        )
    settings: dict[str, Any] = {
        "mode": given.mode,
        "config": config.to_json(),
        "objective": objective,
        "noise": None if inpaint else given.noise,
        "keep": given.keep,
        "target": given.target,
        "seed": given.seed,
        "image_size": size,
        "classifier": {**classifier_facts(classifier), "template": classifier.template},
        "dataset": dataset_facts(dataset),
        "source": computed_source(device_name(classifier)),
    }
    count = min(given.limit, len(dataset)) if inpaint else given.limit
    return Job(classifier, config, count, make_plan, given.keep, settings, given.save_run)


def _load(given: argparse.Namespace, limit: int | None) -> ImageDataset:
    """The data set that the command line names, bundled samples included."""
    from core.data.datasets import load_dataset
    from core.data.samples import SAMPLE_NAMES, load_samples

    if given.dataset not in SAMPLE_NAMES:
        return load_dataset(given.dataset, given.data_dir, image_size=given.image_size, limit=limit, seed=given.seed)
    samples = load_samples(given.dataset)
    if given.image_size not in (None, samples.image_size):
        raise ValueError(f"the bundled {given.dataset} have {samples.image_size} pixels; leave --image-size out")
    chosen = np.random.default_rng(given.seed).permutation(len(samples))[:limit]
    return replace(samples, images=samples.images[chosen], labels=samples.labels[chosen])


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the batch script; returns the exit status."""
    given = parser().parse_args(arguments)
    try:
        if given.output.exists() and not given.output.is_dir():
            raise ValueError(f"--output wants a folder; {given.output} is a file")
        if given.batch_size is not None and given.batch_size < 1:
            raise ValueError(f"--batch-size must be at least 1; got {given.batch_size}")
        job = build_job(given)
        pixels = BATCH_PIXELS.get(job.classifier.device.type, BATCH_PIXELS["cpu"])
        batch_size = given.batch_size or max(1, pixels // job.settings["image_size"] ** 2)
        summary = run_job(job, given.output, batch_size)
    except KeyboardInterrupt:
        print(f"\nstopped; {given.output} holds the batches that were finished", file=sys.stderr)
        return 130
    except (ValueError, OSError, RuntimeError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    before, after, share = (summary[name]["mean"] for name in ("loss_before", "loss_after", "target_share"))
    print(f"{given.output}: {summary['n']} images, loss {before:.3g} -> {after:.3g}, {share:.1%} become the target")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
