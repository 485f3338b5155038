"""Wall of random words: their stored drawings, what each is recognised as, and a word of it opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from core.classifiers.registry import ClassifierSpec, classifier_title, short_title
from core.pgd.drawings import WORDS, opening_drawings, stored_wall
from core.pgd.pictures import stored_outcomes
from core.pgd.search import COMPARED
from core.shared.text import count_of
from ui.components.mount import webp_data_uri, webp_strip
from ui.components.pictures.pictures import Thumbnails, TileLook, image_picker, pack_thumbnails
from ui.components.replay.replay import Caption, pack_stills
from ui.runs.judge import judged
from ui.runs.outcome import counted
from ui.runs.replay import SEARCH_TITLES
from ui.shared.tables import scrolling_table

_WEBP_QUALITY = 90


def wall(key: str, opened: str | None, specs: Sequence[ClassifierSpec], on_pick: Callable[[str], None]) -> None:
    """Draw the stored drawings of random words.

    key: of the widget, unique on the page. opened: the word that is shown large; one that is not here, or None, marks
    none. specs: the page's networks. on_pick: gets a clicked word.
    """
    stored = stored_wall()
    names = [word.word for word in stored.words]
    is_here = stored.painter in [spec.name for spec in specs]
    painter = "" if is_here else f", by {short_title(classifier_title(stored.painter))}"
    seen = f"**{stored.recognised('views')} of {len(names)} random words**"
    st.markdown(
        f"{seen} are recognised by another network{painter}.",
        help="Nobody chose these words or pictures; failures are here, too. A tick: another network’s first guess of "
        f"the picture is the word. *Details* counts the paper’s search, too. They took {stored.steps} steps."
        f"{_counts_elsewhere()}",
    )
    image_picker(
        _thumbnails(),
        selected=names.index(opened) if opened in names else -1,
        key=key,
        label="Random words, drawn",
        on_pick=lambda place: on_pick(names[place]),
        look=TileLook(columns=10, ticks=[word.drawings["views"].recognised() for word in stored.words]),
    )


def _counts_elsewhere() -> str:
    """Sentence on why other pages count other words, with a space before it; empty without their table."""
    outcomes = stored_outcomes()
    reported = outcomes.pair("draw") if outcomes else None
    if reported is None:
        return ""
    more = len({*reported[1].names} - {str(word.label) for word in stored_wall().words})
    return (
        f" *Story* and *Findings* say {int(reported[1].recognised().sum())} of {reported[1].n}: "
        f"{count_of(more, 'word')} of theirs, underwear, gave way to others here."
    )


@st.cache_resource(show_spinner=False)
def _thumbnails() -> Thumbnails:
    drawn = [(word.word, word.drawings["views"]) for word in stored_wall().words]
    pictures = np.stack([np.asarray(Image.open(drawing.picture).convert("RGB")) for _, drawing in drawn])
    says = [
        word if drawing.recognised() else f"{word}: another network says {drawing.judgements[0].says[0]}"
        for word, drawing in drawn
    ]
    return pack_thumbnails(pictures, says)


def stored_stills(name: str | None) -> dict[str, Any] | None:
    """Return both stored drawings of a word, packed; None if neither the wall nor the opening has it."""
    stored = stored_wall()
    word = next((word for word in stored.words if word.word == name), None)
    if word is None:
        return _stills_of_opening(name) if name in WORDS else None
    pictures = []
    for search in COMPARED:
        drawing = word.drawings[search]
        text, agrees = judged(drawing.judgements[0], 0, word.word)
        caption = Caption(SEARCH_TITLES[search], [text], [agrees])
        pictures.append((caption, webp_data_uri(drawing.picture), drawing.confidence[0]))
    return pack_stills(pictures, stored.side, word.word)


def _stills_of_opening(name: str) -> dict[str, Any]:
    """Return the last moment of both drawings of a word of the opening."""
    pictures = []
    for drawing in opening_drawings(name):
        with Image.open(drawing.picture) as strip:
            last = np.asarray(strip.convert("RGB"))[-strip.width :].transpose(2, 0, 1)
        text, agrees = judged(drawing.judgements[0], 0, name)
        caption = Caption(SEARCH_TITLES[drawing.search], [text], [agrees])
        pictures.append((caption, webp_data_uri(webp_strip(last[None], _WEBP_QUALITY)), drawing.confidence[-1]))
    return pack_stills(pictures, last.shape[-1], name)


def wall_table() -> None:
    """Draw how many random words each judge recognises."""
    stored = stored_wall()
    heads = [classifier_title(judge) for judge in stored.judges]
    n, judges = len(stored.words), range(len(stored.judges))
    rows = [
        (SEARCH_TITLES[search], *(counted(stored.recognised(search, judge), n) for judge in judges))
        for search in COMPARED
    ]
    scrolling_table(("Random words recognised by", *heads), rows, "Random words recognised")
