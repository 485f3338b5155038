"""Rules of every page: axe-core finds nothing grave, and nothing needs horizontal scrolling."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.waiting import in_page

GRAVE = ("critical", "serious")
# Return every violation, with one example for each rule, and read no style sheets: less than half the time.
OPTIONS = {"resultTypes": ["violations"], "preload": False}


def grave_faults(page: Page) -> list[str]:
    """Return grave violations and wrong heading orders, one line per element."""
    violations = []
    for violation in Axe().run(page, options=OPTIONS).response["violations"]:
        if violation["impact"] in GRAVE or violation["id"] == "heading-order":
            violations += [
                f"{violation['id']}: {node['html'][:200]} ({node['failureSummary']})" for node in violation["nodes"]
            ]
    return violations


def fits(page: Page) -> bool:
    """Return whether nothing needs horizontal scrolling."""
    return page.evaluate(in_page("tooWide")) == 0


def cut(page: Page) -> list[str]:
    """Return tiles of a line that are only partly in sight, and names and words that are wider than their room."""
    tiles = page.locator(".tiles.line .tile, .tiles.across .tile").evaluate_all(
        """tiles => tiles.filter((tile) => {
            const [line, box] = [tile.parentElement, tile].map((node) => node.getBoundingClientRect());
            const isHidden = box.right < line.left + 1 || box.left > line.right - 1;
            const chosen = tile.ariaChecked === "true";
            return (chosen || !isHidden) && (box.left < line.left || box.right > line.right);
        }).map((tile) => tile.title)"""
    )
    texts = page.locator(".word-box input, .line .tile-name").evaluate_all(
        """texts => texts.filter((text) => text.scrollWidth > text.clientWidth)
            .map((text) => text.value ?? text.innerText)"""
    )
    return [*tiles, *texts]
