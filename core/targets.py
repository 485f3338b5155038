"""What an image is to become: a class by its name, or, for a zero-shot classifier, any text. No torch."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.classes import ClassSet

if TYPE_CHECKING:
    from core.architectures.base import Classifier


@dataclass(frozen=True)
class Target:
    """A target class: `index` among the classes of `classifier`, which may know one class more than before."""

    classifier: Classifier
    index: int


def find_class(name: str, classes: ClassSet) -> int | None:
    """The class called `name`, whatever its case and surrounding blanks; the first, where several share the name."""
    wanted = name.strip().casefold()
    return next((k for k, known in enumerate(classes.names) if known.casefold() == wanted), None)


def choose_target(classifier: Classifier, text: str) -> Target:
    """The class that `text` names or, for a zero-shot classifier, describes.

    A text that is no class yet becomes one more class of a zero-shot classifier, beside those it has: the probability
    of the target is then a share among all of them.

    Raises:
        ValueError: no text, a class that a closed-set classifier does not know, or a text that the classifier's own
            checks refuse (too long for its text tower).
    """
    if not text.strip():
        raise ValueError("the target is empty; choose a class, or describe one in words")
    index = find_class(text, classifier.classes)
    if index is not None:
        return Target(classifier, index)
    names = classifier.classes.names
    if classifier.kind != "zero-shot":
        known = {name.casefold(): name for name in reversed(names)}
        close = difflib.get_close_matches(text.strip().casefold(), known, n=1, cutoff=0.6)
        hint = f"did you mean {known[close[0]]!r}?" if close else "choose one of its classes, or a CLIP for free text"
        raise ValueError(
            f"target {text.strip()!r} is not among the {len(names)} classes of classifier {classifier.name!r}; {hint}"
        )
    _check_length(classifier, text.strip())
    extended = ClassSet("custom", (*names, text.strip()))
    return Target(classifier.for_classes(extended), len(names))


def _check_length(classifier: Classifier, text: str) -> None:
    """Raise ValueError if the text tower would cut the prompt short, as tokenizers do without a word."""
    prompt = (classifier.template or "{class}").replace("{class}", text)
    # Cut short means that the end of the prompt makes no difference, and neither does anything after it.
    tokens, shorter, longer = classifier.tokenizer([prompt, prompt[:-1], f"{prompt} and more"])  # type: ignore[operator]
    if bool((tokens == shorter).all()) and bool((tokens == longer).all()):
        raise ValueError(
            f"the target text is too long: classifier {classifier.name!r} reads only {len(tokens)} tokens and would "
            "ignore its end; shorten it"
        )
