"""Each claim has one verdict and one set of figures: on Story, Findings, Frequency, in the report and the article."""

import html
import re

import pytest

from core.claims.finding import Topic
from tests.ui.page_runner import bodies, components
from tests.ui.story.test_page import opened
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.pages.findings import SECTION
from ui.story.chapters import CHAPTER_NAMES, chapter
from web.findings_page import findings_page

VERDICT = re.compile(r'class="chip[^>]*>\S ([^<]*)<')
# Displayed evidence: '95% interval' precedes the bounds in a tooltip, and nowhere else.
FIGURE = re.compile(r"[+\N{MINUS SIGN}]?\d[\d.,]* ?(?:points|%|cycles per image)(?: \([^)]*\))?")


def plain(text: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", "", text)).replace("95% interval", "").replace("\N{NO-BREAK SPACE}", " ")


def rows(text: str) -> dict[str, tuple[str, str]]:
    """Verdict and text of each claim in an HTML page, by its key; the first of several with one key."""
    parts = re.split(r'data-claim="([a-z0-9-]*)"', text)
    texts = [re.split("<aside>|<div class=.beside|<div class=.footnotes", part)[0] for part in parts[2::2]]
    pairs = zip(parts[-2::-2], reversed(texts), strict=True)
    return {key: (VERDICT.search(row)[1], plain(row)) for key, row in pairs}


def findings_of(**parameters) -> dict[str, tuple[str, str]]:
    app = opened("findings", **parameters)
    return rows("".join(bodies(app)))


@pytest.fixture(scope="module")
def everywhere() -> dict[str, dict[str, tuple[str, str]]]:
    """The rows of *Findings* by their subject."""
    return {
        "papers": findings_of(subject=CLIP, reference=RESNET56),
        "minis": findings_of(subject=MINI_CLIP, reference=MINI_RESNET),
        "first painted": findings_of(**{SECTION: Topic.PICTURES}),
    }


@pytest.mark.parametrize(("name", "about"), [("Wave", "papers"), ("Mixture", "papers")])
def test_story_and_findings_agree(everywhere, name, about):
    parts = chapter(CHAPTER_NAMES.index(name)).parts
    claims = rows("".join(part.claims.partition("<figure")[0] for part in parts))
    assert claims
    for key, (verdict, text) in claims.items():
        assert verdict == everywhere[about][key][0]
        figures = FIGURE.findall(text)
        assert figures and {*figures} <= {*FIGURE.findall(everywhere[about][key][1])}


def test_article_and_findings_agree(everywhere):
    _, sections = findings_page()
    offline = rows("".join(section.table for section in sections))
    for about in ("papers", "first painted"):
        for key, (verdict, text) in everywhere[about].items():
            assert offline[key][0] == verdict and FIGURE.findall(offline[key][1]) == FIGURE.findall(text)


@pytest.mark.parametrize(("cell", "keys", "outline"), [("0,1", ["low"], 2.5), ("5,5", ["low"], 2.5)])
def test_frequencies_and_findings_agree(everywhere, cell, keys, outline):
    app = opened("frequency", maps=[CLIP, RESNET56], cell=cell, pictures="Yours")
    in_page = rows("".join(bodies(app, 'class="judged')))
    assert list(in_page) == keys and components(app, "maps")[0]["outline"] == outline
    for key in keys:
        (verdict, text), (said, figures) = everywhere["papers"][key], in_page[key]
        assert said == verdict and all(figure in text for figure in FIGURE.findall(figures))
