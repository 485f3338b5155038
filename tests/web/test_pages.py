"""Both pages of the article, with and without a full lab: where their links lead."""

import re

import pytest

from web.__main__ import pages

LAB = "https://app.example"


@pytest.mark.parametrize("app", ["", LAB])
def test_every_link_leads_somewhere(app):
    written = {name: content.decode() for name, content in pages(app).items()}
    places = {f"{name}#{id}" for name, html in written.items() for id in re.findall(r'\bid="([^"]+)"', html)}
    for name, html in written.items():
        links = re.findall(r'<a [^>]*href="([^"]+)"', html)
        assert links
        for link in links:
            place = f"{name}{link}" if link.startswith("#") else link
            assert place in {*places, *written} or place.startswith("https://"), link
    weather = re.search(r'<a href="([^"]+)">See how', written["index.html"])
    assert weather and weather[1].startswith(f"{app}/frequency?" if app else "findings.html#")


def test_clip_is_promised_only_where_it_is():
    with_lab, alone = (pages(app)["index.html"].decode() for app in (LAB, ""))
    assert f'href="{LAB}/models"' in with_lab and "605 MB" in with_lab
    assert "605 MB" not in alone and "CLIP’s own answers" not in alone
