"""The painting of the chapter *Sketch*: its pictures and sentences before, during and after a run, or stored."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.data.canvases import CANVASES, COMPARED_CANVAS
from core.data.sketches import FIRST_SKETCH
from core.pgd.drawings import GROWTH, GalleryWord, count, drawn_sketches, familiar
from core.pgd.methods import COMPARED
from core.pgd.picture_outcomes import Judgement
from core.pgd.record import PGDRun
from core.shared.numbers import duration, sureness
from core.shared.text import with_article
from ui.components.mount import webp_strip
from ui.components.story.story_parts import Painting
from ui.runs.panel import what_one_sees
from ui.runs.replay import target_of, to_uint8_planes
from ui.runs.second_opinion import judgement_of, second_opinion, to_be_exact
from ui.runs.settings import expected_seconds
from ui.runs.state import ActiveRun, RunRequest, RunResult
from ui.shared.url import one_line

# Sentences on a painting, also of the article: {share} is how sure the painter is, {word} has its article.
SENTENCES = {
    "starts": "Starts from the same picture.",
    "growing": "So far, the painter is {share} sure: {word}.",
    "paper_growing": "{share} sure so far.",
    "ended": "The painter is {share} sure: {word}.",
    "paper": "{share} sure.",
    "paper_alike": "Also {share} sure.",
    "early": "Stopped early. ",
}
_WEBP_QUALITY = 85
_SURE = 0.99


def stored(word: GalleryWord) -> Painting:
    """Return a stored painting with what both networks say of it."""
    paper, views = (word.drawings[method] for method in COMPARED)
    judgements = [next(iter(drawing.judgements), None) for drawing in (paper, views)]
    return Painting(
        phase="ended",
        views=views.picture,
        paper=paper.picture,
        claim=claim(views.confidence, word.word),
        **judged(judgements[1], word.word),
        about_paper=about_paper(paper.confidence, views.confidence, judgements[0], _start_of(word), word.word),
        growth=GROWTH if word.sketch == FIRST_SKETCH else None,
    )


def before(request: RunRequest, is_known: bool) -> Painting:
    """Return what both methods start from, before anything is painted. is_known: True if the painter knows the word."""
    assert request.plan is not None
    picture = _webp(to_uint8_planes(request.plan.start[0]))
    seconds = expected_seconds(request.plan, request.names, request.methods)
    how_long = "" if seconds is None else f" (about {duration(max(1.0, seconds))})"
    text = f"Press Paint{how_long}." if is_known else "Choose a word the network knows."
    return Painting(phase="new", views=picture, paper=picture, claim=text, about_paper=SENTENCES["starts"])


def growing(run: ActiveRun) -> Painting:
    """Return the newest moment of a run in progress."""
    job, plan = run.job, run.run.plan
    job.beat()
    moments, pictures, sure = job.moments(), [plan.start[0]] * len(COMPARED), list[float]()
    if moments:
        pictures = [state.images[0].cpu().numpy() for state in moments[-1]]
        sure = [float(state.target_probability[0]) for state in moments[-1]]
    # Encoded in a third of the time: a redraw takes it from the run.
    paper, views = (webp_strip(to_uint8_planes(picture)[None], _WEBP_QUALITY, effort=0) for picture in pictures)
    return Painting(
        phase="growing",
        views=views,
        paper=paper,
        claim=claim(sure[1], str(plan.targets[0]), "growing") if sure else "",
        judged=what_one_sees(run),
        about_paper=SENTENCES["paper_growing"].format(share=sureness(sure[0])) if sure else SENTENCES["starts"],
    )


def ended(result: RunResult) -> Painting:
    """Return the painting of an ended run, with what both networks say of it."""
    sure = [float(run.curves["target_probability"][-1, 0]) for run in result.runs]
    paper, views = (_webp(run.frames[-1, 0]) for run in result.runs)
    judgements = [None if (said := judgement_of(run)) is None else said.of(0) for run in result.runs]
    early = "" if result.unfinished is None else SENTENCES["early"]
    word, start = target_of(result.runs[1], 0), result.runs[0].metadata["images"].get("start", "")
    text = f"{early}{claim(sure[1], word)} {to_be_exact(result.runs[1], 0)}"
    return Painting(
        phase="ended",
        views=views,
        paper=paper,
        claim=text.strip(),
        **judged(judgements[1], word),
        about_paper=about_paper(sure[0], sure[1], judgements[0], start, word),
    )


def _webp(picture: np.ndarray) -> bytes:
    """Encode a (3, H, W) uint8 picture."""
    return webp_strip(picture[None], _WEBP_QUALITY)


# ---- sentences -----------------------------------------------------------------------------------------------------


def claim(confidence: float, word: str, phase: str = "ended") -> str:
    """Return a sentence on how sure the painter is; phase: a key of `SENTENCES`."""
    return SENTENCES[phase].format(share=sureness(confidence), word=with_article(one_line(word)))


def judged(judgement: Judgement | None, word: str) -> dict[str, Any]:
    """Return what the second network says of the first picture, and True if it agrees, by the names of `Painting`."""
    return {} if judgement is None else dict(zip(("judged", "agrees"), second_opinion(judgement, 0, word), strict=True))


def about_paper(confidence: float, views: float, judgement: Judgement | None, start: str, word: str = "") -> str:
    """Return sentences on the paper's method; only a sure picture that the second network does not recognise is noise.

    confidence: the painter's, in the picture by the paper's method. views: in the painting by many views. start: key in
    `core.pgd.starts.STARTS`. word: what the second network says if it recognises the picture; empty for its class.
    """
    alike = sureness(confidence) == sureness(views)
    sure = SENTENCES["paper_alike" if alike else "paper"].format(share=sureness(confidence))
    opinion, agrees = ("", False) if judgement is None else second_opinion(judgement, 0)
    if judgement is not None and agrees:
        opinion, _ = second_opinion(judgement, 0, word)
    if opinion and confidence > _SURE and not agrees:
        return f"{sure} {'To us it looks like noise' if start in CANVASES else 'What it added looks like noise to us'}."
    if agrees and start == "sketch":
        n = len(drawn_sketches())
        opinion = f"{opinion} It recognises {count('sketch-paper')} of our {n} sketches painted this way."
    return f"{sure} {opinion}".strip()


def _start_of(word: GalleryWord) -> str:
    """Return the start of a stored painting."""
    return "sketch" if word.sketch else "photo" if word.photo else COMPARED_CANVAS


def seen_before(word: GalleryWord, *, is_photo: bool) -> str:
    """Return a sentence on what the networks see in the start of a stored painting; empty if not stored."""
    if not word.before:
        return ""
    painter, judge = word.before[:2]
    if is_photo or judge in familiar():
        subject = "both networks saw" if painter == judge else "the second network saw"
        return f"Before painting, {subject} {with_article(judge)}."
    subject = "the second network didn’t see" if painter == word.word else "neither network saw"
    return f"Before painting, {subject} {with_article(word.word)}."


def first_guess(run: PGDRun) -> str:
    """Return a sentence on what the painter saw in the start of a run; empty for a class that few people know."""
    name = run.metadata["class_names"][int(run.logits[0, 0].argmax())]
    return f"Before painting, the painter saw {with_article(one_line(name))}." if name in familiar() else ""
