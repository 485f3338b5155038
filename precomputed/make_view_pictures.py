"""The stored pictures of drawings: frames of five words, a wall of 100 random ones, and cards.

`precomputed.make_views` writes them into precomputed/views/: for each of five words, which were chosen by hand, what
the painter draws from one grey start by both searches, within the same steps and the same ball, as a strip of frames;
opening.json says how confident the network is at each of them, and what the judge sees in the last. The wall has the
reported drawings, small, and wall.json what every judge sees in them. All are lossy, for showing alone.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.classifiers.classifier import Classifier
from core.data.datasets import load_samples
from core.data.holes_and_sketches import fill_hole, middle_square
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.data.stored import classifier_facts, computed_source
from core.pgd.drawings import CARDS, FOLDER, OPENING, SIDE, WALL, WORDS, familiar, judged_path, strip_path
from core.pgd.pictures import rank_column, ranks
from core.pgd.search import COMPARED
from core.pgd.settings import PGDConfig, usual_settings
from core.pgd.starts import draw_starts
from core.pgd.steps import Generation, pgd_steps
from core.shared.device import class_probabilities, device_name
from core.shared.files import make_folder, npz_bytes, write_atomically
from precomputed.graph_passes import GraphClassifier

FRAMES, GROWTH = 10, 1.7  # of a strip: frame k is at (k / 9)^1.7 of the run, so that most show its beginning
QUALITY, WALL_QUALITY = 80, 65  # of WebP
WALL_SIDE, CARD = 160, 160  # sides of the wall's and of the cards' pictures, in pixels
DIGITS = 4


def write(work: Path, labels: Sequence[int], painter: Classifier, judges: Sequence[Classifier], seed: int) -> None:
    """Write the folder from the finished and judged drawings in `work`; labels: the wall's classes, in order."""
    facts = {"painter": classifier_facts(painter), "seed": seed}
    source = {"source": computed_source(device_name(painter.device))}
    config = PGDConfig(**usual_settings("generation", SIDE, search="views"))
    drawings = {word: _opening(work, place, painter, judges[0]) for place, word in enumerate(WORDS)}
    content = {"judge": classifier_facts(judges[0]), "config": config.to_json(), "words": drawings}
    _write(OPENING, facts | content | source)
    make_folder(FOLDER / "wall")
    rows = [_wall_word(work, label) for label in labels]
    judged = {"judges": [classifier_facts(judge) for judge in judges], "config": config.to_json(), "side": WALL_SIDE}
    _write(WALL, facts | judged | {"words": rows} | source)
    _write_cards(rows)


def _write(path: Path, content: dict[str, Any]) -> None:
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode())


def _wall_word(work: Path, label: int) -> dict[str, Any]:
    """Write a word's small pictures; return what the networks say of its drawings, in full size."""
    row: dict[str, Any] = {"label": label, "word": imagenet().names[label]}
    for search in COMPARED:
        with np.load(work / f"draw-{search}-{label}.npz", allow_pickle=False) as file:
            picture = file["result"]
        known = json.loads((work / f"draw-{search}-{label}.json").read_text("utf-8"))
        outcome = known["row"]
        row[search] = {
            "confidence": outcome["probability_after"],
            "says": known["says"],
            "ranks": [outcome[rank_column(k)] for k in range(len(known["says"]))],
        }
        write_atomically(judged_path(label, search), _webp(picture, WALL_SIDE, WALL_QUALITY))
    return row


def _write_cards(rows: Sequence[dict[str, Any]]) -> None:
    """Write the cards' pictures: a hole in a photograph, and a recognised drawing to be judged."""
    samples = load_samples("photographs")
    image = samples.images[samples.labels.tolist().index(imagenet().names.index("hen"))]
    hole = fill_hole(image.astype(np.float32) / np.float32(255), middle_square(SIDE, SIDE // 3))
    write_atomically(CARDS["hole"], _webp(to_uint8(hole).transpose(2, 0, 1), CARD))
    label = next(row["label"] for row in rows if row["word"] in familiar() and row["views"]["ranks"][0] == 1)
    with Image.open(judged_path(label, "views")) as drawing:
        picture = np.asarray(drawing.convert("RGB")).transpose(2, 0, 1)
    write_atomically(CARDS["judge"], _webp(picture, CARD))


def draw_words(work: Path, painter: Classifier, graphs: dict[int, Any], seed: int) -> None:
    """Draw the five words by both searches; save the frames of each search in `work`."""
    labels = [imagenet().names.index(word) for word in WORDS]
    starts = torch.from_numpy(np.concatenate([draw_starts([word], 1, "photographs", seed, "grey") for word in WORDS]))
    usual = PGDConfig(**usual_settings("generation", SIDE, search="views"))
    network = GraphClassifier(painter, labels, graphs) if graphs else painter
    steps = [round(usual.steps * (k / (FRAMES - 1)) ** GROWTH) for k in range(FRAMES)]
    for search in COMPARED:
        if (path := work / f"words-{search}.npz").exists():
            continue
        frames, objective = [], Generation(torch.tensor(labels))
        for state in pgd_steps(network, objective, starts, replace(usual, search=search), seed=seed):
            if state.step in steps:
                frames.append(np.stack([to_uint8(image.numpy()).transpose(2, 0, 1) for image in state.images]))
        norms = state.perturbation_norm.numpy()
        write_atomically(path, npz_bytes(steps=np.array(steps), frames=np.stack(frames, axis=1), norms=norms))


def _opening(work: Path, place: int, painter: Classifier, judge: Classifier) -> dict[str, Any]:
    """Write a word's strips; return the networks' predictions for them, by search. place: of the word in `WORDS`."""
    names = imagenet().names
    result: dict[str, Any] = {}
    label = names.index(WORDS[place])
    for search in COMPARED:
        with np.load(work / f"words-{search}.npz", allow_pickle=False) as file:
            steps, frames, norm = file["steps"], file["frames"][place], file["norms"][place]
        images = frames.astype(np.float32) / np.float32(255)
        judged = class_probabilities(judge, images[-1:])
        result[search] = {
            "steps": steps.tolist(),
            "confidence": [_short(share) for share in class_probabilities(painter, images)[:, label]],
            "norm": _short(norm),
            "judged": names[int(judged.argmax())],
            "place": int(ranks(judged, [label])[0]),
        }
        write_atomically(strip_path(WORDS[place], search), _webp(np.concatenate(frames, axis=1)))
    return result


def _webp(picture: np.ndarray, side: int = 0, quality: int = QUALITY) -> bytes:
    """(3, H, W) uint8 as a lossy file, shrunk to a side unless that is 0."""
    file, image = io.BytesIO(), Image.fromarray(picture.transpose(1, 2, 0))
    image = image.resize((side, side), Image.Resampling.LANCZOS) if side else image
    image.save(file, "WEBP", quality=quality, method=6)
    return file.getvalue()


def _short(number: Any) -> float:
    return float(f"{float(number):.{DIGITS}g}")
