"""Results of the paper's parts: do they agree with the paper, or with what is stored?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import compress
from typing import Any

import numpy as np

from core.claims.claim import CLAIMS, Evidence, Finding, NamedMap, Verdict
from core.claims.quantities import compare_crossovers, stored_hybrids
from core.claims.verdicts import findings
from core.classifiers.registry import side_and_weights
from core.data.sample_sets import HEATMAPS
from core.fourier.contrasts import Band, clear_waves, contrast, in_band
from core.fourier.heatmap import Heatmap, outcome_rows
from core.fourier.outcomes import Errors, HybridOutcomes, crossover_of, errors_under, same_images, same_pairs
from core.fourier.waves import half_plane, wave_values
from core.pgd.jobs import make_job, run_job
from core.pgd.pictures import Judgement, PictureOutcomes, picture_outcomes
from core.reproduce.paper_parts import (
    HYBRIDS_SUFFIX,
    MAPS,
    PAIRS,
    HybridPart,
    Machine,
    MapPart,
    Pair,
    TablePart,
    draw_waves,
    name_of,
    waves_needed,
)
from core.reproduce.profile_parts import hybrids, load_judge, map_config, map_file
from core.shared.numbers import MIN_VALUES, Frequency, Interval, correlation, median_interval, student


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
    n_a, n_b = (wave_values(heatmap.images, waves) for heatmap in (computed, reference))
    # E|d| = s sqrt(2 / pi) for d ~ Normal(0, s^2), approximately the difference of two binomial shares: the mean of
    # the half-normal distribution (Leone, Nelson & Nottingham 1961).
    by_chance = float(np.sqrt(2 / np.pi) * np.sqrt(b * (1 - b) * (1 / n_a + 1 / n_b)).mean())
    return MapAgreement(
        mean_error=ours.measured.value,
        mean_reference=theirs.measured.value,
        mean_difference=mean_difference,
        mean_absolute_difference=float(np.abs(a - b).mean()),
        expected_by_chance=None if paired else by_chance,
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
    def reference_origin(self) -> str:
        """Origin of the reference: "published", or "shipped" with this project."""
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


def run_map(part: MapPart, waves: int | None, images: int | None, machine: Machine) -> MapResult:
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
    reference = _reference(part, heatmap.metadata["dataset"]["content_hash"])
    compared = None if reference is None else map_agreement(heatmap, reference)
    return MapResult(part, heatmap, reference, compared, note)


def _reference(part: MapPart, content_hash: str | None = None) -> Heatmap | None:
    """Return the shipped map to compare with: the one on images of this hash, else the last; None without any."""
    references = [Heatmap.load(HEATMAPS / name).crop(part.side) for name in part.references]
    same = [heatmap for heatmap in references if heatmap.metadata["dataset"]["content_hash"] == content_hash]
    return next(iter([*same, *reversed(references)]), None)


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
    claim, known = CLAIMS["relies"], {result.part.key.removesuffix(HYBRIDS_SUFFIX): result for result in results}
    judged: dict[str, Finding] = {}
    for pair in PAIRS:
        if not {pair.subject, pair.reference} <= known.keys():
            continue
        a, b = known[pair.subject], known[pair.reference]
        comparison = compare_crossovers(a.name, a.outcomes, b.name, b.outcomes)
        if comparison is None:
            doubts = ("One of them has no crossover cutoff.",)
            judged[pair.title] = Finding(claim, Verdict.NOT_CHECKABLE, doubts=doubts)
        else:
            difference, evidence = comparison
            verdict = Verdict.HOLDS if claim.supported_by(difference) else Verdict.FAILS
            networks = (a.part.classifier, b.part.classifier)
            judged[pair.title] = Finding(claim, verdict, evidence, networks=networks)
    return judged


SHOWN = 4  # pictures in the figure
# The paper gives single numbers without images or spread, so only magnitudes of losses can agree.
FACTORS = {"loss_before": 2, "loss_after": 10}
PICTURES = 2  # tolerance of stored counts: rounding on another machine may change a picture


@dataclass(frozen=True, eq=False)
class TableResult(PartResult):
    """Result of a part's runs.

    outcomes: its pictures, with everything that determines them. picture: PNG of the first ones.
    """

    part: TablePart
    outcomes: PictureOutcomes
    picture: bytes
    note: str

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.outcomes.facts

    @property
    def judged(self) -> Judgement | None:
        """Judgement by the second judge; None without one."""
        return self.outcomes.judgement if self.outcomes.judge else None

    def values(self, name: str) -> np.ndarray:
        """Return a column of the table, (n,)."""
        return self.outcomes.pictures[name]

    def median(self, name: str) -> float:
        """Return the median of a column."""
        return float(np.median(self.values(name)))

    @property
    def stored(self) -> PictureOutcomes | None:
        """Stored pictures of this network from the same starts, as many; None if there are none."""
        here, painted = self.outcomes, picture_outcomes(self.facts["kind"]["name"]).get(self.outcomes.classifier)
        if painted is None or self.facts["kind"]["mode"] != "generate" or painted.sha256 != here.sha256:
            return None
        if (painted.facts["seed"], painted.config) != (self.facts["seed"], here.config) or painted.n < here.n:
            return None
        return painted.first(here.n)

    @property
    def repaired(self) -> tuple[int, int]:
        """Holes that changed the prediction: (number repaired, number of all)."""
        if "label" not in self.outcomes.pictures:
            return 0, 0
        labels, before, after = (self.values(name) for name in ("label", "top1_before", "top1_after"))
        wrong = before != labels
        return int((after == labels)[wrong].sum()), int(wrong.sum())

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
        counts = [(self.outcomes.reached_target, stored.reached_target)]
        if (judged := self.judged) is not None and self.facts["judge"]["sha256"] == stored.facts["judge"]["sha256"]:
            counts.append((judged.after, stored.judgement.after))
        return Match.AGREES if all(abs(here - there) <= PICTURES for here, there in counts) else Match.DIFFERS

    @property
    def images_needed(self) -> int | None:
        """Estimated number of images needed to decide whether the losses agree; None if decided.

        Assumes that intervals shrink with the square root of their number, up to the nearest bound of agreement.
        """
        if self.match != Match.UNDECIDED or self.part.published is None:
            return None
        n, needed = self.outcomes.n, float(MIN_VALUES)
        for ratio, factor in self._against(self.part.published) if n >= MIN_VALUES else ():
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
        stored, judged = self.stored, self.judged
        fixed, wrong = self.repaired
        return {
            **super().to_json(),
            "match": self.match,
            "settings": {name: fact for name, fact in self.facts.items() if name not in ("source", "kinds")},
            "n": self.outcomes.n,
            "n_needed": self.images_needed,
            **{
                name: {"mean": mean.value, "interval": mean.ends, "median": self.median(name)}
                for name, mean in means.items()
            },
            "published": self.part.published,
            "become_target": self.outcomes.reached_target,
            "judge": None if judged is None else judged.to_json(),
            "stored": stored
            and {
                "n": stored.n,
                "own": stored.reached_target,
                "judge": stored.judge,
                "judge_sha256": stored.facts["judge"]["sha256"],
                "judged": stored.judgement.after,
            },
            "wrong_before": wrong,
            "wrong_before_right_after": fixed,
            "mean_change_in_hole": float(self.values("change_inside").mean()),
            "time": self.facts["source"],
        }


def run_table(part: TablePart, count: int, machine: Machine) -> TableResult:
    """Run what is missing in the part's folder and read the rest; replace rows of other settings."""
    # Without bundled statistics the noise needs all images of a class.
    limit = count if part.kind.mode == "inpaint" or part.dataset == "cifar10" else None
    network, folder = machine.network(part), machine.output / "tables" / part.key
    data = network.images(limit)
    classifier = network.classifier(data.classes)
    vocabulary = "cifar10" if data.classes.name == "cifar10" else "imagenet"
    judge = load_judge(network.name, vocabulary, data.classes, machine.device, machine.weights, "closed-set")
    job = make_job(part.kind.job(data.image_size, count, machine.seed), classifier, data, [judge])
    (outcomes,) = run_job(job, folder, machine.batch_size, columns=SHOWN, name=part.key).kinds().values()
    return TableResult(part, outcomes, (folder / "grid.png").read_bytes(), machine.missing_data(part.dataset))


@dataclass(frozen=True, eq=False)
class ClaimComparison:
    """A pair's claims. subject, reference: network and origin of the maps. waves: number in use.

    here: findings on the maps computed here. before: those on the reference maps, by claim; empty if there are none, or
    too few waves. reference_origin: "published" or "shipped".
    """

    pair: Pair
    subject: str
    reference: str
    waves: int
    here: tuple[Finding, ...]
    before: Mapping[str, Finding]
    reference_origin: str

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
    parts = {part.key: part for part in MAPS}
    before = [results[key].reference if key in results else _reference(parts[key]) for key in keys]
    here = [results[key].heatmap if key in results else known for key, known in zip(keys, before, strict=True)]
    if here[1] is None:
        return None
    side, waves = here[1].side, _common_waves(*(heatmap for heatmap in (*here, *before) if heatmap is not None))
    if not waves:
        return None
    known_by = {heatmap.metadata["source"]["type"] for heatmap in before if heatmap is not None}
    origin = "published" if "published" in known_by else "shipped"
    subject, reference = (
        f"the {'computed' if key in results else origin} map of {_map_name(heatmap)}" if heatmap else ""
        for key, heatmap in zip(keys, here, strict=True)
    )
    every_wave = len(waves) == len(_common_waves(here[1])) == len(half_plane(side))
    judged, earlier = (_judge(maps, waves, every_wave) for maps in (here, before))
    if (needed := waves_needed(waves, side)) is not None:
        doubt = f"A verdict takes {needed} waves (--cells {needed}), {needed // 3} of each band; here are {len(waves)}."
        earlier = {}
        judged |= {
            key: replace(finding, verdict=Verdict.UNDECIDED, doubts=(doubt, *finding.doubts))
            for key, finding in judged.items()
            if finding.verdict != Verdict.NOT_CHECKABLE
        }
    earlier = {key: finding for key, finding in earlier.items() if key in judged}
    return ClaimComparison(pair, subject, reference, len(waves), tuple(judged.values()), earlier, origin)


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
