"""A separate page of claims and findings, with the tabs and filters of the app's *Findings*."""

from __future__ import annotations

import html
from collections.abc import Collection, Sequence

from core.claims.features import feature_findings
from core.claims.finding import Finding
from core.classifiers.registry import result_title
from core.reproduce.findings import STYLE, findings_html, verdict_labels
from core.runs.picture_outcomes import judged_outcomes
from core.shared.html import JARGON, explain_terms
from core.shared.roles import networks_for
from precomputed.static_site.bundle import PAGE
from precomputed.static_site.links import url_here
from precomputed.static_site.maps import usual_maps
from precomputed.static_site.markdown import markdown_html
from ui.maps.catalogue import shipped_maps
from ui.maps.judged_maps import findings_between, link_of
from ui.maps.presets import CLIP, RESNET56
from ui.pages.findings import FEATURES, LINKS, MAPS, OF_ALL, SHIFTS, WORDS, about_verdicts, number_of_verdicts

_FILE = "findings.html"
TITLE = "Findings: tests of the paper’s claims"


def findings_page() -> bytes:
    """Return the complete findings.html."""
    body = explain_terms("".join(_sections()), *JARGON)
    links = _of_index("<link", '"tooltip.css">')  # icon and styles
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{TITLE}</title>\n'
        f"{links}\n{STYLE}\n"
        '<script src="findings.js" defer></script>\n</head>\n<body>\n'
        f"{_header()}\n"
        f'<main class="findings-page"><h1>{TITLE}</h1>{body}</main>\n</body>\n</html>\n'
    ).encode()


def _sections() -> list[str]:
    """Return the HTML of each of the app's tabs."""
    entries = shipped_maps()
    subject, reference = entries[CLIP], entries[RESNET56]
    of_maps = findings_between(subject, reference, *entries.values())
    painted = judged_outcomes()
    painters = networks_for("painted", painted)
    titles = [result_title(painted[name].metadata["classifier"], short=False) for name in painters]
    features = WORDS["features"].partition(". ")[2]  # without the sentence on choosing networks
    text = markdown_html(
        {"features": features, **{key: WORDS[key] for key in ("pictures", "parts", "shifts")}}
        | {f"about {k}": paragraph for k, paragraph in enumerate(about_verdicts(subject, reference))}
    )
    parts: dict[str, tuple[str, str, Sequence[Finding], str]] = {
        MAPS: (
            "",
            f"{subject.name} against {reference.name}",
            [finding for finding in of_maps if finding.claim.key not in OF_ALL],
            f"<aside>{text['about 0']}{text['about 1']}</aside>",
        ),
        FEATURES: (
            text["features"],
            " against ".join(titles),
            feature_findings(*painters),
            f"<aside>{text['pictures']}{text['parts']}</aside>",
        ),
        SHIFTS: (text["shifts"], "", [finding for finding in of_maps if finding.claim.key in OF_ALL], ""),
    }
    maps = usual_maps()
    return [
        f"<section><h2>{title}</h2>{before}{_filter(rows, against)}"
        f"{findings_html(rows, lambda finding: _url(finding, maps))}{after}</section>"
        for title, (before, against, rows, after) in parts.items()
    ]


def _filter(findings: Sequence[Finding], against: str) -> str:
    """Return a box per verdict, as the app's; `page/findings.js` shows the rows of the checked ones."""
    boxes = "".join(
        f'<label><input type="checkbox" value="{verdict}">{html.escape(label)}</label>'
        for verdict, label in verdict_labels(findings).items()
    )
    legend = html.escape(number_of_verdicts(findings, against))
    return f'<fieldset class="choice pills" hidden><legend>{legend}</legend>{boxes}</fieldset>'


def _url(finding: Finding, maps: Collection[str]) -> str:
    """Return the URL of the section that shows a finding; empty if that needs maps of the full app."""
    if finding.maps:
        url = link_of(finding) if set(finding.maps) <= set(maps) else ""
    else:
        url = LINKS.get(finding.claim.key, "")
    return url and f"index.html{url_here(url)}"


def _header() -> str:
    """Return the navigation bar of the other pages, with this page marked."""
    return (
        _of_index("<header>", "</header>")
        .replace('href="#', 'href="index.html#')
        .replace(f'href="{_FILE}"', f'href="{_FILE}" aria-current="page"')
    )


def _of_index(start: str, end: str) -> str:
    """Return the first part of the other pages between two texts, with both."""
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    at = index.index(start)
    return index[at : index.index(end, at)] + end
