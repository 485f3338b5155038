"""The second page: every claim with its verdict, from the table of the report and of the app's *Findings*."""

from __future__ import annotations

from functools import partial

from core.claims.picture_verdicts import feature_findings
from core.classifiers.registry import result_title
from core.pgd.pictures import judged_outcomes
from core.shared.roles import networks_for
from core.shared.text import JARGON, explain_terms
from ui.maps.catalogue import CLIP, RESNET56, shipped_maps
from ui.maps.rings import rings_of
from ui.maps.wave import findings_between
from ui.pages.findings import FEATURES, MAPS_SECTION, OF_ALL, SHIFTS, TEXTS
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
    of_all = [finding for finding in of_maps if finding.claim.key in OF_ALL]
    rows = {
        MAPS_SECTION: [finding for finding in of_maps if finding not in of_all],
        FEATURES: feature_findings(*painters),
        SHIFTS: of_all,
    }
    texts = {
        MAPS_SECTION: (
            f"{subject.name} against {reference.name}.",
            TEXTS["rules"],
            TEXTS["unpaired"],
            multiplicity(rows[MAPS_SECTION]),
        ),
        FEATURES: (f"{' against '.join(titles)}.", TEXTS["pictures"], TEXTS["parts"], multiplicity(rows[FEATURES])),
        SHIFTS: (TEXTS["shifts"], multiplicity(rows[SHIFTS])),
    }
    chart = partial(rings_of, maps=maps)
    return [
        (title, explain_terms(paragraphs("\n\n".join(text)) + findings_html(rows[title], picture=chart), *JARGON))
        for title, text in texts.items()
    ]
