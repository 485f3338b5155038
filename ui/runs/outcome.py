"""Results of runs: tables of their numbers, of another network's judgement and of many pictures.

Texts of a run's file may be untrusted: each is one line of bounded length.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import streamlit as st

from core.classifiers.registry import CLIPS, classifier_title, result_title, short_title
from core.data.sample_sets import SAMPLE_SETS, SampleSet, map_title
from core.data.stored import device_text
from core.data.words import covers
from core.pgd.pictures import (
    AFTER,
    BEFORE,
    Judgement,
    PictureOutcomes,
    choose_judge,
    fingerprint,
    judge_run,
    picture_outcomes,
    stored_judgement,
    stored_outcomes,
)
from core.pgd.record import PGDRun
from core.pgd.settings import PENALTIES, SETTINGS, Penalty, settings_of
from core.pgd.starts import STARTS, StartKind
from core.shared.numbers import confidence, interval, percent, wilson
from core.shared.text import Number, sentence
from ui.runs.replay import run_title, target_of
from ui.runs.state import RunResult
from ui.server.cache import classifier_for, ready_classifiers, wait_for_first_paint
from ui.shared.tables import scrolling_table
from ui.shared.url import as_markdown, one_line

VIEWS = (
    "**Must convince from every view**: each step follows the gradient at one random view of the picture: a crop with "
    "noise (around the hole if there is one), or a shifted or mirrored copy of a small picture. The gradient gets a "
    "natural spectrum ($1 / \\max(1, r)^p$ at $r$ cycles per image) and the colour covariance of natural pixels, to a "
    "power. Ball, unit step and clip are the same, and confidence is that of the picture itself (Athalye et al. 2018; "
    "Olah et al. 2017)."
)
JUDGED = "generation.judged"  # this visitor's judgements, keyed by pictures and judge
MAX_TEXT_LENGTH = 140  # characters of a cell


def sample_set_of(run: PGDRun) -> SampleSet | None:
    """Return the sample set whose classes the run's start with (own texts may follow); None if there is none.

    Of several, that of its pictures, else the first.
    """
    rows = [row for row in SAMPLE_SETS.values() if covers(row.classes, run.metadata["class_names"])]
    return max(rows, key=lambda row: row.dataset == run.metadata["images"].get("dataset"), default=None)


def class_set_of(run: PGDRun) -> str:
    """Return the name of the class set that a run's classes start with, or an empty string."""
    row = sample_set_of(run)
    return "" if row is None else row.class_set


# ---- one result --------------------------------------------------------------------------------------------------


def run_table(result: RunResult) -> None:
    """Draw the numbers of a result, what the network says at both ends of a single picture, and where it comes from."""
    runs = result.runs
    columns = ("This run", *(run_title(run, runs) for run in runs))
    rows = [run_facts(run) | {"Made": result.note} for run in runs]
    scrolling_table(columns, [(name, *(row[name] for row in rows)) for name in rows[0]], "This run", wraps=True)
    if len(runs[0].start) == 1:
        heads = [f"{run_title(run, runs)}, {when}" for run in runs for when in ("start", "end")]
        lists = [[f"{one_line(name)} {confidence(share)}" for name, share in run.top_classes(0, last=last)]
                 for run in runs for last in (False, True)]  # fmt: skip
        table = [(str(place), *cells) for place, cells in enumerate(zip(*lists, strict=False), 1)]
        scrolling_table(("Most likely classes", *heads), table, "Most likely classes", wraps=True)


def run_facts(run: PGDRun) -> dict[str, str]:
    """Return a run's outcome, settings and origin by name; numbers of several pictures are their means."""
    source, images, classifier = run.metadata["source"], run.metadata["images"], run.metadata["classifier"]
    values = settings_of(run.config, run.metadata["objective"].get("weight"))
    loss, norm = run.curves["loss"].mean(axis=1), run.curves["perturbation_norm"][-1].mean()
    before, after = (confidence(float(share)) for share in run.curves["target_probability"][[0, -1]].mean(axis=1))
    changes = [change["inside"] for change in images.get("change") or []]
    weights, digest = (one_line(classifier.get(name) or "") for name in ("weights_id", "sha256"))
    date = one_line(source.get("date") or "")[:10] or "at an unknown time"
    return {
        "Target": ", ".join(dict.fromkeys(target_of(run, row) for row in range(len(run.start)))),
        "Its probability": f"{before} → {after}{_measured(run)}",
        # float32 rounds a smaller cross-entropy to zero
        "Loss": f"{loss[0]:.3g} → {f'{loss[-1]:.2g}' if loss[-1] > 1e-7 else 'under 1e-7'}",
        "Steps": f"{len(loss) - 1:,} of {run.config.steps:,}",
        "Change (L2 norm)": f"{norm:.2f} of at most {run.config.epsilon:.3g}",
        f"Mean change of the {'start' if run.mask is None else 'hole'}": (
            f"{255 * np.mean(changes):.1f} of 255" if len(changes) == len(run.start) else "unknown"
        ),
        "Network": result_title(classifier, short=False),
        "Settings": "".join(_setting(run, name, value) for name, value in values.items()),
        "Random seed": str(run.metadata["seed"]),
        "Picture": one_line(images.get("credit") or images.get("dataset") or "of unknown origin", MAX_TEXT_LENGTH),
        "Weights": f"{weights or 'unknown'} (sha256 {f'{digest[:12]}…' if digest else 'unknown'})",
        "Computed": f"{date}, version {one_line(source.get('version') or '?')}, {device_text(source)}, "
        f"{source.get('wall_seconds') or 0:,.0f} s",
    }


def _measured(run: PGDRun) -> str:
    """Return the step of a run's last confidence; empty if that is its last step."""
    last = len(run.curves["loss"]) - 1
    step = last if last == run.config.steps else last - last % run.config.look_interval
    return "" if step == last else f" (measured at step {step:,})"


def _setting(run: PGDRun, name: str, value: Any) -> str:
    """Return a setting's part of the text; empty for defaults."""
    row = SETTINGS[name]
    if row.choices and value == row.choices[0]:
        return ""
    penalty = PENALTIES[run.metadata["objective"]["penalty"]].phrase if name == "weight" else ""
    return f"{row.phrase.format(value)}{penalty}"


# ---- another network's judgement ---------------------------------------------------------------------------------


def counted(count: int, n: int) -> Number:
    """Format a count with the 95 % interval of its share, as in '4 of 8 (22 to 78 %)'."""
    _, low, high = wilson(count / n, n).item()
    return Number(f"{count} of {n}", f"{100 * low:.0f} to {100 * high:.0f} %")


def second_judge(result: RunResult) -> None:
    """Draw how many of the displayed pictures, and of their starts, another network recognises.

    Nothing is drawn for a single picture: one prediction is no measurement.
    """
    runs = [run for run in result.runs if class_set_of(run)]
    if not runs or len(runs[0].start) < 2:
        return
    drew = {run.metadata["classifier"]["name"] for run in result.runs}
    pairs = [(run, (fingerprint(run), name)) for run in runs if (name := _judge_of(run, drew)) is not None]
    if not pairs:
        return
    known = st.session_state.setdefault(JUDGED, {})
    for _, (mark, name) in pairs:
        if (stored := stored_judgement(mark)) is not None and stored.judge == name:
            known[mark, name] = stored
    if new := [(run, pair) for run, pair in pairs if pair not in known]:
        if wait_for_first_paint():
            return
        try:
            with st.spinner("Another network is judging the pictures…"):
                known |= {pair: judge_run(run, classifier_for(pair[1], class_set_of(run))) for run, pair in new}
        except (RuntimeError, FileNotFoundError, ValueError) as error:
            st.error(as_markdown(sentence(f"the judge failed: {error}")))
            return
    judgements = [(run, judgement) for run, pair in pairs if (judgement := known[pair]) is not None]
    scrolling_table(JUDGE_COLUMNS, judge_rows(judgements), "Recognised by another network")


JUDGE_COLUMNS = ("Drawings", "Recognised by", "At the start", "At the end", "Targets that it does not know")


def judge_rows(judged_runs: Sequence[tuple[PGDRun, Judgement]]) -> list[tuple[str, ...]]:
    """Return how many starts and pictures of runs other networks recognise."""
    runs = [run for run, _ in judged_runs]
    return [
        (
            run_title(run, runs),
            one_line(classifier_title(judgement.judge)),
            "" if judgement.before is None else counted(judgement.before, judgement.n),
            counted(judgement.after, judgement.n),
            f"{len(run.start) - judgement.n} of {len(run.start)}",
        )
        for run, judgement in judged_runs
    ]


def _judge_of(run: PGDRun, drew: Collection[str]) -> str | None:
    """Return the name of a run's judge: that of its stored judgement, else a ready classifier, None without one.

    A classifier that drew none of the displayed pictures is preferred; a downloaded CLIP, whose first prediction is
    slow, is none.
    """
    if (stored := stored_judgement(fingerprint(run))) is not None:
        return stored.judge
    ready = [spec.name for spec in ready_classifiers(class_set_of(run)) if spec.name not in CLIPS]
    return choose_judge(run.metadata["classifier"]["name"], [name for name in ready if name not in drew] or ready)


# ---- many stored pictures ----------------------------------------------------------------------------------------


def many_pictures(row: SampleSet, kind: StartKind | Penalty) -> None:
    """Draw a table of all stored pictures of a set's classes from one kind of start, or filled with one penalty."""
    stored = picture_outcomes(kind)
    if any(covers(row.classes, painted.facts["class_names"]) for painted in stored.values()):
        rows = [many_row(name, painted) for name, painted in stored.items()]
        scrolling_table(many_columns(kind), rows, "Many pictures, by network")


def many_columns(kind: StartKind | Penalty) -> tuple[str, ...]:
    """Return the column heads of the table."""
    first = next(iter(picture_outcomes(kind).values()))
    judge = classifier_title(first.judges[0])
    start = next((text.phrase for name, text in STARTS.items() if name == kind), "")
    data = first.facts.get("dataset") or {}
    penalty = next((row.phrase for name, row in PENALTIES.items() if name == kind), "")
    what = f"Drawn from {start}" if start else f"Holes in {map_title(data['name'])} {data['split']} images, {penalty}"
    return (
        what,
        "Pictures",
        "Steps",
        "Own mean confidence",
        f"At the start recognised by {judge}",
        f"Recognised by {judge}",
    )


def many_row(name: str, painted: PictureOutcomes) -> tuple[str, ...]:
    """Return the row of one network's pictures, a string per column."""
    before, after = painted.confidence
    first = next(iter(picture_outcomes(painted.facts["kind"]["name"]).values()))
    judge = f", judged by {classifier_title(painted.judges[0])}" if painted.judges[0] != first.judges[0] else ""
    return (
        f"{result_title(painted.facts['classifier'], short=False)}{judge}",
        f"{painted.n:,}",
        f"{painted.config['steps']:,}",
        Number(f"{percent(before)} → {percent(after.value)}", interval(after)),
        *(counted(int(painted.recognised(seen=seen).sum()), painted.n) for seen in (BEFORE, AFTER)),
    )


def hole_painter() -> str:
    """Return the title of the network that filled the holes of `holes_alone`; empty if none are stored."""
    stored = stored_outcomes()
    return "" if stored is None else short_title(classifier_title(stored.painter))


def holes_alone() -> dict[str, Number]:
    """Return how often another network recognises what is in a photograph's stored hole from the hole alone, by what
    is in it; empty if none are stored.
    """
    stored = stored_outcomes()
    if stored is None or (pair := stored.pair("hole")) is None:
        return {}
    pixels, views = pair
    seen = {"views": (views, "alone"), "pixels": (pixels, "alone")}
    seen |= {"start": (views, "alone_start"), "original": (views, "alone_original")}
    return {name: counted(int(group.recognised(seen=what).sum()), group.n) for name, (group, what) in seen.items()}
