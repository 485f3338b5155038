"""Paint from the bundled sketches and photos by both methods, and store the pictures with what networks say of them.

    OMP_NUM_THREADS=1 python -m precomputed.makers.sketch_files --work FOLDER

Writes precomputed/views/sketch-*.jpg, photo-*.jpg, sketches.json, and growth.webp, how the first one grows. Each is a
run of its own, from seed 0, and takes ten seconds of a core, unless FOLDER, of precomputed.makers.recognition, has it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.data.sketches import FIRST_SKETCH, SKETCHES, draw_sketch
from core.data.start_photos import START_PHOTOS, photo_square
from core.data.stored import classifier_facts
from core.data.words import find_word
from core.pgd.drawings import DRAWINGS, GROWTH, GROWTH_FRAMES, SIZE, SKETCHED_FILE, PaintedStart, painted_path
from core.pgd.live import finished_run
from core.pgd.methods import COMPARED
from core.pgd.painting import Painting
from core.pgd.record import evenly_spaced
from core.pgd.settings import defaults
from core.shared.device import class_probabilities
from core.shared.files import write_atomically
from precomputed.makers.gallery_files import made_by, show, write_facts
from precomputed.makers.plans import PAINTER, SEED, last_state, maker_parser, prepare_painter
from precomputed.makers.recognition import JUDGE


def main() -> None:
    """Paint from all sketches and photos; write all files."""
    work = maker_parser(__doc__).parse_args().work
    painter, judge = prepare_painter(), load_classifier(JUDGE)
    for path in (*DRAWINGS.glob("sketch-*.*"), *DRAWINGS.glob("photo-*.*")):
        path.unlink()
    rows = [
        *(painted("sketch", name, row.word, (painter, judge), work) for name, row in SKETCHES.items()),
        *(painted("photo", name, row.word, (painter, judge), work) for name, row in START_PHOTOS.items()),
    ]
    facts = made_by(painter, "sketch") | {
        "photo_config": defaults("generation", SIZE, "views", start="photo").to_json()
    }
    save_growth(painter)
    write_facts(SKETCHED_FILE, facts | {"judges": [classifier_facts(judge)], "size": SIZE, "words": rows})


def painted(start: PaintedStart, name: str, word: str, networks: Sequence[Classifier], work: Path) -> dict[str, Any]:
    """Paint a word by both methods; return what the networks say of the start, and of each file that it writes.

    name: of the sketch or the photo. networks: the painter, then judges. work: folder of finished drawings.
    """
    painter, *judges = networks
    (label,) = find_word(word, imagenet())
    pixels = draw_sketch(name) if start == "sketch" else photo_square(name)
    x0 = Painting.default(word, start, painter=PAINTER, pixels=pixels).plan().start
    seen = [class_probabilities(network, x0)[0] for network in networks]
    before = [imagenet().names[int(shares.argmax())] for shares in seen]
    row: dict[str, Any] = {start: name, "word": word, "label": label, "before": before}
    for method in COMPARED:
        painting = Painting.default(word, start, method, painter=PAINTER, pixels=pixels)
        if (known := work / f"{start}-{method}-{name}-{SEED}.npz").exists():
            with np.load(known, allow_pickle=False) as file:
                picture = file["result"]
        else:
            picture = to_uint8(last_state(painting.plan(), painter).images[0].numpy()).transpose(2, 0, 1)
        said = show(picture, painted_path(start, name, method), label, painter, judges)
        row[method] = said | {"digest": painting.digest}
    return row


def save_growth(painter: Classifier) -> None:
    """Paint the first sketch again, and store pictures of its growth."""
    name, row = FIRST_SKETCH, SKETCHES[FIRST_SKETCH]
    run = finished_run(Painting.default(row.word, "sketch", painter=PAINTER, pixels=draw_sketch(name)).plan(), painter)
    frames = run.frames[evenly_spaced(len(run.frames), GROWTH_FRAMES), 0].transpose(0, 2, 3, 1)
    strip = Image.fromarray(frames.reshape(-1, *frames.shape[2:]))
    file = io.BytesIO()
    strip.save(file, "WEBP", quality=80, method=6)
    write_atomically(GROWTH, file.getvalue())


if __name__ == "__main__":
    main()
