"""A PGD run in words: what happened, in one plain sentence, and where it comes from. Does not import Streamlit.

All of it is plain text, on one line and of bounded length whatever the run's file holds; pages have still to escape it.
"""

from __future__ import annotations

from core.classifiers.registry import list_classifiers
from core.runs.file import PGDRun
from ui.shared.text import one_line

MAX_TEXT_LENGTH = 600  # characters of a text that may be a sentence


def percent(share: float) -> str:
    """A probability for people: never 0 % or 100 %, which no classifier means."""
    if share > 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def title_of(name: str) -> str:
    """A classifier's title, or its name where the registry has none."""
    return next((spec.title for spec in list_classifiers() if spec.name == name), name)


def run_title(run: PGDRun) -> str:
    """Title of the classifier that ran."""
    return one_line(title_of(run.metadata["classifier"]["name"]))


def target_of(run: PGDRun, row: int) -> str:
    """What image `row` was to become."""
    return one_line(run.metadata["class_names"][run.metadata["targets"][row]])


def verdict(run: PGDRun, row: int) -> str:
    """One sentence: how confident the classifier has become, and by how much the picture changed."""
    probability = run.curves["target_probability"][:, row]
    before, after = percent(float(probability[0])), percent(float(probability[-1]))
    confident = f"{run_title(run)} is now {after} confident of “{target_of(run, row)}” (before: {before})"
    changes = run.metadata["images"].get("change") or []
    if row >= len(changes):
        return f"{confident}."
    inside, outside = (255 * changes[row][part] for part in ("inside", "outside"))
    if run.metadata["kind"] == "generation":
        return f"{confident}, after changing the noise by {inside:.1f} of 255 on average."
    return f"{confident}, after changing the hole by {inside:.1f} of 255 on average and the rest by {outside:.2f}."


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
    source, images, config, objective = run.metadata["source"], run.metadata["images"], run.config, _penalty(run)
    settings = f"{config.steps:,} steps of {config.step_size:.3g}, epsilon {config.epsilon:.3g}{objective}"
    credit = one_line(images.get("credit") or images.get("dataset") or "picture of unknown origin", MAX_TEXT_LENGTH)
    return (
        f"{credit}. {settings}; random seed {run.metadata['seed']}. {_weights(run)}. Computed {_date(run)} with "
        f"version {one_line(source.get('version') or '?')} on {one_line(source.get('device') or '?')} in "
        f"{source.get('wall_seconds') or 0:,.0f} s."
    )


def saved_note(run: PGDRun, file_name: str) -> str:
    """What an opened run file says of itself."""
    done, steps = len(run.curves["loss"]) - 1, run.config.steps
    length = f"{done:,} steps" if done == steps else f"{done:,} of {steps:,} steps"
    weights = _weights(run)
    return (
        f"Opened from “{one_line(file_name, 60)}”. The file says: {run_title(run)}, {weights[0].lower()}{weights[1:]}; "
        f"{length}, random seed {run.metadata['seed']}; computed {_date(run)}."
    )


def _weights(run: PGDRun) -> str:
    classifier = run.metadata["classifier"]
    digest = one_line(classifier.get("sha256") or "")[:12]
    return f"Weights {one_line(classifier['weights_id'])} (sha256 {f'{digest}…' if digest else 'unknown'})"


def _penalty(run: PGDRun) -> str:
    objective = run.metadata["objective"]
    if run.metadata["kind"] != "inpainting":
        return ""
    if objective["penalty"] == "frozen":
        return ", frozen outside the hole"
    return f", lambda {objective['weight']:g} ({objective['penalty'].replace('_', ' ')})"


def _date(run: PGDRun) -> str:
    return one_line(run.metadata["source"].get("date") or "")[:10] or "at an unknown time"
