"""Provenance of results: metadata on classifier, data set and computation."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any, Protocol

from core.data.dataset import ImageDataset
from core.shared.errors import one_line
from core.shared.files import Fact

VERSION = "0.1.0"
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


class NamedWeights(Protocol):
    """A classifier's name and weights."""

    name: str
    kind: Any
    weights_id: str
    sha256: str | None


def classifier_facts(classifier: NamedWeights) -> dict[str, Any]:
    """Return the facts that identify a classifier and its weights."""
    return {
        "name": classifier.name,
        "kind": classifier.kind,
        "weights_id": classifier.weights_id,
        "sha256": classifier.sha256,
    }


def dataset_facts(dataset: ImageDataset) -> dict[str, Any]:
    """Return the facts that identify a data set's images."""
    return {
        "name": dataset.name,
        "split": dataset.split,
        "n": len(dataset),
        "content_hash": dataset.content_hash,
    }


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
