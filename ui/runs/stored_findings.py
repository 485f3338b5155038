"""What the stored inpainting runs show, for each penalty and classifier: computed from their files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.numbers import confidence
from core.pgd.penalties import PENALTIES
from core.runs.file import SURE
from core.runs.judgement import stored_judgements
from core.runs.painted import stored_painted
from ui.runs.examples import made_here, stored_runs
from ui.runs.words import last_change, run_title, similarity, target_of
from ui.shared.scrolling_table import scrolling_table

REPAIRED = 0.9  # an SSIM to the original from which a hole is called repaired; at the start it is below 0.5
COLUMNS = ("Outside the hole", "Picture", "Classifier", "Confident", "Hole changes by", "Rest by", "SSIM in the hole")


@dataclass(frozen=True)
class StoredFindings:
    """summary: some sentences, Markdown. rows: plain text under `COLUMNS`, one row for each stored run."""

    summary: str
    rows: tuple[tuple[str, ...], ...]


@st.cache_data(show_spinner=False)
def stored_inpainting(made: tuple[tuple[str, int], ...] = ()) -> StoredFindings:
    """What all stored runs show. Changes are means, of 255. made: the runs of this machine, which are among them."""
    order = list(PENALTIES)
    runs = sorted(stored_runs("inpainting"), key=lambda run: order.index(run.metadata["objective"]["penalty"]))
    rows: list[tuple[str, ...]] = []
    pairs, confident = [], 0
    for run in runs:
        change, likeness = last_change(run, 0), similarity(run, 0)
        first, last = (float(run.curves["target_probability"][at, 0]) for at in (0, -1))
        if change is None or likeness is None:
            continue
        pairs.append(likeness)
        confident += last >= SURE
        cells = (
            PENALTIES[run.metadata["objective"]["penalty"]].label,
            f"{target_of(run, 0)}, {run.start.shape[-1]} px",
            run_title(run),
            f"{confidence(first)} → {confidence(last)}",
            f"{change[0]:.1f}",
            f"{change[1]:.2f}",
            f"{likeness[0]:.2f} → {likeness[1]:.2f}",
        )
        rows.append(cells)
    return StoredFindings(_summary(pairs, confident), tuple(rows))


def plain_steps() -> str:
    """What plain steps leave of Eq. 3's loss, beside what minimises it; Markdown."""
    by_plain_steps = stored_painted("norm")
    n, side = next(iter(by_plain_steps.values())).n, stored_judgements()["painted"]["hole"]
    plain = [one.mean("loss_after") for one in by_plain_steps.values()]
    solved = [one.first(n).mean("loss_after") for one in stored_painted("eq3").values()]
    return (
        "**Plain steps** do not: however small the change, the penalty's gradient has full length. Mean loss on "
        f"{n} pictures with a hole of {side} × {side}, {len(plain)} networks: {min(plain):.2g} to {max(plain):.2g} by "
        f"plain steps, {min(solved):.1g} to {max(solved):.1g} minimised. Which steps led the paper to its 2 × 10⁻⁴ "
        "cannot be seen from it."
    )


def draw_stored_inpainting() -> None:
    """The summary, and the table below it."""
    found = stored_inpainting(made_here())
    st.markdown(found.summary)
    scrolling_table(COLUMNS, found.rows, "The stored runs")


def _summary(pairs: list[tuple[float, float]], confident: int) -> str:
    """How many runs end confident, and how many have brought the hole nearer to the original."""
    before, after = np.array(pairs).T
    rise, best = int((after > before).sum()), int((after - before).argmax())
    text = f"Of {len(pairs)} stored runs, {confident} end confident of the class ({100 * SURE:.0f} % or more). "
    text += f"The similarity of the hole to the original (SSIM, at most 1) rises in {rise}"
    text += f", at best from {before[best]:.2f} to {after[best]:.2f}" if rise else ""
    repaired = int((after >= REPAIRED).sum())
    text += f"; {repaired or 'no'} hole{'s are' if repaired > 1 else ' is'} repaired ({REPAIRED:g} or more)."
    return f"{text} Changes are means, of 255."
