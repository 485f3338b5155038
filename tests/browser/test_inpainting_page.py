"""The pages *Fill a hole* and *Draw* in a real browser: run, stop, run again, leave and return, reload."""

import re
import time

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.data.datasets import load_samples
from core.data.holes_and_sketches import read_hole
from core.pgd.drawings import stored_wall
from core.pgd.run import PGDRun
from core.pgd.starts import RUNS
from tests.browser.live_runs import (
    CANVAS,
    SLOW,
    download,
    expect_run,
    expect_step,
    go_to,
    moment,
    open_details,
    pixels,
    said,
    stage_click,
    start,
    step_number,
    stop,
    wait_for_end,
    wait_for_steps,
)
from tests.browser.waiting import choose_option, wait_until_drawn, wait_until_still
from tests.painter_oracle import stamp_mask
from ui.pages.inpainting import USUAL_TARGET

SMALL = "inpainting-pictures=CIFAR-10"
LARGE = "inpainting-pictures=Photographs"
DRAW_SMALL = "generation-set=CIFAR-10%2C+32+px"
MODEL = "inpainting-models-cifar10=Mini+ResNet"
NEW = re.compile("Not run yet")


@pytest.fixture
def live_page(streamlit_app, open_page):
    """`live_page("?inpainting-steps=20", path="generation", width=390)` -> the page, drawn."""
    return lambda query="", path="inpainting", **window: open_page(f"{streamlit_app('app.py')}/{path}{query}", **window)


def picture(run: PGDRun, frame: int) -> np.ndarray:
    return run.frames[frame, 0].transpose(1, 2, 0)


def test_page_opens_on_a_stored_run_and_replays_it_to_the_byte(live_page):
    page = live_page(f"?{LARGE}&inpainting-picture=0&inpainting-search-224=Pixels")
    run = PGDRun.load(RUNS / "inpainting_photographs-0__efficientnet-lite0.npz")
    expect_step(page, 720, 720)
    assert np.array_equal(pixels(page), picture(run, -1))
    page.get_by_role("button", name="Wipe").click()
    begun = np.rint(255 * run.start[0]).astype(np.uint8).transpose(1, 2, 0)
    half = np.where(np.arange(224)[:, None] < 112, begun, picture(run, -1))
    assert np.array_equal(pixels(page), half), "the start to the left of the border"
    page.get_by_role("button", name="Wipe").click()
    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("Home")
    assert np.array_equal(pixels(page), picture(run, 0))
    page.keyboard.press("ArrowRight")
    assert np.array_equal(pixels(page), picture(run, 1))
    expect_step(page, run.frame_steps[1], 720)
    expect_run(page, "A stored example")


def test_keys_play_step_and_jump(live_page):
    page = live_page(f"?{SMALL}")
    expect_step(page, 720, 720)
    page.get_by_role("button", name="Play", exact=True).focus()
    page.keyboard.press("Home")
    expect_step(page, 0, 720)
    page.keyboard.press("ArrowRight")
    expect_step(page, 24, 720)
    page.keyboard.press("ArrowLeft")
    expect_step(page, 0, 720)
    moment(page).focus()
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause the replay")).to_be_visible()
    expect_step(page, 720, 720)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


@pytest.mark.slow
def test_nothing_moves_when_a_run_begins_stops_and_ends(live_page):
    page = live_page(f"?{LARGE}", width=1440, height=900)
    wait_until_still(page)
    watched = f"{CANVAS}, .painter canvas, .painter img, .st-key-inpainting-toolbar, .hole-rate"

    def places() -> list[dict]:
        return page.locator(watched).evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")

    before = places()
    assert len(before) == 6 and all(place["bottom"] <= 900 for place in before)
    start(page)
    wait_for_steps(page)
    assert places() == before
    wait_for_end(page)
    assert places() == before
    start(page)
    wait_for_steps(page)
    stop(page)
    wait_until_drawn(page)
    assert places() == before


def test_run_stop_and_run_again(live_page):
    page = live_page(f"?{SMALL}&inpainting-steps=2000&{MODEL}")
    start(page)
    wait_for_steps(page)
    before, deadline = pixels(page), time.monotonic() + SLOW / 1000
    while np.array_equal(pixels(page), before):
        assert time.monotonic() < deadline, "the picture does not change"
    stop(page)
    stopped_at = step_number(page)
    assert stopped_at < 2000
    page.get_by_role("button", name="Continue").click()
    wait_for_steps(page)
    deadline = time.monotonic() + SLOW / 1000
    while step_number(page) <= stopped_at:  # the replay shows the last step again
        assert time.monotonic() < deadline
    stop(page)
    start(page)
    wait_for_steps(page)
    stop(page)
    expect(page.get_by_role("button", name="Fill", exact=True)).to_be_enabled()


@pytest.mark.slow
def test_run_goes_on_while_the_visitor_looks_at_another_page(live_page):
    page = live_page(f"?{SMALL}&inpainting-steps=1000&inpainting-lambda=7&{MODEL}")
    stage_click(page, 8, 20, 32)
    mask = stamp_mask([(8, 20)], 16, height=32, width=32) | stamp_mask([(16, 16)], 16, height=32, width=32)
    expect(page.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    wait_until_drawn(page)
    start(page)
    wait_for_steps(page)
    go_to(page, "Models")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    go_to(page, "Fill a hole")
    wait_for_end(page)
    expect_run(page, "Your run, 1,000 steps")
    expect(page.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    run = PGDRun.from_bytes(download(page, "Run file")[1], name="download")
    assert np.array_equal(run.mask[0], mask)
    assert run.config.steps == 1000 and run.metadata["objective"]["weight"] == 7


def test_address_brings_the_whole_state_back(live_page):
    page = live_page(f"?{LARGE}&inpainting-steps=33")
    page.get_by_role("radio", name=re.compile("^macaw")).click()
    expect(page.get_by_role("button", name="macaw, its true class")).to_be_visible()
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
    expect(again.get_by_role("button", name="macaw, its true class")).to_be_visible()


def test_the_papers_square_is_one_press_away(live_page):
    page = live_page(f"?{LARGE}")
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("button", name="60 × 60").click()
    stage_click(page, 100, 100, 224)
    expect(page.locator(".state")).to_contain_text("Hole: 3,600 of")


@pytest.mark.slow
def test_bad_target_and_empty_hole_get_a_sentence_and_nothing_is_lost(live_page):
    # a CLIP would accept any text
    page = live_page(f"?{SMALL}&inpainting-target-cifar10=a+catt&inpainting-steps=21&{MODEL}")
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


def test_small_drawings_run_replay_and_open_large(live_page):
    # Two networks by default, where both are bundled.
    page = live_page(f"?{DRAW_SMALL}&generation-steps=12&generation-models-cifar10=Mini+ResNet", path="generation")
    start(page)
    wait_for_end(page)
    expect_step(page, 12, 12)
    tile = page.locator(".st-key-run-stage .replay button.frame").nth(1)
    expect(tile).to_have_attribute("aria-label", re.compile("automobile, step 12, "))
    last = pixels(page, 1)
    moment(page).focus()
    page.keyboard.press("Home")
    expect(tile).to_have_attribute("aria-label", re.compile("automobile, step 0, "))
    assert not np.array_equal(pixels(page, 1), last)
    tile.click()
    large = page.get_by_role("dialog")
    expect(large.get_by_role("heading", name="automobile")).to_be_visible()
    assert 200 <= large.locator("canvas").bounding_box()["width"] <= 224
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    assert download(page, "Animation")[1][8:12] == b"WEBP"


def test_small_drawings_of_both_networks_are_on_one_screen(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/generation?{DRAW_SMALL}", width=1440, height=900)
    tiles = page.locator(CANVAS)
    expect(tiles).to_have_count(16)
    wait_until_drawn(page)
    boxes = [tiles.nth(k).bounding_box() for k in range(16)]
    for box in boxes:
        assert 96 <= box["width"] <= 128 and box["y"] >= 0 and box["y"] + box["height"] <= 900, box
    assert boxes[8]["y"] > boxes[7]["y"] == boxes[0]["y"] and boxes[15]["y"] == boxes[8]["y"]


def test_a_tile_of_the_wall_opens_its_pair_and_a_word_is_drawn_beside_it(live_page):
    page = live_page("?generation-steps=8", path="generation", width=1440)
    wall, words = page.get_by_role("radiogroup", name="Random words, drawn"), stored_wall().words
    expect(wall.get_by_role("radio")).to_have_count(100)
    count = stored_wall().recognised("views")
    expect(page.get_by_text(f"{count} of 100 random words")).to_be_visible()
    expect(wall.locator(".ticked")).to_have_count(count)
    wall.get_by_role("radio").nth(8).click()
    pair = page.locator(CANVAS)
    for k, title in enumerate(("The picture must convince", "Every view must convince")):
        expect(pair.nth(k)).to_have_attribute("aria-label", re.compile(f"{title}: {words[8].word}, "))
    wait_until_still(page)
    assert pair.nth(1).bounding_box()["width"] > 400
    before = pixels(page, 1)
    box = page.get_by_role("combobox", name="Word to draw")
    box.fill("castle")
    box.press("Enter")
    wait_for_end(page)
    expect(pair.nth(1)).to_have_attribute("aria-label", re.compile("castle, step 8, "))
    assert not np.array_equal(pixels(page, 1)[:160, :160], before)
    expect(page).to_have_url(re.compile("generation-classes-imagenet=castle"))
    wall.get_by_role("radio").nth(8).click()
    expect(pair.nth(1)).to_have_attribute("aria-label", re.compile(f"{words[8].word}, "))


@pytest.mark.slow
def test_a_sketch_becomes_a_picture(live_page):
    page = live_page("?generation-steps=8", path="generation", width=1440)
    page.get_by_text("From a sketch").click()
    expect(page.locator(".painter .stage")).to_be_visible()
    page.get_by_role("radio", name="ship", exact=True).click()
    expect(page.get_by_role("combobox", name="Word to draw")).to_have_value("container ship")
    wait_until_drawn(page)
    begun = pixels(page, 1)
    start(page)
    wait_for_end(page)
    assert not np.array_equal(pixels(page, 1), begun)
    page.get_by_role("button", name="Wipe").click()
    assert np.array_equal(pixels(page, 1)[:, :112], begun[:, :112])


@pytest.mark.slow
def test_another_hole_has_not_run_yet_and_the_way_back_leads_to_the_example(live_page):
    page = live_page(f"?{SMALL}")
    stage_click(page, 4, 4, 32)
    expect(said(page)).to_have_text(NEW)
    page.get_by_role("button", name="Back to the example").click()
    expect(said(page)).to_have_text("")
    expect(page.locator(".state")).to_contain_text("Hole: 256 of")
    page.get_by_role("button", name="its true class").click()
    for target in ("cat", USUAL_TARGET):
        choose_option(
            page.get_by_role("combobox", name=re.compile("Target")),
            page.get_by_role("option", name=target, exact=True),
        )
        expect(said(page)).to_have_text(NEW if target == "cat" else "")
    page.keyboard.press("Escape")
    page.locator(".picker .tile").nth(7).click()
    expect(said(page)).to_have_text(NEW)
    page.get_by_role("button", name="Back to the example").click()
    expect(said(page)).to_have_text("")
    page.get_by_text("Expert settings").click()
    page.get_by_test_id("stRadioGroup").get_by_text("Mean square").click()
    expect(page).to_have_url(re.compile("inpainting-penalty=Mean"))
    run = PGDRun.load(RUNS / "inpainting_cifar10-5-mean-square__mini-clip.npz")
    expect(open_details(page).get_by_role("region", name="This run")).to_contain_text("mean square")
    assert np.array_equal(pixels(page), picture(run, -1))


@pytest.mark.slow
def test_what_is_shown_is_of_the_picture_and_the_hole_that_are_chosen(live_page):
    page = live_page(f"?{SMALL}&inpainting-steps=2000&{MODEL}&inpainting-picture=3")
    shown = load_samples("cifar10-samples").images[3].transpose(1, 2, 0)
    expect(said(page)).to_have_text(NEW)
    start(page)
    wait_for_steps(page)
    stop(page)
    stage_click(page, 28, 28, 32)
    expect(said(page)).to_have_text(NEW)
    hole = read_hole(re.search("inpainting-hole=([^&]+)", page.url)[1], 32)[0]
    assert np.array_equal(pixels(page)[~hole], shown[~hole]) and len(np.unique(pixels(page)[hole], axis=0)) == 1
    page.get_by_role("button", name="Show the last run").click()
    expect(said(page)).to_have_text(re.compile("Your run, stopped by you"))
    expect(page.locator(".state")).to_contain_text("Hole: 256 of")


def own_photograph(page: Page, tmp_path) -> None:
    Image.fromarray(load_samples("photographs").images[3].transpose(1, 2, 0)).save(tmp_path / "mine.png")
    page.get_by_role("button", name="Your photo").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / "mine.png")
    page.get_by_role("button", name="Use this picture").click()


def test_own_photograph_begins_with_the_networks_first_guess_and_a_hole_where_it_looks(live_page, tmp_path):
    page = live_page(f"?{LARGE}")
    own_photograph(page, tmp_path)
    expect(page.get_by_role("button", name="macaw, its own first guess")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("The hole lies where it costs EfficientNet-Lite0 most")).to_be_visible()
    expect(page.locator(".state")).to_contain_text("Hole: 3,600 of")
    expect(said(page)).to_have_text(NEW)
