"""What the results say, in sentences and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np

from core import numbers
from core.claims.finding import Claim, Finding
from core.errors import sentence
from core.fourier.basis import half_plane
from core.fourier.intervals import Measured, student
from core.numbers import decimal, signed_points, small
from core.reproduce.agreement import FALSE_DISCOVERIES, FEW, MARGIN, Agreement, Match
from core.reproduce.document import Cell, Figure, Section, Table
from core.reproduce.figures import map_figures
from core.reproduce.machine import name_of
from core.reproduce.maps import MapResult
from core.reproduce.numbers import FACTOR_AFTER, FACTOR_BEFORE, PICTURES, match, mended, stored_counts
from core.reproduce.tables import TableResult
from core.reproduce.trials import Trial
from core.runs.starts import STARTS

percent = partial(numbers.percent, space="\N{NO-BREAK SPACE}")
MAX_ROWS = 60  # of a folded table; more stand in the JSON alone
RULES = (
    f"Of a map, “agrees” means: the 95 % interval of the mean difference lies within {100 * MARGIN:g} points of zero, "
    f"and at most {100 * FEW:g} % of the waves differ ({100 * FALSE_DISCOVERIES:g} % false discoveries). “Differs”: "
    "more waves do, or the interval leaves zero out and reaches farther. “Cannot tell”: it takes more images or waves.",
    "Intervals of a mean difference take each image as one observation. The paper’s runs are known as rates alone, so "
    "the two runs are taken as if they had used different images: too wide an interval, if anything.",
    f"Of losses, “agrees” means: the medians lie within a factor of {FACTOR_BEFORE} of the paper’s number before the "
    f"run, and of {FACTOR_AFTER} after it; the paper gives no images and no spread. Of counts of pictures stored with "
    f"the bundled models: at most {PICTURES} apart.",
)


def map_sentence(result: MapResult) -> str:
    """What was computed, and how it compares."""
    side, n = result.heatmap.side, int(result.heatmap.metadata["dataset"]["n"])
    done = f"{result.waves:,} of {len(half_plane(side)):,} waves on {n:,} images"
    found = result.agreement
    if found is None:
        mean = float(np.nanmean(result.heatmap.error_rate))
        return f"{done}; mean error {percent(mean)}."
    identical = ""
    if found.identical is not None:
        identical = f"; {found.identical} of {len(found.rows)} waves have exactly as many errors"
    return (
        f"{done}. Mean error over the common waves: {percent(found.error)} here, {percent(found.reference)} "
        f"{result.kind}, difference {signed_points(found.difference)}{identical}."
    )


def map_match(result: MapResult) -> Match:
    """The verdict on a map; another network in CLIP's place is compared for reading only."""
    return result.agreement.match if result.agreement is not None and result.original else Match.NOT_COMPARED


def map_section(result: MapResult) -> Section:
    """A map's numbers and figures."""
    paragraphs = [map_sentence(result), *_map_notes(result)]
    tables: list[Table] = []
    if result.agreement is not None:
        tables = [_agreement_table(result.agreement, result.kind), *_wave_tables(result.agreement, result.kind)]
    title = f"{result.part.figure}: {result.name}"
    return Section(title, tuple(paragraphs), tuple(tables), map_figures(result), map_match(result), level=3)


def _map_notes(result: MapResult) -> list[str]:
    notes = [f"{result.note} The bundled samples stand in."] if result.note else []
    if not result.original:
        instead = name_of(result.part.classifier)
        notes.append(f"It stands in the place of {instead}, so the comparison says nothing about the paper.")
    if result.reference is None:
        notes.append("The paper shows this map as a picture; its numbers were not published.")
    return notes


def _agreement_table(found: Agreement, kind: str) -> Table:
    chance = "" if found.by_chance is None else f"; {100 * found.by_chance:.1f} by chance alone"
    largest = found.largest
    rows: list[tuple[Cell, ...]] = [
        ("Mean difference", signed_points(found.difference)),
        ("Mean size of a wave’s difference", f"{100 * found.typical:.1f} points{chance}"),
        (
            "Largest difference",
            f"{decimal(100 * largest.difference.value, sign=True)} points, at {_wave(largest.wave)}",
        ),
        ("Waves that differ", f"{found.differing} of {len(found.rows)}"),
    ]
    if not math.isnan(found.correlation):
        rows.append(("Correlation over the waves", f"{found.correlation:.3f}"))
    return Table((f"Here against {kind}", ""), tuple(rows))


def _wave_tables(found: Agreement, kind: str) -> tuple[Table, ...]:
    if len(found.rows) > MAX_ROWS:
        return ()
    rows = tuple(
        (_wave(row.wave), percent(row.error), percent(row.reference), signed_points(row.difference))
        for row in found.rows
    )
    return (Table(("Wave (i, j)", "Here", kind.capitalize(), "Difference"), rows, folded="All waves"),)


def _wave(wave: tuple[int, int]) -> str:
    return f"({wave[0]}, {wave[1]})".replace("-", "−")


def table_sentence(result: TableResult) -> str:
    """What runs came to, in one sentence."""
    before, after = (small(float(np.median(result.values(name)))) for name in ("loss_before", "loss_after"))
    n, became = len(result.rows), round(result.values("target_share").sum())
    images = "image" if n == 1 else "images"
    return f"{n} {images}: median loss {before} before, {after} after; {became} of {n} become the target."


def plain_and_minimised(tables: Sequence[TableResult]) -> str:
    """What plain steps leave of Eq. 3's loss, for each network of which both were run; empty without one."""
    losses: dict[str, dict[str, float]] = {}
    for one in tables:
        if one.part.mode == "inpaint":
            name = name_of(str(one.settings["classifier"]["name"]))
            losses.setdefault(name, {})[one.part.penalty] = float(np.median(one.values("loss_after")))
    pairs = [
        f"{name} {small(found['norm'])} against {small(found['eq3'])}"
        for name, found in losses.items()
        if {"norm", "eq3"} <= found.keys()
    ]
    if not pairs:
        return ""
    return (
        "Plain steps do not minimise Eq. 3: beside the start its penalty’s gradient has full length however small the "
        "change. Forward-backward steps do, and nearly always change nothing outside the hole. Median loss after, by "
        f"plain steps against minimised: {'; '.join(pairs)}. Which steps the authors took cannot be seen from the "
        "paper."
    )


def two_starts(tables: Sequence[TableResult]) -> str:
    """What both starts of generation are, where there is a run."""
    if not any(one.part.mode == "generate" for one in tables):
        return ""
    told = " ".join(f"{STARTS[kind].label}: {STARTS[kind].source}" for kind in ("blur", "independent"))
    return f"{told} Which start the authors’ figures had cannot be seen from the paper."


def table_section(result: TableResult) -> Section:
    """The numbers and the picture of one part's runs."""
    part, published = result.part, result.part.published
    rows: list[tuple[Cell, ...]] = []
    for number, (what, name) in enumerate((("Loss before", "loss_before"), ("Loss after", "loss_after"))):
        values = result.values(name)
        paper = "" if published is None else small(published[number])
        rows.append((what, f"median {small(float(np.median(values)))}, mean {_mean(student(values))}", paper))
    stored, n = stored_counts(result), len(result.rows)
    own = "" if stored is None else f"{stored.own} of {stored.n} stored"
    rows.append(("Become the target", f"{round(result.values('target_share').sum())} of {n}", own))
    if (judged := result.judged) is not None:
        low, high = judged.interval(judged.after)
        there = "" if stored is None else f"{stored.judged} of {stored.n} stored, by {name_of(stored.judge)}"
        seen = f"{judged.after} of {n} ({percent(low, 0)} to {percent(high, 0)}); of the starts {judged.before}"
        rows.append((f"{name_of(judged.judge)} sees the target", seen, there))
    fixed, wrong = mended(result)
    if part.mode == "inpaint":
        rows.append(("Wrong with the hole, right after", f"{fixed} of {wrong}", ""))
    place = "in the hole" if part.mode == "inpaint" else "of a value"
    rows.append((f"Mean change {place}", f"{255 * result.values('change_inside').mean():.1f} of 255 levels", ""))
    notes = [f"{result.note} Bundled pictures stand in, so the paper’s numbers are for reading only."]
    notes = notes if result.note and published is not None else [result.note] if result.note else []
    title = f"{part.figure}: {name_of(str(result.settings['classifier']['name']))}"
    figure = Figure(f"{part.key}", result.picture, "The first images; the change is ten times as large as it is.")
    heads: tuple[str, ...] = ("", "Here", "Paper" if stored is None else "Stored")
    if published is None and stored is None:
        heads, rows = heads[:2], [row[:2] for row in rows]
    table = Table(heads, tuple(rows))
    return Section(title, (table_sentence(result), *notes), (table,), (figure,), match(result), level=3)


def _mean(number: Measured) -> str:
    if math.isnan(number.low):
        return small(number.value)
    low, high = (small(max(0.0, end)) for end in number[1:])
    return f"{small(number.value)} ({low} to {high})"


def trial_section(trial: Trial) -> Section:
    """A pair's claims, here and before."""
    against = f"{trial.subject} against {trial.reference}" if trial.subject else trial.reference
    paragraph, heads = f"{sentence(against)[:-1]}: {trial.waves:,} waves.", ["Claim", "Evidence here", "Here"]
    if trial.known:
        paragraph += f" {trial.same} of {trial.known} verdicts are the same on the {trial.kind} maps."
        heads.append(trial.kind.capitalize())
    rows = []
    for finding, before in zip(trial.here, trial.before, strict=True):
        row: list[Cell] = [_quoted(finding.claim), _evidence(finding), finding.verdict]
        if trial.known:
            row.append("" if before is None else before.verdict)
        rows.append(tuple(row))
    return Section(trial.pair.title, (paragraph,), (Table(tuple(heads), tuple(rows)),), level=3)


def _quoted(claim: Claim) -> str:
    return f"“{claim.quote}”" if claim.section[0].isdigit() else claim.quote


def _evidence(finding: Finding) -> str:
    known = [one for one in finding.evidence if not math.isnan(one.measured.value)]
    return "; ".join([*(_number(one.what, one.measured, one.unit) for one in known), *finding.doubts[:1]])


def _number(what: str, number: Measured, unit: str) -> str:
    if unit == "p":
        return f"p = {small(number.value)}"
    if unit == "points" and not math.isnan(number.low):
        return f"{what} {signed_points(number)}"
    value = percent(number.value) if unit in ("error", "points") else f"{number.value:.2f}"
    return f"{what} {value}"


def counted(verdicts: Sequence[Match], what: str) -> str:
    """'Of 3 maps computed, 2 agree and 1 cannot be told.'"""
    words = {
        Match.AGREES: ("agrees", "agree"),
        Match.DIFFERS: ("differs", "differ"),
        Match.UNDECIDED: ("cannot be told", "cannot be told"),
        Match.NOT_COMPARED: ("has nothing to be compared with", "have nothing to be compared with"),
    }
    told = [f"{count} {words[kind][count > 1]}" for kind in Match if (count := sum(one == kind for one in verdicts))]
    return f"{len(verdicts)} {what}: {', '.join(told)}." if verdicts else f"No {what}."
