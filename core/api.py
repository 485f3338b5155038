"""Python front of the engine: heat maps, drawings and filled holes of any classifier. Functions alone import torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from core.data.holes import Fill, check_mask, hole_size
from core.data.own_images import own_dataset, own_mask, own_pixels
from core.fourier.heatmap import Heatmap
from core.pgd.live import finished_run
from core.pgd.plan import RunPlan, class_name, generation_plans, inpainting_plan
from core.pgd.record import PGDRun
from core.pgd.search import PAPERS, SEARCHES, Search
from core.pgd.settings import Choices, PGDConfig, usual_settings
from core.pgd.starts import MADE_STARTS, StartKind, start_of
from core.shared.device import prepared_torch
from core.shared.text import count_of
from core.sweep.grow import grow_file
from core.sweep.waves import SweepChanges, usual_sweep

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


def heatmap(
    classifier: Classifier,
    images: Any,
    labels: Any = None,
    *,
    output: str | PathLike[str] | None = None,
    progress: bool = True,
    **settings: Unpack[SweepChanges],
) -> Heatmap:
    """Measure a classifier's error under every Fourier wave (Eq. 1; Yin et al. 2019).

    Each wave is added to every image with a random sign for each image and channel, clip(x + r v U, 0, 1); results are
    those of `python -m core.sweep waves`.

    Args:
        classifier: from `core.classifier` or `core.load_classifier`.
        images: square images, (N, 3, H, H) or (N, H, H, 3), as array, tensor or list: uint8, or float in [0, 1], which
            is rounded to 256 levels; or a torch `Dataset` of (image, label), or a data set of `core.load_dataset`.
            Not normalised: the classifier does that.
        labels: (N,) whole numbers, the index of each image's class in `classifier.classes`; None with a data set.
        size: rows and columns of the map, odd; waves have up to size // 2 cycles per image. None: the paper's, 31 at 32
            pixels and 63 at 224, or the largest up to 63 that the images carry.
        epsilon: L2 norm v of the wave per channel, for pixels in [0, 1]. None: the paper's, 4.0 at 32 pixels and 15.7
            at 224; other sizes have none.
        fraction: part of the images, in (0, 1], that gets each wave; below 1 each wave has its own
            class-balanced sample, and the map has an estimate of every cell with its interval.
        seed: for the random signs and samples; default 0.
        output: file to save the map in, once a second; if it holds an unfinished map of the same settings, that is
            resumed. None: the map is only returned.
        progress: True to show a bar.
    Returns:
        The map: `error_rate` (size, size) in [0, 1] with frequency zero in the middle, `clean_rate()`, `plot()`,
        `to_pandas()`, `save(path)`; `Heatmap.load(path)` and the app's *Add a map* read the file.
    Raises:
        ValueError: images, labels or settings do not fit; `output` holds a map of other settings; one sentence.
        RuntimeError: logits are not finite, or another run is writing `output`.
    """
    dataset = own_dataset(images, labels, _checked(classifier).classes)
    config = usual_sweep(dataset.image_size, **settings)
    path = None if output is None else Path(output)
    with prepared_torch():
        return grow_file(classifier, dataset, config, path, description="heat map" if progress else None)


def draw(
    classifier: Classifier,
    targets: str | int | Sequence[str | int],
    *,
    start: StartKind | Any = "blur",
    size: int | None = None,
    progress: bool = True,
    **settings: Unpack[Choices],
) -> PGDRun:
    """Draw classes from noise by L2 PGD on the pixels (Eq. 2); defaults are those of `python -m core.pgd generate`.

    Args:
        classifier: from `core.classifier` or `core.load_classifier`; torch must be able to differentiate it.
        targets: what to draw, one picture each: class names or indices, any text for a zero-shot classifier.
        search: "pixels", the paper's, by default: each step follows the gradient at the very picture; or "views": at a
            random view of it, cropped and under noise, which draws what others recognise, too.
        start: "blur", drawn from the covariance of the class's images, in its place "grey" where there are none;
            "classless", a blur of no class; "independent", pixel noise; "grey"; or your own picture or pictures, of any
            form that `heatmap` takes.
        size: picture size in pixels. None: the classifier's input size, or that of your own start.
        seed: of the starts and of the search's views, by default 0.
        tries: pictures of each target, one after the other, by the seeds from `seed` on; by default 1.
        progress: True to show a bar.
        **settings: epsilon (L2 radius of the ball around the start), step_size (L2), steps, step_decay,
            views (of the search by views); the others are `usual_settings("generation", size, search=search)`.
    Returns:
        The run: `images` (N * tries, 3, size, size) uint8, `curves`, `plot()`, `to_pandas()`, `save(path)`.
    Raises:
        ValueError: a class is unknown to the classifier, a setting out of range, or the classifier cannot be
            differentiated; one sentence.
    """
    search, seed, tries = _random(settings)
    goals, size = _several(targets, classifier), size or _checked(classifier).image_size
    own = None if isinstance(start, str) else own_pixels(start, single=True)
    size = size if own is None else own.shape[-1]
    config = PGDConfig(**_changed(usual_settings("generation", size, search=search), settings))
    if own is not None:
        goals = goals * len(own) if len(goals) == 1 else goals
        pictures = np.broadcast_to(own.astype(np.float32) / 255, (len(goals), *own.shape[1:])).copy()
        plan = RunPlan(targets=goals, start=pictures, config=config, seed=seed, images={"start": "picture"})
        plan = plan.repeated(tries)
    else:
        if start not in MADE_STARTS:
            raise ValueError(f"start should be a picture or one of {', '.join(MADE_STARTS)}; got {start!r}")
        classes = classifier.classes
        source = partial(start_of, class_set=classes.name, image_size=size, kind=start)
        plans = generation_plans(lambda goal: source(class_name(goal, classes)), goals, config, seed=seed, tries=tries)
        plan = plans(range(len(goals) * tries))
    return _run(plan, classifier, f"drawing by {search}" if progress else None)


def fill(
    classifier: Classifier,
    images: Any,
    mask: Any,
    targets: str | int | Sequence[str | int],
    *,
    start: Fill | None = None,
    progress: bool = True,
    **settings: Unpack[Choices],
) -> PGDRun:
    """Fill a hole in pictures by L2 PGD (Eq. 3); defaults are those of `python -m core.pgd inpaint`.

    Args:
        classifier: from `core.classifier` or `core.load_classifier`; torch must be able to differentiate it.
        images: one square picture, (3, H, H) or (H, H, 3), or many, of any form that `heatmap` takes.
        mask: (H, H) bool, True where the picture may change; (N, H, H) for a hole of its own in each of N pictures.
        targets: what the hole shall show, for all pictures or one for each: class names or indices, any text for a
            zero-shot classifier.
        search: "pixels", the paper's, or "views", as for `draw`.
        penalty: of changes outside the hole: "eq3", by default, lambda times their L2 norm; "mean_square"; or "frozen",
            none. By "views" nothing outside changes.
        start: what fills the hole at first: "region", its mean colour, as in the paper, or "rim", the colours around
            it. None: the search's own.
        seed: of the search's views, by default 0.
        tries: results of each picture, one after the other, by the seeds from `seed` on, by default 1; by "pixels" all
            are equal.
        progress: True to show a bar.
        **settings: as for `draw`, and weight, lambda; the others are `usual_settings("inpainting", H, side of a square
            of the hole's area, search)`.
    Returns:
        The run, as for `draw`, with `original` and `mask`.
    Raises:
        ValueError: images and mask do not fit, a class is unknown to the classifier, a setting is out of range, or the
            classifier cannot be differentiated; one sentence.
    """
    search, seed, tries = _random(settings)
    penalty = settings.pop("penalty", "eq3")
    pixels, goals = own_pixels(images, single=True), _several(targets, classifier)
    goals = goals * len(pixels) if len(goals) == 1 else goals
    if len(goals) != len(pixels):
        raise ValueError(
            f"targets should be one, or one for each of {count_of(len(pixels), 'image')}; got {len(goals)}"
        )
    size = pixels.shape[-1]
    hole = own_mask(mask, len(pixels))
    check_mask(hole, height=size, width=size)
    values = _changed(usual_settings("inpainting", size, hole_size(hole), search), settings)
    weight = values.pop("weight")
    plan = inpainting_plan(
        pixels,
        hole,
        goals,
        PGDConfig(**values),
        fill=start or SEARCHES[search].fill,
        seed=seed,
        weight=weight,
        penalty=penalty,
    )
    return _run(plan.repeated(tries), _checked(classifier), f"filling by {search}" if progress else None)


def _changed(usual: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return default settings with the caller's own, which must be among them or be views."""
    known = [*(name for name in usual if name != "search"), *(() if "views" in usual else ("views",))]
    if unknown := [name for name in settings if name not in known]:
        raise ValueError(f"{unknown[0]!r} is no setting of this run; its settings are {', '.join(known)}")
    return {**usual, **settings}


def _random(settings: Choices) -> tuple[Search, int, int]:
    """Take search, seed and tries out of the settings."""
    search, seed, tries = settings.pop("search", PAPERS), settings.pop("seed", 0), settings.pop("tries", 1)
    if tries < 1:
        raise ValueError(f"tries should be a whole number of at least 1; got {tries}")
    return search, seed, tries


def _several(targets: str | int | Sequence[str | int], classifier: Classifier) -> tuple[str | int, ...]:
    """Return one or several targets as a tuple of names and plain indices."""
    several = (targets,) if isinstance(targets, str | int | np.integer) else tuple(targets)
    if not several:
        raise ValueError("targets should be at least one class, by name or index; got none")
    goals = tuple(target if isinstance(target, str) else int(target) for target in several)
    for goal in goals:
        if isinstance(goal, int) and not 0 <= goal < (count := len(_checked(classifier).classes)):
            raise ValueError(f"target {goal} is not one of the {count} classes; give an index below {count}, or a name")
    return goals


def _run(plan: RunPlan, classifier: Classifier, description: str | None) -> PGDRun:
    with prepared_torch():
        return finished_run(plan, classifier, description)


def _checked(classifier: Classifier) -> Classifier:
    """Return the classifier; raise ValueError for a bare module."""
    from core.classifiers.classifier import Classifier

    if not isinstance(classifier, Classifier):
        raise ValueError(
            f"classifier should be one of core.classifier or core.load_classifier; got {type(classifier).__name__}; "
            "wrap it, core.classifier(module, classes, mean=..., std=..., size=...)"
        )
    return classifier
