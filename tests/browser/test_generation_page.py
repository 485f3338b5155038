"""The page *Draw* in a real browser as an instrument: a stroke on a sketch, and the step at which one is sure."""

import re

import pytest
from playwright.sync_api import expect

from core.runs.file import PGDRun
from core.runs.stored import stored_path
from tests.browser.live_runs import SLOW, start
from tests.browser.waiting import wait_until_drawn
from tests.ui.replay_reader import first_sure

SKETCH = "?generation-start-from=Sketch&generation-classes-cifar10=horse&generation-models-cifar10=Mini ResNet (robust)"


def test_the_button_goes_to_the_first_frame_at_which_a_network_is_sure(streamlit_app, open_page):
    small = "generation-set=CIFAR-10%2C+32+px"
    page = open_page(f"{streamlit_app('app.py')}/generation?{small}", width=1440, height=900)
    run = PGDRun.load(stored_path("generation", "cifar10", "mini-clip"))
    wait_until_drawn(page)
    step, words = first_sure(run, 0)
    page.get_by_role("button", name=f"{words}: go there").click()
    shown = next(int(frame) for frame in run.frame_steps if frame >= step)
    expect(page.locator(".replay .step")).to_have_text(f"step {shown} of 60")
    marks = page.locator(".replay datalist option").evaluate_all("all => all.map(one => one.value)")
    assert str(run.frame_steps.tolist().index(shown)) in marks
    dot = page.locator(".replay circle.dot").first
    expect(dot).to_be_visible()


@pytest.mark.slow
def test_a_stroke_on_the_sketch_draws_anew_without_another_click(streamlit_app, open_page):
    # Whatever else this machine does meanwhile, small runs start by themselves.
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


def test_on_a_phone_run_brings_progress_and_result_into_sight(streamlit_app, open_page):
    app = streamlit_app("app.py", env={"CLIP_LAB_QUICK_SECONDS": "0"})
    query = "generation-set=CIFAR-10%2C+32+px&generation-steps=20&generation-models-cifar10=Mini+ResNet"
    page = open_page(f"{app}/generation?{query}&generation-classes-cifar10=dog", width=390, height=844)
    wait_until_drawn(page)
    start(page)
    expect(page.get_by_text("Your run, 20 steps")).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    for part in (page.locator(".replay .transport"), page.locator(".replay .model:not(.reference) canvas").first):
        box = part.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 844, box


def test_a_setting_in_a_closed_popover_follows_the_page(streamlit_app, open_page):
    app = streamlit_app("app.py", env={"CLIP_LAB_QUICK_SECONDS": "0"})
    page = open_page(f"{app}/inpainting?inpainting-pictures=CIFAR-10", width=1440, height=900)
    settings, steps = page.get_by_role("button", name="Settings"), page.get_by_role("spinbutton", name="Steps")
    settings.click()
    steps.fill("30")
    steps.press("Enter")
    expect(page).to_have_url(re.compile("inpainting-steps=30"))
    page.keyboard.press("Escape")
    expect(steps).to_be_hidden()
    page.get_by_role("button", name="Back to the example").click()
    expect(page).not_to_have_url(re.compile("inpainting-steps=30"))
    page.get_by_role("radio", name="9 × 9 (paper)").or_(page.get_by_role("button", name="9 × 9 (paper)")).click()
    wait_until_drawn(page)
    settings.click()
    expect(steps).to_have_value("720")
    assert "inpainting-steps=30" not in page.url
