"""Write the drawings that pages show, as lossy files: the gallery, the opening and the cards.

    python -m precomputed.makers.recognition --work FOLDER --photographs DIR   # draws the gallery's words
    OMP_NUM_THREADS=1 python -m precomputed.makers.gallery_files --work FOLDER

Writes precomputed/views: 100 words as drawn by both methods (gallery/, gallery.json), twelve words that we picked, the
first of them as drawn by all four methods (opening.json), and the pictures of two cards. What networks say of a picture
is computed from the file that is shown. Takes five minutes of a core.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.canvases import COMPARED_CANVAS
from core.data.datasets import load_samples
from core.data.holes import fill_hole, middle_square
from core.data.picture_files import decode_image, to_uint8
from core.data.sample_sets import imagenet
from core.data.stored import classifier_facts
from core.pgd.drawings import (
    CARDS,
    DRAWINGS,
    GALLERY_FILE,
    OPENING_FILE,
    SIZE,
    card_word,
    judged_path,
)
from core.pgd.live import run_source
from core.pgd.methods import COMPARED, METHODS, MethodName
from core.pgd.painting import Painting
from core.pgd.picture_outcomes import ranks
from core.pgd.settings import defaults
from core.shared.device import class_probabilities
from core.shared.files import make_folder, write_atomically
from precomputed.makers.plans import PAINTER, SEED, drawn_classes, maker_parser, prepare_painter
from precomputed.makers.recognition import judge_names, short, still

# Picked by eye from the gallery's 100 words, and pages say so.
PICKED = (
    "peacock", "coral reef", "mushroom", "necklace", "swing", "alp", "pelican", "crash helmet", "lifeboat",
    "sulphur butterfly", "restaurant", "meerkat",
)  # fmt: skip
CARD_SIZE, CARD_QUALITY = 160, 80  # pixels; of WebP


def main() -> None:
    """Write all files from the finished drawings."""
    work = maker_parser(__doc__).parse_args().work
    painter, judges = prepare_painter(), [load_classifier(name) for name in judge_names()]
    make_folder(DRAWINGS / "gallery")
    rows = [_word(work, label, COMPARED, painter, judges) for label in drawn_classes()]
    four = _word(work, imagenet().names.index(PICKED[0]), tuple(METHODS), painter, judges[:1])
    facts = made_by(painter)
    known = [classifier_facts(judge) for judge in judges]
    write_facts(GALLERY_FILE, facts | {"judges": known, "size": SIZE, "words": rows})
    write_facts(OPENING_FILE, facts | {"judge": known[0], "picked": PICKED, "methods": four})
    _write_cards()


def made_by(painter: Classifier, start: str = "") -> dict[str, Any]:
    """Return what a file of facts says of how its pictures were made; start: as in `defaults`.

    With the same torch and kind of processor, another run gives the same pixels.
    """
    config = defaults("generation", SIZE, "views", start=start).to_json()
    return {
        "painter": classifier_facts(painter),
        "seed": SEED,
        "config": config,
        "source": run_source(painter.device),
    }


def write_facts(path: Path, content: dict[str, Any]) -> None:
    """Write the metadata of displayed pictures."""
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False).encode())


def show(
    picture: np.ndarray, path: Path, label: int, painter: Classifier, judges: Sequence[Classifier]
) -> dict[str, Any]:
    """Write a (3, H, W) uint8 drawing as the lossy file that is shown; return what the networks say of this file."""
    write_atomically(path, still(picture))
    return said_of(path, label, painter, judges)


def said_of(path: Path, label: int, painter: Classifier, judges: Sequence[Classifier]) -> dict[str, Any]:
    """Return the painter's confidence in a shown file, and what judges say of it."""
    image = decode_image(path.read_bytes()).transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)
    judged = [class_probabilities(judge, image) for judge in judges]
    return {
        "confidence": short(class_probabilities(painter, image)[0, label]),
        "says": [imagenet().names[int(shares.argmax())] for shares in judged],
        "ranks": [int(ranks(shares, [label])[0]) for shares in judged],
        "shares": [short(shares.max()) for shares in judged],
    }


def _word(
    work: Path, label: int, methods: Sequence[MethodName], painter: Classifier, judges: Sequence[Classifier]
) -> dict[str, Any]:
    """Write a word's finished drawings by these methods; return what the networks say of each."""
    row: dict[str, Any] = {"label": label, "word": imagenet().names[label]}
    for method in methods:
        with np.load(work / f"draw-{method}-{label}.npz", allow_pickle=False) as file:
            said = show(file["result"], judged_path(label, method), label, painter, judges)
        row[method] = said | {"digest": Painting.default(row["word"], COMPARED_CANVAS, method, painter=PAINTER).digest}
    return row


def _write_cards() -> None:
    """Write the cards' pictures: a hole in a photograph, and the drawing of `card_word`."""
    samples = load_samples("photographs")
    image = samples.images[samples.labels.tolist().index(imagenet().names.index("hen"))]
    filled = fill_hole(image.astype(np.float32) / np.float32(255), middle_square(SIZE, SIZE // 3))
    drawing = Image.open(judged_path(imagenet().names.index(card_word()), "views"))
    for name, picture in (("hole", Image.fromarray(to_uint8(filled))), ("judge", drawing)):
        small, file = picture.resize((CARD_SIZE, CARD_SIZE), Image.Resampling.LANCZOS), io.BytesIO()
        small.save(file, "WEBP", quality=CARD_QUALITY, method=6)
        write_atomically(CARDS[name], file.getvalue())


if __name__ == "__main__":
    main()
