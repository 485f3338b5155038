"""The plan of a run: everything that determines its result, except the classifiers. Does not import torch by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.text import choose_targets
from core.data.holes import Fill, fill_hole
from core.pgd.search import SEARCHES, Search
from core.pgd.settings import Penalty, PGDConfig, RunKind, usual_settings
from core.shared import paper

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.pgd.steps import Objective


@dataclass(frozen=True, eq=False, kw_only=True)
class RunPlan:
    """Plan of a run: everything that determines the result, except the classifiers.

    targets: for each of the B images, a class by name or index or, for zero-shot classifiers, any text.
    start: (B, 3, H, W) float32 in [0, 1], x0. config: lengths and number of steps.
    seed: of random draws. seeds: of each image's own, B of them; none if `seed` is that of all. images: their origin, a
    JSON object.
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

    def with_search(self, search: Search) -> RunPlan:
        """Return the plan for another search in the same steps and ball, with this plan's views or the usual ones."""
        views = self.config.views
        if SEARCHES[search].by_views and views is None:
            kind: RunKind = "generation" if self.mask is None else "inpainting"
            views = usual_settings(kind, self.start.shape[-1], search=search)["views"]
        return replace(self, config=replace(self.config, search=search, views=views))

    def repeated(self, tries: int, start: np.ndarray | None = None) -> RunPlan:
        """Return the plan of several tries at each image, one after the other, with the seeds from `seed` on.

        start: (B * tries, 3, H, W), of each try; None for each image's own.
        """
        if tries == 1:
            return self
        seeds = tuple(range(self.seed, self.seed + tries)) * len(self.start)
        plan = self._at([row for row in range(len(self.start)) for _ in range(tries)], seeds=seeds)
        return plan if start is None else replace(plan, start=start)

    def only(self, row: int) -> RunPlan:
        """Return the plan of one image alone."""
        return self._at([row], seed=self.seeds[row] if self.seeds else self.seed, seeds=())

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
        """Penalty that the search minimises; "frozen" is the minimum of Eq. 3 if its penalty is exact."""
        return "frozen" if SEARCHES[self.config.search].frozen else self.penalty


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
