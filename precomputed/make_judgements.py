"""Lets a second network judge what the bundled models draw, and what they paint into holes.

    python -m precomputed.make_judgements [--judge resnet-56] [--weights FILE] [--download]

writes precomputed/judgements.json: of each bundled model the judgement of 100 drawn pictures from either start, ten of
each CIFAR-10 class, as `core.reconstruct generate` makes them; of the 100 bundled pictures with a hole, as
`core.reconstruct inpaint` fills them; and that of its stored runs. Run it after `precomputed.make_runs`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from core.classifiers.base import Classifier
from core.classifiers.bundled import bundled_specs
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.provenance import classifier_facts, computed_source, dataset_facts
from core.data.samples import load_samples
from core.device import device_name
from core.files import write_json
from core.images.masks import usual_side
from core.pgd.config import paper_generation, paper_inpainting
from core.pgd.penalties import Penalty
from core.reconstruct.batches import run_job
from core.reconstruct.job import Job, JobConfig, make_job
from core.runs.file import PGDRun
from core.runs.judgement import STORED, fingerprint, judge_run
from core.runs.starts import StartKind
from core.runs.stored import stored_subjects

PER_CLASS, SEED, BATCH = 10, 0, 50
# Both starts that the page offers; Eq. 3 minimised, and by plain steps.
DRAWN_FROM: tuple[StartKind, ...] = ("blur", "independent")
PAINTED_BY: tuple[Penalty, ...] = ("eq3", "norm")


def main() -> None:
    """Write the file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--judge", default="resnet-56", help="a classifier of CIFAR-10's classes")
    options.add_argument("--weights", type=Path, help="its weight file")
    options.add_argument("--download", action="store_true", help="allow downloading its weights")
    options.add_argument("--runs-only", action="store_true", help="judge the stored runs again, and keep the rest")
    given = options.parse_args()
    judge = load_classifier(given.judge, CIFAR10, weights=given.weights, download=given.download)
    content = json.loads(STORED.read_text("utf-8")) if given.runs_only else _many_pictures(judge)
    content["runs"] = _runs(judge)
    write_json(STORED, content)


def _many_pictures(judge: Classifier) -> dict[str, Any]:
    """Judgements of drawn pictures and of filled holes, with how they were made."""
    samples, count = load_samples("cifar10-samples"), PER_CLASS * len(CIFAR10)
    drawing, side = paper_generation(32), usual_side(32)
    painting = paper_inpainting(32, side)
    drawn: dict[str, dict[str, Any]] = {start: {} for start in DRAWN_FROM}
    painted: dict[str, dict[str, Any]] = {penalty: {} for penalty in PAINTED_BY}
    for name in bundled_specs():
        model = load_classifier(name, CIFAR10)
        for start in DRAWN_FROM:
            # Every class has its bundled statistics, so the images of this data set are not used.
            wanted = JobConfig(mode="generate", count=count, seed=SEED, start=start)
            drawn[start][name] = _judged(make_job(wanted, model, samples, judge))
            print(name, start, drawn[start][name], flush=True)
        for penalty in PAINTED_BY:
            wanted = JobConfig(mode="inpaint", count=len(samples), seed=SEED, hole=side, penalty=penalty)
            painted[penalty][name] = _judged(make_job(wanted, model, samples, judge))
            print(name, penalty, painted[penalty][name], flush=True)
    facts = {"dataset": dataset_facts(samples), "hole": side, "seed": SEED, "config": painting.to_json()}
    return {
        "judge": classifier_facts(judge),
        "drawn": {
            "per_class": PER_CLASS,
            "classes": list(CIFAR10.names),
            "seed": SEED,
            "config": drawing.to_json(),
            "by": drawn,
        },
        "painted": {**facts, "by": painted},
        "source": computed_source(device_name(judge)),
    }


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


def _judged(job: Job) -> dict[str, Any]:
    """What came of a job: how many pictures the model itself calls their target, the judge's counts, mean changes."""
    with tempfile.TemporaryDirectory() as folder:
        summary = run_job(job, Path(folder), BATCH)
    model = {"weights_id": job.classifier.weights_id, "sha256": job.classifier.sha256}
    own = {
        "own": round(job.count * summary["target_share"]["mean"]),
        "confidence": summary["probability_after"]["mean"],
    }
    changes = {name: summary[name]["mean"] for name in ("loss_before", "loss_after", "change_inside", "change_outside")}
    return model | own | changes | summary["judge"]


if __name__ == "__main__":
    main()
