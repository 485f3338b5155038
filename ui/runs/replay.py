"""Stored and running runs as data of the replay, and the stored examples that pages open with. No torch."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from core.classifiers.registry import PAPERS_CLIP, ClassifierSpec, classifier_title, result_title, short_title
from core.data.holes import hole_alone
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.stored import cached_by_files
from core.data.words import covers
from core.pgd.examples import is_row, row_of, stored_subjects
from core.pgd.live import MAX_FRAMES
from core.pgd.plan import RunPlan
from core.pgd.record import PGDRun, evenly_spaced
from core.pgd.search import COMPARED, MIN_CROP_SIZE, PAPERS, SEARCHES, Search
from core.pgd.settings import Penalty, PGDConfig, RunKind
from core.pgd.starts import RANDOM_KINDS, StartKind
from core.shared.files import ArchiveError, cache_folder
from core.shared.roles import networks_for
from ui.components.replay.replay import Caption, RunProgress, Track, pack_replay, with_tries
from ui.runs.judge import became, guess, judged, judgement_of
from ui.runs.settings import MAX_CLASSIFIERS, first_choice, reset_settings
from ui.runs.state import RunResult, run_state
from ui.server.cache import ready_classifiers
from ui.shared.url import one_line

if TYPE_CHECKING:
    from core.pgd.steps import PGDState

MAX_REPLAY_BYTES = 6 * 2**20  # per classifier's frames, which the browser fetches
# What a run of each search must reach: the role of its picture.
SEARCH_TITLES: dict[Search, str] = {name: f"Must convince {search.convinces}" for name, search in SEARCHES.items()}
EXAMPLE = "A stored example, made like your own runs."
MADE_HERE = "An example computed on this machine, made like your own runs."
_CHOICE_RULE = (
    "A rule chose these {} stored examples: in each class the picture with the median gain of the robust networks, as "
    "another network sees it, and the classes with the largest gain."
)


def search_title(config: PGDConfig) -> str:
    """Return what a run's picture must reach, and how it steps where one ingredient of its search is off."""
    if not SEARCHES[config.search].by_views or config.views is None or all(config.views.ingredients):
        return SEARCH_TITLES[config.search]
    views, natural = config.views.ingredients
    return f"{SEARCH_TITLES['views' if views else 'pixels']}, by {'natural' if natural else 'plain'} steps"


def role(title: str, searched: str, beside: Sequence[tuple[str, str]]) -> str:
    """Return the role of a network's picture: its search, and its network where those of `beside` differ."""
    titles, searches = {name for name, _ in beside}, {kind for _, kind in beside}
    return ": ".join([title] * (len(titles) > 1) + [searched] * (len(titles) < 2 or len(searches) > 1))


def run_title(run: PGDRun, runs: Sequence[PGDRun] = ()) -> str:
    """Return the role of a run among all runs displayed with it."""
    pairs = [(result_title(other.metadata["classifier"]), search_title(other.config)) for other in (run, *runs)]
    return role(*pairs[0], pairs)


def target_of(run: PGDRun, row: int) -> str:
    """Return the target of image `row` in the visitor's word, if it was one, else as its class is called."""
    texts = run.metadata.get("words", [])
    known = run.metadata["class_names"][run.metadata["targets"][row]]
    return one_line(texts[row] if len(texts) == len(run.start) else known)


def run_replay(
    runs: Sequence[PGDRun], *, id: str, live: RunProgress | None = None, own: bool = False
) -> dict[str, Any]:
    """Return the replay of runs with the same start and frame steps; long runs are thinned, to download quickly.

    Args:
        id: unique to the result. live: progress of a stopped run.
        own: whether the runs are the visitor's, which another network judges now; stored ones have been judged.
    """
    first = runs[0]
    frames = sampled_frames(len(first.frames), first.start.size)
    tracks = [
        Track(
            _caption(run, runs, own),
            run.frames[frames],
            run.curves["target_probability"],
            run.config.look_interval,
        )
        for run in runs
    ]
    return pack_replay(
        tracks,
        to_uint8_planes(first.start),
        first.frame_steps[frames].tolist(),
        original=first.original if len(first.start) > 1 else None,
        live=live,
        id=id,
        **_layout(first.start, first.mask, first.metadata["images"]),
        targets=[target_of(first, row) for row in range(len(first.start))],
        steps=first.config.steps,
    )


def tries_replay(result: RunResult, packed: dict[str, Any]) -> dict[str, Any]:
    """Return the packed replay of the chosen try beside all tries and another network's predictions."""
    last = [runs[-1] for runs in result.tries]
    drew = {run.metadata["classifier"]["name"] for run in result.runs}
    judgements = [judgement_of(run, drew) for run in last]
    says = [("", False) if judgement is None else guess(judgement, 0) for judgement in judgements]
    return with_tries(packed, np.stack([run.frames[-1, 0] for run in last])[None], result.chosen, says)


def live_replay(
    plan: RunPlan,
    runs: Sequence[tuple[str, Search]],
    moments: Sequence[Sequence[PGDState]],
    curves: Sequence[np.ndarray],
    *,
    id: str,
    live: RunProgress,
) -> dict[str, Any]:
    """Return the newest moments of a run in progress, with its curves so far.

    Args:
        runs: the classifier's name and the search of each.
        moments: lists of one state per run, at the same step; without any, the start is shown. Of several tries the
            first is large.
        curves: `Run.target_probability` per run; none before the first state.
    """
    starts, rows = to_uint8_planes(plan.start), slice(1 if plan.seeds else None)
    start = starts[rows]
    configs = [plan.with_search(search).config for _, search in runs]
    pairs = [
        (short_title(classifier_title(name)), search_title(config))
        for (name, _), config in zip(runs, configs, strict=True)
    ]
    tracks, frames = [], starts[None]
    for k, (title, searched) in enumerate(pairs):
        curve = np.zeros((0, len(start)), np.float32)
        if moments:
            frames = np.stack([to_uint8_planes(moment[k].images.cpu().numpy()) for moment in moments])
            curve = curves[k][:, rows]
        nobody = [""] * len(start), [False] * len(start)
        caption = Caption(role(title, searched, pairs), *nobody)
        tracks.append(Track(caption, frames[:, rows], curve, configs[k].look_interval))
    data = pack_replay(
        tracks,
        start,
        [moment[0].step for moment in moments] or [0],
        live=live,
        id=id,
        **_layout(plan.start, plan.mask, plan.images),
        targets=[one_line(str(target)) for target in plan.targets[rows]],
        steps=plan.config.steps,
    )
    return with_tries(data, frames, 0) if plan.seeds else data


def _layout(start: np.ndarray, mask: np.ndarray | None, images: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the browser needs to know of a run's kind: a grey start is not worth a comparison."""
    large, wipe = start.shape[-1] >= MIN_CROP_SIZE, 0.0 if images.get("start") in RANDOM_KINDS else 50.0
    alone = None
    if mask is not None and mask.any():
        width = start.shape[-1]
        wipe = 100 * float(mask.nonzero()[-1].mean() + 0.5) / width  # the hole's middle
        if large and len(start) == 1:
            square = hole_alone(np.arange(width**2).reshape(width, width), mask.reshape(1, width, width))
            alone = [int(square[0, 0]) % width, int(square[0, 0]) // width, len(square)]
    return {"lead": mask is None and large, "wipe": wipe, "alone": alone}


def _caption(run: PGDRun, runs: Sequence[PGDRun], own: bool) -> Caption:
    rows, title = range(len(run.start)), run_title(run, runs)
    judgement = judgement_of(run, {other.metadata["classifier"]["name"] for other in runs}, live=own)
    texts, ticks = [""] * len(rows), [False] * len(rows)
    for row in rows:
        if judgement is not None and judgement.says:
            texts[row], ticks[row] = judged(judgement, row, target_of(run, row))
        if own and (kind := became(run, row)):
            texts[row] = f"Most of all a {kind}. {texts[row]}".strip()
    return Caption(title, texts, ticks)


def sampled_frames(count: int, frame_bytes: int) -> np.ndarray:
    """Return evenly spaced indices of the frames to send, including both ends."""
    most = max(2, min(MAX_FRAMES, MAX_REPLAY_BYTES // max(1, frame_bytes)))
    return evenly_spaced(count, most)


def to_uint8_planes(images: np.ndarray) -> np.ndarray:
    """Convert (B, 3, H, W) in [0, 1] to uint8 with the rounding of pictures."""
    return np.rint(images * 255).astype(np.uint8)


@dataclass(frozen=True)
class _StoredRuns:
    """Stored runs by subject, and those of them that this machine's profiles made."""

    by_subject: dict[str, list[PGDRun]] = field(default_factory=dict)
    made_here: set[PGDRun] = field(default_factory=set)


@cached_by_files("runs", entries=4)
def _stored(kind: str) -> _StoredRuns:
    """Return the stored runs of one kind; unreadable files are skipped."""
    read = _StoredRuns()
    for subject, paths in stored_subjects(kind).items():
        for path in paths:
            try:
                run = PGDRun.load(path)
            except (ArchiveError, OSError):
                continue
            read.by_subject.setdefault(subject, []).append(run)
            if cache_folder() in path.parents:
                read.made_here.add(run)
    return read


def _single(kind: str) -> dict[str, list[PGDRun]]:
    """Return the stored runs without rows of examples."""
    return {subject: runs for subject, runs in _stored(kind).by_subject.items() if not is_row(subject)}


def stored_example(
    kind: str,
    sample_set: str,
    classifiers: Sequence[str],
    variant: str,
    searches: Sequence[Search] = ("pixels",),
    picture: int | None = None,
) -> RunResult | None:
    """Return the stored runs nearest to the visitor's choice; None if none is stored.

    The sample set has the highest weight, then the picture, the variant, and the classifiers and searches.

    Args:
        kind: "inpainting" or "generation".
        sample_set: name of the set with the chosen side and classes.
        classifiers, searches: the chosen ones, classifiers by name.
        variant: penalty of Eq. 3, or kind of start.
        picture: index of the chosen picture in the set; None for any.
    """
    row = SAMPLE_SETS[sample_set]

    def nearness(runs: list[PGDRun]) -> int:
        facts = runs[0].metadata
        alike = variant in (facts["objective"].get("penalty"), facts["images"].get("start"))
        of_set = runs[0].start.shape[-1] == row.side and covers(row.classes, facts["class_names"])
        of_picture = picture is not None and facts["images"].get("index") == picture
        return 80 * of_set + 40 * of_picture + 20 * alike + len(_of(runs, classifiers, searches))

    if not (stored := _single(kind)):
        return None
    subject, runs = max(stored.items(), key=lambda item: nearness(item[1]))
    return _result(kind, subject, _of(runs, classifiers, searches) or _first(runs, searches))


def shown_first(kind: str, row: SampleSet, chosen: Sequence[str]) -> Sequence[str]:
    """Return the classifiers of a page's first runs: CLIP's pair if its runs are stored without its weights, else
    the chosen ones.

    A visitor's choice other than the page's default always wins.
    """
    ready = ready_classifiers(row.class_set)
    first = [spec.name for spec in ready if spec.title in first_choice(ready)]
    if {*first} != {*chosen} or PAPERS_CLIP in first:
        return chosen
    stored = [run for runs in _single(kind).values() for run in runs]
    alike = (run for run in stored if run.start.shape[-1] == row.side)
    runs = [run for run in alike if covers(row.classes, run.metadata["class_names"])]
    names = networks_for("contrast", {run.metadata["classifier"]["name"] for run in runs})
    return names if PAPERS_CLIP in names else chosen


def example_titles(kind: str, sample_set: str, variant: str, ready: Sequence[ClassifierSpec]) -> list[str]:
    """Return the titles of the classifiers of the default example, which *Back to the example* chooses.

    They differ from the default choice if that has no stored run, such as a downloaded CLIP.
    """
    titles, first = {spec.name: spec.title for spec in ready}, first_choice(ready)
    example = stored_example(kind, sample_set, [name for name, title in titles.items() if title in first], variant)
    names = [] if example is None else dict.fromkeys(run.metadata["classifier"]["name"] for run in example.runs)
    return [titles[name] for name in names if name in titles] or first


def back_to_example(
    page: RunKind, row: SampleSet, variant: Penalty | StartKind, chosen: Mapping[str, Any], hole: float | None = None
) -> None:
    """Apply the settings of a sample set's stored example and show it; for callbacks.

    Args:
        variant: penalty or kind of start of the example. hole: side of its hole. chosen: values of the page's own
            widgets, keyed by the part of their keys after the page's name.
    """
    state, ready = st.session_state, ready_classifiers(row.class_set)
    run_state(page).reset()
    titles = example_titles(page, row.name, variant, ready)
    state.update({f"{page}-{name}": value for name, value in chosen.items()})
    state[f"{page}-models-{row.class_set}"] = titles
    reset_settings(page, row.side, hole)


def stored_row(sample_set: str, classifiers: Sequence[str]) -> RunResult | None:
    """Return a sample set's row of filled holes, by the chosen classifiers if stored, else by the first ones."""
    subject = row_of(sample_set)
    if not (runs := _stored("inpainting").by_subject.get(subject, [])):
        return None
    row = _result("inpainting", subject, _of(runs, classifiers, (PAPERS,)) or _first(runs, (PAPERS,)))
    return replace(row, note=_CHOICE_RULE.format(len(row.runs[0].start)), opened="the examples")


def _of(runs: list[PGDRun], classifiers: Sequence[str], searches: Sequence[Search]) -> list[PGDRun]:
    """Return the runs of these classifiers by these searches; none if the first classifier has none.

    A robust twin alone would be no contrast.
    """
    known = {(run.metadata["classifier"]["name"], run.config.search): run for run in runs}
    pairs = [pair for pair in itertools.product(classifiers, searches) if pair in known]
    return [known[pair] for pair in pairs] if {*classifiers[:1]} <= {name for name, _ in pairs} else []


def _first(runs: list[PGDRun], searches: Sequence[Search]) -> list[PGDRun]:
    """Return the runs of the first two classifiers by these searches, or by all if there are none."""
    names = list(dict.fromkeys(run.metadata["classifier"]["name"] for run in runs))[:MAX_CLASSIFIERS]
    return _of(runs, names, searches) or _of(runs, names, COMPARED)


def _result(kind: str, subject: str, runs: list[PGDRun]) -> RunResult:
    together = tuple(run for run in runs if run.frame_steps.tolist() == runs[0].frame_steps.tolist())
    names = "+".join(run.metadata["classifier"]["name"] for run in together)
    note = EXAMPLE if _stored(kind).made_here.isdisjoint(together) else MADE_HERE
    return RunResult(f"stored.{subject}.{names}.{hash(together)}", together, note, stored=True)
