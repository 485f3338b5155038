"""Python front of the engine: heat maps, drawings and filled holes of any classifier. Functions alone import torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

import numpy as np

from core.data.holes import Fill, check_mask, hole_size
from core.data.own_images import own_dataset, own_mask, own_pixels
from core.data.sketches import check_sketch, smooth_sketch
from core.fourier.heatmap import Heatmap
from core.pgd.live import finished_run
from core.pgd.methods import Method, MethodName
from core.pgd.plan import RunPlan, generation_plans, inpainting_plan
from core.pgd.preconditioner import Preconditioner
from core.pgd.record import PGDRun
from core.pgd.settings import Penalty, PGDConfig, defaults
from core.pgd.starts import MADE_STARTS, StartName, start_of
from core.pgd.views import Views
from core.shared import paper
from core.shared.device import prepared_torch
from core.shared.text import count_of
from core.sweep.grow import grow_file
from core.sweep.wave_sweep import SweepChanges, usual_sweep

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


class Changes(TypedDict, total=False):
    """Settings of a run that differ from its defaults; units as in `PGDConfig`."""

    epsilon: float
    step_size: float
    steps: int
    step_decay: float
    views: Views
    preconditioner: Preconditioner


def draw(  # noqa: PLR0913  # options by keyword
    classifier: Classifier,
    targets: str | int | Sequence[str | int],
    *,
    method: MethodName = "paper",
    start: StartName | Any = "blur",
    sketch: Any = None,
    size: int | None = None,
    seed: int = 0,
    tries: int = 1,
    progress: bool = True,
    **changes: Unpack[Changes],
) -> PGDRun:
    """Draw classes by L2 PGD on the pixels (Eq. 2); defaults are those of `python -m core.pgd generate`.

    Args:
        classifier: from `core.classifier` or `core.load_classifier`; torch must be able to differentiate it.
        targets: what to draw, one picture each: class names or indices, any text for a zero-shot classifier.
        method: "paper": each step follows the gradient at the image itself; "views": at a random view of it, cropped
            and with noise, in natural strokes, which draws what other networks recognise; "views_only" and "strokes"
            have one of these two ingredients.
        start: "blur", drawn from the covariance of the class's images, or "grey" where there are none;
            "classless", a blur of no class; "independent", pixel noise; a canvas, "grey", "meadow", "sea" or
            "horizon"; or your own photo or photos, of any form that `heatmap` takes, with the settings of photos.
        sketch: (32, 32, 3) uint8, a sketch in flat colours, instead of `start`: its smooth version is the start, with
            the settings of sketches.
        size: of the pictures in pixels. None: the classifier's input, or that of your own start.
        seed: for the starts and the random views.
        tries: pictures of each target, one after the other, by the seeds from `seed` on.
        progress: show a bar.
        **changes: epsilon (L2 radius of the ball around the start), step_size (L2), steps, step_decay, views and
            preconditioner (of the methods that have them); the others are
            `core.pgd.settings.defaults("generation", size, method)`, with `start="sketch"` or "photo" for these.
    Returns:
        The run: `images` (N * tries, 3, size, size) uint8, `curves`, `plot()`, `to_pandas()`, `save(path)`.
    Raises:
        ValueError: a class is unknown to the classifier, a setting out of range, or the classifier cannot be
            differentiated; one sentence.
    """
    _check_tries(tries)
    goals, size = _several(targets, classifier), size or _checked(classifier).image_size
    if sketch is not None and not (isinstance(start, str) and start == "blur"):
        raise ValueError("sketch and start each say where a drawing begins; give only one of them")
    own = None if isinstance(start, str) else own_pixels(start, single=True)
    size = size if own is None else own.shape[-1]
    supplied = "sketch" if sketch is not None else "photo" if own is not None else ""
    config = _changed(defaults("generation", size, method, start=supplied), changes)
    if supplied:
        pictures = smooth_sketch(check_sketch(sketch), size)[None] if own is None else own.astype(np.float32) / 255
        goals = goals * len(pictures) if len(goals) == 1 else goals
        pictures = np.broadcast_to(pictures, (len(goals), *pictures.shape[1:])).copy()
        plan = RunPlan(targets=goals, start=pictures, config=config, seed=seed, images={"start": supplied})
        plan = plan.repeated(tries)
    else:
        if start not in MADE_STARTS:
            raise ValueError(f"start should be a picture or one of {', '.join(MADE_STARTS)}; got {start!r}")
        classes = classifier.classes
        source = partial(start_of, class_set=classes.name, image_size=size, start=start)
        plans = generation_plans(source, goals, classes, config, seed=seed, tries=tries)
        plan = plans(range(len(goals) * tries))
    return _run(plan, classifier, f"drawing, method {method}" if progress else None)


def fill(  # noqa: PLR0913  # options by keyword
    classifier: Classifier,
    images: Any,
    mask: Any,
    targets: str | int | Sequence[str | int],
    *,
    method: MethodName = "paper",
    start: Fill | None = None,
    weight: float = paper.PENALTY_WEIGHT,
    penalty: Penalty = "eq3",
    seed: int = 0,
    tries: int = 1,
    progress: bool = True,
    **changes: Unpack[Changes],
) -> PGDRun:
    """Fill a hole in pictures by L2 PGD (Eq. 3); defaults are those of `python -m core.pgd inpaint`.

    Args:
        classifier: from `core.classifier` or `core.load_classifier`; torch must be able to differentiate it.
        images: one square picture, (3, H, H) or (H, H, 3), or many, of any form that `heatmap` takes.
        mask: (H, H) bool, True where the picture may change; (N, H, H) for a different hole in each of N pictures.
        targets: what the hole shall show, for all pictures or one for each: class names or indices, any text for a
            zero-shot classifier.
        method: as for `draw`.
        start: what fills the hole at first: "region", its mean colour, as in the paper, or "rim", the colours around
            it. None: the method's own.
        weight: lambda, at least 0.
        penalty: of changes outside the hole: "eq3", lambda times their L2 norm; "mean_square"; or "frozen", none. Only
            "paper" has a choice: with the other methods nothing outside changes.
        seed: for the random views.
        tries: results of each picture, one after the other, by the seeds from `seed` on; without views all are equal.
        progress: show a bar.
        **changes: as for `draw`; the others are `core.pgd.settings.defaults("inpainting", H, method, hole_size=size of
            a square of the hole's area)`.
    Returns:
        The run, as for `draw`, with `original` and `mask`.
    Raises:
        ValueError: images and mask do not fit, a class is unknown to the classifier, a setting is out of range, or the
            classifier cannot be differentiated; one sentence.
    """
    _check_tries(tries)
    pixels, goals = own_pixels(images, single=True), _several(targets, classifier)
    goals = goals * len(pixels) if len(goals) == 1 else goals
    if len(goals) != len(pixels):
        raise ValueError(
            f"targets should be one, or one for each of {count_of(len(pixels), 'image')}; got {len(goals)}"
        )
    size, own = pixels.shape[-1], own_mask(mask, len(pixels))
    check_mask(own, height=size, width=size)
    config = _changed(defaults("inpainting", size, method, hole_size=hole_size(own)), changes)
    plan = inpainting_plan(
        pixels,
        own,
        goals,
        config,
        fill=start or config.method.fill,
        seed=seed,
        weight=weight,
        penalty=penalty,
    )
    return _run(plan.repeated(tries), _checked(classifier), f"filling, method {method}" if progress else None)


def _changed(config: PGDConfig, changes: Changes) -> PGDConfig:
    """Return default settings with the caller's changes.

    Raises:
        ValueError: a change is no setting, or the method lacks the ingredient that it changes.
    """
    ingredients = {name: value for name, value in vars(config.method).items() if value is not None}
    numbers = [name for name in vars(config) if name != "method"]
    if unknown := [name for name in changes if name not in (*numbers, *ingredients)]:
        raise ValueError(
            f"{unknown[0]!r} is not a setting of method {config.method.name!r}; its settings are "
            f"{', '.join((*numbers, *ingredients))}"
        )
    own: dict[str, Any] = {**changes}
    method = Method(**{name: own.pop(name, value) for name, value in ingredients.items()})
    return replace(config, **own, method=method)


def _check_tries(tries: int) -> None:
    if tries < 1:
        raise ValueError(f"tries should be a whole number of at least 1; got {tries}")


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
