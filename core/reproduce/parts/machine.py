"""Classifiers and data on this machine, or one sentence on how to get them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.classifiers.registry import classifier_spec, classifier_state, classifier_title, load_classifier
from core.classifiers.weights import format_bytes
from core.data.datasets import load_dataset
from core.data.sample_sets import set_of_map
from core.reproduce.parts.plan import CLIP, MapPart, Part
from core.reproduce.profile.judgements import load_judge
from core.reproduce.profile.network import ProfiledNetwork, ProfileFile
from core.shared.errors import one_line, sentence
from core.shared.files import make_folder
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.classes import ClassSet
    from core.data.dataset import ImageDataset


@dataclass(eq=False)
class Machine:
    """Locations of classifiers, data and results, and permission to download.

    output: folder of results. clip: the classifier in CLIP's place. weights: files for classifiers by name. download:
    allow fetching weights and CIFAR-10. seed: of every choice of images. dtype: of the maps' forward passes.
    """

    output: Path
    device: str
    data_dir: Path
    imagenet_dir: Path
    clip: str
    weights: Mapping[str, Path]
    download: bool
    seed: int
    dtype: str
    batch_size: int | None
    processes: Processes
    _network: ProfiledNetwork | None = None
    # Cached: the sentence on a missing data set, and a few data sets.
    missing_data: Callable[[str], str] = field(init=False)
    images: Callable[[str, int | None], ImageDataset] = field(init=False)

    def __post_init__(self) -> None:
        self.missing_data, self.images = cache(self._missing_data), lru_cache(maxsize=4)(self._load_images)

    def name(self, classifier: str) -> str:
        """Return the registry name of the classifier in another one's place."""
        return self.clip if classifier == CLIP else classifier

    def missing_requirements(self, part: Part) -> tuple[str, ...]:
        """List missing requirements of a part, one sentence each, after permitted downloads."""
        weights, data = self._missing_weights(self.name(part.classifier)), self.missing_data(part.dataset)
        # The bundled photographs lack most of ImageNet100's classes, over which a map averages.
        needs_data = isinstance(part, MapPart) and part.dataset == "imagenet100"
        return tuple(filter(None, (weights, data if needs_data else "")))

    def _missing_weights(self, name: str) -> str:
        """Return a sentence on a classifier's missing weights; empty if they are on this machine."""
        spec, file = classifier_spec(name), self.weights.get(name)
        state, title = classifier_state(name, file), one_line(spec.title)
        if state.status == "unavailable":
            return f"{title} is not available: {state.detail}"
        if state.status == "ready":
            return ""
        if not self.download:
            return (
                f"The weights of {title} are not on this machine: add --download "
                f"({format_bytes(state.download_bytes).split(' (')[0]}), or --weights {name}=FILE."
            )
        try:
            spec.weights.fetch()
        except (FileNotFoundError, RuntimeError) as error:
            return f"The weights of {title} could not be downloaded: {sentence(str(error))}"
        return ""

    def _missing_data(self, dataset: str) -> str:
        """Return a sentence on a missing data set, for which bundled pictures stand in; empty if it is here."""
        try:
            self._load(dataset, 1)
        except FileNotFoundError as error:
            if dataset == "imagenet100":
                return (
                    "ImageNet100 is not here: give --imagenet-dir FOLDER with the validation images, "
                    "one folder for each WordNet id."
                )
            if self.download:
                return f"CIFAR-10 could not be downloaded: {one_line(error, 200)}."
            return "CIFAR-10 is not here: give --data-dir FOLDER, or add --download (170 MB)."
        return ""

    def _load_images(self, dataset: str, limit: int | None) -> ImageDataset:
        """Load the first images of a data set in an order fixed by the seed, or of the pictures that stand in."""
        row = set_of_map(dataset)
        assert row is not None
        return self._load(row.dataset if self.missing_data(dataset) else dataset, limit)

    def _load(self, dataset: str, limit: int | None) -> ImageDataset:
        folder = self.imagenet_dir if dataset == "imagenet100" else self.data_dir
        return load_dataset(dataset, folder, limit=limit, seed=self.seed, download=self.download)

    def network(self, part: Part) -> ProfiledNetwork:
        """Return the network of a part with its images; the last network stays loaded."""
        name = self.name(part.classifier)
        images = partial(self.images, part.dataset)
        if self._network is None or self._network.name != name:
            load = partial(load_classifier, name, device=self.device, weights=self.weights.get(name))
            self._network = ProfiledNetwork(
                name, load, images, False, self.seed, self.batch_size, dtype=self.dtype, processes=self.processes
            )
        return replace(self._network, images=images)

    def complete(self, part: Part, item: ProfileFile) -> Any:
        """Complete a part's file in its network's profile; return its content.

        Raises:
            ValueError: the file has other settings.
        """
        path = self.output / "profiles" / self.network(part).file_name / item.path
        make_folder(path.parent)
        return item.make(path)

    def judge(self, painter: str, classes: ClassSet) -> Classifier | None:
        """Load a ready judge of these classes, other than the painter; None if there is none."""
        vocabulary = "cifar10" if classes.name == "cifar10" else "imagenet"
        return load_judge(painter, vocabulary, classes, self.device, self.weights, "closed-set")


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
