"""From runs, finished or in progress, to what the browser replays. Does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from core.classifiers.registry import classifier_title, trained_for
from core.runs.file import PGDRun
from core.runs.plan import RunPlan
from ui.components.replay import Progress, Track, pack_replay
from ui.maps.models import model_colour
from ui.runs.words import first_sure, live_verdict, run_title, target_of, verdict
from ui.shared.text import one_line
from ui.shared.url import card_link

if TYPE_CHECKING:
    from core.pgd.steps import PGDState

MAX_BYTES = 6 * 2**20  # of one classifier's frames: a browser has to fetch them
MAX_FRAMES = 121
LABELS = {"inpainting": ("corrupted", "reconstruction"), "generation": ("start", "picture")}


def run_replay(
    runs: Sequence[PGDRun], *, id: str, live: Progress | None = None, cards: bool = True, classes: bool = True
) -> dict[str, Any]:
    """Runs of the same start and the same frame steps; of long ones as many frames as are quickly sent.

    Args:
        id: another one for another result.
        live: for a run that is paused. cards: whether to link to the classifiers' cards. classes: whether to list the
            likeliest.
    """
    first = runs[0]
    kept = kept_frames(len(first.frames), first.start.size)
    steps = first.frame_steps[kept]
    rows = range(len(first.start))
    tracks = [
        Track(
            title=run_title(run),
            frames=run.frames[kept],
            verdicts=[[verdict(run, row, int(frame)) for row in rows] for frame in kept],
            probability=run.curves["target_probability"],
            loss=run.curves["loss"],
            change=run.curves["perturbation_norm"],
            values=np.stack([run.curves[name][steps] for name in ("target_probability", "loss", "perturbation_norm")]),
            before=[_ranked(run, row, last=False) for row in rows if classes],
            after=[_ranked(run, row, last=True) for row in rows if classes],
            colour=model_colour(run.metadata["classifier"]["name"]),
            sure=[first_sure(run, row) for row in rows],
            about=trained_for(run.metadata["classifier"]["name"]),
            card=_card(run.metadata["classifier"]["name"]) if cards else "",
        )
        for run in runs
    ]
    done = len(first.curves["loss"]) - 1
    return pack_replay(
        tracks,
        to_uint8_planes(first.start),
        steps.tolist(),
        id=id,
        kind=first.metadata["kind"],
        targets=[target_of(first, row) for row in rows],
        steps=max(1, done) if live is None else first.config.steps,
        budget=f"{first.config.epsilon:.3g}",
        labels=LABELS[first.metadata["kind"]],
        original=first.original,
        live=live,
    )


def live_replay(
    plan: RunPlan,
    names: Sequence[str],
    moments: Sequence[Sequence[PGDState]],
    curves: Sequence[dict[str, np.ndarray]],
    *,
    id: str,
    live: Progress,
) -> dict[str, Any]:
    """The newest moments of a run in progress, with its curves so far.

    Args:
        names: of the classifiers.
        moments: a state for each classifier, of the same step; if there are none, the start is shown.
        curves: of `Run.curves`, one for each classifier; none before the first state.
    """
    kind = "generation" if plan.mask is None else "inpainting"
    start, batch = to_uint8_planes(plan.start), len(plan.start)
    targets = [one_line(target) for target in plan.targets]
    tracks = []
    for k, name in enumerate(names):
        title = one_line(classifier_title(name))
        if not moments:
            frames, values, sentences = start[None], np.zeros((3, 0, batch)), [[""] * batch]
            probability = loss = change = np.zeros((0, 1), dtype=np.float32)
        else:
            states = [moment[k] for moment in moments]
            frames = np.stack([to_uint8_planes(state.images.cpu().numpy()) for state in states])
            values = np.stack([_shown_numbers(state) for state in states], axis=1)
            sentences = [
                [live_verdict(title, targets[row], float(values[0, n, row]), state.step) for row in range(batch)]
                for n, state in enumerate(states)
            ]
            probability, loss, change = (
                curves[k][one][:, None] for one in ("target_probability", "loss", "perturbation_norm")
            )
        none = [()] * batch
        about, card = trained_for(name), _card(name)
        colour = model_colour(name)
        track = Track(
            title, frames, sentences, probability, loss, change, values, none, none, colour, about=about, card=card
        )
        tracks.append(track)
    return pack_replay(
        tracks,
        start,
        [moment[0].step for moment in moments] or [0],
        id=id,
        kind=kind,
        targets=targets,
        steps=plan.config.steps,
        budget=f"{plan.config.epsilon:.3g}",
        labels=LABELS[kind],
        original=plan.original,
        live=live,
    )


def _card(name: str) -> str:
    """The link to a classifier's card; a file may name one that is not known here, in any text."""
    return card_link(name) if trained_for(name) else ""


def kept_frames(count: int, frame_bytes: int) -> np.ndarray:
    """Indices of the frames to be sent, evenly spaced, with both ends."""
    most = max(2, min(MAX_FRAMES, MAX_BYTES // max(1, frame_bytes)))
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def to_uint8_planes(images: np.ndarray) -> np.ndarray:
    """(B, 3, H, W) in [0, 1] -> uint8, rounded as pictures are."""
    return np.rint(images * 255).astype(np.uint8)


def _shown_numbers(state: PGDState) -> np.ndarray:
    """(3, B): target probability, loss and change."""
    shown = state.target_probability, state.loss, state.perturbation_norm
    return np.stack([one.cpu().numpy() for one in shown])


def _ranked(run: PGDRun, row: int, *, last: bool) -> list[tuple[str, float]]:
    return [(one_line(name), share) for name, share in run.top_classes(row, last=last)]
