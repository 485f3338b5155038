"""The second page: every claim with its verdict, from the table of the report and of the app's *Findings*."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from core.claims.claim_table import feature_findings
from core.claims.finding import Topic
from core.classifiers.registry import result_title
from core.pgd.picture_outcomes import judged_outcomes
from core.shared.roles import networks_for
from core.shared.text import JARGON, explain_terms
from ui.maps.catalogue import CLIP, RESNET56, shipped_maps
from ui.maps.chosen_wave import findings_between
from ui.maps.rings import errors_chart, rings_of
from ui.pages.findings import TEXTS, of_topic
from ui.shared.verdicts import findings_html, multiplicity, summary_html
from ui.story.chapters import paragraphs

WEATHER = Topic.CORRUPTIONS.name.lower()  # id of the part on fog, noise and robust twins


@dataclass(frozen=True)
class Section:
    """A part of the page: its id, its title, the networks that it is about as text, and its table and rules as HTML."""

    id: str
    title: str
    about: str
    table: str
    rules: str


def findings_page() -> tuple[str, list[Section]]:
    """Return how many claims have each verdict as HTML, and the parts of the page."""
    maps = shipped_maps()
    subject, reference = maps[CLIP], maps[RESNET56]
    of_maps = findings_between(subject, reference, *maps.values())
    painted = judged_outcomes()
    painters = networks_for("contrast_of_pictures", painted)
    titles = [result_title(painted[name].metadata["classifier"], short=False) for name in painters]
    every = (*of_maps, *feature_findings(*painters))
    about = {
        Topic.WAVES: (f"{subject.name} against {reference.name}.", ("rules", "unpaired")),
        Topic.PICTURES: (f"{' against '.join(titles)}.", ("pictures", "parts")),
        Topic.CORRUPTIONS: ("", ("shifts", "rules")),
    }
    sections = []
    for topic, (networks, texts) in about.items():
        judged = of_topic(topic, every)
        table = explain_terms(findings_html(judged, picture=partial(rings_of, maps=maps)), *JARGON)
        chart = errors_chart((subject, reference), judged) if topic == Topic.WAVES else ""
        rules = paragraphs("\n\n".join([*(TEXTS[name] for name in texts), multiplicity(judged)]))
        sections.append(Section(topic.name.lower(), str(topic), networks, chart + table, rules))
    return summary_html(every), sections
