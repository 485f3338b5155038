"""What the stored runs say of the story's claims about holes and noise: verdict and numbers. Does not import torch."""

from __future__ import annotations

from core.classifiers.registry import classifier_spec, classifier_state, classifier_title
from core.fourier.claims.finding import Verdict
from core.fourier.findings import Estimate
from core.runs.judgement import Judgement, stored_judgements
from ui.maps.models import short_title
from ui.models.classifier_table import PAPERS_CLIP, format_size
from ui.runs.examples import stored_runs
from ui.runs.stored_findings import REPAIRED
from ui.runs.words import CONFIDENT, similarity
from ui.story.step import Judged

ORDINARY, ROBUST = "mini-clip", "mini-clip-robust"


def hole() -> Judged:
    """Holds where no run that ends confident has repaired its hole."""
    runs = stored_runs("inpainting")
    confident = [run for run in runs if run.curves["target_probability"][-1, 0] >= CONFIDENT]
    ends = [pair[1] for run in confident if (pair := similarity(run, 0)) is not None]
    networks = len({run.metadata["classifier"]["name"] for run in runs})
    told = f"Of {len(runs)} stored runs of {networks} networks {len(confident)} end confident ({100 * CONFIDENT:.0f} %)"
    if not ends:
        return Judged(Verdict.NOT_CHECKABLE, f"{told}.")
    repaired = sum(end >= REPAIRED for end in ends)
    verdict = Verdict.HOLDS if not repaired else Verdict.IN_PART if repaired < len(ends) else Verdict.FAILS
    return Judged(
        verdict,
        f"{told}. {repaired or 'None'} of these repaired its hole: similarity to the original (SSIM) ends between "
        f"{min(ends):.2f} and {max(ends):.2f}; {REPAIRED:g} would be a repair.",
    )


def noise() -> Judged:
    """Holds where a second network sees the class no more often than in the noise, and the first one in most."""
    stored = stored_judgements()
    mine, robust = (Judgement.from_json(stored["models"][name]) for name in (ORDINARY, ROBUST))
    own, judge = stored["models"][ORDINARY]["own"], short_title(classifier_title(mine.judge))
    before, after = (Estimate(count / mine.n, *mine.interval(count)) for count in (mine.before, mine.after))
    sees = 2 * own > mine.n and after.minus(before).low <= 0
    return Judged(
        Verdict.HOLDS if sees else Verdict.FAILS,
        f"{classifier_title(ORDINARY)} sees its class in {own} of {mine.n} pictures, {judge} in {_counted(mine)}; in "
        f"the noise before, {mine.before}. In the robust twin’s it sees {_counted(robust)}.",
    )


def _counted(judgement: Judgement) -> str:
    low, high = judgement.interval(judgement.after)
    return f"{judgement.after} (95 % interval {100 * low:.0f} to {100 * high:.0f} %)"


def real_clip() -> str:
    """Whether the paper's CLIP is here, and what it needs."""
    title, state = short_title(classifier_spec(PAPERS_CLIP).title), classifier_state(PAPERS_CLIP)
    if state.status == "ready":
        return f" {title} itself is here, too: predictions, holes and noise can be its own."
    size = format_size(state.download_bytes)
    return f" The real {title} is a download of {size}; predictions, holes and noise are then its own."
