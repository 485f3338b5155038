"""Lets a second network judge what the bundled models draw, and what they paint into holes.

    python -m precomputed.make_judgements [--judge resnet-56] [--weights FILE] [--download] [--work FOLDER]

writes precomputed/judgements.json: for each bundled model what became of 200 drawn pictures from either start, twenty
of each CIFAR-10 class, as `core.reconstruct generate` makes them; of 200 CIFAR-10 test images with a hole, as
`core.reconstruct inpaint` fills them (50 by plain steps); and the judgement of its stored runs. For a third judge, of
another family, the same pictures are made once more. That takes two hours of a core; what FOLDER holds is not computed
again. Run it after `precomputed.make_runs`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from core.classifiers.bundled import bundled_specs
from core.classifiers.kinds.base import Classifier
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.dataset import ImageDataset
from core.data.datasets import load_dataset
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.images.masks import usual_side
from core.pgd.config import paper_generation, paper_inpainting
from core.pgd.penalties import Penalty
from core.reconstruct.batches import read_job, run_job
from core.reconstruct.job import JobConfig, make_job
from core.reconstruct.report import Reconstruction
from core.runs.file import PGDRun
from core.runs.judgement import COLUMNS, STORED, THIRD, fingerprint, judge_run
from core.runs.starts import StartKind
from core.runs.stored import stored_subjects
from core.shared.device import device_name
from core.shared.files import write_atomically

COUNT, SEED, BATCH = 200, 0, 50
DRAWN_FROM: tuple[StartKind, ...] = ("blur", "classless", "independent")  # the starts that the page offers
# How many holes are filled by each rule, and in how many times fewer and larger steps than the paper's. The last one,
# plain steps, is there for its loss alone.
PAINTED_BY: dict[Penalty, tuple[int, int]] = {"eq3": (COUNT, 1), "mean_square": (COUNT, 3), "norm": (COUNT // 4, 1)}
THIRD_JUDGE = "mini-clip-vit"  # cuts pictures into patches, as none of the others does
DIGITS = 4  # significant ones of each number


def main() -> None:
    """Write the file."""
    options = judge_options(__doc__)
    options.add_argument("--work", type=Path, help="folder that keeps what is finished")
    options.add_argument("--runs-only", action="store_true", help="judge the stored runs again, and keep the rest")
    given = options.parse_args()
    judge = load_judge(given)
    if given.runs_only:
        content = json.loads(STORED.read_text("utf-8"))
    else:
        with tempfile.TemporaryDirectory() as folder:
            content = _many_pictures(judge, given.work or Path(folder))
    content["runs"] = _runs(judge)
    # Thousands of numbers: a line for each would make it twice as large.
    write_atomically(STORED, json.dumps(content, separators=(",", ":"), allow_nan=False).encode() + b"\n")


def judge_options(description: str | None) -> argparse.ArgumentParser:
    """A command line that names the judge."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--judge", default="resnet-56", help="a classifier of CIFAR-10's classes")
    options.add_argument("--weights", type=Path, help="its weight file")
    options.add_argument("--download", action="store_true", help="allow downloading its weights")
    return options


def load_judge(given: argparse.Namespace) -> Classifier:
    """The judge that it names."""
    return load_classifier(given.judge, CIFAR10, weights=given.weights, download=given.download)


def _many_pictures(judge: Classifier, work: Path) -> dict[str, Any]:
    """What became of drawn pictures and of filled holes, with how they were made."""
    images, side = load_dataset("cifar10", limit=COUNT, seed=SEED), usual_side(32)
    third = load_classifier(THIRD_JUDGE, CIFAR10)
    judges = judge, third
    # Every class has its bundled statistics, so that the images of the data set do not count for drawings.
    drawn = {
        start: _by_model(JobConfig(mode="generate", count=COUNT, seed=SEED, start=start), images, judges, work / start)
        for start in DRAWN_FROM
    }
    usual = paper_inpainting(32, side)
    painted, configs = {}, {}
    for penalty, (count, fewer) in PAINTED_BY.items():
        changes: dict[str, Any] = (
            {} if fewer == 1 else {"steps": usual.steps // fewer, "step_size": usual.step_size * fewer}
        )
        wanted = JobConfig(mode="inpaint", count=count, seed=SEED, hole=side, penalty=penalty, changes=changes)
        painted[penalty] = _by_model(wanted, images, judges if count == COUNT else judges[:1], work / penalty)
        configs[penalty] = replace(usual, **changes).to_json()
    facts = {"dataset": dataset_facts(images), "hole": side, "seed": SEED}
    drawing = {"classes": list(CIFAR10.names), "seed": SEED, "config": paper_generation(32).to_json()}
    return {
        "judge": classifier_facts(judge),
        "third": classifier_facts(third),
        "drawn": {**drawing, "by": drawn},
        "painted": {**facts, "configs": configs, "by": painted},
        "source": computed_source(device_name(judge)),
    }


def _by_model(wanted: JobConfig, images: ImageDataset, judges: Sequence[Classifier], work: Path) -> dict[str, Any]:
    """What became of each picture, for each bundled model; the third judge is not asked about its own pictures."""
    found = {}
    for name in bundled_specs():
        model = load_classifier(name, CIFAR10)
        rows = _rows(wanted, model, images, judges[0], work / name)
        columns = {column: [_short(getattr(row, column)) for row in rows] for column in COLUMNS}
        for third in (one for one in judges[1:] if one.name != name):
            rows = _rows(wanted, model, images, third, work / f"{name}, judged by {third.name}")
            columns |= {column: [getattr(row, column.replace("third", "judge")) for row in rows] for column in THIRD}
        found[name] = {"weights_id": model.weights_id, "sha256": model.sha256, "pictures": columns}
    return found


def _rows(
    wanted: JobConfig, model: Classifier, images: ImageDataset, judge: Classifier, work: Path
) -> list[Reconstruction]:
    summary = run_job(make_job(wanted, model, images, judge), work, BATCH)
    print(work, json.dumps(summary), flush=True)
    return read_job(work)[1]


def _short(number: float | None) -> float | None:
    return number if number is None or isinstance(number, int) else float(f"{number:.{DIGITS}g}")


def _runs(judge: Classifier) -> dict[str, Any]:
    """Judgements of the stored runs of *Generation* on 32 pixels, by what they depend on."""
    found: dict[str, Any] = {}
    for subject, paths in stored_subjects("generation").items():
        for run in map(PGDRun.load, paths):
            if (judgement := judge_run(run, judge)) is not None:
                name = run.metadata["classifier"]["name"]
                found[fingerprint(run)] = {"subject": subject, "drawn_by": name} | judgement.to_json()
                print(subject, name, judgement, flush=True)
    return found


if __name__ == "__main__":
    main()
