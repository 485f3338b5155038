"""Page *Findings*: the paper's claims about heat maps, each with the evidence of two chosen maps and a verdict."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.claims.features import feature_findings
from core.claims.finding import Finding, Verdict
from core.classifiers.registry import classifier_spec
from core.fourier.maps.contrasts import same_images
from core.runs.painted import stored_painted
from ui.claims.found import found_between
from ui.claims.table import STYLE, findings_html
from ui.maps.catalogue import entries, shipped
from ui.maps.stories import CLIP, RESNET56
from ui.runs.setup.settings import models_in_url
from ui.shared.text import as_markdown
from ui.shared.told import TERMS, say
from ui.shared.url import link
from ui.tabs.row import DISTURBANCES

T = TypeVar("T")

# Both stand in the page's URL.
SUBJECT, REFERENCE = "subject", "reference"

SECTION, MAPS, FEATURES = "section", "Heat maps: section 3.1", "Robust features: section 3.2"
SHIFTS = "Robustness: sections 1 and 4"
SUBJECT_PAINTER, REFERENCE_PAINTER = "mini-clip", "mini-resnet-robust"
# Where what a claim is about can be seen.
_SHOWN_ON = {
    "inpainting": ("squiggles", "corrected", "plausible"),
    "generation": ("likely", "displayed", "sampled"),
}

# Not about two maps that one chooses.
_OF_ALL = ("twins", "contrast", "shift")

_VERBS = {
    Verdict.HOLDS: "hold",
    Verdict.IN_PART: "hold in part",
    Verdict.FAILS: "fail",
    Verdict.UNDECIDED: "cannot be told",
    Verdict.NOT_CHECKABLE: "cannot be checked here",
}
# What the page says, by heading.
WORDS = dict(
    re.findall(r"^## (\w+)\n\n(.*?)\n(?=\n## |$)", Path(__file__).with_suffix(".md").read_text("utf-8"), re.M | re.S)
)


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
    say(" ".join(WORDS["introduction"].split()), *TERMS)
    available = entries()
    if len(available) < 2:
        st.info("A comparison needs two maps: add some on *Frequency sensitivity*.")
        return
    subject, reference = _choose(available, ("Subject", SUBJECT, CLIP), ("Reference", REFERENCE, RESNET56))
    found = [one for one in found_between(subject, reference, *available.values()) if one.claim.key not in _OF_ALL]
    same = " The two are the same map: nothing can differ." if subject == reference else ""
    st.markdown(f"{_summary(found, subject.name, reference.name)}{same}")
    st.html(findings_html(found, shipped()))
    paired = same_images(subject.heatmap, reference.heatmap)
    st.markdown(f"{WORDS['rules']} {WORDS['paired' if paired else 'unpaired']}")


def _shifts() -> None:
    """What the paper says of robustness, of all networks that are here."""
    st.markdown(WORDS["shifts"])
    shelf = shipped()
    found = [one for one in found_between(shelf[CLIP], shelf[RESNET56], *shelf.values()) if one.claim.key in _OF_ALL]
    st.markdown(_summary(found))
    st.html(findings_html(found, shelf, {"shift": link("frequency", ("tab", DISTURBANCES))}))


def _features() -> None:
    """Section 3.2, of any two bundled networks."""
    st.markdown(WORDS["features"])
    names = {spec.title: spec.name for spec in map(classifier_spec, stored_painted("eq3"))}
    chosen = _choose(
        names,
        ("In CLIP’s place", "painter", classifier_spec(SUBJECT_PAINTER).title),
        ("In the robust model’s place", "robust-painter", classifier_spec(REFERENCE_PAINTER).title),
    )
    found = feature_findings(*chosen)
    st.markdown(_summary(found, *(classifier_spec(name).title for name in chosen)))
    links = {page: link(page, *models_in_url(page, "cifar10", chosen)) for page in _SHOWN_ON}
    doors = {key: links[page] for page, keys in _SHOWN_ON.items() for key in keys}
    st.html(findings_html(found, doors=doors))


def _choose(options: Mapping[str, T], *menus: tuple[str, str, str]) -> list[T]:
    """Menus side by side: label, key and first choice of each."""
    labels, places = list(options), st.columns(len(menus))
    return [
        options[
            place.selectbox(
                label, labels, index=labels.index(first) if first in options else 0, key=key, bind="query-params"
            )
        ]
        for place, (label, key, first) in zip(places, menus, strict=True)
    ]


def _summary(found: Sequence[Finding], *names: str) -> str:
    """'CLIP ViT-B/32 against ResNet-56: of 13 claims **5** hold, **2** fail.'"""
    count = Counter(finding.verdict for finding in found)
    told = ", ".join(f"**{count[verdict]}** {word}" for verdict, word in _VERBS.items() if count[verdict])
    whose = f"{' against '.join(map(as_markdown, names))}: of" if names else "Of"
    return f"{whose} {len(found)} claims {told}."
