"""What an image is to become: a class by its name, or, for a zero-shot classifier, any text. No torch."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.classifiers.class_list import quoted
from core.data.classes import ClassSet

if TYPE_CHECKING:
    from core.classifiers.base import Classifier


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
    check_prompts(classifier, [text.strip()], what="target text")
    extended = ClassSet("custom", (*names, text.strip()))
    return Target(classifier.for_classes(extended), len(names))


def check_prompts(
    classifier: Classifier, texts: Sequence[str], template: str | None = None, *, what: str = "class name"
) -> None:
    """See that the text tower reads each prompt to its end: tokenizers cut what is too long, without a word.

    Args:
        classifier: a zero-shot one.
        texts: what is put into the template's slot.
        template: prompt pattern with one `{class}`; None for the classifier's own.
        what: how the error calls one of `texts`.
    Raises:
        ValueError: the first text that would lose its end.
    """
    pattern = (classifier.template if template is None else template) or "{class}"
    prompts = [pattern.replace("{class}", text) for text in texts]
    tokenizer: Any = classifier.tokenizer
    read = tokenizer(prompts)  # (K, L)
    length = read.shape[1]
    # With room for one token more, a prompt that is cut shows another token where it was made to end.
    cut = (tokenizer(prompts, context_length=length + 1)[:, :length] != read).any(dim=1)
    if bool(cut.any()):
        text = texts[int(cut.int().argmax())]
        raise ValueError(
            f"the {what} is too long: classifier {classifier.name!r} reads only {length} tokens, with the prompt "
            f"around it, and would ignore the end of {quoted(text)}; shorten it"
        )
