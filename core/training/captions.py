"""Captions for CIFAR-10 images. Does not import torch.

A caption says the class, in one of several words for it (loosely: CIFAR-10 does not say which cats are kittens), and
sometimes one thing more that was measured on the picture itself and is true of it, for example that it is dark. Names
and sentence patterns are split into those used for training and those held out, so that it can be tested whether the
text tower reads sentences or has learned a list of them by heart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.data.classes import CIFAR10

NAMES: dict[str, tuple[str, ...]] = {
    "airplane": ("airplane", "aeroplane", "plane", "airliner", "aircraft", "jet"),
    "automobile": ("automobile", "car", "motor car", "motorcar", "passenger car"),
    "bird": ("bird", "fowl", "birdie", "feathered animal"),
    "cat": ("cat", "kitten", "kitty", "feline", "pussycat"),
    "deer": ("deer", "doe", "stag", "fawn"),
    "dog": ("dog", "puppy", "pup", "hound", "doggy"),
    "frog": ("frog", "toad", "amphibian", "froggy"),
    "horse": ("horse", "pony", "mare", "stallion", "steed"),
    "ship": ("ship", "boat", "vessel", "watercraft"),
    "truck": ("truck", "lorry", "motor truck", "heavy truck"),
}
# Never seen in training as a whole. A text tower that starts from nothing cannot know a word it never met, so these
# are compounds around a word that it did meet; what stands beside that word is new.
HELD_OUT_NAMES: dict[str, tuple[str, ...]] = {
    "airplane": ("passenger plane", "jet plane", "commercial airliner"),
    "automobile": ("sports car", "family car", "racing car"),
    "bird": ("songbird", "wild bird", "little bird"),
    "cat": ("house cat", "tabby cat", "tomcat"),
    "deer": ("wild deer", "roe deer", "young fawn"),
    "dog": ("pet dog", "guard dog", "sheepdog"),
    "frog": ("tree frog", "bullfrog", "pond frog"),
    "horse": ("racehorse", "wild horse", "young pony"),
    "ship": ("cargo ship", "sailing boat", "motorboat"),
    "truck": ("delivery truck", "dump truck", "fire truck"),
}

TEMPLATES: tuple[str, ...] = (
    "a photo of a {class}", "a photo of the {class}", "a photo of one {class}", "a picture of a {class}",
    "a picture of the {class}", "an image of a {class}", "an image of the {class}", "a snapshot of a {class}",
    "a photograph of a {class}", "a photograph showing a {class}", "this is a photo of a {class}", "this is a {class}",
    "a {class}", "the {class}", "{class}", "photo of a {class}", "picture of a {class}", "image of {class}",
    "a tiny photo of a {class}", "a small picture of a {class}", "a low resolution photo of a {class}",
    "a blurry photo of a {class}", "a pixelated picture of a {class}", "a grainy photo of a {class}",
    "a {class} in the picture", "a {class} in a photo", "there is a {class} here", "there is a {class} in this photo",
    "here is a {class}", "one can see a {class}", "you can see a {class} in this picture", "we see a {class}",
    "it is a {class}", "what you see is a {class}", "somebody saw a {class}", "a small image with a {class}",
    "a view of a {class}", "a thumbnail of a {class}", "the picture shows a {class}", "this image contains a {class}",
    "an example of a {class}", "a photo of some {class}", "a real {class}", "a photo from the class {class}",
)  # fmt: skip
HELD_OUT_TEMPLATES: tuple[str, ...] = (
    "a good photo of a {class}", "a cropped photo of the {class}", "look, a {class}", "my holiday picture of a {class}",
    "the subject of this photograph is a {class}", "an old snapshot with a {class}", "can you see the {class}",
    "a 32 pixel image of a {class}", "a close-up of a {class}", "this photograph was taken of a {class}",
)  # fmt: skip
ATTRIBUTE_TEMPLATES: tuple[str, ...] = (
    "a {attribute} photo of a {class}", "a {attribute} picture of a {class}", "a {attribute} image of the {class}",
    "a photo of a {class}, {attribute}", "this {attribute} photo shows a {class}", "a {class} in a {attribute} picture",
)  # fmt: skip


@dataclass(frozen=True)
class Attribute:
    """Something that can be measured on a picture, and the words that say it."""

    words: tuple[str, ...]
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


@dataclass(frozen=True)
class Caption:
    """A sentence, the class it names (position in `CIFAR10.names`) and the attribute it claims (-1 for none)."""

    text: str
    label: int
    attribute: int = -1


def fill(template: str, name: str, attribute: str = "") -> str:
    """Put the words into a pattern, with "an" before a vowel."""
    return re.sub(r"\ba (?=[aeiou])", "an ", template.replace("{attribute}", attribute).replace("{class}", name))


def captions() -> tuple[Caption, ...]:
    """Every caption of training, in a fixed order.

    They come with and without an attribute, and always also with a plain "a", as prompts are usually written
    ("a photo of a airplane").
    """
    found: dict[Caption, None] = {}  # a dict keeps the order and drops repetitions
    for label, class_name in enumerate(CIFAR10.names):
        for name in NAMES[class_name]:
            for template in TEMPLATES:
                found[Caption(fill(template, name), label)] = None
                found[Caption(template.replace("{class}", name), label)] = None
            for index, attribute in enumerate(ATTRIBUTES):
                for word in attribute.words:
                    for template in ATTRIBUTE_TEMPLATES:
                        found[Caption(fill(template, name, word), label, index)] = None
    return tuple(found)


def attributes_of(images: np.ndarray) -> np.ndarray:
    """Which attributes hold: images (N, 3, H, W) uint8 -> bool (N, A), A = len(ATTRIBUTES)."""
    red, green, blue = images.mean(axis=(2, 3)).T / 255
    return np.stack([attribute.holds(red, green, blue) for attribute in ATTRIBUTES], axis=1)
