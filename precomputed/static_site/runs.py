"""Stored runs, an ordinary model beside its robust twin, packed as the app packs them for the browser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from core.pgd.penalties import PENALTIES
from core.runs.file import PGDRun
from core.runs.starts import STARTS
from core.runs.stored import stored_classifier, stored_subjects
from core.shared.sentences import Paragraph
from ui.runs.replays import run_replay
from ui.runs.run_sentences import likeness, losses, origin, outcome, run_title, target_of

KINDS = ("inpainting", "generation")


@dataclass(frozen=True)
class StoredReplay:
    """One replay. id: of its file. listed: what the page shows to choose it, and beneath it. packed: the replay."""

    id: str
    listed: dict[str, Any]
    packed: dict[str, Any]


def run_replays(folders: Sequence[Path] = ()) -> list[StoredReplay]:
    """All stored runs, those of one start and one kind of model together. folders: of further ones."""
    listed_replays = []
    for kind in KINDS:
        replays = []
        for subject, paths in stored_subjects(kind, *folders).items():
            for name, group in groupby(paths, key=lambda path: stored_classifier(path).removesuffix("-robust")):
                runs, id = [PGDRun.load(path) for path in group], f"{kind}_{subject}__{name}"
                listed = {"id": id, "kind": kind, **_words(runs)}
                replays.append((_rank(runs[0]), StoredReplay(id, listed, run_replay(runs, id=id, cards=False))))
        listed_replays += [replay for _, replay in sorted(replays, key=lambda ranked: ranked[0])]
    return listed_replays


def _rank(run: PGDRun) -> tuple[int, int, bool]:
    """Small pictures first, and of each the penalty and the start that pages begin with."""
    penalty = run.metadata["objective"].get("penalty", "eq3")
    return run.start.shape[-1], list(PENALTIES).index(penalty), run.metadata["images"].get("start") != "blur"


def _words(runs: list[PGDRun]) -> dict[str, Any]:
    """Plain text about runs of one start."""
    first = runs[0]
    penalty = first.metadata["objective"].get("penalty")
    start = first.metadata["images"].get("start")
    variant = PENALTIES[penalty].label if penalty else STARTS[start].label if start else ""
    targets = ", ".join(dict.fromkeys(target_of(first, row) for row in range(len(first.start))))
    return {
        "title": " and ".join(run_title(run, runs) for run in runs),
        "what": f"{targets}, {first.start.shape[-1]} px",
        "variant": variant,
        "outcome": Paragraph(*outcome(runs), likeness(runs)),
        "origins": [
            f"{run_title(run, runs)}. {losses(run, 0) if len(run.start) == 1 else ''} {origin(run)}" for run in runs
        ],
    }
