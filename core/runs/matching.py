"""Comparison of runs with a plan. Does not import torch."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from core.pgd.config import settings_of
from core.pgd.penalties import PENALTIES
from core.pgd.settings import SETTINGS
from core.pgd.view_settings import Search
from core.runs.file import PGDRun
from core.runs.plan import RunPlan
from core.shared.errors import one_line

# Differences in the subject; all others are settings.
SUBJECT = PICTURE, HOLE, START, TARGET = "the picture", "the hole", "the start", "the target"
FILL_ROUNDING = 1e-4  # tolerance for rim fills, as solvers round differently
FILL = "what fills the hole at first"


def changed_settings(
    plan: RunPlan, classifiers: Sequence[str], runs: Sequence[PGDRun], searches: Sequence[Search] = ()
) -> list[str]:
    """List the differences between a plan on named classifiers and the displayed runs; empty if there are none.

    searches: as for `Run`.
    """
    run, searches = runs[0], searches or [plan.config.search]
    plan = plan.with_search(searches[0])
    changed = []
    if plan.mask is not None and run.mask is not None and plan.original is not None and run.original is not None:
        if not np.array_equal(plan.original, run.original):
            changed.append(PICTURE)
        if not np.array_equal(plan.mask.reshape(-1), run.mask.reshape(-1)):
            changed.append(HOLE)
        if not changed and not np.allclose(plan.start, run.start, atol=FILL_ROUNDING):
            changed.append(FILL)
    elif not np.array_equal(plan.start, run.start):
        changed.append(START)
    names = run.metadata["class_names"]
    if list(map(one_line, plan.targets)) != [one_line(names[target]) for target in run.metadata["targets"]]:
        changed.append(TARGET)
    pairs = [(stored.metadata["classifier"]["name"], stored.config.search) for stored in runs]
    if list(classifiers) != list(dict.fromkeys(name for name, _ in pairs)):
        changed.append("the classifiers")
    elif list(itertools.product(classifiers, searches)) != pairs:
        changed.append(SETTINGS["search"].changed)
    objective = run.metadata["objective"]
    planned, ran = settings_of(plan.config, plan.weight), settings_of(run.config, objective.get("weight"))
    if (
        plan.mask is None
        or plan.minimised_penalty != objective.get("penalty")
        or not PENALTIES[plan.minimised_penalty].weighted
    ):
        ran["weight"] = planned["weight"]  # irrelevant for this penalty
    if plan.mask is not None and plan.minimised_penalty != objective.get("penalty"):
        changed.append("the penalty")
    if plan.config.search == "views" and plan.config.views != run.config.views:
        changed.append(SETTINGS["search"].changed)
    rows = (SETTINGS["weight"], *SETTINGS.values())  # first, since it belongs to the penalty
    return list(
        dict.fromkeys(changed + [row.changed for row in rows if not row.equals(planned[row.name], ran[row.name])])
    )
