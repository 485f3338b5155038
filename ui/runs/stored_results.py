"""Statistics over many stored pictures and over the stored runs. Does not import torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title, result_title
from core.data.profiles import stored_state
from core.data.sample_sets import SampleSet, map_title
from core.numbers import measured_percent, percent
from core.pgd.penalties import PENALTIES, Penalty
from core.reconstruct.outcome import last_change, similarity
from core.runs.file import SURE, PGDRun
from core.runs.picture_outcomes import PictureOutcomes, picture_outcomes
from core.runs.starts import RANDOM_KINDS, STARTS, StartKind
from core.shared.colours import ROBUST
from core.shared.html import JARGON
from core.shared.sentences import Sentence, count_of
from ui.runs.examples import stored_runs
from ui.runs.run_sentences import SSIM, count_with_interval
from ui.shared.sentences import write_sentence
from ui.shared.table import scrolling_table

MANY, COMPUTED = "Many pictures", "What is computed"  # names of tabs
NOT_STORED = "Results over many pictures are stored for CIFAR-10 with its default settings, not for these settings."
REPAIRED = 0.9  # minimum SSIM to the original for a repaired hole; at the start it is below 0.5
COLUMNS = ("Networks", "Runs", "Confident at the end", "Hole changes by", "Rest by", "SSIM in the hole: start", "End")


def is_stored(row: SampleSet, kind: StartKind | Penalty) -> bool:
    """Return whether many pictures of these classes are stored for this kind of start or penalty."""
    return any(row.fits(painted.facts["class_names"]) for painted in picture_outcomes(kind).values())


def many_pictures(row: SampleSet, kind: StartKind | Penalty) -> None:
    """Draw a table of all pictures of a set's classes from one kind of start, or filled with one penalty."""
    if not is_stored(row, kind):
        st.markdown(NOT_STORED)
        return
    left, right = st.columns([2, 3], gap="large")
    with left:
        write_sentence(many_summary(kind), *JARGON)
    with right:
        rows = [many_row(name, painted) for name, painted in picture_outcomes(kind).items()]
        scrolling_table(many_columns(kind), rows, "Many pictures, by network")


def many_summary(kind: StartKind | Penalty) -> Sentence:
    """Describe the stored pictures, and how many of their starts the judge recognised."""
    first = next(iter(picture_outcomes(kind).values()))
    if kind in RANDOM_KINDS:
        made = f"made {first.n} drawings, each from {STARTS[kind].phrase}"
    else:
        penalty = next(row for name, row in PENALTIES.items() if name == kind)
        data = first.facts["dataset"]
        made = f"filled {first.n} holes in {map_title(data['name'])} {data['split']} images by {penalty.phrase}"
    return Sentence(
        f"Each network {made}, in {first.config['steps']} steps. "
        f"{classifier_title(first.judge)}, which painted none of them, recognised ",
        count_with_interval(first.judgement, first.judgement.before),
        " at the start.",
    )


def many_columns(kind: StartKind | Penalty) -> tuple[str, ...]:
    """Return the column heads of the table."""
    judge = next(iter(picture_outcomes(kind).values())).judge
    return (
        "Network",
        "Own mean confidence",
        f"Median change until {percent(SURE, 0)} confident",
        f"Recognised by {classifier_title(judge)}",
    )


def many_row(name: str, painted: PictureOutcomes) -> tuple[str, ...]:
    """Return the row of one network's pictures, a string per column."""
    (before, after), (change, count) = painted.confidence, painted.until_sure
    first = next(iter(picture_outcomes(painted.facts["kind"]["name"]).values()))
    fewer = f", the first {painted.n}" if painted.n < first.n else ""
    judge = f", judged by {classifier_title(painted.judge)}" if painted.judge != first.judge else ""
    return (
        f"{result_title(painted.facts['classifier'], short=False)}{fewer}{judge}",
        Sentence(f"{percent(before)} → ", measured_percent(after)),
        f"{255 * change:.1f} of 255 ({count} pictures)" if count else "–",
        count_with_interval(painted.judgement, painted.judgement.after),
    )


@dataclass(frozen=True)
class StoredFindings:
    """Summary of the stored runs as Markdown, and plain rows for `COLUMNS`, one per kind of network."""

    summary: str
    rows: tuple[tuple[str, ...], ...]


@st.cache_data(show_spinner=False)
def stored_inpainting(stored: int = 0) -> StoredFindings:
    """Summarise all stored runs. Changes are means, of 255. stored: their state, a part of the cache's key."""
    kinds: dict[str, list[tuple[float, ...]]] = {}
    for run in stored_runs("inpainting"):
        change, likeness = last_change(run, 0), similarity(run, 0)
        if change is not None and likeness is not None:
            last = float(run.curves["target_probability"][-1, 0])
            inside, outside = (255 * part for part in change)
            kinds.setdefault(_kind(run), []).append((last, inside, outside, *likeness))
    rows = tuple(_row(kind, np.array(numbers)) for kind, numbers in kinds.items())
    every = np.concatenate([np.array(numbers) for numbers in kinds.values()])
    return StoredFindings(_summary(every[:, 3:], int((every[:, 0] >= SURE).sum())), rows)


def _kind(run: PGDRun) -> str:
    """Return the group of networks that a run belongs to."""
    how = "robust" if run.metadata["classifier"]["name"].endswith(ROBUST) else "as trained"
    return f"{how}, {run.start.shape[-1]} px{', by views' if run.config.search == 'views' else ''}"


def _row(kind: str, numbers: np.ndarray) -> tuple[str, ...]:
    """Return a row of ranges over (R, 5) numbers: final confidence, change in the hole and outside it, SSIM at the
    start and at the end.
    """
    confident = int((numbers[:, 0] >= SURE).sum())
    ranges = [_range(column, digits) for column, digits in zip(numbers.T[1:], (1, 2, 2, 2), strict=True)]
    return (kind, f"{len(numbers)}", f"{confident} of {len(numbers)}", *ranges)


def _range(values: np.ndarray, digits: int) -> str:
    low, high = (f"{end:.{digits}f}" for end in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


def draw_stored_inpainting() -> None:
    """Draw the summary, and the table below it."""
    findings = stored_inpainting(stored_state("runs"))
    st.markdown(findings.summary)
    scrolling_table(COLUMNS, findings.rows, "The stored runs")


def _summary(pairs: np.ndarray, confident: int) -> str:
    """Return how many runs end confident, and how many bring the hole closer to the original. pairs: (R, 2) SSIMs."""
    before, after = pairs.T
    rise, best = int((after > before).sum()), int((after - before).argmax())
    text = f"{confident} of {len(pairs)} stored runs end confident of the class ({100 * SURE:.0f} % or more). "
    text += f"The hole’s {SSIM} to the original rises in {count_of(rise, 'run')}"
    text += f", at best from {before[best]:.2f} to {after[best]:.2f}" if rise else ""
    repaired = int((after >= REPAIRED).sum())
    text += f". {repaired or 'No'} hole{'s are' if repaired > 1 else ' is'} repaired ({REPAIRED:g} or more)."
    return f"{text} Changes are means, of 255."
