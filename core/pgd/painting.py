"""One painting: everything that determines a picture of a word or of a filled hole. No torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.data.holes import Fill, hole_size, pack_mask, unpack_mask
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.sketches import SKETCH_SIZE, decode_sketch
from core.pgd.methods import COMPARED, MethodName, leading
from core.pgd.plan import RunPlan, inpainting_plan, with_method
from core.pgd.record import PGDRun
from core.pgd.settings import FIELDS, Penalty, PGDConfig, Task, defaults, same_value
from core.pgd.starts import STARTS, StartName, draw_starts, sketch_start, start_facts
from core.shared import paper

OURS: MethodName = leading(COMPARED)  # gives steps and ball to all methods that are compared


@dataclass(frozen=True, kw_only=True)
class Painting:
    """A picture of one word, by its recipe; two paintings that are equal are the same picture, bit for bit.

    Args:
        word: a class's name or a synonym; for a zero-shot painter any text.
        start: key in `core.pgd.starts.STARTS`; "photo" for a hole.
        config: lengths, number of steps, and the method.
        seed: for the start and the random views.
        painter: the classifier's name in the registry.
        sample_set: the set that has the word's classes and the picture's size.
        pixels: of a sketch, (32, 32, 3), or a photo, (size, size, 3), uint8, as bytes; empty for starts that we make.
        mask: of a hole, as `pack_mask` gives it; empty for none.
        fill, weight, penalty: of a hole: what fills it at first, lambda of Eq. 3, and the penalty that it multiplies.
    Raises:
        ValueError: `pixels` are missing, superfluous or of another size.
    """

    word: str
    start: StartName
    config: PGDConfig
    painter: str
    seed: int = 0
    sample_set: str = "photographs"
    pixels: bytes = b""
    mask: bytes = b""
    fill: Fill = "region"
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "eq3"

    def __post_init__(self) -> None:
        size = {"sketch": SKETCH_SIZE, "photo": self.row.image_size}.get(self.start, 0)
        if len(self.pixels) != 3 * size * size:
            expected = f"{size} x {size} pixels" if size else "no pixels"
            raise ValueError(
                f"a painting from {STARTS[self.start].phrase} takes {expected}; got {len(self.pixels)} bytes"
            )

    @staticmethod
    def default(
        word: str,
        start: StartName,
        method: MethodName = OURS,
        *,
        painter: str,
        pixels: np.ndarray | None = None,
        quick: bool = False,
    ) -> Painting:
        """Return what we would paint today: a word from a start with the method's default settings and seed 0.

        Both methods that pages compare have the same steps and ball, those of the leading one.

        Args:
            pixels: uint8 (32, 32, 3) of a sketch or (224, 224, 3) of a photo; None for a start that we make.
            quick: fewer, longer steps, as a visitor's own picture.
        """
        size = SAMPLE_SETS["photographs"].image_size
        config = defaults("generation", size, OURS, start=start, quick=quick)
        start_pixels = b"" if pixels is None else np.ascontiguousarray(pixels).tobytes()
        return Painting(word=word, start=start, config=config, painter=painter, pixels=start_pixels).by(method)

    @staticmethod
    def of_hole(
        word: str,
        picture: np.ndarray,
        mask: np.ndarray,
        *,
        painter: str,
        sample_set: str = "photographs",
        quick: bool = False,
    ) -> Painting:
        """Return how we would fill a hole today, by the leading method's default settings and fill, and seed 0.

        Args:
            picture: uint8 (3, H, H). mask: bool (1, H, H), True in the hole. quick: as in `default`.
        """
        config = defaults("inpainting", picture.shape[-1], OURS, hole_size=hole_size(mask), quick=quick)
        about: dict[str, Any] = {"painter": painter, "sample_set": sample_set, "fill": config.method.fill}
        about |= {"pixels": np.moveaxis(picture, 0, -1).tobytes(), "mask": pack_mask(mask)}
        return Painting(word=word, start="photo", config=config, **about)

    @staticmethod
    def of_plan(plan: RunPlan, painter: str, sample_set: str) -> Painting | None:
        """Return the painting that a plan of one picture paints; None for several, or for a start we cannot repeat."""
        start = plan.images.get("start", "photo" if plan.mask is not None else "")
        if len(plan.targets) != 1 or start not in STARTS:
            return None
        about: dict[str, Any] = {"painter": painter, "seed": plan.seed, "sample_set": sample_set}
        if plan.mask is not None and plan.original is not None:
            about |= {"pixels": np.moveaxis(plan.original[0], 0, -1).tobytes(), "mask": pack_mask(plan.mask[:1])}
            about |= {"fill": plan.images.get("fill", "region"), "weight": plan.weight, "penalty": plan.penalty}
        elif start == "photo":
            about["pixels"] = np.moveaxis(np.rint(plan.start[0] * 255).astype(np.uint8), 0, -1).tobytes()
        elif start == "sketch":
            about["pixels"] = _linked_sketch(plan.images)
        with suppress(ValueError):  # a sketch with more details than fit into its text; a photo of another size
            return Painting(word=str(plan.targets[0]), start=start, config=plan.config, **about)
        return None

    @staticmethod
    def of_run(run: PGDRun, sample_set: str) -> Painting | None:
        """Return the painting that a run of one picture painted; None as in `of_plan`."""
        about, objective = run.metadata, run.metadata["objective"]
        targets = about.get("words") or [about["class_names"][target] for target in about["targets"]]
        own = {"weight": objective["weight"]} if objective.get("weight") is not None else {}
        own |= {"penalty": objective["penalty"]} if objective.get("penalty") in ("eq3", "mean_square") else {}
        plan = RunPlan(
            targets=tuple(targets), start=run.start, config=run.config, seed=about["seed"], images=about["images"],
            original=run.original, mask=run.mask, **own,
        )  # fmt: skip
        return Painting.of_plan(plan, about["classifier"]["name"], sample_set)

    @property
    def row(self) -> SampleSet:
        """The sample set."""
        return SAMPLE_SETS[self.sample_set]

    @property
    def task(self) -> Task:
        """Inpainting if there is a hole."""
        return "inpainting" if self.mask else "generation"

    @property
    def method(self) -> MethodName:
        """Name of the method."""
        return self.config.method.name

    @property
    def picture(self) -> np.ndarray | None:
        """The sketch or the photo, uint8 (H, H, 3); None for a start that we make."""
        if not self.pixels:
            return None
        size = SKETCH_SIZE if self.start == "sketch" else self.row.image_size
        return np.frombuffer(self.pixels, np.uint8).reshape(size, size, 3)

    @property
    def hole(self) -> np.ndarray | None:
        """The hole's mask, bool (1, H, H); None without a hole."""
        size = self.row.image_size
        return unpack_mask(self.mask, height=size, width=size) if self.mask else None

    def by(self, method: MethodName) -> Painting:
        """Return the painting by another method, in the same steps and ball."""
        start = "" if self.mask else self.start
        return replace(self, config=with_method(self.config, method, self.task, self.row.image_size, start))

    def changes(self, other: Painting) -> list[str]:
        """List the fields that differ: names of `FIELDS` for numbers, "method" for its ingredients; empty if none."""
        ours, theirs = vars(self), vars(other)
        named = [name for name in ours if name != "config" and ours[name] != theirs[name]]
        numbers = [name for name in FIELDS if hasattr(self.config, name)]
        named += [name for name in numbers if not same_value(getattr(self.config, name), getattr(other.config, name))]
        return named + ["method"] * (self.config.method != other.config.method)

    def plan(self, credit: str = "", *, own: bool = False, **facts: Any) -> RunPlan:
        """Return the plan of its run.

        Args:
            credit: what a photo shows, or its file's name; for display. own: True if the photo is the visitor's.
            facts: further facts on the origin of a hole's photo: its "dataset", its "index" there.
        Raises:
            ValueError: the hole covers nothing, or too much.
        """
        facts |= {"own": "yes"} if own else {}
        if (mask := self.hole) is not None and (picture := self.picture) is not None:
            original = np.moveaxis(picture, -1, 0)[None]
            about: dict[str, Any] = {"weight": self.weight, "penalty": self.penalty, "seed": self.seed}
            about |= {"fill": self.fill, "images": {"dataset": "one picture", "credit": credit} | facts}
            return inpainting_plan(original, mask, [self.word], self.config, **about)
        start, known = self._start(credit)
        images: Mapping[str, Any] = known | facts
        return RunPlan(targets=(self.word,), start=start[None], config=self.config, seed=self.seed, images=images)

    def _start(self, credit: str) -> tuple[np.ndarray, dict[str, str]]:
        """Return x0, (3, H, W) float32 in [0, 1], and the metadata on it."""
        picture = self.picture
        if picture is None:
            drawn = draw_starts([self.word], 1, self.sample_set, self.seed, self.start)
            return drawn[0], dict(start_facts([self.word], self.sample_set, self.start))
        if self.start == "sketch":
            return sketch_start(picture, self.row.image_size)
        facts = {"dataset": "photo", "start": "photo", "credit": f"Start: {credit}"}
        return picture.transpose(2, 0, 1).astype(np.float32) / np.float32(255), facts

    @property
    def digest(self) -> str:
        """16 hexadecimal digits that stand for the painting, with its start as the network gets it."""
        plan = self.plan()
        facts = {"config": plan.config.to_json(), "word": self.word, "painter": self.painter, "seed": self.seed}
        facts |= {"weight": self.weight, "penalty": self.penalty} if self.mask else {}
        data = json.dumps(facts, sort_keys=True).encode() + plan.start.tobytes() + self.mask
        return hashlib.blake2b(data, digest_size=8).hexdigest()


def _linked_sketch(images: Mapping[str, Any]) -> bytes:
    """Return the pixels of the sketch in a plan's metadata; empty if it has none."""
    with suppress(ValueError):
        return decode_sketch(images.get("sketch", ""), SKETCH_SIZE).tobytes()
    return b""
