"""Figures of the chapters: components of the other pages in a fixed state. The visitor's choice of a wave is kept."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from core.classifiers.registry import PAPERS_CLIP
from core.data.picture_files import png_data_uri
from core.pgd.methods import COMPARED
from core.shared.numbers import Frequency
from ui.components.maps.maps import ShownMaps, draw_maps
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET56, shipped_maps
from ui.maps.map_options import shown_maps
from ui.runs.replay import stored_example, usual_hole
from ui.runs.state import RunResult
from ui.shared.page_pictures import to_picture
from ui.story import data
from ui.story.data import STORY_WAVE, opening_runs

_SIDE = 31
_CELL = "story.cell"  # key in the session
PAPERS_MAPS = CLIP, RESNET56


def maps_of(*labels: str) -> ShownMaps:
    """Return shipped maps, by label, to draw side by side."""
    return shown_maps([shipped_maps()[label] for label in labels], "Top-1", "Error", _SIDE)


def hole_runs() -> RunResult:
    """Return the runs of the chapter *Hole*."""
    row = data.PHOTOGRAPHS
    result = stored_example(usual_hole(row, row.inpainted), data.hole_networks(), COMPARED)
    assert result is not None  # it is shipped
    return result


def gallery_html() -> str:
    """Return every class as an ordinary network and its robust twin draw it, as HTML.

    A row per network or, in a narrow window, a row per class.
    """
    runs, titles = opening_runs(), data.titles(data.drawing_twins())
    names = runs[0].metadata["class_names"]
    cells = ['<div class="head"></div>', *(f'<div class="head">{html.escape(title)}</div>' for title in titles)]
    for k, name in enumerate(names):
        cells.append(f'<div class="name">{html.escape(name)}</div>')
        cells += [
            _picture(run.frames[-1, k], f"{name}, drawn by {title}") for run, title in zip(runs, titles, strict=True)
        ]
    return f'<div class="gallery">{"".join(cells)}</div>'


def _picture(pixels: np.ndarray, alt: str) -> str:
    return f'<img src="{png_data_uri(to_picture(pixels))}" alt="{html.escape(alt, quote=True)}" width="32" height="32">'


def three_maps() -> None:
    """Draw CLIP's published map, the map of CLIP or its miniature measured here, and a small CNN's."""
    draw_maps(maps_of(*limits()), selected=chosen_wave(), key="story.limits", on_select=keep_wave)


def limits() -> list[str]:
    """Return the labels of those maps."""
    here = data.computed_map(PAPERS_CLIP)
    return [CLIP, here.label if here else MINI_CLIP, MINI_RESNET]


def chosen_wave() -> Frequency:
    """Return the wave chosen on the maps."""
    return st.session_state.get(_CELL, STORY_WAVE)


def keep_wave(frequency: Frequency) -> None:
    """Choose a wave; for callbacks."""
    st.session_state[_CELL] = frequency
