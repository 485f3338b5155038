"""What another network sees in the pictures of *Generation*. Loads torch only for runs that are not stored."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import streamlit as st

from core.classifiers.registry import CLIPS
from core.errors import sentence
from core.runs.file import PGDRun
from core.runs.judgement import Judgement, choose_judge, fingerprint, judge_run, stored_judgements
from ui.maps.cell_predictions import wait_for_first_paint
from ui.runs.view import Result
from ui.runs.words import judged, sample_set_of
from ui.shared.model_cache import classifier_for, ready_classifiers
from ui.shared.text import as_markdown

NOBODY = "No other classifier of these classes is ready to judge the pictures; *Models and data* shows what can be had."
JUDGED = "generation.judged"
ASKED, ASK = "generation.judge_asked", "generation.ask_judge"  # the result that CLIP was asked about; the button


def second_judge(result: Result) -> None:
    """One sentence on the pictures shown: how many of them, and of the starts, another network calls the target.

    Of a single picture nothing is said: one answer is no measurement.
    """
    if len(result.runs[0].start) < 2:
        return
    drew = {run.metadata["classifier"]["name"] for run in result.runs}
    asked = st.session_state.get(ASKED) == result.id
    judges = [_judge_of(run, drew, asked) for run in result.runs]
    if (judgements := _known(result, judges)) is None:
        if wait_for_first_paint():
            return
        try:
            with st.spinner("Another network looks at the pictures …"):
                judgements = [_judge(run, name) for run, name in zip(result.runs, judges, strict=True)]
        except (RuntimeError, FileNotFoundError, ValueError) as error:
            st.error(as_markdown(sentence(f"no second judge: {error}")))
            return
        st.session_state[JUDGED] = result.id, judges, judgements
    seen = [(run, found) for run, found in zip(result.runs, judgements, strict=True) if found is not None]
    if seen:
        st.markdown(as_markdown(judged(seen)))
    elif any(class_set_of(run) for run in result.runs) and not any(judges):
        if not asked and any(_judge_of(run, drew, True) for run in result.runs):
            st.button(
                "Let CLIP judge the pictures",
                help="No smaller classifier of these classes is ready. CLIP’s first answer takes some seconds.",
                key=ASK,
                on_click=st.session_state.__setitem__,
                args=(ASKED, result.id),
            )
        else:
            st.markdown(NOBODY)


def class_set_of(run: PGDRun) -> str | None:
    """The class set that a run's classes begin with, or None."""
    row = sample_set_of(run)
    return None if row is None else row.class_set


def _judge_of(run: PGDRun, drew: Collection[str], clips: bool) -> str | None:
    """The name of the classifier that judges a run: the one of its stored judgement, else one that is ready.

    One that drew nothing on the screen, where there is such a one.

    Args:
        clips: whether a downloaded CLIP may judge: its first answer takes long, so it judges only who asks for it.
    """
    if fingerprint(run) in stored_judgements()["runs"]:
        return stored_judgements()["judge"]["name"]
    class_set = class_set_of(run)
    ready = [] if class_set is None else [spec.name for spec in ready_classifiers(class_set)]
    ready = [name for name in ready if clips or name not in CLIPS]
    return choose_judge(run.metadata["classifier"]["name"], [name for name in ready if name not in drew] or ready)


def _known(result: Result, judges: Sequence[str | None]) -> list[Judgement | None] | None:
    """The judgements of a result, if they were made before or need no network."""
    *made, judgements = st.session_state.get(JUDGED, (None, None, None))
    if made == [result.id, judges]:
        return judgements
    stored = [_stored(run) for run in result.runs]
    needed = [name for name, found in zip(judges, stored, strict=True) if name is not None and found is None]
    return None if needed else stored


def _stored(run: PGDRun) -> Judgement | None:
    found = stored_judgements()["runs"].get(fingerprint(run))
    return None if found is None else Judgement.from_json(found)


def _judge(run: PGDRun, name: str | None) -> Judgement | None:
    found, class_set = _stored(run), class_set_of(run)
    if found is not None or name is None or class_set is None:
        return found
    return judge_run(run, classifier_for(name, class_set))
