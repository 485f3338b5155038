"""Results of the paper's parts: numbers, each compared with the paper's, and pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from core.claims.evidence import Evidence
from core.data.sample_sets import HEATMAPS
from core.fourier.heatmap import Heatmap
from core.pgd.jobs import make_job, run_job
from core.pgd.picture_outcomes import AFTER, BEFORE, PictureOutcomes
from core.reproduce.compare import Match, map_agreement, map_plots
from core.reproduce.paper_parts import Machine, MapPart, Part, PicturePart, draw_waves, name_of
from core.reproduce.profiled import map_path
from core.shared.files import make_folder
from core.shared.numbers import Interval, median_interval, small_with_interval, student, wilson
from core.sweep.grow import grow_file
from core.sweep.wave_sweep import usual_sweep


@dataclass(frozen=True)
class Row:
    """A number: its name, as measured here, and the paper's, if any.

    unit: a unit of `Evidence`, or "loss".
    """

    what: str
    here: Interval
    papers: float | None = None
    unit: Literal["error", "points", "ratio", "level", "loss"] = "error"

    @property
    def text(self) -> str:
        """The number here: '33.1% (32.2 to 34.0)'."""
        return self._written(self.here)

    @property
    def text_beside(self) -> str:
        """The paper's number; empty if there is none."""
        return "" if self.papers is None else self._written(Interval.exact(self.papers))

    def _written(self, number: Interval) -> str:
        if math.isnan(number.value):
            return "none"
        return small_with_interval(number) if self.unit == "loss" else Evidence("", number, self.unit).figure


@dataclass(frozen=True, eq=False)
class Result:
    """Result of a part.

    facts: metadata on its classifier, images and time. note: how its images differ from the paper's, or empty.
    figures: PNG by caption. match: how well a map agrees with its reference.
    """

    part: Part
    facts: Mapping[str, Any]
    note: str
    rows: Sequence[Row]
    figures: Mapping[str, bytes] = field(default_factory=dict)
    match: Match | None = None

    @property
    def title(self) -> str:
        """The paper's figure and the classifier."""
        return f"{self.part.figure}: {name_of(str(self.facts['classifier']['name']))}"

    @property
    def original(self) -> bool:
        """True if its classifier is the part's own."""
        return bool(self.facts["classifier"]["name"] == self.part.classifier)

    @property
    def seconds(self) -> float:
        """Time that it took, earlier runs included."""
        source = self.facts["source"]
        return float(source["wall_seconds"] if "wall_seconds" in source else source["seconds"])


def run_map(part: MapPart, waves: int | None, images: int | None, machine: Machine) -> Result:
    """Compute what is missing in the part's map.

    waves, images: number of distinct waves and of images; None for all.

    Raises:
        FileNotFoundError: weights are missing, or ImageNet100: the bundled photographs lack most of its classes.
        ValueError: the file holds a map of other settings.
    """
    data, note = machine.data(part.dataset, images)
    if note and part.dataset == "imagenet100":
        raise FileNotFoundError(note)
    if note and waves is not None:  # the few bundled images: more waves of each, for the same work
        waves = None if images is None else max(waves, waves * images // len(data))
    config, name = usual_sweep(data.image_size, seed=machine.seed), machine.name(part)
    config = replace(config, cells=draw_waves(config.size, waves, seed=machine.seed))
    path = machine.folder(part) / map_path(name, data)
    make_folder(path.parent)
    heatmap = grow_file(machine.classifier(name, data.classes), data, config, path, description=part.key)
    return map_result(part, heatmap, _reference(part, heatmap), note)


def map_result(part: MapPart, heatmap: Heatmap, reference: Heatmap | None, note: str) -> Result:
    """Compare a map with its reference; a map of a network that stands in for CLIP is only described."""
    agreement = None if reference is None else map_agreement(heatmap, reference)
    rows, exact = list[Row](), Interval.exact
    if agreement is not None:
        waves = agreement.waves
        rows = [
            Row(f"Mean error over {waves} common waves", exact(agreement.mean_error), agreement.mean_reference),
            Row("Mean difference", agreement.mean_difference, unit="points"),
            Row("Waves that differ", exact(agreement.differing_waves / waves)),
            Row("Correlation over the waves", exact(agreement.correlation), unit="ratio"),
        ]
    if (clean := heatmap.clean_rate()) is not None:
        papers = None if reference is None else reference.clean_rate()
        rows.append(Row("Error without a wave", wilson(clean, heatmap.n).item(), papers))
    figures = map_plots(name_of(str(heatmap.metadata["classifier"]["name"])), heatmap, reference)
    result = Result(part, heatmap.metadata, note, rows, figures)
    return replace(result, match=agreement.match) if agreement is not None and result.original else result


def _reference(part: MapPart, heatmap: Heatmap) -> Heatmap | None:
    """Return the shipped map to compare with: the one on the same images, else the last; None without any."""
    references = [Heatmap.load(HEATMAPS / name).crop(heatmap.size) for name in part.references]
    content = heatmap.metadata["dataset"]["content_hash"]
    same = [reference for reference in references if reference.metadata["dataset"]["content_hash"] == content]
    return next(iter([*same, *reversed(references)]), None)


def run_pictures(part: PicturePart, count: int, machine: Machine) -> Result:
    """Paint what is missing of the part's pictures; other settings start over.

    Raises:
        FileNotFoundError: weights are missing.
    """
    # Without bundled statistics the noise needs all images of a class.
    limit = count if part.series.task == "inpainting" or part.dataset == "cifar10" else None
    data, note = machine.data(part.dataset, limit)
    config = part.series.job(data.image_size, count, machine.seed)
    job = make_job(config, machine.classifier(machine.name(part), data.classes), data, [machine.judge(part)])
    folder = machine.folder(part) / "pictures" / f"{part.series.name}_{data.name}"
    (outcomes,) = run_job(job, folder, name=part.key).kinds().values()
    return picture_result(part, outcomes, (folder / "grid.png").read_bytes(), note)


def picture_result(part: PicturePart, outcomes: PictureOutcomes, grid: bytes, note: str) -> Result:
    """Compare a part's pictures with the paper's losses; grid: PNG of the first pictures."""
    columns, n, inpaint = outcomes.pictures, outcomes.n, part.series.task == "inpainting"
    rows = list[Row]()
    for when, published in zip(("before", "after"), part.published or (None, None), strict=True):
        losses = columns[f"loss_{when}"]
        rows.append(Row(f"Loss {when}, mean of {n}", student(losses), published, "loss"))
        rows.append(Row(f"Loss {when}, median", median_interval(losses), unit="loss"))
    shares = {"Become the target": columns["is_target"]}
    if outcomes.judges:
        judged = f"{name_of(outcomes.judges[0])} predicts the target"
        shares |= {judged: outcomes.recognised(seen=AFTER), f"{judged} of the starts": outcomes.recognised(seen=BEFORE)}
    if inpaint:
        wrong = columns["top1_before"] != columns["label"]
        right = (columns["top1_after"] == columns["label"])[wrong]
        shares[f"Wrong with the hole ({wrong.sum()}), right after"] = right
    for what, hits in shares.items():
        rows.append(Row(what, wilson(hits.mean(), len(hits)).item() if len(hits) else Interval.exact(math.nan)))
    changed = "in the hole" if inpaint else "of a value"
    rows.append(Row(f"Mean change {changed}", student(columns["change_inside"]), unit="level"))
    figures = {"The first images; the change is enlarged ten times.": grid}
    return Result(part, outcomes.facts, note, rows, figures)
