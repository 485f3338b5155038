"""Judgement of the pictures of *Draw* by another network. Imports torch only for runs without a stored judgement."""

from __future__ import annotations

from collections.abc import Collection

import streamlit as st

from core.classifiers.registry import CLIPS
from core.pgd.pictures import choose_judge, fingerprint, judge_run, stored_judgement
from core.pgd.run import PGDRun
from core.shared.text import sentence
from ui.maps.predictions.cell_predictions import wait_for_first_paint
from ui.runs.run_sentences import judged, sample_set_of
from ui.runs.setup.state import RunResult
from ui.server.model_cache import classifier_for, ready_classifiers
from ui.shared.sentences import write_sentence
from ui.shared.text import as_markdown

NOBODY = "No other installed classifier knows these classes, so nobody judges the pictures. *Models* offers more."
JUDGED = "generation.judged"  # this visitor's judgements, keyed by pictures and judge
JUDGED_RESULT, ASK_BUTTON = (
    "generation.judge_requested",
    "generation.ask_judge",
)  # the result that CLIP is to judge; the button


def second_judge(result: RunResult) -> None:
    """Draw how many of the displayed pictures, and of their starts, another network recognises.

    Nothing is drawn for a single picture: one prediction is no measurement.
    """
    runs = [run for run in result.runs if class_set_of(run)]
    if not runs or len(runs[0].start) < 2:
        return
    drew = {run.metadata["classifier"]["name"] for run in result.runs}
    clips = st.session_state.get(JUDGED_RESULT) == result.id
    pairs = [(run, (fingerprint(run), name)) for run in runs if (name := _judge_of(run, drew, clips)) is not None]
    if not pairs:
        if not clips and any(_judge_of(run, drew, True) for run in runs):
            st.button(
                "Let CLIP judge the pictures",
                help="No smaller classifier of these classes is installed. CLIP’s first prediction takes a few "
                "seconds.",
                key=ASK_BUTTON,
                on_click=st.session_state.__setitem__,
                args=(JUDGED_RESULT, result.id),
            )
        else:
            st.markdown(NOBODY)
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
            st.error(as_markdown(sentence(f"the second judge failed: {error}")))
            return
    write_sentence(judged([(run, judgement) for run, pair in pairs if (judgement := known[pair]) is not None]))


def class_set_of(run: PGDRun) -> str:
    """Return the name of the class set that a run's classes start with, or an empty string."""
    row = sample_set_of(run)
    return "" if row is None else row.class_set


def _judge_of(run: PGDRun, drew: Collection[str], clips: bool) -> str | None:
    """Return the name of a run's judge: that of its stored judgement, else a ready classifier, None without one.

    A classifier that drew none of the displayed pictures is preferred.

    Args:
        clips: whether a downloaded CLIP may judge. Its first prediction is slow, so it judges only on request.
    """
    if (stored := stored_judgement(fingerprint(run))) is not None:
        return stored.judge
    ready = [spec.name for spec in ready_classifiers(class_set_of(run)) if clips or spec.name not in CLIPS]
    return choose_judge(run.metadata["classifier"]["name"], [name for name in ready if name not in drew] or ready)
