"""The app's story for a page without Python: its words as HTML, and what the first two figures are handed."""

from __future__ import annotations

import re
from typing import Any

from ui.components.opening import pack_opening
from ui.components.stripes import pack_stripes
from ui.pages.story import told
from ui.story.figures import FIRST_CLASS, OPENING_WORDS, car_under_stripes
from ui.story.shelf import WAVE, opening_runs
from ui.story.steps import STEPS

# Where this edition shows what a step's door leads to in the app.
_DOORS = {"frequency": "#waves", "inpainting": "#inpainting", "generation": "#generation", "findings": "findings.html"}
_LINK = re.compile(r'<a (class="door" )?href="([^"]*)"([^>]*)>(.*?)</a>')


def story() -> dict[str, Any]:
    """The steps' words, and what the components of the first two are handed."""
    steps = [{"name": step.name, "html": _here(told(step))} for step in STEPS]
    runs = opening_runs()
    scenes = [pack_opening(runs, *OPENING_WORDS, place) for place in range(len(runs[0].start))]
    return {
        "steps": steps,
        "opening": {"first": FIRST_CLASS, "scenes": scenes},
        "stripes": {"value": list(WAVE), **pack_stripes(car_under_stripes())},
    }


def _here(html: str) -> str:
    """The same with doors into this edition; links that lead nowhere here are left out."""

    def door(found: re.Match[str]) -> str:
        page = next((here for there, here in _DOORS.items() if there in found[2].split("?")[0]), None)
        return f'<a {found[1] or ""}href="{page}">{found[4]}</a>' if page else ""

    return _LINK.sub(door, html)
