"""Sentences on a page: intervals and what terms mean stand behind a dotted underline, one number a sentence is bold.

A tooltip that pointer, finger and keyboard reach; `ui/components/asked.css` has its look. Text stays plain until here,
so that reports and files can have it too.
"""

from __future__ import annotations

import html
import re

import streamlit as st

from core.shared.html import tooltip

# What is explained where it first stands in a sentence, in at most twelve words.
TERMS = {
    "CLIP": "a network that learned from the web which text fits a picture",
    "ResNet": "a CNN: layers of filters, trained on pictures and their labels",
    "Error": "top-1: share of the n pictures whose likeliest class is wrong",
    "wave": "(i, j): cycles down and across; v: its L2 norm per channel",
    "interval": "of 100 samples as large, about 95 such intervals hold the truth",
    "robust": "trained against small changes; its twin was trained without",
}
# As `core.numbers` writes them: '33.1 % (32.2 to 34.0)', '7 of 10 (40 to 89 %)', '0.42 (0.3 to 0.5; p = 0.03)'.
_UNIT = r"(?: %| points(?: (?:higher|lower))?| cycles per image| of \d[\d,]*)?"
_NUMBER = rf"[+\N{{MINUS SIGN}}]?\d+(?:[.,]\d+)*{_UNIT}|the noise"
MEASURED = re.compile(rf"({_NUMBER}) \((?:95 % interval )?([^() ]+(?: %)? to [^()]*)\)")
_SENTENCE = re.compile(r"(?<=\.) ")


def told(text: str, *terms: str, bold: bool = True) -> str:
    """Plain text as HTML, with what `TERMS` says of `terms` where each first stands.

    bold: whether a sentence's only number with an interval is.
    """
    parts, left = [], list(terms)
    for sentence in _SENTENCE.split(text):
        place, found, only = 0, "", bold and len(MEASURED.findall(sentence)) == 1
        marks = re.compile("|".join([MEASURED.pattern, *(rf"\b{term}\b" for term in left)]))
        for mark in marks.finditer(sentence):
            found += html.escape(sentence[place : mark.start()])
            place = mark.end()
            if mark[1]:
                found += tooltip(mark[1], f"95 % interval ({mark[2]})", bold=only)
            elif mark[0] in left:
                left.remove(mark[0])
                found += tooltip(mark[0], TERMS[mark[0]])
            else:  # once more in the sentence that explained it
                found += mark[0]
        parts.append(found + html.escape(sentence[place:]))
    return " ".join(parts)


def say(text: str, *terms: str) -> None:
    """Draw a paragraph of plain text, as `told`."""
    st.html(f'<p class="told">{told(text, *terms)}</p>')
