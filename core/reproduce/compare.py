"""Parts of the paper's experiments: which are on this machine, and whether they agree with the paper."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache, lru_cache, partial
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from core.claims.claim import CLAIMS, Evidence, Finding, NamedMap, Verdict
from core.claims.quantities import compare_crossovers, stored_hybrids
from core.claims.verdicts import findings
from core.classifiers.registry import (
    PAPERS_CLIP,
    classifier_spec,
    classifier_state,
    classifier_title,
    load_classifier,
    side_and_weights,
)
from core.classifiers.weights import format_bytes
from core.data.datasets import load_dataset
from core.data.sample_sets import HEATMAPS, set_of_map
from core.fourier.contrasts import LOW, Band, clear_waves, contrast, in_band
from core.fourier.heatmap import Heatmap, outcome_rows
from core.fourier.outcomes import Errors, HybridOutcomes, crossover_of, errors_under, same_images, same_pairs
from core.fourier.waves import half_plane, rounded_radius, wave_values
from core.pgd.batches import make_job, read_job, run_job
from core.pgd.pictures import Judgement, PictureOutcomes, Reconstruction, judgement, picture_outcomes
from core.reproduce.profile import KINDS, Kind, ProfiledNetwork, ProfileFile, hybrids, load_judge, map_config, map_file
from core.shared.files import make_folder
from core.shared.numbers import FEWEST, Frequency, Interval, correlation, median_interval, student
from core.shared.text import one_line, sentence
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.data.sample_sets import ImageDataset


CLIP, EFFICIENTNET = PAPERS_CLIP, "efficientnet-lite0"
HYBRIDS_SUFFIX = "-hybrids"  # of the keys of parts on hybrid images
# Bundled networks, and the ends of their figures.
MINIATURES = {"mini-clip": "", "mini-resnet": "", "mini-clip-robust": ", robust", "mini-resnet-robust": ", robust"}


@dataclass(frozen=True)
class Amount:
    """Amount of a map to compute: number of distinct waves, number of images; None for all."""

    waves: int | None = None
    images: int | None = None


@dataclass(frozen=True)
class Part:
    """A part of the paper, or one in miniature. figure: the paper's, or that of its claims."""

    key: str
    figure: str
    classifier: str
    dataset: Literal["cifar10", "imagenet100"]


@dataclass(frozen=True)
class MapPart(Part):
    """A heat map of the paper, or of a bundled model that stands in for one.

    references: files in `precomputed/heatmaps` to compare with, the first one on exactly the same images, else the
    last; none if no numbers were published. quick: amount for `--quick`.
    """

    side: int
    references: tuple[str, ...]
    quick: Amount


@dataclass(frozen=True)
class TablePart(Part):
    """Many inpainting or generation runs of a kind.

    quick, full: number of images. published: the paper's mean loss before and after; None for a network that it does
    not report.
    """

    kind: Kind
    quick: int
    full: int = 100
    published: tuple[float, float] | None = None


@dataclass(frozen=True)
class HybridPart(Part):
    """Hybrid images for the network of a map. quick, full: pairs of pictures."""

    quick: int = 200
    full: int = 2000


@dataclass(frozen=True)
class Pair:
    """Keys of two maps for the claims of section 3.1: subject, in CLIP's place, and reference."""

    title: str
    subject: str
    reference: str

    @property
    def hybrids(self) -> tuple[str, str]:
        """Keys of both networks' hybrid images."""
        return self.subject + HYBRIDS_SUFFIX, self.reference + HYBRIDS_SUFFIX


def _tables(
    key: str,
    figure: str,
    mode: Literal["inpaint", "generate"],
    dataset: Literal["cifar10", "imagenet100"],
    quick: int,
    networks: Mapping[str, str],
    published: tuple[float, float] | None = None,
) -> tuple[TablePart, ...]:
    """Return a part for each kind of results and network. networks: ends of their figures, by name."""
    return tuple(
        TablePart(f"{key.format(name)}{kind.suffix}", f"{figure}{kind.title}{end}", name, dataset, kind, quick,
                  published=published)
        for kind in KINDS
        if kind.mode == mode and kind.suffix is not None and (CLIP in networks or not kind.of_clip)
        for name, end in networks.items()
    )  # fmt: skip


# In the paper's order. All images and few waves are more informative than the reverse, as waves share their images.
MAPS = (
    MapPart("figure-1-clip", "Figure 1, left", CLIP, "cifar10", 31, ("clip-vit-b-32_cifar10_published.npz",),
            Amount(12, 100)),
    MapPart("figure-1-resnet", "Figure 1, right", "resnet-56", "cifar10", 31, ("resnet-56_cifar10_published.npz",),
            Amount(12)),
    MapPart("figure-2-clip", "Figure 2, left", CLIP, "imagenet100", 63, (), Amount(12, 100)),
    MapPart("figure-2-resnet", "Figure 2, right", "resnet-50", "imagenet100", 63,
            ("resnet-50_imagenet100_published.npz",), Amount(12, 100)),
    MapPart("stand-in-clip", "Figure 1 in miniature, left", "mini-clip", "cifar10", 31,
            ("mini-clip_cifar10-1000.npz", "mini-clip_cifar10.npz"), Amount(48, 1000)),
    MapPart("stand-in-resnet", "Figure 1 in miniature, right", "mini-resnet", "cifar10", 31,
            ("mini-resnet_cifar10-1000.npz", "mini-resnet_cifar10.npz"), Amount(48, 1000)),
)  # fmt: skip
# The paper does not state which start the authors used, so there is a part for each.
TABLES = (
    *_tables("figure-3-clip", "Figure 3", "inpaint", "imagenet100", 1, {CLIP: ""}, (3.8, 2e-4)),
    *_tables("figure-4-clip", "Figure 4", "generate", "imagenet100", 4, {CLIP: ""}, (3.5, 3e-5)),
    *_tables("inpaint-{}", "Figure 3 in miniature", "inpaint", "cifar10", 5, MINIATURES),
    *_tables("inpaint-efficientnet", "Figure 3, another network", "inpaint", "imagenet100", 1, {EFFICIENTNET: ""}),
    *_tables("generate-{}", "Figure 4 in miniature", "generate", "cifar10", 100, MINIATURES),
)
# A direct test of "relies more on low-frequency information", in addition to the maps.
HYBRIDS = tuple(
    HybridPart(part.key + HYBRIDS_SUFFIX, f"{part.figure}, hybrid images", part.classifier, part.dataset)
    for part in MAPS
    if part.dataset == "cifar10"
)
PAIRS = (
    Pair("Figure 1", "figure-1-clip", "figure-1-resnet"),
    Pair("Figure 2", "figure-2-clip", "figure-2-resnet"),
    Pair("Figure 1 in miniature", "stand-in-clip", "stand-in-resnet"),
)
KEYS = (*(part.key for part in MAPS), *(part.key for part in HYBRIDS), *(part.key for part in TABLES))


def _split_by_band(waves: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Split (W, 2) waves of a map with a side by radius: low, corners, and between."""
    radius = rounded_radius(waves)
    low, corners = LOW.holds(radius), radius > side // 2
    return waves[low], waves[corners], waves[~low & ~corners]


def _waves_needed(waves: Sequence[Frequency], side: int) -> int | None:
    """Return the number of waves, drawn by `draw_waves`, needed to judge claims; None if `waves` suffice.

    Each band needs six waves, or all that it has: with fewer its mean depends on the drawn waves.
    """
    bands, complete_bands = (_split_by_band(np.array(selected), side) for selected in (waves, half_plane(side)))
    if all(len(band) >= min(FEWEST, len(complete)) for band, complete in zip(bands, complete_bands, strict=True)):
        return None
    return len(bands) * FEWEST


def draw_waves(side: int, count: int | None, *, seed: int) -> tuple[Frequency, ...] | None:
    """Draw distinct waves of a map, as evenly as possible from low radii, corners and between.

    These are the bands of the claims. A larger count includes the waves of a smaller one.

    Returns:
        (i, j) of each; None for all waves, if `count` is None or not below their number.
    """
    waves = np.array(half_plane(side))
    if count is None or count >= len(waves):
        return None
    generator = np.random.default_rng(seed)
    shuffled_bands = [generator.permutation(band).tolist() for band in _split_by_band(waves, side)]
    drawn = [(i, j) for row in itertools.zip_longest(*shuffled_bands) for i, j in filter(None, row)]
    return tuple(drawn[:count])


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


MARGIN = 0.02  # in error: means within this distance count as equal
FEW = 0.05  # share of waves that may differ
FALSE_DISCOVERIES = 0.05


class Match(StrEnum):
    """Verdict of a comparison."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNDECIDED = "cannot tell"
    NOT_COMPARED = "nothing to compare with"


def _measured_json(measured: Interval) -> dict[str, Any]:
    """Return a number with its interval, [low, high], as a JSON object, null if unknown."""
    value = None if math.isnan(measured.value) else measured.value
    return {"value": value, "interval": measured.ends}


@dataclass(frozen=True)
class WaveRow:
    """One wave: computed and reference top-1 error in [0, 1], and their difference with its 95 % interval."""

    wave: Frequency
    error: float
    reference: float
    difference: Interval


@dataclass(frozen=True)
class MapAgreement:
    """Comparison of a computed map with its reference, errors in [0, 1].

    mean_error, mean_reference: over the common waves. mean_difference: the first minus the second, with its 95 %
    interval. mean_absolute_difference: over the waves; expected_by_chance: that of two independent draws of as many
    images as either map used, None if both maps use the same images. differing_waves: their number, with 5 % false
    discoveries allowed. identical_waves: those with the same count of errors, where both maps have the same images and
    random signs; else None. correlation: Pearson's over the waves, NaN below three. paired: compared image by image.
    """

    mean_error: float
    mean_reference: float
    mean_difference: Interval
    mean_absolute_difference: float
    expected_by_chance: float | None
    differing_waves: int
    identical_waves: int | None
    correlation: float
    paired: bool
    rows: tuple[WaveRow, ...]

    @property
    def largest(self) -> WaveRow:
        """The wave with the largest difference."""
        return max(self.rows, key=lambda row: abs(row.difference.value))

    @property
    def match(self) -> Match:
        """Verdict: agrees if the mean difference's interval lies within the margin and few waves differ."""
        few, (_, low, high) = self.differing_waves <= FEW * len(self.rows), self.mean_difference
        if few and low >= -MARGIN and high <= MARGIN:
            return Match.AGREES
        return Match.DIFFERS if not few or self.mean_difference.clear else Match.UNDECIDED

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object; an interval is [low, high]."""
        rows = [
            {
                "i": row.wave[0],
                "j": row.wave[1],
                "error": row.error,
                "reference": row.reference,
                "difference": row.difference.value,
                "interval": row.difference.ends,
            }
            for row in self.rows
        ]
        return {
            **vars(self),
            "match": self.match,
            "waves": len(self.rows),
            "mean_difference": self.mean_difference.value,
            "interval": self.mean_difference.ends,
            "largest": {"wave": list(self.largest.wave), "difference": self.largest.difference.value},
            "correlation": None if np.isnan(self.correlation) else self.correlation,
            "rows": rows,
        }


def map_agreement(computed: Heatmap, reference: Heatmap) -> MapAgreement | None:
    """Compare two maps of the same side; None if they have no common waves.

    The interval of the mean difference is paired if both maps store which of the same images they misclassify.
    Otherwise the computed map's interval treats each image as one observation and the other is Wilson's, as if all
    waves misled the same images; Newcombe's method combines them as if the images differed: too wide, if anything.
    """
    waves = _common_waves(computed, reference)
    if not waves:
        return None
    computed, reference = restricted_to(computed, waves), restricted_to(reference, waves)
    everywhere, paired = Band(0, computed.side), same_images(computed, reference)
    draws = [
        (heatmap.metadata["dataset"]["content_hash"], heatmap.metadata["seed"]) for heatmap in (computed, reference)
    ]
    ours, theirs = in_band(computed, everywhere), in_band(reference, everywhere)
    mean_difference = contrast(ours, theirs)
    assert ours is not None and theirs is not None and mean_difference is not None
    computed_errors, reference_errors = _wave_errors(computed, waves), _wave_errors(reference, waves)
    a, b = computed_errors.measured.value, reference_errors.measured.value
    differences = computed_errors.minus(reference_errors).measured
    rows = tuple(
        WaveRow(wave, error, other, Interval(*numbers))
        for wave, error, other, *numbers in zip(waves, *(part.tolist() for part in (a, b, *differences)), strict=True)
    )
    return MapAgreement(
        mean_error=ours.measured.value,
        mean_reference=theirs.measured.value,
        mean_difference=mean_difference,
        mean_absolute_difference=float(np.abs(a - b).mean()),
        expected_by_chance=None
        if paired
        else _by_chance(b, *(wave_values(heatmap.images, waves) for heatmap in (computed, reference))),
        differing_waves=int(clear_waves(computed, reference, FALSE_DISCOVERIES).clear.sum()),
        correlation=correlation(a, b),
        identical_waves=int((a == b).sum()) if draws[0] == draws[1] else None,
        paired=paired,
        rows=rows,
    )


def _common_waves(*maps: Heatmap) -> tuple[Frequency, ...]:
    """Return the common waves of maps of the same side."""
    waves = half_plane(maps[0].side)
    known = np.all([np.isfinite(wave_values(heatmap.rate(), waves)) for heatmap in maps], axis=0)
    return tuple(compress(waves, known))


def restricted_to(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> Heatmap:
    """Restrict the map to some waves."""
    return heatmap.only(outcome_rows((None, *waves), heatmap.side))


def _wave_errors(heatmap: Heatmap, waves: tuple[Frequency, ...]) -> Errors:
    """Return the top-1 errors under W waves, averaged if a published map holds a wave twice."""
    errors, rate = errors_under(heatmap, waves), heatmap.rate()
    mean = (wave_values(rate, waves) + wave_values(rate[::-1, ::-1], waves)) / 2
    return replace(errors, measured=errors.measured._replace(value=mean))


def _by_chance(rate: np.ndarray, n_a: np.ndarray, n_b: np.ndarray) -> float:
    """Return the mean absolute difference of two independent binomial draws of n_a and n_b images."""
    deviation = np.sqrt(rate * (1 - rate) * (1 / n_a + 1 / n_b))
    # E|d| = s sqrt(2 / pi) for d ~ Normal(0, s^2), approximately the difference of two binomial shares: the mean of
    # the half-normal distribution (Leone, Nelson & Nottingham 1961).
    return float(np.sqrt(2 / np.pi) * deviation.mean())


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


def _map_name(heatmap: Heatmap) -> str:
    """Return the title of a map's classifier."""
    return name_of(str(heatmap.metadata["classifier"]["name"]))


def run_map(part: MapPart, amount: Amount, machine: Machine) -> MapResult:
    """Compute what is missing in the part's map. All processes of the group call this together.

    Raises:
        ValueError: the file holds a map of other settings.
    """
    network, note = machine.network(part), machine.missing_data(part.dataset)
    data = network.images(amount.images)
    count = amount.waves
    if note and count is not None and amount.images is not None:
        count = max(count, count * amount.images // len(data))  # more waves of fewer images, for the same work
    cells = draw_waves(part.side, None if note and amount.images is None else count, seed=machine.seed)
    heatmap = machine.complete(part, map_file(network, data, replace(map_config(network, data), cells=cells)))
    reference = _reference_map(part, heatmap)
    compared = None if reference is None else map_agreement(heatmap, reference)
    return MapResult(part, heatmap, reference, compared, note)


def _reference_map(part: MapPart, heatmap: Heatmap) -> Heatmap | None:
    """Return the shipped map to compare with: the one on the same images, else the last; None without any."""
    references = [Heatmap.load(HEATMAPS / name).crop(part.side) for name in part.references]
    content = heatmap.metadata["dataset"]["content_hash"]
    same = [heatmap for heatmap in references if heatmap.metadata["dataset"]["content_hash"] == content]
    return next(iter([*same, *reversed(references)]), None)


RELIES = CLAIMS["relies"]


@dataclass(frozen=True, eq=False)
class HybridResult(PartResult):
    """Result of a network on hybrid images."""

    part: HybridPart
    outcomes: HybridOutcomes
    note: str

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.outcomes.metadata

    @property
    def radius(self) -> Evidence | None:
        """Crossover cutoff; None where the shares do not cross."""
        return _radius(self.outcomes)

    @property
    def shipped(self) -> Evidence | None:
        """Crossover of the shipped hybrids with the same weights and pairs; None without any."""
        measured, stored = self.outcomes, stored_hybrids().get(self.outcomes.metadata["classifier"]["name"])
        if stored is None or stored.metadata["classifier"]["sha256"] != measured.metadata["classifier"]["sha256"]:
            return None
        stored = stored.subset(np.arange(stored.pairs) < measured.pairs)  # fewer pairs of one seed are a prefix of more
        return _radius(stored) if same_pairs(measured, stored) else None

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object; radii in cycles per image."""
        facts, (low, high) = self.facts, self.outcomes.shares
        radii = {"radius": self.radius, "shipped_radius": self.shipped}
        return {
            **super().to_json(),
            **{name: facts[name] for name in ("classifier", "dataset", "image_size", "seed")},
            "pairs": self.outcomes.pairs,
            "cutoffs": self.outcomes.cutoffs.tolist(),
            "says_low": low.value.tolist(),
            "says_high": high.value.tolist(),
            **{name: evidence and _measured_json(evidence.measured) for name, evidence in radii.items()},
            "time": facts["source"],
        }


def _radius(outcomes: HybridOutcomes) -> Evidence | None:
    crossover = crossover_of(outcomes)
    return None if crossover is None else Evidence("crossover cutoff", crossover.radius, "radius")


def run_hybrid_part(part: HybridPart, count: int, machine: Machine) -> HybridResult:
    """Measure what is missing in the part's file.

    Raises:
        ValueError: the file holds hybrids of other settings.
    """
    (item,) = hybrids(machine.network(part), count)
    return HybridResult(part, machine.complete(part, item), machine.missing_data(part.dataset))


def hybrid_findings(results: Sequence[HybridResult]) -> dict[str, Finding]:
    """Judge the claim by hybrid images alone for each fully measured pair; return findings by title."""
    known = {result.part.key: result for result in results}
    return {
        pair.title: _finding(*(known[key] for key in pair.hybrids)) for pair in PAIRS if {*pair.hybrids} <= known.keys()
    }


def _finding(subject: HybridResult, reference: HybridResult) -> Finding:
    comparison = compare_crossovers(subject.name, subject.outcomes, reference.name, reference.outcomes)
    if comparison is None:
        return Finding(RELIES, Verdict.NOT_CHECKABLE, doubts=("One of them has no crossover cutoff.",))
    difference, evidence = comparison
    verdict = Verdict.HOLDS if RELIES.supported_by(difference) else Verdict.FAILS
    return Finding(RELIES, verdict, evidence, networks=(subject.part.classifier, reference.part.classifier))


SHOWN = 4  # pictures in the figure
# The paper gives single numbers without images or spread, so only magnitudes of losses can agree.
FACTORS = {"loss_before": 2, "loss_after": 10}
PICTURES = 2  # tolerance of stored counts: rounding on another machine may change a picture


@dataclass(frozen=True, eq=False)
class TableResult(PartResult):
    """Result of a part's runs.

    settings: everything that determines the rows. rows: one per image. picture: PNG of the first ones. source: date and
    device of the last run, and seconds of all so far.
    """

    part: TablePart
    settings: dict[str, Any]
    rows: tuple[Reconstruction, ...]
    picture: bytes
    source: dict[str, Any]
    note: str

    @property
    def facts(self) -> dict[str, Any]:
        return self.settings

    @property
    def target_count(self) -> int:
        """Number of images that became the target."""
        return sum(row.is_target for row in self.rows)

    @property
    def steps(self) -> int:
        """Total steps of all images, including the initial state."""
        return len(self.rows) * (self.settings["config"]["steps"] + 1)

    @property
    def judged(self) -> Judgement | None:
        """Judgement by the second judge; None without one."""
        judge = self.settings["judge"]
        return None if judge is None else judgement(self.rows, judge["name"])

    def values(self, name: str) -> np.ndarray:
        """Return one field of the rows, (n,)."""
        return np.array([getattr(row, name) for row in self.rows], dtype=np.float64)

    def median(self, name: str) -> float:
        """Return the median of one field of the rows."""
        return float(np.median(self.values(name)))

    @property
    def stored(self) -> PictureOutcomes | None:
        """Stored pictures of this network from the same starts, as many; None if there are none."""
        settings, n = self.settings, len(self.rows)
        painted = picture_outcomes(settings["start"]).get(settings["classifier"]["name"])
        if painted is None or settings["mode"] != "generate" or painted.sha256 != settings["classifier"]["sha256"]:
            return None
        if (painted.facts["seed"], painted.config) != (settings["seed"], settings["config"]) or painted.n < n:
            return None
        return painted.first(n)

    @property
    def repaired(self) -> tuple[int, int]:
        """Holes that changed the prediction: (number repaired, number of all)."""
        wrong = [row for row in self.rows if row.label and row.top1_before != row.label]
        return sum(row.top1_after == row.label for row in wrong), len(wrong)

    @property
    def match(self) -> Match:
        """Verdict: whether the runs agree with the paper, or with a bundled model's stored counts."""
        stored = self.stored
        if self.part.published is not None and self.original and not self.note:
            pairs = self._against(self.part.published)
            if all(1 / factor <= ratio.low and ratio.high <= factor for ratio, factor in pairs):
                return Match.AGREES
            outside = any(ratio.high < 1 / factor or ratio.low > factor for ratio, factor in pairs)
            return Match.DIFFERS if outside else Match.UNDECIDED
        if stored is None:
            return Match.NOT_COMPARED
        counts = [(self.target_count, stored.own)]
        if (judged := self.judged) is not None and self.settings["judge"]["sha256"] == stored.facts["judge"]["sha256"]:
            counts.append((judged.after, stored.judgement.after))
        return Match.AGREES if all(abs(here - there) <= PICTURES for here, there in counts) else Match.DIFFERS

    @property
    def images_needed(self) -> int | None:
        """Estimated number of images needed to decide whether the losses agree; None if decided.

        Assumes that intervals shrink with the square root of their number, up to the nearest bound of agreement.
        """
        if self.match != Match.UNDECIDED or self.part.published is None:
            return None
        n, needed = len(self.rows), float(FEWEST)
        for ratio, factor in self._against(self.part.published) if n >= FEWEST else ():
            value, low, high = (math.log(max(end, 1e-30)) for end in ratio)
            to_bound = min(abs(value - math.log(factor)), abs(value + math.log(factor)))
            needed = max(needed, n * (max(high - value, value - low) / max(to_bound, 1e-3)) ** 2)
        return math.ceil(needed)

    def _against(self, published: tuple[float, float]) -> list[tuple[Interval, int]]:
        """Return median losses before and after, relative to the published ones, and the allowed factors."""
        return [
            (median_interval(self.values(name) / there), factor)
            for (name, factor), there in zip(FACTORS.items(), published, strict=True)
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the numbers as a JSON object."""
        means = {name: student(self.values(name)) for name in FACTORS}
        stored, judged, objective = self.stored, self.judged, self.settings["objective"]
        fixed, wrong = self.repaired
        return {
            **super().to_json(),
            "match": self.match,
            "settings": {**self.settings, "penalty": objective.get("penalty"), "hole": objective.get("side")},
            "n": len(self.rows),
            "n_needed": self.images_needed,
            **{
                name: {"mean": mean.value, "interval": mean.ends, "median": self.median(name)}
                for name, mean in means.items()
            },
            "published": self.part.published,
            "become_target": self.target_count,
            "judge": None if judged is None else judged.to_json(),
            "stored": stored
            and {
                **{name: getattr(stored, name) for name in ("n", "own", "judge")},
                "judge_sha256": stored.facts["judge"]["sha256"],
                "judged": stored.judgement.after,
            },
            "wrong_before": wrong,
            "wrong_before_right_after": fixed,
            "mean_change_in_hole": float(self.values("change_inside").mean()),
            "time": self.source,
        }


def run_table(part: TablePart, count: int, machine: Machine) -> TableResult:
    """Run what is missing in the part's folder and read the rest; replace rows of other settings."""
    # Without bundled statistics the noise needs all images of a class.
    limit = count if part.kind.mode == "inpaint" or part.dataset == "cifar10" else None
    network, folder = machine.network(part), machine.output / "tables" / part.key
    data = network.images(limit)
    classifier, vocabulary = (
        network.classifier(data.classes),
        "cifar10" if data.classes.name == "cifar10" else "imagenet",
    )
    judge = load_judge(network.name, vocabulary, data.classes, machine.device, machine.weights, "closed-set")
    job = make_job(part.kind.job(data.image_size, count, machine.seed), classifier, data, judge)
    run_job(job, folder, machine.batch_size, columns=SHOWN, name=part.key)
    settings, rows, picture = read_job(folder)
    source = settings.pop("source")
    return TableResult(part, settings, tuple(rows), picture, source, machine.missing_data(part.dataset))


@dataclass(frozen=True, eq=False)
class ClaimComparison:
    """A pair's claims. subject, reference: network and origin of the maps. waves: number in use.

    here: findings on the maps computed here. before: those on the reference maps, by claim; empty if there are none, or
    too few waves. kind: "published" or "shipped", of the reference maps.
    """

    pair: Pair
    subject: str
    reference: str
    waves: int
    here: tuple[Finding, ...]
    before: Mapping[str, Finding]
    kind: str

    @property
    def same_verdicts(self) -> int:
        """Number of claims with the same verdict here."""
        verdicts = {finding.claim.key: finding.verdict for finding in self.here}
        return sum(verdicts[key] == earlier.verdict for key, earlier in self.before.items())

    def to_json(self) -> dict[str, Any]:
        """Return verdicts and evidence as a JSON object."""
        rows = [
            {
                "claim": finding.claim.key,
                "quote": finding.claim.quote,
                "here": finding_json(finding),
                "before": finding_json(self.before[finding.claim.key]) if finding.claim.key in self.before else None,
            }
            for finding in self.here
        ]
        facts = {name: getattr(self, name) for name in ("subject", "reference", "waves")}
        return {"title": self.pair.title, **facts, "claims": rows}


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return verdict and evidence as a JSON object."""
    evidence = [{"what": part.what, "unit": part.unit, **_measured_json(part.measured)} for part in finding.evidence]
    return {"verdict": finding.verdict, "evidence": evidence, "doubts": list(finding.doubts)}


def compare_claims(results: Mapping[str, MapResult]) -> tuple[ClaimComparison, ...]:
    """Compare the pairs with at least one computed map, by the keys of `MAPS`."""
    return tuple(comparison for pair in PAIRS if (comparison := _comparison(pair, results)) is not None)


def _comparison(pair: Pair, results: Mapping[str, MapResult]) -> ClaimComparison | None:
    keys = (pair.subject, pair.reference)
    if not results.keys() & set(keys):
        return None
    before = [_reference(key, results.get(key)) for key in keys]
    here = [results[key].heatmap if key in results else known for key, known in zip(keys, before, strict=True)]
    if here[1] is None:
        return None
    side, waves = here[1].side, _common_waves(*(heatmap for heatmap in (*here, *before) if heatmap is not None))
    if not waves:
        return None
    known_by = {heatmap.metadata["source"]["type"] for heatmap in before if heatmap is not None}
    kind = "published" if "published" in known_by else "shipped"
    subject, reference = (
        f"the {'computed' if key in results else kind} map of {_map_name(heatmap)}" if heatmap else ""
        for key, heatmap in zip(keys, here, strict=True)
    )
    every_wave = len(waves) == len(_common_waves(here[1])) == len(half_plane(side))
    judged, earlier = (_judge(maps, waves, every_wave) for maps in (here, before))
    if (needed := _waves_needed(waves, side)) is not None:
        doubt = f"A verdict takes {needed} waves (--cells {needed}), {needed // 3} of each band; here are {len(waves)}."
        earlier, judged = (
            {},
            {
                key: finding
                if finding.verdict == Verdict.NOT_CHECKABLE
                else replace(finding, verdict=Verdict.UNDECIDED, doubts=(doubt, *finding.doubts))
                for key, finding in judged.items()
            },
        )
    earlier = {key: finding for key, finding in earlier.items() if key in judged}
    return ClaimComparison(pair, subject, reference, len(waves), tuple(judged.values()), earlier, kind)


def _reference(key: str, result: MapResult | None) -> Heatmap | None:
    if result is not None:
        return result.reference
    part = next(part for part in MAPS if part.key == key)
    return Heatmap.load(HEATMAPS / part.references[-1]).crop(part.side) if part.references else None


def _judge(maps: Sequence[Heatmap | None], waves: tuple[Frequency, ...], every_wave: bool) -> dict[str, Finding]:
    """Return the findings on two maps by claim; without the subject, those about the reference alone."""
    subject, reference = maps
    if reference is None:
        return {}

    def named(heatmap: Heatmap, label: str) -> NamedMap:
        of_network = side_and_weights(str(heatmap.metadata["classifier"]["name"]))
        return NamedMap(_map_name(heatmap), label, restricted_to(heatmap, waves), *of_network)

    return {
        finding.claim.key: finding
        for finding in findings(named(subject or reference, "subject"), named(reference, "other"), ())
        if finding.claim.waves in (("any", "all") if every_wave else ("any",))
        and (subject is not None or finding.claim.whose == ("reference",))
    }
