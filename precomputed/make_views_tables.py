"""Write the tables of docs/views.md from the files of `precomputed.make_views` and `core.reproduce.profile`.

    python -m precomputed.make_views_tables

Everything between the two marks in that file is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from core.classifiers.registry import classifier_title
from core.fourier.intervals import Interval
from core.fourier.maps.contrasts import mcnemar
from core.images.radii import mean_radius
from core.numbers import p_value
from core.reconstruct.search_outcomes import SearchOutcomes, StoredOutcomes, stored_outcomes
from core.runs.judgement import comparison_kind
from core.runs.picture_outcomes import PictureOutcomes, picture_outcomes

DOCUMENT = Path(__file__).parents[1] / "docs" / "views.md"
BEGIN, END = "<!-- tables -->", "<!-- end of tables -->"
GROUPS = {
    "draw-pixels": "the paper's search",
    "draw-views": "views",
    "draw-quick": "views, quick",
    "hole-pixels": "the paper's search",
    "hole-views": "views",
    "hole-brush": "views, a brushed hole of equal area",
}


def main() -> None:
    """Write the tables into the document."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{tables()}\n{END}{rest.partition(END)[2]}", "utf-8")


def tables() -> str:
    """Return all tables as Markdown."""
    stored = stored_outcomes()
    parts = [] if stored is None else [*_large(stored)]
    return "\n".join([*parts, *_small()])


def _large(stored: StoredOutcomes) -> Iterator[str]:
    painter = classifier_title(stored.painter)
    judges = [classifier_title(judge) for judge in stored.judges]
    heads = ["search", "steps", "n", "own confidence", *(f"{judge}: top-1, top-5" for judge in judges)]
    heads += ["L2 change", "mean radius of the change", "within radius 8"]
    yield f"### {painter} draws classes, 224 px\n"
    drawings = [group for group in stored.groups if group.startswith("draw")]
    yield _table(heads, [_large_row(stored, group) for group in drawings])
    yield from _pairs(stored, "draw")
    if not (filled := [group for group in stored.groups if group.startswith("hole")]):
        return
    yield f"\n### {painter} fills holes of {stored.hole} × {stored.hole}, 224 px\n"
    similar = [_similarity(stored.groups[group]) for group in filled]
    rows = [[*_large_row(stored, group), *more] for group, more in zip(filled, similar, strict=True)]
    yield _table([*heads, "SSIM in the hole, start", "end"], rows)
    for group in filled[:1]:
        counts = ", ".join(
            f"{title} {_count(stored.groups[group], k, 1, before=True)}" for k, title in enumerate(judges)
        )
        yield f"\nWith the hole, top-1: {counts}."
    yield from _pairs(stored, "hole")


def _large_row(stored: StoredOutcomes, group: str) -> list[str]:
    outcomes, config = stored.groups[group], stored.configs[group]
    confidence, norm, radius = (outcomes.mean(name) for name in ("confidence", "norm", "radius"))
    low = outcomes.mean("low")
    counts = (f"{_count(outcomes, k, 1)}, {_count(outcomes, k, 5)}" for k in range(len(stored.judges)))
    length = f"{config['steps']} of {config['step_size']:.3g}"
    return [
        GROUPS[group], length, str(outcomes.n), _with_interval(confidence, ".3f"), *counts, f"{norm.value:.1f}",
        _with_interval(radius, ".1f"), f"{100 * low.value:.0f} % ({100 * low.low:.0f} to {100 * low.high:.0f})",
    ]  # fmt: skip


def _similarity(outcomes: SearchOutcomes) -> list[str]:
    return [_with_interval(outcomes.mean(f"ssim_{when}"), ".3f") for when in ("before", "after")]


def _count(outcomes: SearchOutcomes, judge: int, top: int, *, before: bool = False) -> str:
    """'81 (72 to 87 %)' of n."""
    count = int(outcomes.recognised(judge, top, before=before).sum())
    if before:
        return f"{count} of {outcomes.n}"
    _, low, high = outcomes.share(judge, top)
    return f"{count} ({100 * low:.0f} to {100 * high:.0f} %)"


def _pairs(stored: StoredOutcomes, mode: str) -> Iterator[str]:
    """Yield McNemar's test of the pairs for each judge."""
    if (pair := stored.pair(mode)) is None:
        return
    pixels, views = pair
    counts = [
        f"{classifier_title(judge)} {_mcnemar(pixels.recognised(k), views.recognised(k))}"
        for k, judge in enumerate(stored.judges)
    ]
    comparisons = "; ".join(counts)
    yield f"\nThe same {views.n} pictures, recognised by views alone / by the paper's search alone: {comparisons}."


def _mcnemar(before: np.ndarray, after: np.ndarray) -> str:
    gained, lost = (after > before).sum(), (after < before).sum()
    return f"{gained} / {lost} (p {p_value(float(mcnemar(gained, lost)))})"


def _small() -> Iterator[str]:
    """Yield the table of the bundled networks, at 32 pixels."""
    drawn = {search: picture_outcomes(comparison_kind("classless", search)) for search in ("pixels", "views")}
    filled = {"pixels": picture_outcomes("eq3"), "views": picture_outcomes(comparison_kind("eq3", "views"))}
    for title, by_search in (
        ("The bundled networks draw, 32 px, from blurs of no class, both in 120 steps", drawn),
        ("The bundled networks fill holes of 16 × 16, 32 px: 720 steps of the paper's, 120 by views", filled),
    ):
        heads = ["network", "search", "n", "own confidence", "ResNet-56 recognises", "the plain ViT recognises"]
        heads += ["mean change, of 255", "mean radius of the change", "ResNet-56 by views alone / by the paper's alone"]
        yield f"\n### {title}\n"
        names = [name for name in by_search["views"] if name in by_search["pixels"]]
        yield _table(heads, [_small_row(by_search, name, search) for name in names for search in by_search])


def _small_row(by_search: dict[str, dict[str, PictureOutcomes]], name: str, search: str) -> list[str]:
    outcomes = by_search[search][name]
    third = f"{int(outcomes.pictures['third_share_after'].sum())}" if outcomes.third else "–"
    pair = [by_search[which][name].pictures["judge_share_after"] for which in ("pixels", "views")]
    return [
        classifier_title(name), "views" if search == "views" else "the paper's", str(outcomes.n),
        f"{outcomes.confidence[1].value:.3f}", f"{outcomes.judgement.after}", third,
        f"{255 * outcomes.mean('change_inside'):.1f}",
        f"{mean_radius(outcomes.energy):.1f}" if outcomes.energy is not None else "–",
        _mcnemar(*pair) if search == "views" else "",
    ]  # fmt: skip


def _with_interval(measured: Interval, form: str) -> str:
    value, low, high = measured
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    main()
