"""Page *Findings*: the paper's claims about heat maps, each with the evidence of two chosen maps and a verdict."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from core.claims.checks import findings
from core.claims.finding import Finding, Verdict
from core.fourier.contrasts import same_images
from core.fourier.kept import kept_with_its_maps
from ui.claims.table import STYLE, findings_table
from ui.maps.catalogue import Entry, entries
from ui.maps.stories import CLIP, RESNET56
from ui.shared.text import as_markdown

# Both stand in the page's URL.
SUBJECT, REFERENCE = "subject", "reference"

_INTRODUCTION = """
What section 3.1 of the paper says about heat maps, put to the maps. The **subject** stands in CLIP’s place, the
**reference** in the ResNet’s: choose any two, and the whole table is computed from them.
"""
_RULES = """
**Verdicts.** *Holds*: the 95 % interval lies on the claimed side of zero, and so does that of every ring where rings
are compared. *Fails*: it holds zero or lies on the other side. “Not affected” and “robust” mean a rise of at most 2
points. Every interval is one of its own. The paper gives no radius for “low” and “high”: here up to 2 cycles per image
(“lowest”: 1), and the corners of the map.
""".strip()
_PAIRED = """
Both maps say which of the same images they misclassify, so their differences are paired, image by image.
""".strip()
_UNPAIRED = """
The two maps do not both say which images they misclassify, so intervals of their difference take them as independent:
on the same images they may be too wide or too narrow.
""".strip()


def page() -> None:
    """Draw the page."""
    st.html(STYLE)
    st.title("Findings: the paper on trial", anchor=False)
    st.markdown(_INTRODUCTION)
    available = entries()
    if len(available) < 2:
        st.info("A comparison needs two maps: add some on *Frequency sensitivity*.")
        return
    left, right = st.columns(2)
    subject = _choose(left, "Subject", SUBJECT, available, CLIP)
    reference = _choose(right, "Reference", REFERENCE, available, RESNET56)
    found = _findings(subject, reference, *available.values())
    st.markdown(_summary(found, subject, reference))
    findings_table(found, {label for label, entry in available.items() if entry.shipped})
    st.markdown(f"{_RULES} {_pairing(subject, reference)}")


def _choose(
    place: st.delta_generator.DeltaGenerator, label: str, key: str, options: dict[str, Entry], first: str
) -> Entry:
    labels = list(options)
    index = labels.index(first) if first in options else 0
    return options[place.selectbox(label, labels, index=index, key=key, bind="query-params")]


@kept_with_its_maps(16)
def _findings(subject: Entry, reference: Entry, *shelf: Entry) -> tuple[Finding, ...]:
    """Kept, as a map never changes and its lattice is drawn ten thousand times."""
    named = {entry.label: entry.named for entry in shelf}
    return findings(named[subject.label], named[reference.label], tuple(named.values()))


def _summary(found: tuple[Finding, ...], subject: Entry, reference: Entry) -> str:
    count = Counter(finding.verdict for finding in found)
    told = ", ".join(f"**{count[verdict]}** {word}" for verdict, word in _VERBS.items() if count[verdict])
    same = " The two are the same map: nothing can differ." if subject == reference else ""
    return f"{as_markdown(subject.name)} against {as_markdown(reference.name)}: of {len(found)} claims {told}.{same}"


_VERBS = {
    Verdict.HOLDS: "hold",
    Verdict.IN_PART: "hold in part",
    Verdict.FAILS: "fail",
    Verdict.NOT_CHECKABLE: "cannot be checked here",
}


def _pairing(subject: Entry, reference: Entry) -> str:
    return _PAIRED if same_images(subject.heatmap, reference.heatmap) else _UNPAIRED
