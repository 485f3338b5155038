"""Stored and running runs as data of the replay, and the stored examples that pages open with. No torch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title, result_title, short_title
from core.data.holes import hole_alone
from core.data.sample_sets import SampleSet
from core.data.stored import cached_by_files
from core.data.words import everyday_name
from core.pgd.examples import row_of, stored_subjects
from core.pgd.live import MAX_FRAMES
from core.pgd.methods import COMPARED, METHODS, PAPER, MethodName
from core.pgd.painting import Painting
from core.pgd.picture_outcomes import Judgement
from core.pgd.plan import RunPlan
from core.pgd.record import PGDRun, evenly_spaced, is_about
from core.pgd.settings import Task
from core.pgd.starts import MADE_STARTS, STARTS
from core.pgd.views import MIN_CROP_SIZE
from core.shared.files import ArchiveError
from core.shared.numbers import duration
from ui.components.replay.replay import Caption, RunProgress, Track, pack_replay, with_tries
from ui.runs.second_opinion import guess, judgement_of, second_opinion, to_be_exact
from ui.runs.settings import MAX_CLASSIFIERS, first_choice
from ui.runs.state import RunResult, run_state
from ui.server.cache import ready_classifiers
from ui.shared import url
from ui.shared.page_pictures import samples
from ui.shared.url import one_line

if TYPE_CHECKING:
    from core.pgd.steps import PGDState

MAX_REPLAY_BYTES = 6 * 2**20  # per classifier's frames, which the browser fetches
# Titles of the pictures of each method.
METHOD_TITLES: dict[MethodName, str] = {name: row.title for name, row in METHODS.items()}
EXAMPLE = "A stored example, made like your own runs."


def role(title: str, method: str, pairs: Sequence[tuple[str, str]]) -> str:
    """Return the role of a network's picture: its method, and its network if those in `pairs` differ."""
    titles, methods = map(set, zip(*pairs, strict=True))
    return ": ".join([title] * (len(titles) > 1) + [method] * (len(titles) < 2 or len(methods) > 1))


def painter_of(title: str, titles: Sequence[str]) -> str:
    """Return what a network is called next to its picture: its title if there are others."""
    return title if len({*titles}) > 1 else "The painter"


def run_title(run: PGDRun, runs: Sequence[PGDRun] = ()) -> str:
    """Return the role of a run among all runs displayed with it."""
    pairs = [
        (result_title(other.metadata["classifier"]), METHOD_TITLES[other.config.method.name]) for other in (run, *runs)
    ]
    return role(*pairs[0], pairs)


def target_of(run: PGDRun, row: int) -> str:
    """Return the target of image `row` in the visitor's word, if it was one, else as its class is called."""
    texts = run.metadata.get("words", [])
    known = run.metadata["class_names"][run.metadata["targets"][row]]
    return one_line(texts[row] if len(texts) == len(run.start) else known)


def run_replay(
    runs: Sequence[PGDRun], *, id: str, live: RunProgress | None = None, own: bool = False, brief: bool = False
) -> dict[str, Any]:
    """Return the replay of runs with the same start and frame steps; long runs are thinned, to download quickly.

    Args:
        id: unique to the result. live: progress of a stopped run.
        own: True for the visitor's runs, which a second network judges now; stored ones have been judged.
        brief: True for one short sentence on what it sees; a page then says in its text that it saw only the hole.
    """
    first = runs[0]
    frames = sampled_frames(len(first.frames), first.start.size)
    tracks = [
        Track(_caption(run, runs, own, brief), run.frames[frames], run.curves["target_probability"]) for run in runs
    ]
    return pack_replay(
        tracks,
        to_uint8_planes(first.start),
        first.frame_steps[frames].tolist(),
        original=first.original if len(first.start) > 1 else None,
        live=live,
        id=id,
        **_layout(first.start, first.mask, first.metadata["images"]),
        targets=[everyday_name(target_of(first, row)) for row in range(len(first.start))],
        steps=first.config.steps,
        note=f"Your run, painted in {duration(_seconds(runs))}." if own and live is None else "",
    )


def _seconds(runs: Sequence[PGDRun]) -> float:
    """Return how long runs took that ran together, at least one second."""
    return max(1.0, *(run.metadata["source"].get("wall_seconds", 0.0) for run in runs))


def tries_replay(result: RunResult, packed: dict[str, Any]) -> dict[str, Any]:
    """Return the packed replay of the chosen try with all tries and a second network's predictions."""
    says = [("", False) if judgement is None else guess(judgement, 0) for judgement in judged_tries(result)]
    frames = np.stack([runs[-1].frames[-1, 0] for runs in result.tries])[None]
    origins = [runs[0].metadata["images"] for runs in result.tries]
    return with_tries(packed, frames, result.chosen, says, result.picked, _titles(origins))


def _titles(origins: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the titles of tries' starts; none if all have the same."""
    starts = [STARTS[origin["start"]].label for origin in origins if origin.get("start") in STARTS]
    return starts if len({*starts}) > 1 else []


def judged_tries(result: RunResult) -> list[Judgement | None]:
    """Return what a second network says of each try."""
    drew = {run.metadata["classifier"]["name"] for run in result.runs}
    return [judgement_of(runs[-1], drew) for runs in result.tries]


def live_replay(
    plan: RunPlan,
    runs: Sequence[tuple[str, MethodName]],
    moments: Sequence[Sequence[PGDState]],
    curves: Sequence[np.ndarray],
    *,
    id: str,
    live: RunProgress,
) -> dict[str, Any]:
    """Return the newest moments of a run in progress, with its curves so far.

    Args:
        runs: the classifier's name and the method of each.
        moments: lists of one state per run, at the same step; without any, the start is shown. Of several tries the
            first is large.
        curves: `Run.target_probability` per run; none before the first state.
    """
    starts, rows = to_uint8_planes(plan.start), slice(1 if plan.seeds else None)
    start = starts[rows]
    pairs = [(short_title(classifier_title(name)), METHOD_TITLES[method]) for name, method in runs]
    tracks, frames = [], starts[None]
    for k, (title, method) in enumerate(pairs):
        curve = np.zeros((0, len(start)), np.float32)
        if moments:
            frames = np.stack([to_uint8_planes(moment[k].images.cpu().numpy()) for moment in moments])
            curve = curves[k][:, rows]
        no_predictions = [""] * len(start), [False] * len(start)
        caption = Caption(role(title, method, pairs), *no_predictions, painter_of(title, [other for other, _ in pairs]))
        tracks.append(Track(caption, frames[:, rows], curve))
    data = pack_replay(
        tracks,
        start,
        [moment[0].step for moment in moments] or [0],
        live=live,
        id=id,
        **_layout(plan.start, plan.mask, plan.images),
        targets=[everyday_name(one_line(str(target))) for target in plan.targets[rows]],
        steps=plan.config.steps,
    )
    origins = plan.images.get("origins", [])
    return with_tries(data, frames, 0, titles=_titles(origins)) if plan.seeds else data


def _layout(start: np.ndarray, mask: np.ndarray | None, images: Mapping[str, Any]) -> dict[str, Any]:
    """Return the layout of a run's pictures: a drawing from grey has no comparison with its start."""
    large, border = start.shape[-1] >= MIN_CROP_SIZE, 0.0 if images.get("start") in MADE_STARTS else 50.0
    alone = None
    if mask is not None and mask.any():
        width = start.shape[-1]
        border = 100 * float(mask.nonzero()[-1].mean() + 0.5) / width  # the hole's middle
        if large and len(start) == 1:
            square = hole_alone(np.arange(width**2).reshape(width, width), mask.reshape(1, width, width))
            alone = [int(square[0, 0]) % width, int(square[0, 0]) // width, len(square)]
    return {"lead": large, "border": border, "alone": alone}


def _caption(run: PGDRun, runs: Sequence[PGDRun], own: bool, brief: bool) -> Caption:
    rows, title = range(len(run.start)), run_title(run, runs)
    judgement = judgement_of(run, {other.metadata["classifier"]["name"] for other in runs}, live=own)
    texts, ticks = [""] * len(rows), [False] * len(rows)
    for row in rows:
        if judgement is not None and judgement.says:
            seen, target = (replace(judgement, hole_alone=False), "") if brief else (judgement, target_of(run, row))
            texts[row], ticks[row] = second_opinion(seen, row, target)
        if own and run.mask is not None and run.config.method.views is not None and texts[row] and not ticks[row]:
            texts[row] += " Try a larger hole, or four at once."
        if own and not brief:
            texts[row] = f"{to_be_exact(run, row)} {texts[row]}".strip()
    names = [result_title(other.metadata["classifier"]) for other in (run, *runs)]
    return Caption(title, texts, ticks, painter_of(names[0], names))


def sampled_frames(count: int, frame_bytes: int) -> np.ndarray:
    """Return evenly spaced indices of the frames to send, including both ends."""
    most = max(2, min(MAX_FRAMES, MAX_REPLAY_BYTES // max(1, frame_bytes)))
    return evenly_spaced(count, most)


def to_uint8_planes(images: np.ndarray) -> np.ndarray:
    """Convert (B, 3, H, W) in [0, 1] to uint8 with the rounding of pictures."""
    return np.rint(images * 255).astype(np.uint8)


@cached_by_files("runs", entries=4)
def _stored(task: str) -> dict[str, list[PGDRun]]:
    """Return the stored runs of a task by the subject in their file names; unreadable files are skipped."""
    by_name: dict[str, list[PGDRun]] = {}
    for name, paths in stored_subjects(task).items():
        for path in paths:
            with suppress(ArchiveError, OSError):
                by_name.setdefault(name, []).append(PGDRun.load(path))
    return by_name


def stored_example(plan: RunPlan | None, classifiers: Sequence[str], methods: Sequence[MethodName]) -> RunResult | None:
    """Return the stored runs of a plan's picture, hole, start and words; None if there are none.

    Those of the plan's penalty, and of the chosen classifiers and methods, are preferred.

    Args:
        plan: None if there is none yet. classifiers, methods: the chosen ones, classifiers by name.
    """
    if plan is None:
        return None
    about = {name: [run for run in runs if is_about(run, plan)] for name, runs in _stored(plan.task).items()}
    about = {name: runs for name, runs in about.items() if runs}
    if not about:
        return None
    name = max(about, key=lambda name: about[name][0].metadata["objective"].get("penalty") == plan.penalty)
    return _result(name, _of(about[name], classifiers, methods) or _first(about[name], methods))


def usual_hole(row: SampleSet, index: int) -> RunPlan:
    """Return the plan that fills the hole that a sample set's picture has at first."""
    return _hole_plan(row, index, row.word(index, int(samples(row.name).labels[index])), row.mask(index))


def counted_hole(row: SampleSet, index: int) -> RunPlan:
    """Return the plan that fills the square hole of a sample set's picture, one of those we count."""
    return _hole_plan(row, index, row.classes.names[samples(row.name).labels[index]], row.square(index))


def _hole_plan(row: SampleSet, index: int, word: str, mask: np.ndarray) -> RunPlan:
    return Painting.of_hole(word, samples(row.name).images[index], mask, painter="", sample_set=row.name).plan()


def reset_to_example(page: Task, row: SampleSet, chosen: Mapping[str, Any]) -> None:
    """Reset all settings of a page, and show a sample set's stored example; for callbacks.

    chosen: values of the page's own widgets, keyed by the part of their keys after the page's name.
    """
    state = st.session_state
    run_state(page).reset()
    forget_settings(page)
    state.update({f"{page}-{name}": value for name, value in chosen.items()})
    state[f"{page}-models-{row.class_set}"] = first_choice(ready_classifiers(row.class_set))


def forget_settings(page: Task) -> None:
    """Reset all settings of a page to its defaults; for callbacks."""
    state = st.session_state
    for key in [str(key) for key in state if str(key).startswith(f"{page}-") and url.was_drawn(str(key))]:
        del state[key]
        url.put(key, None)


def stored_row(sample_set: str) -> list[PGDRun]:
    """Return the stored runs that fill a hole in several pictures of a sample set, by an ordinary and a robust twin."""
    return _first(_stored("inpainting").get(row_of(sample_set), []), (PAPER,))


def _of(runs: list[PGDRun], classifiers: Sequence[str], methods: Sequence[MethodName]) -> list[PGDRun]:
    """Return the runs of these classifiers by these methods; none if the first classifier has none.

    A robust twin alone would be no contrast.
    """
    known = {(run.metadata["classifier"]["name"], run.config.method.name): run for run in runs}
    pairs = [pair for pair in itertools.product(classifiers, methods) if pair in known]
    return [known[pair] for pair in pairs] if {*classifiers[:1]} <= {name for name, _ in pairs} else []


def _first(runs: list[PGDRun], methods: Sequence[MethodName]) -> list[PGDRun]:
    """Return the runs of the first two classifiers by these methods, or by all if there are none."""
    names = list(dict.fromkeys(run.metadata["classifier"]["name"] for run in runs))[:MAX_CLASSIFIERS]
    return _of(runs, names, methods) or _of(runs, names, COMPARED)


def _result(subject: str, runs: list[PGDRun]) -> RunResult:
    together = tuple(run for run in runs if run.frame_steps.tolist() == runs[0].frame_steps.tolist())
    names = "+".join(run.metadata["classifier"]["name"] for run in together)
    return RunResult(f"stored.{subject}.{names}.{hash(together)}", together, EXAMPLE, stored=True)
