"""Write the tables of docs/results.md from the shipped files: of drawings and holes, and of the patch grid.

    python -m precomputed.makers.tables

Everything between the two marks in that file is replaced, and the table of every shipped 31 x 31 map.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from core.classifiers.registry import classifier_title
from core.data.corruptions import mean_radius
from core.data.sample_sets import HEATMAPS, PRECOMPUTED
from core.fourier.contrasts import mcnemar
from core.fourier.heatmap import Heatmap
from core.fourier.patch_grid import Lattice, lattice
from core.pgd.drawings import QUICK_TRIES, recognised
from core.pgd.pictures import (
    AFTER,
    BEFORE,
    JudgedOutcomes,
    PictureOutcomes,
    comparison_kind,
    picture_outcomes,
    rank_column,
    stored_outcomes,
)
from core.pgd.search import CELL_TITLES, CELLS, ONE_APART
from core.shared.files import write_atomically
from core.shared.numbers import Interval, decimal, p_value, percent, wilson

DOCUMENT = PRECOMPUTED.parent / "docs" / "results.md"
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"
GROUPS = {
    **{f"draw-{cell}{ball}": title for ball in ("", "40") for cell, title in CELL_TITLES.items()},
    **{kind: f"{CELL_TITLES['views']}, quick, seed {seed}" for seed, kind in enumerate(QUICK_TRIES)},
    **{f"hole-{cell}": title for cell, title in CELL_TITLES.items()},
}


def write() -> None:
    """Write the tables into the document."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    text = f"{before}{BEGIN}\n\n{tables()}\n{END}{rest.partition(END)[2]}"
    text = re.sub(r"\| map \| patches(.+\n)+", lambda _: f"{patch_table()}\n", text)
    write_atomically(DOCUMENT, text.encode("utf-8"))


def tables() -> str:
    """Return all tables as Markdown."""
    stored = stored_outcomes()
    parts = [] if stored is None else [*_large(stored)]
    return "\n".join([*parts, *_small()])


def _large(stored: JudgedOutcomes) -> Iterator[str]:
    painter = classifier_title(stored.painter)
    judges = [classifier_title(judge) for judge in stored.judges]
    heads = ["search", "steps", "ball", "n", "own confidence", *(f"{judge}: top-1, top-5" for judge in judges)]
    heads += ["L2 change", "mean radius of the change", "within radius 8", "values clipped"]
    groups = stored.kinds()
    drawings, filled = (
        [group for group in GROUPS if group in groups and group.startswith(mode)] for mode in ("draw", "hole")
    )
    yield f"#### {painter} draws classes, 224 px\n"
    yield _table(heads, [_large_row(stored, group) for group in drawings])
    files = [group for group in drawings if rank_column(0, "raw") in groups[group].pictures]
    counts = "; ".join(f"{GROUPS[group]} {', '.join(_judged(stored, groups[group], 'raw', (1,)))}" for group in files)
    yield f"\nThe first four are judged as files. Before, top-1 of the same judges: {counts}."
    n = groups[drawings[0]].n
    for what, kind in (
        (f"At least one of the {len(QUICK_TRIES)} quick tries", "tries"),
        ("Of a photograph of each of these words", "photographs"),
    ):
        yield f"\n{what}, top-1, of {n}: {_counts(stored, {judge: recognised(kind, judge) for judge in range(2)})}."
    photographs = groups["photographs"]
    every = {judge: photographs.recognised(judge) for judge in range(2)}
    yield f"Of a photograph of each of all {photographs.n:,} classes: {_counts(stored, every)}.\n"
    yield from _pairs(stored, "draw", ("", "40"), AFTER)
    yield f"\n#### {painter} fills holes of {stored.metadata['hole']} × {stored.metadata['hole']}, 224 px\n"
    yield _table(heads, [_large_row(stored, group) for group in filled])
    counts = ", ".join(
        f"{title} {int(groups[filled[0]].recognised(k, seen=BEFORE).sum())} of {groups[filled[0]].n}"
        for k, title in enumerate(judges)
    )
    yield f"\nWith the hole, top-1: {counts}."
    yield "\n**The hole alone**, a square of the hole with a tenth of its side around it:\n"
    heads = ["in the hole", "n", *(f"{judge}: top-1, top-5" for judge in judges)]
    yield _table(heads, [*_alone_rows(stored, filled)])
    yield ""
    yield from _pairs(stored, "hole", ("",), "alone")


def _large_row(stored: JudgedOutcomes, group: str) -> list[str]:
    outcomes = stored.kinds()[group]
    confidence, norm, radius = map(outcomes.mean, ("probability_after", "perturbation_norm", "radius"))
    confidence = confidence._replace(high=min(confidence.high, 1.0))
    low = outcomes.mean("low")
    length = f"{outcomes.config['steps']} of {outcomes.config['step_size']:.3g}"
    clipped = f"{100 * outcomes.mean('clipped').value:.1f} %" if "clipped" in outcomes.pictures else "–"
    return [
        GROUPS[group], length, f"{outcomes.config['epsilon']:.3g}", str(outcomes.n), _with_interval(confidence, ".3f"),
        *_judged(stored, outcomes, AFTER), f"{norm.value:.1f}", _with_interval(radius, ".1f"),
        f"{100 * low.value:.0f} % ({100 * low.low:.0f} to {100 * low.high:.0f})", clipped,
    ]  # fmt: skip


def _alone_rows(stored: JudgedOutcomes, groups: Sequence[str]) -> Iterator[list[str]]:
    """Yield what the judges recognise in the hole alone: the original, the start, the results."""
    kinds = stored.kinds()
    first = kinds[groups[0]]
    for title, seen in (("the original", "alone_original"), ("the start", "alone_start")):
        yield [title, str(first.n), *_judged(stored, first, seen)]
    for group in groups:
        outcomes = kinds[group]
        yield [GROUPS[group], str(outcomes.n), *_judged(stored, outcomes, "alone")]


def _judged(stored: JudgedOutcomes, outcomes: PictureOutcomes, seen: str, tops: Sequence[int] = (1, 5)) -> list[str]:
    """Return "top-1, top-5" of each judge, counts with intervals."""
    return [", ".join(_count(outcomes, k, top, seen) for top in tops) for k in range(len(stored.judges))]


def _count(outcomes: PictureOutcomes, judge: int, top: int, seen: str) -> str:
    """'81 (72 to 87 %)' of n."""
    _, low, high = outcomes.share(judge, top, seen=seen)
    count = int(outcomes.recognised(judge, top, seen=seen).sum())
    return f"{count} ({100 * low:.0f} to {100 * high:.0f} %)"


def _counts(stored: JudgedOutcomes, scores: Mapping[int, np.ndarray]) -> str:
    """'EfficientNet-Lite2 83 (74 to 89 %)' for each judge."""
    parts = []
    for judge, score in scores.items():
        _, low, high = wilson(score.mean(), len(score)).item()
        title = classifier_title(stored.judges[judge])
        parts.append(f"{title} {int(score.sum())} ({100 * low:.0f} to {100 * high:.0f} %)")
    return ", ".join(parts)


def _pairs(stored: JudgedOutcomes, mode: str, balls: Sequence[str], seen: str) -> Iterator[str]:
    """Yield a table of McNemar's tests on the same pictures: pairs of cells that differ by one ingredient, and both."""
    rows = []
    for ball, (first, second) in itertools.product(balls, (*ONE_APART, ("views", "pixels"))):
        after, before = stored.common(f"{mode}-{first}{ball}", f"{mode}-{second}{ball}")
        tests = [
            _mcnemar(before.recognised(judge, seen=seen), after.recognised(judge, seen=seen))
            for judge in range(len(stored.judges))
        ]
        steps = f"{after.config['steps']} of {after.config['step_size']:.3g}"
        rows.append([f"{CELL_TITLES[first]} / {CELL_TITLES[second]}", steps, str(after.n), *tests])
    judges = [classifier_title(judge) for judge in stored.judges]
    yield _table(["recognised by the first alone / by the second alone", "steps", "n", *judges], rows)


def _mcnemar(before: np.ndarray, after: np.ndarray) -> str:
    gained, lost = (after > before).sum(), (after < before).sum()
    return f"{gained} / {lost} (p {p_value(float(mcnemar(gained, lost)))})"


def _small() -> Iterator[str]:
    """Yield the tables of the bundled networks, at 32 pixels."""
    drawn = {cell: picture_outcomes(comparison_kind("classless", cell)) for cell in CELLS}
    filled = {"pixels": picture_outcomes("eq3"), "views": picture_outcomes(comparison_kind("eq3", "views"))}
    for title, by_cell in (
        ("The bundled networks draw, 32 px, from blurs of no class, all in 120 steps", drawn),
        ("The bundled networks fill holes of 16 × 16, 32 px: 720 steps by the paper's search, 120 by views", filled),
    ):
        heads = ["network", "search", "n", "own confidence", "ResNet-56 recognises", "the plain ViT recognises"]
        heads += ["mean change, of 255", "mean radius of the change"]
        yield f"\n#### {title}\n"
        names = [name for name in by_cell["views"] if all(name in painted for painted in by_cell.values())]
        yield _table(heads, [_small_row(cell, by_cell[cell][name]) for name in names for cell in by_cell])
        pairs = [pair for pair in (*ONE_APART, ("views", "pixels")) if by_cell.keys() >= {*pair}]
        tests = [
            [
                classifier_title(name),
                *(_mcnemar(*(by_cell[cell][name].recognised() for cell in pair[::-1])) for pair in pairs),
            ]
            for name in names
        ]
        yield "\nResNet-56 recognises it by the first alone / by the second alone:\n"
        yield _table(["network", *(f"{CELL_TITLES[first]} / {CELL_TITLES[second]}" for first, second in pairs)], tests)


def _small_row(cell: str, outcomes: PictureOutcomes) -> list[str]:
    second = f"{int(outcomes.recognised(1).sum())}" if len(outcomes.judges) > 1 else "–"
    return [
        classifier_title(outcomes.classifier), CELL_TITLES[cell], str(outcomes.n),
        f"{outcomes.confidence[1].value:.3f}", f"{outcomes.judgement.after}", second,
        f"{255 * outcomes.mean('change_inside').value:.1f}",
        f"{mean_radius(outcomes.energy):.1f}" if outcomes.energy is not None else "–",
    ]  # fmt: skip


def _with_interval(measured: Interval, form: str) -> str:
    value, low, high = measured
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


PERIODS = (4, 7, 8)
_MAP_SIDE, _EPSILON = 31, 4.0


def patch_row(name: str, heatmap: Heatmap) -> str:
    """Return a map's line of the table."""
    facts = heatmap.metadata
    grid, clean = facts["classifier"].get("patch_grid"), heatmap.clean_rate()
    cells = [
        name,
        "none" if grid is None else f"{grid} × {grid}",
        f"{facts['dataset']['n']:,}",
        "not published" if clean is None else percent(clean),
        *(_patch_cell(lattice(heatmap, period), highlight=period == grid) for period in PERIODS),
    ]
    return f"| {' | '.join(cells)} |"


def pooled(maps: Sequence[Heatmap]) -> Heatmap:
    """Return the mean of several networks' maps on the same images, by adding errors."""
    counts, hits = (sum(getattr(heatmap, field) for heatmap in maps) for field in ("counts", "hits"))
    return replace(maps[0], counts=counts, hits=hits, bits=None, labels=None, numbers={})


def _patch_cell(result: Lattice | None, *, highlight: bool) -> str:
    if result is None:
        return "too few"
    value, low, high = (decimal(100 * part, sign=True) for part in result.mean)
    text = f"{value} ({low} to {high}), p {p_value(result.p)}"
    return f"**{text}**" if highlight else text


def patch_table() -> str:
    """Return a line for every shipped 31 x 31 map, and for the mean of those with the same patches."""
    maps = {path.stem: Heatmap.load(path) for path in sorted(HEATMAPS.glob("*.npz"))}
    maps = {
        name: heatmap
        for name, heatmap in maps.items()
        if heatmap.side == _MAP_SIDE and heatmap.metadata["epsilon"] == _EPSILON
    }
    rows = [patch_row(f"`{name}`", heatmap) for name, heatmap in maps.items()]
    for grid in (4, 8):
        alike = [heatmap for heatmap in maps.values() if heatmap.metadata["classifier"].get("patch_grid") == grid]
        rows.append(patch_row(f"mean of the {len(alike)} with {grid} × {grid} patches", pooled(alike)))
    head = "| map | patches | images | clean error | " + " | ".join(f"multiples of {p}" for p in PERIODS) + " |"
    return "\n".join([head, "|---" * (4 + len(PERIODS)) + "|", *rows])


if __name__ == "__main__":
    write()
