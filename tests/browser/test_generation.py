"""*Paint* in a real browser: small drawings, the gallery, a word of one's own, a sketch that becomes a picture."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

from core.data.canvases import CANVASES
from core.data.sketches import SKETCHES, draw_sketch, smooth_sketch
from core.pgd.drawings import counted, stored_gallery
from core.pgd.examples import RUNS
from core.pgd.record import PGDRun
from tests.browser.canvases import TOUCH, pixels
from tests.browser.checks import fits
from tests.browser.live_runs import CANVAS, SLOW, download, drawn, expect_step, moment, start, wait_for_end
from tests.browser.waiting import wait_until_drawn, wait_until_still

SMALL = "generation-set=CIFAR-10%2C+32+px"


@pytest.fixture
def draw_page(app, open_page):
    """`draw_page("generation-steps=8")` -> the page in a wide window, drawn."""
    return lambda query: open_page(f"{app}/generation?{query}", width=1440, height=900)


def test_small_drawings_fit_and_replay(draw_page):
    page = draw_page(f"{SMALL}&generation-steps=12")
    tiles = page.locator(CANVAS)
    expect(tiles).to_have_count(16)
    wait_until_drawn(page)
    boxes = [tiles.nth(k).bounding_box() for k in range(16)]
    for box in boxes:
        assert 96 <= box["width"] <= 128 and box["y"] >= 0 and box["y"] + box["height"] <= 900, box
    assert boxes[8]["y"] > boxes[7]["y"] == boxes[0]["y"] and boxes[15]["y"] == boxes[8]["y"]
    stored = PGDRun.load(RUNS / "generation_cifar10__mini-clip.npz").frames[-1, 3]
    assert np.array_equal(drawn(page, 3), stored.transpose(1, 2, 0))
    start(page)
    wait_for_end(page)
    expect_step(page, 12, 12)
    tile = tiles.nth(1)
    expect(tile).to_have_attribute("aria-label", re.compile("automobile, step 12, "))
    last = drawn(page, 1)
    moment(page).focus()
    page.keyboard.press("Home")
    expect(tile).to_have_attribute("aria-label", re.compile("automobile, step 0, "))
    assert not np.array_equal(drawn(page, 1), last)
    assert download(page, "Save animation")[1][8:12] == b"WEBP"
    assert download(page, "Save video")[1][4:8] == b"ftyp"


def test_chosen_try_is_shown_and_linked(draw_page):
    page = draw_page(f"{SMALL}&generation-steps=9&generation-method-32=views&generation-classes-cifar10=deer")
    page.get_by_role("button", name="Four at once").click()
    tiles = page.locator(".st-key-run-stage .replay .choice button:enabled")
    expect(tiles).to_have_count(4, timeout=SLOW)
    wait_until_drawn(page)
    tries, large = [drawn(page, k) for k in range(4)], 4
    assert len({picture.tobytes() for picture in tries}) == 4
    expect(tiles.nth(3)).to_have_attribute("aria-label", re.compile("Try 4 of 4: deer. A second network says .*%"))
    line, agrees = page.get_by_text("The second network picked this one."), page.locator(".replay .says.recognised")
    picked = [tiles.nth(k).get_attribute("aria-pressed") for k in range(4)].index("true")
    expect(line).to_have_count(min(1, agrees.count()))
    chosen = 1 + picked % 3  # another try than the first
    tiles.nth(chosen).focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"generation-seed={chosen}"))
    expect(tiles.nth(chosen)).to_have_attribute("aria-pressed", "true")
    expect(line).to_have_count(0)
    expect(page.get_by_text("Settings changed")).to_have_count(0)
    wait_until_drawn(page)
    wait_until_still(page)
    last = page.locator(".st-key-run-stage .replay .model").last.locator("canvas")
    assert np.array_equal(pixels(last), tries[chosen]) and not np.array_equal(drawn(page, large), tries[0])
    name, picture = download(page, "Save all four")
    assert name.endswith("-tries.png") and picture.startswith(b"\x89PNG")
    single = draw_page(page.url.partition("?")[2])  # a link begins by itself; nine steps may end before one looks
    expect(single.get_by_role("button", name="Play", exact=True)).to_be_enabled(timeout=SLOW)
    expect(single.locator(CANVAS)).to_have_count(page.locator(CANVAS).count() - 4)
    for _ in range(100):  # the last steps are drawn one after the other
        if np.array_equal(pixels(single.locator(CANVAS).last), tries[chosen]):
            break
        single.wait_for_timeout(100)
    assert np.array_equal(pixels(single.locator(CANVAS).last), tries[chosen])


@pytest.mark.slow
def test_gallery_tile_and_sketch_are_drawn(draw_page):
    page = draw_page("generation-steps=4&generation-start-from=Grey")
    gallery, words = page.get_by_role("radiogroup", name="Random words, painted"), stored_gallery().words
    page.get_by_role("button", name="All 100 words").click()
    expect(gallery.get_by_role("radio")).to_have_count(100)
    expect(gallery.locator(".tile-name").nth(8)).to_have_text(words[8].word)
    expect(page.get_by_text(f"{counted('draw-views')} random words")).to_be_visible()
    expect(gallery.locator(".ticked")).to_have_count(sum(word.drawings["views"].recognised() for word in words))
    gallery.get_by_role("radio").nth(7).click()
    expect(gallery.locator(".tile[tabindex='0']")).to_have_count(1)  # the group is one tab stop
    wait_until_drawn(page)
    page.keyboard.press("ArrowRight")
    expect(gallery.get_by_role("radio").nth(8)).to_be_focused()
    page.keyboard.press("Enter")
    pair = page.locator(CANVAS)
    for k, title in enumerate(("The paper’s method", "Many views")):
        expect(pair.nth(k)).to_have_attribute("aria-label", re.compile(f"{title}: {words[8].word}, "))
    expect(page.get_by_role("button", name="Save picture")).to_be_visible()
    expect(page.locator(".sure").nth(1)).to_contain_text(words[8].word)
    wait_until_still(page)
    assert pair.nth(1).bounding_box()["width"] > 400
    page = draw_page("generation-steps=4&generation-start-from=Grey")  # a tile brings its own settings
    pair, box = page.locator(CANVAS), page.get_by_role("combobox", name="Word to paint")
    box.fill("castle")
    box.press("Enter")
    wait_for_end(page)
    expect(pair.nth(1)).to_have_attribute("aria-label", re.compile("castle, step 4, "))
    expect(page).to_have_url(re.compile("generation-classes-imagenet=castle"))
    page.get_by_role("radio", name="Sketch", exact=True).click()
    expect(page.locator(".painter .stage")).to_be_visible()
    expect(box).to_have_value("volcano")
    expect(page.get_by_role("radiogroup", name="Bundled sketches").get_by_role("radio")).to_have_count(
        len(CANVASES) + len(SKETCHES)
    )
    page.get_by_role("radio", name="yawl", exact=True).click()
    expect(box).to_have_value("yawl")
    expect(pair.nth(1)).to_have_attribute("aria-label", re.compile("Many views: yawl, "))  # a stored one
    wait_until_drawn(page)
    stored = drawn(page, 1)
    sketch = np.rint(255 * np.moveaxis(smooth_sketch(draw_sketch("ship"), 224), 0, -1)).astype(np.uint8)
    start(page)
    wait_for_end(page)
    assert not np.array_equal(drawn(page, 1), stored)
    page.get_by_role("button", name="Compare").click()
    assert np.array_equal(drawn(page, 1)[:, :112], sketch[:, :112])
    page.get_by_role("radio", name="Canvas", exact=True).click()
    expect(box).to_have_value("castle")  # each beginning keeps its own


def test_first_stroke_clears_the_stored_painting(draw_page):
    page = draw_page("")
    claim = page.locator(".judged.recognised").first
    expect(claim).to_contain_text("A second network also says")
    expect(page.get_by_role("button", name="Save picture")).to_be_visible()
    last = page.get_by_role("radiogroup", name="Bundled sketches").get_by_role("radio").last
    for node in (last, page.get_by_role("button", name="Save picture")):
        box = node.bounding_box()
        assert box["y"] + box["height"] <= 900, "in sight"
    page.locator(".painter .stage").click(position={"x": 200, "y": 250})
    expect(page.get_by_text("Press Paint")).to_be_visible()
    expect(claim).to_have_count(0)
    expect(page.get_by_role("button", name="Save picture")).to_have_count(0)
    page.get_by_role("radio", name="Photo", exact=True).click()
    expect(page.get_by_role("combobox", name="Word to paint")).to_have_value("pizza")
    expect(page.get_by_role("radiogroup", name="Pictures").get_by_role("radio")).to_have_count(12)
    expect(page.get_by_role("button", name="Your photo")).to_be_visible()
    expect(claim).to_contain_text("A second network also says")  # of the stored pizza in the pan
    expect(page.get_by_text("Press Paint")).to_have_count(0)


def test_painting_comes_before_its_sketch_on_a_phone(app, open_page):
    page = open_page(f"{app}/generation", height=844, **TOUCH)
    for begin in ("Sketch", "Photo"):
        page.get_by_role("radio", name=begin, exact=True).tap()
        start = page.locator(".painter .stage" if begin == "Sketch" else "[data-testid=stImage] img").last
        expect(start).to_be_visible()
        wait_until_drawn(page)
        button = page.get_by_test_id("stBaseButton-primary").first.bounding_box()
        painting, below = page.locator(".replay").bounding_box(), start.bounding_box()
        assert button["y"] < painting["y"] < button["y"] + 80 and painting["y"] + painting["height"] < below["y"]
    assert fits(page)
