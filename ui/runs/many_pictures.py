"""What became of many pictures, network by network: numbers that one run on the screen cannot give. No torch."""

from __future__ import annotations

import streamlit as st

from core.classifiers.registry import classifier_title
from core.data.sample_sets import SampleSet, map_title
from core.numbers import interval, percent
from core.pgd.penalties import PENALTIES, Penalty
from core.runs.file import SURE
from core.runs.judgement import stored_judgements
from core.runs.painted import Painted, stored_painted
from core.runs.starts import RANDOM_KINDS, STARTS, StartKind
from ui.runs.words import counted
from ui.shared.scrolling_table import scrolling_table
from ui.shared.told import say

MANY = "Many pictures"  # a tab's name
EQ_3 = "Eq. 3 adds a penalty on change outside the hole to the cross-entropy."


def is_stored(of: SampleSet, kind: StartKind | Penalty) -> bool:
    """Whether something is known of many pictures of these classes, from that kind of start or by that penalty."""
    return bool(stored_painted(kind)) and of.knows(stored_judgements()["drawn"]["classes"])


def many_pictures(kind: StartKind | Penalty) -> None:
    """A table of all pictures from one kind of start, or filled by one penalty."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        say(told(kind))
    with right:
        rows = [row(*one) for one in stored_painted(kind).items()]
        scrolling_table(columns(kind), rows, "Many pictures, by network")


def told(kind: StartKind | Penalty) -> str:
    """How many pictures, what they began with, and how many of them the judge recognised then."""
    stored, first = stored_judgements(), next(iter(stored_painted(kind).values()))
    if kind in RANDOM_KINDS:
        made, config = f"drawings begun from {STARTS[kind].name}", stored["drawn"]["config"]
    else:
        penalty = next(words for name, words in PENALTIES.items() if name == kind)
        config, data = stored["painted"]["configs"][kind], stored["painted"]["dataset"]
        made = f"holes in {map_title(data['name'])} {data['split']} images, filled by {penalty.told}"
    explained = f" {EQ_3}" if "Eq. 3" in made else ""
    return (
        f"Not one run but {first.n} {made}, {config['steps']} steps, the same for each network.{explained} "
        f"{classifier_title(first.judge)}, which drew none of them, recognised "
        f"{counted(first.judgement, first.judgement.before)} at the start."
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
    (before, after), (change, count) = one.confidence, one.until_sure
    return (
        classifier_title(name),
        f"{percent(before)} → {percent(after.value)} ({interval(after)})",
        f"{255 * change:.1f} of 255 ({count} pictures)" if count else "–",
        counted(one.judgement, one.judgement.after),
    )
