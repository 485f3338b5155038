"""Page *Findings*: the paper's claims, each with a verdict and its evidence from chosen maps or networks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.claims.claim import Finding
from core.claims.picture_verdicts import feature_findings
from core.classifiers.registry import result_title
from core.data.picture_files import png_data_uri
from core.fourier.contrasts import BANDS
from core.fourier.outcomes import same_images
from core.pgd.pictures import judged_outcomes
from core.shared.roles import networks_for
from core.shared.text import JARGON
from ui.maps.catalogue import CLIP, RESNET56, entries, shipped_maps
from ui.maps.views import map_picture
from ui.maps.wave import CLAIM, findings_between, link_of
from ui.runs.settings import models_in_url
from ui.shared import url
from ui.shared.page import explain_on_page
from ui.shared.url import as_markdown
from ui.shared.verdicts import STYLE, findings_html, multiplicity, verdict_labels
from ui.tools.registry import CORRUPTIONS_TOOL

T = TypeVar("T")

# Both are in the page's URL.
_SUBJECT, REFERENCE = "subject", "reference"
FILTER, VERDICTS = "findings.verdicts", "verdict"  # key of the session, and the URL's parameter

SECTION, MAPS_SECTION, FEATURES = "section", "Heat maps: section 3.1", "Robust features: section 3.2"
SHIFTS = "Robustness: sections 1 and 4"
# Claims by the page that shows their subject.
_SHOWN_ON = {
    "inpainting": ("squiggles", "corrected", "plausible"),
    "generation": ("likely", "displayed", "sampled"),
}

# URLs of claims that are not about maps, without the chosen networks.
_LINKS = {
    "shift": url.link("frequency", ("tab", CORRUPTIONS_TOOL), (CLAIM, "shift")),
    **{key: url.link(page) for page, keys in _SHOWN_ON.items() for key in keys},
}

# Claims about all networks, not about two chosen maps.
OF_ALL = ("twins", "contrast", "shift")

# Texts of the page, keyed by heading.
TEXTS = dict(
    re.findall(r"^## (\w+)\n\n(.*?)\n(?=\n## |$)", Path(__file__).with_suffix(".md").read_text("utf-8"), re.M | re.S)
)


def page() -> None:
    """Draw the page."""
    st.html(STYLE)
    st.title("Findings: tests of the paper’s claims", anchor=False)
    tabs = st.tabs([MAPS_SECTION, FEATURES, SHIFTS], key=SECTION, on_change="rerun", bind="query-params")
    for tab, draw in zip(tabs, (_maps, _features, _shifts), strict=True):
        if tab.open:
            with tab:
                draw()


def _maps() -> None:
    """Draw the claims of section 3.1 for two chosen maps."""
    every = entries()
    linked = {label for key in (_SUBJECT, REFERENCE) for label in (*url.texts(key), st.session_state.get(key))}
    available = {label: entry for label, entry in every.items() if label in linked or not entry.more}
    if len(available) < 2:
        st.info("A comparison needs two maps; add some on *Frequencies*.")
        return
    menu, rows = _places("Other maps")
    with menu:
        subject, reference = _choose(
            available, ("In CLIP’s place", _SUBJECT, CLIP), ("In the ResNet’s place", REFERENCE, RESNET56)
        )
    judged = [
        finding for finding in findings_between(subject, reference, *every.values()) if finding.claim.key not in OF_ALL
    ]
    paired = "paired" if same_images(subject.heatmap, reference.heatmap) else "unpaired"
    _judged(rows, judged, shipped_maps(), {}, subject.name, reference.name, about=("rules", paired))


def _pictures(finding: Finding) -> str:
    """Return the heat maps of a finding on one or two of them as HTML, in colour at the waves that it compares."""
    bands = {term.partition(" ")[2] for term in (*finding.claim.lhs, *finding.claim.rhs)} & BANDS.keys()
    maps = [entry for label, entry in entries().items() if label in finding.maps and len(finding.maps) < 3]
    return "".join(f'<img src="{png_data_uri(map_picture(entry.heatmap, bands))}" alt="">' for entry in maps)


def _shifts() -> None:
    """Draw the findings about robustness, over all networks."""
    all_maps = shipped_maps()
    judged = [
        finding
        for finding in findings_between(all_maps[CLIP], all_maps[RESNET56], *all_maps.values())
        if finding.claim.key in OF_ALL
    ]
    _judged(st.container(), judged, all_maps, _LINKS, about=("shifts", "rules"))


def _features() -> None:
    """Draw the claims of section 3.2 for any two networks with judged pictures."""
    painted = {name: outcomes for name, outcomes in judged_outcomes().items() if outcomes.metadata["kinds"]}
    facts = {name: outcomes.metadata["classifier"] for name, outcomes in painted.items()}
    titles = {name: result_title(classifier, short=False) for name, classifier in facts.items()}
    subject, reference = (titles[name] for name in networks_for("contrast_of_pictures", painted))
    menu, rows = _places("Other networks")
    with menu:
        chosen = _choose(
            {title: name for name, title in titles.items()},
            ("In CLIP’s place", "painter", subject),
            ("In the robust model’s place", "robust-painter", reference),
        )
    links = {page: url.link(page, *models_in_url(page, "cifar10", chosen)) for page in _SHOWN_ON}
    claim_links = {key: links[page] for page, keys in _SHOWN_ON.items() for key in keys}
    names = [titles[name] for name in chosen]
    _judged(rows, feature_findings(*chosen), (), claim_links, *names, about=("pictures", "parts"))


def _places(menus: str) -> tuple[DeltaGenerator, DeltaGenerator]:
    """Return a popover named `menus` at the right of the filter, and the place of the filter."""
    rows, right = st.columns([5, 1], vertical_alignment="bottom")
    return right.popover(menus, width="stretch"), rows


def _choose(options: Mapping[str, T], *menus: tuple[str, str, str]) -> list[T]:
    """Draw menus, given as (label, key, default), and return the chosen options, all of them different."""
    remaining, chosen = dict(options), []
    for label, key, first in menus:
        labels = list(remaining)
        index = labels.index(first) if first in remaining else 0
        option = st.selectbox(label, labels, index=index, key=key, bind="query-params")
        chosen.append(remaining.pop(option))
    return chosen


def _judged(
    place: DeltaGenerator,
    judged: Sequence[Finding],
    linked: Collection[str],
    links: Mapping[str, str],
    *names: str,
    about: tuple[str, str],
) -> None:
    """Draw a filter button per verdict, with its count, the table, and how it is judged.

    place: of the filter. linked: labels of the maps that a URL can name, since every visitor has them. links: URLs of
    claims that are not about maps, keyed by claim. names: the two compared maps or networks. about: keys of `WORDS`.
    """

    def url_of(finding: Finding) -> str:
        on_map = finding.maps and set(finding.maps) <= set(linked)
        if on_map:
            return link_of(finding)
        return "" if finding.condition else links.get(finding.claim.key, "")  # no example by views is stored

    labels = verdict_labels(judged)
    st.session_state.setdefault(FILTER, [verdict for verdict in labels if verdict in url.texts(VERDICTS)])
    chosen = place.pills(
        f"{' against '.join(map(as_markdown, names))}{': ' if names else ''}{len(judged)} verdicts",
        list(labels),
        selection_mode="multi",
        format_func=labels.__getitem__,
        key=FILTER,
    )
    url.put_all(VERDICTS, [str(verdict) for verdict in chosen], [])
    rows = [finding for finding in judged if not chosen or finding.verdict in chosen]
    st.html(explain_on_page(findings_html(rows, url_of, picture=_pictures, unfold=bool(chosen)), "claims", *JARGON))
    with st.expander("Details: how claims are judged"):
        for column, key in zip(st.columns(2, gap="large"), about, strict=True):
            column.markdown(explain_on_page(TEXTS[key], key, *JARGON), unsafe_allow_html=True)
        st.markdown(multiplicity(judged))
