"""Words that may be typed, what they stand for, and near words for one that the networks don't know."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import streamlit as st

from core.classifiers.registry import ClassifierSpec, short_title
from core.data.sample_sets import ClassSet
from core.data.words import everyday_name, find_word, neighbours, vocabulary
from core.shared.text import count_of, quoted
from ui.shared.url import as_markdown, one_line

MAX_LENGTH = 40  # characters of a word in a sentence


def about_words(classes: ClassSet) -> str:
    """Return the number of known words: "2,911 words"."""
    return count_of(len(vocabulary(classes)), "word")


def stands_for(word: str, classes: ClassSet) -> str:
    """Return what a word stands for, such as "118 kinds" for "dog"; empty for a class's name or an unknown
    word.
    """
    known = find_word(word, classes)
    if not known or word in classes.names:
        return ""
    if len(known) > 1:
        return f"{len(known)} kinds"
    name = everyday_name(classes.names[known[0]])
    return "" if name.casefold() == word.casefold() else f"(class: {name})"


def unknown_to(word: str, specs: Sequence[ClassifierSpec], classes: ClassSet) -> ClassifierSpec | None:
    """Return the first network that does not know a word; None if all do. A CLIP knows any text."""
    if find_word(word, classes):
        return None
    return next((spec for spec in specs if spec.kind != "zero-shot"), None)


def cannot_run(targets: Sequence[str], specs: Sequence[ClassifierSpec], classes: ClassSet) -> str:
    """Return why networks cannot take these targets in one run; empty if they can."""
    for word in targets:
        if (spec := unknown_to(word, specs, classes)) is not None:
            return f"{short_title(spec.title)} doesn’t know {quoted(word)}; choose another word"
    if all(spec.kind == "zero-shot" for spec in specs):
        return ""
    members = {word: {*known} for word in targets if (known := find_word(word, classes))}
    for (first, some), (second, more) in itertools.combinations(members.items(), 2):
        if some & more and some != more:
            return f"{quoted(first)} and {quoted(second)} overlap, and one run can’t paint both; leave one out"
    return ""


def keep_unknown(key: str, entry: str, specs: Sequence[ClassifierSpec], classes: ClassSet, chosen: object) -> bool:
    """Keep an entry that a network does not know in the session, and return True; forget the one before.

    What was chosen stays chosen, with its picture. key: in the session. chosen: what is chosen while it is entered.
    """
    state = st.session_state
    state.pop(key, None)
    if entry and unknown_to(entry, specs, classes) is not None:
        state[key] = entry, chosen
        return True
    return False


def unknown_entry(key: str, chosen: object) -> str:
    """Return the entry of `keep_unknown`; empty if there is none, or something else was chosen since."""
    entry, then = st.session_state.get(key, ("", chosen))
    return entry if then == chosen else ""


def near_words(
    key: str, word: str, specs: Sequence[ClassifierSpec], classes: ClassSet, choose: Callable[[str], None]
) -> None:
    """Draw a sentence on a word that a network does not know, above the page, and a button for each near word.

    key: unique on the page. choose: called with the word of the pressed button, as a callback.
    """
    if (spec := unknown_to(word, specs, classes)) is None:
        return
    near = neighbours(word, classes)
    known = f"{short_title(spec.title)} doesn’t know “{one_line(word, MAX_LENGTH)}”."
    with st.container(key="near-words", gap="xsmall"):
        hint = "Did you mean:" if near else "Try another word. (CLIP takes any text; download it under Models.)"
        st.markdown(as_markdown(f"{known} {hint}"))
        if near:
            with st.container(horizontal=True, gap="small"):
                for name in map(everyday_name, near):
                    st.button(name, key=f"{key}.{name}", on_click=choose, args=(name,))
