"""Makes the stored runs in `precomputed/runs/`, which the pages *Inpainting* and *Generation* show before any click.

    python -m precomputed.make_runs [CLASSIFIER ...]

without names: every classifier that is bundled or installed. The runs take the paper's settings, scaled to the
picture's side, and are computed by the engine of a visitor's own run; only fewer frames of them are kept.
Run `precomputed.make_judgements` after it: it judges these pictures.
"""

from __future__ import annotations

import argparse

from core.classifiers.bundled import bundled_specs
from core.classifiers.registry import classifier_spec, load_classifier
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.runs.examples import examples, with_few_frames
from core.runs.file import PGDRun
from core.runs.plan import Run, RunPlan
from core.runs.stored import RUNS, stored_path


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
    wanted = options.parse_args().classifiers or [*bundled_specs(), "efficientnet-lite0"]
    RUNS.mkdir(exist_ok=True)
    for name in wanted:
        row = next(row for row in SAMPLE_SETS.values() if row.class_set == classifier_spec(name).vocabulary)
        for example in examples(row):
            run, path = compute(example.plan, name, row), stored_path(example.kind, example.subject, name)
            run.save(path)
            loss = run.curves["loss"].mean(axis=1)
            print(f"{path.stem}: loss {loss[0]:.3g} -> {loss[-1]:.3g}, {path.stat().st_size / 1e6:.2f} MB", flush=True)


if __name__ == "__main__":
    main()
