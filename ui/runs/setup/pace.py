"""Expected duration of runs."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.classifiers.registry import bundled_specs
from core.pgd.run import RunPlan
from core.pgd.search import Search

# Seconds per step and pixel of a bundled network, before any run on this server: about 2 ms for a picture of 32 x 32 on
# two cores.
FIRST_GUESS = 2e-6
# Likewise for full-size networks: 40 ms for a step of 224 x 224 on two idle cores.
FULL_SIZE = {"efficientnet-lite0": 8e-7}


@st.cache_resource(show_spinner=False)
def _paces() -> dict[tuple[str, ...], float]:
    """Return the seconds per step, pixel and search of runs on this server, keyed by the names of their networks."""
    return {}


def remember_pace(
    plan: RunPlan, names: Sequence[str], searches: Sequence[Search], seconds_per_step: float | None
) -> None:
    """Record the pace of an ended run for estimates of later runs of these networks.

    Only the best pace is kept: a slow one reflects other load on the server.
    """
    if seconds_per_step:
        pace, paces = seconds_per_step / _pixels(plan) / len(searches), _paces()
        paces[tuple(names)] = min(pace, paces.get(tuple(names), pace))


def expected_seconds(plan: RunPlan, names: Sequence[str], searches: Sequence[Search]) -> float | None:
    """Return the expected seconds of a run; None for networks of unknown pace."""
    guesses = {**dict.fromkeys(bundled_specs(), FIRST_GUESS), **FULL_SIZE}
    if not names or not set(names) <= guesses.keys():
        return None
    pace = _paces().get(tuple(names), sum(guesses[name] for name in names))
    return pace * len(searches) * _pixels(plan) * plan.config.steps


def _pixels(plan: RunPlan) -> int:
    pictures, _, height, width = plan.start.shape
    return pictures * height * width
