"""The page *Story* in a real browser: a sketch by mouse and by finger, a photo, doors, waves, mixtures, the judge."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.fourier.waves import half_plane, hybrid
from core.pgd.drawings import drawn_sketches, stored_gallery
from core.sweep.mixture_pairs import mixed_pairs
from core.sweep.predict import wave_on_image
from tests.browser.canvases import TOUCH, drag, pixels, place
from tests.browser.checks import cut, fits, grave_faults
from tests.browser.waiting import wait_until_drawn
from ui.shared.page_pictures import sample_picture
from ui.story.bridge import measured
from ui.story.chapters import CHAPTER_TITLES
from ui.story.sketch_chapter import OTHER_TITLES
from ui.story.story_start import TILES, StoryStart, of_tile
from ui.story.wave_chapter import FIRST_STRIPES, first_photo, small_picture, striped
from ui.tools.hybrid_tool import photo_pairs

ENDED = 300_000  # milliseconds: a run on a busy machine


def canvas_of(scene: Locator) -> Locator:
    """Return the large picture."""
    return scene.locator(".frame > canvas")


def expect_stored(scene: Locator, name: str) -> None:
    """Check that a bundled sketch's painting and both networks' lines are shown."""
    expect(scene).not_to_have_class(re.compile("opening"))  # it has grown
    row = drawn_sketches()[name]
    drawing = row.drawings["views"]
    expect(scene.locator(".claim")).to_have_text(f"The painter is 99% sure: a {row.word}.")
    share = round(100 * drawing.judgements[0].shares[0])
    expect(scene.locator(".judged")).to_contain_text(f"A second network also says {row.word} ({share}%")
    with Image.open(drawing.picture) as stored:
        expected = np.asarray(stored.convert("RGB")).astype(int)
    # Chromium and Pillow decode with the same library, but not the same version.
    assert np.abs(pixels(canvas_of(scene)) - expected).mean() < 1


def boxes_in(figure: Locator, parts: Sequence[str]) -> list[tuple[float, ...]]:
    """Return where parts of a figure are in it: left, top, width and height, wherever the page is scrolled to."""
    return figure.evaluate(
        """(figure, parts) => parts.map((part) => {
            const [{ x, y }, box] = [figure, figure.querySelector(part)].map((node) => node.getBoundingClientRect());
            return [box.x - x, box.y - y, box.width, box.height].map((number) => Math.round(10 * number) / 10);
        })""",
        list(parts),
    )


def added(begin: StoryStart) -> str:
    """Return what the bridge says of a stored painting by many views."""
    waves = measured(begin, None)
    return f"{round(100 * waves.views)}% of what many views added"


def choose_word(page: Page, word: str) -> None:
    box = page.get_by_role("combobox", name="Any of 2,911 words")
    box.fill(word)
    box.press("Tab")  # leaves the box; Enter would paint
    expect(page.locator(".painting .claim")).to_have_text(re.compile("^Press Paint"))
    wait_until_drawn(page)


def expect_ended(scene: Locator, word: str) -> None:
    """Wait until a word is painted, and for what the second network says of it."""
    sure = re.compile(rf"^The painter is \d+% sure: an? {word}\.$")
    expect(scene.locator(".claim")).to_have_text(sure, timeout=ENDED)
    expect(scene).to_have_attribute("data-phase", "ended", timeout=ENDED)
    expect(scene.locator(".judged")).to_have_text(re.compile(r"^A second network (also says .+|sees .+)\.$"))


def expect_painted(page: Page, word: str) -> None:
    """Press *Paint*, and wait for the painting and what the second network says of it."""
    before, scene = pixels(canvas_of(page.locator(".painting"))), page.locator(".painting")
    page.get_by_role("button", name="Paint", exact=True).click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect_ended(scene, word)
    expect(scene.locator(".paper")).to_contain_text(re.compile("% sure"))
    assert np.abs(pixels(canvas_of(scene)).astype(int) - before).mean() > 5
    wait_until_drawn(page)


def test_sketch_is_painted_by_mouse(app, open_page):
    page = open_page(app, width=1440, height=900)
    expect(page).to_have_title("Story · What does CLIP see?")
    heading, scene = page.locator(".story h2").first, page.locator(".painting")
    expect(heading).to_have_text(f"{CHAPTER_TITLES[0]}.")
    expect_stored(scene, "volcano")
    painter, large = (box.bounding_box() for box in (page.locator(".painter .stage"), canvas_of(scene)))
    small = scene.locator(".paper canvas").bounding_box()
    assert small["width"] < painter["width"] < large["width"] and painter["y"] == large["y"]
    assert painter["x"] + painter["width"] < large["x"] < large["x"] + large["width"] < small["x"]
    tiles = page.get_by_role("radiogroup", name="Pictures to start from")
    box = tiles.bounding_box()
    assert (
        box["y"] + box["height"] <= 900 and tiles.get_by_role("radio").count() == len(TILES) + 1
    )  # the last adds a photo
    saves, details = page.get_by_role("button", name="Save picture"), page.locator(".story-details")
    assert (box := saves.bounding_box())["y"] + box["height"] <= 900, "in sight below the painting"
    details.locator("summary").click()
    expect(details).to_contain_text("Before painting, both networks saw a table lamp.")
    assert saves.bounding_box() == box, "the details move nothing"
    assert 0 < details.locator("div").first.bounding_box()["y"] < box["y"]
    tiles.get_by_role("radio", name="daisy").click()
    expect(page.get_by_text("surer that it sees a daisy").first).to_be_visible()
    expect_stored(scene, "daisy")
    expect(page).to_have_url(re.compile("sketch=daisy&word=daisy"))
    waves = page.locator(".story-bridge")
    expect(waves).to_contain_text(added(of_tile("daisy", "daisy")))

    page.get_by_role("button", name="red", exact=True).click()
    drag(page, [(2, 4), (8, 4)])
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint"))
    expect(scene.locator(".judged")).to_have_text("")
    expect(waves).not_to_contain_text("added")
    choose_word(page, "castle")
    expect_painted(page, "castle")
    expect(waves).to_contain_text(re.compile(r"\d+% of what many views added"))
    assert grave_faults(page) == []
    drag(page, [(2, 24), (8, 24)])  # what was said is of another sketch
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint"))


def test_growing_painting_says_so_and_moves_nothing(app, open_page):
    page = open_page(app, width=390, height=844, drawn=False)
    # In one call: a busy machine must not see two moments of it.
    state = """(root) => {
        const shown = (name) => root.querySelector(name).checkVisibility({ visibilityProperty: true });
        const [caption, paper] = [".main figcaption", ".paper"].map((name) => root.querySelector(name));
        const { top, height } = caption.getBoundingClientRect();
        return {
            opening: root.classList.contains("opening"), box: [top, height, paper.getBoundingClientRect().top],
            told: root.querySelector(".grows").textContent, grows: shown(".grows"), claims: shown(".claim") };
    }"""
    scene = page.locator(".painting")
    page.locator(".painting.opening").wait_for(timeout=ENDED)
    growing = scene.evaluate(state)
    assert growing["opening"] and growing["grows"] and not growing["claims"]
    assert growing["told"] == "The network paints over the sketch…"
    expect(scene).not_to_have_class(re.compile("opening"))
    ended = scene.evaluate(state)
    assert ended["claims"] and not ended["grows"] and ended["box"] == growing["box"]


def test_unrecognised_painting_leads_on(app, open_page):
    word = next(word.word for word in stored_gallery().words if not word.drawings["views"].recognised())
    page = open_page(f"{app}/story?sketch=empty&word={word}", width=1440, height=900)
    ways, painter = page.locator(".painting .ways"), page.locator(".painter .stage")
    expect(ways).to_have_text("Try again, or add a few blobs of colour first")
    assert grave_faults(page) == []
    ways.get_by_role("button", name="add a few blobs").click()
    expect(painter).to_be_focused()
    ways.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("seed=1"))
    expect(ways).to_have_text("")
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_visible()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{app}/story?sketch=empty&word={word}")
    ways.get_by_role("button", name="add a few blobs").click()
    expect(painter).to_be_visible()
    expect(canvas_of(page.locator(".painting"))).to_be_hidden()
    wait_until_drawn(page)


@pytest.mark.slow
def test_sketch_is_painted_by_finger_and_opens_in_draw(app, open_page):
    page = open_page(app, height=844, **TOUCH)
    scene, painter = page.locator(".painting"), page.locator(".painter .stage")
    expect_stored(scene, "volcano")
    large, bar = canvas_of(scene).bounding_box(), page.locator(".st-key-story-steps").bounding_box()
    assert fits(page) and large["width"] > 340 and large["y"] + large["height"] < bar["y"]
    corner = scene.locator(".corner").bounding_box()
    assert large["x"] < corner["x"] and corner["y"] + corner["height"] < large["y"] + large["height"]
    expect(painter).to_be_hidden()
    small, beside = (scene.locator(f".paper {part}").bounding_box() for part in ("canvas", "figcaption"))
    assert small["width"] == 96 and beside["x"] > small["x"] + 96 and abs(beside["y"] - small["y"]) < 4
    scene.locator(".change").tap()
    expect(painter).to_be_visible()
    expect(canvas_of(scene)).to_be_hidden()
    page.get_by_role("button", name="red", exact=True).tap()
    painter.scroll_into_view_if_needed()
    page.touchscreen.tap(*place(page, (4, 6), 32))
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint"))
    scene.get_by_role("button", name="Back to the painting").tap()
    expect(painter).to_be_hidden()
    box = page.get_by_role("combobox", name="Any of 2,911 words")
    box.fill("vulcano")
    box.press("Enter")
    near = page.locator(".st-key-near-words").get_by_role("button", name="volcano", exact=True)
    expect(near).to_be_visible()
    expect(page.get_by_role("button", name="Paint", exact=True)).to_be_disabled()
    near.tap()  # which paints it, and shows the painting again
    expect(near).to_have_count(0)
    expect_ended(scene, "volcano")
    expect(canvas_of(scene)).to_be_visible()
    assert fits(page) and grave_faults(page) == []
    page.get_by_role("button", name="Open in Paint").tap()
    expect(page.get_by_role("heading", name="Paint what a network sees")).to_be_visible()
    expect(page.get_by_role("combobox", name="Word to paint")).to_have_value("volcano")
    expect(page.locator(".replay canvas").last).to_have_attribute("aria-label", re.compile("volcano, step "))
    wait_until_drawn(page)


def test_your_turn_leads_to_a_sketch_a_photo_and_clip(app, open_page, tmp_path):
    page = open_page(f"{app}/story?chapter=your-turn", width=1440, height=900)
    heading, scene = page.locator(".story h2").first, page.locator(".painting")
    tiles = page.get_by_role("radiogroup", name="Pictures to start from").get_by_role("radio")
    expect(page.locator(".door")).to_have_count(5)
    steps, first = page.locator(".st-key-story-steps"), page.locator(".door").first
    wait_until_drawn(page)
    at = steps.bounding_box()["x"]
    assert page.locator(".st-key-story-turn p").bounding_box()["height"] < 40, "one line"
    assert first.bounding_box()["width"] > 400
    page.get_by_role("button", name="Paint my own sketch").click()
    expect(heading).to_have_text(f"{OTHER_TITLES['grey']}.")
    expect(tiles.first).to_be_checked()  # the empty canvas
    assert steps.bounding_box()["x"] == at, "the tabs stay"
    tiles.filter(has_text="cup").click()
    expect(heading).to_have_text(f"{OTHER_TITLES['photo']}.")
    expect(scene.locator(".claim")).to_have_text("The painter is 99% sure: a goldfish.")
    expect(page.locator(".story-bridge")).to_contain_text(added(of_tile("espresso", "goldfish")))
    page.get_by_role("slider", name="Frame").press("ArrowRight")
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint"))
    expect(page).to_have_url(re.compile("frame=52"))
    expect(page.locator(".story-bridge")).not_to_contain_text("added")
    wait_until_drawn(page)

    page.get_by_role("link", name="Your turn").click()
    expect(page.locator(".door")).to_have_count(5)
    page.get_by_role("button", name="Use my photo").click()
    Image.fromarray(np.full((60, 90, 3), (90, 160, 60), np.uint8)).save(tmp_path / "meadow.png")
    page.locator("[role=dialog] input[type=file]").set_input_files(tmp_path / "meadow.png")
    expect(tiles).to_have_count(len(TILES) + 2)
    expect(tiles.nth(len(TILES))).to_be_checked()
    expect(page.get_by_alt_text("meadow.png")).to_be_visible()
    expect(scene.locator(".claim")).to_have_text(re.compile("^Press Paint"))
    wait_until_drawn(page)
    assert cut(page) == []  # the photo's tile is in sight, with its name
    page.get_by_role("link", name="Your turn").click()
    page.get_by_role("button", name=re.compile("CLIP")).click()
    expect(page).to_have_url(re.compile("/models"))
    wait_until_drawn(page)


def test_waves_on_a_photo_and_beside_the_maps(app, open_page):
    page = open_page(f"{app}/story?chapter=wave", width=1440, height=900)
    scene, photo = page.locator(".stripes"), load_samples("photographs").images[first_photo()]
    says, large = scene.locator(".now strong"), scene.locator(".both canvas")
    shown, image = striped(first_photo()), photo.astype(np.float32) / 255
    wait_until_drawn(page)
    box = large.bounding_box()
    assert box["width"] > 500 and box["y"] + box["height"] < 900
    tiles, here = scene.get_by_role("radio"), scene.bounding_box()
    foot = tiles.last.bounding_box()
    assert foot["y"] + foot["height"] < 900 and abs(foot["x"] + foot["width"] - here["x"] - here["width"]) < 2, "filled"
    parts = (".both", ".now", ".answer p", ".tiles")
    boxes = boxes_in(scene, parts)
    for stripes in (FIRST_STRIPES, 4, 0):
        scene.get_by_role("slider").fill(str(stripes))
        expect(says).to_have_text(shown.answers[stripes].says)
        expect(scene.locator(".answer p")).to_have_text(shown.answers[stripes].line)
        expect(scene).to_have_attribute("data-stripes", str(stripes))
        assert boxes_in(scene, parts) == boxes, "nothing moves"
    assert np.array_equal(pixels(large), photo.transpose(1, 2, 0))
    scene.get_by_role("slider").fill("12")
    wave = {"seed": 0, "position": first_photo()}
    assert np.array_equal(pixels(large), to_uint8(wave_on_image(image, (0, 12), shown.epsilon, **wave)))
    wait_until_drawn(page)
    scene.get_by_role("radio").nth(3).click()
    expect(says).to_have_text(striped(3).answers[12].says)  # the stripes stay
    expect(scene.locator(".answer p")).to_have_text(striped(3).answers[12].line)
    assert boxes_in(scene, parts) == boxes, "nothing moves"

    small, plot = page.locator(".small-picture"), page.locator(".plot").first
    expect(small.locator(".answer strong")).to_have_text(["ship", "automobile"])
    canvas = small.locator("canvas").last
    assert (
        canvas.bounding_box()["width"] == 224
        and canvas.evaluate("c => getComputedStyle(c).imageRendering") == "pixelated"
    )
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 20.5 / 31, "y": box["height"] * 3.5 / 31})
    expect(small).to_have_attribute("data-wave", "-12,5")
    picture = small_picture()
    index = half_plane(31).index((-12, 5))
    expect(small.locator("p")).to_have_text(picture.template.format(*picture.fooled[index]))
    expect(small.locator(".answer strong").first).to_have_text(picture.names[picture.networks[0].waves[index][0]])
    wait_until_drawn(page)
    goes_on = page.get_by_role("link", name="Try any wave").bounding_box()
    claims = [claim.bounding_box() for claim in page.locator(".judged").all()]
    assert goes_on["y"] >= max(box["y"] + box["height"] for box in claims), "the link stands at the chapter's end"
    assert grave_faults(page) == []


def test_wave_fits_in_a_phones_window(app, open_page):
    page = open_page(f"{app}/story?chapter=wave", height=844, **TOUCH)
    scene, maps, shown = page.locator(".stripes"), page.locator(".heatmaps"), striped(first_photo())
    wait_until_drawn(page)
    bar = page.locator(".st-key-story-steps").bounding_box()["y"]
    parts = (".clean", ".wave", ".both", "input", ".answer p")
    boxes = boxes_in(scene, parts)
    foot = scene.bounding_box()["y"] + max(y + height for _, y, _, height in boxes)
    assert foot <= bar, "what was added, the result and the answer are in sight"
    for stripes in (0, 20, 31):
        scene.get_by_role("slider").fill(str(stripes))
        expect(scene.locator(".answer p")).to_have_text(shown.answers[stripes].line)
        assert boxes_in(scene, parts) == boxes, "nothing moves"

    expect(maps.locator(".map:visible .title")).to_have_text(re.compile("^CLIP ViT-B/32"))
    maps.get_by_text("ResNet-56", exact=True).first.tap()
    expect(maps.locator(".map:visible .title")).to_have_text(re.compile("^ResNet-56"))
    one, small = maps.bounding_box(), page.locator(".small-picture").bounding_box()
    assert one["height"] < 600 and small["y"] - one["y"] - one["height"] < 40, "one map, and the picture close to it"
    maps.locator(".plot:visible").tap(position={"x": 100, "y": 100})
    expect(page.locator(".small-picture")).not_to_have_attribute("data-wave", "0,1")
    wait_until_drawn(page)
    expect(maps.locator(".map:visible .title")).to_have_text(re.compile("^ResNet-56"))
    assert fits(page) and grave_faults(page) == []


def test_two_photos_in_one_follow_the_slider(app, open_page):
    page = open_page(f"{app}/story?chapter=mixture", height=844, **TOUCH)
    mixer, pairs = page.locator(".mixer"), mixed_pairs()
    wait_until_drawn(page)
    parts = (".scene", ".rail", ".hint", ".bars", ".tiles")
    bar, boxes = page.locator(".st-key-story-steps").bounding_box()["y"], boxes_in(mixer, parts)
    foot = mixer.bounding_box()["y"] + max(y + height for _, y, _, height in boxes[:4])
    assert foot <= bar, "pictures, slider and bars are in one window"
    for number in (0, 3):
        if number:
            mixer.locator(".tile").nth(number).tap()
        pair, (network,) = pairs[number], photo_pairs()[number].networks
        expect(mixer.locator(".network .name")).to_have_text(f"EfficientNet-Lite0 sees {network.says[pair.start]}")
        for at in (pair.start + 6, 20):
            mixer.get_by_role("slider").fill(str(at))
            expect(mixer).to_have_attribute("data-cutoff", f"{pair.predictions.cutoffs[at]:g}")
            expect(mixer.locator(".network .name")).to_have_text(f"EfficientNet-Lite0 sees {network.says[at]}")
            expect(mixer.locator(".hint")).to_have_text(network.hints[at])
            leading = mixer.locator(".bar.leads .class")
            expect(leading).to_have_count(1)
            assert network.says[at] == "nothing clearly" or network.says[at].endswith(leading.inner_text())
            assert boxes_in(mixer, parts) == boxes, "nothing moves"
        low, high = network.classes
        expect(mixer.locator(".ends")).to_have_text(f"← more {high}more {low} →")
        switch = (network.switches - 0.5) / (len(network.sees) - 1)
        widths = "parts => parts.map((part) => [part.className, part.offsetWidth])"
        seen = mixer.locator(".zone > *").evaluate_all(widths)
        before = sum(width for _, width in seen[:-1]) / sum(width for _, width in seen)
        assert seen[-1][0] == "low" and abs(before - switch) < 0.02, "the track turns where it switches"
        mark = mixer.locator(".marks li")
        expect(mark).to_have_text("switches here")
        assert float(mark.evaluate("mark => mark.style.getPropertyValue('--at')")) == pytest.approx(switch)
        wait_until_drawn(page)
    low, high = (sample_picture("photographs", k).image for k in (pairs[3].low, pairs[3].high))
    expected = to_uint8(hybrid(low, high, pairs[3].predictions.cutoffs[20]))
    assert mixer.locator(".tile").count() == len(pairs) and cut(page) == []
    assert np.abs(pixels(mixer.locator(".mixed canvas")).astype(int) - expected).max() <= 1
    assert fits(page) and grave_faults(page) == []


def test_hole_is_filled_with_another_word(app, open_page):
    page = open_page(f"{app}/story?chapter=hole", width=1440, height=900)
    box, panel = page.get_by_role("combobox", name="What should be there?"), page.locator(".st-key-inpainting-panel")
    expect(box).to_have_value("ice cream")
    judged = panel.locator(".judged")
    expect(judged.first).to_be_visible()
    box.fill("military uniform")
    assert cut(page) == []  # nor is the longest part of it under the arrow
    box.fill("otter")
    box.press("Tab")  # leaves the box; Enter would fill
    expect(judged).to_have_text(["", ""])  # what was said is of ice cream
    expect(panel.get_by_text("Press Fill")).to_be_visible()
    box.fill("ice cream")
    box.press("Tab")
    expect(judged.first).not_to_have_text("")
    drag(page, [(10, 10), (60, 10)], 224)
    expect(panel.get_by_text("Press Fill")).to_be_visible()
    wait_until_drawn(page)
