"""Pictures shown of the drawings of `precomputed.makers.drawings`: lossy files, and what networks say of them.

precomputed/views/ has the wall of all words as drawn by both searches (wall.json); for each of five words, which a
rule chose, what the painter draws from one grey start as a strip of frames, and what it draws with each of `CELLS` of
the first of them with the most frequent answers of the judge (opening.json); and the cards' pictures. Every number is
of the very file that is shown.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.classifiers.classifier import Classifier
from core.data.datasets import load_samples
from core.data.holes import fill_hole, middle_square
from core.data.picture_files import decode_image, to_uint8
from core.data.sample_sets import imagenet
from core.data.sketches import SKETCH_WORDS, draw_sketch
from core.data.stored import classifier_facts, computed_source
from core.pgd.drawings import (
    CARDS,
    DRAWINGS,
    OPENING_FILE,
    SIDE,
    SKETCHED_FILE,
    WALL_FILE,
    familiar,
    judged_path,
    sketched_path,
    strip_path,
)
from core.pgd.pictures import ranks
from core.pgd.search import CELLS, COMPARED
from core.pgd.settings import PGDConfig, usual_settings
from core.pgd.starts import draw_starts
from core.pgd.steps import Generation, pgd_steps, run_pgd
from core.shared.device import class_probabilities, device_name
from core.shared.files import make_folder, npz_bytes, write_atomically

FRAMES, GROWTH = 10, 1.7  # of a strip: frame k is at (k / 9)^1.7 of the run, so that most show its beginning
OPENING_WORDS = 5
QUALITY = 80  # of the opening's WebP
# Of the wall's, in the pictures' own size: at 160 pixels the painter itself no longer saw its words in the files of the
# paper's search (18 % sure on average; here over 99.9 %).
WALL_QUALITY = 65
CARD = 160  # side of the cards' pictures, in pixels


def write(work: Path, labels: Sequence[int], painter: Classifier, judges: Sequence[Classifier], seed: int) -> None:
    """Write the folder from the finished and judged drawings in `work`; labels: the wall's classes, in order."""
    facts = {"painter": classifier_facts(painter), "seed": seed}
    config = {"config": PGDConfig(**usual_settings("generation", SIDE, search="views")).to_json()}
    source = {"source": computed_source(device_name(painter.device))}
    make_folder(DRAWINGS / "wall")
    for path in (*(DRAWINGS / "wall").iterdir(), *DRAWINGS.glob("opening-*")):
        path.unlink()
    rows = [_wall_word(work, label, COMPARED) for label in labels]
    judged = {"judges": [classifier_facts(judge) for judge in judges], **config, "side": SIDE}
    _write_facts(WALL_FILE, facts | judged | {"words": rows} | source)
    class_names = opening_rule(rows)
    draw_words(work, painter, seed, class_names)
    content = {"judge": classifier_facts(judges[0]), **config}
    strips = {word: _opening(work, class_names, place, painter, judges[0]) for place, word in enumerate(class_names)}
    answers = {label: tuple(_judged(work, cell, label)["ranks"][0] == 1 for cell in CELLS) for label in labels}
    ((usual, _),) = Counter(answers.values()).most_common(1)
    opening = [imagenet().names.index(word) for word in class_names]
    cells = _wall_word(work, next((label for label in opening if answers[label] == usual), opening[0]), list(CELLS))
    for cell in CELLS:
        cells[cell] |= {name: cells[cell][name][:1] for name in ("says", "ranks", "shares")}  # of the first judge
    _write_facts(OPENING_FILE, facts | content | {"words": strips, "cells": cells} | source)
    _write_cards(rows)
    draw_sketches(painter, judges[0], seed)


def draw_sketches(painter: Classifier, judge: Classifier, seed: int) -> None:
    """Write what both searches make of each bundled sketch, and what the networks say of these files."""
    names, rows = imagenet().names, [{"sketch": sketch, "word": word} for sketch, word in SKETCH_WORDS.items()]
    labels = [names.index(row["word"]) for row in rows]
    starts = np.stack([draw_sketch(row["sketch"], SIDE).transpose(2, 0, 1) for row in rows])
    config = PGDConfig(**usual_settings("generation", SIDE, search="views"))
    known: list[dict[str, Any]] = [{**row, "label": label} for row, label in zip(rows, labels, strict=True)]
    for search in COMPARED:
        images, objective = torch.from_numpy(starts.astype(np.float32) / 255), Generation(torch.tensor(labels))
        last = run_pgd(painter, objective, images, replace(config, search=search), seed=seed)
        for row, label, image in zip(known, labels, last.images, strict=True):
            file = webp(to_uint8(image.numpy()).transpose(2, 0, 1))
            write_atomically(sketched_path(row["sketch"], search), file)
            pixels = decode_image(file).transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
            confidence = short(class_probabilities(painter, pixels)[0, label])
            row[search] = {"confidence": confidence, **_judgement(judge, pixels, label)}
    facts = {"painter": classifier_facts(painter), "judges": [classifier_facts(judge)], "config": config.to_json()}
    source = computed_source(device_name(painter.device))
    _write_facts(SKETCHED_FILE, facts | {"seed": seed, "side": SIDE, "words": known, "source": source})


def opening_rule(rows: Sequence[Any]) -> list[str]:
    """Return the words that open the story: the five familiar ones of the wall of which the judge is surest.

    Its first guess is the word as drawn by views, and another one as drawn by the paper's search.
    """
    known = [
        row for row in rows
        if row["word"] in familiar() and row["views"]["ranks"][0] == 1 != row["pixels"]["ranks"][0]
    ]  # fmt: skip
    surest = sorted(known, key=lambda row: -row["views"]["shares"][0])
    return [row["word"] for row in surest[:OPENING_WORDS]]


def _write_facts(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode())


def _wall_word(work: Path, label: int, cells: Sequence[str]) -> dict[str, Any]:
    """Write a word's pictures; return what the networks say of each."""
    row: dict[str, Any] = {"label": label, "word": imagenet().names[label]}
    for cell in cells:
        with np.load(work / f"draw-{cell}-{label}.npz", allow_pickle=False) as file:
            write_atomically(judged_path(label, cell), webp(file["result"]))
        row[cell] = {name: value for name, value in _judged(work, cell, label).items() if name != "row"}
    return row


def _judged(work: Path, cell: str, label: int) -> dict[str, Any]:
    return json.loads((work / f"draw-{cell}-{label}.json").read_text("utf-8"))


def _write_cards(rows: Sequence[dict[str, Any]]) -> None:
    """Write the cards' pictures: a hole in a photograph, and a recognised drawing to be judged."""
    samples = load_samples("photographs")
    image = samples.images[samples.labels.tolist().index(imagenet().names.index("hen"))]
    hole = fill_hole(image.astype(np.float32) / np.float32(255), middle_square(SIDE, SIDE // 3))
    write_atomically(CARDS["hole"], webp(to_uint8(hole).transpose(2, 0, 1), QUALITY, CARD))
    label = next(row["label"] for row in rows if row["word"] in familiar() and row["views"]["ranks"][0] == 1)
    picture = decode_image(judged_path(label, "views").read_bytes()).transpose(2, 0, 1)
    write_atomically(CARDS["judge"], webp(picture, QUALITY, CARD))


def draw_words(work: Path, painter: Classifier, seed: int, class_names: Sequence[str]) -> None:
    """Draw words by both searches; save the frames of each search in `work`."""
    labels = [imagenet().names.index(word) for word in class_names]
    starts = torch.from_numpy(
        np.concatenate([draw_starts([word], 1, "photographs", seed, "grey") for word in class_names])
    )
    usual = PGDConfig(**usual_settings("generation", SIDE, search="views"))
    steps = [round(usual.steps * (k / (FRAMES - 1)) ** GROWTH) for k in range(FRAMES)]
    for search in COMPARED:
        path = work / f"words-{search}.npz"
        if path.exists() and np.load(path, allow_pickle=False)["labels"].tolist() == labels:
            continue
        frames, objective = [], Generation(torch.tensor(labels))
        for state in pgd_steps(painter, objective, starts, replace(usual, search=search), seed=seed):
            if state.step in steps:
                frames.append(np.stack([to_uint8(image.numpy()).transpose(2, 0, 1) for image in state.images]))
        norms = state.perturbation_norm.numpy()
        arrays = {"labels": np.array(labels), "steps": np.array(steps), "frames": np.stack(frames, axis=1)}
        write_atomically(path, npz_bytes(**arrays, norms=norms))


def _opening(
    work: Path, class_names: Sequence[str], place: int, painter: Classifier, judge: Classifier
) -> dict[str, Any]:
    """Write a word's strips; return the networks' predictions by search. place: of the word among all."""
    names = imagenet().names
    result: dict[str, Any] = {}
    label = names.index(class_names[place])
    for search in COMPARED:
        with np.load(work / f"words-{search}.npz", allow_pickle=False) as file:
            steps, frames, norm = file["steps"], file["frames"][place], file["norms"][place]
        strip = webp(np.concatenate(frames, axis=1), QUALITY)
        write_atomically(strip_path(class_names[place], search), strip)
        pixels = decode_image(strip).transpose(2, 0, 1).astype(np.float32) / np.float32(255)
        images = np.stack(np.split(pixels, len(frames), axis=1))
        result[search] = {
            "steps": steps.tolist(),
            "confidence": [short(share) for share in class_probabilities(painter, images)[:, label]],
            "norm": short(norm),
            **_judgement(judge, images[-1:], label),
        }
    return result


def _judgement(judge: Classifier, images: np.ndarray, label: int) -> dict[str, Any]:
    """Return the judge's top-1 prediction for one image, the label's rank, and the prediction's probability."""
    shares = class_probabilities(judge, images)
    says, rank = imagenet().names[int(shares.argmax())], int(ranks(shares, [label])[0])
    return {"says": [says], "ranks": [rank], "shares": [short(shares.max())]}


def short(number: Any) -> float:
    """Return a number with the four digits that are stored."""
    return float(f"{float(number):.4g}")


def webp(picture: np.ndarray, quality: int = WALL_QUALITY, side: int = 0) -> bytes:
    """(3, H, W) uint8 as a lossy file, shrunk to a side unless that is 0."""
    file, image = io.BytesIO(), Image.fromarray(picture.transpose(1, 2, 0))
    image = image.resize((side, side), Image.Resampling.LANCZOS) if side else image
    image.save(file, "WEBP", quality=quality, method=6)
    return file.getvalue()
