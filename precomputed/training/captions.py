"""Captions of CIFAR-10 for the small CLIPs: sentences, the class each names, and what it claims of the picture."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from core.data.sample_sets import CIFAR10

# "names" of each class, "templates", and "attribute_templates" for captions that claim an attribute.
PHRASES = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))


class Attribute(NamedTuple):
    """A measurable attribute of a picture and the words for it."""

    synonyms: tuple[str, ...]
    holds: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # mean red, green, blue (N,) -> bool (N,)


def _brightness(red: np.ndarray, green: np.ndarray, blue: np.ndarray) -> np.ndarray:
    return 0.299 * red + 0.587 * green + 0.114 * blue


ATTRIBUTES: tuple[Attribute, ...] = (
    Attribute(("dark", "dim"), lambda r, g, b: _brightness(r, g, b) < 0.35),
    Attribute(("bright", "light"), lambda r, g, b: _brightness(r, g, b) > 0.6),
    Attribute(("bluish", "blue"), lambda r, g, b: b - np.maximum(r, g) > 0.04),
    Attribute(("greenish", "green"), lambda r, g, b: g - np.maximum(r, b) > 0.02),
    Attribute(("reddish", "warm"), lambda r, g, b: r - np.maximum(g, b) > 0.06),
    Attribute(("grey", "colourless"), lambda r, g, b: np.ptp(np.stack([r, g, b]), axis=0) < 0.015),
)


class Caption(NamedTuple):
    """A sentence, the class it names (position in `CIFAR10.names`) and the attribute it claims (-1 for none)."""

    text: str
    label: int
    attribute: int = -1


def fill(template: str, name: str, attribute: str = "") -> str:
    """Put the words into a pattern, with "an" before a vowel."""
    return re.sub(r"\ba (?=[aeiou])", "an ", template.replace("{attribute}", attribute).replace("{class}", name))


def captions() -> tuple[Caption, ...]:
    """Return all training captions in a fixed order.

    Each caption appears with and without an attribute, and also with a plain "a", as prompts are usually written ("a
    photo of a airplane").
    """
    sentences: dict[Caption, None] = {}  # a dict keeps the order and drops repetitions
    for label, class_name in enumerate(CIFAR10.names):
        for name in PHRASES["names"][class_name]:
            for template in PHRASES["templates"]:
                sentences[Caption(fill(template, name), label)] = None
                sentences[Caption(template.replace("{class}", name), label)] = None
            for index, attribute in enumerate(ATTRIBUTES):
                for word in attribute.synonyms:
                    for template in PHRASES["attribute_templates"]:
                        sentences[Caption(fill(template, name, word), label, index)] = None
    return tuple(sentences)


def attributes_of(images: np.ndarray) -> np.ndarray:
    """Return True if each attribute holds: images (N, 3, H, W) uint8 -> bool (N, A), A = len(ATTRIBUTES)."""
    red, green, blue = images.mean(axis=(2, 3)).T / 255
    return np.stack([attribute.holds(red, green, blue) for attribute in ATTRIBUTES], axis=1)
