"""Links with parameters, and navigation between pages, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.waiting import wait_until_drawn, wait_until_still


@pytest.fixture
def app(streamlit_app):
    return streamlit_app("app.py")


def test_parameters_of_a_link_arrive_and_stay_also_below_a_page(app, open_page):
    page = open_page(f"{app}/inpainting/x?inpainting-steps=77", width=1440)
    expect(page).to_have_title(re.compile("^Fill a hole"))
    wait_until_drawn(page)
    expect(page.locator("h1")).to_be_visible()
    wait_until_still(page)
    assert re.match(rf"{app}/inpainting\?.*inpainting-steps=77", page.url)


@pytest.mark.slow
def test_the_first_visitor_of_a_server_may_come_to_any_page(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py', env={'ASKED_BY': 'nobody yet'})}/models", width=1440)
    expect(page).to_have_title(re.compile("^Models"))
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(6)


def test_pages_are_in_sight_on_a_phone(app, open_page):
    page = open_page(f"{app}/models", width=400, height=850)
    tabs = page.locator(".st-key-page-tabs").get_by_role("link")
    expect(tabs).to_have_text(["Story", "Frequencies", "Fill a hole", "Draw", "Findings", "Models"])
    boxes = [tab.bounding_box() for tab in tabs.all()]
    assert len({box["y"] for box in boxes}) == 1 and max(box["x"] + box["width"] for box in boxes) <= 400
    cut = "tab => [tab, ...tab.querySelectorAll('*')].some(e => e.clientWidth && e.scrollWidth > e.clientWidth)"
    assert not any(tab.evaluate(cut) for tab in tabs.all())
    tabs.nth(1).click()
    expect(page).to_have_title(re.compile("^Frequencies"))
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(".st-key-page-tabs")).to_be_hidden()
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(6)


@pytest.mark.slow
def test_back_leaves_a_page_at_once_and_returns_to_its_state(app, open_page):
    page = open_page(f"{app}/story?chapter=wave", width=1440)

    def follow(name, expected):
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page).to_have_title(re.compile(f"^{expected}"))
        wait_until_drawn(page)

    def back(expected, url):
        page.go_back()
        expect(page).to_have_title(re.compile(f"^{expected}"))
        wait_until_drawn(page)
        assert page.url == url

    follow("Frequencies", "Frequencies")
    plot = page.locator(".st-key-frequency-lab .plot").first
    for place in (40, 80, 120):  # each click changes the URL
        before = page.url
        plot.click(position={"x": place, "y": place})
        page.wait_for_url(lambda url, before=before: url != before)
        wait_until_drawn(page)
    cell = page.url
    follow("Findings", "Findings")
    page.get_by_role("tab", name="Robust features").click()
    wait_until_drawn(page)
    section = page.url
    assert "section=" in section
    follow("Draw", "Draw")
    back("Findings", section)
    expect(page.get_by_role("tab", name="Robust features")).to_have_attribute("aria-selected", "true")
    back("Frequencies", cell)
    back("Story", f"{app}/story?chapter=wave")


@pytest.mark.slow
def test_the_paper_can_be_cited(app, open_page):
    footer = open_page(f"{app}/findings", width=1440).locator(".st-key-footer")
    footer.get_by_role("button", name="Share").click()
    popover = footer.page.get_by_test_id("stPopoverBody")
    popover.get_by_text("Cite", exact=True).click()
    for key in ("galindo-faria-clip-robustness", "yin2019fourier", "santurkar2019image", "radford2021learning"):
        expect(popover).to_contain_text(key)
    expect(popover.get_by_test_id("stCode")).to_have_count(3)
