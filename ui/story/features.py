"""What the stored judgements say of the story's claims about holes and drawings: verdict and numbers. No torch."""

from __future__ import annotations

from functools import cache

from core.claims.finding import Verdict
from core.claims.gradient_spectrum import agreement, gradient_finding, stored_gradient
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, classifier_state, classifier_title
from core.fourier.intervals import newcombe
from core.numbers import decimal
from core.runs.judgement import Judgement
from core.runs.painted import Painted, stored_painted
from ui.maps.models import short_title
from ui.models.classifier_table import format_size
from ui.runs.words import share_interval
from ui.story.shelf import shipped
from ui.story.step import Judged

ORDINARY, ROBUST = "mini-clip", "mini-clip-robust"
TWINS = ("Mini ResNet", "Mini ResNet, robust", "Mini CLIP", "Mini CLIP, robust")  # titles of the bundled pairs


def hole() -> Judged:
    """Holds where a second network recognises the robust twin's filled holes more often, and both are confident."""
    mine, robust = (stored_painted("eq3")[name] for name in (ORDINARY, ROBUST))
    return _recognised(mine, robust, "holes")


def drawing() -> Judged:
    """The same of drawings that begin with blurs."""
    mine, robust = (stored_painted("blur")[name] for name in (ORDINARY, ROBUST))
    return _recognised(mine, robust, "blurs")


@cache
def gradient() -> Judged:
    """Whether the gradient says which waves mislead, for each bundled pair of twins, as on *Findings*."""
    verdicts, told, overrated = [], [], 0
    for name in TWINS:
        entry = shipped()[f"{name} · CIFAR-10 · computed"]
        stored = stored_gradient(entry.heatmap)
        found = None if stored is None else agreement(stored, entry.heatmap)
        assert found is not None  # of these maps
        verdicts.append(gradient_finding(entry.named).verdict)
        told.append(f"{name.partition(', ')[2] or name} {decimal(found.waves.value, 2)}")
        overrated += found.overrated is not None
    verdict = Verdict.IN_PART
    if len(set(verdicts)) == 1:
        verdict = verdicts[0]
    hedge = f" {overrated} of {len(TWINS)} gradients overrate some waves." if overrated else ""
    return Judged(verdict, f"Rank correlation: {'; '.join(told)}.{hedge}")


def _recognised(mine: Painted, robust: Painted, starts: str) -> Judged:
    """What another network makes of the results of both, from the same starts."""
    ordinary, other = mine.judgement, robust.judgement
    confident = min(mine.own, robust.own) > mine.n / 2
    return Judged(
        Verdict.HOLDS
        if confident and newcombe(other.share(other.after), ordinary.share(ordinary.after)).low > 0
        else Verdict.FAILS,
        f"Of {mine.n} {starts}, {classifier_title(ORDINARY)} ends seeing the class in {mine.own}, its twin in "
        f"{robust.own}; {short_title(classifier_title(ordinary.judge))} first in {ordinary.before}, "
        f"then in {_counted(ordinary)} and {_counted(other)}.",
    )


def _counted(judgement: Judgement) -> str:
    return f"{judgement.after} ({share_interval(judgement, judgement.after)})"


def real_clip() -> str:
    """Whether the paper's CLIP is here, and what it needs."""
    title, state = short_title(classifier_spec(PAPERS_CLIP).title), classifier_state(PAPERS_CLIP)
    if state.status == "ready":
        return f" {title} itself is here, too: Inpainting and Generation open with it."
    size = format_size(state.download_bytes)
    return f" The real {title} is a download of {size}."
