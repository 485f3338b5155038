"""The picture under the wave, drawn by the browser: the engine's pixels exactly, always visible beside the maps."""

import base64
import random
import re
from urllib.parse import quote

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.fourier.waves import fourier_basis, random_signs
from core.shared.numbers import wave_name
from core.sweep.predict import wave_on_image
from tests.browser.waiting import wait_until_drawn, wait_until_still
from ui.maps.catalogue import RESNET50

SLOW = 90_000  # milliseconds: enough to load torch and a classifier on a busy machine
HEADER = 60  # CSS pixels that Streamlit's own bar covers
READ = """canvas => btoa(Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, byte => String.fromCharCode(byte)
).join(""))"""


@pytest.fixture
def lab(streamlit_app, open_page):
    """`lab("?cell=3,4", width=390)` -> the page, its picture drawn."""

    def open_lab(query: str = "?pictures=CIFAR-10", **window) -> Page:
        page = open_page(f"{streamlit_app('app.py')}/frequency{query}", **({"width": 1440, "height": 900} | window))
        expect(page.locator(".picture.perturbed canvas")).to_be_visible()
        return page

    return open_lab


def pixels(page: Page, kind: str) -> np.ndarray:
    canvas = page.locator(f".picture.{kind} canvas")
    data = np.frombuffer(base64.b64decode(canvas.evaluate(READ)), np.uint8)
    side = int(np.sqrt(len(data) // 4))
    rgba = data.reshape(side, side, 4)
    assert (rgba[..., 3] == 255).all()
    return rgba[..., :3]


def middle(page: Page, number: int, frequency: tuple[int, int], side: int) -> tuple[float, float]:
    box = page.locator(".plot:visible").nth(number).bounding_box()
    x, y = ((part + side // 2 + 0.5) / side for part in (frequency[1], frequency[0]))
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def some_cells(count: int, half: int) -> list[tuple[int, int]]:
    dice = random.Random(count)
    edges = [(0, 0), (half, half), (-half, 0), (0, 1), (half, -half)]
    return edges + [(dice.randint(-half, half), dice.randint(-half, half)) for _ in range(count - len(edges))]


@pytest.mark.parametrize(
    ("samples", "query", "count", "half", "epsilon"),
    [
        ("cifar10-samples", "?pictures=CIFAR-10&picture=33&v32=6.2", 6, 15, 6.2),
        pytest.param(
            *("photographs", f"?pictures=Photographs&maps={quote(RESNET50)}&picture=5&v224=15.7", 6, 31, 15.7),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_pointing_at_a_cell_draws_the_engines_pixels_without_a_rerun(lab, samples, query, count, half, epsilon):
    page = lab(query)
    place = int(re.search(r"picture=(\d+)", query)[1])
    image = load_samples(samples).images[place].astype(np.float32) / 255
    address = page.url
    for frequency in some_cells(count, half):
        page.mouse.move(*middle(page, 0, frequency, 2 * half + 1))
        assert page.locator(".panel").get_attribute("data-wave") == "{},{}".format(*frequency)
        wave = wave_on_image(image, frequency, epsilon, seed=0, position=place)
        np.testing.assert_array_equal(pixels(page, "perturbed"), to_uint8(wave.perturbed), err_msg=str(frequency))
        signs = random_signs(place + 1, frequency, seed=0)[place]
        basis = fourier_basis(*frequency, *image.shape[1:])
        alone = 0.5 + signs[:, None, None] * (0.5 * basis / np.abs(basis).max())
        np.testing.assert_array_equal(pixels(page, "wave"), to_uint8(alone), err_msg=str(frequency))
    np.testing.assert_array_equal(pixels(page, "clean"), to_uint8(image))
    assert page.url == address, "pointing does not choose"


def outside(page: Page, selectors: list[str]) -> list[str]:
    """Return the parts that are not fully in the window, below the bar."""
    size, cut_off = page.viewport_size, []
    for selector in selectors:
        boxes = page.locator(selector).evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
        assert boxes, selector
        for box in boxes:
            inside = box["left"] >= 0 and box["right"] <= size["width"] and box["width"] > 50
            if not (inside and box["top"] >= HEADER and box["bottom"] <= size["height"]):
                cut_off.append(f"{selector}: {box}")
    return cut_off


@pytest.mark.slow
def test_a_click_on_any_cell_shows_its_effect_without_scrolling(lab):
    page = lab(width=1440, height=900)
    expect(page.locator(".prediction-rows")).to_be_visible(timeout=SLOW)
    sizes = {(1440, 900): 8, (1920, 1080): 8, (1024, 768): 5}
    for (width, height), count in sizes.items():
        page.set_viewport_size({"width": width, "height": height})
        wait_until_still(page)  # the maps adopt their new size
        parts = [".plot", ".picture canvas", *([".prediction-rows"] if width > 1024 else [])]
        for frequency in some_cells(count, 15):
            page.mouse.click(*middle(page, 1, frequency, 31))
            rows = page.locator('.prediction-rows[data-wave="{},{}"]'.format(*frequency))
            expect(rows).to_have_count(1, timeout=SLOW)
            wait_until_drawn(page)  # a table being replaced by a rerun has no rectangle
            assert page.locator(".plot").count() == 2 and page.locator(".picture canvas").count() == 3
            assert not outside(page, parts), (width, frequency)
        assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
        length = page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight")
        assert length <= max(1800, 2 * height)  # the maps grow with the window


@pytest.mark.slow
@pytest.mark.parametrize("width", [700, 820, 1100])
def test_nothing_of_the_picture_is_cut_off_beside_the_maps(lab, width):
    page = lab(width=width, height=1180)
    for item in page.locator(".picture canvas, .controls, .heatmaps .bar, .heatmaps .plot").all():
        box = item.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    assert page.locator(".scene").evaluate("scene => scene.scrollWidth <= scene.clientWidth")


def test_keys_draw_at_once_and_the_url_follows_when_they_rest(lab):
    page = lab("?pictures=CIFAR-10&cell=0,0")
    plot = page.locator(".plot").first
    plot.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    assert page.locator(".panel").get_attribute("data-wave") == "0,5"
    expect(page).to_have_url(re.compile("cell=0%2C5"))
    expect(plot).to_be_focused()
    before = pixels(page, "perturbed")
    slider = page.get_by_role("slider", name="Strength v")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".strength")).to_contain_text(" = 4.2 (paper: 4)")
    assert (pixels(page, "perturbed") != before).any()
    expect(page).to_have_url(re.compile("v32=4.2"))
    page.keyboard.press("ArrowLeft")
    expect(page).not_to_have_url(re.compile("v32="))
    np.testing.assert_array_equal(pixels(page, "perturbed"), before)


@pytest.mark.slow
def test_play_runs_outward_to_the_corner_and_escape_stops_it(lab):
    page = lab("?pictures=CIFAR-10&cell=0,-3")
    wave = page.locator(".panel")
    wave.evaluate("""panel => {
      window.seen = [];
      const note = new MutationObserver(() => window.seen.push(panel.dataset.wave));
      note.observe(panel, { attributeFilter: ["data-wave"] });
    }""")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => window.seen.length > 5")
    waves = [tuple(map(int, step.split(","))) for step in page.evaluate("window.seen")]
    radii = [round(np.hypot(*step)) for step in waves if step != (0, -3)]
    assert radii == sorted(radii) and len(set(radii)) >= 4, waves
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    stopped = wave.get_attribute("data-wave")
    expect(page).to_have_url(re.compile("cell=" + stopped.replace(",", "%2C")))
    page.get_by_role("button", name="Play").click()  # continues from there
    expect(wave).to_have_attribute("data-wave", "15,-15")
    expect(page).to_have_url(re.compile("cell=15%2C-15"))


@pytest.mark.slow
def test_what_belongs_to_the_selected_wave_is_dimmed_while_another_is_in_view(lab):
    page = lab("?pictures=CIFAR-10&cell=0,3")
    places = page.locator(".st-key-frequency-verdict, .st-key-frequency-predictions")
    expect(page.locator(".prediction-rows")).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    expect(page.locator("[data-elsewhere]")).to_have_count(0)
    page.locator(".plot").first.scroll_into_view_if_needed()
    page.mouse.move(*middle(page, 0, (-4, 0), 31))
    for place in places.all():
        expect(place).to_have_attribute("data-elsewhere", "of the selected wave (0, 3)")
    page.mouse.move(5, 5)
    expect(page.locator("[data-elsewhere]")).to_have_count(0)


def test_another_picture(lab):
    page = lab("?pictures=CIFAR-10&cell=0,5")
    expect(page.locator(".strip input")).to_have_count(len(load_samples("cifar10-samples")))
    page.locator(".strip input").nth(7).check()
    expect(page).to_have_url(re.compile("picture=7"))
    wait_until_drawn(page)
    np.testing.assert_array_equal(
        pixels(page, "clean"), to_uint8(load_samples("cifar10-samples").images[7] / np.float32(255))
    )
    page.keyboard.press("ArrowRight")
    expect(page).to_have_url(re.compile("picture=8"))


def test_on_a_phone_the_picture_stays_above_and_follows_the_finger(lab):
    page = lab(width=400, height=850, has_touch=True, is_mobile=True)
    expect(page.locator(".prediction-rows")).to_be_attached(timeout=SLOW)
    wait_until_drawn(page)
    expect(page.locator(".plot:visible")).to_have_count(1)
    page.locator(".toggle label").nth(1).click()
    expect(page.locator(".plot").nth(1)).to_be_visible()
    plot = page.locator(".plot:visible")
    plot.evaluate("plot => plot.scrollIntoView({block: 'end'})")
    wait_until_still(page)
    scene = page.locator(".scene").bounding_box()
    assert (
        scene["y"] >= HEADER - 1
        and scene["y"] + scene["height"] < plot.bounding_box()["y"] + plot.bounding_box()["height"] / 2
    )
    fingers = page.context.new_cdp_session(page)
    path = [(-5, -5), (-2, 0), (4, 6), (9, 9)]
    for number, frequency in enumerate(path):
        x, y = middle(page, 0, frequency, 31)
        kind = "touchMove" if number else "touchStart"
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        if number:
            expect(page.locator(".panel")).to_have_attribute("data-wave", "{},{}".format(*frequency))
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page).to_have_url(re.compile("cell=9%2C9"))
    assert page.locator(".scene").bounding_box()["height"] <= 110
    expect(page.locator(".prediction-rows")).to_have_attribute("data-wave", "9,9", timeout=SLOW)
    lines = page.locator(".answers > div").all_inner_texts()
    rows = page.locator(".prediction-rows tbody tr").all()
    assert len(lines) == len(rows) == 2
    for line, row in zip(lines, rows, strict=True):
        assert row.locator("td").first.inner_text().split()[0] in line
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.evaluate("document.querySelector('[data-testid=stMainBlockContainer]').scrollHeight") <= 3500


@pytest.mark.slow
def test_what_a_hasty_visitor_does_leaves_maps_picture_and_answers_in_one_state(lab):
    page = lab()
    expect(page.locator(".prediction-rows")).to_be_visible(timeout=SLOW)

    def expect_wave(frequency: tuple[int, int]) -> None:
        page.mouse.move(5, 5)
        wave = "{},{}".format(*frequency)
        expect(page.locator(".prediction-rows")).to_have_attribute("data-wave", wave, timeout=SLOW)
        wait_until_drawn(page)
        expect(page.locator(".panel")).to_have_attribute("data-wave", wave)
        for readout in page.locator(".readout").all():
            expect(readout).to_contain_text(wave_name(frequency))
        expect(page).to_have_url(re.compile("cell=" + wave.replace(",", "%2C")))
        expect(page.locator("[data-elsewhere], [data-stale=true]")).to_have_count(0)

    page.mouse.click(*middle(page, 0, (3, 4), 31))
    page.mouse.click(*middle(page, 1, (-6, 2), 31))
    expect_wave((-6, 2))
    page.mouse.click(*middle(page, 0, (7, -7), 31))
    expect(page).to_have_url(re.compile("cell=7%2C-7"))
    page.reload()  # while classifiers predict
    wait_until_drawn(page)
    expect_wave((7, -7))
    figures = page.locator(".st-key-frequency-figure button")
    page.mouse.click(*middle(page, 0, (9, 9), 31))
    figures.filter(has_text="Figure 2").click()
    figures.filter(has_text="Figure 1").click()
    expect_wave((0, 1))
    page.get_by_role("button", name="Play").click()
    figures.filter(has_text="Figure 2").click()
    expect_wave((0, 9))
    page.mouse.click(*middle(page, 0, (2, 7), 63))
    page.get_by_test_id("stTopNavLink").filter(has_text="Story").click()
    expect(page.locator(".panel")).to_have_count(0)
    expect(page).not_to_have_url(re.compile("frequency"))  # Streamlit empties the page before it leaves the address
    page.go_back()
    expect_wave((2, 7))
