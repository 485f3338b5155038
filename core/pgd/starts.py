"""Starts of drawings and their distributions. Does not import torch."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from core.data.canvases import CANVASES, COMPARED_CANVAS, CanvasName, paint_canvas
from core.data.class_statistics import (
    STATISTICS,
    ClassCovariance,
    ClassStatistics,
    DatasetCovariance,
    DatasetStatistics,
    GreyNoise,
    class_covariance,
    class_statistics,
    covariance_path,
    images_in_words,
    natural_statistics,
)
from core.data.sample_sets import SAMPLE_SETS, ImageDataset
from core.data.sketches import encode_sketch, smooth_sketch
from core.data.words import find_class
from core.pgd.views import MIN_CROP_SIZE

StartName = Literal["blur", "classless", "independent"] | CanvasName | Literal["sketch", "photo"]
MIN_IMAGES = 8  # fewer images give no useful covariance of a class


@dataclass(frozen=True)
class Start:
    """Texts of a start. name: in a sentence. label: in menus. source: one sentence on its origin.

    supplied: True if the user provides it; all others come from `start_of`, and the script offers them.
    """

    name: str
    label: str
    source: str
    supplied: bool = False

    @property
    def phrase(self) -> str:
        """The name with its article, if any."""
        return f"a {self.name}" if self.name.startswith("blur") else self.name


STARTS: dict[StartName, Start] = {
    "blur": Start(
        "blur",
        "Blur",
        "A whole image drawn from the covariance of the class’s images, as in the code of Santurkar et al. 2019, on "
        "which the paper builds, but coarser.",
    ),
    "classless": Start(
        "blur of no class",
        "Blur of no class",
        "A whole image drawn from the covariance of all of CIFAR-10’s images; it contains nothing of the target class.",
    ),
    "independent": Start(
        "pixel noise",
        "Pixel noise",
        "Each pixel and channel drawn independently, from its mean and standard deviation over the class’s images, as "
        "the paper’s text says.",
    ),
    "grey": Start(
        "grey",
        "Grey",
        "The mean colour of natural pixels with faint pink noise in their colours; it contains nothing of the target "
        "class.",
    ),
    **{
        name: Start(
            f"the canvas {canvas.title.lower()!r}",
            canvas.title,
            f"Flat colours, blurred into each other, {canvas.description}; they contain nothing of the target class.",
        )
        for name, canvas in CANVASES.items()
        if name != COMPARED_CANVAS
    },
    "sketch": Start(
        "a sketch",
        "Sketch",
        "The sketch that you painted.",
        supplied=True,
    ),
    "photo": Start(
        "a photo",
        "Photo",
        "A photo, yours or a bundled one, the same for all classes.",
        supplied=True,
    ),
}
MADE_STARTS = tuple(name for name, row in STARTS.items() if not row.supplied)


@dataclass(frozen=True, eq=False)
class Given:
    """One picture, (3, H, W) float32 in [0, 1], as the start of every drawing. source: its origin."""

    mean: np.ndarray
    source: str

    def draw(self, count: int, *, generator: np.random.Generator) -> np.ndarray:
        """Return the picture `count` times, (count, 3, H, W); nothing is random."""
        return np.repeat(self.mean[None], count, axis=0)


@dataclass(frozen=True, eq=False)
class StartDistribution:
    """Distribution of a target's starts.

    name: key in `STARTS`; differs from the requested one if the class has no images. distribution: has `draw(count,
    generator=)` and `mean`. why: one sentence on the difference, or empty.
    """

    name: StartName
    distribution: ClassStatistics | ClassCovariance | GreyNoise | Given
    why: str = ""


def start_of(
    target: str, class_set: str, image_size: int, start: StartName = "blur", dataset: ImageDataset | None = None
) -> StartDistribution:
    """Return the distribution of starts for a class or a free text.

    Uses the bundled statistics of the class, or else the data set's images of it, or else a grey start, at 32 pixels a
    blur of no class, or pixel noise with the statistics of natural images.

    Raises:
        RuntimeError: a bundled file is damaged.
        NotImplementedError: a row of `STARTS` was added without its code.
    """
    if start == "grey":
        return StartDistribution(start, GreyNoise(image_size))
    if start in CANVASES:
        return StartDistribution(start, Given(paint_canvas(start, image_size), CANVASES[start].description))
    if start == "classless":
        return StartDistribution(start, _classless().resize(image_size))
    bundled = _bundled(class_set, start)
    if bundled is not None and target in bundled.class_names:
        return StartDistribution(start, bundled.of_class(target).resize(image_size))
    if start not in ("blur", "independent"):
        raise NotImplementedError(f"start {start!r} has a row of `STARTS`, but no branch here")
    images, source = _own_images(target, dataset)
    if start == "blur" and len(images) >= MIN_IMAGES:
        covariance = class_covariance(images, max(1, image_size // 56), source)  # 4 at 224 pixels, as there
        return StartDistribution(start, covariance)
    if len(images) >= MIN_IMAGES:
        return StartDistribution("independent", class_statistics(images, source))
    if start == "independent":
        return StartDistribution(start, natural_statistics(image_size))
    # Enlarged from 32 pixels, a blur of no class shows large blotches, which only get in the way.
    fallback: StartName = "grey" if image_size >= MIN_CROP_SIZE else "classless"
    why = f"No images of “{target}” are available, so its start is {STARTS[fallback].phrase}."
    return StartDistribution(fallback, start_of(target, class_set, image_size, fallback).distribution, why)


@cache
def _classless() -> ClassCovariance:
    return DatasetCovariance.load(covariance_path("cifar10")).pooled()


@cache
def _bundled(class_set: str, start: StartName) -> DatasetCovariance | DatasetStatistics | None:
    if start == "blur" and (path := covariance_path(class_set)).is_file():
        return DatasetCovariance.load(path)
    if start == "independent" and (path := STATISTICS / f"{class_set}.npz").is_file():
        return DatasetStatistics.load(path)
    return None


def _own_images(name: str, dataset: ImageDataset | None) -> tuple[np.ndarray, str]:
    """Return the data set's images of a class, and their description."""
    label = None if dataset is None else find_class(name, dataset.classes)
    if dataset is None or label is None:
        return np.empty((0, 3, 1, 1), np.uint8), f"no images of {name!r}"
    images = dataset.images[dataset.labels == label]
    return images, images_in_words(len(images), dataset.split, f"“{name}”", dataset.name)


def sketch_start(picture: np.ndarray, image_size: int) -> tuple[np.ndarray, dict[str, str]]:
    """Return the start of a drawing from a sketch, (3, image_size, image_size), and the metadata on it.

    The metadata has the sketch as text, unless it has more details than fit.
    """
    facts = {"dataset": "sketch", "start": "sketch", "credit": f"Start: {STARTS['sketch'].name}"}
    with suppress(ValueError):
        facts["sketch"] = encode_sketch(picture)
    return smooth_sketch(picture, image_size), facts


def start_generator(target: str, seed: int, repeat: int = 0) -> np.random.Generator:
    """Return the generator of a target's start, the same on pages and in scripts, whatever other targets are drawn.

    repeat: how often the target was drawn before in the same job.
    """
    return np.random.default_rng([seed, zlib.crc32(target.encode("utf-8")), repeat])


def draw_starts(
    targets: Sequence[str], tries: int, sample_set: str, seed: int, start: StartName = "blur"
) -> np.ndarray:
    """Draw the starts of several tries, by the seeds from `seed` on, for each target in turn, (B, 3, H, W) float32 in
    [0, 1].

    The same target, sample set, start and seed give the same starts, whatever other targets are drawn.
    """
    return np.concatenate(
        [
            set_start(target, sample_set, start).distribution.draw(1, generator=start_generator(target, seed + k))
            for target in targets
            for k in range(tries)
        ]
    )


def set_start(target: str, sample_set: str, start: StartName) -> StartDistribution:
    """Return the distribution of starts for a class of a sample set or a free text; errors as for `start_of`."""
    row = SAMPLE_SETS[sample_set]
    return start_of(target, row.class_set, row.image_size, start)


def start_facts(targets: Sequence[str], sample_set: str, start: StartName = "blur") -> dict[str, str]:
    """Return the metadata on starts that a run's file stores; "credit" is for display."""
    drawn = [set_start(target, sample_set, start) for target in targets]
    origins = [
        f"“{target}” from {STARTS[own.name].name} of {own.distribution.source}"
        for target, own in zip(targets, drawn, strict=True)
    ]
    name = start if any(own.name == start for own in drawn) else drawn[0].name
    return {"dataset": "noise", "start": name, "credit": f"Starts: {'; '.join(origins)}"}
