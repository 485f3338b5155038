"""Plans of `precomputed.makers.recognition`, one for each picture that it draws or fills, by name."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import torch

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.canvases import CANVASES, COMPARED_CANVAS
from core.data.datasets import load_dataset, load_samples
from core.data.holes import costliest_hole
from core.data.sample_sets import imagenet
from core.data.sketches import SKETCHES, draw_sketch, smooth_sketch
from core.data.words import find_word
from core.pgd.drawings import PAINTED_PHOTOS, QUICK_TRIES, of_seeds
from core.pgd.methods import COMPARED, METHODS, Method
from core.pgd.picture_outcomes import LARGE_SIZE
from core.pgd.plan import RunPlan, inpainting_plan, prepare
from core.pgd.settings import defaults
from core.pgd.starts import draw_starts
from core.pgd.steps import PGDState, run_pgd
from core.shared.device import class_probabilities, prepare_torch
from core.shared.files import npz_bytes, write_atomically

PAINTER, CHOOSER = "efficientnet-lite0", "efficientnet-lite1"
SIZE, COUNT, SEED = LARGE_SIZE, 100, 0
HOLE = 98  # size of the hole in pixels
SKETCH_SEEDS = 4  # drawings of a sketch by many views; by the other methods one, as most have nothing random
WORDS_OF_PHOTO = 8  # random words painted into each bundled photograph
QUICK_COUNT = 40  # of the drawn classes, the first, are drawn quickly by seed and by canvas
# Not drawn, since the gallery is for everybody: no bodies.
UNSHOWN = ("brassiere", "bikini")
# ImageNet classes used to tune the method. The gallery has none of them; docs/results.md reports their sketches apart.
TRIED = frozenset(
    """electric ray, ringneck snake, chiton, black stork, Welsh springer spaniel, dalmatian, dingo, hyena, lion, sloth
bear, fox squirrel, zebra, bearskin, brass, canoe, cellular telephone, cleaver, coffeepot, envelope, flute,
gong, hoopskirt, laptop, mitten, palace, pedestal, quill, school bus, shoji, slot, snorkel, snowplow, sock,
teapot, tow truck, vestment, wing, sandbar, acorn, hip, volcano, golden retriever, hen, macaw, castle,
strawberry, daisy, tabby, giant panda, goldfish, pizza""".replace("\n", " ").split(", ")
)


def maker_parser(description: str | None) -> argparse.ArgumentParser:
    """Return the parser of a script that makes pictures, with the folder that keeps what is finished."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is finished")
    return parser


def prepare_painter() -> Classifier:
    """Return the painter, which paints with one thread: another number rounds otherwise."""
    prepare_torch()
    torch.set_num_threads(1)
    return load_classifier(PAINTER)


def last_state(plan: RunPlan, painter: Classifier) -> PGDState:
    """Run a plan; return the state after its last step."""
    classifier, objective = prepare(plan, painter)
    return run_pgd(classifier, objective, torch.from_numpy(plan.start), plan.config, seed=plan.seed)


@cache
def drawn_classes() -> tuple[int, ...]:
    """Return the classes to draw, in an order fixed by the seed, without those used to tune the settings."""
    names = imagenet().names
    order = np.random.default_rng(SEED).permutation(len(names)).tolist()
    return tuple(label for label in order if names[label] not in TRIED.union(UNSHOWN))[:COUNT]


def drawings() -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every drawing of a word.

    From grey: by all methods, in our ball by several seeds, in the paper's by one; quick tries, by seed. On the other
    canvases: quick.
    """
    ours, papers = defaults("generation", SIZE, "views"), defaults("generation", SIZE)
    quick, grey = defaults("generation", SIZE, "views", quick=True), COMPARED_CANVAS
    kinds = [(f"draw-{method}{end}", replace(ball, method=ours.method.variant(method)), SEED, grey)
             for end, ball in (("", ours), ("40", papers)) for method in METHODS]  # fmt: skip
    kinds += [(kind, replace(ours, method=ours.method.variant(method)), SEED + k, grey)
              for method in METHODS for k, kind in enumerate(of_seeds(method)) if k]  # fmt: skip
    kinds += [(kind, quick, SEED + k, grey) for k, kind in enumerate(QUICK_TRIES)]
    by_canvas = {canvas: defaults("generation", SIZE, "views", start=canvas, quick=True) for canvas in CANVASES}
    kinds += [(f"draw-{canvas}", config, SEED, canvas) for canvas, config in by_canvas.items() if canvas != grey]
    for kind, config, seed, canvas in kinds:
        for label in drawn_classes()[: QUICK_COUNT if config in (quick, *by_canvas.values()) else COUNT]:
            start = draw_starts([imagenet().names[label]], 1, "photographs", seed, canvas)
            yield (
                f"{kind}-{label}",
                RunPlan(targets=(label,), start=start, config=config, seed=seed, images={"start": canvas}),
            )


def sketches() -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of the bundled sketches' drawings by each method, by many views from several seeds."""
    ours = defaults("generation", SIZE, "views", start="sketch")
    for method in METHODS:
        config = replace(ours, method=ours.method.variant(method))
        for seed in range(SEED, SEED + (SKETCH_SEEDS if method == "views" else 1)):
            for name, sketch in SKETCHES.items():
                start = smooth_sketch(draw_sketch(name), SIZE)[None]
                yield (
                    f"sketch-{method}-{name}-{seed}",
                    RunPlan(targets=find_word(sketch.word, imagenet()), start=start, config=config, seed=seed),
                )


def photos() -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of random words painted into each bundled photograph by both methods.

    The words are drawn by a seed of each photograph, among classes that `drawn_classes` may have, but for its own.
    """
    bundled, names = load_samples(PAINTED_PHOTOS), imagenet().names
    ours = defaults("generation", SIZE, "views", start="photo")
    for method in COMPARED:
        config = replace(ours, method=ours.method.variant(method))
        for k, (image, own) in enumerate(zip(bundled.images, bundled.labels, strict=True)):
            order = np.random.default_rng([SEED, k]).permutation(len(names)).tolist()
            known = [label for label in order if names[label] not in TRIED.union(UNSHOWN) and label != own]
            for label in known[:WORDS_OF_PHOTO]:
                start = image[None].astype(np.float32) / np.float32(255)
                yield f"photo-{method}-{k}-{label}", RunPlan(targets=(label,), start=start, config=config, seed=SEED)


def holes(folder: Path, work: Path) -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every hole filled by each method, bundled photographs first. work: stores their masks."""
    bundled, chooser, known = load_samples("photographs"), load_classifier(CHOOSER), work / "holes.npz"
    pictures = [(f"bundled-{k}", *pair) for k, pair in enumerate(zip(bundled.images, bundled.labels, strict=True))]
    further, own = load_dataset(folder, image_size=SIZE), {int(label) for label in bundled.labels}
    labels = [imagenet().names.index(further.classes.names[label]) for label in further.labels]
    order = np.random.default_rng(SEED).permutation(len(labels)).tolist()
    chosen = [k for k in order if labels[k] not in own][: COUNT - len(pictures)]
    pictures += [(f"further-{labels[k]}", further.images[k], labels[k]) for k in chosen]
    ours = defaults("inpainting", SIZE, "views", hole_size=HOLE)
    if not known.exists():
        masks = [costliest_hole(image, HOLE, lambda batch: class_probabilities(chooser, batch), int(label))
                 for _, image, label in pictures]  # fmt: skip
        write_atomically(known, npz_bytes(masks=np.stack(masks)))
    masks = list(np.load(known, allow_pickle=False)["masks"])
    for method in METHODS:
        config = replace(ours, method=ours.method.variant(method))
        if method == "views_only" and (views := config.method.views) is not None:
            # "strokes" has no small inputs either, and the two are compared.
            config = replace(config, method=Method(views=replace(views, inputs=())))
        for (name, image, label), mask in zip(pictures, masks, strict=True):
            plan = inpainting_plan(image[None], mask, [int(label)], config, fill="rim", seed=SEED)
            yield f"hole-{method}-{name}", plan
