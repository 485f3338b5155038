"""Page *Frequency sensitivity*: Fourier heat maps, the wave in view on a picture, and what classifiers make of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

import streamlit as st

from core.errors import sentence
from core.fourier.basis import Frequency
from core.fourier.contrasts import mismatches
from core.fourier.heatmap import MAX_SIDE, Heatmap, HeatmapError
from core.fourier.metrics import METRICS
from ui.components.heatmap import heatmap_view, wave_lab
from ui.maps.catalogue import Entry, add_map, entries
from ui.maps.cell_panel import WavedPicture, flip, seed, set_strength, strength, under_wave
from ui.maps.cell_predictions import SamplePredictions, draw_predictions, wait_for_first_paint
from ui.maps.models import Predictor, predictors
from ui.maps.own_classes import CLASSES, PROMPT
from ui.maps.radial_chart import radial_chart
from ui.maps.sentences import cell_verdict
from ui.maps.stories import STORIES, Story
from ui.maps.views import SHOWS, shown_maps, why_no_estimate
from ui.shared import url
from ui.shared.cite import cite_popover, share_popover
from ui.shared.limits import check_upload, limits
from ui.shared.look import style_sheet
from ui.shared.model_cache import NONE_READY, ready_classifiers
from ui.shared.picture_choice import chosen_picture, open_library, pick_picture, picture_library, picture_strip
from ui.shared.pictures import Picture
from ui.shared.text import as_markdown
from ui.tabs.classes import class_panel
from ui.tabs.row import TAB, Shown, draw_tabs

# Everything this page keeps for a visitor. The first five stand in its URL as well, as does `cell`.
MAPS, METRIC, SHOW, CROP, STORY = "maps", "metric", "show", "crop", "story"
CELL = "frequency.cell"
UPLOADED, PENDING, ALL_PREDICT = "frequency.uploaded_map", "frequency.pending_map", "frequency.all_predict"
TOLD = "frequency.story"
# What is in the URL of a visitor who has been here; size and signs of the wave are other pages' as well.
IN_URL = frozenset({MAPS, METRIC, SHOW, CROP, STORY, TAB, "cell", "pictures", "picture", CLASSES, PROMPT})

FIRST = attrgetter("first")  # of a sample set
CROPS = {"31 × 31": 31, "63 × 63": 63, "Full": MAX_SIDE}
MAX_FREQUENCY = MAX_SIDE // 2
MAX_MAPS = 4

# Everything that changes with a click has its height from the start, and fits one window of 1440 x 900.
_STYLE = style_sheet(__file__)


def page() -> None:
    """Draw the page: every part gets its place first, and is filled in the order of what it costs."""
    st.markdown(_STYLE, unsafe_allow_html=True)  # unlike st.html it is there at the first paint
    _restore()
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="frequency-bar"):
        st.title("Which frequencies does CLIP rely on?", width="content", anchor=False)
        chosen = _controls(entries())
        sharing = st.container(horizontal=True, width="content", gap="small", key="frequency-share")
    picture = chosen_picture("cell", url_prefix="", first=FIRST, kind=_told().pictures)
    picture_library("cell", url_prefix="", first=FIRST)
    if not chosen:
        st.info("Choose at least one map above.")
        return
    frequency = st.session_state[CELL]
    with st.container(key="frequency-verdict"):
        st.markdown(as_markdown(cell_verdict(chosen, frequency, _top())))
    with st.container(key="frequency-lab"):
        _maps(chosen, frequency, picture)
    waved = None
    if picture is not None:
        waved = WavedPicture(picture, frequency, strength(picture.size), seed())
    predictions, rings = st.columns([4, 3], gap="medium")
    with predictions, st.container(key="frequency-predictions"):
        count_flips, who = _predictions(chosen, waved)
    with rings, st.container(key="frequency-rings"):
        radial_chart(chosen, top=_top(), selected=frequency)
    classes = draw_tabs(Shown(chosen, frequency, picture, waved if who else None, who, _show_new_map))
    with sharing:
        share_popover()
        cite_popover()
    counted = [] if count_flips is None else count_flips()
    if classes is not None:
        with classes:
            size, kind = (None, None) if picture is None else (strength(picture.size), picture.class_set)
            class_panel(chosen, list(entries().values()), frequency, size, kind, counted)


def _restore() -> None:
    """What the URL asks for: a story, a wave; else what this visit has, else the first story."""
    if label := st.session_state.pop(PENDING, None):
        st.session_state[MAPS] = [*st.session_state.get(MAPS, []), label][-MAX_MAPS:]
        if entries()[label].heatmap.metadata["dataset"]["n"] == 1:
            # One image is right or wrong; its probability says more.
            st.session_state[METRIC] = "Probability"
    if CELL not in st.session_state:
        linked = url.number(STORY)
        if linked is not None and 1 <= linked <= len(STORIES):
            st.session_state[TOLD] = linked - 1
        st.session_state[CELL] = _parse_cell(url.text("cell")) or _told().frequency
    if TOLD in st.session_state:  # the rest of the URL is what differs from it
        url.put(STORY, str(st.session_state[TOLD] + 1))
    url.put("cell", "{},{}".format(*st.session_state[CELL]))


def _parse_cell(text: str) -> Frequency | None:
    found = re.fullmatch(r"(-?\d{1,3}),(-?\d{1,3})", text)
    cell = (int(found[1]), int(found[2])) if found else None
    return cell if cell and max(map(abs, cell)) <= MAX_FREQUENCY else None


def _told() -> Story:
    """What the page started with, where neither link nor visitor says otherwise."""
    return STORIES[st.session_state.get(TOLD, 0)]


def _controls(available: dict[str, Entry]) -> list[Entry]:
    """Two menus; returns the chosen maps, in order."""
    default = [label for label in _told().maps if label in available]
    if len(url.texts(MAPS)) > MAX_MAPS:
        st.toast(f"The link names more maps than are shown together: these are the first {MAX_MAPS}.")
    with st.popover("Maps", icon=":material/grid_on:"):
        labels = st.multiselect(
            "Maps", list(available), default=default, key=MAPS, bind="query-params", max_selections=MAX_MAPS
        )
        _upload()
    with st.popover("View", icon=":material/tune:"):
        for label, options, first, key in (
            ("Metric", list(METRICS), "Top-1", METRIC),
            ("Show", SHOWS, _told().show, SHOW),
            ("Crop", list(CROPS), "63 × 63", CROP),
        ):
            st.segmented_control(label, options, default=first, key=key, required=True, bind="query-params")
        st.toggle("Every model that is ready predicts", key=ALL_PREDICT)
    return [available[label] for label in labels]


def _top() -> int:
    return METRICS[st.session_state[METRIC]].top or 1


def _upload() -> None:
    most = limits().map_mb
    st.markdown(
        "Add a heat map file (`.npz`) that `python -m core.sweep` wrote, on this machine or another: up to "
        f"{most} MB, and {MAX_SIDE} × {MAX_SIDE} cells."
    )
    file = st.file_uploader("Heat map file", type="npz", key=UPLOADED, max_upload_size=most)
    if file is None or st.session_state.get("frequency.last_upload") == file.file_id:
        return
    st.session_state["frequency.last_upload"] = file.file_id
    try:
        check_upload(file.getvalue(), most)
        heatmap = Heatmap.from_bytes(file.getvalue(), name=file.name)
    except (HeatmapError, ValueError) as error:
        st.error(as_markdown(sentence(str(error))))
        return
    _show_new_map(add_map(heatmap, origin="uploaded"))


def _show_new_map(label: str) -> None:
    """Put a new map beside those shown, from the next run on."""
    st.session_state[PENDING] = label
    st.rerun()


def _maps(chosen: list[Entry], selected: Frequency, picture: Picture | None) -> None:
    """The maps beside the picture, and what a comparison leaves out."""
    show, is_error = st.session_state[SHOW], METRICS[st.session_state[METRIC]].top is not None
    shown = shown_maps(chosen, st.session_state[METRIC], show, CROPS[st.session_state[CROP]])
    look: dict[str, Any] = {"value_range": shown.value_range, "colormap": shown.colormap, "key": "frequency.heatmaps"}
    if picture is None:
        st.info("Choose a file of your own, or a bundled picture.")
        st.button("Choose a picture", icon=":material/image:", on_click=open_library, args=("cell",))
        heatmap_view(shown.views, selected=selected, on_select=partial(_select, None), **look)
    else:
        side = max(len(view.values) for view in shown.views)
        wave_lab(
            shown.views,
            under_wave(picture, side, picture_strip("cell", url_prefix="")),
            selected=selected,
            on_select=partial(_select, picture.size),
            on_flip=flip,
            on_pick=lambda place: pick_picture("cell", place, url_prefix=""),
            on_library=partial(open_library, "cell"),
            rings=".st-key-frequency-rings",
            **look,
        )
    if show == "Difference" and is_error:
        if len(chosen) < 2:
            st.info("A difference needs two maps: choose a second one above.")
        elif reasons := mismatches(chosen[0].heatmap, chosen[1].heatmap):
            st.warning(
                "These two maps were not measured alike. " + as_markdown(" ".join(reasons)), icon=":material/warning:"
            )
        if len(chosen) > 2:
            st.markdown("The difference is that of the first two maps chosen.")
    if show == "Estimate" and is_error:
        _about_estimates(chosen)
    if show == "Minus clean" and any(entry.heatmap.clean_rate() is None for entry in chosen):
        st.markdown("Maps whose source does not give the clean error have nothing to subtract and stay empty.")


def _about_estimates(chosen: list[Entry]) -> None:
    """Which maps have none, and why; and what else on the page are counts."""
    names: dict[str | None, list[str]] = {}
    for entry in chosen:
        names.setdefault(why_no_estimate(entry.heatmap.crop(CROPS[st.session_state[CROP]]), _top()), []).append(
            entry.name
        )
    if names.pop(None, None):
        st.markdown("Only the maps show estimates; sentence, curves and downloads hold the counts.")
    for why, without in names.items():
        st.markdown(f"No estimate for {as_markdown(', '.join(without))}: {why}")


def _select(size: int | None, frequency: Frequency, epsilon: float = 0.0) -> None:
    """Keep what the visitor chose: a wave and, for pictures of `size` pixels, its strength."""
    st.session_state[CELL] = frequency
    if size is not None:
        set_strength(size, epsilon)


def _predictions(
    chosen: list[Entry], waved: WavedPicture | None
) -> tuple[Callable[[], list[SamplePredictions]] | None, list[Predictor]]:
    """The rows; returns what counts flips, to be called last, and who predicts: nobody where nobody may in this run."""
    if waved is None:
        return None, []
    if not waved.possible:
        st.info("There are no predictions: the picture cannot carry this wave.")
        return None, []
    ready = ready_classifiers(waved.picture.class_set)
    if not ready:
        st.info(NONE_READY)
        return None, []
    if wait_for_first_paint():
        return None, []
    who = predictors([] if st.session_state[ALL_PREDICT] else chosen, ready)
    return draw_predictions(who, waved), who
