"""*Fill a hole* in a real browser: replay, paint, fill, stop, go on, leave and return; nothing moves meanwhile."""

import io
import re
import time
from base64 import b64decode
from urllib.parse import parse_qs

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.data.datasets import load_samples
from core.data.holes import hole_alone, read_hole
from core.pgd.examples import RUNS
from core.pgd.record import PGDRun
from tests.browser.conftest import BOTH_BROWSERS
from tests.browser.live_runs import (
    CANVAS,
    SLOW,
    download,
    drawn,
    expect_run,
    expect_step,
    go_to,
    moment,
    said,
    stage_click,
    start,
    step_number,
    stop,
    wait_for_end,
    wait_for_steps,
)
from tests.browser.waiting import wait_until_drawn, wait_until_still
from tests.painter_oracle import brush_mask
from ui.shared.page_pictures import MAX_MB

LARGE = "inpainting-pictures=Photographs"
NEW = re.compile("Press Fill")


@pytest.fixture
def fill_page(app, open_page):
    """`fill_page("inpainting-steps=20", width=390)` -> the page, drawn."""
    return lambda query="", **window: open_page(f"{app}/inpainting?{query}", **window)


def picture(run: PGDRun, frame: int) -> np.ndarray:
    return run.frames[frame, 0].transpose(1, 2, 0)


@pytest.mark.slow
def test_stored_run_replays_exactly(fill_page):
    page = fill_page(f"{LARGE}&inpainting-picture=0")
    run = PGDRun.load(RUNS / "inpainting_photographs-0__efficientnet-lite0.npz")
    steps, middle = run.config.steps, int(run.mask.nonzero()[-1].mean() + 0.5)
    expect_step(page, steps, steps)
    assert np.array_equal(drawn(page), picture(run, -1))
    judged = Image.open(io.BytesIO(b64decode(page.locator(".alone").first.get_attribute("src").partition(",")[2])))
    alone = hole_alone(run.frames[-1, 0], run.mask[0])
    assert np.array_equal(np.asarray(judged.convert("RGB")), alone.transpose(1, 2, 0)), "what the other network saw"
    page.get_by_role("button", name="Compare").click()
    begun = np.rint(255 * run.start[0]).astype(np.uint8).transpose(1, 2, 0)
    half = np.where(np.arange(224)[:, None] < middle, begun, picture(run, -1))
    assert np.array_equal(drawn(page), half), "the start to the left of the hole's middle"
    page.get_by_role("button", name="Compare").click()
    moment(page).focus()
    for key, frame in (("Home", 0), ("ArrowRight", 1)):
        page.keyboard.press(key)
        expect_step(page, run.frame_steps[frame], steps)
        assert np.array_equal(drawn(page), picture(run, frame))
    page.get_by_role("button", name="Play", exact=True).click()
    expect_step(page, steps, steps)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    expect_run(page, "A stored example")


def wait_until(condition) -> None:
    deadline = time.monotonic() + SLOW / 1000
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("browser_name", BOTH_BROWSERS)
def test_hole_is_painted_filled_stopped_and_shared(fill_page, browser_name):
    # Of a photograph, so many steps never end before they are stopped.
    page = fill_page(f"{LARGE}&inpainting-picture=0&inpainting-steps=2000&inpainting-method-224=paper")
    opened_at, clicked = page.url, brush_mask([(200, 30)], 16, height=224, width=224)
    stage_click(page, 200, 30, 224)
    expect(page).not_to_have_url(opened_at)
    mask = read_hole(re.search("inpainting-hole=([^&]+)", page.url)[1], 224)
    assert np.array_equal(mask, clicked), "the proposed hole is gone"
    hole = f"{mask.sum():,} pixels"
    expect(page.locator(".state")).to_contain_text(hole)
    expect(said(page)).to_have_text(NEW)
    wait_until_drawn(page)
    link = page.url
    start(page)
    wait_for_steps(page)
    before = drawn(page)
    wait_until(lambda: not np.array_equal(drawn(page), before))
    stop(page)
    stopped_at = step_number(page)
    assert stopped_at < 2000
    page.get_by_role("button", name="Continue").click()
    wait_for_steps(page)
    wait_until(lambda: step_number(page) > stopped_at)  # the replay shows the last step again
    go_to(page, "Models")
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    go_to(page, "Fill a hole")
    wait_for_steps(page)  # it has gone on meanwhile
    expect(page.locator(".state")).to_contain_text(hole)
    stop(page)
    expect_run(page, "You stopped it after")
    run = PGDRun.from_bytes(download(page, "Run file")[1], name="download")
    assert np.array_equal(run.mask[0], mask) and stopped_at < len(run.curves["loss"]) - 1 < 2000 == run.config.steps
    page.get_by_role("button", name="Share").click()
    shared = page.get_by_test_id("stPopoverBody").locator("code").first.inner_text().strip()
    assert parse_qs(shared.partition("?")[2]) == parse_qs(page.url.partition("?")[2])
    page.goto(link)
    wait_until_drawn(page)
    expect(page.locator(".state")).to_contain_text(hole)
    expect(said(page)).to_have_text(NEW)  # a link runs nothing by itself
    page.get_by_role("button", name="Back to the example").click()
    expect(said(page)).to_have_text("")
    expect(page.locator(".state")).not_to_contain_text(hole)


def test_own_photo_is_filled_on_a_phone(fill_page, tmp_path):
    page = fill_page(f"{LARGE}&inpainting-steps=5", width=390, height=844)
    macaw = load_samples("photographs").images[3].transpose(1, 2, 0)
    Image.fromarray(macaw).save(tmp_path / "mine.png")
    Image.fromarray(np.hstack([macaw, macaw[:, :76]])).save(tmp_path / "wide.png")
    page.get_by_role("button", name="Your photo").click()
    upload, dialog = page.get_by_test_id("stFileUploaderDropzoneInput"), page.get_by_role("dialog")
    refused, listed = dialog.get_by_test_id("stAlert"), dialog.get_by_test_id("stFileChipName").locator("visible=true")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    (tmp_path / "huge.png").write_bytes(bytes(MAX_MB * 2**20 + 1))
    upload.set_input_files(tmp_path / "broken.png")
    expect(refused).to_contain_text("“broken.png”: this file is not a readable")
    upload.set_input_files(tmp_path / "huge.png")  # which the browser refuses
    expect(listed).to_have_text(["huge.png"])
    expect(refused).to_be_hidden()
    upload.set_input_files(tmp_path / "broken.png")
    expect(refused).to_be_visible()
    expect(listed).to_have_text(["broken.png"])
    upload.set_input_files(tmp_path / "mine.png")
    box = page.get_by_role("combobox", name="What should be there?").first  # for a moment also that of the former photo
    expect(box).to_have_value("macaw", timeout=SLOW)
    expect(page.locator(".word-box .note").first).to_contain_text("the network’s own guess")
    expect(page.locator(".state").first).to_contain_text("Hole: 60 × 60 pixels")
    wait_until_drawn(page)
    shown = page.locator(".painter .stage img")
    square = shown.get_attribute("src")
    page.get_by_role("button", name="Your photo").click()
    upload.set_input_files(tmp_path / "wide.png")
    frame = page.get_by_role("slider", name="Frame")
    expect(frame).to_be_visible()
    expect(shown).not_to_have_attribute("src", square)
    wait_until_drawn(page)
    frame.press("Home")  # the same square
    expect(shown).to_have_attribute("src", square)
    expect(box).to_have_value("macaw", timeout=SLOW)
    wait_until_drawn(page)
    start(page)
    wait_for_end(page)
    wait_until_still(page)
    for part in (page.locator(".st-key-run-stage .replay .bar").first, page.locator(CANVAS).last):  # the large picture
        box = part.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= 844, box


@pytest.mark.slow
def test_layout_is_stable_during_a_run(fill_page):
    page = fill_page(LARGE, width=1440, height=900)
    wait_until_still(page)
    watched = f"{CANVAS}, .painter canvas, .painter img, .st-key-inpainting-toolbar, .hole-rate"

    def places(page: Page) -> list[dict]:
        return page.locator(watched).evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")

    before = places(page)
    assert len(before) == 7 and all(place["bottom"] <= 900 for place in before)
    for until in (stop, wait_for_end):
        start(page)
        wait_for_steps(page)
        assert places(page) == before
        until(page)
        wait_until_drawn(page)
        assert places(page) == before
