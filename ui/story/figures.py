"""Figures of the chapters: components of the other pages in a fixed state. The visitor's choice of a wave is kept."""

from __future__ import annotations

import html
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from core.classifiers.registry import PAPERS_CLIP, classifier_state
from core.data.picture_files import png_data_uri
from core.data.sketches import draw_sketch
from core.fourier.contrasts import LOW
from core.fourier.waves import all_random_signs
from core.pgd.drawings import drawn_sketches, opening_words, strip_path
from core.pgd.methods import COMPARED
from core.shared.numbers import Frequency
from core.sweep.story import stored_predictions
from ui.components.maps.maps import ShownMaps, StripedPicture, WavePredictions, heatmap_view, stripes
from ui.components.mount import webp_data_uri
from ui.components.pictures.pictures import hybrid_mixer
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET56, shipped_maps, stored_title
from ui.maps.views import shown_maps
from ui.runs.gallery import four_squares_html
from ui.runs.replay import hole_subject, stored_example
from ui.runs.state import RunResult
from ui.shared.colours import model_colour
from ui.shared.pictures import sample_picture, to_picture
from ui.story import data
from ui.story.data import CHOSEN_PICTURES, STORY_WAVE, opening_runs
from ui.story.scene import stored
from ui.tools.hybrids import STORED_PAIRS as MIXED
from ui.tools.hybrids import stored_mixtures

_SIDE = 31
_CELL, PAIR, _CUTOFF = "story.cell", "story.pair", "story.cutoff"  # keys in the session
PAPERS_MAPS = CLIP, RESNET56


def striped_picture() -> None:
    """Draw a picture under stripes, with the networks' predictions for it."""
    stripes(car_under_stripes(), selected=_cell(), key="story.stripes", on_select=_keep)


def papers_maps() -> None:
    """Draw the paper's maps of CLIP and of a ResNet."""
    maps = replace(maps_of(*PAPERS_MAPS), outline=LOW.edge)
    heatmap_view(maps, selected=_cell(), key="story.maps", on_select=_keep)


def maps_of(*labels: str) -> ShownMaps:
    """Return shipped maps, by label, to draw side by side."""
    return shown_maps([shipped_maps()[label] for label in labels], "Top-1", "Error", _SIDE)


def car_under_stripes() -> StripedPicture:
    """Return the picture of the chapter *Wave*, with each network's predictions under every wave."""
    picture = sample_picture("cifar10", CHOSEN_PICTURES["story"]["position"])
    signs = all_random_signs(_SIDE, picture.position + 1, seed=CHOSEN_PICTURES["seed"])[:, :, picture.position]
    answers = [
        WavePredictions(stored_title(name), model_colour(name), clean, perturbed)
        for name in data.on_one_picture()
        for clean, *perturbed in (stored_predictions()[name].top1(),)
    ]
    return StripedPicture(
        picture.pixels, signs, CHOSEN_PICTURES["epsilon"], answers, picture.classes.names, picture.label
    )


def two_pictures() -> None:
    """Draw a stored pair in the mixer, with a slider for its cutoff and a choice of other pairs."""
    mixtures, state = stored_mixtures(data.on_mixtures()), st.session_state
    pair = state.get(PAIR, 0)
    mixture = mixtures[pair]
    hybrid_mixer(
        mixture,
        selected=state.get(_CUTOFF, mixture.cutoffs.index(MIXED["starts"][pair])),
        key="story.mixer",
        on_choose=partial(state.__setitem__, _CUTOFF),
        on_pick=partial(state.__setitem__, PAIR),
    )


def hole_runs() -> RunResult:
    """Return the runs of the chapter *Hole*."""
    row = data.PHOTOGRAPHS
    result = stored_example(hole_subject(row, row.inpainted), data.hole_networks(), COMPARED)
    assert result is not None  # it is shipped
    return result


def squares_html() -> str:
    """Return a word as drawn with each ingredient of the method by views as HTML, for the article."""
    return four_squares_html()


def still_html() -> str:
    """Return the first sketch and what many views made of it as HTML, for the article."""
    name, row = next(iter(drawn_sketches().items()))
    scene, drawing = stored(row), row.drawings["views"]
    pictures = (
        (png_data_uri(draw_sketch(name)), f"Sketch: {row.word}", "The sketch"),
        (webp_data_uri(drawing.picture), f"Painting: {row.word}", f"{scene.claim} {scene.judged}"),
    )
    figures = [
        f'<figure><img src="{uri}" alt="{html.escape(alt)}" width="224" height="224">'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        for uri, alt, caption in pictures
    ]
    return f'<div class="still">{"".join(figures)}</div>'


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
    heatmap_view(maps_of(*limits()), selected=_cell(), key="story.limits", on_select=_keep)


def limits() -> list[str]:
    """Return the labels of those maps."""
    here = data.computed_map(PAPERS_CLIP)
    return [CLIP, here.label if here else MINI_CLIP, MINI_RESNET]


def real_clip_html(url: str) -> str:
    """Return a word's drawing, what CLIP adds in words, and a link as a button if there is a URL."""
    ready = classifier_state(PAPERS_CLIP).status == "ready"
    title = "About CLIP" if ready else "Get the real CLIP"
    button = f'<a class="button-link" href="{html.escape(url)}">{title}</a>' if url else ""
    word = opening_words()[0]
    drawing = webp_data_uri(strip_path(word, "views"))
    return (
        f'<div class="get-clip"><figure><div class="last" role="img" '
        f'style="background-image:url({drawing})" aria-label="{word}, drawn by EfficientNet-Lite0"></div>'
        f"<figcaption>“{word}”, drawn by EfficientNet-Lite0</figcaption></figure><div><p>EfficientNet-Lite0 draws only "
        f"its classes, such as {word}. CLIP draws from any sentence, such as “a red {word} in the snow”.</p>"
        f"{button}</div></div>"
    )


def _cell() -> Frequency:
    """Return the chosen wave."""
    return st.session_state.get(_CELL, STORY_WAVE)


def _keep(frequency: Frequency) -> None:
    st.session_state[_CELL] = frequency
