"""Live jobs with real visitors: two windows share one slot."""

import re

import pytest
from playwright.sync_api import expect


@pytest.fixture
def visitors(streamlit_app, open_page):
    """Two windows; the first one's job runs, the second one's waits."""
    address = f"{streamlit_app('tests/browser/demos.py')}/?demo=job"
    first, second = open_page(address, width=600), open_page(address, width=600)
    first.get_by_role("button", name="Start").click()
    expect(first.get_by_text(re.compile(r"running, 0 in line, [1-9]\d* steps"))).to_be_visible()
    second.get_by_role("button", name="Start").click()
    expect(second.get_by_text("queued, 1 in line, 0 steps")).to_be_visible()
    yield first, second
    for page in (first, second):
        if not page.is_closed():
            button = page.get_by_role("button", name="End the run")
            if button.count():
                button.click()
                expect(page.get_by_text("stopped, 0 in line")).to_be_visible()


@pytest.mark.slow
def test_ending_a_run_shows_and_starts_the_next(visitors):
    first, second = visitors
    first.get_by_role("button", name="End the run").click()
    expect(first.get_by_text(re.compile(r"stopped, 0 in line, \d+ steps"))).to_be_visible()
    expect(second.get_by_text(re.compile(r"running, 0 in line, [1-9]\d* steps"))).to_be_visible()


def test_closing_the_tab_gives_the_slot_to_the_next(visitors):
    first, second = visitors
    first.close()
    expect(second.get_by_text(re.compile(r"running, 0 in line, [1-9]\d* steps"))).to_be_visible()
