"""The page *Findings* in a real browser: narrow tables, deep links, choices in the URL."""

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import choose_option, wait_until_drawn


@pytest.fixture
def findings(streamlit_app, open_page):
    """`findings("?subject=...", width=400)` -> the page with its table drawn."""

    def open_findings(query: str = "", **window):
        page = open_page(f"{streamlit_app('app.py')}/findings{query}", **window)
        expect(page.locator(".findings tbody tr")).not_to_have_count(0)
        expect(page.locator(".st-key-footer")).to_be_visible()
        return page

    return open_findings


def test_every_verdict_is_in_sight_on_a_phone_and_a_rows_link_leads_to_the_state_that_shows_it(findings):
    page = findings(width=400)
    wait_until_drawn(page)
    chips = page.locator(".findings .chip")
    assert chips.count() == page.locator(".findings tbody tr").count()
    assert all(chip.bounding_box()["x"] + chip.bounding_box()["width"] <= 400 for chip in chips.all())
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator(".findings tr[data-claim=high]").get_by_role("link").click()
    expect(page).to_have_title("Frequencies · What does CLIP see?")
    expect(page.get_by_text("CLIP ViT-B/32 minus ResNet-56").first).to_be_visible()
    expect(page.locator(".readout").first).to_contain_text("(−14, −14)")


@pytest.mark.slow
def test_a_choice_stands_in_the_url_and_is_found_there(findings):
    page = findings(width=1440)
    first = page.locator(".findings tbody").first.inner_text()
    subject = page.get_by_role("option", name="Mini CLIP · CIFAR-10 · computed", exact=True)
    page.get_by_role("button", name="Other maps").click()
    choose_option(page.get_by_role("combobox", name="In CLIP’s place"), subject)
    expect(page.get_by_text("Mini CLIP against ResNet-56: 12 verdicts")).to_be_visible()
    wait_until_drawn(page)
    assert "subject=" in page.url and page.locator(".findings tbody").first.inner_text() != first
    again = findings("?" + page.url.partition("?")[2], width=1440)
    expect(again.get_by_text("Mini CLIP against ResNet-56: 12 verdicts")).to_be_visible()
