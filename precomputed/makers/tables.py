"""Write the tables of docs/results.md on judged pictures, of 224 and of 32 pixels.

    python -m precomputed.makers.tables

Everything between two marks in that file is replaced.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from core.classifiers.registry import classifier_title, short_title
from core.data.sample_sets import PRECOMPUTED
from core.fourier.contrasts import mcnemar
from core.pgd.drawings import QUICK_TRIES, SEEDS, SEVERAL, of_seeds, recognised, stored_kinds
from core.pgd.methods import METHODS, MethodName
from core.pgd.picture_outcomes import (
    AFTER,
    BEFORE,
    FILE,
    SMOOTH,
    PictureOutcomes,
    comparison_kind,
    judged_outcomes,
    stored_outcomes,
)
from core.shared.numbers import Interval, p_value, student, wilson
from precomputed.makers.readme_numbers import Block

DOCUMENT = PRECOMPUTED.parent / "docs" / "results.md"
ORDER = ("mini-clip", "mini-resnet", "mini-clip-vit", "mini-clip-robust", "mini-resnet-robust")
_BY_TWO = ("ResNet-56 recognises", "the plain ViT recognises")

_TITLES = {name: row.caption for name, row in METHODS.items()}
_OF_WORDS = {
    **{f"draw-{method}{ball}": title for ball in ("", "40") for method, title in _TITLES.items()},
    **{
        kind: f"{title}, seed {seed}"
        for method, title in _TITLES.items()
        for seed, kind in enumerate(of_seeds(method))
        if seed
    },  # fmt: skip
    **{kind: f"{_TITLES['views']}, quick, seed {seed}" for seed, kind in enumerate(QUICK_TRIES)},
    **{f"draw-{canvas}": f"{_TITLES['views']}, quick, on {canvas}" for canvas in ("meadow", "sea", "horizon")},
}
_OF_STARTS = {"sketch": "from our sketches", "photo": "random words into photographs"}
_PAIRS: tuple[tuple[MethodName, MethodName], ...] = (
    ("strokes", "paper"),
    ("views_only", "paper"),
    ("views", "views_only"),
    ("views", "strokes"),
    ("views", "paper"),
)


def main() -> None:
    """Write the tables into the document."""
    for name, lines in TABLES.items():
        Block(DOCUMENT, name, lines).write()


def tables() -> str:
    """Return all tables as Markdown."""
    painter, kinds = short_title(classifier_title(stored_outcomes().painter)), stored_kinds()
    parts = [f"#### {painter} draws words from grey, 224 px\n", _methods({**_OF_WORDS})]
    parts += [f"\nAt least one of four, of a word: {_by_judge(group)}, {what}." for group, what in (
        ("tries", "quick tries from grey by four seeds"), ("canvases", "quick tries on four canvases"))
        if all(name in kinds for name in SEVERAL[group])]  # fmt: skip
    photographs = kinds["photographs"]
    parts += [f"\n**Seeds scatter**, and intervals cover words only. Of {SEEDS} seeds each:\n", _by_seed()]
    parts += [
        f"\nOf a photograph of each of these words: {_by_judge('photographs')}.",
        f"Of a photograph of each of all {photographs.n:,} classes: "
        + ", ".join(_count(photographs.recognised(judge)) for judge in _judges())
        + ".\n",
        _pairs("draw", ("", "40"), AFTER),
    ]
    titles = _OF_WORDS | {f"{start}-{name}": f"{title}, {what}" for start, what in _OF_STARTS.items()
                           for name, title in _TITLES.items()}  # fmt: skip
    seen = [name for name in titles if name in kinds and f"{FILE}_rank_0" in kinds[name].pictures]
    if seen:
        parts += [
            "\n**Controls**: top-1 of each judge for the same drawings as the run gives them, as the lossy files that "
            "pages show, and after a Gaussian of 1 pixel:\n",
            _table(["method", "steps", "n", *_control_heads()], [_controls(name, titles[name]) for name in seen]),
        ]
    for prefix, what in _OF_STARTS.items():
        if known := {f"{prefix}-{name}": title for name, title in _TITLES.items() if f"{prefix}-{name}" in kinds}:
            starts = kinds[next(iter(known))]
            parts += [
                f"\n#### {painter} draws {what}, 224 px\n",
                _methods(known),
                f"\nOf the starts: {', '.join(_judged(starts, BEFORE))}.\n",
            ]
    holes = {f"hole-{name}": title for name, title in _TITLES.items()}
    first, size = kinds[next(iter(holes))], stored_outcomes().metadata["hole_size"]
    parts += [
        f"\n#### {painter} fills holes of {size} × {size}, 224 px\n",
        _methods(holes),
        f"\nWith the hole: {', '.join(_judged(first, BEFORE))}.",
        "\n**The hole alone**, a square of the hole with a tenth of its side around it:\n",
        _table(["in the hole", "n", *_heads()], [*_alone(holes)]),
        "",
        _pairs("hole", ("",), "alone"),
    ]
    return "\n".join(parts)


def small_tables() -> str:
    """Return the tables of 32 pixels as Markdown: each small network's drawings, then its filled holes."""
    drawn = [(comparison_kind("classless", name), name) for name in METHODS]
    filled: list[tuple[str, MethodName]] = [("eq3", "paper"), (comparison_kind("eq3", "views"), "views")]
    return "\n".join([
        "#### Small networks draw, 32 px, from blurs of no class, all in 120 steps\n",
        *_small(drawn, _PAIRS),
        "\n#### Small networks fill holes of 16 × 16, 32 px: 720 steps by the paper's method, 120 by views\n",
        *_small(filled, _PAIRS[-1:]),
    ])  # fmt: skip


def _small(kinds: Sequence[tuple[str, MethodName]], pairs: Sequence[tuple[MethodName, MethodName]]) -> Iterator[str]:
    """Yield a table of counts, a sentence, and a table of pairs."""
    known, rows, tests = judged_outcomes(), [], []
    for name in sorted(known, key=["mini-clip", "mini-resnet"].__contains__, reverse=True):
        stored, title = known[name].kinds(), short_title(classifier_title(name))
        if not {group for group, _ in kinds} <= stored.keys():
            continue
        for group, method in kinds:
            made = stored[group]
            change = 255 * made.pictures["change_inside"].mean()
            confidence = f"{made.pictures['probability_after'].mean():.3f}"
            rows.append([title, _TITLES[method], str(made.n), confidence, *_seen_by(made), f"{change:.1f}"])
        hits = {method: stored[group].recognised(0) for group, method in kinds}
        tests.append([title, *(_mcnemar(hits[second], hits[first]) for first, second in pairs)])
    heads = ["network", "method", "n", "own confidence", "ResNet-56 recognises", "the plain ViT recognises"]
    yield _table([*heads, "mean change, of 255"], rows)
    yield "\nResNet-56 recognises it by the first alone / by the second alone:\n"
    yield _table(["network", *(f"{_TITLES[first]} / {_TITLES[second]}" for first, second in pairs)], tests)


def eq3_table() -> str:
    """Return the table of holes of 32 pixels filled by Eq. 3 and by the mean square."""
    rows, known = [], judged_outcomes()
    for name in ORDER:
        stored = known[name].kinds()
        made, other = stored["eq3"], stored["mean_square"]
        sure = made.pictures["sure_change"][made.pictures["sure_step"] > 0]  # NaN if never, 0 if with the hole already
        changes = [f"{255 * group.pictures['change_inside'].mean():.0f}" for group in (made, other)]
        rows.append([
            short_title(classifier_title(name)), f"{made.pictures['loss_after'].mean():.2g}", *_seen_by(made),
            changes[0], f"{255 * np.median(sure):.1f} ({len(sure)})", *_seen_by(other), changes[1],
        ])  # fmt: skip
    starts = known[ORDER[0]].kinds()["eq3"]
    heads = ["200 CIFAR-10 test images, a hole of 16 x 16 at a random place, 720 steps", "mean loss", *_BY_TWO]
    heads += ["the hole changes by, of 255", "until 90% sure, median (images)"]
    heads += [f"mean square, 240 steps: {title}" for title in _BY_TWO] + ["changes by"]
    before = " and ".join(str(int(starts.recognised(k, seen=BEFORE).sum())) for k in range(2))
    return _table(heads, rows) + f"\n\nWith the hole they recognise {before} of these 200."


def starts_table() -> str:
    """Return the table of drawings of 32 pixels by the start."""
    known, kinds = judged_outcomes(), {"blur": "blurs", "classless": "blurs of no class", "independent": "pixel noise"}
    rows = [
        ["the starts", *(cell for group in kinds for cell in (*_seen_by(known[ORDER[0]].kinds()[group], BEFORE), ""))]
    ]
    for name in ORDER:
        cells = [short_title(classifier_title(name))]
        for group in kinds:
            made = known[name].kinds()[group]
            cells += [*_seen_by(made), f"{made.pictures['probability_after'].mean():.3f}"]
        rows.append(cells)
    heads = [f"{what}: {title}" for what in kinds.values() for title in (*_BY_TWO, "own confidence")]
    return _table(["200 drawings, twenty of each class, 60 steps", *heads], rows)


def _seen_by(made: PictureOutcomes, seen: str = AFTER) -> list[str]:
    counts = [str(int(made.recognised(k, seen=seen).sum())) for k in range(len(made.judges))]
    return [*counts, "–"][:2]


def _judges() -> range:
    return range(len(stored_outcomes().judges))


def _heads() -> list[str]:
    titles = (short_title(classifier_title(judge)) for judge in stored_outcomes().judges)
    return [f"{title}: top-1, top-5" for title in titles]


def _methods(groups: dict[str, str]) -> str:
    """Return a table with a row for each group that is stored."""
    heads = ["method", "steps", "ball", "n", "own confidence", *_heads(), "L2 change"]
    heads += ["mean radius of the change", "within radius 8", "values clipped"]
    kinds = stored_kinds()
    return _table(heads, [_row(kinds[name], title) for name, title in groups.items() if name in kinds])


def _row(outcomes: PictureOutcomes, title: str) -> list[str]:
    confidence, radius, low = (_mean(outcomes, name) for name in ("probability_after", "radius", "low"))
    confidence = confidence._replace(high=min(confidence.high, 1.0))
    norm, clipped = (outcomes.pictures[name].mean() for name in ("perturbation_norm", "clipped"))
    config = outcomes.config
    return [
        title, f"{config['steps']} of {config['step_size']:.3g}", f"{config['epsilon']:.3g}", str(outcomes.n),
        _with_interval(confidence, ".3f"), *_judged(outcomes, AFTER), f"{norm:.1f}", _with_interval(radius, ".1f"),
        f"{100 * low.value:.0f}% ({100 * low.low:.0f} to {100 * low.high:.0f})", f"{100 * clipped:.1f}%",
    ]  # fmt: skip


def _alone(groups: dict[str, str]) -> Iterator[list[str]]:
    """Yield what the judges recognise in the hole alone: in the original, in the start, in the results."""
    kinds = stored_kinds()
    first = kinds[next(iter(groups))]
    for title, seen in (("the original", "alone_original"), ("the start", "alone_start")):
        yield [title, str(first.n), *_judged(first, seen)]
    for name, title in groups.items():
        yield [title, str(kinds[name].n), *_judged(kinds[name], "alone")]


def _judged(outcomes: PictureOutcomes, seen: str) -> list[str]:
    """Return "top-1, top-5" of each judge, counts with intervals."""
    return [
        ", ".join(_count(outcomes.pictures[f"{seen}_rank_{judge}"] <= top) for top in (1, 5)) for judge in _judges()
    ]


_CONTROLS = {AFTER: "as given", FILE: "as a file", SMOOTH: "smoothed"}


def _control_heads() -> list[str]:
    titles = (short_title(classifier_title(judge)) for judge in stored_outcomes().judges)
    return [f"{title}: {', '.join(_CONTROLS.values())}" for title in titles]


def _controls(name: str, title: str) -> list[str]:
    outcomes = stored_kinds()[name]
    steps = f"{outcomes.config['steps']} of {outcomes.config['step_size']:.3g}"
    counts = [
        ", ".join(str(int(outcomes.recognised(judge, seen=seen).sum())) for seen in _CONTROLS) for judge in _judges()
    ]
    return [title, steps, str(outcomes.n), *counts]


def _by_judge(group: str) -> str:
    return ", ".join(
        f"{short_title(classifier_title(judge))} {_count(recognised(group, index))}"
        for index, judge in enumerate(stored_outcomes().judges)
    )


def _by_seed() -> str:
    """Return a table of how many words the first judge recognises by each seed, and by how many of the seeds."""
    rows = []
    for method, title in _TITLES.items():
        if len(of_seeds(method)) < SEEDS:
            continue
        hits = np.array([recognised(group) for group in of_seeds(method)])
        counts = np.bincount(hits.sum(axis=0).astype(int), minlength=SEEDS + 1).tolist()
        rows.append([title, ", ".join(map(str, hits.sum(axis=1).astype(int).tolist())), *map(str, counts)])
    heads = ["method, 100 words", "recognised, by seed"]
    return _table([*heads, *(f"by {k} of {SEEDS}" for k in range(SEEDS + 1))], rows)


def _count(hits: np.ndarray) -> str:
    """Return a count with its interval in per cent: '81 (72 to 87%)'."""
    _, low, high = wilson(float(np.mean(hits)), len(hits)).item()
    return f"{int(np.sum(hits))} ({100 * low:.0f} to {100 * high:.0f}%)"


def _pairs(prefix: str, balls: Sequence[str], seen: str) -> str:
    """Return a table of McNemar's tests on the same pictures: methods that differ by one ingredient, and both."""
    kinds, rows = stored_kinds(), []
    for ball, (first, second) in itertools.product(balls, _PAIRS):
        after, before = (kinds[f"{prefix}-{name}{ball}"] for name in (first, second))
        steps = f"{after.config['steps']} of {after.config['step_size']:.3g}"
        tests = [
            _mcnemar(before.recognised(judge, seen=seen), after.recognised(judge, seen=seen)) for judge in _judges()
        ]
        rows.append([f"{_TITLES[first]} / {_TITLES[second]}", steps, str(after.n), *tests])
    judges = [short_title(classifier_title(judge)) for judge in stored_outcomes().judges]
    return _table(["recognised by the first alone / by the second alone", "steps", "n", *judges], rows)


def _mcnemar(before: np.ndarray, after: np.ndarray) -> str:
    gained, lost = (after > before).sum(), (after < before).sum()
    return f"{gained} / {lost} (p {p_value(float(mcnemar(gained, lost)))})"


def _mean(outcomes: PictureOutcomes, name: str) -> Interval:
    return student(outcomes.pictures[name])


def _with_interval(measured: Interval, form: str) -> str:
    value, low, high = measured
    return f"{value:{form}} ({low:{form}} to {high:{form}})"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


TABLES: dict[str, Callable[[], str]] = {
    "tables of pictures": tables,
    "small tables": small_tables,
    "holes by eq. 3": eq3_table,
    "drawings by start": starts_table,
}


if __name__ == "__main__":
    main()
