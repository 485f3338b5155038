"""Conversion of finished and running runs to replays for the browser. Does not import torch."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.registry import result_title, trained_for
from core.pgd.run import PGDRun, RunPlan, evenly_spaced
from core.pgd.search import Search, look_interval
from core.pgd.settings import SEARCH_WORDS
from ui.components.replay import Ranked, RunProgress, Track, pack_replay
from ui.maps.models import model_colour
from ui.runs.run_sentences import searched_title, target_of
from ui.shared.text import one_line

if TYPE_CHECKING:
    from core.pgd.steps import PGDState

MAX_BYTES = 6 * 2**20  # per classifier's frames, which the browser fetches
MAX_FRAMES = 121


def run_replay(
    runs: Sequence[PGDRun], *, id: str, live: RunProgress | None = None, classes: bool = True
) -> dict[str, Any]:
    """Return the replay of runs with the same start and frame steps; long runs are thinned, to download quickly.

    Args:
        id: unique to the result.
        live: progress of a paused or stopped run. classes: whether to list the most probable classes.
    """
    first = runs[0]
    frames = sampled_frames(len(first.frames), first.start.size)
    rows, searches = range(len(first.start)), {run.config.search for run in runs}
    tracks = [
        Track(
            frames=run.frames[frames],
            curve=run.curves["target_probability"],
            before=[_ranked(run, row, last=False) for row in rows if classes],
            after=[_ranked(run, row, last=True) for row in rows if classes],
            **_network(run.metadata["classifier"], run.config.search, searches),
        )
        for run in runs
    ]
    return pack_replay(
        tracks,
        to_uint8_planes(first.start),
        first.frame_steps[frames].tolist(),
        original=first.original,
        live=live,
        id=id,
        kind=first.metadata["kind"],
        targets=[target_of(first, row) for row in rows],
        steps=max(1, len(first.curves["loss"]) - 1) if live is None else first.config.steps,
        planned=first.config.steps,
    )


def live_replay(
    plan: RunPlan,
    names: Sequence[str],
    searches: Sequence[Search],
    moments: Sequence[Sequence[PGDState]],
    curves: Sequence[np.ndarray],
    *,
    id: str,
    live: RunProgress,
    classes: Sequence[tuple[Sequence[Ranked], Sequence[Ranked]]] = (),
) -> dict[str, Any]:
    """Return the newest moments of a run in progress, with its curves so far.

    Args:
        names, searches: of the classifiers; each classifier runs with each search.
        moments: lists of one state per run, at the same step; without any, the start is shown.
        curves: `Run.target_probability` per run; none before the first state.
        classes: `Run.top_classes` per run, a pair for the first and the newest state.
    """
    start = to_uint8_planes(plan.start)
    tracks = []
    for k, (name, search) in enumerate(itertools.product(names, searches)):
        frames, curve = start[None], np.zeros((0, len(start)), np.float32)
        if moments:
            frames = np.stack([to_uint8_planes(moment[k].images.cpu().numpy()) for moment in moments])
            curve = curves[k]
        before, after = classes[k] if classes else ([()] * len(start), ())
        tracks.append(
            Track(frames=frames, curve=curve, before=before, after=after, **_network({"name": name}, search, searches))
        )
    return pack_replay(
        tracks,
        start,
        [moment[0].step for moment in moments] or [0],
        original=plan.original,
        live=live,
        id=id,
        kind="generation" if plan.mask is None else "inpainting",
        targets=[one_line(target) for target in plan.targets],
        steps=plan.config.steps,
        planned=plan.config.steps,
    )


def _network(classifier: Mapping[str, Any], search: Search, searches: Collection[Search]) -> dict[str, Any]:
    """Return the texts about a classifier; one unknown here, since a file may contain any name, gets its name only.

    classifier: its metadata. search: of its run; searches: of all runs beside it.
    """
    name, network = classifier["name"], result_title(classifier, short=False)
    about = trained_for(name)
    if {*searches} != {"pixels"}:
        about = f"{SEARCH_WORDS[search]}{about and '. '}{about}"
    title = searched_title(network, search, searches)
    texts = {"title": title, "network": network, "colour": model_colour(name), "about": about}
    return {**texts, "every": look_interval(search)}


def sampled_frames(count: int, frame_bytes: int) -> np.ndarray:
    """Return evenly spaced indices of the frames to send, including both ends."""
    most = max(2, min(MAX_FRAMES, MAX_BYTES // max(1, frame_bytes)))
    return evenly_spaced(count, most)


def to_uint8_planes(images: np.ndarray) -> np.ndarray:
    """Convert (B, 3, H, W) in [0, 1] to uint8 with the rounding of pictures."""
    return np.rint(images * 255).astype(np.uint8)


def _ranked(run: PGDRun, row: int, *, last: bool) -> list[tuple[str, float]]:
    return [(one_line(name), share) for name, share in run.top_classes(row, last=last)]
