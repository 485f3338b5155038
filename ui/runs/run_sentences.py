"""Sentences about the outcome and origin of a PGD run. Does not import Streamlit.

Sentences are single lines of plain text of bounded length, whatever the run's file contains; pages must escape them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from core.classifiers.registry import classifier_title, result_title
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.data.stored import device_text
from core.pgd.pictures import Judgement
from core.pgd.run import PGDRun
from core.pgd.search import Search, look_interval
from core.pgd.settings import PENALTIES, SETTINGS, settings_of
from core.shared.numbers import confidence
from core.shared.text import Number, Paragraph, Sentence, count_of
from ui.shared.text import one_line

VIEWS = (
    "**The search by views** follows, in each step, the gradient at one random view of the picture: a crop with noise "
    "(around the hole if there is one), or a shifted or mirrored copy of a small picture. The gradient gets a natural "
    "spectrum ($1 / \\max(1, r)^p$ at $r$ cycles per image) and the colour covariance of natural pixels, to a power. "
    "Ball, unit step and clip are the same, and confidence is that of the picture itself (Athalye et al. 2018; Olah et "
    "al. 2017)."
)
MAX_TEXT_LENGTH = 140  # characters of a text that may be a sentence


def run_title(run: PGDRun, runs: Sequence[PGDRun] = ()) -> str:
    """Return the classifier's title, with the search if that is not the paper's or differs from other runs'.

    runs: all runs displayed together.
    """
    title = result_title(run.metadata["classifier"], short=False)
    return searched_title(title, run.config.search, {other.config.search for other in runs})


def searched_title(title: str, search: Search, searches: Collection[Search]) -> str:
    """Return a classifier's title, with its search if that is not the paper's or `searches` has others."""
    return title if search == "pixels" and {*searches} <= {search} else f"{title} by {search}"


def target_of(run: PGDRun, row: int) -> str:
    """Return the target of image `row`."""
    return one_line(run.metadata["class_names"][run.metadata["targets"][row]])


def sample_set_of(run: PGDRun) -> SampleSet | None:
    """Return the sample set whose classes the run's start with (own texts may follow); None if there is none."""
    return next((row for row in SAMPLE_SETS.values() if row.fits(run.metadata["class_names"])), None)


def outcome(runs: Sequence[PGDRun]) -> list[Paragraph]:
    """Describe the outcome of runs from the same start: sentences per run, with two numbers at most.

    Numbers are means over several images. For a single image, the replay shows the confidence.
    """
    paragraphs: list[Paragraph] = []
    for run in runs:
        after = "" if paragraphs else f" after {count_of(len(run.curves['loss']) - 1, 'step')}"
        title = run_title(run, runs)
        if len(run.start) == 1 and (changed := _changed(run, after)):
            paragraphs.append(Paragraph(Sentence(f"{title} has ", changed)))
            continue
        first, last = (confidence(float(end)) for end in run.curves["target_probability"][[0, -1]].mean(axis=1))
        targets = list(dict.fromkeys(target_of(run, row) for row in range(len(run.start))))
        target, mean = (f"“{targets[0]}”", "") if len(targets) == 1 else ("its targets", ", on average")
        confident = Sentence(f"{title} is ", Number(last), f" confident of {target}{after}{_measured(run)}{mean}.")
        changed = _changed(run)
        further = (Sentence("It has ", changed),) if changed else ()
        paragraphs.append(Paragraph(confident, f"It was {first} confident before.", *further))
    return paragraphs


def _measured(run: PGDRun) -> str:
    """Return the step of a run's last confidence and loss; empty if that is its last step."""
    last = len(run.curves["loss"]) - 1
    step = last if last == run.config.steps else last - last % look_interval(run.config.search)
    return "" if step == last else f" (measured at step {step:,})"


def _changed(run: PGDRun, after: str = "") -> Sentence | None:
    """Return 'changed the hole by 12.3 of 255 on average.'; None if the run does not tell."""
    changes = [change["inside"] for change in run.metadata["images"].get("change") or []]
    if len(changes) < len(run.start):
        return None
    what, amount = "start" if run.mask is None else "hole", Number(f"{255 * np.mean(changes):.1f} of 255")
    return Sentence(f"changed the {what} by ", amount, f" on average{after}.")


def judged(judged_runs: Sequence[tuple[PGDRun, Judgement]]) -> Paragraph:
    """Return how many pictures second judges recognise, of runs from the same starts."""
    sentences: list[Sentence] = []
    runs = [run for run, _ in judged_runs]
    for judge, pairs in groupby(judged_runs, key=lambda pair: pair[1].judge):
        who = one_line(classifier_title(judge))
        for run, judgement in pairs:
            share, by = count_with_interval(judgement, judgement.after), run_title(run, runs)
            sentences.append(Sentence(f"{who} recognises the target in ", share, f" pictures by {by}."))
            who = "It"
        sentences.append(Sentence("It recognises ", count_with_interval(judgement, judgement.before), " starts."))
        if unknown := len(run.start) - judgement.n:
            sentences.append(
                Sentence(f"{unknown} of {len(run.start)} are left out, as it does not know their targets.")
            )
    return Paragraph(*sentences)


def count_with_interval(judgement: Judgement, count: int) -> Number:
    """Format a count of the judged pictures with the 95 % interval of its share, as in '4 of 8 (22 to 78 %)'."""
    _, low, high = judgement.share(count)
    return Number(f"{count} of {judgement.n}", f"{100 * low:.0f} to {100 * high:.0f} %")


def losses(run: PGDRun, row: int) -> str:
    """Return the loss before and after, as the paper reports them."""
    loss, norm = run.curves["loss"][:, row], run.curves["perturbation_norm"][-1, row]
    last = f"{loss[-1]:.2g}" if loss[-1] > 1e-7 else "under 1e-7"  # float32 rounds a smaller cross-entropy to zero
    return (
        f"Loss {loss[0]:.3g} → {last} in {count_of(len(loss) - 1, 'step')}{_measured(run)}; change {norm:.2f} of at "
        f"most {run.config.epsilon:.3g} (L2 norm)."
    )


def origin(run: PGDRun) -> str:
    """Describe a run's origin and everything needed to repeat it."""
    source, images = run.metadata["source"], run.metadata["images"]
    values = settings_of(run.config, run.metadata["objective"].get("weight"))
    settings = "".join(_setting(run, name, value) for name, value in values.items())
    credit = one_line(images.get("credit") or images.get("dataset") or "picture of unknown origin", MAX_TEXT_LENGTH)
    return (
        f"{credit}. {settings}; random seed {run.metadata['seed']}. {_weights(run)}. Computed {_date(run)} with "
        f"version {one_line(source.get('version') or '?')} on {device_text(source)} in "
        f"{source.get('wall_seconds') or 0:,.0f} s."
    )


def _weights(run: PGDRun) -> str:
    classifier = run.metadata["classifier"]
    digest = one_line(classifier.get("sha256") or "")[:12]
    return f"Weights {one_line(classifier['weights_id'])} (sha256 {f'{digest}…' if digest else 'unknown'})"


def _setting(run: PGDRun, name: str, value: Any) -> str:
    """Return a setting's part of the sentence; empty for defaults."""
    row = SETTINGS[name]
    if row.choices and value == row.choices[0]:
        return ""
    penalty = PENALTIES[run.metadata["objective"]["penalty"]].phrase if name == "weight" else ""
    return f"{row.phrase.format(value)}{penalty}"


def _date(run: PGDRun) -> str:
    return one_line(run.metadata["source"].get("date") or "")[:10] or "at an unknown time"
