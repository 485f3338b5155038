"""*Compute a map*: a live map that sharpens until stopped, or the exact map of one picture; the result is kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from core.data.provenance import device_text
from core.data.sample_sets import usual_epsilon
from core.fourier.basis import half_plane
from core.fourier.maps.heatmap import Heatmap
from ui.components.heatmap import heatmap_view
from ui.maps.catalogue import Entry, add_map
from ui.maps.files import file_stem
from ui.maps.views import shown_maps
from ui.server.job import Job
from ui.server.jobs import QueueFull
from ui.server.limits import limits
from ui.server.model_cache import NONE_READY, classifier_for
from ui.server.server_jobs import current_owner, job_manager
from ui.shared.downloads import download_button
from ui.shared.pictures import Picture
from ui.shared.text import as_markdown
from ui.sweeps.images import SweepImages, chosen_images, image_kinds
from ui.sweeps.sharpening import FIRST_IMAGES, SIDE, Sharpening, script_command, sharpening, sweep_options

JOB, KEPT, SCRIPT = "sweep.job", "sweep.kept", "sweep.script"
REDRAW_SECONDS = 0.5
MAP_WIDTH = 360  # pixels of the live map: small enough to be visible with the controls above it
# Images per forward pass; fewer large ones, since a visitor can stop only between passes.
SMALL_SIDE, BATCH, BATCH_OF_LARGE = 64, 64, 8


def sweep_panel(picture: Picture | None, on_result: Callable[[str], None]) -> None:
    """Draw the controls of a sweep over a data set or the chosen picture; `on_result` gets a finished map's label."""
    st.markdown(
        f"Compute a {SIDE} × {SIDE} map of a data set, or the exact map of the picture above. The map is complete "
        "after the first round over all waves and gets sharper with every further round. Stop when it is sharp enough; "
        "`python -m core.sweep` resumes from the file."
    )
    job: Job | None = st.session_state.get(JOB)
    running = job is not None and job.active
    _settings(picture, disabled=running)
    if job is not None:
        st.fragment(_progress, run_every=REDRAW_SECONDS if running else None)(on_result)


def sweep_is_running() -> bool:
    """Return whether this visitor's sweep is running, or has ended and its map is not stored yet."""
    job: Job | None = st.session_state.get(JOB)
    return job is not None and (job.active or st.session_state.get(KEPT) != job.id)


def _settings(picture: Picture | None, *, disabled: bool) -> None:
    columns = st.columns([3, 3, 2], vertical_alignment="bottom")
    kinds = image_kinds()
    first = 0 if picture is None else list(kinds).index(picture.kind)
    kind = columns[0].selectbox(
        "Images", list(kinds), first, format_func=kinds.__getitem__, key="sweep.images", disabled=disabled
    )
    chosen = chosen_images(kind, picture)
    if isinstance(chosen, str):
        st.info(chosen)
        return
    ready = {spec.name: spec.title for spec in chosen.classifiers()}
    if not ready:
        st.info(NONE_READY)
        return
    name = columns[1].selectbox(
        "Classifier", list(ready), format_func=ready.__getitem__, key="sweep.name", disabled=disabled
    )
    size, images = chosen.dataset.image_size, len(chosen.dataset)
    epsilon = columns[2].number_input(
        "Strength v", 0.0, 10 * usual_epsilon(size), usual_epsilon(size), key=f"sweep.v{size}", disabled=disabled
    )
    waves, most = len(half_plane(SIDE)), limits().sweep_predictions
    if waves * images > most:
        st.info(
            f"{waves} waves × {images:,} images are too many: this server allows {most:,} predictions "
            "a sweep. Choose fewer images, or use the script."
        )
        return
    left, right = st.columns([2, 7], vertical_alignment="center")
    if left.button("Compute a map", type="primary", icon=":material/play_arrow:", disabled=disabled):
        _start(name, chosen, round(epsilon, 6))  # a step of the widget leaves 15.69999…
    estimate = (
        f"{waves * images:,} predictions unless you stop it; the first round uses {min(images, FIRST_IMAGES)} images "
        f"per wave. This server allows {most:,} in up to {limits().run_seconds / 60:,.0f} minutes."
    )
    right.caption(f"{waves} predictions" if chosen.script is None else estimate)


def _start(name: str, chosen: SweepImages, epsilon: float) -> None:
    from core.sweep.loop.config import SweepConfig

    dataset, exact = chosen.dataset, chosen.script is None
    options: dict[str, Any] = {} if exact else sweep_options(len(dataset))
    batch_size = BATCH if dataset.image_size <= SMALL_SIDE else BATCH_OF_LARGE
    config = SweepConfig(side=SIDE, epsilon=epsilon, batch_size=batch_size, **options)

    def work() -> Any:
        from core.sweep.maps import growing_heatmaps

        maps = growing_heatmaps(classifier_for(name, chosen.classes), dataset, config)
        return maps if exact else sharpening(maps)

    total = len(config.waves) + 1 if exact else None
    about = {"what": "sweep", "classifiers": [name], "side": SIDE, "images": len(dataset), "pixels": dataset.image_size}
    try:
        job = job_manager().submit(work, owner=current_owner(), total=total, about=about)
    except QueueFull as error:
        st.error(str(error))
        return
    st.session_state[JOB], st.session_state[SCRIPT] = job, chosen.script
    st.rerun()


def _progress(on_result: Callable[[str], None]) -> None:
    job: Job = st.session_state[JOB]
    job.beat()
    state: Sharpening | Heatmap | None = job.latest  # a `Heatmap` for one picture
    status, maps = st.columns([2, 3])
    with status:
        _status(job, state)
    with maps, st.container(key="sweep-maps"):
        if state is not None:
            _draw(state)
    if not job.active and st.session_state.get(KEPT) != job.id:
        st.session_state[KEPT] = job.id
        if state is not None and (_heatmap(state).count > 0).any():
            on_result(add_map(_heatmap(state), origin="computed here"))
        st.rerun()


def _status(job: Job, state: Sharpening | Heatmap | None) -> None:
    """Draw the progress with a stop button, or the result with its download."""
    if job.status == "queued":
        st.info(f"Waiting: position {job.position} in line.")
    elif job.active and isinstance(state, Sharpening):
        st.progress(min(1.0, state.share), progress_text(state))
    elif job.active:
        st.progress(min(1.0, job.done / (job.total or 1)), "The first predictions…" if state is None else "All waves…")
    elif job.status == "failed":
        st.error(f"The sweep ended early: {as_markdown(str(job.error))}")
    if job.active and st.button("Stop and keep the map", icon=":material/stop:"):
        job.stop()
        st.rerun()
    if not job.active and state is not None:
        ended = {"done": "Done", "overtime": "Stopped by this server’s time limit"}.get(job.status, "Stopped")
        summary = f"{ended}: {progress_text(state)}" if isinstance(state, Sharpening) else ended
        st.markdown(f"{summary}. The map is also among the others above.")
        _take_along(_heatmap(state))


def _heatmap(state: Sharpening | Heatmap) -> Heatmap:
    return state.heatmap if isinstance(state, Sharpening) else state


def progress_text(state: Sharpening) -> str:
    """Describe the map's progress, its precision, and the time to the next point."""
    heatmap = state.heatmap
    counts = heatmap.count[heatmap.count > 0]
    if not state.rounds:
        waves = sum(heatmap.count[i + SIDE // 2, j + SIDE // 2] > 0 for i, j in half_plane(SIDE))
        return f"first round, {waves} of {len(half_plane(SIDE))} waves"
    text = f"{counts.min():,} of {heatmap.metadata['dataset']['n']:,} images under every wave, "
    text += f"the estimate is precise to ± {state.rounds[-1].half_width:.1f} points (95 %, mean over the cells)"
    if state.next_point is not None:
        target, seconds = state.next_point
        text += f"; ± {target} in about {max(1, round(seconds))} s"
    return text


def _take_along(heatmap: Heatmap) -> None:
    """Draw the device that computed the map, its download, and the command that resumes it."""
    st.caption(f"Computed on {as_markdown(device_text(heatmap.metadata['source']))}.")
    stem = file_stem(f"{heatmap.metadata['classifier']['name']} {heatmap.metadata['dataset']['name']}")
    download_button("Download the map", heatmap.to_bytes, f"{stem}.npz", key="sweep.download")
    script = st.session_state.get(SCRIPT)
    if script:
        st.caption("Save it as `map.npz`, and this command resumes until it is precise to one point:")
        st.code(script_command(heatmap, script), language=None, wrap_lines=True)


def _draw(state: Sharpening | Heatmap) -> None:
    """Draw one picture's probabilities, or the last round's estimate, or before the first estimate the counts."""
    if isinstance(state, Heatmap):
        maps = shown_maps([Entry("Exact", state)], "Probability", "Error", SIDE)
    elif state.estimated is not None:
        maps = shown_maps([Entry("So far", state.estimated)], "Top-1", "Estimate", SIDE)
    else:
        maps = shown_maps([Entry("Counts so far", state.heatmap)], "Top-1", "Error", SIDE)
    with st.container(width=MAP_WIDTH, key="sweep-map"):
        heatmap_view(maps, selected=(0, 0), key="sweep.live", on_select=lambda frequency: None)
