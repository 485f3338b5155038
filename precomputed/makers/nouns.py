"""Draw random words of the vocabulary that are no class's name, and have another network judge them.

    python -m precomputed.makers.nouns --work FOLDER

EfficientNet-Lite0 draws each word, the union of its classes, from a grey start in the first settings of the page
*Draw*; EfficientNet-Lite2 judges it with the same classes as one. Prints the share that it recognises, and writes
FOLDER/sheet.png, on which + marks what it recognises.
A quarter of an hour of one core; what FOLDER holds is not computed again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from PIL import Image

import core
from core.data.sample_sets import imagenet
from core.data.words import vocabulary
from core.pgd.grid import picture_grid
from core.pgd.pictures import judge_run
from core.pgd.settings import quick_settings, usual_settings
from core.shared.device import prepare_torch
from core.shared.files import write_atomically
from core.shared.numbers import percent, wilson
from precomputed.makers.drawings import JUDGE, PAINTER, SEED

_NOUNS, _COLUMNS = 60, 10  # in all, and in a row of the sheet


def random_nouns() -> list[str]:
    """Return words in an order fixed by the seed, none the name of a class in any case."""
    names = {name.casefold() for name in imagenet().names}
    nouns = [word for word in vocabulary(imagenet()) if word.casefold() not in names]
    return np.random.default_rng(SEED).permutation(nouns)[:_NOUNS].tolist()


def main() -> None:
    """Draw and judge what is missing; print and write the summary."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is finished")
    args = parser.parse_args()
    prepare_torch()
    args.work.mkdir(parents=True, exist_ok=True)
    painter, judge = core.load_classifier(PAINTER), core.load_classifier(JUDGE)
    usual = usual_settings("generation", painter.image_size, search="views")
    quick = {name: (quick_settings(usual) or usual)[name] for name in ("steps", "step_size")}
    nouns, facts = random_nouns(), {}
    for noun in nouns:
        path = args.work / f"{noun}.json"
        if not path.exists():
            run = core.draw(painter, noun, search="views", start="grey", seed=SEED, progress=False, **quick)
            judged = judge_run(run, judge)
            assert judged is not None
            Image.fromarray(run.images[0].transpose(1, 2, 0)).save(path.with_suffix(".png"))
            write_atomically(path, json.dumps(judged.to_json()).encode())
        facts[noun] = json.loads(path.read_text("utf-8"))
        print(f"{noun}: {facts[noun]['says'][0]}, rank {facts[noun]['ranks'][0]}", flush=True)
    rows = {}
    for first in range(0, len(nouns), _COLUMNS):
        row = nouns[first : first + _COLUMNS]
        label = "\n".join(f"{'+' if facts[noun]['ranks'] == [1] else '-'} {noun[:16]}" for noun in row)
        rows[label] = np.stack(
            [np.asarray(Image.open(args.work / f"{noun}.png")).transpose(2, 0, 1) / 255 for noun in row]
        )
    write_atomically(args.work / "sheet.png", picture_grid(rows))
    count = sum(facts[noun]["ranks"] == [1] for noun in nouns)
    share = wilson(count / len(nouns), len(nouns)).item()
    print(f"{count} of {len(nouns)}, {percent(share.value)} ({percent(share.low)} to {percent(share.high)})")


if __name__ == "__main__":
    main()
