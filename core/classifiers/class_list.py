"""What a visitor types as classes and as a prompt pattern, turned into a class set or one sentence. No torch."""

from __future__ import annotations

import re
import unicodedata

from core.data.classes import ClassSet

FEWEST_CLASSES, MOST_CLASSES = 2, 100
LONGEST_NAME = 200  # characters; a text tower reads far fewer tokens than this has letters
LONGEST_TEMPLATE = 200

# Line ends, and the commas and semicolons of several scripts.
_SEPARATORS = re.compile("[,;\n\r،؛，；、\u2028\u2029]")


def parse_class_list(text: str) -> ClassSet:
    """The classes in a text, in its order, as the class set "custom".

    Args:
        text: names on lines of their own, or separated by commas or semicolons. Blanks around a name are dropped, and
            so are empty names; blanks inside become single ones.
    Raises:
        ValueError: fewer than 2 or more than 100 names, one of more than 200 characters, or one that comes twice,
            whatever its case. The text is one sentence.
    """
    names = tuple(name for part in _SEPARATORS.split(text) if (name := _tidy(part)))
    if not FEWEST_CLASSES <= len(names) <= MOST_CLASSES:
        todo = "add some, separated by commas" if len(names) < FEWEST_CLASSES else "leave some out"
        raise ValueError(f"the list needs {FEWEST_CLASSES} to {MOST_CLASSES} classes and has {len(names)}; {todo}")
    seen: dict[str, str] = {}
    for name in names:
        if len(name) > LONGEST_NAME:
            raise ValueError(
                f"a class name has at most {LONGEST_NAME} characters, and {quoted(name)} has {len(name):,}; shorten it"
            )
        first = seen.get(name.casefold())
        if first is not None:
            twice = "comes twice" if first == name else f"repeats {quoted(first)}"
            raise ValueError(f"each class may stand in the list only once, and {quoted(name)} {twice}; keep one")
        seen[name.casefold()] = name
    return ClassSet("custom", names)


def parse_template(text: str) -> str:
    """A typed prompt pattern without the blanks around it.

    Whether it holds `{class}` once is for `core.classifiers.zero_shot.fill_template` to say, which needs torch.

    Raises:
        ValueError: more than 200 characters.
    """
    template = _tidy(text)
    if len(template) > LONGEST_TEMPLATE:
        raise ValueError(
            f"the prompt pattern may have {LONGEST_TEMPLATE} characters and has {len(template):,}; shorten it"
        )
    return template


def quoted(text: str, longest: int = 40) -> str:
    """A text in quotes for a sentence to people: its beginning, if it is long, and nothing in it that is invisible."""
    return repr(text if len(text) <= longest else f"{text[: longest - 1]}…")


def _tidy(text: str) -> str:
    """Single blanks, none at the ends, composed letters, no control characters; "" if nothing of it can be seen."""
    text = unicodedata.normalize("NFC", text)
    plain = "".join(" " if unicodedata.category(letter) == "Cc" else letter for letter in text)
    # Joiners and marks of direction (Cf) belong to emojis and to right-to-left text, but alone they show nothing.
    seen = any(not letter.isspace() and unicodedata.category(letter) != "Cf" for letter in plain)
    return " ".join(plain.split()) if seen else ""
