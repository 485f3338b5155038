"""Page *Findings*: the paper's claims, each with a verdict and its evidence from chosen maps or networks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

import streamlit as st

from core.claims.claim_table import feature_findings
from core.claims.finding import Finding, Topic
from core.classifiers.registry import result_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.stored import cached_by_files
from core.fourier.outcomes import same_images
from core.pgd.picture_outcomes import judged_outcomes
from core.shared.roles import networks_for
from core.shared.text import JARGON
from ui.maps.catalogue import CLIP, RESNET56, entries, shipped_maps
from ui.maps.chosen_wave import CLAIM, findings_between, link_of
from ui.maps.rings import errors_chart, rings_of
from ui.runs.settings import models_in_url
from ui.shared import url
from ui.shared.page import explain_on_page, scroll_to
from ui.shared.url import as_markdown
from ui.shared.verdicts import STYLE, findings_html, multiplicity, row_id, summary_html

T = TypeVar("T")

SMALL = SAMPLE_SETS["cifar10"]  # networks were judged on its pictures
# In the page's URL: the chosen maps and networks.
_CHOICES = _SUBJECT, REFERENCE, PAINTER, ROBUST_PAINTER = "subject", "reference", "painter", "robust-painter"

TITLE = "Does the paper hold?"
SECTION, ROW = "section", "row"  # in the page's URL: the open tab, a `Topic`; the row that a link led to

# Texts of the page, keyed by heading.
TEXTS = dict(
    re.findall(r"^## (\w+)\n\n(.*?)\n(?=\n## |$)", Path(__file__).with_suffix(".md").read_text("utf-8"), re.M | re.S)
)


@dataclass(frozen=True)
class _Part:
    """Findings of a tab.

    linked: labels of the maps that a URL can name, since every visitor has them. pages: URLs of the
    pages that draw or fill with the chosen networks, by task. about: keys of `TEXTS`. chart: of the maps, as HTML.
    """

    judged: Sequence[Finding]
    linked: Collection[str] = ()
    pages: Mapping[str, str] = field(default_factory=dict)
    about: tuple[str, str] = ("shifts", "rules")
    chart: str = ""

    def url_of(self, finding: Finding) -> str:
        """Return the URL of the page that shows a finding; empty if none does."""
        claim = finding.claim
        if finding.maps:
            return link_of(finding) if set(finding.maps) <= set(self.linked) else ""
        if claim.display.tool:
            return url.link("frequency", ("tab", claim.display.tool), (CLAIM, claim.key))
        if finding.condition or len(claim.tasks) != 1:  # no example by views is stored
            return ""
        return self.pages.get(claim.tasks[0], "")


def page() -> None:
    """Draw the page."""
    st.html(STYLE)
    st.title(TITLE, anchor=False)
    chosen = url.text(ROW)
    summary = st.container(key="findings-summary")
    makers = {Topic.WAVES: _maps, Topic.PICTURES: _features, Topic.CORRUPTIONS: _shifts}
    tabs = st.tabs([str(topic) for topic in makers], key=SECTION, on_change="rerun", bind="query-params")
    judged = dict[Topic, Sequence[Finding]]()
    # The displayed part first: the others, which only the summary needs, may take longer.
    for tab, (topic, make) in sorted(zip(tabs, makers.items(), strict=True), key=lambda pair: not pair[0].open):
        with tab:
            part = make(bool(tab.open))
            judged[topic] = part.judged
            if tab.open:
                _draw(part, chosen)
    is_open = {topic: bool(tab.open) for topic, tab in zip(makers, tabs, strict=True)}
    summary.html(summary_html([finding for topic in makers for finding in judged[topic]], partial(_row_url, is_open)))
    if chosen:
        scroll_to(f"#{chosen}", 1)


def _row_url(is_open: Mapping[Topic, bool], finding: Finding) -> str:
    """Return where a finding's row is: on this page, or on another tab for the same maps and networks."""
    topic, row = finding.claim.topic, row_id(finding)
    if is_open[topic]:
        return f"#{row}"
    choices = [(name, value) for name in _CHOICES for value in url.texts(name)]
    return url.link("findings", *choices, (SECTION, str(topic)), (ROW, row))


def _maps(is_open: bool) -> _Part:
    """Return the claims of section 3.1 for two chosen maps; is_open: whether to draw the menus to choose by."""
    every = entries()
    linked = {label for key in (_SUBJECT, REFERENCE) for label in (*url.texts(key), st.session_state.get(key))}
    available = {label: entry for label, entry in every.items() if label in linked or not entry.more}
    if len(available) < 2:
        if is_open:
            st.info("A comparison needs two maps; add some on *Frequencies*.")
        return _Part(())
    menus = ("In CLIP’s place", _SUBJECT, CLIP), ("In the ResNet’s place", REFERENCE, RESNET56)
    subject, reference = _choose(available, "Other maps", menus, is_open)
    judged = of_topic(Topic.WAVES, findings_between(subject, reference, *every.values()))
    paired = "paired" if same_images(subject.heatmap, reference.heatmap) else "unpaired"
    return _Part(judged, shipped_maps(), about=("rules", paired), chart=errors_chart((subject, reference), judged))


def _shifts(is_open: bool) -> _Part:
    """Return the findings about robustness, over all networks."""
    all_maps = shipped_maps()
    judged = findings_between(all_maps[CLIP], all_maps[RESNET56], *all_maps.values())
    return _Part(of_topic(Topic.CORRUPTIONS, judged), all_maps)


def of_topic(topic: Topic, findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of a tab."""
    return [finding for finding in findings if finding.claim.topic == topic]


def _features(is_open: bool) -> _Part:
    """Return the claims of section 3.2 for any two networks with judged pictures."""
    painted = {name: outcomes for name, outcomes in judged_outcomes().items() if outcomes.metadata["kinds"]}
    facts = {name: outcomes.metadata["classifier"] for name, outcomes in painted.items()}
    titles = {name: result_title(classifier, short=False) for name, classifier in facts.items()}
    subject, reference = (titles[name] for name in networks_for("contrast_of_pictures", painted))
    menus = ("In CLIP’s place", PAINTER, subject), ("In the robust model’s place", ROBUST_PAINTER, reference)
    chosen = _choose({title: name for name, title in titles.items()}, "Other networks", menus, is_open)
    of_set = {"inpainting": ("inpainting-pictures", SMALL.title), "generation": ("generation-set", SMALL.drawn_title)}
    pages = {page: url.link(page, of_set[page], *models_in_url(page, SMALL.class_set, chosen)) for page in of_set}
    return _Part(painted_findings(*chosen), (), pages, ("pictures", "parts"))


@cached_by_files("judgements", entries=16)
def painted_findings(subject: str, reference: str) -> tuple[Finding, ...]:
    """Return `feature_findings`, which take half a second."""
    return feature_findings(subject, reference)


def _choose(options: Mapping[str, T], title: str, menus: Sequence[tuple[str, str, str]], is_open: bool) -> list[T]:
    """Return the chosen options, all of them different, by menus in a popover, given as (label, key, default)."""
    remaining, chosen, names = dict(options), [], []
    bar = st.container(horizontal=True, vertical_alignment="center", key=f"findings-{menus[0][1]}")
    against = bar.container(width="content")
    popover = bar.popover(title, width="content") if is_open else None
    for label, key, first in menus:
        labels = list(remaining)
        if popover is not None:
            index = labels.index(first) if first in remaining else 0
            option = popover.selectbox(label, labels, index=index, key=key, bind="query-params")
        else:
            known = (st.session_state.get(key), url.text(key), first, labels[0])
            option = next(option for option in known if option in remaining)
        names.append(option)
        chosen.append(remaining.pop(option))
    if is_open:
        against.markdown(" against ".join(as_markdown(name.partition(" · ")[0]) for name in names))
    return chosen


def _draw(part: _Part, chosen: str) -> None:
    """Draw a part's table, and how its verdicts are made; chosen: id of the row that a link led to."""
    maps = entries()
    table = findings_html(part.judged, part.url_of, lambda finding: rings_of(finding, maps), chosen)
    st.html(part.chart + explain_on_page(table, "claims", *JARGON))
    with st.expander("How we reach a verdict"):
        for column, key in zip(st.columns(2, gap="large"), part.about, strict=True):
            column.markdown(explain_on_page(TEXTS[key], key, *JARGON), unsafe_allow_html=True)
        st.markdown(multiplicity(part.judged))
