"""What became of many pictures, network by network: numbers that one run on the screen cannot give. No torch."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_title
from core.data.sample_sets import SampleSet
from core.fourier.intervals import Measured, student
from core.numbers import decimal, percent
from core.pgd.penalties import PENALTIES, Penalty
from core.runs.file import SURE
from core.runs.judgement import Judgement, stored_judgements
from core.runs.painted import Painted, stored_painted
from core.runs.starts import STARTS, StartKind
from ui.runs.words import share_interval
from ui.shared.scrolling_table import scrolling_table
from ui.shared.text import as_markdown

MANY = "Many pictures"  # a tab's name
_WHAT: dict[str, str] = {
    **{kind: f"drawings, started as {words.name}" for kind, words in STARTS.items()},
    **{kind: f"holes in CIFAR-10 test images, filled by {words.told}" for kind, words in PENALTIES.items()},
}


def is_stored(of: SampleSet, kind: StartKind | Penalty) -> bool:
    """Whether something is known of many pictures of these classes, from that kind of start or by that penalty."""
    return bool(stored_painted(kind)) and of.knows(stored_judgements()["drawn"]["classes"])


def many_pictures(kind: StartKind | Penalty) -> None:
    """A table of all pictures from one kind of start, or filled by one penalty."""
    st.markdown(as_markdown(told(kind)))
    rows = [row(name, one) for name, one in stored_painted(kind).items()]
    scrolling_table(columns(kind), rows, "Many pictures, by network")


def told(kind: StartKind | Penalty) -> str:
    """How many pictures, what they began with, and how many of them the judge recognised then."""
    first = next(iter(stored_painted(kind).values()))
    stored, seen = stored_judgements(), first.judgement
    steps = stored["painted"]["configs"].get(kind, stored["drawn"]["config"])["steps"]
    return (
        f"Not one run but {first.n} {_WHAT[kind]}, {steps} steps, the same for each network. "
        f"{classifier_title(seen.judge)}, which drew none of them, recognised "
        f"{_counted(seen, seen.before)} at the start. Intervals are 95 %."
    )


def columns(kind: StartKind | Penalty) -> tuple[str, ...]:
    """The heads of the table."""
    judge = next(iter(stored_painted(kind).values())).judge
    return (
        "Network",
        "Its own confidence, mean",
        f"Change until {percent(SURE, 0)} sure, median",
        f"{classifier_title(judge)} recognises",
    )


def row(name: str, one: Painted) -> tuple[str, ...]:
    """What became of one network's pictures, in words."""
    before, after = np.exp(-one.pictures["loss_before"]), one.pictures["probability_after"]
    later = one.sure_later()
    needed = f"{255 * np.median(one.pictures['sure_change'][later]):.1f} of 255" if later.any() else "–"
    return (
        classifier_title(name),
        f"{percent(float(before.mean()))} → {_share(student(after))}",
        f"{needed} ({int(later.sum())} pictures)",
        _counted(one.judgement, one.judgement.after),
    )


def _share(measured: Measured) -> str:
    low, high = (decimal(100 * min(end, 1)) for end in measured[1:])
    return f"{percent(measured.value)} ({low} to {high})"


def _counted(judgement: Judgement, count: int) -> str:
    return f"{count} of {judgement.n} ({share_interval(judgement, count)})"
