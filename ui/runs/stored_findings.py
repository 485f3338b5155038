"""What the stored inpainting runs show, for each penalty and classifier: computed from their files."""

from __future__ import annotations

import numpy as np
import streamlit as st

from ui.runs.examples import stored_runs
from ui.runs.settings import PENALTIES
from ui.runs.words import CONFIDENT, last_change, percent, run_title, similarity, target_of
from ui.shared.text import as_markdown

REPAIRED = 0.9  # an SSIM to the original from which a hole is called repaired; at the start it is below 0.5
COLUMNS = ("Outside the hole", "Picture", "Classifier", "Confident", "Hole changes by", "Rest by", "SSIM in the hole")


@st.cache_data(show_spinner=False)
def stored_inpainting() -> str:
    """Markdown: one sentence, then a row for each stored run. Changes are means, of 255."""
    order = {penalty: (k, label.partition(":")[0]) for k, (label, penalty) in enumerate(PENALTIES.items())}
    runs = sorted(stored_runs("inpainting"), key=lambda run: order[run.metadata["objective"]["penalty"]][0])
    lines, pairs, confident = [], [], 0
    for run in runs:
        change, likeness = last_change(run, 0), similarity(run, 0)
        first, last = (float(run.curves["target_probability"][at, 0]) for at in (0, -1))
        if change is None or likeness is None:
            continue
        pairs.append(likeness)
        confident += last >= CONFIDENT
        cells = (
            order[run.metadata["objective"]["penalty"]][1],
            f"{target_of(run, 0)}, {run.start.shape[-1]} px",
            run_title(run),
            f"{percent(first)} → {percent(last)}",
            f"{change[0]:.1f}",
            f"{change[1]:.2f}",
            f"{likeness[0]:.2f} → {likeness[1]:.2f}",
        )
        lines.append(f"| {' | '.join(map(as_markdown, cells))} |")
    header = f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}"
    return "\n".join([_summary(pairs, confident), "", header, *lines])


def _summary(pairs: list[tuple[float, float]], confident: int) -> str:
    """How many runs end confident, and how many have brought the hole nearer to the original."""
    before, after = np.array(pairs).T
    rise, best = int((after > before).sum()), int((after - before).argmax())
    text = f"Of {len(pairs)} stored runs, {confident} end confident of the class ({100 * CONFIDENT:.0f} % or more). "
    text += f"The similarity of the hole to the original (SSIM, at most 1) rises in {rise}"
    text += f", at best from {before[best]:.2f} to {after[best]:.2f}" if rise else ""
    repaired = int((after >= REPAIRED).sum())
    text += f"; {repaired or 'no'} hole{'s are' if repaired > 1 else ' is'} repaired ({REPAIRED:g} or more)."
    return f"{text} Changes are means, of 255."
