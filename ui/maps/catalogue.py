"""Heat maps available to a visitor: the paper's figures, networks that answer for a map, sources, files."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st

from core.claims.finding import NamedMap
from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import (
    WITHOUT_WEIGHTS,
    classifier_title,
    input_size_and_weights,
    list_classifiers,
    result_title,
    short_title,
)
from core.data.sample_sets import SampleSet, map_title, set_of_map, usual_epsilon
from core.data.stored import cached_by_files, device_text, read_stored, stored_files
from core.fourier.contrasts import without_wave
from core.fourier.heatmap import TOP1, Heatmap, heatmap_csv, heatmap_png
from core.shared.numbers import percent
from core.shared.roles import INSTEAD
from core.shared.text import file_stem, sentence
from ui.server.cache import is_ready
from ui.shared.downloads import download_button
from ui.shared.url import as_markdown, one_line

_UPLOADED = "frequency.my_maps"


@dataclass(frozen=True)
class Entry:
    """Heat map with its label and titles.

    label: unique name, used in the URL. shipped: True if it comes with this project, so its texts can be trusted.
    more: True if menus list it last, and the story leaves it out: another strength, fewer images, another random seed,
    waves missing. apart: True if another map of the same classifier is shown, which makes its name the label.
    """

    label: str
    heatmap: Heatmap
    shipped: bool = False
    more: bool = False
    apart: bool = False

    @property
    def name(self) -> str:
        """Name of the classifier, as in the label, or the whole label."""
        return self.label if self.apart else self.label.split(" · ")[0]

    @property
    def classifier(self) -> str:
        """Registry name of the classifier; untrusted text where the file came from outside."""
        return str(self.heatmap.metadata["classifier"]["name"])

    @property
    def sample_set(self) -> SampleSet | None:
        """Sample set with the map's classes; None if unknown."""
        return set_of_map(self.heatmap.metadata["dataset"]["name"])

    @property
    def named(self) -> NamedMap:
        """Return the map as a `NamedMap` for claims."""
        return NamedMap(self.name, self.label, self.heatmap, *input_size_and_weights(self.classifier))

    @property
    def subtitle(self) -> str:
        """Data set, number of images, size of the wave and, if known, the clean error."""
        facts, clean = self.heatmap.metadata, without_wave(self.heatmap)
        error = "clean error: not published" if clean is None else _clean(clean.measured.value)
        data, sampled = facts["dataset"], self.heatmap.images_per_wave
        images = f"n = {data['n']:,}" if sampled is None else f"{sampled:,} of {data['n']:,} images under each wave"
        return f"{dataset_title(data['name'])}, {images} · strength {facts['epsilon']:g} · {error}"


def _clean(fraction: float) -> str:
    return f"{percent(fraction)} wrong without a wave"


def named_apart(chosen: Iterable[Entry]) -> list[Entry]:
    """Return maps to be read together; where names repeat, labels replace them."""
    named = list(chosen)
    count = Counter(entry.name for entry in named)
    return [replace(entry, apart=count[entry.name] > 1) for entry in named]


def dataset_title(name: str) -> str:
    """Return a data set's display name."""
    return one_line(map_title(name))


def label_of(heatmap: Heatmap, *, with_n: bool = False) -> str:
    """Return classifier, data set, origin and, if requested, the number of images, as one line.

    A size v of the waves other than the paper's is named as well, and the number of images with it.
    """
    facts = heatmap.metadata
    origin = "published" if facts["source"]["type"] == "published" else "computed"
    title = result_title(facts["classifier"])
    size = f", v = {facts['epsilon']:g}" if facts["epsilon"] != usual_epsilon(facts["image_size"]) else ""
    images = f", {facts['dataset']['n']:,} images" if with_n or size else ""
    return f"{title} · {dataset_title(facts['dataset']['name'])}{images}{size} · {origin}"


def maps_by_label(maps: Iterable[Heatmap]) -> dict[str, Entry]:
    """Return maps by label: the paper's first; of two with the same name the complete one, or that of more images."""
    by_label: dict[str, Entry] = {}
    for heatmap in sorted(maps, key=_rank):
        facts, first = heatmap.metadata, label_of(heatmap)
        name, usual = facts["classifier"]["name"], facts["epsilon"] == usual_epsilon(facts["image_size"])
        label = label_of(heatmap, with_n=first in by_label)
        more = first in by_label or not usual or _is_incomplete(heatmap) or name in WITHOUT_WEIGHTS
        by_label[label] = Entry(label, heatmap, shipped=True, more=more)
    return by_label


def _rank(heatmap: Heatmap) -> tuple[bool, bool, int, float]:
    facts = heatmap.metadata
    published = facts["source"]["type"] == "published"
    return not published, _is_incomplete(heatmap), -facts["dataset"]["n"], facts["epsilon"]


def _is_incomplete(heatmap: Heatmap) -> bool:
    return bool(np.isnan(heatmap.rate()).any())


@cached_by_files("heatmaps")
def shipped_maps() -> dict[str, Entry]:
    """Return the maps that come with this project and with profiles, by label."""
    return maps_by_label(read_stored(Heatmap.load, stored_files("heatmaps")))


def computed_maps(name: str) -> list[Entry]:
    """Return the maps of a network that come with this project or a profile, and were not published by others."""
    entries = (entry for entry in shipped_maps().values() if entry.classifier == name)
    return [entry for entry in entries if entry.heatmap.metadata["source"]["type"] != "published"]


def stored_title(name: str) -> str:
    """Return the short title of a network with stored results, as on its computed maps."""
    return next((entry.name for entry in computed_maps(name)), short_title(classifier_title(name)))


def entries() -> dict[str, Entry]:
    """Return all maps available to this visitor, by label."""
    return shipped_maps() | {entry.label: entry for entry in st.session_state.get(_UPLOADED, [])}


def add_map(heatmap: Heatmap, *, origin: str) -> str:
    """Add a map for this visitor and return its label; an identical map is stored once."""
    added: list[Entry] = st.session_state.setdefault(_UPLOADED, [])
    for entry in added:
        if entry.heatmap.equals(heatmap):
            return entry.label
    base, taken = f"{label_of(heatmap).rsplit(' · ', 1)[0]} · {origin}", entries()
    label = next(name for number in itertools.count(1) if (name := f"{base} {number}") not in taken)
    added.append(Entry(label, heatmap))
    return label


def doubt_about(entry: Entry) -> str:
    """Return the first sentence of a shipped map's note, or an empty one."""
    note = _note(entry.heatmap) if entry.shipped else ""
    return note and sentence(note.partition(". ")[0])


def _note(heatmap: Heatmap) -> str:
    """Return the note on a map's source, without the space before '%' that files have."""
    return re.sub(r"(?<=\d) %", "%", str(heatmap.metadata["source"].get("note") or ""))


MAP_ONLY = "map only (network not installed)"


@dataclass(frozen=True)
class Predictor:
    """A classifier that predicts. of: name of the map's classifier that it stands in for; or empty."""

    spec: ClassifierSpec
    of: str = ""

    @property
    def title(self) -> str:
        """Title of the classifier that answers."""
        return short_title(self.spec.title)


def map_note(entry: Entry, predictors: Sequence[Predictor]) -> str:
    """Return the note after a map's title if no installed classifier can stand in for it."""
    name = entry.classifier
    answered = any(
        name in (predictor.of, predictor.spec.name) or predictor.spec.name == INSTEAD.get(name)
        for predictor in predictors
    )
    known = {spec.name for spec in list_classifiers()}
    return MAP_ONLY if not answered and name in known and not is_ready(name) else ""


def choose_predictors(chosen: Sequence[Entry], ready: Sequence[ClassifierSpec], class_set: str) -> list[Predictor]:
    """Choose predictors among those `ready` for the picture's classes: the shown maps' own, and stand-ins for the rest.

    A stand-in has learned the same classes: an ImageNet network says nothing about a map of CIFAR-10. If no
    classifier matches the maps, use all of them.
    """
    selected = dict[str, Predictor]()
    by_name = {spec.name: spec for spec in ready}
    names = list(dict.fromkeys(entry.classifier for entry in chosen))
    of_others = {
        entry.classifier for entry in chosen if entry.sample_set is not None and entry.sample_set.class_set != class_set
    }
    for name in names:
        stand_in = by_name.get(INSTEAD.get(name, ""))
        if name in by_name:
            selected[name] = Predictor(by_name[name])
        elif stand_in is not None and name not in of_others and stand_in.name not in names:
            selected.setdefault(stand_in.name, Predictor(stand_in, of=name))
    return list(selected.values()) or [Predictor(spec) for spec in ready]


CLIP = "CLIP ViT-B/32 · CIFAR-10 · published"
RESNET56 = "ResNet-56 · CIFAR-10 · published"
RESNET50 = "ResNet-50 · ImageNet100 · published"
MINI_CLIP = "Mini CLIP · CIFAR-10 · computed"
MINI_RESNET = "Mini ResNet · CIFAR-10 · computed"
EFFICIENTNET = "EfficientNet-Lite0 · ImageNet sample · computed"


@dataclass(frozen=True)
class MapPreset:
    """A button above the maps. frequency: (i, j). pictures: one of `picture_kinds`. note: sentence."""

    maps: tuple[str, ...]
    frequency: tuple[int, int]
    pictures: str = "CIFAR-10"
    show: str = "Error"
    note: str = ""

    @property
    def state(self) -> tuple[list[str], str, str]:
        """Return the page's state: maps, displayed quantity and pictures."""
        return list(self.maps), self.show, self.pictures


# The maps of the paper's Figures 1 and 2 with pictures of their data sets; the page opens with the first.
PAPERS_PAIR, PHOTOGRAPHS = "CLIP and a ResNet", "Photographs"
PRESETS = {
    PAPERS_PAIR: MapPreset((CLIP, RESNET56), (0, 1)),
    PHOTOGRAPHS: MapPreset(
        (RESNET50, EFFICIENTNET),
        (0, 9),
        pictures="Photographs",
        note="We measured EfficientNet-Lite0. The paper shows CLIP in its place.",
    ),
    "Difference": MapPreset((CLIP, RESNET56), (0, 1), show="Difference"),
}
FIRST_PRESET = PRESETS[PAPERS_PAIR]


def source_text(entry: Entry) -> str:
    """Return Markdown about a map's origin; plain text for maps that were not shipped with this project."""
    facts, source = entry.heatmap.metadata, entry.heatmap.metadata["source"]
    if entry.shipped and source["type"] == "published":
        note = f" {_note(entry.heatmap)}" if source.get("note") else ""
        return (
            f"{source['citation']}. Run of {source['run']}; log in [{source['url'].removeprefix('https://')}]"
            f"({source['url']}) at commit {source['commit']}, licence {source['licence']}; n = "
            f"{facts['dataset']['n']:,}, {source['rounding']}; {source['repeated']}.{note}"
        )
    weights, digest = (facts["classifier"].get(name) or "unknown" for name in ("weights_id", "sha256"))
    return as_markdown(
        f"Computed {one_line(source.get('date', 'some day'))[:10]} with version "
        f"{one_line(source.get('version', '?'), 20)} on {device_text(source)}; weights {one_line(weights)}, sha256 "
        f"{one_line(digest, 13)}; seed {one_line(facts.get('seed'), 20)}."
    )


def map_downloads(entry: Entry) -> None:
    """Draw a row of download buttons, one a file format; files are created on click."""
    title = entry.label.replace(" · ", ", ")
    files: dict[str, Callable[[], bytes | str]] = {
        "npz": entry.heatmap.to_bytes,
        "csv": partial(heatmap_csv, entry.heatmap),
        "png": partial(heatmap_png, entry.heatmap.rate(), TOP1, title=title, footnote=entry.subtitle),
    }
    stem = file_stem(entry.label)
    with st.container(horizontal=True):
        for suffix, make in files.items():
            download_button(suffix.upper(), make, f"{stem}.{suffix}", key=f"{suffix} {stem}")
