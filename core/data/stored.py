"""Stored results of networks: where they lie, and their provenance."""

from __future__ import annotations

import datetime
import functools
import json
import re
import warnings
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from core.data.sample_sets import PRECOMPUTED, ImageDataset
from core.shared.files import DAMAGE, ArchiveError, Fact, cache_folder, read_npz
from core.shared.text import one_line

VERSION = "2.1.0"
# Metadata of outcomes of a network on a data set, as written by `outcome_facts`.
OUTCOME_FACTS = (
    Fact("classifier.name", "text", 1, 1000),
    Fact("classifier.sha256", "text", 0, 64, optional=True),
    Fact("dataset.name", "text", 1, 1000),
    Fact("dataset.content_hash", "text", 64, 64),
    Fact("image_size", "whole number", 1, 2**16),
    Fact("seed", "whole number", 0, 2**64 - 1),
    Fact("source", "JSON object"),
)


def classifier_facts(classifier: Any) -> dict[str, Any]:
    """Return the facts that identify a classifier and its weights, without those that it lacks."""
    facts = {
        "name": classifier.name,
        "kind": classifier.kind,
        "weights_id": classifier.weights_id,
        "sha256": classifier.sha256,
    }
    return {name: fact for name, fact in facts.items() if fact}


def dataset_facts(dataset: ImageDataset) -> dict[str, Any]:
    """Return the facts that identify a data set's images."""
    split = {"split": dataset.split} if dataset.split else {}
    return {"name": dataset.name, **split, "n": len(dataset), "content_hash": dataset.content_hash}


def outcome_facts(classifier: Any, dataset: ImageDataset, seed: int, **facts: Any) -> dict[str, Any]:
    """Return the metadata of a file of outcomes before any measurement, with further `facts`."""
    return {
        "classifier": classifier_facts(classifier),
        "dataset": dataset_facts(dataset),
        "image_size": dataset.image_size,
        "seed": seed,
        **facts,
        "class_names": list(dataset.classes.names),
        "template": classifier.template,
        "source": {},
    }


def computed_source(device: str, **facts: Any) -> dict[str, Any]:
    """Return the `source` of a computed result: version, date, device name, and further `facts`."""
    date = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return {"type": "computed", "version": VERSION, "date": date, "device": device, **facts}


def device_text(source: Mapping[str, Any]) -> str:
    """Return the device of a result's `source` for a page, "CPU, 1 thread"; shipped files have "cpu, 1 threads"."""
    device = one_line(source.get("device") or "an unknown device")
    return re.sub(r"\b1 threads\b", "1 thread", re.sub(r"\bcpu\b", "CPU", device))


Result = TypeVar("Result")
Arguments = ParamSpec("Arguments")
Content = TypeVar("Content")


def profile_folders() -> tuple[Path, ...]:
    """Return the profiles in `precomputed/profiles/` and those in the user's cache."""
    parents = PRECOMPUTED / "profiles", cache_folder() / "profiles"
    return tuple(folder for parent in parents for folder in sorted(parent.glob("*/")))


def profiled_networks() -> dict[str, str]:
    """Return the networks with a heat map in a profile, by name, with the names of their weights."""
    networks: dict[str, str] = {}
    for path in (path for folder in profile_folders() for path in sorted(folder.glob("heatmaps/*.npz"))):
        try:
            arrays = read_npz(path.read_bytes(), required=("metadata",), limit=2**23)
            classifier = json.loads(str(arrays["metadata"]))["classifier"]
            networks.setdefault(str(classifier["name"]), str(classifier.get("weights_id")))
        except DAMAGE:
            continue  # a page that reads its content says why
    return networks


def stored_files(folder: str) -> tuple[Path, ...]:
    """Return the files in folders of this name: first the project's, then those of profiles."""
    parents = (PRECOMPUTED, *profile_folders())
    return tuple(path for parent in parents for path in sorted((parent / folder).glob("*.npz")))


def _stamps(folder: str) -> tuple[tuple[Path, int], ...]:
    return tuple((path, path.stat().st_mtime_ns) for path in stored_files(folder))


def read_stored(load: Callable[[Path], Content], paths: Sequence[Path]) -> Iterator[Content]:
    """Load each file; skip unreadable ones of profiles with a warning."""
    for path in paths:
        try:
            yield load(path)
        except (ArchiveError, OSError) as error:
            if PRECOMPUTED in path.parents and PRECOMPUTED / "profiles" not in path.parents:
                raise
            warnings.warn(f"{path} is left out: {error}", stacklevel=2)


def first_by_name(results: Iterable[tuple[str, Content]]) -> dict[str, Content]:
    """Return results by network name; the first of several with one name counts."""
    by_name: dict[str, Content] = {}
    for name, result in results:
        by_name.setdefault(name, result)
    return by_name


def cached_by_files(
    *folders: str, entries: int = 2
) -> Callable[[Callable[Arguments, Result]], Callable[Arguments, Result]]:
    """Decorate a function: cache its results until files in these folders are added, changed or removed.

    entries: number of results. Arguments are hashable, and given by position.
    """

    def decorate(read: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
        @functools.lru_cache(entries)
        def cached(stamps: Hashable, *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            return read(*arguments, **named)

        @functools.wraps(read)
        def current(*arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
            return cached(tuple(map(_stamps, folders)), *arguments, **named)  # type: ignore[arg-type]

        return current

    return decorate
