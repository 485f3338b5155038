"""What the stored inpainting runs show, for each kind of network: computed from their files."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import streamlit as st

from core.reconstruct.outcome import last_change, similarity
from core.runs.file import SURE, PGDRun
from core.runs.judgement import stored_judgements
from core.runs.painted import stored_painted
from core.shared.colours import ROBUST
from ui.runs.examples import made_here, stored_runs
from ui.runs.words import SSIM
from ui.shared.scrolling_table import scrolling_table

REPAIRED = 0.9  # an SSIM to the original from which a hole is called repaired; at the start it is below 0.5
COLUMNS = ("Networks", "Runs", "Confident at the end", "Hole changes by", "Rest by", "SSIM in the hole: start", "End")


@dataclass(frozen=True)
class StoredFindings:
    """summary: some sentences, Markdown. rows: plain text under `COLUMNS`, one row for each kind of network."""

    summary: str
    rows: tuple[tuple[str, ...], ...]


@st.cache_data(show_spinner=False)
def stored_inpainting(made: tuple[tuple[str, int], ...] = ()) -> StoredFindings:
    """What all stored runs show. Changes are means, of 255. made: the runs of this machine, which are among them."""
    kinds: dict[str, list[tuple[float, ...]]] = {}
    for run in stored_runs("inpainting"):
        change, likeness = last_change(run, 0), similarity(run, 0)
        if change is not None and likeness is not None:
            last = float(run.curves["target_probability"][-1, 0])
            inside, outside = (255 * part for part in change)
            kinds.setdefault(_kind(run), []).append((last, inside, outside, *likeness))
    rows = tuple(_row(kind, np.array(found)) for kind, found in kinds.items())
    every = np.concatenate([np.array(found) for found in kinds.values()])
    return StoredFindings(_summary(every[:, 3:], int((every[:, 0] >= SURE).sum())), rows)


def _kind(run: PGDRun) -> str:
    """Which networks this one is of."""
    how = "robust" if run.metadata["classifier"]["name"].endswith(ROBUST) else "as trained"
    return f"{how}, {run.start.shape[-1]} px{', by views' if run.config.search == 'views' else ''}"


def _row(kind: str, found: np.ndarray) -> tuple[str, ...]:
    """Ranges over (R, 5): confidence at the end, change in the hole and outside it, SSIM at the start and the end."""
    confident = int((found[:, 0] >= SURE).sum())
    ranges = [_range(column, digits) for column, digits in zip(found.T[1:], (1, 2, 2, 2), strict=True)]
    return (kind, f"{len(found)}", f"{confident} of {len(found)}", *ranges)


def _range(values: np.ndarray, digits: int) -> str:
    low, high = (f"{end:.{digits}f}" for end in (values.min(), values.max()))
    return low if low == high else f"{low} to {high}"


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


def _summary(pairs: np.ndarray, confident: int) -> str:
    """How many runs end confident, and how many have brought the hole nearer to the original; of (R, 2) SSIMs."""
    before, after = pairs.T
    rise, best = int((after > before).sum()), int((after - before).argmax())
    text = f"Of {len(pairs)} stored runs, {confident} end confident of the class ({100 * SURE:.0f} % or more). "
    text += f"The hole’s {SSIM} to the original rises in {rise}"
    text += f", at best from {before[best]:.2f} to {after[best]:.2f}" if rise else ""
    repaired = int((after >= REPAIRED).sum())
    text += f"; {repaired or 'no'} hole{'s are' if repaired > 1 else ' is'} repaired ({REPAIRED:g} or more)."
    return f"{text} Changes are means, of 255."
