"""The claims and what is found of them, as a page of its own: rows of the app's *Findings*, for the paper's maps."""

from __future__ import annotations

from core.claims.checks import findings
from core.claims.features import feature_findings
from core.reproduce.findings import STYLE, findings_html
from core.runs.stored import TWINS
from ui.maps.catalogue import shipped
from ui.maps.stories import CLIP, RESNET56

TITLE = "Findings: the paper on trial"


def findings_page() -> bytes:
    """findings.html, whole."""
    shelf = {label: entry.named for label, entry in shipped().items()}
    tables = {
        f"{shelf[CLIP].name} against {shelf[RESNET56].name}": findings(
            shelf[CLIP], shelf[RESNET56], tuple(shelf.values())
        ),
        "What Mini CLIP and its robust twin paint": feature_findings(*TWINS),
    }
    body = "".join(f"<h2>{title}</h2>{findings_html(found)}" for title, found in tables.items())
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{TITLE}</title>\n'
        f'<link rel="stylesheet" href="page.css"><link rel="stylesheet" href="asked.css">\n{STYLE}\n</head>\n<body>\n'
        '<header><nav aria-label="Pages"><a href="index.html">What does CLIP see?</a></nav></header>\n'
        f"<main><h1>{TITLE}</h1>{body}</main>\n</body>\n</html>\n"
    ).encode()
