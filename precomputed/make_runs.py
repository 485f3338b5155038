"""Makes the stored runs in `precomputed/runs/`, which the pages *Fill a hole* and *Draw* show before any click.

    python -m precomputed.make_runs [CLASSIFIER ...]

without names: every classifier that is bundled or installed. The runs take the paper's settings, scaled to the
picture's side; those by both searches what the pages begin with. They are computed by the engine of a visitor's own
run; only fewer frames of them are kept.
Run `precomputed.make_judgements` after it: it judges these pictures.
"""

from __future__ import annotations

import argparse
from functools import cache

import numpy as np

from core.classifiers.bundled import bundled_specs
from core.classifiers.registry import classifier_spec, load_classifier
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.config import paper_generation
from core.runs.examples import Example, examples, with_few_frames
from core.runs.file import SURE, PGDRun
from core.runs.plan import RunPlan
from core.runs.run import Run
from core.runs.starts import draw_starts, start_facts
from core.runs.stored import OPENING, RUNS, TWINS
from core.sweep.predictions import class_probabilities


def opening_plan(row: SampleSet, seed: int) -> RunPlan:
    """Every class from one blur: that of no class which the page *Draw* draws for a dog by this random seed."""
    names, dog = row.classes.names, ("dog",)
    blur = draw_starts(dog, 1, row.name, seed, "classless")
    facts = start_facts(dog, 1, row.name, "classless")
    start = blur.repeat(len(names), axis=0)
    return RunPlan(targets=names, start=start, config=paper_generation(row.side), seed=seed, images=facts)


@cache
def opening_seed() -> int:
    """Choose the seed of the robust network's drawings with the highest mean probability by two other networks.

    Chosen among those of the first 20 random seeds by which both twins end confident of all classes.
    """
    row = SAMPLE_SETS["cifar10"]
    judges = [load_classifier(name, row.classes) for name in ("mini-clip-vit", "mini-resnet")]

    def recognised(seed: int) -> float:
        runs = [compute(opening_plan(row, seed), name, row) for name in TWINS]
        if min(run.curves["target_probability"][-1].min() for run in runs) < SURE:
            return 0.0
        drawn = runs[-1].frames[-1].astype(np.float32) / 255
        return float(np.mean([np.diag(class_probabilities(judge, drawn)).mean() for judge in judges]))

    return max(range(20), key=recognised)


def compute(plan: RunPlan, name: str, row: SampleSet) -> PGDRun:
    """The whole run, with as many frames as are kept."""
    engine = Run(plan, lambda: [load_classifier(name, row.classes)])
    for _ in engine.states():
        pass
    (run,) = engine.so_far()
    return with_few_frames(run)


def main() -> None:
    """Write the stored runs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("classifiers", nargs="*", help="bundled names, or efficientnet-lite0")
    options.add_argument("--new", action="store_true", help="compute what is not stored, and keep the rest")
    given = options.parse_args()
    RUNS.mkdir(exist_ok=True)
    for name in given.classifiers or [*bundled_specs(), "efficientnet-lite0"]:
        row = next(row for row in SAMPLE_SETS.values() if row.class_set == classifier_spec(name).vocabulary)
        wanted_examples = [*examples(row)]
        if name in TWINS:
            wanted_examples.append(Example(OPENING, row.class_set, opening_plan(row, opening_seed())))
        for example in wanted_examples:
            path = example.path(name)
            if given.new and path.exists():
                continue
            run = compute(example.plan, name, row)
            run.save(path)
            loss = run.curves["loss"].mean(axis=1)
            print(f"{path.stem}: loss {loss[0]:.3g} -> {loss[-1]:.3g}, {path.stat().st_size / 1e6:.2f} MB", flush=True)


if __name__ == "__main__":
    main()
