"""Wall of drawings: every class, drawn by an ordinary network and its robust twin from one blur."""

from __future__ import annotations

import html

import numpy as np
import streamlit as st

from core.images.square import png_data_uri
from core.shared.html import JARGON, explain_terms
from ui.shared.look import style_sheet
from ui.shared.picture_rows import to_picture
from ui.story import networks
from ui.story.story_data import opening_runs

BAND = 5  # classes side by side


def wall() -> None:
    """Draw the wall."""
    st.html(wall_html())


def wall_html() -> str:
    """Return two bands of five classes as HTML: a row per network or, in a narrow window, a row per class."""
    runs = opening_runs()
    titles = networks.titles(networks.drawing_twins())
    least = [int(100 * run.curves["target_probability"][-1].min()) for run in runs]
    heads = [f"<b>{html.escape(title)}</b> over {share} % sure" for title, share in zip(titles, least, strict=True)]
    names = runs[0].metadata["class_names"]
    bands = []
    for first in range(0, len(names), BAND):
        cells = [_cell("", "head"), *(_cell(head, "head") for head in heads)]
        for k in range(first, min(first + BAND, len(names))):
            cells.append(_cell(html.escape(names[k]), "name"))
            cells += [
                _cell(_picture(run.frames[-1, k], f"{names[k]}, drawn by {title}"), "picture")
                for run, title in zip(runs, titles, strict=True)
            ]
        bands.append(f'<div class="band">{"".join(cells)}</div>')
    blur = _picture(runs[0].frames[0, 0], "A blur of no class")
    words = f"<span>All drawings begin with this {explain_terms('blur of no class', *JARGON)}.</span>"
    start = f'<div class="begin">{blur}{words}</div>'
    return f'{style_sheet(__file__)}<div class="wall">{start}{"".join(bands)}</div>'


def _picture(pixels: np.ndarray, alt: str) -> str:
    return f'<img src="{png_data_uri(to_picture(pixels))}" alt="{html.escape(alt, quote=True)}">'


def _cell(content: str, kind: str) -> str:
    return f'<div class="{kind}">{content}</div>'
