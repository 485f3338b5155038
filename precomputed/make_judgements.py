"""Lets a second network judge what the bundled models draw, and what they paint into holes.

    python -m precomputed.make_judgements [--judge resnet-56] [--weights FILE] [--download] [--work FOLDER] [--again]

writes precomputed/judgements.json: for each bundled model what became of 200 drawn pictures from either start, twenty
of each CIFAR-10 class, as `core.reconstruct generate` makes them; of 200 CIFAR-10 test images with a hole, as
`core.reconstruct inpaint` fills them (50 by plain steps); both by views and by the paper's search within the same
steps, with the energy of what was painted by radius; and the judgement of its stored runs. For a third judge, of
another family, the same pictures are made once more. That takes two hours of a core; what FOLDER and the file hold is
not computed again. Run it after the stored runs are made.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from core.classifiers.bundled import bundled_specs
from core.classifiers.kinds.base import Classifier
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.dataset import ImageDataset
from core.data.datasets import load_dataset
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.images.masks import usual_side
from core.images.radii import energy_by_radius
from core.pgd.config import paper_generation, paper_inpainting
from core.pgd.penalties import Penalty
from core.pgd.settings import usual_settings
from core.pgd.view_settings import SEARCHES
from core.reconstruct.batches import read_job, run_job
from core.reconstruct.job import JobConfig, make_job
from core.reconstruct.report import Reconstruction
from core.runs.file import PGDRun
from core.runs.judgement import COLUMNS, STORED, THIRD, fingerprint, judge_run, searched, top1
from core.runs.starts import StartKind
from core.runs.stored import stored_subjects
from core.shared.device import device_name, prepare_torch
from core.shared.files import write_atomically

COUNT, SEED, BATCH = 200, 0, 50
DRAWN_FROM: tuple[StartKind, ...] = ("blur", "classless", "independent")  # the starts that the page offers
# How many holes are filled by each rule, and in how many times fewer and larger steps than the paper's. The last one,
# plain steps, is there for its loss alone.
PAINTED_BY: dict[Penalty, tuple[int, int]] = {"eq3": (COUNT, 1), "mean_square": (COUNT, 3), "norm": (COUNT // 4, 1)}
THIRD_JUDGE = "mini-clip-vit"  # cuts pictures into patches, as none of the others does
# What is searched by views, too; drawings by both searches within the same steps and the same ball.
SEARCHED_FROM: StartKind = "classless"
SEARCHED_PENALTY: Penalty = "eq3"
DIGITS = 4  # significant ones of each number


def main() -> None:
    """Write the file."""
    parser = judge_options(__doc__)
    parser.add_argument("--work", type=Path, help="folder that keeps what is finished")
    parser.add_argument("--again", action="store_true", help="compute what the file holds, too")
    args = parser.parse_args()
    prepare_torch()
    judge = load_judge(args)
    known = {} if args.again or not STORED.is_file() else json.loads(STORED.read_text("utf-8"))
    if [known.get(name, {}).get("name") for name in ("judge", "third")] != [judge.name, THIRD_JUDGE]:
        known = {}  # by another judge
    with tempfile.TemporaryDirectory() as folder:
        content = _many_pictures(judge, args.work or Path(folder), known)
    content["runs"] = _runs(judge)
    # Thousands of numbers: a line for each would make it twice as large.
    write_atomically(STORED, json.dumps(content, separators=(",", ":"), allow_nan=False).encode() + b"\n")


def judge_options(description: str | None) -> argparse.ArgumentParser:
    """A command line that names the judge."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--judge", default="resnet-56", help="a classifier of CIFAR-10's classes")
    parser.add_argument("--weights", type=Path, help="its weight file")
    parser.add_argument("--download", action="store_true", help="allow downloading its weights")
    return parser


def load_judge(args: argparse.Namespace) -> Classifier:
    """The judge that it names."""
    return load_classifier(args.judge, CIFAR10, weights=args.weights, download=args.download)


def _many_pictures(judge: Classifier, work: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """Judge drawn pictures and filled holes, and record how they were made; known: what the file holds of it."""
    images, third = load_dataset("cifar10", limit=COUNT, seed=SEED), load_classifier(THIRD_JUDGE, CIFAR10)
    parts: dict[str, dict[str, Any]] = {
        part: {"by": {}, "configs": {}} | known.get(part, {}) for part in ("drawn", "painted")
    }
    for part, kind, job in _jobs():
        if kind not in parts[part]["by"]:
            judges = judge, third
            parts[part]["by"][kind] = _by_model(job, images, judges if job.count == COUNT else judges[:1], work / kind)
        parts[part]["configs"][kind] = make_job(job, judge, images).config.to_json()
    drawing = {"classes": list(CIFAR10.names), "seed": SEED, "config": paper_generation(32).to_json()}
    filling = {"dataset": dataset_facts(images), "hole": usual_side(32), "seed": SEED}
    return {
        "judge": classifier_facts(judge),
        "third": classifier_facts(third),
        "drawn": {**parts["drawn"], **drawing},
        "painted": {**parts["painted"], **filling},
        "source": computed_source(device_name(judge)),
    }


def _jobs() -> Iterator[tuple[str, str, JobConfig]]:
    """Part of the file, name in it, and job; every class has its bundled statistics, which drawings begin with."""
    for start in DRAWN_FROM:
        yield "drawn", start, JobConfig(mode="generate", count=COUNT, seed=SEED, start=start)
    side = usual_side(32)
    usual = paper_inpainting(32, side)
    for penalty, (count, fewer) in PAINTED_BY.items():
        changes: dict[str, Any] = (
            {} if fewer == 1 else {"steps": usual.steps // fewer, "step_size": usual.step_size * fewer}
        )
        job = JobConfig(mode="inpaint", count=count, seed=SEED, hole=side, penalty=penalty, changes=changes)
        yield "painted", penalty, job
    for search in SEARCHES:
        changes = {**usual_settings("generation", 32, search="views"), "search": search}
        job = JobConfig(mode="generate", count=COUNT, seed=SEED, start=SEARCHED_FROM, changes=changes, save_run=True)
        yield "drawn", searched(SEARCHED_FROM, search), job
    # The paper's search, above, takes six times as many steps within the same ball.
    changes = usual_settings("inpainting", 32, side, "views")
    job = JobConfig(mode="inpaint", count=COUNT, seed=SEED, hole=side, changes=changes, save_run=True)
    yield "painted", searched(SEARCHED_PENALTY, "views"), job


def _by_model(job: JobConfig, images: ImageDataset, judges: Sequence[Classifier], work: Path) -> dict[str, Any]:
    """Judge each picture, for each bundled model; the third judge does not judge its own pictures."""
    by_name = {}
    for name in bundled_specs():
        model = load_classifier(name, CIFAR10)
        rows = _rows(job, model, images, judges[0], work / name)
        columns = {column: [_short(getattr(row, column)) for row in rows] for column in COLUMNS}
        facts: dict[str, Any] = {"weights_id": model.weights_id, "sha256": model.sha256, "pictures": columns}
        run = PGDRun.load(work / name / "run.npz") if job.save_run else None
        for third in (judge for judge in judges[1:] if judge.name != name):
            if run is None:
                rows = _rows(job, model, images, third, work / f"{name}, judged by {third.name}")
                seen = {column: [getattr(row, column.replace("third", "judge")) for row in rows] for column in THIRD}
            else:
                seen = dict(zip(THIRD, _recognised(run, third), strict=True))
            columns |= seen
        if run is not None:
            facts["energy"] = _energy(run)
        by_name[name] = facts
    return by_name


def _recognised(run: PGDRun, judge: Classifier) -> Iterator[list[int]]:
    """For each start, then for each result: 1 where the judge's top-1 prediction is the target, else 0."""
    for images in (run.start, run.frames[-1].astype(np.float32) / np.float32(255)):
        predictions = zip(top1(judge, images), run.metadata["targets"], strict=True)
        yield [int(prediction == target) for prediction, target in predictions]


def _energy(run: PGDRun) -> list[float | None]:
    """Energy of what was painted by radius, as a share of all but the mean colour's, over all pictures."""
    energy = energy_by_radius(run.frames[-1] / 255 - run.start)
    energy[0] = 0
    return [_short(share) for share in energy / energy.sum()]


def _rows(
    job: JobConfig, model: Classifier, images: ImageDataset, judge: Classifier, work: Path
) -> list[Reconstruction]:
    summary = run_job(make_job(job, model, images, judge), work, COUNT if job.save_run else BATCH)
    print(work, json.dumps(summary), flush=True)
    return read_job(work)[1]


def _short(number: float | None) -> float | None:
    return number if number is None or isinstance(number, int) else float(f"{number:.{DIGITS}g}")


def _runs(judge: Classifier) -> dict[str, Any]:
    """Judgements of the stored runs of *Draw* on 32 pixels, by what they depend on."""
    judgements: dict[str, Any] = {}
    for subject, paths in stored_subjects("generation").items():
        for run in map(PGDRun.load, paths):
            if (judgement := judge_run(run, judge)) is not None:
                name = run.metadata["classifier"]["name"]
                judgements[fingerprint(run)] = {"subject": subject, "drawn_by": name} | judgement.to_json()
                print(subject, name, judgement, flush=True)
    return judgements


if __name__ == "__main__":
    main()
