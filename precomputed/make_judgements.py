"""Lets a second network judge what the bundled models draw, for the page *Generation*.

    python -m precomputed.make_judgements [--judge resnet-56] [--weights FILE] [--download]

writes precomputed/judgements.json: of each bundled model the judgement of 100 pictures, ten of each CIFAR-10 class, as
`core.reconstruct generate` draws them, and that of its stored run. Run it after `precomputed.make_runs`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from core.classifiers.bundled import bundled_specs
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.provenance import classifier_facts, computed_source
from core.data.samples import load_samples
from core.device import device_name
from core.files import write_json
from core.pgd.config import paper_generation
from core.reconstruct.batches import Job, generation_plans, run_job
from core.runs.file import PGDRun
from core.runs.judgement import STORED, fingerprint, judge_run
from core.runs.stored import stored_path

PER_CLASS, SEED, BATCH = 10, 0, 50


def main() -> None:
    """Write the file."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--judge", default="resnet-56", help="a classifier of CIFAR-10's classes")
    options.add_argument("--weights", type=Path, help="its weight file")
    options.add_argument("--download", action="store_true", help="allow downloading its weights")
    given = options.parse_args()
    judge = load_classifier(given.judge, CIFAR10, weights=given.weights, download=given.download)
    config, count = paper_generation(32), PER_CLASS * len(CIFAR10)
    # Every class has its bundled statistics, so the images of this data set are not used.
    make_plan = generation_plans(load_samples("cifar10-samples"), config, target=None, full_covariance=False, seed=SEED)
    models: dict[str, Any] = {}
    runs: dict[str, Any] = {}
    for name in bundled_specs():
        job = Job(load_classifier(name, CIFAR10), config, count, make_plan, "last", judge=judge)
        with tempfile.TemporaryDirectory() as folder:
            summary = run_job(job, Path(folder), BATCH)
        own = round(count * summary["target_share"]["mean"])
        models[name] = {"weights_id": job.classifier.weights_id, "sha256": job.classifier.sha256, "own": own}
        models[name] |= summary["judge"]
        stored = PGDRun.load(stored_path("generation", "cifar10", name))
        found = judge_run(stored, judge)
        assert found is not None
        runs[fingerprint(stored)] = {"drawn_by": name} | found.to_json()
        print(name, models[name], runs[fingerprint(stored)], flush=True)
    drawn = {"per_class": PER_CLASS, "classes": list(CIFAR10.names), "seed": SEED, "config": config.to_json()}
    content = {
        "judge": classifier_facts(judge),
        "drawn": drawn,
        "models": models,
        "runs": runs,
        "source": computed_source(device_name(judge)),
    }
    write_json(STORED, content)


if __name__ == "__main__":
    main()
