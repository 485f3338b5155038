"""*Run on this machine*: a small sweep over the samples or one picture, live, stoppable, kept beside the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import streamlit as st

from core import paper
from core.data.dataset import ImageDataset
from core.fourier.basis import half_plane, largest_side
from core.fourier.heatmap import Heatmap
from ui.components.heatmap import heatmap_view
from ui.maps.catalogue import Entry, add_map
from ui.maps.views import PROBABILITY, shown_maps
from ui.shared.job import Job
from ui.shared.jobs import QueueFull
from ui.shared.limits import limits
from ui.shared.model_cache import NONE_READY, classifier_for, ready_classifiers
from ui.shared.pictures import CLASS_SET_OF, Picture, samples
from ui.shared.server_jobs import current_owner, job_manager

JOB, KEPT = "sweep.job", "sweep.kept"
REDRAW_SECONDS = 0.5
IMAGES = {"cifar10": "CIFAR-10 samples", "photographs": "Photographs", "picture": "The picture chosen above"}
SIDES = (7, 15, 31, 63)
# By image size. Measuring the best one would take longer than many a small sweep.
BATCH_SIZES = {32: 64, 224: 8}


def sweep_panel(picture: Picture | None, on_result: Callable[[str], None]) -> None:
    """Controls of a small sweep, maybe over the chosen picture; `on_result` gets the label of each finished map."""
    st.markdown(
        "A small sweep of your own: over the bundled samples, or over the one picture chosen above, where every cell "
        "becomes the probability of its class. The result appears beside the other maps and can be downloaded. Full "
        "sweeps, on CPU, one GPU or many, are a job for `python -m core.sweep`."
    )
    job: Job | None = st.session_state.get(JOB)
    running = job is not None and job.active
    _settings(picture, disabled=running)
    if job is not None:
        st.fragment(_progress, run_every=REDRAW_SECONDS if running else None)(on_result)


def _settings(picture: Picture | None, *, disabled: bool) -> None:
    columns = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    first = 1 if picture is not None and picture.class_set == "imagenet" else 0
    kind = columns[0].selectbox(
        "Images", list(IMAGES), first, format_func=IMAGES.__getitem__, key="sweep.images", disabled=disabled
    )
    data = _dataset(kind, picture)
    if data is None:
        st.info("Choose a picture above, and for your own picture its true class, to sweep over it.")
        return
    dataset, class_set = data
    ready = {spec.name: spec.title for spec in ready_classifiers(class_set)}
    if not ready:
        st.info(NONE_READY)
        return
    name = columns[1].selectbox(
        "Classifier", list(ready), format_func=ready.__getitem__, key="sweep.name", disabled=disabled
    )
    most, largest = limits().sweep_predictions, largest_side(dataset.image_size, dataset.image_size)
    sides = [side for side in SIDES if side <= largest and len(half_plane(side)) * len(dataset) <= most]
    if not sides:
        st.info(f"These images are too many for a sweep here: this server allows {most:,} predictions.")
        return
    side = columns[2].selectbox(
        "Side", sides, format_func=lambda side: f"{side} × {side}", key="sweep.side", disabled=disabled
    )
    paper_v = paper.EPSILON[dataset.image_size]
    epsilon = columns[3].number_input(
        "Strength v", 0.0, 10 * paper_v, paper_v, key=f"sweep.v{dataset.image_size}", disabled=disabled
    )
    waves, images = len(half_plane(side)), len(dataset)
    left, right = st.columns([1, 4], vertical_alignment="center")
    if left.button("Start the sweep", type="primary", icon=":material/play_arrow:", disabled=disabled):
        _start(name, class_set, dataset, side, epsilon)
    right.caption(
        f"{waves:,} waves × {images} image{'s' if images > 1 else ''} = {waves * images:,} predictions (at most "
        f"{most:,} on this server, in up to {limits().run_seconds / 60:,.0f} minutes)"
    )


def _dataset(kind: str, picture: Picture | None) -> tuple[ImageDataset, str] | None:
    """The images to sweep over and their class set; None without a picture that has a true class."""
    if kind != "picture":
        return samples(kind), CLASS_SET_OF[kind]
    if picture is None or picture.label is None:
        return None
    pixels, labels = picture.pixels[None], np.array([picture.label])
    return ImageDataset("one picture", "test", pixels, labels, picture.classes, picture.caption), picture.class_set


def _start(name: str, class_set: str, dataset: ImageDataset, side: int, epsilon: float) -> None:
    from core.sweep.cells import SweepConfig

    config = SweepConfig(side=side, epsilon=epsilon, batch_size=BATCH_SIZES[dataset.image_size])

    def work() -> Any:
        from core.sweep.maps import growing_heatmaps

        return growing_heatmaps(classifier_for(name, class_set), dataset, config)

    about = {"what": "sweep", "classifiers": [name], "side": side, "images": len(dataset), "pixels": dataset.image_size}
    try:
        job = job_manager().submit(work, owner=current_owner(), total=len(config.waves) + 1, about=about)
    except QueueFull as error:
        st.error(str(error))
        return
    st.session_state[JOB] = job
    st.rerun()


def _progress(on_result: Callable[[str], None]) -> None:
    job: Job = st.session_state[JOB]
    job.beat()
    if job.status == "queued":
        st.info(f"Waiting: {job.position} in line.")
    elif job.active:
        left = "" if job.seconds_left is None else f", about {job.seconds_left:.0f} s left"
        st.progress(job.done / (job.total or 1), f"{job.done} of {job.total} waves{left}")
    elif job.status == "failed":
        st.error(f"The sweep ended early: {job.error}")
    elif job.status in ("stopped", "abandoned", "overtime"):
        why = "Stopped by this server’s limit of time" if job.status == "overtime" else "Stopped"
        st.info(f"{why} after {job.done} of {job.total} waves; what was computed is shown.")
    if job.active and st.button("Stop the sweep", icon=":material/stop:"):
        job.stop()
        st.rerun()
    if job.active and job.latest is not None:
        _draw(job.latest)
    if not job.active and st.session_state.get(KEPT) != job.id:
        st.session_state[KEPT] = job.id
        if job.latest is not None and (job.latest.count > 0).any():
            on_result(add_map(job.latest, origin="computed here"))
        st.rerun()


def _draw(heatmap: Heatmap) -> None:
    """The map so far."""
    metric = PROBABILITY if heatmap.metadata["dataset"]["n"] == 1 else "Top-1"
    shown = shown_maps([Entry("So far", heatmap)], metric, "Error", heatmap.side)
    heatmap_view(
        shown.views,
        selected=(0, 0),
        value_range=shown.value_range,
        colormap=shown.colormap,
        key="sweep.live",
        on_select=lambda frequency: None,
    )
