"""A word as a set of classes: *dog* is any of 118 classes of ImageNet, *lighthouse* is *beacon*."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.data.sample_sets import CLASS_SETS, PRECOMPUTED, ClassSet

PATH = PRECOMPUTED / "words.json"  # written by precomputed.makers.words
# Regular plurals: ending, and what takes its place. Source: WordNet's morphy(7WN), rules of detachment.
_PLURALS = {
    "s": "", "ses": "s", "xes": "x", "zes": "z", "ches": "ch", "shes": "sh", "men": "man", "ies": "y",
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """A word that a class set knows.

    text: as typed, without surrounding blanks. members: indices of the classes that it stands for, ascending.
    """

    text: str
    members: tuple[int, ...]


def plain(text: str) -> str:
    """Return a word as it is looked up: in lower case, with single blanks for hyphens and underscores."""
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())


def find_word(text: str, classes: ClassSet) -> Word | None:
    """Return the classes that a word names: the first class of that name, else those of a noun, singular or plural.

    None for a word that names none, and for class sets other than ImageNet's, parts of it, and CIFAR-10's.
    """
    typed = text.strip()
    exact = next((k for k, name in enumerate(classes.names) if name.casefold() == typed.casefold()), None)
    if exact is not None:
        return Word(typed, (exact,))
    known = _table(classes).get("words", {})
    for form in _forms(typed):
        if members := _members(known.get(form, ()), classes):
            return Word(typed, members)
    return None


def neighbours(text: str, classes: ClassSet) -> tuple[str, ...]:
    """Return names of the classes nearest to a word that `find_word` does not know, the nearest first; may be empty.

    The last word of several, the noun, counts if the whole is unknown: *stop sign* gives *street sign*.
    """
    table = _table(classes)
    parts = plain(text).split()
    for start in range(len(parts)):
        for form in _forms(" ".join(parts[start:])):
            places = table.get("near", {}).get(form, ()) or (table.get("words", {}).get(form, ()) if start else ())
            if members := _members(places, classes, ordered=True):
                return tuple(dict.fromkeys(classes.names[member] for member in members))[:3]
    return ()


def words_of(classes: ClassSet) -> tuple[str, ...]:
    """Return all words that `find_word` knows besides the names of classes, in alphabetical order."""
    known = _table(classes).get("words", {})
    return tuple(sorted(word for word, members in known.items() if _members(members, classes)))


def _forms(text: str) -> Iterator[str]:
    """Yield a word as it is looked up, and the singulars that it may be the plural of."""
    word = plain(text)
    yield from dict.fromkeys((word, word.replace(" ", "")))
    for ending, instead in _PLURALS.items():
        if word.endswith(ending) and len(word) > len(ending) + 1:
            yield word.removesuffix(ending) + instead


def _members(places: Sequence[int], classes: ClassSet, *, ordered: bool = False) -> tuple[int, ...]:
    """Return the positions in a class set of places in the whole one; those that it lacks are left out."""
    if classes.imagenet_indices is None:
        return tuple(places)
    position = {index: k for k, index in reversed(list(enumerate(classes.imagenet_indices)))}
    members = [position[place] for place in places if place in position]
    return tuple(members if ordered else sorted(members))


def _table(classes: ClassSet) -> Mapping[str, Any]:
    """Return the file's part on a class set; empty for one that it does not know."""
    if classes.imagenet_indices is not None:
        return _file()["imagenet"]
    known = CLASS_SETS.get(classes.name)
    return _file()[classes.name] if known is not None and known().names == classes.names else {}


@cache
def _file() -> Mapping[str, Mapping[str, Mapping[str, Sequence[int]]]]:
    content = json.loads(PATH.read_text("utf-8"))
    return {name: {part: _by_word(groups) for part, groups in content[name].items()} for name in CLASS_SETS}


def _by_word(groups: Sequence[tuple[list[int], list[str]]]) -> dict[str, list[int]]:
    """Return the classes of each word, and of words written as one: "firetruck" for "fire truck"."""
    table = {word: members for members, words in groups for word in words}
    return {word.replace(" ", ""): members for word, members in table.items()} | table
