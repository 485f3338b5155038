"""HTML shared by pages and reports. Text is plain before it is rendered here."""

from __future__ import annotations

import html
import re

from core.shared.sentences import Number

# Terms explained at their first occurrence on a page, in at most twelve words.
TERMS = {
    "CLIP": "a network that learned from web images which text fits a picture",
    "ResNet": "a CNN: layers of filters, trained on pictures and their labels",
    "Error": "top-1: share of the n pictures whose most likely class is wrong",
    "wave": "(i, j): cycles down and across; v: its L2 norm per channel",
    "interval": "about 95 of 100 such intervals, from new samples, hold the truth",
    "robust twin": "the same network, trained on pictures that were changed to mislead it",
    "robust": "hard to mislead; in a network’s name: trained against small changes",
    "of no class": "soft random colours, drawn from the covariance of all classes’ images",
    "L2 budget": "largest allowed change: root of the sum of all pixels’ squared changes",
    "Eq. 3": "the paper’s loss: the target’s cross-entropy, plus a penalty outside the hole",
    "top-1": "by the most likely class; top-5 by any of the five likeliest",
    "v": "strength of the wave: its L2 norm per channel",
}
# Terms that no chapter of the story explains in its own words.
JARGON = ("robust twin", "of no class", "L2 budget", "Eq. 3", "top-1", "v")
# Tags, and elements without prose or with their own explanation.
_NO_PROSE = r"<(a|button|style|summary|svg)\b.*?</\1>|<span class=\"tooltip\".*?</span></span>|<[^>]*>"


def bdi(text: str) -> str:
    """Return HTML that shows `text` literally, isolated from the direction of surrounding text."""
    return f"<bdi>{html.escape(text)}</bdi>"


def tooltip(label: str, text: str, *, bold: bool = False) -> str:
    """Return HTML of `label`, underlined with dots, with `text` for pointer, finger or keyboard.

    `ui/components/basics.css` has its look; a report, which is also printed, shows both.
    """
    label, text = html.escape(label), html.escape(text)
    label = f"<b>{label}</b>" if bold else label
    return f'<span class="tooltip" tabindex="0">{label}<span class="tooltip-text" role="tooltip">{text}</span></span>'


def number_html(number: Number, *, bold: bool = False) -> str:
    """Return HTML of a measured number, with any interval in a tooltip."""
    if number.interval:
        return tooltip(number.text, f"95 % interval ({number.interval})", bold=bold)
    return f"<b>{html.escape(number)}</b>" if bold else html.escape(number)


def explain_terms(text: str, *terms: str) -> str:
    """Return HTML with an explanation from `TERMS` in a tooltip at the first occurrence of each of `terms`."""
    remaining = list(terms)

    def explain(match: re.Match[str]) -> str:
        if match[0] not in remaining:
            return match[0]
        remaining.remove(match[0])
        return tooltip(match[0], TERMS[match[0]])

    names = "|".join(map(re.escape, terms))
    return re.sub(rf"{_NO_PROSE}|\b(?:{names})\b", explain, text, flags=re.DOTALL) if terms else text
