"""The link to a painting: a page's parameters in its URL, from a `Painting` and back. No torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np

from core.classifiers.registry import classifier_title, list_classifiers
from core.data.datasets import load_samples, sample_position
from core.data.holes import hole_size, hole_text, pack_mask, read_hole
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.sketches import SKETCH_SIZE, decode_sketch, encode_sketch
from core.pgd.drawings import painter_name
from core.pgd.methods import COMPARED, METHODS, MethodName, leading
from core.pgd.painting import Painting
from core.pgd.settings import FIELDS, PENALTIES, Field, PGDConfig, Task, defaults, has_quick, same_value
from core.pgd.starts import STARTS, StartName
from core.shared import paper
from core.shared.text import quoted

QUICK_PACE, FULL_PACE = "quick", "full"


def word_parameter(task: Task, row: SampleSet) -> str:
    """Return the name of the parameter with the word among a set's classes."""
    return f"{task}-{'classes' if task == 'generation' else 'target'}-{row.class_set}"


def number_parameter(task: Task, field: Field, size: int) -> str:
    """Return the name of the parameter with a number of `FIELDS`; size: of the picture in pixels."""
    return f"{task}-{field.parameter}{f'-{size}' if field.scaled else ''}"


def to_settings(painting: Painting, methods: Sequence[MethodName] = COMPARED) -> dict[str, Any]:
    """Return what a page's settings are for a painting, by parameter: methods, seed, and pace or numbers.

    methods: the compared ones, in the order of `METHODS`; the painting is by the leading one.
    """
    task, size = painting.task, painting.row.image_size
    chosen: dict[str, Any] = {f"{task}-method-{size}": tuple(methods), f"{task}-seed": painting.seed}
    paces = (QUICK_PACE, FULL_PACE) if has_quick(size, leading(methods)) else ()
    for pace in paces:
        if not _numbers(painting, _usual(painting, leading(methods), pace)):
            return chosen | {f"{task}-pace": pace}
    return chosen | _numbers(painting, _usual(painting, leading(methods), QUICK_PACE))


def to_link(painting: Painting, methods: Sequence[MethodName] = COMPARED) -> dict[str, str]:
    """Return the parameters of the URL of the page that shows a painting.

    Raises:
        ValueError: it starts from a picture that no link can hold: a photo of one's own, or a sketch with many colours.
    """
    row, task = painting.row, painting.task
    link = {f"{task}-start-from": STARTS[painting.start].label} if task == "generation" else {}
    link[word_parameter(task, row)] = painting.word
    if (mask := painting.hole) is not None:
        link |= {f"{task}-hole": hole_text(mask) or "", f"{task}-penalty": PENALTIES[painting.penalty].label}
    if painting.start == "sketch" and (sketch := painting.picture) is not None:
        link[f"{task}-sketch"] = encode_sketch(sketch)
    elif (photo := painting.picture) is not None:
        position = sample_position(row.dataset, np.moveaxis(photo, -1, 0))
        if position is None:
            raise ValueError("a link has no room for your own photo; whoever opens it has to choose the photo again")
        link |= {f"{task}-pictures": row.title, f"{task}-picture": str(position)}
    link[f"{task}-models-{row.class_set}"] = classifier_title(painting.painter)
    settings = to_settings(painting, methods)
    return link | {
        name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in settings.items()
    }


def from_link(link: str | Mapping[str, str]) -> Painting:
    """Return the painting that a page shows for a URL, or for the parameters of one; of several methods the leading.

    What the link omits is usual on the page: picture, hole, methods, steps and, for photos, the painter.

    Raises:
        ValueError: the link, untrusted text, is not of a painting; the message names the parameter.
    """
    values = dict(parse_qsl(urlsplit(link).query)) if isinstance(link, str) else dict(link)
    task: Task = "inpainting" if any(name.startswith("inpainting-") for name in values) else "generation"
    row, word = _row_and_word(values, task)
    titles, models = {spec.title: spec.name for spec in list_classifiers()}, f"{task}-models-{row.class_set}"
    painter = titles.get(values[models]) if models in values else painter_name()
    names = values.get(f"{task}-method-{row.image_size}", ",".join(COMPARED)).split(",")
    methods, seed = [name for name in METHODS if name in names], values.get(f"{task}-seed", "0")
    _check(painter is not None, models)
    _check(methods, f"{task}-method-{row.image_size}")
    _check(seed.isdecimal(), f"{task}-seed")
    about = _start(values, task, row) | {"word": word, "painter": painter, "sample_set": row.name, "seed": int(seed)}
    if task == "inpainting":
        about["fill"] = METHODS[leading(methods)].method.fill
    first = Painting(config=defaults(task, row.image_size), **about)
    usual = _usual(first, leading(methods), values.get(f"{task}-pace", QUICK_PACE))
    changes = _changed(vars(usual), values, task, row.image_size)
    weight = changes.pop("weight", first.weight)
    return replace(first, config=replace(usual, **changes), weight=weight)


def _start(values: Mapping[str, str], task: Task, row: SampleSet) -> dict[str, Any]:
    """Return the fields of the `Painting` of a link that say what it starts from: start, pixels, mask."""
    labels = {text.label: name for name, text in STARTS.items()}
    start: StartName | None = "photo"
    if task == "generation":
        start = labels.get(values.get(f"{task}-start-from", STARTS["sketch"].label))
    _check(start is not None, f"{task}-start-from")
    if start == "sketch":
        return {"start": start, "pixels": decode_sketch(values.get(f"{task}-sketch", ""), SKETCH_SIZE).tobytes()}
    if start != "photo":
        return {"start": start}
    images, usual = load_samples(row.dataset).images, row.photo if task == "generation" else row.inpainted
    index = values.get(f"{task}-picture", str(usual))
    _check(index.isdecimal() and int(index) < len(images), f"{task}-picture")
    about: dict[str, Any] = {"start": start, "pixels": np.moveaxis(images[int(index)], 0, -1).tobytes()}
    if task == "inpainting":
        linked = values.get(f"{task}-hole")
        mask = row.mask(int(index)) if linked is None else read_hole(linked, row.image_size)
        _check(mask is not None, f"{task}-hole")
        penalties = {text.label: name for name, text in PENALTIES.items() if text.offered}
        penalty = penalties.get(values.get(f"{task}-penalty", PENALTIES["eq3"].label))
        _check(penalty is not None, f"{task}-penalty")
        about |= {"mask": pack_mask(mask if mask is not None else row.mask(0)), "penalty": penalty}
    return about


def _usual(painting: Painting, method: MethodName, pace: str) -> PGDConfig:
    """Return the default settings of a painting's task, start and hole."""
    mask, task = painting.hole, painting.task
    about: dict[str, Any] = {"start": painting.start} if mask is None else {"hole_size": hole_size(mask)}
    return defaults(task, painting.row.image_size, method, quick=pace == QUICK_PACE, **about)


def _numbers(painting: Painting, usual: PGDConfig) -> dict[str, Any]:
    """Return the numbers that differ from the usual ones, by parameter."""
    values = vars(painting.config) | ({"weight": painting.weight} if painting.mask else {})
    usually = vars(usual) | {"weight": paper.PENALTY_WEIGHT}
    return {
        number_parameter(painting.task, field, painting.row.image_size): values[name]
        for name, field in FIELDS.items()
        if field.parameter and name in values and not same_value(values[name], usually[name])
    }


def _changed(usual: Mapping[str, Any], values: Mapping[str, str], task: Task, size: int) -> dict[str, Any]:
    """Return the numbers in a link, by name in `FIELDS`."""
    changes: dict[str, Any] = {}
    for name, field in FIELDS.items():
        text = values.get(number_parameter(task, field, size)) if field.parameter else None
        if text and (name in usual or (name == "weight" and task == "inpainting")):
            with suppress(ValueError):
                changes[name] = int(text) if field.whole else float(text)
            _check(name in changes, number_parameter(task, field, size))
    return changes


def _row_and_word(values: Mapping[str, str], task: Task) -> tuple[SampleSet, str]:
    """Return the first sample set with a word in the link, and the word."""
    for row in sorted(SAMPLE_SETS.values(), key=lambda row: -row.image_size):
        if word := values.get(word_parameter(task, row), ""):
            return row, word
    raise ValueError("this link has no word; copy the whole link of a picture")


def _check(is_valid: object, parameter: str) -> None:
    if not is_valid:
        raise ValueError(f"{quoted(parameter)} is missing from this link, or has no meaning; copy the whole link")
