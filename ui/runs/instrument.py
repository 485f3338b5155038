"""Which runs are so soon over that they start by themselves: then a page answers like an instrument."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.classifiers.bundled import bundled_specs
from core.runs.plan import RunPlan
from ui.shared.limits import limits

# Seconds that a step of one bundled network takes for each pixel, until a run here has told: about 2 ms for a picture
# of 32 x 32 on two cores.
FIRST_GUESS = 2e-6


@st.cache_resource(show_spinner=False)
def _paces() -> dict[tuple[str, ...], float]:
    """Seconds for each step and pixel of runs on this server, by the names of their networks."""
    return {}


def remember_pace(plan: RunPlan, names: Sequence[str], seconds_per_step: float | None) -> None:
    """Learn from a run that has ended how long another one of these networks will take.

    The best pace counts: a slow one tells of what else the server did meanwhile, after which no run would start by
    itself again.
    """
    if seconds_per_step:
        pace, paces = seconds_per_step / _pixels(plan), _paces()
        paces[tuple(names)] = min(pace, paces.get(tuple(names), pace))


def is_quick(plan: RunPlan, names: Sequence[str]) -> bool:
    """Whether a run may start by itself: of bundled networks, and over in two seconds, as far as one can tell."""
    if not names or not set(names) <= bundled_specs().keys():
        return False
    pace = _paces().get(tuple(names), FIRST_GUESS * len(names))
    return pace * _pixels(plan) * plan.config.steps < limits().quick_seconds


def _pixels(plan: RunPlan) -> int:
    pictures, _, height, width = plan.start.shape
    return pictures * height * width
