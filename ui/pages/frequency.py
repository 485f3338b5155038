"""Page *Frequency sensitivity*: Fourier heat maps side by side, and what the chosen wave does."""

from __future__ import annotations

import re

import numpy as np
import streamlit as st

from core.fourier.analysis import difference, minus_clean, mismatches
from core.fourier.heatmap import Heatmap, HeatmapError
from ui.components.heatmap import MapView, heatmap_view
from ui.maps.catalogue import Entry, add_map, entries
from ui.maps.cell_panel import cell_panel
from ui.maps.downloads import map_downloads
from ui.maps.provenance import provenance
from ui.maps.radial_chart import radial_chart
from ui.maps.stories import STORIES, Story
from ui.maps.sweep_panel import sweep_panel
from ui.shared.text import as_markdown

# Everything this page keeps for a visitor. The first four stand in its address as well, as does `cell`.
MAPS, TOP, SHOW, CROP = "maps", "metric", "show", "crop"
CELL = "frequency.cell"
UPLOADED, STORY, PENDING = "frequency.uploaded_map", "frequency.story", "frequency.pending_map"

METRICS = {"Top-1": 1, "Top-5": 5}
PROBABILITY = "Probability"
SHOWS = ("Error", "Minus clean", "Difference")
CROPS = {"31 × 31": 31, "63 × 63": 63, "Full": 1023}
LARGEST = 511
MOST_MAPS = 4


def page() -> None:
    """Draw the page."""
    _restore()
    st.title("Which frequencies does CLIP rely on?")
    st.markdown(
        "Each cell of a **Fourier heat map** is one wave. Its colour is how often a classifier errs when that wave is "
        "added to every test image: slow waves in the middle, fast ones outside. **Click a cell** to see the wave, "
        "what it does to a picture, and how each classifier's answer changes."
    )
    _stories()
    available = entries()
    chosen = _controls(available)
    if not chosen:
        st.info("Choose at least one map above.")
        return
    _maps(chosen)
    finish = cell_panel(st.session_state[CELL])
    rings, origins = st.columns([3, 2], gap="large")
    with rings:
        radial_chart(chosen, top=METRICS.get(st.session_state[TOP], 1), selected=st.session_state[CELL])
    with origins:
        provenance(chosen)
        map_downloads(chosen)
    sweep_panel(on_result=_show_new_map)
    finish()


def _restore() -> None:
    """The chosen wave: from this visit, else from the page's address, else the first story's."""
    if label := st.session_state.pop(PENDING, None):
        st.session_state[MAPS] = [*st.session_state.get(MAPS, []), label][-MOST_MAPS:]
        if entries()[label].heatmap.metadata["dataset"]["n"] == 1:
            # One image is right or wrong; its probability says more.
            st.session_state[TOP] = PROBABILITY
    if CELL not in st.session_state:
        st.session_state[CELL] = _parse_cell(st.query_params.get("cell", "")) or STORIES[0].frequency
    text = "{},{}".format(*st.session_state[CELL])
    if st.query_params.get("cell") != text:
        st.query_params["cell"] = text


def _parse_cell(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"(-?\d{1,3}),(-?\d{1,3})", text)
    cell = (int(found[1]), int(found[2])) if found else None
    return cell if cell and max(map(abs, cell)) <= LARGEST else None


def _select(frequency: tuple[int, int]) -> None:
    st.session_state[CELL] = frequency


def _stories() -> None:
    told = next((story for story in STORIES if story.title == st.session_state.get(STORY)), STORIES[0])
    with st.container(horizontal=True):
        for story in STORIES:
            kind = "primary" if story is told else "secondary"
            st.button(
                story.title,
                help=story.body,
                on_click=_tell,
                args=(story,),
                type=kind,
                key=f"story {story.title}",
            )
    st.caption(f"**{told.title}.** {told.body}")


def _tell(story: Story) -> None:
    known = entries()
    st.session_state[STORY] = story.title
    st.session_state[MAPS] = [label for label in story.maps if label in known]
    st.session_state[SHOW] = story.show
    st.session_state[TOP] = "Top-1"
    st.session_state[CELL] = story.frequency
    st.session_state["pictures"] = story.pictures


def _controls(available: dict[str, Entry]) -> list[Entry]:
    """The row of controls; returns the chosen maps, in order."""
    default = [label for label in STORIES[0].maps if label in available]
    labels = st.multiselect(
        "Maps", list(available), default=default, key=MAPS, bind="query-params", max_selections=MOST_MAPS
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.segmented_control(
            "Metric", [*METRICS, PROBABILITY], default="Top-1", key=TOP, required=True, bind="query-params"
        )
        st.segmented_control("Show", SHOWS, default="Error", key=SHOW, required=True, bind="query-params")
        st.segmented_control("Crop", list(CROPS), default="63 × 63", key=CROP, required=True, bind="query-params")
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


def _views(chosen: list[Entry]) -> tuple[list[MapView], tuple[float, float], str]:
    """What the maps show: values in per cent, their shared range, and the colour map."""
    metric, show, crop = st.session_state[TOP], st.session_state[SHOW], CROPS[st.session_state[CROP]]
    maps = [(entry, entry.heatmap.crop(crop)) for entry in chosen]
    if metric == PROBABILITY:
        return [_probability_view(entry, heatmap) for entry, heatmap in maps], (0, 100), "viridis"
    top = METRICS[metric]
    if show == "Difference" and len(maps) > 1:
        view = _difference_view(maps, top)
        return [view], _symmetric([view]), "vik"
    if show == "Minus clean":
        views = [_minus_clean_view(entry, heatmap, top) for entry, heatmap in maps]
        return views, _symmetric(views), "vik"
    views = []
    for entry, heatmap in maps:
        low, high = heatmap.interval(top)
        rate = heatmap.rate(top)
        views.append(MapView(_title(entry), entry.subtitle, 100 * rate, 100 * low, 100 * high, f"top-{top} error"))
    return views, (0, 100), "viridis"


def _title(entry: Entry) -> str:
    return entry.label.split(" · ")[0]


def _probability_view(entry: Entry, heatmap: Heatmap) -> MapView:
    values = heatmap.true_probability
    subtitle = entry.subtitle if values is not None else f"{entry.subtitle} · probabilities not published"
    shown = np.full(heatmap.count.shape, np.nan) if values is None else 100 * values
    return MapView(_title(entry), subtitle, shown, value_label="probability of the true class")


def _minus_clean_view(entry: Entry, heatmap: Heatmap, top: int) -> MapView:
    found = minus_clean(heatmap, top)
    if found is None:
        unknown = np.full(heatmap.count.shape, np.nan)
        return MapView(_title(entry), entry.subtitle, unknown, value_label="rise of error")
    low, high = found.interval
    return MapView(_title(entry), entry.subtitle, 100 * found.value, 100 * low, 100 * high, f"rise of top-{top} error")


def _difference_view(maps: list[tuple[Entry, Heatmap]], top: int) -> MapView:
    (first, map_a), (second, map_b) = maps[:2]
    found = difference(map_a, map_b, top)
    low, high = found.interval
    return MapView(
        f"{_title(first)} minus {_title(second)}",
        "brown: the first errs more · blue: the second errs more",
        100 * found.value,
        100 * low,
        100 * high,
        f"difference of top-{top} error",
    )


def _symmetric(views: list[MapView]) -> tuple[float, float]:
    """A range around zero, to the next ten, that holds all values."""
    largest = max((np.nanmax(np.abs(view.values)) for view in views if np.isfinite(view.values).any()), default=10.0)
    end = max(10.0, float(np.ceil(largest / 10) * 10))
    return -end, end


def _maps(chosen: list[Entry]) -> None:
    show, metric = st.session_state[SHOW], st.session_state[TOP]
    views, value_range, colormap = _views(chosen)
    heatmap_view(
        views,
        selected=st.session_state[CELL],
        value_range=value_range,
        colormap=colormap,
        unit="%" if colormap == "viridis" else "points",
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
