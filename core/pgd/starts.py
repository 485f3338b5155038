"""Starts of drawings, and the stored runs with which pages open."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from core.classifiers.text import find_class
from core.data.class_statistics import (
    STATISTICS,
    ClassCovariance,
    ClassStatistics,
    DatasetCovariance,
    DatasetStatistics,
    GreyNoise,
    class_covariance,
    class_statistics,
    covariance_path,
    images_in_words,
    natural_statistics,
)
from core.data.datasets import load_samples, sample_credits
from core.data.holes_and_sketches import hole_side, middle_square, usual_side
from core.data.sample_sets import PRECOMPUTED, SAMPLE_SETS, ImageDataset, SampleSet
from core.data.stored import stored_files
from core.pgd.run import PGDRun, RunPlan, evenly_spaced, inpainting_plan
from core.pgd.search import COMPARED, MIN_CROP_SIZE, PAPERS, Search, leading
from core.pgd.settings import (
    PENALTIES,
    Penalty,
    PGDConfig,
    RunKind,
    paper_generation,
    paper_inpainting,
    quick_settings,
    usual_settings,
)

RUNS = PRECOMPUTED / "runs"
_ROW = "-row"
OPENING = "opening"  # kind of the story's first runs: every class, from one blur of no class


def stored_path(kind: str, subject: str, classifier: str, folder: Path = RUNS, search: Search = PAPERS) -> Path:
    """Return the file of a stored run; kind: "inpainting", "generation" or `OPENING`."""
    return folder / f"{kind}_{subject}__{classifier}{'' if search == PAPERS else f'__{search}'}.npz"


def stored_classifier(path: Path) -> str:
    """Return the classifier in a stored run's file name."""
    return path.stem.split("__")[1]


def stored_subjects(kind: str) -> dict[str, list[Path]]:
    """Return the files of each subject, in alphabetical order of subjects and classifiers.

    The first of several files with one name counts.
    """
    subjects: dict[str, list[Path]] = {}
    by_name = {path.stem: path for path in reversed(stored_files("runs")) if re.fullmatch(rf"{kind}_.*__.*", path.stem)}
    for path in (by_name[stem] for stem in sorted(by_name)):
        subjects.setdefault(path.stem.partition("__")[0].removeprefix(f"{kind}_"), []).append(path)
    return subjects


def row_of(sample_set: str) -> str:
    """Return the subject of the runs that fill a hole in several pictures of a set."""
    return f"{sample_set}{_ROW}"


def is_row(subject: str) -> bool:
    """Return whether a subject is such a row."""
    return subject.endswith(_ROW)


StartKind = Literal["blur", "classless", "independent", "grey", "sketch", "picture"]
MIN_IMAGES = 8  # fewer images give no useful covariance of a class


@dataclass(frozen=True)
class StartText:
    """Texts of a kind of start. name: in a sentence. label: in menus. source: one sentence on its origin.

    random: whether it is drawn from class statistics by a seed. offered: whether the page offers it.
    """

    name: str
    label: str
    source: str
    random: bool = True
    offered: bool = False

    @property
    def phrase(self) -> str:
        """The name with its article, if any."""
        return f"a {self.name}" if self.name.startswith("blur") else self.name


STARTS: dict[StartKind, StartText] = {
    "blur": StartText(
        "blur",
        "Blur",
        "A whole image drawn from the covariance of the class’s images, as in the code of Santurkar et al. 2019, on "
        "which the paper builds, but coarser.",
        offered=True,
    ),
    "classless": StartText(
        "blur of no class",
        "Blur of no class",
        "A whole image drawn from the covariance of all of CIFAR-10’s images; it contains nothing of the target class.",
        offered=True,
    ),
    "independent": StartText(
        "pixel noise",
        "Pixel noise",
        "Each pixel and channel drawn independently, from its mean and standard deviation over the class’s images, as "
        "the paper’s text says.",
        offered=True,
    ),
    "grey": StartText(
        "grey",
        "Grey",
        "The mean colour of natural pixels with faint pink noise in their colours; it contains nothing of the target "
        "class.",
        offered=True,
    ),
    "sketch": StartText(
        "a sketch",
        "Sketch",
        "A picture in flat colours, painted by hand, the same for all classes.",
        random=False,
        offered=True,
    ),
    "picture": StartText(
        "a picture",
        "Picture",
        "A photograph, yours or a bundled one, the same for all classes.",
        random=False,
        offered=True,
    ),
}
RANDOM_KINDS = tuple(kind for kind, row in STARTS.items() if row.random)


@dataclass(frozen=True, eq=False)
class Start:
    """Distribution of a target's starts.

    kind: of the starts; differs from the requested one if the class has no images. distribution: has `draw(count,
    generator=)` and `mean`. why: one sentence on the difference, or empty.
    """

    kind: StartKind
    distribution: ClassStatistics | ClassCovariance | GreyNoise
    why: str = ""


def start_of(
    name: str, class_set: str, image_size: int, kind: StartKind = "blur", dataset: ImageDataset | None = None
) -> Start:
    """Return the distribution of starts for a class or a free text.

    Uses the bundled statistics of the class, or else the data set's images of it, or else a grey start, at 32 pixels a
    blur of no class, or pixel noise with the statistics of natural images.

    Raises:
        RuntimeError: a bundled file is damaged.
    """
    if kind == "grey":
        return Start(kind, GreyNoise(image_size))
    if kind == "classless":
        return Start(kind, _classless().resize(image_size))
    bundled = _bundled(class_set, kind)
    if bundled is not None and name in bundled.class_names:
        return Start(kind, bundled.of_class(name).resize(image_size))
    images, source = _own_images(name, dataset)
    if kind == "blur" and len(images) >= MIN_IMAGES:
        return Start(kind, class_covariance(images, max(1, image_size // 56), source))  # 4 at 224 pixels, as there
    if len(images) >= MIN_IMAGES:
        return Start("independent", class_statistics(images, source))
    if kind == "independent":
        return Start(kind, natural_statistics(image_size))
    # Enlarged from 32 pixels, a blur of no class shows large blotches, which only hinder a search.
    fallback: StartKind = "grey" if image_size >= MIN_CROP_SIZE else "classless"
    why = f"No images of “{name}” are available, so its start is {STARTS[fallback].phrase}."
    return Start(fallback, start_of(name, class_set, image_size, fallback).distribution, why)


@cache
def _classless() -> ClassCovariance:
    return DatasetCovariance.load(covariance_path("cifar10")).pooled()


@cache
def _bundled(class_set: str, kind: StartKind) -> DatasetCovariance | DatasetStatistics | None:
    if kind == "blur" and (path := covariance_path(class_set)).is_file():
        return DatasetCovariance.load(path)
    if kind == "independent" and (path := STATISTICS / f"{class_set}.npz").is_file():
        return DatasetStatistics.load(path)
    return None


def _own_images(name: str, dataset: ImageDataset | None) -> tuple[np.ndarray, str]:
    """Return the data set's images of a class, and their description."""
    label = None if dataset is None else find_class(name, dataset.classes)
    if dataset is None or label is None:
        return np.empty((0, 3, 1, 1), np.uint8), f"no images of {name!r}"
    images = dataset.images[dataset.labels == label]
    return images, images_in_words(len(images), dataset.split, f"“{name}”", dataset.name)


def draw_starts(
    targets: Sequence[str], per_target: int, sample_set: str, seed: int, kind: StartKind = "blur"
) -> np.ndarray:
    """Draw `per_target` starts for each target in turn, (B, 3, H, W) float32 in [0, 1].

    The same target, sample set, kind and seed give the same starts, whatever other targets are drawn.
    """
    return np.concatenate(
        [
            set_start(target, sample_set, kind).distribution.draw(
                per_target, generator=np.random.default_rng([seed, zlib.crc32(target.encode("utf-8"))])
            )
            for target in targets
        ]
    )


def set_start(target: str, sample_set: str, kind: StartKind) -> Start:
    """Return the distribution of starts for a class of a sample set or a free text; errors as for `start_of`."""
    row = SAMPLE_SETS[sample_set]
    return start_of(target, row.class_set, row.side, kind)


def start_facts(
    targets: Sequence[str], per_target: int, sample_set: str, kind: StartKind = "blur"
) -> dict[str, str | int]:
    """Return the metadata on starts that a run's file stores; "credit" is for display."""
    starts = [set_start(target, sample_set, kind) for target in targets]
    origins = [
        f"“{target}” from {STARTS[start.kind].name} of {start.distribution.source}"
        for target, start in zip(targets, starts, strict=True)
    ]
    kind = kind if any(start.kind == kind for start in starts) else starts[0].kind
    return {"dataset": "noise", "start": kind, "per_target": per_target, "credit": f"Starts: {'; '.join(origins)}"}


# Number of frames kept for a small picture, for several, and for a large one.
FRAMES_OF_ONE, FRAMES_OF_SEVERAL, FRAMES_OF_LARGE = 31, 9, 7
# Offered penalties, with the suffix of each run's name.
STORED_PENALTIES: dict[Penalty, str] = {
    penalty: "" if penalty == "eq3" else f"-{penalty.replace('_', '-')}"
    for penalty, row in PENALTIES.items()
    if row.offered
}
STORED_STARTS: dict[StartKind, str] = {"blur": "", "independent": "-noise"}


@dataclass(frozen=True, eq=False)
class Example:
    """One example: its kind, "inpainting" or "generation", the subject in its file name, and its plan."""

    kind: str
    subject: str
    plan: RunPlan

    def path(self, classifier: str, folder: Path = RUNS) -> Path:
        """Return the file of this run by a classifier."""
        return stored_path(self.kind, self.subject, classifier, folder, self.plan.config.search)


def first_subjects(row: SampleSet) -> tuple[tuple[str, str], ...]:
    """Return kind and subject of the first examples of a sample set; generation only if it draws classes."""
    subjects = ("inpainting", f"{row.name}-{row.inpainted}"), ("generation", row.class_set)
    return subjects if row.drawn else subjects[:1]


def first_searches(side: int) -> tuple[Search, ...]:
    """Return the searches that a page opens with: both if pictures are large enough to show the difference."""
    return COMPARED if side >= MIN_CROP_SIZE else (PAPERS,)


def examples(row: SampleSet) -> Iterator[Example]:
    """Yield every example of a sample set, one per subject and search."""
    # One picture with each penalty, and the row of examples that the page opens with.
    paired = len(first_searches(row.side)) > 1
    place = row.inpainted if row.by_the_paper is None else row.by_the_paper
    base = f"{row.name}-{place}"
    holes: list[tuple[tuple[int, ...], Penalty, str]]
    alone = not paired or place != row.inpainted  # otherwise both searches fill it
    holes = [((place,), penalty, f"{base}{end}") for penalty, end in STORED_PENALTIES.items() if alone]
    holes += [(row.filled, "eq3", row_of(row.name))] if row.filled else []
    for places, penalty, subject in holes:
        config = paper_inpainting(row.side, usual_side(row.side))
        yield Example("inpainting", subject, _hole(row, places, middle_square(row.side), config, penalty=penalty))
    if paired:
        yield from _by_searches(row)
        return
    starts: dict[StartKind, str] = STORED_STARTS if covariance_path(row.class_set).is_file() else {"blur": ""}
    for start, suffix in starts.items():
        plan = _drawing(row, start, paper_generation(row.side))
        yield Example("generation", f"{row.class_set}{suffix}", plan)


def _by_searches(row: SampleSet) -> Iterator[Example]:
    """Yield the examples for large pictures: holes over objects and a drawing, by both searches."""
    for place in (row.inpainted, *row.replayed):
        mask = row.hole(place)
        settings = first_settings("inpainting", row.side, hole_side(mask), leading(COMPARED))
        weight = settings.pop("weight")
        plan = _hole(row, (place,), mask, PGDConfig(**settings), weight=weight, fill="rim")
        for search in COMPARED:
            yield Example("inpainting", f"{row.name}-{place}", plan.with_search(search))
    plan = _drawing(row, "grey", PGDConfig(**first_settings("generation", row.side, None, leading(COMPARED))))
    for search in COMPARED:
        yield Example("generation", row.class_set, plan.with_search(search))


def first_settings(kind: RunKind, side: int, hole: float | None, search: Search) -> dict[str, Any]:
    """Return the settings that a page opens with; arguments as for `usual_settings`."""
    usual = usual_settings(kind, side, hole, search)
    return quick_settings(usual) or usual


def _hole(row: SampleSet, places: Sequence[int], mask: np.ndarray, config: PGDConfig, **settings: Any) -> RunPlan:
    """Return a plan that fills a hole in some pictures; `settings` as for `inpainting_plan`."""
    data, credits = load_samples(row.dataset), sample_credits(row.dataset)
    credit = "; ".join(dict.fromkeys(f"{credits[at].title}, {credits[at].author}" for at in places))
    index = places[0] if len(places) == 1 else list(places)
    return inpainting_plan(
        data.images[list(places)],
        mask,
        [int(data.labels[at]) for at in places],
        config,
        images={"dataset": data.name, "index": index, "credit": credit},
        **settings,
    )


def _drawing(row: SampleSet, start: StartKind, config: PGDConfig) -> RunPlan:
    """Return a plan that draws the set's classes from starts of one kind."""
    return RunPlan(
        targets=row.drawn,
        start=draw_starts(row.drawn, 1, row.name, 0, start),
        config=config,
        images=start_facts(row.drawn, 1, row.name, start),
    )


def with_few_frames(run: PGDRun) -> PGDRun:
    """Return a run with no more frames than kept for an example."""
    pictures, *_, side = run.start.shape
    frames = FRAMES_OF_LARGE if side > 32 else FRAMES_OF_SEVERAL if pictures > 1 else FRAMES_OF_ONE
    chosen = evenly_spaced(len(run.frames), frames)
    return replace(run, frames=run.frames[chosen], frame_steps=run.frame_steps[chosen])
