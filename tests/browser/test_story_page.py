"""The page *Story* in a real browser: first view, keys, and a figure that fits the window."""

import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from core.data.classes import imagenet
from core.data.samples import load_samples
from core.images.square import to_uint8
from core.reconstruct.view_pictures import SIDE, opening_drawings
from core.reconstruct.visitor_judge import draw_questions, stored_pool
from core.sweep.predictions import wave_on_image
from tests.browser.accessibility import grave_faults
from tests.browser.waiting import wait_until_drawn
from ui.story.steps import STEPS
from ui.story.story_data import STORED

FAST = [step.slug for step in STEPS].index("fast") + 1
PIXELS = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]"""


def pixels(canvas, side: int = 32) -> np.ndarray:
    return np.array(canvas.evaluate(PIXELS)).reshape(side, side, 4)[..., :3]


def test_a_volcano_grows_once_by_itself_and_another_word_at_a_click(streamlit_app, open_page):
    page = open_page(streamlit_app("app.py"), width=1440, height=900)
    scene = page.locator(".opening")
    expect(scene.get_by_role("button", name="volcano")).to_have_attribute("aria-pressed", "true")
    expect(scene).to_have_attribute("data-part", "1")
    squares = [box.bounding_box() for box in scene.locator("canvas").all()]
    assert len(squares) == 2 and all(320 <= box["width"] == box["height"] <= 400 for box in squares)
    assert all(box["y"] + box["height"] < 700 and box["y"] == squares[0]["y"] for box in squares)
    for word in ("volcano", "teapot"):
        if word != "volcano":
            scene.get_by_role("button", name=word).click()
        expect(scene.locator(".wish")).to_have_text(f"Ask for a {word}")
        expect(scene).to_have_attribute("data-part", "1")
        for k, (drawing, judged) in enumerate(zip(opening_drawings(word), scene.locator(".judged").all(), strict=True)):
            expect(scene.locator(".sure").nth(k)).to_have_text("99 % sure")
            expect(judged).to_contain_text(f"says {drawing.judged}")
            with Image.open(drawing.strip) as strip:
                last = np.asarray(strip.convert("RGB"))[-SIDE:].astype(int)
            # Chromium and Pillow decode with the same library, but not the same version.
            assert np.abs(pixels(scene.locator("canvas").nth(k), SIDE) - last).mean() < 1
    tries = page.get_by_role("navigation", name="To try")
    assert tries.bounding_box()["y"] + tries.bounding_box()["height"] <= 900
    assert grave_faults(page) == []
    tries.get_by_role("link", name="Paint a hole").click()
    expect(page.get_by_role("heading", name="Can CLIP fill a hole?")).to_be_visible()


def test_any_word_leads_to_a_drawing_of_it(streamlit_app, open_page):
    page = open_page(streamlit_app("app.py"), width=390, height=844)
    page.get_by_role("combobox", name="Any of 1,000 words").fill("castle")
    page.get_by_role("option", name="castle", exact=True).click()
    page.get_by_role("link", name="Draw: castle").click()
    expect(page.get_by_role("heading", name="Can CLIP draw what it sees?")).to_be_visible()
    expect(page.get_by_text("castle").first).to_be_visible()


def test_a_judge_chooses_by_keys_and_sees_the_score(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/story?step=judge&round=7", width=390, height=844)
    main, bar = page.get_by_test_id("stMain"), page.locator(".st-key-story-steps").bounding_box()
    questions = draw_questions(stored_pool(), imagenet().names, 7)
    for number, question in enumerate(questions, 1):
        expect(main.get_by_role("heading", name=f"Drawing {number} of 10")).to_be_visible()
        wait_until_drawn(page)
        last = main.get_by_role("button", name=imagenet().names[question.options[-1]]).bounding_box()
        assert last["y"] + last["height"] <= bar["y"]  # picture and text are visible together
        page.keyboard.press(str(question.options.index(question.label) + 1))
    expect(main.get_by_role("heading", name="pixels: 5 of 5, views: 5 of 5, chance 1")).to_be_visible()
    expect(page).to_have_url(re.compile(r"chosen=\d{10}"))
    wait_until_drawn(page)
    assert grave_faults(page) == []
    with page.expect_download() as download:
        main.get_by_role("button", name="Save as a card").click()
    assert download.value.suggested_filename.endswith(".png")


@pytest.mark.slow
def test_back_takes_a_judges_choices_back_one_by_one_and_then_leaves_the_round(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/story?step=hole", width=1440, height=900)
    page.get_by_label(re.compile(": Judge$")).click()
    drawing = page.get_by_role("heading", name=re.compile("^Drawing "))
    seen = []
    for number in (1, 2, 3):
        expect(drawing).to_have_text(f"Drawing {number} of 10: what is it?")
        wait_until_drawn(page)
        seen.append(page.locator("img.drawing").get_attribute("src"))
        if number < 3:
            page.keyboard.press("1")
    for number in (2, 1):
        page.go_back()
        expect(drawing).to_have_text(f"Drawing {number} of 10: what is it?")
        wait_until_drawn(page)
    assert page.locator("img.drawing").get_attribute("src") == seen[0], "the same round"
    page.keyboard.press("2")
    expect(drawing).to_have_text("Drawing 2 of 10: what is it?")
    expect(page).to_have_url(re.compile("chosen=1($|&)"))
    wait_until_drawn(page)
    for address in (re.compile("^(?!.*chosen=).*step=judge"), re.compile("step=hole")):
        page.go_back()
        expect(page).to_have_url(address)
        wait_until_drawn(page)


@pytest.mark.slow
def test_who_wants_no_motion_sees_the_end_at_once(streamlit_app, open_page):
    page = open_page(streamlit_app("app.py"), width=1440, height=900, reduced_motion="reduce")
    parts = page.locator(".opening").evaluate("""scene => new Promise(done => {
      const seen = [];
      const look = () => {
        seen.push(scene.dataset.part);
        if (seen.length < 30) requestAnimationFrame(look);
        else done(seen);
      };
      look();
    })""")
    assert set(filter(None, parts)) == {"1"}  # blank until the frames are decoded


def test_stripes_turn_the_car_into_a_ship_for_mini_clip_alone(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/story?step=a-wave", width=1440, height=900)
    scene = page.locator(".stripes")
    predictions, slider = scene.locator(".answer"), scene.get_by_role("slider")
    canvas = scene.locator("canvas")
    assert canvas.bounding_box()["width"] == 380 and canvas.bounding_box()["y"] + 380 < 900
    for answer, was, now in ((predictions.nth(0), "automobile", "ship"), (predictions.nth(1), "", "automobile")):
        expect(answer.locator("s")).to_have_text(was)
        expect(answer.locator("strong")).to_have_text(now)
        assert answer.locator("strong").evaluate("e => getComputedStyle(e).fontSize") == "28px"
    place = STORED["story"]["position"]
    image = load_samples("cifar10-samples").images[place].astype(np.float32) / 255
    assert np.array_equal(pixels(canvas), to_uint8(wave_on_image(image, (0, 1), 4.0, seed=0, position=place).perturbed))
    slider.fill("0")
    expect(predictions.nth(0).locator("strong")).to_have_text("automobile")
    assert np.array_equal(pixels(canvas), to_uint8(image))
    slider.fill("3")
    expect(predictions.nth(1).locator("strong")).to_have_text("bird")
    expect(page.locator(".readout").first).to_contain_text("(0, 3)")  # the maps below follow
    expect(page.get_by_text("Error under the wave (0, 3): Mini CLIP")).to_be_visible()
    plot = page.locator(".plot").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 20.5 / 31, "y": box["height"] * 3.5 / 31})
    expect(scene.locator("label span")).to_have_text("Wave (\N{MINUS SIGN}12, 5)")
    perturbed = wave_on_image(image, (-12, 5), 4.0, seed=0, position=place)
    assert np.array_equal(pixels(canvas), to_uint8(perturbed.perturbed))
    assert grave_faults(page) == []


@pytest.mark.slow
def test_the_line_around_slow_waves_is_that_of_the_claim(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/story?step=slow", width=1440, height=900)
    plot, line = (page.locator(selector).first.bounding_box() for selector in (".plot", ".outline"))
    assert abs(line["width"] / plot["width"] * 31 / 2 - 2.5) < 0.05
    value = page.locator(".story .tooltip").last
    value.focus()
    expect(value.get_by_role("tooltip")).to_contain_text("95 % interval (+8.1 to +10.6)")


@pytest.mark.slow
@pytest.mark.parametrize("slug", ["slow", "patches", "why"])
def test_maps_fill_a_high_window_with_the_claim_above_them(streamlit_app, open_page, slug):
    page = open_page(f"{streamlit_app('app.py')}/story?step={slug}", width=1920, height=1080)
    plots = [box.bounding_box() for box in page.locator(".plot").all()]
    claim = page.locator(".story .judged").bounding_box()
    assert len(plots) == 2 and all(box["width"] >= 520 for box in plots)
    assert all(claim["y"] + claim["height"] <= box["y"] < box["y"] + box["height"] <= 1000 for box in plots)


def test_the_first_step_is_seen_first_and_the_keys_move_on(streamlit_app, open_page):
    page = open_page(streamlit_app("app.py"), width=1440, height=900)
    heading = page.locator(".story h2")
    expect(page).to_have_title("Story · What does CLIP see?")
    expect(heading).to_have_text(STEPS[0].title)
    figure = page.locator(".st-key-story-figure").bounding_box()
    assert figure["y"] >= 60 and figure["y"] + figure["height"] <= 900 and figure["x"] + figure["width"] <= 1440
    for step in STEPS[1:FAST]:
        page.keyboard.press("ArrowRight")
        expect(heading).to_have_text(step.title, use_inner_text=True)
    expect(page).to_have_url(re.compile(r"\?step=fast$"))
    wait_until_drawn(page)
    page.locator(".plot").focus()
    page.keyboard.press("ArrowRight")  # there the key moves the cursor
    expect(page.locator(".readout")).to_contain_text("(−14, −13)")
    wait_until_drawn(page)  # the rerun that the cursor triggered
    for step in (STEPS[FAST - 2], STEPS[FAST - 3]):
        page.go_back()
        expect(heading).to_have_text(step.title, use_inner_text=True)
        wait_until_drawn(page)


@pytest.mark.slow
def test_a_claim_stays_in_its_column_in_a_narrow_window(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/story?step=twins", width=820)
    right = page.locator(".story").bounding_box()["x"] + page.locator(".story").bounding_box()["width"]
    for part in page.locator(".story .judged :is(blockquote, .source, b)").all():
        assert part.bounding_box()["x"] + part.bounding_box()["width"] <= right + 1, part.inner_text()


def test_the_first_step_fits_a_phone_with_its_buttons_in_sight(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('app.py')}/story?step=volcano", width=400, height=850)
    assert page.get_by_test_id("stMainBlockContainer").evaluate("e => e.scrollHeight") <= 3500
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    box = page.get_by_role("link", name="Next").bounding_box()
    assert box["y"] + box["height"] <= 850 and box["x"] + box["width"] <= 400
    page.get_by_role("link", name="Next").click()
    expect(page.locator(".story h2")).to_have_text(STEPS[1].title, use_inner_text=True)
