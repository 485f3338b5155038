"""The page *Story* in a real browser: what is seen first, the keys, and a figure that fits the window."""

import re

from playwright.sync_api import expect

from tests.browser.waiting import wait_until_drawn
from ui.story.steps import STEPS


def test_the_first_step_is_seen_first_and_the_keys_move_on(streamlit_app, open_page):
    page = open_page(streamlit_app("app.py"), width=1440, height=900)
    heading = page.locator(".story h2")
    expect(page).to_have_title("Story · What does CLIP see?")
    expect(heading).to_have_text(STEPS[0].title)
    expect(page.locator(".st-key-story-figure .verdict").first).to_contain_text("confident of")
    figure = page.locator(".st-key-story-figure").bounding_box()
    assert figure["y"] >= 60 and figure["y"] + figure["height"] <= 900 and figure["x"] + figure["width"] <= 1440
    for step in STEPS[1:5]:
        page.keyboard.press("ArrowRight")
        expect(heading).to_have_text(step.title)
    expect(page).to_have_url(re.compile(r"\?step=5$"))
    wait_until_drawn(page)
    page.locator(".plot").focus()
    page.keyboard.press("ArrowRight")  # there it moves the cursor
    expect(page.locator(".readout")).to_contain_text("(−14, −13)")
    for step in (STEPS[3], STEPS[2]):
        page.go_back()
        expect(heading).to_have_text(step.title)


def test_the_longest_step_fits_a_phone_with_its_buttons_in_sight(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/story?step=1", width=400, height=850)
    assert page.get_by_test_id("stMainBlockContainer").evaluate("e => e.scrollHeight") <= 3500
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    box = page.get_by_role("link", name="Next").bounding_box()
    assert box["y"] + box["height"] <= 850 and box["x"] + box["width"] <= 400
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".story h2")).to_have_text(STEPS[1].title)
