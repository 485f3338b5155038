"""Stored runs, an ordinary model beside its robust twin, packed as the app packs them for the browser."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, get_args

from core.classifiers.registry import result_title
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.images.masks import hole_side
from core.numbers import join_list
from core.pgd.penalties import PENALTIES, Penalty
from core.pgd.settings import RunKind
from core.runs.file import PGDRun
from core.runs.picture_outcomes import picture_outcomes
from core.runs.starts import STARTS, StartKind
from core.runs.stored import stored_classifier, stored_subjects
from core.shared.sentences import Number, Sentence
from precomputed.static_site.markdown import markdown_html
from ui.pages import generation, inpainting
from ui.runs.examples import CHOSEN, EXAMPLE
from ui.runs.replays import run_replay
from ui.runs.run_sentences import VIEWS, losses, origin, outcome, run_title, sample_set_of, target_of
from ui.runs.setup.settings import FILLS
from ui.runs.stored_results import (
    MANY,
    many_columns,
    many_row,
    many_summary,
)
from ui.shared.sentences import sentence_html
from ui.shared.table import scrolling_table_html

KINDS: tuple[RunKind, ...] = get_args(RunKind)
PAGES = {page.PAGE: page for page in (inpainting, generation)}
FIRST = SAMPLE_SETS["photographs"]  # initial choice of the pages, as in the app


@dataclass(frozen=True)
class StoredReplay:
    """One replay. id: of its file. listed: text in the menu of runs, and beneath it. packed: the replay."""

    id: str
    listed: dict[str, Any]
    packed: dict[str, Any]


def page_texts() -> dict[str, dict[str, Any]]:
    """Return for each page of runs its title, description and tables, and its initial picture."""
    computed = _computed()
    return {
        kind: {
            "title": page.TITLE,
            "intro": sentence_html(page.INTRO, "CLIP", "robust"),
            "tables": _tables(kind),
            "computed": computed[kind],
            "starts": {start: f"<p>{html.escape(STARTS[start].source)}</p>" for start in STARTS},
            "first": {"side": FIRST.side, "place": FIRST.inpainted},
        }
        for kind, page in PAGES.items()
    }


def _computed() -> dict[str, Any]:
    """Return the app's *What is computed* of each page: formulas by fill or start, and further explanations.

    more: pairs of a title, which may be empty, and HTML. views: those of a search by views.
    """
    always, by_views = inpainting.explanations(("pixels",)), inpainting.explanations(("views",))
    filled = {str(fill): inpainting.formula(fill) for fill in FILLS}
    started = {str(start): generation.formula(start) for start in STARTS}
    rules = {str(row.side): row.rule for row in SAMPLE_SETS.values()}
    rendered = markdown_html({**by_views, **filled, **started, **rules, "": VIEWS})
    return {
        "inpainting": {
            "formulas": {fill: rendered[fill] for fill in filled},
            "more": [(title, rendered[title]) for title in always],
            "views": [(title, rendered[title]) for title in by_views if title not in always],
        },
        "generation": {
            "formulas": {start: rendered[start] for start in started},
            "more": [],
            "views": [("", rendered[""])],
            "rules": {side: rendered[side] for side, rule in rules.items() if rule},
        },
    }


def _tables(kind: RunKind) -> list[tuple[str, str]]:
    """Return titles and HTML of a page's tables."""
    made: Penalty | StartKind = "eq3" if kind == "inpainting" else "blur"
    rows = [many_row(name, painted) for name, painted in picture_outcomes(made).items()]
    table = scrolling_table_html(many_columns(made), rows, "Many pictures, by network")
    return [(MANY, f"<p>{sentence_html(many_summary(made))}</p>{table}")]


def run_replays() -> list[StoredReplay]:
    """Return all stored runs, grouped by start and kind of model."""
    listed_replays = []
    for kind in KINDS:
        replays = []
        for subject, paths in stored_subjects(kind).items():
            for name, group in groupby(paths, key=lambda path: stored_classifier(path).removesuffix("-robust")):
                runs, id = [PGDRun.load(path) for path in group], f"{kind}_{subject}__{name}"
                listed = {"id": id, "kind": kind, **_facts(runs), **_words(runs)}
                replays.append((_rank(runs[0]), StoredReplay(id, listed, run_replay(runs, id=id, cards=False))))
        listed_replays += [replay for _, replay in sorted(replays, key=lambda ranked: ranked[0])]
    return listed_replays


def _penalty(run: PGDRun) -> Penalty | None:
    return run.metadata["objective"].get("penalty") if run.mask is not None else None


def _rank(run: PGDRun) -> tuple[int, int, bool]:
    """Return the sort key: large pictures first, then the pages' initial penalty and start."""
    return (
        -run.start.shape[-1],
        list(PENALTIES).index(_penalty(run) or "eq3"),
        run.metadata["images"].get("start") != "blur",
    )


def _facts(runs: Sequence[PGDRun]) -> dict[str, Any]:
    """Return the settings of the controls for runs of one start. variant: penalty or start."""
    first = runs[0]
    row, place = sample_set_of(first), first.metadata["images"].get("index")
    return {
        "side": first.start.shape[-1],
        "place": place,
        "hole": _square(row, place, first) if row and isinstance(place, int) else None,
        "variant": _penalty(first) or first.metadata["images"].get("start"),
        "fill": first.metadata["images"].get("fill") or "region",
        "targets": first.metadata["targets"],
        "names": list(dict.fromkeys(run.metadata["classifier"]["name"] for run in runs)),
        "searches": list(dict.fromkeys(run.config.search for run in runs)),
    }


def _square(row: SampleSet, place: int, run: PGDRun) -> tuple[int, int, int] | None:
    """Return left, top and side of a run's square hole; None for one in the middle."""
    if run.mask is None or place not in row.holes or hole_side(run.mask) != row.holes[place][2]:
        return None
    return row.holes[place]


def _words(runs: Sequence[PGDRun]) -> dict[str, Any]:
    """Return texts about runs of one start; outcome: HTML of each paragraph."""
    first = runs[0]
    penalty, start = _penalty(first), first.metadata["images"].get("start")
    variant = PENALTIES[penalty].label if penalty else STARTS[start].label if start else ""
    targets = ", ".join(dict.fromkeys(target_of(first, row) for row in range(len(first.start))))
    row = len(first.start) > 1 and penalty is not None
    return {
        "title": _titles(runs),
        "what": f"{targets}, {first.start.shape[-1]} px",
        "variantTitle": variant,
        "note": CHOSEN.format(len(first.start)) if row else EXAMPLE,
        "outcome": [_bold(text) for text in outcome(runs)],
        "origins": [
            f"{run_title(run, runs)}. {losses(run, 0) if len(run.start) == 1 else ''} {origin(run)}" for run in runs
        ],
    }


def _titles(runs: Sequence[PGDRun]) -> str:
    """Return the networks and, unless it is the paper's alone, the searches."""
    names = join_list(list(dict.fromkeys(result_title(run.metadata["classifier"]) for run in runs)))
    searches = list(dict.fromkeys(run.config.search for run in runs))
    return names if searches == ["pixels"] else f"{names} by {join_list(searches)}"


def _bold(text: str) -> str:
    """Return a sentence as HTML with bold numbers."""
    parts = Sentence(text).parts
    return "".join(f"<b>{html.escape(part)}</b>" if isinstance(part, Number) else html.escape(part) for part in parts)
