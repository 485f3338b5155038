"""Statistics over many stored pictures. Does not import torch."""

from __future__ import annotations

import streamlit as st

from core.classifiers.registry import classifier_title, result_title
from core.data.sample_sets import SampleSet, map_title
from core.pgd.pictures import PictureOutcomes, picture_outcomes
from core.pgd.settings import PENALTIES, Penalty
from core.pgd.starts import RANDOM_KINDS, STARTS, StartKind
from core.shared.numbers import measured_percent, percent
from core.shared.text import JARGON, Sentence
from ui.runs.run_sentences import count_with_interval
from ui.shared.sentences import write_sentence
from ui.shared.table import scrolling_table

MANY, COMPUTED, ORIGIN = "Many pictures", "What is computed", "Where this run comes from"  # names of tabs
NOT_STORED = "Results over many pictures are stored for CIFAR-10 with its default settings, not for these settings."


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
        f"Recognised by {classifier_title(judge)}",
    )


def many_row(name: str, painted: PictureOutcomes) -> tuple[str, ...]:
    """Return the row of one network's pictures, a string per column."""
    before, after = painted.confidence
    first = next(iter(picture_outcomes(painted.facts["kind"]["name"]).values()))
    fewer = f", the first {painted.n}" if painted.n < first.n else ""
    judge = f", judged by {classifier_title(painted.judge)}" if painted.judge != first.judge else ""
    return (
        f"{result_title(painted.facts['classifier'], short=False)}{fewer}{judge}",
        Sentence(f"{percent(before)} → ", measured_percent(after)),
        count_with_interval(painted.judgement, painted.judgement.after),
    )
