"""Violations found by axe-core on a page."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

GRAVE = ("critical", "serious")
# Every violation, but one example of each rule that is kept, and no style sheets read: less than half of the time.
OPTIONS = {"resultTypes": ["violations"], "preload": False}


def grave_faults(page: Page) -> list[str]:
    """Grave violations and wrong heading orders, a line for each element."""
    found = []
    for violation in Axe().run(page, options=OPTIONS).response["violations"]:
        if violation["impact"] in GRAVE or violation["id"] == "heading-order":
            found += [
                f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})" for node in violation["nodes"]
            ]
    return found
