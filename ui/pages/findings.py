"""Page *Findings*: the paper's claims about heat maps, each with the evidence of two chosen maps and a verdict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from core.claims.checks import findings
from core.claims.features import feature_findings
from core.claims.finding import Finding, Verdict
from core.classifiers.registry import classifier_spec
from core.fourier.contrasts import same_images
from core.fourier.kept import kept_with_its_maps
from core.runs.painted import stored_painted
from ui.claims.table import STYLE, findings_table
from ui.maps.catalogue import Entry, entries
from ui.maps.stories import CLIP, RESNET56
from ui.runs.settings import models_in_url
from ui.shared.text import as_markdown
from ui.shared.url import link
from ui.tabs.row import DISTURBANCES

# Both stand in the page's URL.
SUBJECT, REFERENCE = "subject", "reference"

SECTION, MAPS, FEATURES = "section", "Heat maps: section 3.1", "Robust features: section 3.2"
SHIFTS = "Robustness: sections 1 and 4"
SUBJECT_PAINTER, REFERENCE_PAINTER = "mini-clip", "mini-resnet-robust"
# Where what a claim is about can be seen.
_SHOWN_ON = {
    "squiggles": "inpainting",
    "corrected": "inpainting",
    "plausible": "inpainting",
    "likely": "generation",
    "displayed": "generation",
    "sampled": "generation",
}

# Not about two maps that one chooses.
_OF_ALL = ("twins", "contrast", "shift")

_INTRODUCTION = """
The **subject** stands in CLIP’s place, the **reference** in the ResNet’s: choose any two; the table is computed from
them.
"""
_RULES = """
**Verdicts.** *Holds*: the 95 % interval lies on the claimed side of zero, and so does that of every ring where rings
are compared. *Fails*: it holds zero or lies on the other side. “Not affected” and “robust” mean a rise of at most 2
points. The paper gives no radius for “low” and “high”: here up to 2 cycles per image
(“lowest”: 1), and the corners of the map.
""".strip()
_FEATURES = """
Here, too, choose any two bundled networks. Each filled the same holes of 16 × 16 in CIFAR-10 test images, by Eq. 3 with
the paper’s settings and by the mean square in a third of the steps, three times as large; and drew from the same starts
of each kind. A judge, a network that painted none of them, says which class it sees, and another one of another family.
Differences are paired, picture by picture. *Holds in part*: by one penalty, from one kind of start, or to one judge.
"""
_SHIFTS = """
What the paper says of robustness, judged by all bundled networks and ResNet-56: each robust twin against its ordinary
one, by heat maps, by hybrid images and by real disturbances; and the order of all of them.
"""
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
    maps, features, shifts = st.tabs([MAPS, FEATURES, SHIFTS], key=SECTION, on_change="rerun", bind="query-params")
    if features.open:
        with features:
            _features()
    elif shifts.open:
        with shifts:
            _shifts()
    else:
        with maps:
            _maps()


def _maps() -> None:
    """Section 3.1, of any two maps."""
    st.markdown(_INTRODUCTION)
    available = entries()
    if len(available) < 2:
        st.info("A comparison needs two maps: add some on *Frequency sensitivity*.")
        return
    left, right = st.columns(2)
    subject = _choose(left, "Subject", SUBJECT, available, CLIP)
    reference = _choose(right, "Reference", REFERENCE, available, RESNET56)
    found = [one for one in _findings(subject, reference, *available.values()) if one.claim.key not in _OF_ALL]
    st.markdown(_summary(found, subject, reference))
    findings_table(found, {label for label, entry in available.items() if entry.shipped})
    st.markdown(f"{_RULES} {_pairing(subject, reference)}")


def _shifts() -> None:
    """What the paper says of robustness, of all networks that are here."""
    st.markdown(_SHIFTS)
    shelf = {label: entry for label, entry in entries().items() if entry.shipped}
    found = [one for one in _findings(shelf[CLIP], shelf[RESNET56], *shelf.values()) if one.claim.key in _OF_ALL]
    st.markdown(f"Of {_verdicts(found)}.")
    findings_table(found, shelf, {"shift": link("frequency", ("tab", DISTURBANCES))})


def _features() -> None:
    """Section 3.2, of any two bundled networks."""
    st.markdown(_FEATURES)
    titles = {classifier_spec(name).title: name for name in stored_painted("eq3")}
    left, right = st.columns(2)
    subject, reference = (
        place.selectbox(label, titles, index=list(titles.values()).index(first), key=key, bind="query-params")
        for place, label, key, first in (
            (left, "In CLIP’s place", "painter", SUBJECT_PAINTER),
            (right, "In the robust model’s place", "robust-painter", REFERENCE_PAINTER),
        )
    )
    names = titles[subject], titles[reference]
    found = feature_findings(*names)
    st.markdown(_counted(found, subject, reference))
    doors = {page: link(page, *models_in_url(page, "cifar10", names)) for page in set(_SHOWN_ON.values())}
    findings_table(found, doors={key: doors[page] for key, page in _SHOWN_ON.items()})


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


def _summary(found: Sequence[Finding], subject: Entry, reference: Entry) -> str:
    same = " The two are the same map: nothing can differ." if subject == reference else ""
    return f"{_counted(found, subject.name, reference.name)}{same}"


def _counted(found: Sequence[Finding], subject: str, reference: str) -> str:
    return f"{as_markdown(subject)} against {as_markdown(reference)}: of {_verdicts(found)}."


def _verdicts(found: Sequence[Finding]) -> str:
    count = Counter(finding.verdict for finding in found)
    told = ", ".join(f"**{count[verdict]}** {word}" for verdict, word in _VERBS.items() if count[verdict])
    return f"{len(found)} claims {told}"


_VERBS = {
    Verdict.HOLDS: "hold",
    Verdict.IN_PART: "hold in part",
    Verdict.FAILS: "fail",
    Verdict.UNDECIDED: "cannot be told",
    Verdict.NOT_CHECKABLE: "cannot be checked here",
}


def _pairing(subject: Entry, reference: Entry) -> str:
    return _PAIRED if same_images(subject.heatmap, reference.heatmap) else _UNPAIRED
