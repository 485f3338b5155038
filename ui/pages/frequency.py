"""Page *Frequency sensitivity*: Fourier heat maps side by side, and what the chosen wave does."""

from __future__ import annotations

import re

import streamlit as st

from core.fourier.analysis import mismatches
from core.fourier.basis import Frequency
from core.fourier.heatmap import Heatmap, HeatmapError
from ui.components.heatmap import format_frequency, heatmap_view
from ui.maps.catalogue import Entry, add_map, entries
from ui.maps.cell_panel import wave_on_picture
from ui.maps.cell_predictions import draw_flips, draw_predictions, wait_for_first_paint
from ui.maps.downloads import map_downloads
from ui.maps.own_classes import draw_own_predictions, own_question
from ui.maps.provenance import provenance
from ui.maps.radial_chart import radial_chart
from ui.maps.stories import STORIES, Story, story_text
from ui.maps.sweep_panel import sweep_panel
from ui.maps.views import METRICS, PROBABILITY, SHOWS, shown_maps
from ui.shared.picture_choice import choose_picture
from ui.shared.text import as_markdown

# Everything this page keeps for a visitor. The first four stand in its URL as well, as does `cell`.
MAPS, METRIC, SHOW, CROP = "maps", "metric", "show", "crop"
CELL = "frequency.cell"
UPLOADED, STORY, PENDING = "frequency.uploaded_map", "frequency.story", "frequency.pending_map"

CROPS = {"31 × 31": 31, "63 × 63": 63, "Full": 1023}
FIRST = {"cifar10": 0, "photographs": 0}
MAX_FREQUENCY = 511
MAX_MAPS = 4


def page() -> None:
    """Draw the page: every part gets its place first, and is filled in the order of what it costs."""
    _restore()
    st.title("Which frequencies does CLIP rely on?")
    st.markdown(
        "Each cell of a **Fourier heat map** is one wave. Its colour is how often a classifier is wrong when that wave "
        "is added to every test image: slow waves in the middle, fast ones outside. **Click a cell** to see the wave, "
        "what it does to a picture, and how each classifier's prediction changes."
    )
    _stories()
    chosen = _controls(entries())
    if not chosen:
        st.info("Choose at least one map above.")
        return
    frequency = st.session_state[CELL]
    _maps(chosen, frequency)
    pictures, predictions = st.columns([3, 2], gap="large")
    rings, origins = st.columns([3, 2], gap="large")
    with pictures:
        st.markdown(f"##### The wave {format_frequency(frequency)} on a picture")
        picture = choose_picture("cell", url_prefix="", first=FIRST)
        waved = wave_on_picture(picture, frequency) if picture is not None else None
        question = own_question() if waved is not None else None
        own_predictions = st.container(key="own-predictions")
    with rings:
        radial_chart(chosen, top=METRICS.get(st.session_state[METRIC], 1), selected=frequency)
    with origins:
        provenance(chosen)
        map_downloads(chosen)
    sweep_panel(picture, on_result=_show_new_map)
    if waved is None:
        return
    with predictions:
        if wait_for_first_paint():
            return
        answering = draw_predictions(waved)
    if question is not None:
        with own_predictions:
            draw_own_predictions(question, waved)
    with predictions:
        draw_flips(answering, waved)


def _restore() -> None:
    """The chosen wave: from this visit, else from the URL, else the first story's."""
    if label := st.session_state.pop(PENDING, None):
        st.session_state[MAPS] = [*st.session_state.get(MAPS, []), label][-MAX_MAPS:]
        if entries()[label].heatmap.metadata["dataset"]["n"] == 1:
            # One image is right or wrong; its probability says more.
            st.session_state[METRIC] = PROBABILITY
    if CELL not in st.session_state:
        st.session_state[CELL] = _parse_cell(st.query_params.get("cell", "")) or STORIES[0].frequency
    text = "{},{}".format(*st.session_state[CELL])
    if st.query_params.get("cell") != text:
        st.query_params["cell"] = text


def _parse_cell(text: str) -> Frequency | None:
    found = re.fullmatch(r"(-?\d{1,3}),(-?\d{1,3})", text)
    cell = (int(found[1]), int(found[2])) if found else None
    return cell if cell and max(map(abs, cell)) <= MAX_FREQUENCY else None


def _select(frequency: Frequency) -> None:
    st.session_state[CELL] = frequency


def _stories() -> None:
    known = entries()
    told = next((story for story in STORIES if story.title == st.session_state.get(STORY)), STORIES[0])
    with st.container(horizontal=True):
        for story in STORIES:
            st.button(
                story.title,
                help=story_text(story, known),
                on_click=_tell,
                args=(story,),
                type="primary" if story is told else "secondary",
                key=f"story {story.title}",
            )
    st.markdown(f"**{told.title}.** {story_text(told, known)}")


def _tell(story: Story) -> None:
    known = entries()
    st.session_state[STORY] = story.title
    st.session_state[MAPS] = [label for label in story.maps if label in known]
    st.session_state[SHOW] = story.show
    st.session_state[METRIC] = "Top-1"
    st.session_state[CELL] = story.frequency
    st.session_state["pictures"] = story.pictures


def _controls(available: dict[str, Entry]) -> list[Entry]:
    """The row of controls; returns the chosen maps, in order."""
    default = [label for label in STORIES[0].maps if label in available]
    labels = st.multiselect(
        "Maps", list(available), default=default, key=MAPS, bind="query-params", max_selections=MAX_MAPS
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for label, options, first, key in (
            ("Metric", [*METRICS, PROBABILITY], "Top-1", METRIC),
            ("Show", SHOWS, "Error", SHOW),
            ("Crop", list(CROPS), "63 × 63", CROP),
        ):
            st.segmented_control(label, options, default=first, key=key, required=True, bind="query-params")
        with st.popover("Add a map", icon=":material/upload_file:"):
            _upload()
    return [available[label] for label in labels]


def _upload() -> None:
    st.markdown("A heat map file (`.npz`) that `python -m core.sweep` wrote, on this machine or another.")
    file = st.file_uploader("Heat map file", type="npz", key=UPLOADED, max_upload_size=10)
    if file is None or st.session_state.get("frequency.last_upload") == file.file_id:
        return
    st.session_state["frequency.last_upload"] = file.file_id
    try:
        heatmap = Heatmap.from_bytes(file.getvalue(), name=file.name)
    except HeatmapError as error:
        st.error(as_markdown(str(error)))
        return
    _show_new_map(add_map(heatmap, origin="uploaded"))


def _show_new_map(label: str) -> None:
    """Put a new map beside those shown, from the next run on."""
    st.session_state[PENDING] = label
    st.rerun()


def _maps(chosen: list[Entry], selected: Frequency) -> None:
    """The maps, and what a comparison leaves out."""
    metric, show = st.session_state[METRIC], st.session_state[SHOW]
    shown = shown_maps(chosen, metric, show, CROPS[st.session_state[CROP]])
    heatmap_view(
        shown.views,
        selected=selected,
        value_range=shown.value_range,
        colormap=shown.colormap,
        key="frequency.heatmaps",
        on_select=_select,
    )
    if show == "Difference" and metric != PROBABILITY:
        if len(chosen) < 2:
            st.info("A difference needs two maps: choose a second one above.")
        elif reasons := mismatches(chosen[0].heatmap, chosen[1].heatmap):
            st.warning(
                "These two maps were not measured alike. " + as_markdown(" ".join(reasons)), icon=":material/warning:"
            )
        if len(chosen) > 2:
            st.caption("The difference is that of the first two maps chosen.")
    if show == "Minus clean" and any(entry.heatmap.clean_rate() is None for entry in chosen):
        st.caption("Maps whose source does not give the clean error have nothing to subtract and stay empty.")
