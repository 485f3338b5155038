"""Classifiers and data on this machine, or one sentence on how to get them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.classifiers.fetch.weights import format_bytes
from core.classifiers.registry import (
    classifier_spec,
    classifier_state,
    classifier_title,
    list_classifiers,
    load_classifier,
)
from core.data.datasets import load_dataset
from core.reproduce.parts.plan import CLIP, Part
from core.runs.judgement import choose_judge
from core.shared.cli import progress_bar
from core.shared.errors import one_line, sentence
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.classes import ClassSet
    from core.data.dataset import ImageDataset


class Unavailable(Exception):
    """A requirement of a part is missing; the message is one sentence with instructions."""


@dataclass(frozen=True)
class LoadedDataset:
    """Images for a part. note: a sentence on differences from the paper's; may be empty."""

    dataset: ImageDataset
    note: str = ""


@dataclass(eq=False)
class Machine:
    """Locations of classifiers and data, and permission to download.

    clip: the classifier in CLIP's place. weights: files for classifiers by name. download: allow fetching weights and
    CIFAR-10. seed: of every choice of images.
    """

    device: str
    data_dir: Path
    imagenet_dir: Path
    clip: str
    weights: Mapping[str, Path]
    download: bool
    seed: int
    processes: Processes
    _loaded: dict[tuple[str, ClassSet], Classifier] = field(default_factory=dict)
    _read: dict[tuple[str, int | None], LoadedDataset] = field(default_factory=dict)

    def name(self, classifier: str) -> str:
        """Return the registry name of the classifier in another one's place."""
        return self.clip if classifier == CLIP else classifier

    def lacks(self, part: Part) -> tuple[str, ...]:
        """List missing requirements of a part, one sentence each, after permitted downloads."""
        reasons = []
        for look in (
            lambda: self._fetch(self.name(part.classifier)),
            lambda: self.data(part.dataset, 1, part.samples),
        ):
            try:
                look()
            except Unavailable as error:
                reasons.append(str(error))
        return tuple(reasons)

    def _fetch(self, name: str) -> None:
        """Ensure that a classifier's weights are on this machine."""
        spec, file = classifier_spec(name), self.weights.get(name)
        state, title = classifier_state(name, file), one_line(spec.title)
        if state.status == "unavailable":
            raise Unavailable(f"{title} is not available: {state.detail}")
        if state.status == "ready":
            return
        if not self.download:
            raise Unavailable(
                f"The weights of {title} are not on this machine: add --download "
                f"({format_bytes(state.download_bytes).split(' (')[0]}), or --weights {name}=FILE."
            )
        with progress_bar(desc=name, unit="B", unit_scale=True, total=state.download_bytes) as bar:
            try:
                spec.weights.fetch(lambda done, total: bar.update(done - bar.n) and None)
            except (FileNotFoundError, RuntimeError) as error:
                raise Unavailable(f"The weights of {title} could not be had: {sentence(str(error))}") from error

    def classifier(self, name: str, classes: ClassSet) -> Classifier:
        """Load a classifier that `lacks` has found; the last one stays loaded."""
        name = self.name(name)
        if (name, classes) not in self._loaded:
            self._loaded.clear()
            self._loaded[name, classes] = load_classifier(
                name, classes, device=self.device, weights=self.weights.get(name)
            )
        return self._loaded[name, classes]

    def judge(self, drawn_by: str, classes: ClassSet) -> Classifier | None:
        """Load a ready judge of these classes, other than the painter; None if there is none."""
        vocabulary = "cifar10" if classes.name == "cifar10" else "imagenet"
        ready = [
            spec.name
            for spec in list_classifiers()
            if spec.vocabulary == vocabulary
            and spec.kind == "closed-set"
            and classifier_state(spec.name, self.weights.get(spec.name)).status == "ready"
        ]
        name = choose_judge(self.name(drawn_by), ready)
        if name is None:
            return None
        return load_classifier(name, classes, device=self.device, weights=self.weights.get(name))

    def data(self, name: str, limit: int | None, stand_in: str | None) -> LoadedDataset:
        """Return the first `limit` images of a data set in an order fixed by the seed; a few stay in memory.

        Args:
            stand_in: bundled samples to use if the data set is missing; None for no substitute.
        Raises:
            Unavailable: the data set is missing and has no substitute.
        """
        if (name, limit) not in self._read:
            folder = self.imagenet_dir if name == "imagenet100" else self.data_dir
            try:
                data = LoadedDataset(load_dataset(name, folder, limit=limit, seed=self.seed, download=self.download))
            except FileNotFoundError as error:
                missing = _missing(name, self.download, str(error))
                if stand_in is None:
                    raise Unavailable(missing) from error
                data = LoadedDataset(load_dataset(stand_in, limit=limit, seed=self.seed), missing)
            if len(self._read) > 3:
                self._read.clear()
            self._read[name, limit] = data
        return self._read[name, limit]


def _missing(name: str, download: bool, error: str) -> str:
    if name == "imagenet100":
        return (
            "ImageNet100 is not here: give --imagenet-dir FOLDER with the validation images, "
            "one folder for each WordNet id."
        )
    if download:
        return f"CIFAR-10 could not be had: {one_line(error, 200)}."
    return "CIFAR-10 is not here: give --data-dir FOLDER, or add --download (170 MB)."


def name_of(classifier: str) -> str:
    """Return a classifier's title, or its folder's name."""
    title = classifier_title(classifier)
    return one_line(title.rpartition("/")[2] if title == classifier else title, 60)


class PartResult:
    """Base of dataclasses for a part's result. note: how its images differ from the paper's, or empty."""

    part: Any
    note: str

    @property
    def facts(self) -> Mapping[str, Any]:
        """Metadata on its classifier and images."""
        raise NotImplementedError

    @property
    def name(self) -> str:
        """Title of its classifier."""
        return name_of(str(self.facts["classifier"]["name"]))

    @property
    def title(self) -> str:
        """The paper's figure and the classifier."""
        return f"{self.part.figure}: {self.name}"

    @property
    def original(self) -> bool:
        """Whether its classifier is the part's own."""
        return bool(self.facts["classifier"]["name"] == self.part.classifier)

    def to_json(self) -> dict[str, Any]:
        """Return the common first fields of a part's JSON object."""
        return {"key": self.part.key, "figure": self.part.figure, "note": self.note}
