"""Waves of a map, and the parts of each kind of results."""

import math

from core.fourier.waves import half_plane
from core.reproduce.compare import KEYS, TABLES, draw_waves
from core.reproduce.profile import KINDS
from core.shared import paper


def test_drawn_waves_grow_and_serve_every_band():
    few, many = draw_waves(31, 12, seed=0), draw_waves(31, 48, seed=0)
    assert many[:12] == few and len(set(many)) == 48 and set(many) <= set(half_plane(31))
    radius = [round(math.hypot(*wave)) for wave in few]
    assert sum(r <= 2 for r in radius) == sum(r > 15 for r in radius) == 4
    assert draw_waves(31, 481, seed=0) is None and draw_waves(31, 12, seed=1) != few


def test_each_reproduced_kind_has_a_part_with_the_papers_steps():
    kinds = [kind for kind in KINDS if kind.suffix is not None]
    figures = {"inpaint": "figure-3-clip", "generate": "figure-4-clip"}
    parts = {part.key: part for part in TABLES}
    for kind in kinds:
        part = parts[f"{figures[kind.mode]}{kind.suffix}"]
        run = paper.RUNS["inpainting" if kind.mode == "inpaint" else "generation"]
        job = part.kind.job(224, 3, 0)
        assert part.kind is kind and (job.changes["steps"], job.changes["step_size"]) == (
            run["steps"],
            run["step_size"],
        )
    assert sum(part.published is not None for part in TABLES) == len(kinds) and len(set(KEYS)) == len(KEYS)


def test_a_profile_takes_fewer_and_larger_steps_by_the_notebooks_penalty():
    kind = next(kind for kind in KINDS if kind.fewer > 1)
    whole, fewer = (kind.job(32, 1, 0, times).changes for times in (1, kind.fewer))
    assert fewer["steps"] * kind.fewer == whole["steps"] and fewer["step_size"] == kind.fewer * whole["step_size"]
