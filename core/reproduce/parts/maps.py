"""Heat maps of Figures 1 and 2, computed here and compared with the published ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.data.classes import HEATMAPS
from core.fourier.maps.heatmap import Heatmap
from core.reproduce.parts.agreement import MapAgreement, Match, map_agreement
from core.reproduce.parts.machine import Machine, PartResult, name_of
from core.reproduce.parts.plan import Amount, MapPart, draw_waves
from core.reproduce.profile.sweeps import map_config, map_file


@dataclass(frozen=True, eq=False)
class MapResult(PartResult):
    """A computed map. reference: the map to compare with."""

    part: MapPart
    heatmap: Heatmap
    reference: Heatmap | None
    agreement: MapAgreement | None
    note: str

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.heatmap.metadata

    @property
    def match(self) -> Match:
        """The verdict; another network in CLIP's place is only described."""
        return self.agreement.match if self.agreement is not None and self.original else Match.NOT_COMPARED

    @property
    def kind(self) -> str:
        """Kind of the reference: "published", or "shipped" with this project."""
        return "published" if self.reference is not None and self.reference.printed_rates is not None else "shipped"

    @property
    def waves(self) -> int:
        """Number of distinct computed waves."""
        return int((self.heatmap.count > 0).sum() + 1) // 2

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        names = ("classifier", "dataset", "image_size", "epsilon", "seed", "dtype", "template")
        compared = None
        if self.reference is not None and self.agreement is not None:
            source = {key: self.reference.metadata[key] for key in ("classifier", "dataset", "source")}
            compared = {**source, **self.agreement.to_json(), "match": self.match}
        return {
            **super().to_json(),
            "match": self.match,
            **{key: self.facts[key] for key in names},
            "side": self.heatmap.side,
            "waves": self.waves,
            "clean_error": self.heatmap.clean_rate(),
            "compared_with": compared,
            "time": self.facts["source"],
        }


def map_name(heatmap: Heatmap) -> str:
    """Return the title of a map's classifier."""
    return name_of(str(heatmap.metadata["classifier"]["name"]))


def run_map(part: MapPart, amount: Amount, machine: Machine) -> MapResult:
    """Compute what is missing in the part's map. All processes of the group call this together.

    Raises:
        ValueError: the file holds a map of another configuration.
    """
    network, note = machine.network(part), machine.missing_data(part.dataset)
    data = network.images(amount.images)
    count = amount.waves
    if note and count is not None and amount.images is not None:
        count = max(count, count * amount.images // len(data))  # more waves of fewer images, for the same work
    cells = draw_waves(part.side, None if note and amount.images is None else count, seed=machine.seed)
    heatmap = machine.complete(part, map_file(network, data, replace(map_config(network, data), cells=cells)))
    reference = reference_map(part, heatmap)
    compared = None if reference is None else map_agreement(heatmap, reference)
    return MapResult(part, heatmap, reference, compared, note)


def reference_map(part: MapPart, heatmap: Heatmap) -> Heatmap | None:
    """Return the shipped map to compare with: the one on the same images, else the last; None without any."""
    references = [Heatmap.load(HEATMAPS / name).crop(part.side) for name in part.references]
    content = heatmap.metadata["dataset"]["content_hash"]
    same = [heatmap for heatmap in references if heatmap.metadata["dataset"]["content_hash"] == content]
    return next(iter([*same, *reversed(references)]), None)
