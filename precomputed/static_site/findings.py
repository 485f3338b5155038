"""A separate page of claims and findings: the tabs of the app's *Findings*, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from core.claims.features import feature_findings
from core.claims.finding import Finding
from core.classifiers.registry import result_title
from core.reproduce.findings import STYLE, findings_html
from core.runs.picture_outcomes import judged_outcomes
from core.shared.html import JARGON, explained
from core.shared.roles import networks_for
from precomputed.static_site.bundle import PAGE
from precomputed.static_site.markdown import markdown_html
from ui.maps.catalogue import shipped
from ui.maps.judged_maps import findings_between
from ui.maps.presets import CLIP, RESNET56
from ui.pages.findings import FEATURES, MAPS, OF_ALL, SHIFTS, WORDS, about_verdicts

_FILE = "findings.html"
TITLE = "Findings: tests of the paper’s claims"


def findings_page() -> bytes:
    """Return the complete findings.html."""
    body = explained("".join(_sections()), *JARGON)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{TITLE}</title>\n'
        f'<link rel="stylesheet" href="page.css"><link rel="stylesheet" href="tooltip.css">\n{STYLE}\n</head>\n<body>\n'
        f"{_header()}\n"
        f'<main class="findings-page"><h1>{TITLE}</h1>{body}</main>\n</body>\n</html>\n'
    ).encode()


def _sections() -> list[str]:
    """Return the HTML of each of the app's tabs."""
    entries = shipped()
    subject, reference = entries[CLIP], entries[RESNET56]
    of_maps = findings_between(subject, reference, *entries.values())
    painted = judged_outcomes()
    painters = networks_for("painted", painted)
    titles = [result_title(painted[name].metadata["classifier"], short=False) for name in painters]
    features = WORDS["features"].partition(". ")[2]  # without the sentence on choosing networks
    text = markdown_html(
        {"features": features, "shifts": WORDS["shifts"]}
        | {f"about {k}": paragraph for k, paragraph in enumerate(about_verdicts(subject, reference))}
    )
    parts: dict[str, tuple[str, str, Sequence[Finding], str]] = {
        MAPS: (
            "",
            f"{subject.name} against {reference.name}",
            [finding for finding in of_maps if finding.claim.key not in OF_ALL],
            f"<aside>{text['about 0']}{text['about 1']}</aside>",
        ),
        FEATURES: (text["features"], " against ".join(titles), feature_findings(*painters), ""),
        SHIFTS: (text["shifts"], "", [finding for finding in of_maps if finding.claim.key in OF_ALL], ""),
    }
    return [
        f"<h2>{title}</h2>{before}{against and f'<h3>{against}</h3>'}{findings_html(rows)}{after}"
        for title, (before, against, rows, after) in parts.items()
    ]


def _header() -> str:
    """Return the navigation bar of the other pages, with this page marked."""
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    header = index[index.index("<header>") : index.index("</header>")] + "</header>"
    return header.replace('href="#', 'href="index.html#').replace(
        f'href="{_FILE}"', f'href="{_FILE}" aria-current="page"'
    )
