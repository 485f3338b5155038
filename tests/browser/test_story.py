"""The page *Story* in a real browser: a walk at a desk, one on a phone, and a round of the judge."""

import re

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.pgd.drawings import draw_questions, drawn_sketches, judged_path, stored_pool
from core.sweep.predict import wave_on_image
from tests.browser.canvases import TOUCH, drag, pixels, place
from tests.browser.checks import fits, grave_faults
from tests.browser.waiting import wait_until_drawn
from ui.components.mount import webp_data_uri
from ui.story.chapters import CHAPTER_TITLES
from ui.story.data import CHOSEN_PICTURES
from ui.story.sketch import TILES

ENDED = 300_000  # milliseconds: a run on a busy machine


def canvas_of(scene: Locator) -> Locator:
    """Return the large picture."""
    return scene.locator(".frame > canvas")


def expect_stored(scene: Locator, name: str) -> None:
    """Check that a bundled sketch's painting and both networks' lines are shown."""
    row = drawn_sketches()[name]
    drawing = row.drawings["views"]
    expect(scene.locator(".claim")).to_have_text(f"The painter is 99% sure: a {row.word}.")
    expect(scene.locator(".judged")).to_have_text(
        f"A second network agrees ({round(100 * drawing.judgements[0].shares[0])}%)."
    )
    with Image.open(drawing.picture) as stored:
        expected = np.asarray(stored.convert("RGB")).astype(int)
    # Chromium and Pillow decode with the same library, but not the same version.
    assert np.abs(pixels(canvas_of(scene)) - expected).mean() < 1


def choose_word(page: Page, word: str) -> None:
    box = page.get_by_role("combobox", name="Any of 2,911 words")
    box.fill(word)
    page.get_by_role("option", name=word, exact=True).first.click()
    expect(page.locator(".painting .claim")).to_have_text(re.compile("^Press Paint it"))
    wait_until_drawn(page)


def expect_painted(page: Page, word: str) -> None:
    """Press *Paint it*, and wait for the painting and what the second network says of it."""
    before, scene = pixels(canvas_of(page.locator(".painting"))), page.locator(".painting")
    page.get_by_role("button", name="Paint it").click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(scene.locator(".claim")).to_have_text(
        re.compile(rf"^The painter is \d+% sure: an? {word}\.$"), timeout=ENDED
    )
    expect(scene).to_have_attribute("data-phase", "ended", timeout=ENDED)
    expect(scene.locator(".judged")).to_have_text(re.compile(r"^A second network (agrees \(\d+%\)|sees an? .+)\.$"))
    expect(scene.locator(".paper")).to_contain_text(re.compile("% sure"))
    assert np.abs(pixels(canvas_of(scene)).astype(int) - before).mean() > 5
    wait_until_drawn(page)


def test_sketch_is_painted_by_mouse_and_maps_agree(app, open_page):
    page = open_page(app, width=1440, height=900)
    expect(page).to_have_title("Story · What does CLIP see?")
    heading, scene = page.locator(".story h2").first, page.locator(".painting")
    expect(heading).to_have_text(CHAPTER_TITLES[0])
    expect_stored(scene, "volcano")
    painter, large = (box.bounding_box() for box in (page.locator(".painter .stage"), canvas_of(scene)))
    small = scene.locator(".paper canvas").bounding_box()
    assert small["width"] < painter["width"] < large["width"] and painter["y"] == large["y"]
    assert painter["x"] + painter["width"] < large["x"] < large["x"] + large["width"] < small["x"]
    tiles = page.get_by_role("radiogroup", name="Sketches to start from")
    box = tiles.bounding_box()
    assert box["y"] + box["height"] <= 900 and tiles.get_by_role("radio").count() == len(TILES)
    tiles.get_by_role("radio", name="daisy").click()
    expect(page.get_by_text("surer that this is a daisy").first).to_be_visible()
    expect_stored(scene, "daisy")
    expect(page).to_have_url(re.compile("sketch=daisy&word=daisy"))

    page.get_by_role("button", name="red", exact=True).click()
    drag(page, [(2, 4), (8, 4)])
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint it"))
    expect(scene.locator(".judged")).to_have_text("")
    choose_word(page, "castle")
    expect_painted(page, "castle")
    assert grave_faults(page) == []
    drag(page, [(2, 24), (8, 24)])  # what was said is of another sketch
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint it"))

    for title in CHAPTER_TITLES[1:3]:
        page.get_by_role("link", name="Next").click()
        expect(heading).to_have_text(title)
    expect(page).to_have_url(re.compile(r"\?chapter=wave$"))
    scene = page.locator(".stripes")
    predictions, slider, canvas = scene.locator(".answer"), scene.get_by_role("slider"), scene.locator("canvas").first
    wait_until_drawn(page)
    box = canvas.bounding_box()
    assert box["width"] > 380 and box["y"] + box["height"] < 900
    for answer, was, now in ((predictions.nth(0), "automobile", "ship"), (predictions.nth(1), "", "automobile")):
        expect(answer.locator("s")).to_have_text(was)
        expect(answer.locator("strong")).to_have_text(now)
    position = CHOSEN_PICTURES["story"]["position"]
    image = load_samples("cifar10-samples").images[position].astype(np.float32) / 255

    assert np.array_equal(pixels(scene.locator(".clean canvas")), to_uint8(image))

    slider.fill("0")
    expect(predictions.nth(0).locator("strong")).to_have_text("automobile")
    assert np.array_equal(pixels(canvas), to_uint8(image))
    slider.fill("3")
    expect(predictions.nth(1).locator("strong")).to_have_text("bird")
    expect(page.locator(".readout").first).to_contain_text("(0, 3)")  # the maps below follow
    perturbed = wave_on_image(image, (0, 3), 4.0, seed=0, position=position)
    assert np.array_equal(pixels(canvas), to_uint8(perturbed))
    plot = page.locator(".plot").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 20.5 / 31, "y": box["height"] * 3.5 / 31})
    expect(scene.locator("label span")).to_have_text("Wave (\N{MINUS SIGN}12, 5)")  # the picture above follows
    wait_until_drawn(page)
    page.go_back()
    expect(heading).to_have_text(CHAPTER_TITLES[1])


def test_sketch_is_painted_by_finger_and_opens_in_draw(app, open_page):
    page = open_page(app, height=844, **TOUCH)
    scene, painter = page.locator(".painting"), page.locator(".painter .stage")
    expect_stored(scene, "volcano")
    large, bar = canvas_of(scene).bounding_box(), page.locator(".st-key-story-steps").bounding_box()
    assert fits(page) and large["width"] > 340 and large["y"] + large["height"] < bar["y"]
    corner = scene.locator(".corner").bounding_box()
    assert large["x"] < corner["x"] and corner["y"] + corner["height"] < large["y"] + large["height"]
    expect(painter).to_be_hidden()
    scene.locator(".change").tap()
    expect(painter).to_be_visible()
    expect(canvas_of(scene)).to_be_hidden()
    page.get_by_role("button", name="red", exact=True).tap()
    painter.scroll_into_view_if_needed()
    page.touchscreen.tap(*place(page, (4, 6), 32))
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint it"))
    scene.get_by_role("button", name="Back to the painting").tap()
    expect(painter).to_be_hidden()
    box = page.get_by_role("combobox", name="Any of 2,911 words")
    box.fill("vulcano")
    expect(page.get_by_role("option").first).to_have_text("Add: vulcano")
    box.press("Enter")
    near = page.locator(".st-key-near-words").get_by_role("button", name="volcano", exact=True)
    expect(near).to_be_visible()
    expect(page.get_by_role("button", name="Paint it")).to_be_disabled()
    near.tap()
    expect(near).to_have_count(0)
    scene.locator(".change").tap()
    expect_painted(page, "volcano")  # which shows the painting again
    expect(canvas_of(scene)).to_be_visible()
    assert fits(page) and grave_faults(page) == []
    page.get_by_role("button", name="Open in Draw").tap()
    expect(page.get_by_role("heading", name="Draw what a network sees")).to_be_visible()
    expect(page.get_by_role("combobox", name="Word to draw")).to_have_value("volcano")
    expect(page.locator(".replay canvas").last).to_have_attribute("aria-label", re.compile("volcano, step "))
    wait_until_drawn(page)


def test_judge_round_is_scored_and_shared(app, open_page):
    page = open_page(f"{app}/story?chapter=judge&round=7", width=390, height=844)
    judge, bar = page.locator(".judge"), page.locator(".st-key-story-steps").bounding_box()
    questions = draw_questions(stored_pool(), imagenet().names, 7)
    for number, question in enumerate(questions, 1):
        expect(judge.get_by_role("heading")).to_have_text(f"Drawing {number} of 10: what is it?")
        drawing = webp_data_uri(judged_path(question.label, question.method))
        expect(judge.locator(".stage img")).to_have_attribute("src", drawing)
        last = judge.locator(".options button").last.bounding_box()
        if number > 1:  # the first view has the chapter's text above
            judge.locator(".stage").scroll_into_view_if_needed()
            assert last["height"] >= 40
        right = number > 2  # the first two are answered wrongly
        place = question.options.index(question.label)
        judge.locator(".options button").nth((place + (0 if right else 1)) % 5).click()
        expect(judge.get_by_role("status")).to_have_text("Right." if right else re.compile("^No: .*\\."))
        expect(judge.locator("button.yes")).to_have_text(imagenet().names[question.label])
        judge.locator("button.next").click()
    wrong = {method: sum(question.method == method for question in questions[:2]) for method in ("views", "paper")}
    head = judge.get_by_role("heading")
    expect(head).to_contain_text(f"{5 - wrong['views']} of 5 drawn by many views")
    expect(head).to_contain_text(f"{5 - wrong['paper']} of 5 drawn by the paper’s method")
    expect(page).to_have_url(re.compile(r"chosen=\d{10}"))
    expect(judge.locator(".line")).to_have_text(re.compile(r"chapter=judge&round=7$"))
    wait_until_drawn(page)
    assert grave_faults(page) == [] and bar["y"] > 0
    page.reload()
    expect(head).to_contain_text(f"{5 - wrong['views']} of 5")
    judge.get_by_role("button", name="Ten new drawings").click()
    expect(head).to_have_text("Drawing 1 of 10: what is it?")
    expect(page).not_to_have_url(re.compile("chosen="))
    page.goto(f"{app}/story?chapter=judge&round=x&chosen=0123401234")
    expect(head).to_have_text("Drawing 1 of 10: what is it?")
