"""The visitor's own maps: *Compute a map*, a quick live one of bundled samples, and *Add a map*, from a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.data.sample_sets import SAMPLE_SETS, ClassSet, ImageDataset, usual_epsilon
from core.fourier.heatmap import MAX_SIZE, Heatmap
from core.fourier.waves import half_plane
from core.shared.files import ArchiveError
from core.shared.numbers import duration
from core.shared.text import file_stem, ordinal, sentence
from core.sweep.wave_sweep import SweepConfig, images_per_wave
from ui.components.maps.maps import draw_maps
from ui.maps.catalogue import Entry, add_map
from ui.maps.map_options import shown_maps
from ui.maps.predictions import PageState
from ui.server.cache import NONE_READY, classifier_for, job_manager, ready_classifiers
from ui.server.jobs import Job, QueueFull
from ui.server.limits import check_upload
from ui.server.streamlit_internals import session_id, tab_id
from ui.shared.downloads import download_button
from ui.shared.page_pictures import Picture, samples
from ui.shared.url import as_markdown

JOB, _KEPT = "sweep.job", "sweep.kept"
MAP_MB = 10  # of an uploaded heat map
UPLOADED, _LAST = "frequency.uploaded_map", "frequency.last_upload"
LIVE_SIZE = 31
QUICK_PREDICTIONS = 5_000  # of a map of samples, under waves
_REDRAW_SECONDS = 0.5
MAP_WIDTH = 360  # pixels of the live map: small enough to be visible with the controls above it
# Images per forward pass; fewer large ones, since a visitor can stop only between passes.
SMALL_SIDE, _BATCH, BATCH_OF_LARGE = 64, 64, 8


def sweep_panel(page: PageState) -> None:
    """Draw the controls of a sweep over sample pictures, and its progress; the page gets the finished map's label."""
    st.markdown(
        f"Compute a quick {LIVE_SIZE} × {LIVE_SIZE} map: each wave is tried on a few of the sample pictures. For "
        "larger maps, run `python -m core.sweep waves`."
    )
    job: Job | None = st.session_state.get(JOB)
    running = job is not None and job.active
    _settings(page.picture, disabled=running)
    if job is not None:
        st.fragment(_progress, run_every=_REDRAW_SECONDS if running else None)(page.on_new_map, page.chosen)


def sweep_is_running() -> bool:
    """Return True if this visitor's sweep is running, or has ended and its map is not stored yet."""
    job: Job | None = st.session_state.get(JOB)
    return job is not None and (job.active or st.session_state.get(_KEPT) != job.id)


def _settings(picture: Picture | None, *, disabled: bool) -> None:
    columns = st.columns([3, 3, 2], vertical_alignment="bottom")
    titles = {row.name: row.maps.get(row.dataset, row.title) for row in SAMPLE_SETS.values()}
    sets = {name: f"{title[0].upper()}{title[1:]}" for name, title in titles.items()}
    first = 0 if picture is None else list(sets).index(picture.sample_set)
    sample_set = columns[0].selectbox(
        "Pictures", list(sets), first, format_func=sets.__getitem__, key="sweep.images", disabled=disabled
    )
    dataset, classes = samples(sample_set), SAMPLE_SETS[sample_set].classes
    ready = {spec.name: spec.title for spec in ready_classifiers(classes.name)}
    if not ready:
        st.info(NONE_READY)
        return
    name = columns[1].selectbox(
        "Network", list(ready), format_func=ready.__getitem__, key="sweep.name", disabled=disabled
    )
    size = dataset.image_size
    epsilon = columns[2].number_input(
        "Strength", 0.0, 10 * usual_epsilon(size), usual_epsilon(size), key=f"sweep.v{size}", disabled=disabled
    )
    config = sweep_config(dataset, round(epsilon, 6))  # a step of the widget leaves 15.69999…
    left, right = st.columns([2, 7], vertical_alignment="center")
    if left.button("Compute a map", type="primary", icon=":material/play_arrow:", disabled=disabled):
        _start(name, classes, dataset, config)
    count = images_per_wave(len(dataset), config.fraction)
    waves = len(config.waves)
    right.caption(f"{count * waves:,} predictions: {waves} waves, each on {count} of {len(dataset)} pictures")


def sweep_config(dataset: ImageDataset, epsilon: float) -> SweepConfig:
    """Return the settings of a map in about `QUICK_PREDICTIONS` predictions."""
    fraction = min(1.0, QUICK_PREDICTIONS / (len(half_plane(LIVE_SIZE)) * len(dataset)))
    batch_size = _BATCH if dataset.image_size <= SMALL_SIDE else BATCH_OF_LARGE
    return SweepConfig(size=LIVE_SIZE, epsilon=epsilon, batch_size=batch_size, fraction=fraction)


def _start(name: str, classes: ClassSet, dataset: ImageDataset, config: SweepConfig) -> None:
    def work() -> Any:
        from core.sweep.grow import grow

        return grow(classifier_for(name, classes), dataset, config)

    about = {
        "what": "sweep",
        "classifiers": [name],
        "size": LIVE_SIZE,
        "images": len(dataset),
        "pixels": dataset.image_size,
    }
    try:
        job = job_manager().submit(work, owner=session_id(), total=len(config.waves) + 1, about=about, tab=tab_id())
    except QueueFull as error:
        st.error(str(error))
        return
    st.session_state[JOB] = job
    st.rerun()


def _progress(on_result: Callable[[str], None], shown: Sequence[Entry]) -> None:
    job: Job = st.session_state[JOB]
    job.beat()
    heatmap: Heatmap | None = job.latest
    if heatmap is not None and not (heatmap.count > 0).any():
        heatmap = None  # before its first wave
    with st.container(key="sweep-progress"):
        status, maps = st.columns([2, 3])
    with status:
        _status(job, heatmap, shown)
    with maps, st.container(key="sweep-maps"):
        if heatmap is not None and job.active:  # once it has ended, it is among the maps below
            _draw(heatmap)
    if not job.active and st.session_state.get(_KEPT) != job.id:
        st.session_state[_KEPT] = job.id
        if heatmap is not None:
            on_result(add_map(heatmap, origin="computed here"))
        st.rerun()


def _status(job: Job, heatmap: Heatmap | None, shown: Sequence[Entry]) -> None:
    """Draw the progress with a stop button, or the result with its place among the shown maps and its download."""
    if job.status == "queued":
        st.info(f"Waiting: number {job.position} in line.")
    elif job.active:
        left = job.seconds_left
        text = "First without a wave …" if heatmap is None else "Each cell fills in once its wave has been tried"
        time_left = "" if left is None else f"; {duration(max(1, left))} left"
        st.progress(min(1.0, job.done / (job.total or 1)), text + time_left)
    elif job.status == "failed":
        st.error(f"The map is not complete: {as_markdown(str(job.error))}")
    if job.active and st.button("Stop and keep the map", icon=":material/stop:"):
        job.stop()
        st.rerun()
    if job.status == "stopped" and heatmap is None:
        st.markdown("Stopped before the first wave.")
    if not job.active and heatmap is not None:
        ended = {"done": "Done", "overtime": "Stopped by this server’s time limit"}.get(job.status, "Stopped")
        index = next((k for k, entry in enumerate(shown, 1) if entry.heatmap.equals(heatmap)), None)
        where = (
            "It is among the maps under *Expert settings*" if index is None else f"It is the {ordinal(index)} map below"
        )
        st.markdown(f"{ended}. {where}.")
        stem = file_stem(f"{heatmap.metadata['classifier']['name']} {heatmap.metadata['dataset']['name']}")
        download_button("Download the map", heatmap.to_bytes, f"{stem}.npz", key="sweep.download")


def _draw(heatmap: Heatmap) -> None:
    """Draw the counts so far, or at the end the estimate."""
    title = "Counts so far" if heatmap.estimate is None else "This map"
    maps = shown_maps([Entry(title, heatmap)], "Top-1", "Error", LIVE_SIZE)
    with st.container(width=MAP_WIDTH, key="sweep-map"):
        draw_maps(maps, selected=(0, 0), key="sweep.live", on_select=lambda frequency: None)


def add_map_panel(page: PageState) -> None:
    """Draw the upload of a heat map's file; the page gets the label of each new map."""
    st.markdown(
        f"Add a heat map that you computed with `python -m core.sweep waves`: an `.npz` file of up to {MAP_MB} MB and "
        f"{MAX_SIZE} × {MAX_SIZE} cells."
    )
    file = st.file_uploader("Heat map file", type="npz", key=UPLOADED, max_upload_size=MAP_MB)
    if file is None or st.session_state.get(_LAST) == file.file_id:
        return
    st.session_state[_LAST] = file.file_id
    try:
        check_upload(file.getvalue(), MAP_MB)
        heatmap = Heatmap.from_bytes(file.getvalue(), name=f"“{file.name}”")
    except (ArchiveError, ValueError) as error:
        st.error(as_markdown(sentence(str(error))))
        return
    page.on_new_map(add_map(heatmap, origin="uploaded"))
