"""The last chapter, *Your turn*: five pictures, each a door to where one makes such a picture, and three buttons."""

from __future__ import annotations

import html
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.classifiers.registry import PAPERS_CLIP, classifier_spec
from core.data.picture_files import png_data_uri, to_uint8
from core.data.start_photos import START_PHOTOS, photo_square
from core.data.words import everyday_name
from core.fourier.waves import fourier_basis
from core.pgd.drawings import GalleryWord, drawn_photos, drawn_sketches
from core.pgd.methods import COMPARED, leading
from core.shared.text import with_article
from core.sweep.mixture_pairs import MIXED_SET, mixed_pairs
from ui.components.mount import lossy_data_uri, webp_strip
from ui.runs.opened import link_to
from ui.runs.replay import target_of
from ui.server.cache import is_ready
from ui.shared import url
from ui.shared.page_pictures import enlarge, open_upload, sample_picture, to_picture
from ui.shared.url import format_size
from ui.story import figures, story_start
from ui.story.chapters import hole_link, mixture_link, wave_link
from ui.story.data import STORY_WAVE
from ui.story.opening import clips_map
from ui.tools.tool_table import mixed_picture

# We picked them by eye: a sketch, and a photo that was turned into something else.
_SKETCH, _PHOTO = "starfish", "frying_pan"
_QUALITY = 88  # of WebP
_SIDE = 224  # pixels of a map's picture, at least


@dataclass(frozen=True)
class Door:
    """A picture that leads to where one makes such a picture.

    picture, corner: data URIs of the picture and of what it came from. alt: what the picture shows. link: URL of the
    page, relative to the app's. chapter: slug of the chapter in the article.
    """

    title: str
    text: str
    picture: str
    corner: str
    alt: str
    link: str
    chapter: str


def doors() -> tuple[Door, ...]:
    """Return the five pictures, in the order of the chapters that they come from."""
    sketch, photo = drawn_sketches()[_SKETCH], drawn_photos()[_PHOTO]
    return _sketch_door(sketch), _photo_door(photo), _hole_door(), _mixture_door(), _map_door()


def doors_html(*, in_article: bool = False) -> str:
    """Return the pictures with their titles as HTML. in_article: lead to its chapters instead of the app's pages."""
    parts = [
        f'<a class="door" href="{html.escape("#" + door.chapter if in_article else door.link)}">'
        f'<span class="frame"><img src="{door.picture}" alt="{html.escape(door.alt, quote=True)}">'
        f'<img class="corner" src="{door.corner}" alt=""></span>'
        f"<b>{html.escape(door.title)}</b><span>{html.escape(door.text)}</span></a>"
        for door in doors()
    ]
    return f'<nav class="doors" aria-label="Your turn"><div>{"".join(parts)}</div></nav>'


def _sketch_door(word: GalleryWord) -> Door:
    corner = png_data_uri(enlarge(story_start.bundled(_SKETCH), 96))
    text = f"A few blobs become {with_article(word.word)}."
    return Door("Paint a sketch", text, _painted(word), corner, word.word, link_to(word), "sketch")


def _photo_door(word: GalleryWord) -> Door:
    corner = _lossy(photo_square(_PHOTO))
    text = f"{START_PHOTOS[_PHOTO].caption} becomes {with_article(word.word)}."
    return Door("Change a photo", text, _painted(word), corner, word.word, link_to(word), "sketch")


def _hole_door() -> Door:
    run = figures.hole_runs().runs[-1]
    name = everyday_name(target_of(run, 0))
    before = run.start[0] if run.original is None else run.original[0]
    picture, corner = _lossy(to_picture(run.frames[-1, 0])), _lossy(to_picture(before))
    text = f"Erase a part and get {with_article(name)}."
    return Door("Fill a hole", text, picture, corner, name, hole_link(), "hole")


def _mixture_door() -> Door:
    pair = mixed_pairs()[0]
    alt = f"{pair.predictions.classes[0]} and {pair.predictions.classes[1]} in one picture"
    corner = _lossy(to_picture(sample_picture(MIXED_SET, pair.low).pixels))
    return Door(
        "Mix two photos", "Which one does it see?", _lossy(mixed_picture()), corner, alt, mixture_link(), "mixture"
    )


def _map_door() -> Door:
    picture = png_data_uri(enlarge(clips_map(), _SIDE))
    stripes = fourier_basis(*STORY_WAVE, 32, 32)
    grey = np.repeat((0.5 + 0.5 * stripes / np.abs(stripes).max())[None], 3, axis=0)
    corner = png_data_uri(enlarge(to_uint8(grey), 96))
    text = "Touch a cell of the map."
    return Door("Fool it with a wave", text, picture, corner, "the paper’s heat map of CLIP", wave_link(), "wave")


def _painted(word: GalleryWord) -> str:
    return lossy_data_uri(word.drawings[leading(COMPARED)].picture)


def _lossy(picture: np.ndarray) -> str:
    """Return a uint8 (H, W, 3) picture as a data URI."""
    return lossy_data_uri(webp_strip(np.moveaxis(picture, -1, 0)[None], _QUALITY))


def clip_title() -> str:
    """Return the label of the button that leads to CLIP."""
    if is_ready(PAPERS_CLIP):
        return "About CLIP"
    return f"Get the real CLIP ({format_size(classifier_spec(PAPERS_CLIP).download_bytes)})"


def things_to_do(open_first: Callable[[], None]) -> None:
    """Draw the buttons. open_first: opens the first chapter; for callbacks."""

    def upload() -> None:
        open_upload(story_start.PAGE)
        open_first()

    def sketch() -> None:
        story_start.choose(story_start.EMPTY)
        story_start.choose_word(None)
        open_first()

    st.button("Paint my own sketch", key="story.to-do.sketch", type="primary", on_click=sketch)
    st.button("Use my photo", key="story.to-do.photo", on_click=upload)
    if st.button(clip_title(), key="story.to-do.clip"):
        url.open_page("models")
