"""A PGD run in words: what happened, in one plain sentence, and where it comes from. Does not import Streamlit.

All of it is plain text, on one line and of bounded length whatever the run's file holds; pages have still to escape it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from core.classifiers.registry import classifier_title
from core.data.sample_sets import SAMPLE_SETS, SampleSet
from core.numbers import confidence
from core.pgd.config import settings_of
from core.pgd.penalties import PENALTIES
from core.pgd.settings import SETTINGS
from core.reconstruct.report import ssim_inside
from core.runs.file import SURE, PGDRun
from core.runs.judgement import Judgement
from ui.shared.text import one_line

MAX_TEXT_LENGTH = 140  # characters of a text that may be a sentence
MIN_SSIM_SIDE = 7  # pixels: the side of SSIM's windows


def run_title(run: PGDRun) -> str:
    """Title of the classifier that ran."""
    return one_line(classifier_title(run.metadata["classifier"]["name"]))


def target_of(run: PGDRun, row: int) -> str:
    """What image `row` was to become."""
    return one_line(run.metadata["class_names"][run.metadata["targets"][row]])


def sample_set_of(run: PGDRun) -> SampleSet | None:
    """The sample set whose classes the run's begin with, texts of one's own may follow; None where there is none."""
    return next((row for row in SAMPLE_SETS.values() if row.knows(run.metadata["class_names"])), None)


def verdict(run: PGDRun, row: int, frame: int = -1) -> str:
    """One sentence on a frame, by default the last: how confident the classifier is."""
    frame %= len(run.frames)
    step, target = int(run.frame_steps[frame]), target_of(run, row)
    probability = run.curves["target_probability"][:, row]
    before, now = confidence(float(probability[0])), confidence(float(probability[step]))
    if step == 0 and len(run.frames) > 1:
        return f"Before the first step, {run_title(run)} is {before} confident of “{target}”."
    last = frame == len(run.frames) - 1
    confident = f"{run_title(run)} is now {now}" if last else f"At step {step:,}, {run_title(run)} is {now}"
    return f"{confident} confident of “{target}” (before: {before})."


def first_sure(run: PGDRun, row: int) -> tuple[int | None, str]:
    """The step at which the classifier was first sure of image `row`'s target, None if it never was; and in words."""
    step, sure = run.sure_step(row), f"{100 * SURE:.0f} % sure"
    if not step:
        return step, f"never {sure}" if step is None else f"{sure} at once"
    # Files of earlier versions do not say how much was changed by then.
    facts = run.metadata["images"].get("sure") or []
    known = facts[row] if row < len(facts) else None
    after = "" if known is None else f", after {255 * known['change']:.1f} of 255"
    return step, f"{sure} at step {step:,}{after}"


def live_verdict(title: str, target: str, probability: float, step: int) -> str:
    """The same of a run that goes on, as far as it is known."""
    if step == 0:
        return f"Before the first step, {title} is {confidence(probability)} confident of “{target}”."
    return f"At step {step:,}, {title} is {confidence(probability)} confident of “{target}”."


def comparison(runs: Sequence[PGDRun]) -> str:
    """What has come of runs of the same start, in their own numbers: means over the images where there are several."""
    parts: list[str] = []
    for run in runs:
        rows = range(len(run.start))
        first, last = (run.curves["target_probability"][at].mean() for at in (0, -1))
        part = f"{run_title(run)} {'has gone ' if not parts else ''}from {confidence(float(first))} to "
        part += confidence(float(last))
        if not parts:
            part += f" confident of {_targets(run)}"
        changes = [change for row in rows if (change := last_change(run, row)) is not None]
        if len(changes) == len(rows):
            inside, outside = np.mean(changes, axis=0)
            part += f" by changing {_changed(run)} by {inside:.1f} of 255 on average"
            part += "" if run.mask is None else f" and the rest by {outside:.2f}"
        parts.append(part)
    mean = ", on average of its pictures" if len(runs[0].start) > 1 else ""
    steps = len(runs[0].curves["loss"]) - 1
    return f"After {steps:,} steps{mean}, {'; '.join(parts)}. {_conclusion(runs)}".strip()


def _conclusion(runs: Sequence[PGDRun]) -> str:
    """Who has become confident, on average of several pictures; nothing where there is nobody to compare with."""
    if len(runs) < 2:
        return ""
    share, average = f"{100 * SURE:.0f} % or more", "On average " if len(runs[0].start) > 1 else ""
    confident = [run_title(run) for run in runs if run.curves["target_probability"][-1].mean() >= SURE]
    if not confident:
        told = f"neither is confident ({share})."
    elif len(confident) < len(runs):
        told = f"only {' and '.join(confident)} is confident now ({share})."
    else:
        told = f"both are confident now ({share})."
    return f"{average}{told}" if average else told[0].upper() + told[1:]


def similarity(run: PGDRun, row: int) -> tuple[float, float] | None:
    """SSIM to the original inside the hole, at the start and at the end; None where a file does not allow it.

    The end is the last frame, whose values are rounded to whole levels.
    """
    if run.original is None or run.mask is None or min(run.start.shape[-2:]) < MIN_SSIM_SIDE:
        return None
    hole = run.mask[row if len(run.mask) > 1 else 0]
    if not hole.any():
        return None
    original, last = (images[row].astype(np.float32) / np.float32(255) for images in (run.original, run.frames[-1]))
    return ssim_inside(original, run.start[row], hole), ssim_inside(original, last, hole)


def likeness(runs: Sequence[PGDRun]) -> str:
    """How near the filled holes are to the original; nothing where that cannot be told of every picture."""
    found = [[similarity(run, row) for row in range(len(run.start))] for run in runs]
    known = [[pair for pair in pairs if pair is not None] for pairs in found]
    if known != found:
        return ""
    before, ends = float(np.mean(known[0], axis=0)[0]), [float(np.mean(pairs, axis=0)[1]) for pairs in known]
    parts = "; ".join(f"{end:.2f} by {run_title(run)}" for run, end in zip(runs, ends, strict=True))
    text = f"Similarity of the hole to the original (SSIM, at most 1): {before:.2f} at the start; {parts}."
    nearer = [run_title(run) for run, end in zip(runs, ends, strict=True) if round(end, 2) > round(before, 2)]
    if not nearer:
        return f"{text} No result is nearer to the original than the start."
    return f"{text} {'Only ' if len(nearer) < len(runs) else ''}{' and '.join(nearer)} came nearer to the original."


def _targets(run: PGDRun) -> str:
    targets = list(dict.fromkeys(target_of(run, row) for row in range(len(run.start))))
    return f"“{targets[0]}”" if len(targets) == 1 else "its targets"


def _changed(run: PGDRun) -> str:
    return "the start" if run.metadata["kind"] == "generation" else "the hole"


def last_change(run: PGDRun, row: int) -> tuple[float, float] | None:
    """Mean change in and around the hole at the end, of 255; exact. None if the file does not say."""
    changes = run.metadata["images"].get("change") or []
    return (255 * changes[row]["inside"], 255 * changes[row]["outside"]) if row < len(changes) else None


def judged(seen: Sequence[tuple[PGDRun, Judgement]]) -> str:
    """What second judges see in the pictures of runs from the same starts: a sentence for each judge."""
    by_judge: dict[str, list[tuple[PGDRun, Judgement]]] = {}
    for run, judgement in seen:
        by_judge.setdefault(judgement.judge, []).append((run, judgement))
    sentences = []
    for judge, group in by_judge.items():
        parts = [
            f"{found.after} of {found.n}{'' if k else ' pictures'} by {run_title(run)} "
            f"({'' if k else '95 % interval '}{share_interval(found, found.after)})"
            for k, (run, found) in enumerate(group)
        ]
        noise = group[0][1]
        title = one_line(classifier_title(judge))
        sentences.append(
            f"Judged by {title}, the target is seen in {'; '.join(parts)}; {noise.before} of {noise.n} of the starts."
        )
    return " ".join(sentences)


def share_interval(judgement: Judgement, count: int) -> str:
    """'53 to 98 %', of the share that a count of the judged pictures is."""
    low, high = judgement.interval(count)
    return f"{100 * low:.0f} to {100 * high:.0f} %"


def losses(run: PGDRun, row: int) -> str:
    """Loss before and after, as the paper reports them."""
    loss, norm = run.curves["loss"][:, row], run.curves["perturbation_norm"][-1, row]
    return (
        f"Loss {loss[0]:.3g} → {_small(float(loss[-1]))} in {len(loss) - 1:,} steps; "
        f"change {norm:.2f} of at most {run.config.epsilon:.3g} (L2 norm)."
    )


def _small(loss: float) -> str:
    """A loss; float32 rounds a cross-entropy below about 1e-7 to zero, which would read as a claim."""
    return f"{loss:.2g}" if loss > 1e-7 else "under 1e-7"


def origin(run: PGDRun) -> str:
    """Where the run comes from, and what repeats it."""
    source, images = run.metadata["source"], run.metadata["images"]
    values = settings_of(run.config, run.metadata["objective"].get("weight"))
    settings = "".join(_setting(run, name, value) for name, value in values.items())
    credit = one_line(images.get("credit") or images.get("dataset") or "picture of unknown origin", MAX_TEXT_LENGTH)
    return (
        f"{credit}. {settings}; random seed {run.metadata['seed']}. {_weights(run)}. Computed {_date(run)} with "
        f"version {one_line(source.get('version') or '?')} on {one_line(source.get('device') or '?')} in "
        f"{source.get('wall_seconds') or 0:,.0f} s."
    )


def saved_note(runs: Sequence[PGDRun], file_name: str) -> str:
    """What an opened run file says of itself."""
    run, *_ = runs
    done, steps = len(run.curves["loss"]) - 1, run.config.steps
    length = f"{done:,} steps" if done == steps else f"{done:,} of {steps:,} steps"
    weights = (_weights(one) for one in runs)
    told = " and ".join(f"{run_title(one)}, {w[0].lower()}{w[1:]}" for one, w in zip(runs, weights, strict=True))
    return (
        f"Opened from “{one_line(file_name, 60)}”. The file says: {told}; "
        f"{length}, random seed {run.metadata['seed']}; computed {_date(run)}."
    )


def _weights(run: PGDRun) -> str:
    classifier = run.metadata["classifier"]
    digest = one_line(classifier.get("sha256") or "")[:12]
    return f"Weights {one_line(classifier['weights_id'])} (sha256 {f'{digest}…' if digest else 'unknown'})"


def _setting(run: PGDRun, name: str, value: Any) -> str:
    """A setting's part of the sentence; nothing where it is what goes without saying."""
    row = SETTINGS[name]
    if row.choices and value == row.choices[0]:
        return ""
    penalty = PENALTIES[run.metadata["objective"]["penalty"]].told if name == "weight" else ""
    return f"{row.told.format(value)}{penalty}"


def _date(run: PGDRun) -> str:
    return one_line(run.metadata["source"].get("date") or "")[:10] or "at an unknown time"
