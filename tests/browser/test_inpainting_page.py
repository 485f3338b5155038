"""The pages *Inpainting* and *Generation* in a real browser: run, stop, run again, go away and come back, reload."""

import re
import time

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.runs.file import PGDRun
from tests.browser.waiting import wait_until_drawn
from tests.painter_oracle import stamp_mask
from ui.runs.hole_url import hole_text, read_hole

APP = "tests/browser/apps/live_pages_app.py"
SLOW = 240_000  # milliseconds: loading torch and a classifier on a busy machine
SMALL = "inpainting-pictures=CIFAR-10"
LARGE = "inpainting-pictures=Photographs"


@pytest.fixture
def live_page(streamlit_app, open_page):
    """`live_page("?inpainting-steps=20", path="generation", width=390)` -> the page, drawn."""
    return lambda query="", path="", **window: open_page(f"{streamlit_app(APP)}/{path}{query}", **window)


def start(page: Page) -> None:
    page.get_by_role("button", name="Run", exact=True).click()


def wait_for_steps(page: Page) -> None:
    expect(page.get_by_text(re.compile(r"Step [1-9][\d,]* of .* ms per step"))).to_be_visible(timeout=SLOW)


def stop(page: Page) -> float:
    """Stop the run; returns the seconds until the page shows it."""
    button = page.get_by_role("button", name="Stop the run")
    began = time.perf_counter()
    button.click()
    expect(page.get_by_text(re.compile("Your run, stopped by you"))).to_be_visible()
    return time.perf_counter() - began


def stage_click(page: Page, x: int, y: int, size: int) -> None:
    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    side = stage.bounding_box()["width"]
    stage.click(position={"x": (x + 0.5) * side / size, "y": (y + 0.5) * side / size})


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name, exact=False).first.click()
    return waiting.value.path().read_bytes()


def test_page_opens_on_a_stored_run(live_page):
    page = live_page(f"?{LARGE}")
    expect(page.get_by_text("A stored example, made by the same code as your own runs.")).to_be_visible()
    expect(page.locator(".run-row img")).to_have_count(4)
    expect(page.locator(".run-curves svg[role=img]")).to_have_count(3)
    for source in page.locator(".run-row img").evaluate_all("images => images.map(image => image.src)"):
        assert source.startswith("data:image/png"), "a change is never shown as JPEG"


def test_run_stop_and_run_again(live_page):
    page = live_page(f"?{LARGE}&inpainting-steps=400")
    start(page)
    wait_for_steps(page)
    expect(page.locator(".run-row img")).to_have_count(1)
    picture = page.locator(".run-row img").get_attribute("src")
    expect(page.locator(".run-row img")).not_to_have_attribute("src", picture)
    seconds = stop(page)
    assert seconds < 5, f"stopping took {seconds:.2f} s"
    expect(page.get_by_text(re.compile(r"sure of “tabby”"))).to_be_visible()
    expect(page.locator(".run-row img")).to_have_count(4)
    start(page)
    wait_for_steps(page)
    stop(page)
    expect(page.get_by_role("button", name="Run", exact=True)).to_be_enabled()


def test_run_goes_on_while_the_visitor_looks_at_another_page(live_page):
    page = live_page(f"?{LARGE}&inpainting-steps=30&inpainting-lambda=7")
    stage_click(page, 60, 70, 224)
    mask = stamp_mask([(60, 70)], 60, height=224, width=224) | stamp_mask([(112, 112)], 60, height=224, width=224)
    expect(page.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    wait_until_drawn(page)
    start(page)
    wait_for_steps(page)
    page.get_by_role("link", name="Elsewhere").click()
    expect(page.get_by_role("heading", name="Elsewhere")).to_be_visible()
    page.get_by_role("link", name="Inpainting").click()
    expect(page.get_by_text("Your run, 30 steps")).to_be_visible(timeout=SLOW)
    expect(page.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    run = PGDRun.from_bytes(download(page, "Run file"), name="download")
    assert np.array_equal(run.mask[0], mask)
    assert run.config.steps == 30 and run.metadata["objective"]["weight"] == 7


def test_address_brings_the_whole_state_back(live_page):
    page = live_page(f"?{LARGE}&inpainting-steps=33")
    page.locator(".tile").nth(3).click()
    expect(page.get_by_text("True class: macaw")).to_be_visible()
    stage_click(page, 200, 10, 224)
    mask = stamp_mask([(200, 10)], 60, height=224, width=224) | stamp_mask([(112, 112)], 60, height=224, width=224)
    expect(page).to_have_url(re.compile(re.escape(f"inpainting-hole={hole_text(mask)}")))
    wait_until_drawn(page)
    query = page.url.partition("?")[2]
    again = live_page(f"?{query}")
    expect(again.locator(".state")).to_contain_text(f"{mask.sum():,} of")
    assert read_hole(re.search("inpainting-hole=([^&]+)", again.url)[1], 224).sum() == mask.sum()
    assert "inpainting-steps=33" in again.url and "inpainting-picture=3" in again.url
    expect(again.get_by_text("True class: macaw")).to_be_visible()


def test_bad_target_and_empty_hole_get_a_sentence_and_nothing_is_lost(live_page):
    one = "inpainting-models-cifar10=Mini+ResNet"  # a CLIP would take any words
    page = live_page(f"?{SMALL}&inpainting-target-cifar10=a+catt&inpainting-steps=21&{one}")
    start(page)
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("Target 'a catt' is not among the 10 classes", timeout=SLOW)
    assert "Traceback" not in alert.inner_text()
    page.get_by_role("button", name="Clear", exact=True).click()
    expect(page.locator(".state")).to_contain_text("No hole yet")
    wait_until_drawn(page)
    start(page)
    expect(alert).to_contain_text("The mask is empty, so there is nothing to fill in; paint a hole first.")
    assert "inpainting-steps=21" in page.url
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".state")).to_contain_text("Hole: 81 of")


def test_generation_runs_and_replays(live_page):
    one = "generation-models-cifar10=Mini+ResNet"  # by default there are two, where both are bundled
    page = live_page(f"?generation-set=CIFAR-10%2C+32+px&generation-steps=25&{one}", path="generation")
    start(page)
    expect(page.get_by_text("Your run, 25 steps")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("sure of “horse”")).to_be_visible()
    picture = page.locator(".run-row img[alt^='Picture']")
    last = picture.get_attribute("src")
    page.get_by_role("slider").first.focus()
    page.keyboard.press("Home")
    expect(picture).not_to_have_attribute("src", last)
    expect(picture).to_have_attribute("alt", re.compile("step 0"))
    wait_until_drawn(page)
    assert download(page, "GIF")[:4] == b"GIF8"


@pytest.mark.parametrize("path", ["", "generation"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone(live_page, path, scheme):
    page = live_page(path=path, width=390, height=800, color_scheme=scheme)
    expect(page.locator(".run-curves").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
