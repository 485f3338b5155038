"""The page *Draw* in a real browser: a stroke on a sketch, and the step at which a classifier becomes confident."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.live_runs import SLOW

SKETCH = "?generation-start-from=Sketch&generation-classes-cifar10=horse&generation-models-cifar10=Mini ResNet (robust)"


@pytest.mark.slow
def test_a_stroke_on_the_sketch_draws_anew_without_another_click(streamlit_app, open_page):
    # Small runs start by themselves, however busy the machine is.
    app = streamlit_app("app.py", env={"CLIP_LAB_QUICK_SECONDS": "60"})
    page = open_page(f"{app}/generation{SKETCH}", width=1440, height=1100)
    expect(page.get_by_text(re.compile("The run of this link, computed again, 60 steps"))).to_be_visible(timeout=SLOW)
    picture = page.locator(".replay .model:not(.reference) canvas").first
    before = picture.evaluate("one => one.toDataURL()")
    stage = page.locator(".painter .stage")
    stage.scroll_into_view_if_needed()
    stage.focus()
    page.keyboard.press("6")  # red, which the horse's sky is not
    box = stage.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 60, steps=5)
    page.mouse.up()
    expect(page).to_have_url(re.compile("generation-sketch="), timeout=SLOW)
    changed = "([picture, before]) => picture.toDataURL() !== before"
    page.wait_for_function(changed, arg=[picture.element_handle(), before], timeout=SLOW)
    expect(page.get_by_text(re.compile("Your run, 60 steps"))).to_be_visible(timeout=SLOW)
