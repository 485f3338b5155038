"""Makes the stored runs in `precomputed/runs/`, which the pages *Inpainting* and *Generation* show before any click.

    python -m precomputed.make_runs [CLASSIFIER ...]

without names: every classifier that is bundled or installed. The runs take the paper's settings, scaled to the
picture's side, and are computed by the code of a visitor's own run; only fewer frames of them are kept.
"""

import argparse
import contextlib
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from core.classifiers.bundled import bundled_specs
from core.images.masks import fill_hole, square_mask, square_side
from core.pgd.config import paper_generation, paper_inpainting
from core.pgd.objectives import Penalty
from core.runs.file import PGDRun
from ui.pages.inpainting import picture_origin
from ui.runs.examples import RUNS
from ui.runs.start_images import seed_images, seed_statistics
from ui.runs.work import LiveRun, RunPlan
from ui.shared.model_cache import ready_classifiers
from ui.shared.picture_choice import FIRST
from ui.shared.pictures import sample_picture

DRAWN = {"imagenet": ("macaw",), "cifar10": ("horse", "ship", "frog", "automobile")}
PENALTIES: dict[Penalty, str] = {"norm": "", "mean_square": "-mean-square"}
FRAMES = {224: 13, 32: 31}
BUNDLED_WITH_PACKAGES = ("efficientnet-lite0",)


def plans(name: str, class_set: str) -> Iterator[tuple[str, RunPlan]]:
    """File stem and plan of each stored run of one classifier."""
    kind = "cifar10" if class_set == "cifar10" else "photographs"
    picture = sample_picture(kind, FIRST[kind])  # what the page opens with, and its hole
    size = picture.size
    mask = square_mask((size // 2, size // 2), square_side(size), height=size, width=size)
    assert picture.label is not None
    for penalty, suffix in PENALTIES.items():
        yield (
            f"inpainting_{kind}-{picture.position}{suffix}__{name}",
            RunPlan(
                classifiers=(name,),
                class_set=class_set,
                targets=(picture.classes.names[picture.label],),
                start=fill_hole(picture.image[None], mask),
                config=paper_inpainting(size),
                images=picture_origin(picture),
                original=picture.pixels[None],
                mask=mask,
                penalty=penalty,
            ),
        )
    targets = DRAWN[class_set]
    origin = "; ".join(f"“{target}” from {seed_statistics(target, class_set).source}" for target in targets)
    yield (
        f"generation_{class_set}__{name}",
        RunPlan(
            classifiers=(name,),
            class_set=class_set,
            targets=targets,
            start=seed_images(targets, 1, class_set, 0),
            config=paper_generation(size),
            images={"dataset": "noise", "per_target": 1, "credit": f"Noise with the statistics of {origin}"},
        ),
    )


def compute(plan: RunPlan) -> PGDRun:
    """The whole run, with as many frames as are kept."""
    live = LiveRun(plan)
    with contextlib.closing(live.states()) as states:
        for _ in states:
            pass
    (run,) = live.finish()
    most = FRAMES[run.start.shape[-1]]
    kept = np.unique(np.linspace(0, len(run.frames) - 1, min(most, len(run.frames))).round().astype(int))
    return replace(run, frames=run.frames[kept], frame_steps=run.frame_steps[kept])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("classifiers", nargs="*", help="names in the registry")
    wanted = options.parse_args().classifiers or [*bundled_specs(), *BUNDLED_WITH_PACKAGES]
    RUNS.mkdir(exist_ok=True)
    for class_set in ("cifar10", "imagenet"):
        for spec in ready_classifiers(class_set):
            # A bundled CLIP was trained on CIFAR-10's pictures: at 224 pixels it has nothing to say.
            if spec.name not in wanted or (class_set == "imagenet" and spec.name in bundled_specs()):
                continue
            for stem, plan in plans(spec.name, class_set):
                run = compute(plan)
                run.save(RUNS / f"{stem}.npz")
                loss, size = run.curves["loss"].mean(axis=1), (RUNS / f"{stem}.npz").stat().st_size
                print(f"{stem}: loss {loss[0]:.3g} -> {loss[-1]:.3g}, {size / 1e6:.2f} MB", flush=True)


if __name__ == "__main__":
    main()
