"""The second page: every claim with its verdict, from the table of the report and of the app's *Findings*."""

from __future__ import annotations

from functools import partial

from core.claims.finding import Topic
from core.claims.table import feature_findings
from core.classifiers.registry import result_title
from core.pgd.pictures import judged_outcomes
from core.shared.roles import networks_for
from core.shared.text import JARGON, explain_terms
from ui.maps.catalogue import CLIP, RESNET56, shipped_maps
from ui.maps.rings import rings_of
from ui.maps.wave import findings_between
from ui.pages.findings import TEXTS, of_topic
from ui.shared.verdicts import findings_html, multiplicity
from ui.story.chapters import paragraphs


def sections() -> list[tuple[str, str]]:
    """Return title and HTML of each part."""
    maps = shipped_maps()
    subject, reference = maps[CLIP], maps[RESNET56]
    of_maps = findings_between(subject, reference, *maps.values())
    painted = judged_outcomes()
    painters = networks_for("contrast_of_pictures", painted)
    titles = [result_title(painted[name].metadata["classifier"], short=False) for name in painters]
    every = (*of_maps, *feature_findings(*painters))
    rows = {topic: of_topic(topic, every) for topic in Topic}
    texts = {
        Topic.WAVES: [f"{subject.name} against {reference.name}.", TEXTS["rules"], TEXTS["unpaired"]],
        Topic.PICTURES: [f"{' against '.join(titles)}.", TEXTS["pictures"], TEXTS["parts"]],
        Topic.CORRUPTIONS: [TEXTS["shifts"]],
    }
    parts = []
    for topic, text in texts.items():
        about = paragraphs("\n\n".join([*text, multiplicity(rows[topic])]))
        table = findings_html(rows[topic], picture=partial(rings_of, maps=maps))
        parts.append((str(topic), explain_terms(about + table, *JARGON)))
    return parts
