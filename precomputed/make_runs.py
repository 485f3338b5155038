"""Makes the stored runs in `precomputed/runs/`, which the pages *Inpainting* and *Generation* show before any click.

    python -m precomputed.make_runs [CLASSIFIER ...]

without names: every classifier that is bundled or installed. The runs take the paper's settings, scaled to the
picture's side, and are computed by the engine of a visitor's own run; only fewer frames of them are kept.
Run `precomputed.make_judgements` after it: it judges these pictures.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.classifiers.bundled import bundled_specs
from core.classifiers.registry import classifier_spec, load_classifier
from core.data.class_covariance import covariance_path
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.samples import load_samples, sample_credits
from core.images.masks import square_mask, usual_side
from core.pgd.config import paper_generation, paper_inpainting
from core.pgd.penalties import PENALTIES, Penalty
from core.runs.file import PGDRun
from core.runs.plan import Run, RunPlan, inpainting_plan
from core.runs.starts import StartKind, draw_starts, start_facts
from core.runs.stored import RUNS, row_of, stored_path

# Kept of a small picture, of several, and of a large one: the free edition carries them all.
FRAMES_OF_ONE, FRAMES_OF_SEVERAL, FRAMES_OF_LARGE = 31, 9, 13
# What the pages offer, with the ending of each run's name.
STORED_PENALTIES: dict[Penalty, str] = {
    penalty: "" if penalty == "eq3" else f"-{penalty.replace('_', '-')}"
    for penalty, words in PENALTIES.items()
    if words.offered
}
STORED_STARTS: dict[StartKind, str] = {"blur": "", "independent": "-noise"}


def plans(row: SampleSet) -> Iterator[tuple[str, str, RunPlan]]:
    """Kind, subject and plan of each stored run."""
    data = load_samples(row.dataset)
    # One picture by itself by each penalty, and the row of examples as the page begins.
    wanted: list[tuple[tuple[int, ...], Penalty, str]]
    one = f"{row.name}-{row.inpainted}"
    wanted = [((row.inpainted,), penalty, f"{one}{end}") for penalty, end in STORED_PENALTIES.items()]
    wanted += [(row.filled, "eq3", row_of(row.name))] if row.filled else []
    size = data.image_size
    side = usual_side(size)
    mask = square_mask((size // 2, size // 2), side, height=size, width=size)
    credits = sample_credits(row.dataset)
    for positions, penalty, subject in wanted:
        credit = "; ".join(dict.fromkeys(f"{credits[at].title}, {credits[at].author}" for at in positions))
        index = positions[0] if len(positions) == 1 else list(positions)
        plan = inpainting_plan(
            data.images[list(positions)],
            mask,
            [int(data.labels[at]) for at in positions],
            paper_inpainting(size, side),
            images={"dataset": data.name, "index": index, "credit": credit},
            penalty=penalty,
        )
        yield "inpainting", subject, plan
    targets = row.drawn
    # Classes without a covariance here, as ImageNet's, have one stored start: a blur of no class.
    starts: dict[StartKind, str] = STORED_STARTS if covariance_path(row.class_set).is_file() else {"blur": ""}
    for start, suffix in starts.items():
        plan = RunPlan(
            targets=targets,
            start=draw_starts(targets, 1, row.name, 0, start),
            config=paper_generation(size),
            images=start_facts(targets, 1, row.name, start),
        )
        yield "generation", f"{row.class_set}{suffix}", plan


def compute(plan: RunPlan, name: str, row: SampleSet) -> PGDRun:
    """The whole run, with as many frames as are kept."""
    engine = Run(plan, lambda: [load_classifier(name, row.classes)])
    for _ in engine.states():
        pass
    (run,) = engine.so_far()
    pictures, *_, side = run.start.shape
    frames = FRAMES_OF_LARGE if side > 32 else FRAMES_OF_SEVERAL if pictures > 1 else FRAMES_OF_ONE
    kept = np.unique(np.linspace(0, len(run.frames) - 1, min(frames, len(run.frames))).round())
    kept = kept.astype(int)
    return replace(run, frames=run.frames[kept], frame_steps=run.frame_steps[kept])


def main() -> None:
    """Write the stored runs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("classifiers", nargs="*", help="bundled names, or efficientnet-lite0")
    wanted = options.parse_args().classifiers or [*bundled_specs(), "efficientnet-lite0"]
    RUNS.mkdir(exist_ok=True)
    for name in wanted:
        row = next(row for row in SAMPLE_SETS.values() if row.class_set == classifier_spec(name).vocabulary)
        for kind, subject, plan in plans(row):
            run, path = compute(plan, name, row), stored_path(kind, subject, name)
            run.save(path)
            loss = run.curves["loss"].mean(axis=1)
            print(f"{path.stem}: loss {loss[0]:.3g} -> {loss[-1]:.3g}, {path.stat().st_size / 1e6:.2f} MB", flush=True)


if __name__ == "__main__":
    main()
