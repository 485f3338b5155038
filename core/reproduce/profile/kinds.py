"""Table of kinds of drawings and filled holes, for `core.reproduce` and for a profile's judgements. No torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from core.images.masks import usual_side
from core.pgd.penalties import Penalty
from core.pgd.settings import RunKind, usual_settings
from core.pgd.view_settings import SEARCHES, Search
from core.reconstruct.job import JobConfig
from core.runs.judgement import comparison_kind
from core.runs.starts import StartKind


@dataclass(frozen=True)
class Kind:
    """A kind of results: drawings from one start, or holes filled by one penalty.

    amounts: number in quick and full profiles. search: takes the steps and the ball of a run by views; None for the
    paper's run. fewer: factor by which a profile's steps are fewer and larger. suffix, title: of the keys and figures
    of its parts in `core.reproduce`; None if it has none. of_clip: whether only the paper's CLIP has these parts.
    """

    name: str
    amounts: tuple[int, int]
    mode: Literal["inpaint", "generate"]
    start: StartKind = "blur"
    penalty: Penalty = "eq3"
    search: Search | None = None
    fewer: int = 1
    suffix: str | None = None
    title: str = ""
    of_clip: bool = False

    def settings(self, size: int, fewer: int = 1) -> dict[str, Any]:
        """Return the settings of a run on pictures of a side."""
        run: RunKind = "inpainting" if self.mode == "inpaint" else "generation"
        hole = usual_side(size) if self.mode == "inpaint" else None
        values = usual_settings(run, size, hole, "pixels" if self.search is None else "views")
        if self.search is not None:
            values["search"] = self.search
        return {**values, "steps": values["steps"] // fewer, "step_size": values["step_size"] * fewer}

    def job(self, size: int, count: int, seed: int, fewer: int = 1) -> JobConfig:
        """Return the job of `count` results on pictures of a side."""
        changes = self.settings(size, fewer)
        return JobConfig(
            mode=self.mode, count=count, seed=seed, changes=changes, penalty=self.penalty, start=self.start
        )


KINDS = (
    Kind("blur", (0, 200), "generate", suffix="", title=", from blurs"),
    Kind("classless", (0, 200), "generate", start="classless"),
    Kind("independent", (0, 200), "generate", start="independent", suffix="-noise", title=", from pixel noise"),
    *(
        Kind(comparison_kind("classless", search), (6, 200), "generate", start="classless", search=search)
        for search in SEARCHES
    ),
    Kind("eq3", (0, 200), "inpaint", suffix=""),
    Kind("mean_square", (0, 200), "inpaint", penalty="mean_square", fewer=3, suffix="-mean-square",
         title=", with the notebook’s penalty", of_clip=True),
    Kind(comparison_kind("eq3", "views"), (0, 200), "inpaint", search="views"),
)  # fmt: skip
