"""The page *Frequencies* in a real browser: one walk by its maps, one by each tool, one on a phone, a hasty visitor."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.data.sample_sets import HEATMAPS
from core.fourier.heatmap import Heatmap, colormap_table
from core.fourier.waves import hybrid
from core.sweep.predict import wave_on_image
from tests.browser.canvases import pixels, rgba
from tests.browser.conftest import BOTH_BROWSERS
from tests.browser.waiting import choose_option, in_page, wait_until_drawn, wait_until_still

CLIP, RESNET56 = (Heatmap.load(HEATMAPS / f"{name}_cifar10_published.npz") for name in ("clip-vit-b-32", "resnet-56"))
HEADER = 60  # CSS pixels that Streamlit's own bar covers
IMAGES = load_samples("cifar10-samples").images


@pytest.fixture
def frequency_page(app, open_page):
    """`frequency_page("cell=3,4", width=390)` -> the page with a small picture, once networks have answered."""

    def opened(query: str = "", **window) -> Page:
        url = f"{app}/frequency?{query if 'pictures=' in query else f'pictures=CIFAR-10&{query}'}"
        page = open_page(url, **({"width": 1440, "height": 900} | window))
        expect(page.locator(".answers")).to_have_attribute("data-wave", re.compile(","))
        wait_until_drawn(page)
        wait_until_still(page)  # or the mouse may point at what has moved since
        return page

    return opened


def picture(page: Page, kind: str) -> np.ndarray:
    return pixels(page.locator(f".panel .picture.{kind} canvas"))


def middle(page: Page, number: int, frequency: tuple[int, int], side: int = 31) -> tuple[float, float]:
    """Middle of a cell in the window."""
    box = page.locator(".plot:visible").nth(number).bounding_box()
    x, y = ((part + side // 2 + 0.5) / side for part in reversed(frequency))
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def wave_name(frequency):
    """(3, −4), with a true minus."""
    return f"({frequency[0]}, {frequency[1]})".replace("-", "\N{MINUS SIGN}")


def spelled(heatmap: Heatmap, frequency: tuple[int, int]) -> str:
    """Return a readout, from the engine's numbers."""
    rate, low, high = (100 * array[tuple(np.add(frequency, heatmap.size // 2))] for array in heatmap.interval(1))
    return f"This wave: wrong on {rate:.1f}%{wave_name(frequency)}, 95% interval ({low:.1f} to {high:.1f})"


def expect_wave(page: Page, frequency: tuple[int, int]) -> None:
    """Wait until maps, picture, answers and URL are about a wave."""
    page.mouse.move(5, 5)
    wave = "{},{}".format(*frequency)
    expect(page.locator(".answers")).to_have_attribute("data-wave", wave)
    wait_until_drawn(page)
    expect(page.locator(".panel")).to_have_attribute("data-wave", wave)
    for readout in page.locator(".st-key-frequency-lab .readout").all():
        expect(readout).to_contain_text(wave_name(frequency))
    expect(page).to_have_url(re.compile("cell=" + wave.replace(",", "%2C")))
    expect(page.locator("[data-stale=true]")).to_have_count(0)


@pytest.mark.parametrize("browser_name", BOTH_BROWSERS)
def test_map_pointing_clicking_and_url(frequency_page):
    page = frequency_page("picture=33&v32=6.2")
    address, panel, plot = page.url, page.locator(".panel"), page.locator(".plot").first
    image = IMAGES[33].astype(np.float32) / 255
    for number, cell in enumerate([(5, -9), (0, 0), (-15, 15)]):
        page.mouse.move(*middle(page, number % 2, cell))
        expect(panel).to_have_attribute("data-wave", "{},{}".format(*cell))
        perturbed = wave_on_image(image, cell, 6.2, seed=0, position=33)
        np.testing.assert_array_equal(picture(page, "perturbed"), to_uint8(perturbed), err_msg=str(cell))
        for readout, heatmap in zip(page.locator(".readout").all(), (CLIP, RESNET56), strict=True):
            expect(readout).to_have_text(spelled(heatmap, cell))
    assert page.url == address, "pointing does not choose"
    page.mouse.click(*middle(page, 1, (5, -9)))
    expect_wave(page, (5, -9))
    plot.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect(panel).to_have_attribute("data-wave", "5,-6")
    expect_wave(page, (5, -6))
    expect(plot).to_be_focused()
    before = picture(page, "perturbed")
    page.get_by_role("slider", name="Strength of the wave").focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".strength")).to_contain_text("Strength: 6.4 (paper: 4)")
    assert (picture(page, "perturbed") != before).any()
    expect(page).to_have_url(re.compile("v32=6.4"))
    page.locator(".panel .tile").nth(7).click()
    expect(page).to_have_url(re.compile("picture=7"))
    wait_until_drawn(page)
    for shown in (picture(page, "clean"), pixels(page.locator(".panel .tile canvas").nth(7))):
        np.testing.assert_array_equal(shown, IMAGES[7].transpose(1, 2, 0))
    panel.evaluate(in_page("noteWaves"))
    page.get_by_role("button", name="Play").click()
    page.wait_for_function("() => new Set(window.seen).size > 4")  # answers that arrive note a wave again
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    waves = [tuple(map(int, step.split(","))) for step in page.evaluate("window.seen")]
    radii = [round(np.hypot(*step)) for step in waves if step != (5, -6)]
    assert radii == sorted(radii) and len(set(radii)) >= 3, waves
    expect_wave(page, tuple(map(int, panel.get_attribute("data-wave").split(","))))
    line, drawn = page.locator(".readout").first.text_content(), picture(page, "perturbed")
    page.reload()
    expect(page.locator(".readout").first).to_have_text(line)
    np.testing.assert_array_equal(picture(page, "perturbed"), drawn)


def test_map_colours_and_rapid_clicks(frequency_page):
    page, table = frequency_page(), colormap_table("viridis")
    for number, heatmap in enumerate((CLIP, RESNET56)):
        rates = np.rint(1000 * heatmap.interval(1)[0]) / 1000
        shown = pixels(page.locator(".plot canvas").nth(number))
        assert np.array_equal(shown, table[np.floor(255 * rates + 0.5).astype(int)])
    places = [middle(page, 0, (0, j)) for j in range(-2, 10)]
    for j, place in enumerate(places, -2):
        page.mouse.click(*place)
        assert wave_name((0, j)) in page.locator(".readout").first.text_content(), "never reverted"
    expect_wave(page, (0, 9))
    show = page.locator(".answer button").first
    expect(show).to_have_text(re.compile(r"^fooled by \d+ of 481 waves: show them$"))
    show.click()
    outlines, legends = page.locator(".outlines path:last-child"), page.locator(".map .legend")
    expect(outlines.first).to_have_attribute("d", re.compile("M"))
    expect(outlines.nth(1)).to_have_attribute("d", "")
    expect(legends).to_have_text(["outlined: waves that fool Mini CLIP", ""])
    page.get_by_role("radio", name="Difference", exact=True).click()
    expect(page.locator(".map")).to_have_count(1)
    expect(legends).to_have_text("")
    page.get_by_role("radio", name="CLIP and a ResNet", exact=True).click()
    expect(page.locator(".map")).to_have_count(2)
    expect(legends).to_have_text(["", ""])


@pytest.mark.slow
def test_hybrid_follows_the_cutoff(frequency_page):
    page = frequency_page("tab=Two+pictures+in+one&picture=1&second=4&cutoff=4")
    mixer, slider = page.locator(".mixer"), page.get_by_role("slider", name="Mix")
    expect(mixer.locator(".network").first).to_be_visible()
    slider.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    expect(mixer).to_have_attribute("data-cutoff", "8")
    expect(page).to_have_url(re.compile("cutoff=8"))
    wait_until_drawn(page)
    expect(slider).to_be_focused()
    mixer.locator(".tile").nth(7).click()
    expect(page).to_have_url(re.compile("second=7"))
    expect(mixer.locator(".picture.high figcaption")).to_have_text("Edges (fast waves): horse")
    np.testing.assert_array_equal(pixels(mixer.locator(".picture.high canvas")), IMAGES[7].transpose(1, 2, 0))
    mixed = hybrid(*(IMAGES[k].astype(np.float32) / 255 for k in (1, 7)), 8.0)
    assert np.abs(pixels(mixer.locator(".picture.mixed canvas")).astype(int) - to_uint8(mixed)).max() <= 1


def test_keyboard_reaches_map_and_own_words(frequency_page):
    page = frequency_page("cell=0,5")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Skip to main content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "plot"
    for name in ("Yours", "Your own words"):
        page.get_by_role("radio", name=name, exact=True).click()
        wait_until_drawn(page)
    classes, prompt = (page.get_by_role("textbox", name=name) for name in ("Classes, one per line", "Prompt, with"))
    table = page.locator(".st-key-own-predictions .predictions").first
    for field, typed, confirm in (
        (classes, "brown horse\n  toad;a jet ", "Control+Enter"),
        (prompt, "a dark picture of a {class}", "Enter"),
    ):
        field.focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press(confirm)
        for name in ("brown horse", "toad", "a jet"):
            expect(table.get_by_role("cell", name=name, exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"classes=brown(\+|%20)horse%0A.*prompt=a(\+|%20)dark"))
    wait_until_drawn(page)
    numbers = table.inner_text()
    page.get_by_role("link", name="Models").first.click()
    expect(page.get_by_role("heading", name="Models").first).to_be_visible()
    page.get_by_role("link", name="Frequencies").first.click()
    expect(classes).to_have_value("brown horse\n  toad;a jet ")
    expect(table).to_have_text(re.compile(re.escape(numbers.split("\n")[0])))


@pytest.mark.slow
def test_own_map_grows_and_stops(frequency_page):
    page = frequency_page("pictures=Photographs")
    page.get_by_role("radio", name="Yours", exact=True).click()
    choose_option(page.get_by_role("combobox", name="Pictures"), page.get_by_role("option").first)
    strength = page.get_by_role("spinbutton", name="Strength")
    expect(strength).to_have_value("4.00")  # of 32-pixel pictures
    strength.press("Control+a")
    strength.press_sequentially("15.69999999999999")
    strength.press("Enter")
    wait_until_drawn(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Compute a map").click()
    growing = page.locator(".st-key-sweep-maps .plot")
    expect(growing).to_be_in_viewport(ratio=1)
    assert (rgba(growing.locator("canvas"))[..., 3] == 0).any(), "not computed yet"
    page.get_by_role("button", name="Stop and keep the map").click()
    expect(page.get_by_role("button", name="Download the map")).to_be_visible()
    expect(page.locator(".st-key-frequency-lab .plot")).to_have_count(3)
    expect(growing).to_have_count(0)  # it is among the maps now
    expect(page.get_by_text("computed here 1").first).to_be_attached()


def test_map_on_a_phone_follows_touch(frequency_page):
    page = frequency_page(width=400, height=850, has_touch=True, is_mobile=True)
    expect(page.locator(".plot:visible")).to_have_count(1)
    page.locator(".toggle label").nth(1).click()
    expect(page.locator(".plot").nth(1)).to_be_visible()
    plot = page.locator(".plot:visible")
    plot.evaluate("plot => plot.scrollIntoView({block: 'end'})")
    wait_until_still(page)
    scene, box = page.locator(".scene").bounding_box(), plot.bounding_box()
    assert scene["y"] >= HEADER - 1 and scene["y"] + scene["height"] < box["y"] + box["height"] / 2
    fingers = page.context.new_cdp_session(page)
    for number, frequency in enumerate([(-5, -5), (4, 6), (9, 9)]):
        x, y = middle(page, 0, frequency)
        kind = "touchMove" if number else "touchStart"
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        if number:
            expect(page.locator(".panel")).to_have_attribute("data-wave", "{},{}".format(*frequency))
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page).to_have_url(re.compile("cell=9%2C9"))
    # Of an answer two lines are kept free, so the map never moves.
    assert page.locator(".scene").bounding_box()["height"] <= 140
    expect(page.locator(".answers")).to_have_attribute("data-wave", "9,9")
    expect(page.locator(".answer:visible")).to_have_count(2)
