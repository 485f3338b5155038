"""The pages *Fill a hole* and *Draw* in a real browser: run, stop, run again, leave and return, reload."""

import re
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from core.data.datasets import load_samples
from core.data.painted import read_hole
from core.pgd.run import PGDRun
from core.pgd.starts import RUNS
from tests.browser.live_runs import (
    READ,
    SLOW,
    download,
    go_to,
    pixels,
    rendering,
    rgb,
    stage_click,
    start,
    step_number,
    step_of,
    stop,
    wait_for_steps,
    wholly_in_the_window,
)
from tests.browser.waiting import choose_option, wait_until_drawn
from tests.painter_oracle import stamp_mask
from tests.ui.replay_reader import verdict
from ui.pages.inpainting import USUAL_TARGET

SMALL = "inpainting-pictures=CIFAR-10"
LARGE = "inpainting-pictures=Photographs"


@pytest.fixture
def live_page(streamlit_app, open_page):
    """`live_page("?inpainting-steps=20", path="generation", width=390)` -> the page, drawn."""
    return lambda query="", path="inpainting", **window: open_page(f"{streamlit_app('app.py')}/{path}{query}", **window)


def test_page_opens_on_a_stored_run_and_replays_it_to_the_byte(live_page):
    page = live_page(f"?{LARGE}&inpainting-picture=0&inpainting-search-224=Pixels")
    expect(page.get_by_text("A stored example, made like your own runs.")).to_be_visible()
    run = PGDRun.load(RUNS / "inpainting_photographs-0__efficientnet-lite0.npz")
    expect(page.locator("[class*='-panel'] .replay .verdict")).to_have_text(verdict(run, 0))
    expect(page.locator("[class*='-panel'] .replay .chart svg:visible")).to_have_count(1)
    for name, expected in (("Original", run.original[0]), ("With the hole", np.rint(255 * run.start[0]))):
        read = page.get_by_role("img", name=name, exact=True).evaluate(READ)
        assert np.array_equal(rgb(read), expected.transpose(1, 2, 0)), name
    last, start = run.frames[-1, 0].astype(int), np.rint(255 * run.start[0]).astype(int)
    assert np.array_equal(pixels(page), last.transpose(1, 2, 0))
    page.get_by_role("button", name="Change", exact=True).click()
    change = np.floor((127.5 + 10 * (last - start)).clip(0, 255) + 0.5).clip(0, 255).transpose(1, 2, 0)
    assert np.array_equal(pixels(page), change)
    page.get_by_role("button", name="Picture", exact=True).click()
    page.get_by_role("button", name="Next picture").focus()
    page.keyboard.press("Home")
    assert np.array_equal(pixels(page), run.frames[0, 0].transpose(1, 2, 0))
    page.get_by_role("button", name="Next picture").click()
    assert np.array_equal(pixels(page), run.frames[1, 0].transpose(1, 2, 0))
    expect(page.locator("[class*='-panel'] .replay .verdict")).to_have_text(verdict(run, 0, 1))
    expect(step_of(page)).to_have_text(f"step {run.frame_steps[1]} of 720")


def test_keys_play_step_and_jump(live_page):
    page = live_page(f"?{SMALL}")
    step = step_of(page)
    expect(step).to_have_text("step 720 of 720")
    page.get_by_role("button", name="Previous picture").focus()
    page.keyboard.press("Home")
    expect(step).to_have_text("step 0 of 720")
    chart = page.locator("[class*='-panel'] .replay .chart").first
    firsts = re.findall(r" from ([\d.]+ %) to ", chart.locator("svg").get_attribute("aria-label"))
    keys = chart.locator(".key").all_inner_texts()
    assert keys == firsts, "the curve begins with the value at step 0"
    page.keyboard.press("ArrowRight")
    expect(step).to_have_text("step 24 of 720")
    page.keyboard.press("ArrowLeft")
    expect(step).to_have_text("step 0 of 720")
    page.locator("[class*='-panel'] .replay .scrubber").focus()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause the replay")).to_be_visible()
    expect(step).to_have_text("step 720 of 720")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.slow
def test_small_pictures_are_smooth_until_square_pixels_are_asked_for(live_page):
    page = live_page(f"?{SMALL}")
    squares = page.get_by_title("Show every pixel as a square")
    expect(squares).to_have_attribute("aria-pressed", "false")
    assert rendering(page) == {"auto"}
    squares.click()
    expect(squares).to_have_attribute("aria-pressed", "true")
    assert rendering(page) == {"pixelated"}
    page.get_by_role("button", name="Previous picture").click()
    expect(step_of(page)).to_have_text("step 696 of 720")
    assert rendering(page) == {"pixelated"}
    page.get_by_role("button", name="Change", exact=True).click()
    assert rendering(page) == {"pixelated"}
    go_to(page, "Models")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    go_to(page, "Fill a hole")
    expect(squares).to_have_attribute("aria-pressed", "true")
    assert rendering(page) == {"pixelated"}
    squares.click()
    assert rendering(page) == {"auto"}


@pytest.mark.slow
def test_large_picture_in_the_dialog_has_the_pixels_that_were_asked_for(live_page):
    page = live_page("?generation-set=CIFAR-10%2C+32+px", path="generation")
    page.get_by_title("Show every pixel as a square").click()
    page.locator("[class*='-panel'] .replay button.frame").first.click()
    expect(page.get_by_role("dialog").locator("canvas").first).to_have_css("image-rendering", "pixelated")
    assert rendering(page) == {"pixelated"}


@pytest.mark.slow
def test_pictures_of_photographs_offer_no_square_pixels(live_page):
    page = live_page(f"?{LARGE}")
    expect(page.locator("[class*='-panel'] .replay canvas").first).to_have_css("image-rendering", "auto")
    expect(page.get_by_title("Show every pixel as a square")).to_be_hidden()


@pytest.mark.slow
def test_running_paused_and_finished_run_stay_wholly_in_the_window_at_one_place(live_page):
    page = live_page(f"?{SMALL}&inpainting-steps=2000", width=1440, height=900)
    expect(step_of(page)).to_have_text("step 720 of 720")
    wait_until_drawn(page)
    wholly_in_the_window(page)
    start(page)
    wait_for_steps(page)
    wholly_in_the_window(page)
    place = page.locator("[class*='-panel'] .replay .pictures canvas").first.bounding_box()
    page.get_by_role("button", name="Pause the run").click()
    go_on = page.get_by_role("button", name="Continue the run")
    expect(go_on).to_be_visible()
    expect(step_of(page)).to_have_text(re.compile(r"step [\d,]+ of 2,000"))
    page.get_by_role("button", name="Previous picture").focus()
    page.keyboard.press("Home")
    expect(step_of(page)).to_have_text("step 0 of 2,000")
    wholly_in_the_window(page)
    assert page.locator("[class*='-panel'] .replay .pictures canvas").first.bounding_box() == place
    go_on.click()
    wait_for_steps(page)
    stop(page)
    wait_until_drawn(page)
    wholly_in_the_window(page)
    assert abs(page.locator("[class*='-panel'] .replay .pictures canvas").first.bounding_box()["y"] - place["y"]) <= 10
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollHeight") <= 1800
    page.set_viewport_size({"width": 1920, "height": 1080})
    wholly_in_the_window(page)


def test_run_stop_and_run_again(live_page):
    page = live_page(f"?{SMALL}&inpainting-steps=2000&inpainting-models-cifar10=Mini+ResNet")
    start(page)
    wait_for_steps(page)
    picture, deadline = pixels(page), time.monotonic() + SLOW / 1000
    while np.array_equal(pixels(page), picture):
        assert time.monotonic() < deadline, "the picture does not change"
    stop(page)
    expect(page.locator("[class*='-panel'] .replay .verdict")).to_have_text(re.compile(r"is now .* confident of “dog”"))
    step = step_of(page)
    stopped_at = step_number(step)
    assert stopped_at < 2000
    page.get_by_role("button", name="Continue the run").click()
    wait_for_steps(page)
    deadline = time.monotonic() + SLOW / 1000
    while step_number(step) <= stopped_at:  # the replay shows the last step again
        assert time.monotonic() < deadline
    stop(page)
    expect(page.get_by_role("button", name="Stop the run")).to_be_hidden()
    start(page)
    wait_for_steps(page)
    stop(page)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


@pytest.mark.slow
def test_run_goes_on_while_the_visitor_looks_at_another_page(live_page):
    page = live_page(f"?{SMALL}&inpainting-steps=1000&inpainting-lambda=7&inpainting-models-cifar10=Mini+ResNet")
    stage_click(page, 8, 20, 32)
    mask = stamp_mask([(8, 20)], 16, height=32, width=32) | stamp_mask([(16, 16)], 16, height=32, width=32)
    expect(page.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    wait_until_drawn(page)
    start(page)
    wait_for_steps(page)
    go_to(page, "Models")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    go_to(page, "Fill a hole")
    expect(page.get_by_text("Your run, 1,000 steps")).to_be_visible(timeout=SLOW)
    expect(page.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    run = PGDRun.from_bytes(download(page, "Run file")[1], name="download")
    assert np.array_equal(run.mask[0], mask)
    assert run.config.steps == 1000 and run.metadata["objective"]["weight"] == 7


def test_address_brings_the_whole_state_back(live_page):
    page = live_page(f"?{LARGE}&inpainting-steps=33")
    page.get_by_role("button", name="Pictures").click()
    page.locator(".tile").nth(3).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text("macaw, its true class")).to_be_visible()
    wait_until_drawn(page)
    before = page.url
    stage_click(page, 200, 200, 224)
    expect(page).not_to_have_url(before)
    wait_until_drawn(page)
    mask = read_hole(re.search("inpainting-hole=([^&]+)", page.url)[1], 224)
    assert mask[stamp_mask([(200, 200)], 60, height=224, width=224)].all() and mask.sum() > 3600
    query = page.url.partition("?")[2]
    again = live_page(f"?{query}")
    expect(again.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    assert read_hole(re.search("inpainting-hole=([^&]+)", again.url)[1], 224).sum() == mask.sum()
    assert "inpainting-steps=33" in again.url and "inpainting-picture=3" in again.url
    expect(again.get_by_text("macaw, its true class")).to_be_visible()


@pytest.mark.slow
def test_bad_target_and_empty_hole_get_a_sentence_and_nothing_is_lost(live_page):
    model = "inpainting-models-cifar10=Mini+ResNet"  # a CLIP would accept any text
    page = live_page(f"?{SMALL}&inpainting-target-cifar10=a+catt&inpainting-steps=21&{model}")
    start(page)
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("Target 'a catt' is not among the 10 classes", timeout=SLOW)
    assert "Traceback" not in alert.inner_text()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator(".state")).to_contain_text("No hole yet")
    wait_until_drawn(page)
    start(page)
    expect(alert).to_contain_text("The mask is empty; paint a hole first.")
    assert "inpainting-steps=21" in page.url
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".state")).to_contain_text("Hole: 256 of")


def test_generation_runs_and_replays(live_page):
    model = "generation-models-cifar10=Mini+ResNet"  # two by default, where both are bundled
    page = live_page(f"?generation-set=CIFAR-10%2C+32+px&generation-steps=12&{model}", path="generation")
    wait_until_drawn(page)
    start(page)
    expect(page.get_by_text(re.compile("Your run, 12 steps"))).to_be_visible(timeout=SLOW)
    expect(page.locator("[class*='-panel'] .replay .verdict").first).to_have_text(
        re.compile("is now .* confident of “airplane”")
    )
    tile = page.locator("[class*='-panel'] .replay button.frame").nth(1)
    expect(tile).to_have_attribute("aria-label", re.compile("automobile, picture at step 12: "))
    last = pixels(page, 1)
    page.locator("[class*='-panel'] .replay .scrubber").focus()
    page.keyboard.press("Home")
    expect(tile).to_have_attribute("aria-label", re.compile("automobile, picture at step 0: "))
    assert not np.array_equal(pixels(page, 1), last)
    tile.click()
    large = page.get_by_role("dialog")
    expect(large.get_by_text("2: automobile")).to_be_visible()
    assert large.locator("canvas").bounding_box()["width"] > 250
    page.keyboard.press("End")
    expect(large.locator(".verdict")).to_have_text(re.compile("is now .* confident of “automobile”"))
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert download(page, "Animation")[1][8:12] == b"WEBP"
    page.keyboard.press("Escape")
    page.get_by_text("ImageNet, 224 px").click()
    expect(page.get_by_text("Settings changed").or_(page.get_by_text("Not run yet")).first).to_be_visible()
    start(page)  # the same number of steps with both searches
    for search in ("pixels", "views"):
        drawn = page.get_by_role("img", name=re.compile(f" by {search}, volcano, picture at step 12: "))
        expect(drawn).to_be_visible(timeout=SLOW)


def test_generation_shows_both_models_rows_on_one_screen(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/generation?generation-set=CIFAR-10%2C+32+px", width=1440, height=900)
    tiles = page.locator("[class*='-panel'] .replay .pictures canvas")
    expect(tiles).to_have_count(16)
    wait_until_drawn(page)
    boxes = [tiles.nth(k).bounding_box() for k in range(16)]
    for box in boxes:
        assert 96 <= box["width"] <= 128 and box["y"] >= 0 and box["y"] + box["height"] <= 900, box
    assert boxes[8]["y"] > boxes[7]["y"] == boxes[0]["y"] and boxes[15]["y"] == boxes[8]["y"]
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight") <= 1800


@pytest.mark.slow
def test_another_hole_has_not_run_yet_and_the_way_back_leads_to_the_example(live_page):
    page = live_page(f"?{SMALL}")
    new = page.locator(".st-key-inpainting-status").get_by_text("Not run yet")
    expect(page.get_by_text("A stored example")).to_be_visible()
    stage_click(page, 4, 4, 32)
    expect(new).to_be_visible()
    expect(step_of(page)).to_have_text("Not run yet")
    page.get_by_role("button", name="Back to the example").click()
    expect(new).to_be_hidden()
    expect(page.locator(".state")).to_contain_text("Hole: 256 of")
    page.get_by_role("button", name="its true class · change").click()
    for target in ("cat", USUAL_TARGET):
        choose_option(
            page.get_by_role("combobox", name=re.compile("Target")),
            page.get_by_role("option", name=target, exact=True),
        )
        expect(new).to_be_visible(visible=target == "cat")
    page.get_by_role("button", name="Pictures").click()
    page.locator(".tile").nth(7).click()
    expect(new).to_be_visible()
    page.get_by_role("button", name="Back to the example").click()
    expect(new).to_be_hidden()
    page.get_by_role("button", name="Settings").click()
    page.get_by_test_id("stRadioGroup").get_by_text("Mean square").click()
    expect(page).to_have_url(re.compile("inpainting-penalty=Mean"))
    run = PGDRun.load(RUNS / "inpainting_cifar10-5-mean-square__mini-clip.npz")
    expect(page.locator("[class*='-panel'] .replay .verdict").first).to_have_text(verdict(run, 0))
    expect(new).to_be_hidden()


@pytest.mark.slow
def test_what_is_shown_is_of_the_picture_and_the_hole_that_are_chosen(live_page):
    model = "inpainting-models-cifar10=Mini+ResNet"
    page = live_page(f"?{SMALL}&inpainting-steps=2000&{model}&inpainting-picture=3")
    picture = load_samples("cifar10-samples").images[3].transpose(1, 2, 0)
    original = page.get_by_role("img", name="Original", exact=True)
    expect(step_of(page)).to_have_text("Not run yet")
    assert np.array_equal(rgb(original.evaluate(READ)), picture)
    expect(page.get_by_role("button", name="Run", exact=True)).to_have_count(1)
    page.get_by_role("button", name="Run what is chosen").click()
    wait_for_steps(page)
    stop(page)
    stage_click(page, 28, 28, 32)
    expect(step_of(page)).to_have_text("Not run yet")
    hole = read_hole(re.search("inpainting-hole=([^&]+)", page.url)[1], 32)[0]
    assert np.array_equal(pixels(page)[~hole], picture[~hole]) and len(np.unique(pixels(page)[hole], axis=0)) == 1
    page.get_by_role("button", name="Show the last run").click()
    expect(page.get_by_text(re.compile("Your run, stopped by you"))).to_be_visible()
    expect(page.locator(".state")).to_contain_text("Hole: 256 of")


def test_own_photograph_begins_with_the_networks_first_guess_and_a_hole_where_it_looks(live_page, tmp_path):
    page = live_page(f"?{LARGE}")
    Image.fromarray(load_samples("photographs").images[3].transpose(1, 2, 0)).save(tmp_path / "mine.png")
    page.get_by_role("button", name="Pictures").click()
    page.get_by_role("dialog").get_by_text("Yours").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / "mine.png")
    page.get_by_role("button", name="Use this picture").click()
    expect(page.get_by_role("button", name="macaw, its own first guess")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("of 25 places, it costs EfficientNet-Lite0 most")).to_be_visible()
    expect(page.locator(".state")).to_contain_text("Hole: 3,600 of")
    expect(page.locator(".st-key-inpainting-status").get_by_text("Not run yet")).to_be_visible()
