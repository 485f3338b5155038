"""Jobs of `python -m core.reconstruct`: their settings, and the plans for their batches of images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.data.provenance import classifier_facts, dataset_facts
from core.images.masks import Fill, random_square_mask, usual_side
from core.pgd.config import PGDConfig
from core.pgd.penalties import Penalty
from core.pgd.settings import usual_settings
from core.pgd.view_settings import Search
from core.runs.plan import RunPlan, inpainting_plan
from core.runs.starts import Start, StartKind, start_of

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset

MakePlan = Callable[[Sequence[int]], RunPlan]


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """Configuration of a job; the defaults are those of the search.

    mode: Eq. 3 or Eq. 2. count: images, at most those of the data set for inpainting. seed: of holes and noise. target:
    one class or text for all; None for the true class, or every class in turn. changes: to the settings of
    `core.pgd.settings`, by name. hole: side of the square. penalty, fill: of Eq. 3, and what fills the hole. start:
    kind of start for generation.
    save_run: also save the first batch as a run.
    """

    mode: Literal["inpaint", "generate"]
    count: int
    seed: int = 0
    target: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    hole: int | None = None
    penalty: Penalty = "eq3"
    fill: Fill = "region"
    start: StartKind = "blur"
    save_run: bool = False


@dataclass(frozen=True, eq=False)
class PGDJob:
    """A job of `count` images in batches planned by `make_plan`.

    settings: a JSON object of everything that determines the results; save_run as in `JobConfig`. judge:
    another network, which classifies starts and results; its first classes are the data set's.
    """

    classifier: Classifier
    config: PGDConfig
    count: int
    make_plan: MakePlan
    settings: dict[str, Any]
    judge: Classifier | None = None


def make_job(
    request: JobConfig, classifier: Classifier, dataset: ImageDataset, judge: Classifier | None = None
) -> PGDJob:
    """Return the job of a configuration.

    Raises:
        ValueError: a setting is out of range.
    """
    size, target, seed = dataset.image_size, request.target, request.seed
    objective: dict[str, Any] = {}
    search: Search = request.changes.get("search", "pixels")
    if request.mode == "inpaint":
        count, side = min(request.count, len(dataset)), request.hole or usual_side(size)
        usual = usual_settings("inpainting", size, side, search)
        values = usual | dict(request.changes)
        penalty = "frozen" if search == "views" else request.penalty
        objective = {"weight": values.pop("weight"), "penalty": penalty, "fill": request.fill, "side": side}
        config = PGDConfig(**values)
        make_plan = inpainting_plans(dataset, config, target=target, seed=seed, **objective)
    else:
        count, config = (
            request.count,
            PGDConfig(**(usual_settings("generation", size, search=search) | dict(request.changes))),
        )
        make_plan = generation_plans(dataset, config, target=target, start=request.start, seed=seed)
    settings = {
        "mode": request.mode,
        "config": config.to_json(),
        "objective": objective,
        "start": None if objective else request.start,
        "target": target,
        "seed": seed,
        "count": count,
        "save_run": request.save_run,
        "image_size": size,
        "classifier": {**classifier_facts(classifier), "template": classifier.template},
        "judge": None if judge is None else {**classifier_facts(judge), "template": judge.template},
        "dataset": dataset_facts(dataset),
    }
    return PGDJob(classifier, config, count, make_plan, settings, judge)


def inpainting_plans(
    dataset: ImageDataset, config: PGDConfig, *, side: int, target: str | None, fill: Fill, seed: int, **settings: Any
) -> MakePlan:
    """Return plans for the data set's images with a square hole each, at a place fixed by seed and image index."""
    size = dataset.image_size

    def make_plan(indices: Sequence[int]) -> RunPlan:
        generators = [np.random.default_rng([seed, index]) for index in indices]
        holes = np.stack(
            [random_square_mask(side, height=size, width=size, generator=generator) for generator in generators]
        )
        labels = [int(dataset.labels[index]) for index in indices]
        return inpainting_plan(
            dataset.images[list(indices)],
            holes,
            labels if target is None else [target] * len(labels),
            config,
            fill=fill,
            seed=seed,
            images={"dataset": dataset.name, "labels": [dataset.classes.names[label] for label in labels]},
            **settings,
        )

    return make_plan


def generation_plans(
    dataset: ImageDataset, config: PGDConfig, *, target: str | None, start: StartKind, seed: int
) -> MakePlan:
    """Return plans for starts of one class after another, drawn by seed and image index.

    Args:
        dataset: source of the statistics of classes without bundled ones.
        target: one class or text for all; None for every class in turn, in an order fixed by the seed.
    """
    order: list[int | str] = [target] if target is not None else [*class_order(len(dataset.classes), seed)]

    @cache
    def source(goal: int | str) -> Start:
        name = goal if isinstance(goal, str) else dataset.classes.names[goal]
        return start_of(name, dataset.classes.name, dataset.image_size, start, dataset)

    def make_plan(indices: Sequence[int]) -> RunPlan:
        targets = [order[index % len(order)] for index in indices]
        starts = [
            source(chosen).distribution.draw(1, generator=np.random.default_rng([seed, index]))
            for index, chosen in zip(indices, targets, strict=True)
        ]
        images = {"dataset": "noise", "start": start}
        return RunPlan(targets=tuple(targets), start=np.concatenate(starts), config=config, seed=seed, images=images)

    return make_plan


def class_order(count: int, seed: int) -> list[int]:
    """Return the order of the classes to draw, which repeats."""
    return np.random.default_rng(seed).permutation(count).tolist()
