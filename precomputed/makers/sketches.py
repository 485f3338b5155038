"""Draw from the bundled sketches by both methods, and store the pictures with what networks say of them.

    python -m precomputed.makers.sketches

Writes precomputed/views/sketch-*.jpg and sketches.json. Each picture is a run of its own, from seed 0, and takes about
ten seconds of a core.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.data.sketches import SKETCHES, draw_sketch, smooth_sketch
from core.data.stored import classifier_facts
from core.data.words import find_word
from core.pgd.drawings import DRAWINGS, SIZE, SKETCHED_FILE, sketched_path
from core.pgd.methods import COMPARED
from core.pgd.settings import defaults
from core.pgd.steps import Generation, run_pgd
from core.shared.device import prepare_torch
from precomputed.makers.drawings import JUDGE, PAINTER
from precomputed.makers.gallery import made_by, show, write_facts
from precomputed.makers.plans import SEED


def main() -> None:
    """Draw from all sketches; write all files."""
    prepare_torch()
    painter, judge = load_classifier(PAINTER), load_classifier(JUDGE)
    for path in DRAWINGS.glob("sketch-*.jpg"):
        path.unlink()
    rows = [_drawn(name, sketch.word, painter, judge) for name, sketch in SKETCHES.items()]
    write_facts(
        SKETCHED_FILE, made_by(painter, "sketch") | {"judges": [classifier_facts(judge)], "size": SIZE, "words": rows}
    )


def _drawn(sketch: str, word: str, painter: Classifier, judge: Classifier) -> dict[str, Any]:
    """Draw a word from a sketch by both methods; return what the networks say of each file."""
    (label,), ours = find_word(word, imagenet()), defaults("generation", SIZE, "views", start="sketch")
    start = smooth_sketch(draw_sketch(sketch), SIZE)[None]
    row: dict[str, Any] = {"sketch": sketch, "word": word, "label": label}
    for method in COMPARED:
        config = replace(ours, method=ours.method.variant(method))
        last = run_pgd(painter, Generation(torch.tensor([label])), torch.from_numpy(start), config, seed=SEED)
        picture = to_uint8(last.images[0].numpy()).transpose(2, 0, 1)
        row[method] = show([picture], sketched_path(sketch, method), label, painter, [judge])
    return row


if __name__ == "__main__":
    main()
