"""Typed classes and prompts, and the options of scripts that name a classifier."""

from __future__ import annotations

import difflib
import itertools
import re
import unicodedata
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.classifiers.registry import load_classifier
from core.data.sample_sets import ClassSet
from core.data.words import find_word, neighbours
from core.shared.device import choose_device, prepare_torch
from core.shared.text import quoted

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


MIN_CLASSES, MAX_CLASSES = 2, 100
# Initial text of the field for own words. Bundled CLIPs have these embeddings and need no text tower.
DEFAULT_WORDS = ("kitten", "puppy", "pony", "bird", "car", "jet", "boat")
MAX_NAME_LENGTH = _MAX_TEMPLATE_LENGTH = 200  # characters; a text tower reads far fewer tokens

# Line ends, and the commas and semicolons of several scripts.
_SEPARATORS = re.compile("[,;\n\r،؛，；、\u2028\u2029]")


def parse_class_list(text: str) -> ClassSet:
    """Parse the classes in a text, in order, into the class set "custom".

    Args:
        text: names separated by line ends, commas or semicolons. Empty names and surrounding blanks are dropped; inner
            blanks become single ones.
    Raises:
        ValueError: fewer than 2 or more than 100 names, a name of more than 200 characters, or a repeated name,
            regardless of case. The message is one sentence.
    """
    names = tuple(name for part in _SEPARATORS.split(text) if (name := _tidy(part)))
    if not MIN_CLASSES <= len(names) <= MAX_CLASSES:
        todo = "add some, separated by commas" if len(names) < MIN_CLASSES else "leave some out"
        raise ValueError(f"the list needs {MIN_CLASSES} to {MAX_CLASSES} classes and has {len(names)}; {todo}")
    seen: set[str] = set()
    for name in names:
        if len(name) > MAX_NAME_LENGTH:
            raise ValueError(
                f"a class name has at most {MAX_NAME_LENGTH} characters, and {quoted(name)} has {len(name):,}; "
                "shorten it"
            )
        if name.casefold() in seen:
            raise ValueError(f"each class may appear only once, and {quoted(name)} comes twice; keep one")
        seen.add(name.casefold())
    return ClassSet("custom", names)


def parse_template(text: str) -> str:
    """Return a typed prompt pattern without surrounding blanks.

    `core.classifiers.zero_shot.fill_template` checks for one `{class}`.

    Raises:
        ValueError: more than 200 characters.
    """
    template = _tidy(text)
    if len(template) > _MAX_TEMPLATE_LENGTH:
        raise ValueError(
            f"the prompt pattern may have {_MAX_TEMPLATE_LENGTH} characters and has {len(template):,}; shorten it"
        )
    return template


def _tidy(text: str) -> str:
    """Normalise blanks, compose characters, drop control characters; return "" if nothing visible remains."""
    text = unicodedata.normalize("NFC", text)
    plain = "".join(" " if unicodedata.category(character) == "Cc" else character for character in text)
    # Joiners and direction marks (Cf) belong to emojis and right-to-left text, but are invisible alone.
    visible = any(not character.isspace() and unicodedata.category(character) != "Cf" for character in plain)
    return " ".join(plain.split()) if visible else ""


def choose_targets(classifier: Classifier, targets: Sequence[str | int]) -> tuple[Classifier, list[int]]:
    """Return a classifier that has every target as a class, and their indices among its classes.

    A text names a class, else a word that stands for some (`core.data.words`): a closed-set classifier merges these
    into one class with the sum of their probabilities. Any other text becomes an additional class of a zero-shot
    classifier, and its probability is a share among all of them.

    Args:
        targets: class names, words or texts; or indices of classes.
    Raises:
        ValueError: no text, a word unknown to a closed-set classifier, two words that share a class, or a text
            longer than the text tower reads.
    """
    names = list(classifier.classes.names)
    members: list[tuple[int, ...]] = []  # of each target
    unions: dict[tuple[int, ...], str] = {}
    for target in targets:
        group = _members(classifier, names, target.strip()) if isinstance(target, str) else (int(target),)
        members.append(group)
        if len(group) > 1:
            unions.setdefault(group, str(target).strip())
    if new := names[len(classifier.classes) :]:
        check_prompts(classifier, new, what="target text")
        classifier = classifier.for_classes(ClassSet("custom", tuple(names)))
    for word, other in itertools.combinations(dict.fromkeys(members), 2):
        if {*word} & {*other}:
            called = [quoted(unions[key] if key in unions else names[key[0]]) for key in (word, other)]
            raise ValueError(f"{called[0]} and {called[1]} share a class; draw one at a time")
    if unions:
        classifier = classifier.merge({word: group for group, word in unions.items()})
    inside = {member for group in unions for member in group}
    singles = [k for k in range(len(names)) if k not in inside]
    index_of = {group: index for index, group in enumerate([*((k,) for k in singles), *unions])}
    return classifier, [index_of[group] for group in members]


def _members(classifier: Classifier, names: list[str], text: str) -> tuple[int, ...]:
    """Return the classes that a text names; a new text for a zero-shot classifier is added to `names`."""
    if not text:
        raise ValueError("the target is empty; choose a class, or describe one in words")
    lower = [name.casefold() for name in names]
    if text.casefold() in lower:
        return (lower.index(text.casefold()),)
    if classifier.kind == "zero-shot":
        names.append(text)
        return (len(names) - 1,)
    if members := find_word(text, classifier.classes):
        return members
    near = neighbours(text, classifier.classes) or tuple(difflib.get_close_matches(text.casefold(), lower, n=1))
    hint = f"nearest: {', '.join(near)}" if near else "choose one of its classes, or a CLIP for free text"
    known = f"not among the {len(names)} classes of classifier {classifier.name!r}"
    raise ValueError(f"target {quoted(text)} is {known}, and stands for none of them; {hint}")


def check_prompts(
    classifier: Classifier, texts: Sequence[str], template: str | None = None, *, what: str = "class name"
) -> None:
    """Check that the text tower reads each prompt to its end: tokenizers silently truncate long ones.

    Args:
        classifier: a zero-shot one.
        texts: fillers of the template's slot.
        template: prompt pattern with one `{class}`; None for the classifier's own.
        what: name of one of `texts` in the error.
    Raises:
        ValueError: a text would be truncated; names the first.
    """
    pattern = (classifier.template if template is None else template) or "{class}"
    known: Any = classifier.embedded
    new = {text: prompt for text in texts if (prompt := pattern.replace("{class}", text)) not in known}
    if not new:
        return
    tokenizer: Any = classifier.tokenizer
    prompts = list(new.values())
    read = tokenizer(prompts)  # (K, L)
    length = read.shape[1]
    # With room for one more token, a truncated prompt shows a different token at its end.
    cut = (tokenizer(prompts, context_length=length + 1)[:, :length] != read).any(dim=1)
    if bool(cut.any()):
        text = list(new)[int(cut.int().argmax())]
        raise ValueError(
            f"the {what} is longer than the {length} tokens that classifier {classifier.name!r} reads, with the prompt "
            f"around it, and would ignore the end of {quoted(text)}; shorten it"
        )


def add_classifier_options(parser: ArgumentParser) -> None:
    """Add the options that `named_classifier` reads, but `--download`, which is that of the data set."""
    parser.add_argument("--classifier", required=True, help="a name of the registry, e.g. mini-clip, clip-vit-b-32")
    parser.add_argument("--weights", type=Path, help="weight file, for classifiers that take one")
    parser.add_argument("--template", help='prompt of a zero-shot classifier, default "a photo of a {class}"')
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")


def named_classifier(args: Namespace, classes: ClassSet, local_rank: int = 0) -> Classifier:
    """Load the classifier named on the command line, for some classes; errors as for `load_classifier`."""
    prepare_torch()
    return load_classifier(
        args.classifier,
        classes,
        device=choose_device(args.device, local_rank),
        weights=args.weights,
        download=args.download,
        template=args.template,
    )
