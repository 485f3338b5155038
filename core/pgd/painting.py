"""One painting: everything that determines a picture of a word; is it what we would paint today? No torch."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace

import numpy as np

from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.sketches import SKETCH_SIZE
from core.pgd.methods import COMPARED, MethodName, leading
from core.pgd.plan import RunPlan, with_method
from core.pgd.settings import FIELDS, PGDConfig, Task, defaults, same_value
from core.pgd.starts import STARTS, StartName, draw_starts, sketch_start, start_facts

TASK: Task = "generation"
OURS: MethodName = leading(COMPARED)  # gives steps and ball to all methods that are compared


@dataclass(frozen=True, kw_only=True)
class Painting:
    """A picture of one word, by its recipe; two paintings that are equal are the same picture, bit for bit.

    Args:
        word: a class's name or a synonym; for a zero-shot painter any text.
        start: key in `core.pgd.starts.STARTS`.
        config: lengths, number of steps, and the method.
        seed: for the start and the random views.
        painter: the classifier's name in the registry.
        sample_set: the set that has the word's classes and the picture's size.
        pixels: of a sketch, (32, 32, 3), or a photo, (size, size, 3), uint8, as bytes; empty for starts that we make.
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
        config = defaults(TASK, size, OURS, start=start, quick=quick)
        given = b"" if pixels is None else np.ascontiguousarray(pixels).tobytes()
        return Painting(word=word, start=start, config=config, painter=painter, pixels=given).by(method)

    @property
    def row(self) -> SampleSet:
        """The sample set."""
        return SAMPLE_SETS[self.sample_set]

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

    def by(self, method: MethodName) -> Painting:
        """Return the painting by another method, in the same steps and ball."""
        return replace(self, config=with_method(self.config, method, TASK, self.row.image_size, self.start))

    def changes(self, other: Painting) -> list[str]:
        """List the fields that differ: names of `FIELDS` for numbers, "method" for its ingredients; empty if none."""
        mine, theirs = vars(self), vars(other)
        named = [name for name in mine if name != "config" and mine[name] != theirs[name]]
        numbers = [name for name in FIELDS if hasattr(self.config, name)]
        named += [name for name in numbers if not same_value(getattr(self.config, name), getattr(other.config, name))]
        return named + ["method"] * (self.config.method != other.config.method)

    def plan(self, credit: str = "", *, own: bool = False) -> RunPlan:
        """Return the plan of its run.

        Args:
            credit: what a photo shows, or its file's name; for display. own: True if the photo is the visitor's.
        """
        start, facts = self._start(credit)
        images = facts | ({"own": "yes"} if own else {})
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
        data = json.dumps(facts, sort_keys=True).encode() + plan.start.tobytes()
        return hashlib.blake2b(data, digest_size=8).hexdigest()
