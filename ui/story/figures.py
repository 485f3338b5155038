"""Figures of the chapters: components of the other pages in a fixed state. The visitor's choice of a wave is kept."""

from __future__ import annotations

from functools import cache

import streamlit as st

from core.pgd.methods import COMPARED
from core.pgd.plan import RunPlan
from core.shared.numbers import Frequency
from ui.components.maps.maps import ShownMaps
from ui.maps.catalogue import CLIP, RESNET56, shipped_maps
from ui.maps.map_options import shown_maps
from ui.runs.replay import stored_example, usual_hole
from ui.runs.state import RunResult
from ui.story import data
from ui.story.data import STORY_WAVE

_SIDE = 31
_CELL = "story.cell"  # key in the session
PAPERS_MAPS = CLIP, RESNET56


def maps_of(*labels: str) -> ShownMaps:
    """Return shipped maps, by label, to draw side by side."""
    return shown_maps([shipped_maps()[label] for label in labels], "Top-1", "Error", _SIDE)


def hole_runs(position: int = data.PHOTOGRAPHS.inpainted) -> RunResult:
    """Return the stored runs of the chapter *Hole* on a photo."""
    result = stored_example(_plan(position), data.hole_networks(), COMPARED)
    assert result is not None  # it is shipped
    return result


@cache
def _plan(position: int) -> RunPlan:
    """Return the plan of a hole, which is filled from its rim only once."""
    return usual_hole(data.PHOTOGRAPHS, position)


def chosen_wave() -> Frequency:
    """Return the wave chosen on the maps."""
    return st.session_state.get(_CELL, STORY_WAVE)


def keep_wave(frequency: Frequency) -> None:
    """Choose a wave; for callbacks."""
    st.session_state[_CELL] = frequency
