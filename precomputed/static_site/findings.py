"""A separate page of claims and findings: rows of the app's *Findings*, for the paper's maps."""

from __future__ import annotations

from core.claims.checks import findings
from core.claims.features import feature_findings
from core.classifiers.registry import result_title
from core.reproduce.findings import STYLE, findings_html
from core.runs.picture_outcomes import judged_outcomes
from core.shared.roles import networks_for
from precomputed.static_site.bundle import PAGE
from ui.maps.catalogue import shipped
from ui.maps.presets import CLIP, RESNET56

_FILE = "findings.html"
TITLE = "Findings: tests of the paper’s claims"


def findings_page() -> bytes:
    """Return the complete findings.html."""
    all_maps = {label: entry.named for label, entry in shipped().items()}
    painters = networks_for("contrast", judged_outcomes())
    titles = [result_title(judged_outcomes()[name].metadata["classifier"]) for name in painters]
    tables = {
        f"{all_maps[CLIP].name} against {all_maps[RESNET56].name}": findings(
            all_maps[CLIP], all_maps[RESNET56], tuple(all_maps.values())
        ),
        f"What {titles[0]} and {titles[1]} paint": feature_findings(*painters),
    }
    body = "".join(f"<h2>{title}</h2>{findings_html(rows)}" for title, rows in tables.items())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{TITLE}</title>\n'
        f'<link rel="stylesheet" href="page.css"><link rel="stylesheet" href="tooltip.css">\n{STYLE}\n</head>\n<body>\n'
        f"{_header()}\n"
        f"<main><h1>{TITLE}</h1>{body}</main>\n</body>\n</html>\n"
    ).encode()


def _header() -> str:
    """Return the navigation bar of the other pages, with this page marked."""
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    header = index[index.index("<header>") : index.index("</header>")] + "</header>"
    return header.replace('href="#', 'href="index.html#').replace(
        f'href="{_FILE}"', f'href="{_FILE}" aria-current="page"'
    )
