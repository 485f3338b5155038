"""What the shipped maps say of the story's claims about waves: verdict and numbers. Does not import Streamlit."""

from __future__ import annotations

from functools import cache

from core.claims.checks import CLIP_GRID, dips_clearly
from core.claims.finding import Verdict
from core.claims.hybrids import crossing_evidence, hybrids_of, speak_for_low
from core.fourier.contrasts import cell_error, clean_error
from core.fourier.lattice import lattice
from core.fourier.rings import ring_differences, sign_runs
from core.numbers import apart, decimal, interval, percent, times
from ui.maps.stories import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.story.shelf import STORED, WAVE, found, shipped
from ui.story.step import Judged

# The two small networks' maps that say which of 1,000 images are misclassified.
OUTCOMES = tuple(f"{name} · CIFAR-10, 1,000 images · computed" for name in ("Mini CLIP", "Mini ResNet"))
TEST_OF_PATCHES = "mini-clip-vit"  # begins the names of the networks that are to test the explanation


def one_wave() -> Judged:
    """Whether the first wave raises the small CLIP's error more than the small CNN's, image by image."""
    names, before, after, rises = [], [], [], []
    for label in OUTCOMES:
        entry = shipped()[label]
        clean, error = clean_error(entry.heatmap), cell_error(entry.heatmap, WAVE)
        assert clean is not None and error is not None  # of these two maps
        names.append(entry.name)
        before.append(percent(clean.measured.value))
        after.append(percent(error.measured.value))
        rises.append(error.minus(clean))
    more, n = rises[0].minus(rises[1]).measured, entry.heatmap.metadata["dataset"]["n"]
    size = f"{100 * more.value:.1f} points more" if more.low > 0 else "no more than the noise"
    return Judged(
        Verdict.HOLDS if more.low > 0 else Verdict.FAILS,
        f"On {n:,} pictures {names[0]}’s error goes from {before[0]} to {after[0]}, {names[1]}’s from "
        f"{before[1]} to {after[1]}: {size} (95 % interval {interval(more)}). This picture was chosen from the "
        f"{len(STORED['fitting'])} that only {names[0]} loses.",
    )


def change_of_mind() -> Judged:
    """Whether hybrid images turn into the slow waves' picture at lower cutoffs for the small CLIP, as on *Findings*."""
    mine, other = (shipped()[label].named for label in (MINI_CLIP, MINI_RESNET))
    found, pairs = crossing_evidence(mine, other), hybrids_of(mine)
    assert found is not None and pairs is not None  # of these two networks
    difference, (at, at_other, _) = found
    size = f"{abs(difference.value):.1f} {'lower' if difference.value < 0 else 'higher'}"
    low, high = sorted(map(abs, difference[1:])) if difference.clear else difference[1:]
    return Judged(
        Verdict.HOLDS if speak_for_low(difference) else Verdict.FAILS,
        f"On {pairs.pairs:,} pairs {mine.name} does so at {at.number}, {other.name} at {at_other.measured.value:.1f}: "
        f"{size} (95 % interval {decimal(low)} to {decimal(high)}).",
    )


def slow_waves() -> Judged:
    """The paper's first claim, as on *Findings*."""
    finding, name = found(CLIP, RESNET56)["low"], shipped()[CLIP].name
    return Judged(finding.verdict, f"Up to radius 2 {name}’s error is {apart(finding.evidence[0].measured)}.")


def fast_waves() -> Judged:
    """The paper's second claim; in part where it does not survive equal strength."""
    findings, name, other = found(CLIP, RESNET56), shipped()[CLIP].name, shipped()[RESNET56].name
    high, relies = findings["high"], findings["relies"]
    verdict, told = high.verdict, f"There {name}’s error is {apart(high.evidence[0].measured)}."
    if relies.verdict == Verdict.NOT_CHECKABLE:
        return Judged(verdict, told)
    kept, _, equal = (evidence.measured for evidence in relies.evidence[-3:])  # those of the heat maps
    if verdict == Verdict.HOLDS and equal.high >= 0:
        verdict = Verdict.IN_PART
    return Judged(
        verdict,
        f"{told} Where {other}’s waves are as weak ({100 * kept.value:.0f} % left), it is {apart(equal)}.",
    )


def crossings() -> str:
    """How often the difference of the two maps changes sign from slow waves to fast ones."""
    maps = shipped()
    runs = sign_runs(ring_differences(maps[CLIP].heatmap, maps[RESNET56].heatmap))
    noise = "" if all(run.clear is not None for run in runs) else ", not each beyond the noise"
    return f" From slow to fast, who errs more changes {times(len(runs) - 1)}{noise}."


def weather() -> Judged:
    """The claim about contrast changes, as on *Findings*, of the small CLIP and its robust twin."""
    finding = found(MINI_CLIP, MINI_RESNET)["contrast"]
    contrast, _, fast = (f"{evidence.number}{evidence.interval}" for evidence in finding.evidence)
    return Judged(
        finding.verdict,
        f"Robust minus ordinary twin, rise of the error: contrast changes {contrast}, fast disturbances {fast}.",
    )


def patches() -> Judged:
    """The dips at multiples of the number of patches, as on *Findings*."""
    finding = found(CLIP, RESNET56)["lattice"]
    if finding.verdict == Verdict.NOT_CHECKABLE:
        return Judged(finding.verdict, " ".join(finding.doubts))
    subject, p, reference, _ = (evidence.measured for evidence in finding.evidence)
    return Judged(
        finding.verdict,
        f"At multiples of {CLIP_GRID}, {shipped()[CLIP].name}’s error is {apart(subject)} "
        f"than around (p = {p.value:.2g}). {shipped()[RESNET56].name}’s is {apart(reference)}.",
    )


@cache  # of shipped maps, each against ten thousand random draws
def the_test() -> str:
    """Of the small networks that were trained to test it, how many dip on the grid of their own patches."""
    tested = [
        lattice(entry.heatmap, entry.heatmap.metadata["classifier"]["patch_grid"])
        for entry in shipped().values()
        if str(entry.heatmap.metadata["classifier"]["name"]).startswith(TEST_OF_PATCHES)
    ]
    dips = sum(found is not None and dips_clearly(found) for found in tested)
    told = "one clearly dips" if dips == 1 else f"{dips or 'none'} clearly dip"
    return f" Of {len(tested)} small CLIPs trained here to test it, {told}." if tested else ""


def stand_in() -> Judged:
    """Whether the small CLIP's map is CLIP's: fails where most waves differ."""
    maps = shipped()
    mine, others = (found(CLIP, label)["different"] for label in (MINI_CLIP, MINI_RESNET))
    share, correlation = (evidence.measured.value for evidence in mine.evidence[:2])
    return Judged(
        Verdict.FAILS if mine.verdict == Verdict.HOLDS else Verdict.IN_PART,
        f"It differs at {100 * share:.0f} % of the waves. Its correlation with "
        f"{maps[CLIP].name}’s is {correlation:.2f}; "
        f"{maps[MINI_RESNET].name}’s is {others.evidence[1].measured.value:.2f}.",
    )
