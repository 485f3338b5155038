"""The page *Story* in a real browser: a walk at a desk, one on a phone, and a round of the judge."""

import re

import numpy as np
from PIL import Image
from playwright.sync_api import Locator, expect

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.pgd.drawings import SIZE, draw_questions, judged_path, opening_drawings, opening_words, stored_pool
from core.sweep.predict import wave_on_image
from tests.browser.canvases import pixels
from tests.browser.checks import fits, grave_faults
from tests.browser.waiting import wait_until_drawn
from ui.components.mount import webp_data_uri
from ui.story.chapters import CHAPTER_TITLES
from ui.story.data import CHOSEN_PICTURES


def test_at_a_desk_drawings_grow_and_stripes_and_maps_agree(app, open_page):
    page = open_page(app, width=1440, height=900)
    expect(page).to_have_title("Story · What does CLIP see?")
    heading, scene = page.locator(".story h2"), page.locator(".opening")
    expect(heading).to_have_text(CHAPTER_TITLES[0])
    first, second = opening_words()[:2]
    expect(scene.get_by_role("button", name=first)).to_have_attribute("aria-pressed", "true")
    expect(scene).to_have_attribute("data-part", "1")
    squares = [box.bounding_box() for box in scene.locator("canvas").all()]
    assert len(squares) == 2 and all(320 <= box["width"] == box["height"] <= 480 for box in squares)
    assert all(box["y"] + box["height"] < 700 and box["y"] == squares[0]["y"] for box in squares)
    page.emulate_media(reduced_motion="reduce")  # who wants no motion sees the end at once
    for word in (first, second):
        if word != first:
            scene.get_by_role("button", name=word).click()
        expect(scene.get_by_role("button", name=word)).to_have_attribute("aria-pressed", "true")
        expect(scene).to_have_attribute("data-part", "1")
        for k, (drawing, judged) in enumerate(zip(opening_drawings(word), scene.locator(".judged").all(), strict=True)):
            expect(scene.locator(".sure").nth(k)).to_have_text("99 % sure")
            expect(judged).to_contain_text(f"says {drawing.judgements[0].says[0]}")
            expect(judged).to_have_class(re.compile("recognised" if drawing.recognised() else "^judged$"))
            with Image.open(drawing.picture) as strip:
                last = np.asarray(strip.convert("RGB"))[-SIZE:].astype(int)
            # Chromium and Pillow decode with the same library, but not the same version.
            assert np.abs(pixels(scene.locator("canvas").nth(k)) - last).mean() < 1
    tries = page.get_by_role("navigation", name="To try").bounding_box()
    assert tries["y"] + tries["height"] <= 900

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


def test_on_a_phone_a_word_is_drawn_in_place_and_goes_on_in_draw(app, open_page):
    page = open_page(app, width=390, height=844)
    next_chapter = page.get_by_role("link", name="Next").bounding_box()
    assert fits(page) and next_chapter["y"] + next_chapter["height"] <= 844
    box = page.get_by_role("combobox", name="Any of 2,900 words")
    box.fill("vulcano")
    expect(page.get_by_role("option").first).to_have_text("Add: vulcano")
    box.press("Enter")
    expect(page.locator(".st-key-near-words").get_by_role("button", name="volcano", exact=True)).to_be_visible()
    wait_until_drawn(page)
    for begun in (page.get_by_role("button", name="Draw", exact=True), page.get_by_role("button", name="vulcano")):
        expect(begun).to_have_count(0)
    box.fill("castle")
    expect(page.get_by_role("option").first).to_have_text("castle")
    expect(page.get_by_test_id("stAlert")).to_have_count(0)
    box.press("Enter")
    scene = page.locator(".opening")
    expect(scene.get_by_role("button", name="castle")).to_have_attribute("aria-pressed", "true")
    bar = page.locator(".st-key-story-steps").bounding_box()
    assert all(box["y"] + box["height"] < bar["y"] for box in map(Locator.bounding_box, scene.locator("canvas").all()))
    expect(scene.get_by_text(re.compile("left|Another network")).first).to_be_visible()
    page.get_by_role("button", name="Open in Draw").click()
    expect(page.get_by_role("heading", name="Draw what a network sees")).to_be_visible()
    expect(page.get_by_role("combobox", name="Word to draw")).to_have_value("castle")
    expect(page.locator(".replay canvas").last).to_have_attribute("aria-label", re.compile("castle, step "))
    # So that no later test runs beside it, unless it has ended already.
    page.get_by_role("button", name="Stop the run", include_hidden=True).last.evaluate("button => button.click()")
    wait_until_drawn(page)


def test_a_judge_is_told_at_once_and_gets_a_line_to_share(app, open_page):
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
    expect(head).to_contain_text(f"{5 - wrong['views']} of 5 drawn to convince from every view")
    expect(head).to_contain_text(f"{5 - wrong['paper']} of 5 drawn to convince as they are")
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
