"""Whether the runs on the screen are what the settings beside them would compute. Does not import Streamlit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.pgd.config import settings_of
from core.pgd.penalties import PENALTIES
from core.pgd.settings import SETTINGS
from core.runs.file import PGDRun
from core.runs.plan import RunPlan
from ui.runs.words import target_of
from ui.shared.text import one_line

# What makes a run one of other pictures: all else is a setting.
SUBJECT = PICTURE, HOLE, START, TARGET = "the picture", "the hole", "the start", "the target"


def changed_settings(plan: RunPlan, names: Sequence[str], runs: Sequence[PGDRun]) -> list[str]:
    """What differs between a plan on the named classifiers and the runs shown; nothing where they are the same."""
    run = runs[0]
    changed = []
    if plan.mask is not None and run.mask is not None and plan.original is not None and run.original is not None:
        if not np.array_equal(plan.original, run.original):
            changed.append(PICTURE)
        if not np.array_equal(plan.mask.reshape(-1), run.mask.reshape(-1)):
            changed.append(HOLE)
    elif not np.array_equal(plan.start, run.start):
        changed.append(START)
    if [one_line(target) for target in plan.targets] != [target_of(run, row) for row in range(len(run.start))]:
        changed.append(TARGET)
    if list(names) != [one.metadata["classifier"]["name"] for one in runs]:
        changed.append("the classifiers")
    objective = run.metadata["objective"]
    wanted, ran = settings_of(plan.config, plan.weight), settings_of(run.config, objective.get("weight"))
    if plan.mask is None or plan.penalty != objective.get("penalty") or not PENALTIES[plan.penalty].weighted:
        wanted["weight"] = ran["weight"] = 0
    if plan.mask is not None and plan.penalty != objective.get("penalty"):
        changed.append("the penalty")
    rows = (SETTINGS["weight"], *SETTINGS.values())  # first, as it is the penalty's
    return list(dict.fromkeys(changed + [row.changed for row in rows if not row.same(wanted[row.name], ran[row.name])]))
