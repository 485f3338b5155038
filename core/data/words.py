"""A word as a set of classes: *dog* is any of 118 classes of ImageNet, *lighthouse* is *beacon*."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from core.data.sample_sets import CLASS_SETS, PRECOMPUTED, ClassSet

PATH = PRECOMPUTED / "words.json"  # made by precomputed.makers.wordnet_words
NEIGHBOURS, MIN_RATIO = 3, 0.8  # words offered for an unknown one; how alike a misspelt one is, by `difflib`
# Regular plurals: ending -> its replacement. Source: WordNet's morphy(7WN), rules of detachment.
PLURALS = {
    "s": "", "ses": "s", "xes": "x", "zes": "z", "ches": "ch", "shes": "sh", "men": "man", "ies": "y",
}  # fmt: skip

# Classes with a first name in WordNet that few people use.
_EVERYDAY = {"ice bear": "polar bear"}

EXACTLY = "More precisely, {word}."  # on the class that a word of several has become, of app and article


def everyday_name(name: str) -> str:
    """Return the name that people use for a class, such as "polar bear" for "ice bear"."""
    return _EVERYDAY.get(name, name)


def plain(text: str) -> str:
    """Return the form in which a word is looked up: in lower case, with single blanks for hyphens and underscores."""
    return " ".join(text.casefold().replace("-", " ").replace("_", " ").split())


def find_class(name: str, classes: ClassSet) -> int | None:
    """Return the first class called `name`, ignoring case and surrounding blanks."""
    key = name.strip().casefold()
    return next((k for k, known in enumerate(classes.names) if known.casefold() == key), None)


def find_word(text: str, classes: ClassSet) -> tuple[int, ...]:
    """Return the classes that a word names, ascending: the first of that name, else those of a noun, also in plural.

    None for a word that names none; of class sets other than ImageNet's, parts of it, and CIFAR-10's their names alone.
    """
    if (exact := find_class(text, classes)) is not None:
        return (exact,)
    table = _table(classes)
    for form in singulars(text):
        indices = table.get("words", {}).get(form) or table.get("joined", {}).get(form, ())
        if members := _members(indices, classes):
            return members
    return ()


def neighbours(text: str, classes: ClassSet) -> tuple[str, ...]:
    """Return up to three words close to one that `find_word` does not know, the closest first; may be empty.

    If the whole text is unknown, its last words count: *stop sign* gives *street sign*. If a class has a name with the
    word in it, that name is returned: *rose* gives *rose hip*, not *hip*. A word that is not in WordNet is taken for a
    misspelt one.
    """
    table, parts = _table(classes), plain(text).split()
    near, known = table.get("near", {}), table.get("words", {})
    for start in range(len(parts)):
        for form in singulars(" ".join(parts[start:])):
            if form in near or (start and form in known):
                indices = near.get(form, known.get(form, ()))
                return _names_with(form, _members(indices, classes, ordered=True), classes)[:NEIGHBOURS]
    return tuple(difflib.get_close_matches(plain(text), vocabulary(classes), n=NEIGHBOURS, cutoff=MIN_RATIO))


def _names_with(word: str, members: Sequence[int], classes: ClassSet) -> tuple[str, ...]:
    """Return a name of each class, with the word in it if there is one, and of a single class up to two."""
    names_of = []
    for member in members:
        name = classes.names[member]
        with_word = [name] if word in plain(name) else []
        with_word += [other for other in vocabulary(classes) if word in plain(other).split()
                      and other not in (name, word) and find_word(other, classes) == (member,)]  # fmt: skip
        names_of.append(with_word or [name])
    return tuple(names_of[0][:2] if len(names_of) == 1 else dict.fromkeys(names[0] for names in names_of))


@cache
def vocabulary(classes: ClassSet) -> tuple[str, ...]:
    """Return all words that `find_word` knows: names of classes in their order, then nouns; each in one spelling."""
    known = _table(classes).get("words", {})
    nouns = (word for word, members in sorted(known.items()) if _members(members, classes))
    spelt: dict[str, str] = {}
    for word in (*classes.names, *nouns):
        spelt.setdefault(plain(word).replace(" ", ""), word)
    return tuple(spelt.values())


def covers(classes: ClassSet, class_names: Sequence[str]) -> bool:
    """Return True if the classes of a run are a set's: own texts may follow, and a word may stand for its classes."""
    if tuple(class_names[: len(classes)]) == classes.names:
        return True
    known = {*classes.names}
    merged = {member for name in class_names if name not in known for member in find_word(name, classes)}
    rest = [name for label, name in enumerate(classes.names) if label not in merged]
    return bool(merged) and list(class_names[: len(rest)]) == rest


def singulars(text: str) -> Iterator[str]:
    """Yield the forms by which a word is looked up: itself, and the singulars that it may be the plural of."""
    word = plain(text)
    yield from dict.fromkeys((word, word.replace(" ", "")))
    for ending, instead in PLURALS.items():
        if word.endswith(ending) and len(word) > len(ending) + 1:
            yield word.removesuffix(ending) + instead


def _members(indices: Sequence[int], classes: ClassSet, *, ordered: bool = False) -> tuple[int, ...]:
    """Convert indices in the whole class set to labels in a part of it; leave out what the part lacks."""
    if classes.imagenet_indices is None:
        return tuple(indices)
    labels = {index: label for label, index in reversed(list(enumerate(classes.imagenet_indices)))}
    members = [labels[index] for index in indices if index in labels]
    return tuple(members if ordered else sorted(members))


def _table(classes: ClassSet) -> Mapping[str, Any]:
    """Return the file's part on a class set; empty for one that it does not know."""
    if classes.imagenet_indices is not None:
        return _file()["imagenet"]
    table = _file().get(classes.name, {})
    return table if table and CLASS_SETS[classes.name]().names == classes.names else {}


@cache
def _file() -> Mapping[str, Mapping[str, Mapping[str, Sequence[int]]]]:
    content = json.loads(PATH.read_text("utf-8"))
    tables: dict[str, dict[str, Mapping[str, Sequence[int]]]] = {}
    for name in content.keys() - {"source"}:
        parts = {part: {word: members for members, nouns in groups for word in nouns}
                 for part, groups in content[name].items()}  # fmt: skip
        joined = {word.replace(" ", ""): members for word, members in parts["words"].items()}  # "firetruck"
        tables[name] = {**parts, "joined": joined}
    return tables
