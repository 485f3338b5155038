"""Heat maps available to a visitor: shipped, uploaded and computed ones."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st

from core.claims.claim import NamedMap
from core.classifiers.registry import WITHOUT_WEIGHTS, classifier_title, result_title, short_title, side_and_weights
from core.data.sample_sets import SampleSet, map_title, set_of_map, usual_epsilon
from core.data.stored import cached_by_files, read_stored
from core.fourier.contrasts import without_wave
from core.fourier.heatmap import Heatmap
from core.shared.numbers import percent
from ui.shared.text import one_line

_UPLOADED = "frequency.my_maps"


@dataclass(frozen=True)
class Entry:
    """Heat map with its label and titles.

    label: unique name, used in the URL. shipped: whether it comes with this project, so that its texts can be trusted.
    more: whether menus list it last, and the story leaves it out: another strength, fewer images, another random seed,
    waves missing. apart: what tells it from maps of the same classifier beside it.
    """

    label: str
    heatmap: Heatmap
    shipped: bool = False
    more: bool = False
    apart: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the classifier, as in the label, and what tells the map apart."""
        name = self.label.split(" · ")[0]
        return f"{name} ({', '.join(self.apart)})" if self.apart else name

    @property
    def classifier(self) -> str:
        """Registry name of the classifier; untrusted text where the file came from outside."""
        return str(self.heatmap.metadata["classifier"]["name"])

    @property
    def sample_set(self) -> SampleSet | None:
        """Sample set whose classes the map is about; None if unknown."""
        return set_of_map(self.heatmap.metadata["dataset"]["name"])

    @property
    def named(self) -> NamedMap:
        """Return the map as a `NamedMap` for claims."""
        return NamedMap(self.name, self.label, self.heatmap, *side_and_weights(self.classifier))

    @property
    def subtitle(self) -> str:
        """Data set, number of images, size of the wave and, if known, the clean error."""
        facts = self.heatmap.metadata
        data, clean = facts["dataset"], without_wave(self.heatmap)
        error = "clean error not published" if clean is None else f"clean error {percent(clean.measured.value)}"
        images, sampled = f"n = {data['n']:,}", self.heatmap.images_per_wave
        if sampled is not None:
            images = f"{sampled:,} of {data['n']:,} images under each wave"
        return f"{dataset_title(data['name'])}, {images} · v = {facts['epsilon']:g} · {error}"


def named_apart(chosen: Iterable[Entry]) -> list[Entry]:
    """Return maps to be read together: where names repeat, the first facts that differ follow them."""
    named = list(chosen)
    facts: tuple[Callable[[Entry], str], ...] = (
        lambda entry: dataset_title(entry.heatmap.metadata["dataset"]["name"]),
        lambda entry: f"v\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{entry.heatmap.metadata['epsilon']:g}",
        lambda entry: f"n\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{entry.heatmap.metadata['dataset']['n']:,}",
        lambda entry: entry.label.rpartition(" · ")[2],
    )
    for fact in facts:
        values = defaultdict[str, set[str]](set)
        for entry in named:
            values[entry.name].add(fact(entry))
        named = [
            replace(entry, apart=(*entry.apart, fact(entry))) if len(values[entry.name]) > 1 else entry
            for entry in named
        ]
    return named


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
def shipped_maps(paths: tuple[Path, ...]) -> dict[str, Entry]:
    """Return the maps that come with this project and with profiles, by label."""
    return maps_by_label(read_stored(Heatmap.load, paths))


def computed_maps(name: str) -> list[Entry]:
    """Return the maps of a network that come with this project or a profile, and were not published by others."""
    entries = (entry for entry in shipped_maps().values() if entry.classifier == name)
    return [entry for entry in entries if entry.heatmap.metadata["source"]["type"] != "published"]


def stored_title(name: str) -> str:
    """Return the short title of a network of which something is stored, as its computed maps have it."""
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
