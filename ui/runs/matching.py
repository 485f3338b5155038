"""Whether the runs on the screen are what the settings beside them would compute. Does not import Streamlit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from core.runs.file import PGDRun
from core.runs.plan import RunPlan
from ui.runs.words import target_of
from ui.shared.text import one_line


def changed_settings(plan: RunPlan, names: Sequence[str], runs: Sequence[PGDRun]) -> list[str]:
    """What differs between a plan on the named classifiers and the runs shown; nothing where they are the same."""
    run = runs[0]
    changed = []
    if plan.mask is not None and run.mask is not None and plan.original is not None and run.original is not None:
        if not np.array_equal(plan.original, run.original):
            changed.append("the picture")
        if not np.array_equal(plan.mask.reshape(-1), run.mask.reshape(-1)):
            changed.append("the hole")
    elif not np.array_equal(plan.start, run.start):
        changed.append("the start")
    if [one_line(target) for target in plan.targets] != [target_of(run, row) for row in range(len(run.start))]:
        changed.append("the target")
    if list(names) != [one.metadata["classifier"]["name"] for one in runs]:
        changed.append("the classifiers")
    if plan.mask is not None:
        objective = run.metadata["objective"]
        if plan.penalty != objective.get("penalty"):
            changed.append("the penalty")
        elif plan.penalty != "frozen" and not math.isclose(plan.weight, objective.get("weight", math.nan)):
            changed.append("its weight")
    lengths = ((plan.config.epsilon, run.config.epsilon), (plan.config.step_size, run.config.step_size))
    if plan.config.steps != run.config.steps or not all(math.isclose(*pair, rel_tol=1e-6) for pair in lengths):
        changed.append("steps or lengths")
    if plan.config.dtype != run.config.dtype:
        changed.append("the precision")
    return changed
