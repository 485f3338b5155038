"""Makes the runs that the story opens with: every class from one blur, by an ordinary network and its robust twin.

    python -m precomputed.make_opening

writes precomputed/runs/opening_cifar10__NAME.npz. All other stored runs are made with the rest of what pages show of a
network: python -m core.reproduce.profile --classifier NAME --parts runs --output precomputed
"""

from __future__ import annotations

from functools import cache

import numpy as np

from core.classifiers.registry import load_classifier
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.pgd.config import paper_generation
from core.reproduce.profile.runs import example_run
from core.runs.examples import Example
from core.runs.file import SURE
from core.runs.plan import RunPlan
from core.runs.starts import draw_starts, start_facts
from core.runs.stored import OPENING, TWINS
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
        runs = [example_run(opening_plan(row, seed), load_classifier(name, row.classes)) for name in TWINS]
        if min(run.curves["target_probability"][-1].min() for run in runs) < SURE:
            return 0.0
        drawn = runs[-1].frames[-1].astype(np.float32) / 255
        return float(np.mean([np.diag(class_probabilities(judge, drawn)).mean() for judge in judges]))

    return max(range(20), key=recognised)


def main() -> None:
    """Write the runs."""
    row = SAMPLE_SETS["cifar10"]
    for name in TWINS:
        example = Example(OPENING, row.class_set, opening_plan(row, opening_seed()))
        example_run(example.plan, load_classifier(name, row.classes)).save(example.path(name))


if __name__ == "__main__":
    main()
