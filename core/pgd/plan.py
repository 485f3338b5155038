"""Plans of runs, of one or of many pictures: everything that determines a result, except the classifiers.

Does not import torch by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.text import choose_targets
from core.data.holes import Fill, fill_hole, random_square_mask
from core.data.words import find_class
from core.pgd.methods import Method, MethodName
from core.pgd.settings import Penalty, PGDConfig, Task, defaults
from core.pgd.starts import StartDistribution, StartName, start_generator
from core.shared import paper

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ClassSet, ImageDataset
    from core.pgd.steps import Objective


@dataclass(frozen=True, kw_only=True)
class JobConfig:
    """Configuration of a job.

    task: Eq. 3 or Eq. 2. count: number of images, at most those of the data set for inpainting.
    method: which gradient steps follow. config: settings instead of the method's `defaults`. changes: to the numbers
    of `core.pgd.settings.FIELDS` among these settings, by name.
    seed: for holes and noise. tries: results per image, one after the other, by the seeds from `seed` on, with the
    same hole and target. target: one class or text for all; None for the true class, or every class in turn.
    hole_size: size of the square hole. weight, penalty: lambda of Eq. 3, and the penalty it multiplies. fill: what
    fills the hole at first. start: of drawings. picture: (3, H, W) float32 in [0, 1], the start if that is "sketch" or
    "photo".
    """

    task: Task
    count: int
    method: MethodName = "paper"
    config: PGDConfig | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0
    tries: int = 1
    target: str | None = None
    hole_size: int | None = None
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "eq3"
    fill: Fill = "region"
    start: StartName = "blur"
    picture: np.ndarray | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class RunPlan:
    """Plan of a run: everything that determines the result, except the classifiers.

    targets: for each of the B images, a class by name or index or, for zero-shot classifiers, any text.
    start: (B, 3, H, W) float32 in [0, 1], x0. config: lengths and number of steps.
    seed: for random draws. seeds: each image's own, B of them; empty if all have `seed`. images: their origin, a JSON
    object; of several starts (`from_each`) "origins" has what is each one's own.
    original: (B, 3, H, W) uint8 and mask: bool (1, H, W) or (B, 1, H, W), for inpainting; None for generation.
    weight, penalty: lambda of Eq. 3, and the penalty it multiplies.
    """

    targets: tuple[str | int, ...]
    start: np.ndarray
    config: PGDConfig
    seed: int = 0
    seeds: tuple[int, ...] = ()
    images: Mapping[str, Any] = field(default_factory=dict)
    original: np.ndarray | None = None
    mask: np.ndarray | None = None
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "eq3"

    @property
    def task(self) -> Task:
        """Inpainting if there is a mask."""
        return "generation" if self.mask is None else "inpainting"

    def with_method(self, name: MethodName) -> RunPlan:
        """Return the plan for another method in the same steps and ball.

        Its views and preconditioner are this plan's, or the default ones if this plan has none.
        """
        start = self.images.get("start", "")
        return replace(self, config=with_method(self.config, name, self.task, self.start.shape[-1], start))

    def repeated(self, tries: int, start: np.ndarray | None = None) -> RunPlan:
        """Return the plan of several tries at each image, one after the other, with the seeds from `seed` on.

        start: (B * tries, 3, H, W), of each try; None for each image's own.
        """
        if tries == 1:
            return self
        seeds = tuple(range(self.seed, self.seed + tries)) * len(self.start)
        plan = self._at([row for row in range(len(self.start)) for _ in range(tries)], seeds=seeds)
        return plan if start is None else replace(plan, start=start)

    def from_each(self, starts: Sequence[tuple[np.ndarray, Mapping[str, Any]]], seeds: Sequence[int]) -> RunPlan:
        """Return the plan of one try at a single image from each of several starts.

        starts: (3, H, W) each, with the origin of each, as in `images`. seeds: of each.
        """
        pictures, origins = zip(*starts, strict=True)
        images = {**self.images, "origins": [dict(origin) for origin in origins]}
        same = {"seeds": tuple(seeds), "images": images}
        return replace(self._at([0] * len(starts), **same), start=np.stack(pictures))

    def only(self, row: int) -> RunPlan:
        """Return the plan of one image alone."""
        seed = self.seeds[row] if self.seeds else self.seed
        return self._at([row], seed=seed, seeds=(), images=origin_of(self.images, row))

    def _at(self, rows: list[int], **changes: Any) -> RunPlan:
        """Return the plan of some images, in this order, with changes."""
        arrays = {"start": self.start, "original": self.original, "mask": self.mask}
        changes |= {
            name: array[rows]
            for name, array in arrays.items()
            if array is not None and array.ndim == 4 and len(array) == len(self.start)
        }
        return replace(self, targets=tuple(self.targets[row] for row in rows), **changes)

    @property
    def minimised_penalty(self) -> Penalty:
        """Penalty that the method minimises; "frozen" is the minimum of Eq. 3 if its penalty is exact."""
        return "frozen" if self.config.method.freezes_outside else self.penalty


def with_method(config: PGDConfig, name: MethodName, task: Task, size: int, start: str = "") -> PGDConfig:
    """Return settings with another method, as `RunPlan.with_method` does; start: as in `defaults`."""
    own, usual = config.method, defaults(task, size, "views", start=start).method
    complete = Method(own.views or usual.views, own.preconditioner or usual.preconditioner)
    return replace(config, method=complete.variant(name))


def origin_of(images: Mapping[str, Any], row: int) -> dict[str, Any]:
    """Return the origin of one image alone, where each of several has its own."""
    own = {name: fact for name, fact in images.items() if name != "origins"}
    return own | images["origins"][row] if "origins" in images else own


def inpainting_plan(
    original: np.ndarray, mask: np.ndarray, targets: Sequence[str | int], config: PGDConfig, *, fill: Fill = "region",
    **settings: Any,
) -> RunPlan:  # fmt: skip
    """Return a plan that fills the hole of (B, 3, H, W) uint8 images; `settings` are further fields of `RunPlan`.

    A fill other than the paper's is recorded with the images.

    Raises:
        ValueError: as for `fill_hole`, which checks the mask.
    """
    start = fill_hole(original.astype(np.float32) / np.float32(255), mask, fill)
    if fill != "region":
        settings["images"] = {**settings.get("images", {}), "fill": fill}
    return RunPlan(targets=tuple(targets), start=start, config=config, original=original, mask=mask, **settings)


MakePlan = Callable[[Sequence[int]], RunPlan]


def inpainting_plans(
    dataset: ImageDataset, config: PGDConfig, request: JobConfig, hole_size: int, **settings: Any
) -> MakePlan:
    """Return plans for the data set's images with a square hole each, at a position fixed by seed and image index.

    Each image has several tries, one after the other, by the seeds from `request.seed` on. settings: further fields of
    `RunPlan`.
    """
    size, seed, tries = dataset.image_size, request.seed, request.tries

    def make_plan(rows: Sequence[int]) -> RunPlan:
        indices = [row // tries for row in rows]
        generators = [np.random.default_rng([seed, index]) for index in indices]
        masks = np.stack(
            [random_square_mask(hole_size, height=size, width=size, generator=generator) for generator in generators]
        )
        labels = [int(dataset.labels[index]) for index in indices]
        return inpainting_plan(
            dataset.images[indices],
            masks,
            labels if request.target is None else [request.target] * len(labels),
            config,
            fill=request.fill,
            seed=seed,
            seeds=_seeds(rows, seed, tries),
            images={"dataset": dataset.name, "labels": [dataset.classes.names[label] for label in labels]},
            **settings,
        )

    return make_plan


def generation_plans(
    start_for: Callable[[str], StartDistribution],
    targets: Sequence[int | str],
    classes: ClassSet,
    config: PGDConfig,
    *,
    seed: int,
    tries: int = 1,
) -> MakePlan:
    """Return plans for starts of one target after another, in turn, drawn by `start_generator`.

    start_for: returns the distribution of starts of a class's name or a text. tries: of each, one after the other, by
    the seeds from `seed` on.
    """
    start_for = cache(start_for)
    names = [class_name(target, classes) for target in targets]

    def start(row: int) -> np.ndarray:
        rounds, position = divmod(row // tries, len(names))
        name = names[position]
        repeat = rounds * names.count(name) + names[:position].count(name)
        return start_for(name).distribution.draw(1, generator=start_generator(name, seed + row % tries, repeat))

    def make_plan(rows: Sequence[int]) -> RunPlan:
        positions = [row // tries % len(names) for row in rows]
        return RunPlan(
            targets=tuple(targets[position] for position in positions),
            start=np.concatenate([start(row) for row in rows]),
            config=config,
            seed=seed,
            seeds=_seeds(rows, seed, tries),
            images={"dataset": "noise", "start": start_for(names[positions[0]]).name},
        )

    return make_plan


def _seeds(rows: Sequence[int], seed: int, tries: int) -> tuple[int, ...]:
    """Return the seed of each row; none if there is one try, as `seed` is that of all."""
    return tuple(seed + row % tries for row in rows) if tries > 1 else ()


def class_name(target: int | str, classes: ClassSet) -> str:
    """Return the name of a target, which is a class's index or name, in any case, or any text."""
    label = find_class(target, classes) if isinstance(target, str) else target
    return str(target) if label is None else classes.names[label]


def prepare(plan: RunPlan, classifier: Classifier) -> tuple[Classifier, Objective]:
    """Return the classifier, with an additional class for each free-text target, and the objective."""
    import torch

    from core.pgd.steps import Generation, Inpainting

    classifier, indices = choose_targets(classifier, plan.targets)
    targets = torch.tensor(indices)
    if plan.mask is None:
        return classifier, Generation(targets)
    mask = torch.from_numpy(plan.mask)
    return classifier, Inpainting(targets, mask, weight=plan.weight, penalty=plan.minimised_penalty)
