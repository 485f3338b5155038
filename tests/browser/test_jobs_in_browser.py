"""Live jobs with real visitors: two windows share one slot."""

import re

from playwright.sync_api import expect


def test_closing_the_tab_gives_the_slot_to_the_next(streamlit_app, open_page):
    address = f"{streamlit_app('tests/browser/demos.py')}/?demo=job"
    first, second = open_page(address, width=600), open_page(address, width=600)
    running = re.compile(r"running, 0 in line, [1-9]\d* steps")
    first.get_by_role("button", name="Start").click()
    expect(first.get_by_text(running)).to_be_visible()
    second.get_by_role("button", name="Start").click()
    expect(second.get_by_text("queued, 1 in line, 0 steps")).to_be_visible()
    first.close()
    expect(second.get_by_text(running)).to_be_visible()
    second.get_by_role("button", name="End the run").click()
    expect(second.get_by_text("stopped, 0 in line")).to_be_visible()
