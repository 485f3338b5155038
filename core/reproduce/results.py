"""Results of the paper's parts: numbers, each beside the paper's or a stored one, and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from core.claims.claim import Evidence
from core.data.sample_sets import HEATMAPS
from core.fourier.heatmap import Heatmap
from core.pgd.pictures import AFTER, BEFORE, PictureOutcomes, picture_outcomes
from core.reproduce.compare import MapAgreement, Match, map_agreement, map_plots
from core.reproduce.judgements import pictures
from core.reproduce.paper_parts import Machine, MapPart, Part, PicturePart, draw_waves, name_of
from core.reproduce.profile_parts import map_config, map_file
from core.shared.numbers import Interval, median_interval, small_with_interval, student, wilson


@dataclass(frozen=True)
class Row:
    """A number: its name, as measured here, and the paper's or a stored one, if any.

    unit: of `Evidence`, or "loss".
    """

    what: str
    here: Interval
    beside: float | None = None
    unit: Literal["error", "points", "ratio", "level", "loss"] = "error"

    @property
    def text(self) -> str:
        """The number here: '33.1 % (32.2 to 34.0)'."""
        return self._written(self.here)

    @property
    def text_beside(self) -> str:
        """The other number; empty if there is none."""
        return "" if self.beside is None else self._written(Interval.exact(self.beside))

    def _written(self, number: Interval) -> str:
        if math.isnan(number.value):
            return "none"
        return small_with_interval(number) if self.unit == "loss" else Evidence("", number, self.unit).figure

    def to_json(self) -> dict[str, Any]:
        """Return the row as a JSON object."""
        value = None if math.isnan(self.here.value) else self.here.value
        numbers = {"value": value, "interval": self.here.ends, "beside": self.beside}
        return {"what": self.what, "unit": self.unit, **numbers}


@dataclass(frozen=True, eq=False)
class Result:
    """Result of a part.

    facts: metadata on its classifier, images and time. note: how its images differ from the paper's, or empty.
    figures: PNG by caption. match: of a map, whether it agrees. details: further fields of its JSON object.
    """

    part: Part
    facts: Mapping[str, Any]
    note: str
    rows: Sequence[Row]
    figures: Mapping[str, bytes] = field(default_factory=dict)
    match: Match | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The paper's figure and the classifier."""
        return f"{self.part.figure}: {name_of(str(self.facts['classifier']['name']))}"

    @property
    def original(self) -> bool:
        """Whether its classifier is the part's own."""
        return is_original(self.part, self.facts)

    @property
    def seconds(self) -> float:
        """Time that it took, earlier runs included."""
        source = self.facts["source"]
        return float(source["wall_seconds"] if "wall_seconds" in source else source["seconds"])

    def to_json(self) -> dict[str, Any]:
        """Return the part with its numbers as a JSON object."""
        head = {"key": self.part.key, "figure": self.part.figure, "note": self.note}
        return {**head, "numbers": [row.to_json() for row in self.rows], **self.details, "time": self.facts["source"]}


def is_original(part: Part, facts: Mapping[str, Any]) -> bool:
    """Return whether results with these facts are of the part's own classifier."""
    return bool(facts["classifier"]["name"] == part.classifier)


def run_map(part: MapPart, waves: int | None, images: int | None, machine: Machine) -> Result:
    """Compute what is missing in the part's map. All processes of the group call this together.

    waves, images: number of distinct waves and of images; None for all.

    Raises:
        ValueError: the file holds a map of other settings.
    """
    network, note = machine.network(part), machine.missing_data(part.dataset)
    data = network.images(images)
    if note and waves is not None:  # the few bundled images: more waves of each, for the same work
        waves = None if images is None else max(waves, waves * images // len(data))
    cells = draw_waves(part.side, waves, seed=machine.seed)
    heatmap = machine.complete(part, map_file(network, data, replace(map_config(network, data), cells=cells)))
    return map_result(part, heatmap, _reference(part, heatmap.metadata["dataset"]["content_hash"]), note)


def map_result(part: MapPart, heatmap: Heatmap, reference: Heatmap | None, note: str) -> Result:
    """Compare a map with its reference; another network in CLIP's place is only described."""
    facts, agreement = heatmap.metadata, None if reference is None else map_agreement(heatmap, reference)
    match, compared, rows = Match.NOT_COMPARED, None, list[Row]()
    if agreement is not None and reference is not None:
        match = agreement.match if is_original(part, facts) else match
        sources = {key: reference.metadata[key] for key in ("classifier", "dataset", "source")}
        compared = {**sources, **agreement.to_json(), "match": match}
        rows = _map_rows(agreement)
    if (clean := heatmap.clean_rate()) is not None:
        beside = None if reference is None else reference.clean_rate()
        rows.append(Row("Error without a wave", wilson(clean, facts["dataset"]["n"]).item(), beside))
    names = ("classifier", "dataset", "image_size", "epsilon", "seed", "dtype", "template")
    details = {
        "match": match,
        **{key: facts[key] for key in names},
        "side": heatmap.side,
        "waves": int((heatmap.count > 0).sum() + 1) // 2,
        "clean_error": clean,
        "compared_with": compared,
    }
    figures = map_plots(name_of(str(facts["classifier"]["name"])), heatmap, reference)
    return Result(part, facts, note, rows, figures, match, details)


def _map_rows(agreement: MapAgreement) -> list[Row]:
    waves, exact = agreement.waves, Interval.exact
    return [
        Row(f"Mean error over {waves} common waves", exact(agreement.mean_error), agreement.mean_reference),
        Row("Mean difference", agreement.mean_difference, unit="points"),
        Row("Waves that differ", exact(agreement.differing_waves / waves)),
        Row("Correlation over the waves", exact(agreement.correlation), unit="ratio"),
    ]


def _reference(part: MapPart, content_hash: str) -> Heatmap | None:
    """Return the shipped map to compare with: the one on images of this hash, else the last; None without any."""
    references = [Heatmap.load(HEATMAPS / name).crop(part.side) for name in part.references]
    same = [heatmap for heatmap in references if heatmap.metadata["dataset"]["content_hash"] == content_hash]
    return next(iter([*same, *reversed(references)]), None)


def run_pictures(part: PicturePart, count: int, machine: Machine) -> Result:
    """Paint what is missing of the part's pictures; other settings start over."""
    # Without bundled statistics the noise needs all images of a class.
    limit = count if part.kind.mode == "inpaint" or part.dataset == "cifar10" else None
    network = machine.network(part)
    outcomes, grid = machine.complete(part, pictures(network, part.kind, network.images(limit), count))
    return picture_result(part, outcomes, grid, machine.missing_data(part.dataset))


def picture_result(part: PicturePart, outcomes: PictureOutcomes, grid: bytes, note: str) -> Result:
    """Return what became of a part's pictures beside the paper's losses, or a bundled network's stored counts.

    grid: PNG of the first pictures.
    """
    facts, columns, n = outcomes.facts, outcomes.pictures, outcomes.n
    stored, inpaint = _stored(outcomes), part.kind.mode == "inpaint"
    rows = list[Row]()
    for when, published in zip(("before", "after"), part.published or (None, None), strict=True):
        losses = columns[f"loss_{when}"]
        rows.append(Row(f"Loss {when}, mean of {n}", student(losses), published, "loss"))
        rows.append(Row(f"Loss {when}, median", median_interval(losses), unit="loss"))

    def share(what: str, hits: np.ndarray, beside: np.ndarray | None = None) -> Row:
        measured = wilson(hits.mean(), len(hits)).item() if len(hits) else Interval.exact(math.nan)
        return Row(what, measured, None if beside is None else float(beside.mean()))

    rows.append(share("Become the target", columns["is_target"], stored.pictures["is_target"] if stored else None))
    if outcomes.judges:
        same_judge = stored is not None and stored.facts["judge"].get("sha256") == facts["judge"].get("sha256")
        for of, seen in (("", AFTER), (" of the starts", BEFORE)):
            beside = stored.recognised(seen=seen) if stored and same_judge else None
            what = f"{name_of(outcomes.judges[0])} predicts the target{of}"
            rows.append(share(what, outcomes.recognised(seen=seen), beside))
    if inpaint:
        wrong = columns["top1_before"] != columns["label"]
        right = (columns["top1_after"] == columns["label"])[wrong]
        rows.append(share(f"Wrong with the hole ({wrong.sum()}), right after", right))
    changed = "in the hole" if inpaint else "of a value"
    rows.append(Row(f"Mean change {changed}", student(columns["change_inside"]), unit="level"))
    settings = {name: fact for name, fact in facts.items() if name not in ("source", "kinds")}
    figures = {"The first images; the change is ten times as large as it is.": grid}
    return Result(part, facts, note, rows, figures, details={"settings": settings, "n": n})


def _stored(here: PictureOutcomes) -> PictureOutcomes | None:
    """Return stored drawings of the same network from the same starts, as many; None if there are none."""
    painted = picture_outcomes(here.facts["kind"]["name"]).get(here.classifier)
    if painted is None or here.facts["kind"]["mode"] != "generate" or painted.sha256 != here.sha256:
        return None
    if (painted.facts["seed"], painted.config) != (here.facts["seed"], here.config) or painted.n < here.n:
        return None
    return painted.first(here.n)
