"""The record of a run, its file, and how it differs from a plan. Does not import torch."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.pgd.grid import picture_grid
from core.pgd.methods import MethodName
from core.pgd.plan import RunPlan, origin_of
from core.pgd.settings import FIELDS, PENALTIES, PGDConfig, same_value
from core.shared.files import ArchiveContent, ArchiveFormat
from core.shared.numbers import confidence
from core.shared.text import count_of, one_line

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

SURE = 0.9  # target probability from which a classifier counts as confident
CURVES = ("loss", "target_probability", "perturbation_norm")
_OF_EACH = ("targets", "words", "seeds", "change", "labels")  # lists in the metadata, an entry for each picture


@dataclass(frozen=True, eq=False)
class PGDRun(ArchiveContent):
    """Record of a PGD run on B images with S states, F of them kept as frames.

    frames: (F, B, 3, H, W) uint8, from step 0 to the last state. frame_steps: (F,) int64, ascending. start: (B, 3, H,
    W) float32, the exact start: with the settings it repeats the run bit for bit.
    curves: (S, B) float32 by name: loss, target_probability, perturbation_norm.
    terms: (S, B) float32 by name: the loss terms, which add up to the loss.
    logits: (2, B, K) float32 of the first and of the last state.
    original: (B, 3, H, W) uint8 before the hole was cut, or None. mask: (B or 1, 1, H, W) bool, or None.
    metadata: task, config, objective, targets, class_names, seed, classifier, images, source; a JSON object. words: the
    targets as they were given, unless by index. seeds: each picture's own; missing if all have `seed`.
    """

    FILE = ArchiveFormat(
        name="run",
        maker="the app or core.reproduce.profile",
        schema=2,
        required=("frame_deltas", "frame_steps", "start_bits", "curves", "terms", "logits"),
        optional=("original", "mask"),
        max_bytes=128 * 2**20,
        max_content=512 * 2**20,
    )

    frames: np.ndarray
    frame_steps: np.ndarray
    start: np.ndarray
    curves: Mapping[str, np.ndarray]
    terms: Mapping[str, np.ndarray]
    logits: np.ndarray
    metadata: Mapping[str, Any]
    original: np.ndarray | None = None
    mask: np.ndarray | None = None

    @property
    def config(self) -> PGDConfig:
        """The settings of the run."""
        return PGDConfig.from_json(self.metadata["config"])

    @property
    def images(self) -> np.ndarray:
        """(B, 3, H, W) uint8, the pictures of the last state."""
        return self.frames[-1]

    @property
    def targets(self) -> list[str]:
        """Name of each picture's target."""
        return [self.metadata["class_names"][target] for target in self.metadata["targets"]]

    def only(self, row: int) -> PGDRun:
        """Return the run of one picture alone."""
        rows, facts = slice(row, row + 1), dict(self.metadata)
        images = origin_of(facts["images"], row)
        images |= {name: images[name][rows] for name in _OF_EACH if name in images}
        metadata = facts | {name: facts[name][rows] for name in _OF_EACH if name in facts} | {"images": images}
        metadata["seed"] = metadata.pop("seeds", [facts["seed"]])[0]
        return replace(
            self,
            frames=self.frames[:, rows],
            start=self.start[rows],
            curves={name: curve[:, rows] for name, curve in self.curves.items()},
            terms={name: term[:, rows] for name, term in self.terms.items()},
            logits=self.logits[:, rows],
            metadata=metadata,
            original=None if self.original is None else self.original[rows],
            mask=self.mask if self.mask is None or len(self.mask) == 1 else self.mask[rows],
        )

    def __repr__(self) -> str:
        name, steps = one_line(self.metadata["classifier"]["name"]), len(self.curves["loss"]) - 1
        before, after = (confidence(value) for value in self.curves["target_probability"][[0, -1]].mean(axis=1))
        targets = one_line(", ".join(dict.fromkeys(self.targets)))
        return (
            f"<PGDRun of {name}: {self.metadata['task']} by {self.config.method.name} of {targets}, "
            f"{count_of(steps, 'step')}, probability {before} to {after}>"
        )

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the pictures at the start and at the end, as `_repr_png_` does; return the axes.

        Args:
            ax: matplotlib's axes; None for those of a new pyplot figure.
        """
        picture = Image.open(io.BytesIO(self._repr_png_()))
        if ax is None:
            from matplotlib import pyplot

            size = (picture.width / 100, picture.height / 100 + 0.4)
            ax = pyplot.subplots(figsize=size, layout="constrained")[1]
        ax.imshow(picture)
        ax.set_axis_off()
        title = f"{one_line(self.metadata['classifier']['name'])}, by {self.config.method.name}"
        ax.set_title(title, fontsize=10, parse_math=False)
        return ax

    def _repr_png_(self) -> bytes:
        """Return the picture that a notebook shows: a column for each picture, or all stages of one in a row."""
        probability = self.curves["target_probability"]
        before, after = ([confidence(value) for value in state] for state in probability[[0, -1]])
        rows = {"start": self.start, "result": self.images / 255}
        if self.original is not None:
            rows = {"original": self.original / 255, "corrupted": rows.pop("start"), **rows}
        names = [one_line(target, 16) for target in self.targets]
        if len(names) > 1:
            return picture_grid(rows, [f"{name}\n{p} > {q}" for name, p, q in zip(names, before, after, strict=True)])
        sure = ["", *before, *after][-len(rows) :]
        captions = [f"{row}\n{value and names[0]} {value}" for row, value in zip(rows, sure, strict=True)]
        return picture_grid({"": np.concatenate(list(rows.values()))}, captions)

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with one row per state and picture: step, image, target, the curves, and the loss terms."""
        import pandas as pd

        states, pictures = self.curves["loss"].shape
        table = {"step": np.repeat(np.arange(states), pictures), "image": np.tile(np.arange(pictures), states)}
        table["target"] = np.tile(np.array(self.targets, dtype=object), states)
        return pd.DataFrame(table | {name: values.ravel() for name, values in {**self.curves, **self.terms}.items()})

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the file's arrays, with frames as differences."""
        arrays = {
            "frame_deltas": frame_differences(self.frames),
            "frame_steps": self.frame_steps,
            "start_bits": bit_differences(self.start, self.frames[0]),
            "curves": np.stack([self.curves[name] for name in CURVES]),
            "terms": np.stack(list(self.terms.values())),
            "logits": self.logits,
        }
        return arrays | {name: part for name in ("original", "mask") if (part := getattr(self, name)) is not None}

    def to_bytes(self) -> bytes:
        """Return the file's bytes."""
        return self.FILE.pack(self.arrays(), {**self.metadata, "terms": list(self.terms)})

    @classmethod
    def build(cls, metadata: dict[str, Any], **arrays: np.ndarray) -> PGDRun:
        PGDConfig.from_json(metadata["config"])  # refuses settings of another version
        frames, curves, terms, bits = (arrays.pop(name) for name in ("frame_deltas", "curves", "terms", "start_bits"))
        frames = undo_differences(frames)
        return cls(
            frames=frames,
            start=undo_bit_differences(bits, frames[0]),
            curves=dict(zip(CURVES, curves, strict=True)),
            terms=dict(zip(metadata["terms"], terms, strict=True)),
            metadata={name: fact for name, fact in metadata.items() if name != "terms"},
            **arrays,
        )


def frame_differences(frames: np.ndarray) -> np.ndarray:
    """Return the first frame and the change of each later one, modulo 256; this compresses well and is lossless."""
    differences = frames.copy()
    differences[1:] -= frames[:-1]
    return differences


def undo_differences(differences: np.ndarray) -> np.ndarray:
    """Undo `frame_differences` in place."""
    for before, frame in itertools.pairwise(differences):  # twenty times faster than numpy.cumsum
        frame += before
    return differences


def bit_differences(images: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return the bytes of (B, 3, H, W) float32 images relative to those of their uint8 frame, (4, B, 3, H, W) uint8.

    Highest byte first: all are zero if an image equals its frame, otherwise the first two or so.
    """
    different = images.view(np.uint32) ^ _levels(frame)
    return np.stack([(different >> shift).astype(np.uint8) for shift in (24, 16, 8, 0)])


def undo_bit_differences(differences: np.ndarray, frame: np.ndarray) -> np.ndarray:
    """Return the images of `bit_differences`."""
    bits = np.zeros(frame.shape, dtype=np.uint32)
    for part in differences:
        bits = bits << np.uint32(8) | part
    return (bits ^ _levels(frame)).view(np.float32)


def _levels(frame: np.ndarray) -> np.ndarray:
    return (frame.astype(np.float32) / np.float32(255)).view(np.uint32)


def evenly_spaced(count: int, most: int) -> np.ndarray:
    """Return at most `most` evenly spaced indices, including both ends."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(int))


def pack_runs(runs: Sequence[PGDRun]) -> bytes:
    """Return a run's file; for several runs, an uncompressed archive of their files."""
    if len(runs) == 1:
        return runs[0].to_bytes()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for k, run in enumerate(runs, 1):
            archive.writestr(zipfile.ZipInfo(f"{k}.npz"), run.to_bytes())
    return buffer.getvalue()


SUBJECT = ("picture", "hole", "start", "target")  # differences in what a run is about; all others are its settings
FILL_ROUNDING = 1e-4  # tolerance for rim fills, as solvers round differently


def differences(
    plan: RunPlan, classifiers: Sequence[str], runs: Sequence[PGDRun], methods: Sequence[MethodName] = ()
) -> list[str]:
    """List what differs between a plan on named classifiers and some runs; empty if these are its result.

    methods: as for `Run`.
    Returns:
        Names in `SUBJECT`, then "fill" (of the hole, at first), "classifiers", "method", "penalty", "seed" (of the
        views), or names of `FIELDS`.
    """
    run, methods = runs[0], methods or [plan.config.method.name]
    plans = {method: plan.with_method(method) for method in methods}
    plan = plans[methods[0]]
    differ = []
    if plan.mask is not None and run.mask is not None and plan.original is not None and run.original is not None:
        if not np.array_equal(plan.original, run.original):
            differ.append("picture")
        if not np.array_equal(plan.mask.reshape(-1), run.mask.reshape(-1)):
            differ.append("hole")
        if not differ and not np.allclose(plan.start, run.start, atol=FILL_ROUNDING):
            differ.append("fill")
    elif not np.array_equal(plan.start, run.start):
        differ.append("start")
    names = run.metadata["class_names"]
    texts = run.metadata.get("words") or [names[target] for target in run.metadata["targets"]]
    if list(map(one_line, plan.targets)) != list(map(one_line, texts)):
        differ.append("target")
    ran = {(stored.metadata["classifier"]["name"], stored.config.method.name): stored.config.method for stored in runs}
    if list(classifiers) != list(dict.fromkeys(name for name, _ in ran)):
        differ.append("classifiers")
    elif list(itertools.product(classifiers, methods)) != list(ran):
        differ.append("method")
    if any(name in plans and plans[name].config.method != method for (_, name), method in ran.items()):
        differ.append("method")
    if any(method.views is not None for method in ran.values()) and plan.seed != run.metadata["seed"]:
        differ.append("seed")
    objective = run.metadata["objective"]
    penalty = None if plan.mask is None else plan.minimised_penalty
    if penalty != objective.get("penalty"):
        differ.append("penalty")
    elif penalty is not None and PENALTIES[penalty].term and not same_value(plan.weight, objective["weight"]):
        differ.append("weight")
    planned, ran_with = vars(plan.config), vars(run.config)
    differ += [name for name in FIELDS if name in planned and not same_value(planned[name], ran_with[name])]
    return list(dict.fromkeys(differ))


def is_about(run: PGDRun, plan: RunPlan) -> bool:
    """Return True if a run has a plan's picture, hole, start and targets; its settings may be others."""
    return {*SUBJECT}.isdisjoint(differences(plan, (), [run]))


def mean_change(start: np.ndarray, images: np.ndarray, mask: np.ndarray | None) -> list[dict[str, float]]:
    """Return the mean absolute change of a value in and around each image's hole, in [0, 1], before any rounding.

    Args:
        start, images: (B, 3, H, W) float32 in [0, 1].
        mask: bool (1, H, W) or (B, 1, H, W); None means that the whole image is inside.
    """
    change = np.abs(images - start).mean(axis=1)
    masks = np.ones_like(change, dtype=bool)
    if mask is not None:
        masks &= mask.reshape(-1, *mask.shape[-2:])
    return [
        {"inside": float(values[inside].mean()), "outside": 0.0 if inside.all() else float(values[~inside].mean())}
        for values, inside in zip(change, masks, strict=True)
    ]
