"""The page *Frequencies* in a real browser: it shows the engine's numbers."""

import io
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import HEATMAPS
from core.fourier.heatmap import Heatmap
from core.shared.device import class_probabilities
from core.shared.numbers import wave_name
from core.sweep.predict import wave_on_image
from tests.browser.waiting import wait_until_drawn, wait_until_still

CLIP, RESNET56 = (Heatmap.load(HEATMAPS / f"{name}_cifar10_published.npz") for name in ("clip-vit-b-32", "resnet-56"))
SLOW = 90_000  # milliseconds: enough to load torch and a classifier on a busy machine


@pytest.fixture
def frequency_page(streamlit_app, open_page):
    """`frequency_page("frequency?cell=3,4", width=390)` -> the page, drawn."""
    return lambda query="", **window: open_page(f"{streamlit_app('app.py')}/{query}", **window)


def tool(page: Page, name: str):
    return page.locator(".st-key-frequency-tools").get_by_role("radio", name=name)


def spelled(heatmap: Heatmap, frequency: tuple[int, int], top: int = 1) -> str:
    """Return the expected sentence about a cell, from the engine's numbers."""
    cell = tuple(number + heatmap.side // 2 for number in frequency)
    rate, low, high = (100 * array[cell] for array in heatmap.interval(top))
    return f"{wave_name(frequency)}: top-{top} error {rate:.1f} %95 % interval ({low:.1f} to {high:.1f})"


def click_cell(page: Page, number: int, frequency: tuple[int, int], side: int) -> None:
    plot = page.locator(".plot").nth(number)
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    column, row = (frequency[1] + side // 2 + 0.5) / side, (frequency[0] + side // 2 + 0.5) / side
    plot.click(position={"x": column * box["width"], "y": row * box["height"]})


def drawn(page: Page) -> str:
    """The picture with the wave, as the browser draws it."""
    return page.locator(".picture.perturbed canvas").evaluate("canvas => canvas.toDataURL()")


def expect_readouts(page: Page, *lines: str) -> None:
    for number, line in enumerate(lines):
        expect(page.locator(".readout").nth(number)).to_have_text(line)


def percentages(page: Page, title: str) -> dict[str, tuple[float, float]]:
    """A classifier's table of predictions: class -> probabilities in per cent, clean and with the wave."""
    table = page.locator(".predictions").filter(has_text=title).first
    expect(table.locator("tr").nth(1)).to_be_visible(timeout=SLOW)
    rows = table.locator("tr").all_inner_texts()
    shares = {}
    for row in rows[1:]:
        name, clean, wave = (part.strip() for part in row.split("\t"))
        shares[name.removesuffix(" ✓")] = float(clean.rstrip("%")), float(wave.rstrip("%"))
    return shares


def test_click_shows_the_engines_numbers_in_both_maps_and_the_wave_beside(frequency_page):
    page = frequency_page("frequency?pictures=Photographs")
    expect_readouts(page, spelled(CLIP, (0, 1)), spelled(RESNET56, (0, 1)))
    click_cell(page, 1, (5, -9), 31)
    expect(page.get_by_text(f"Its wave {wave_name((5, -9))}")).to_be_visible()
    page.mouse.move(0, 0)
    expect_readouts(page, spelled(CLIP, (5, -9)), spelled(RESNET56, (5, -9)))
    expect(page.get_by_role("img", name=f"with the wave {wave_name((5, -9))} added")).to_be_visible()
    expect(page).to_have_url(re.compile("cell=5%2C-9"))
    expect(page.locator(".map .note").get_by_text("map only")).to_have_count(2)
    page.set_viewport_size({"width": 390, "height": 800})
    expect(page.locator(".heatmaps.narrow")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".plot").first.bounding_box()["width"] > 200


def test_cell_wave_picture_and_answers_are_one_row_in_the_first_window(frequency_page):
    page = frequency_page("frequency", width=1440, height=900)
    expect(page.locator(".prediction-rows tr").nth(1)).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    parts = ".plot", ".picture.wave canvas", ".picture.perturbed canvas", ".prediction-rows tbody"
    chain = [[part.bounding_box() for part in page.locator(name).all()] for name in parts]
    cards = page.locator(".st-key-frequency-card").bounding_box()
    row = [box for found in chain for box in found]
    assert [box["x"] for box in row] == sorted(box["x"] for box in row) and len(row) == 5
    assert max(box["y"] for box in row) < min(box["y"] + box["height"] for box in row), "beside each other"
    assert cards["y"] + cards["height"] <= 900
    maps, (picture,) = chain[0], chain[2]
    assert min(box["width"] for box in maps) >= 300 and picture["width"] >= 200
    # Figures, tools, "+ Your photo" with its strip, "Play" and the strength, and what is closed.
    groups = page.locator("main, [data-testid=stMain]").get_by_role("radiogroup").count()
    closed = page.locator("[data-testid=stExpander] summary").count()
    assert groups <= 2 and page.locator(".heatmaps button, .heatmaps input[type=range]").count() == 3 and closed == 2


def test_who_answers_is_said_in_the_same_words_beside_map_and_answer(frequency_page):
    page = frequency_page("frequency", width=1440)
    expect(page.locator(".prediction-rows tr").nth(1)).to_be_visible(timeout=SLOW)
    for title in ("CLIP ViT-B/32", "ResNet-56"):
        note = page.locator(".map .title").filter(has_text=title).locator(".note").inner_text()
        answer = page.locator(".prediction-rows tr").filter(has_text=title)
        assert note.startswith("answered by Mini ") and answer.locator("small").inner_text() == note
    page.get_by_role("radio", name="Figure 2").or_(page.get_by_role("button", name="Figure 2")).first.click()
    silent = page.locator(".prediction-rows tr").filter(has_text="ResNet-50")
    expect(silent).to_contain_text("map only", timeout=SLOW)
    assert silent.locator("small").inner_text() == page.locator(".map .note").first.inner_text()
    assert page.locator(".map .note").nth(1).inner_text() == ""  # it answers itself


def test_the_map_is_the_first_stop_of_the_keyboard_after_the_header(frequency_page):
    page = frequency_page("frequency", width=1440)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # "Skip to main content"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement.className") == "plot"


@pytest.mark.slow
def test_predictions_are_the_engines(frequency_page):
    data = load_samples("photographs")
    image = data.images[3].astype(np.float32) / 255
    wave = wave_on_image(image, (0, 12), 31.4, seed=0, position=3)
    classifier = load_classifier("efficientnet-lite0", data.classes)
    clean, perturbed = class_probabilities(classifier, np.stack([wave.clean, wave.perturbed]))
    page = frequency_page("frequency?cell=0,12&pictures=Photographs&picture=3&v224=31.4&details=true")
    shares = percentages(page, "EfficientNet")
    best = int(clean.argmax())
    assert data.classes.names[best] in shares and data.classes.names[int(perturbed.argmax())] in shares
    for name, (before, after) in shares.items():
        column = data.classes.names.index(name)
        assert before == pytest.approx(100 * clean[column], abs=0.15)
        assert after == pytest.approx(100 * perturbed[column], abs=0.15)


def test_url_brings_the_whole_state_back_and_share_gives_it(frequency_page):
    page = frequency_page("frequency?show=Difference&cell=8,8")
    expect(page.get_by_text("CLIP ViT-B/32 minus ResNet-56", exact=True)).to_be_visible()
    page.get_by_text("Expert settings").click()
    wait_until_still(page)
    page.get_by_role("radio", name="Top-5").or_(page.get_by_role("button", name="Top-5")).first.click()
    expect(page.locator(".readout").first).to_contain_text("top-5")
    page.get_by_text("Details", exact=True).click()
    tool(page, "Classes").click()
    expect(page).to_have_url(re.compile("tab=Classes"))
    expect(page).to_have_url(re.compile("details=true"))
    wait_until_drawn(page)
    line, wave, url = page.locator(".readout").first.text_content(), drawn(page), page.url
    again = frequency_page("frequency?" + url.partition("?")[2])
    expect(again.locator(".map .title")).to_have_text("CLIP ViT-B/32 minus ResNet-56")
    expect(again.locator(".readout").first).to_have_text(line)
    assert drawn(again) == wave
    expect(tool(again, "Classes")).to_be_checked()
    expect(again.get_by_text("Error by radius")).to_be_visible()
    assert "show=Difference" in again.url and re.search("cell=8(,|%2C)8", again.url)
    page.get_by_role("button", name="Share").click()
    link = page.get_by_test_id("stPopoverBody").locator("code").first.inner_text().strip()
    assert link.partition("?")[0] == url.partition("?")[0].rstrip("/")
    assert parse_qs(urlsplit(link).query) == parse_qs(urlsplit(url).query)
    cell = tuple(number + 15 for number in (8, 8))
    rise = 100 * (CLIP.rate(5)[cell] - RESNET56.rate(5)[cell])
    assert f"{abs(rise):.1f} points" in line


@pytest.mark.slow
def test_broken_files_get_a_sentence_and_nothing_is_lost(frequency_page):
    page = frequency_page("frequency?pictures=Yours&tab=Add+a+map")
    upload = page.get_by_test_id("stFileUploaderDropzoneInput").first
    upload.set_input_files({"name": "broken.npz", "mimeType": "application/zip", "buffer": b"PK nothing"})
    expect(page.get_by_text("broken.npz”: not a heat map file, or a damaged one")).to_be_visible()
    good = (HEATMAPS / "resnet-50_imagenet100_published.npz").read_bytes()
    upload.set_input_files({"name": "good.npz", "mimeType": "application/zip", "buffer": good})
    expect(page.locator(".plot")).to_have_count(3)
    expect(page.get_by_text("ResNet-50 · ImageNet100 · uploaded 1").first).to_be_attached()
    page.get_by_role("button", name="Choose a picture").click()
    whole = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)).save(whole, "PNG")
    upload = page.get_by_role("dialog").get_by_test_id("stFileUploaderDropzoneInput")
    for name, data in (("notes.png", b"these are notes, not a picture"), ("half.png", whole.getvalue()[:2000])):
        upload.set_input_files({"name": name, "mimeType": "image/png", "buffer": data})
        alert = page.get_by_test_id("stAlert").filter(has_text=f"{name}”:")
        expect(alert).to_be_visible()
        assert "Traceback" not in alert.inner_text()
        expect(page.locator(".plot")).to_have_count(3)
    upload.set_input_files({"name": "noise.png", "mimeType": "image/png", "buffer": whole.getvalue()})
    page.get_by_role("button", name="Use this picture").click()
    expect(page.locator(".picture canvas")).to_have_count(3)
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("group", name="Bundled pictures")).to_have_count(0)  # none of them is the selected one


@pytest.mark.slow
def test_library_opens_beside_the_strip_and_a_choice_by_key_closes_it(frequency_page):
    page = frequency_page("frequency?pictures=CIFAR-10", width=400)
    button, dialog = page.get_by_role("button", name="+ Your photo"), page.get_by_role("dialog")
    button.focus()
    page.keyboard.press("Enter")
    expect(dialog.get_by_role("radio", name="automobile").first).to_be_visible()
    expect(page.locator(".prediction-rows")).to_be_attached(timeout=SLOW)  # a later run does not close it
    for width in (1440, 400):
        page.set_viewport_size({"width": width, "height": 900})
        box = dialog.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_text("Photographs", exact=True).click()
    tile = dialog.get_by_role("radiogroup", name="Bundled pictures").get_by_role("radio").nth(3)
    expect(tile).to_have_attribute("aria-label", re.compile("^macaw"))
    tile.focus()
    page.keyboard.press("Enter")
    expect(dialog).to_have_count(0)
    expect(page).to_have_url(re.compile("picture=3"))
    assert "pictures=Photographs" in page.url
    expect(page.get_by_role("img", name=re.compile("^macaw.* with the wave"))).to_be_visible()


@pytest.mark.slow
def test_a_map_of_ones_own_starts_stops_and_stands_beside_the_others(frequency_page):
    page = frequency_page("frequency?pictures=CIFAR-10")
    expect(page.locator(".prediction-rows")).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    page.get_by_role("radio", name="Your own").or_(page.get_by_role("button", name="Your own")).first.click()
    page.get_by_test_id("stMain").get_by_role("button", name="Compute a map").click()
    expect(page.get_by_text(re.compile(r"Each cell fills once its wave has been tried; \d+ s left"))).to_be_visible(
        timeout=SLOW
    )
    growing = page.locator(".st-key-sweep-maps .plot")
    expect(growing).to_be_in_viewport(ratio=1)
    page.get_by_role("button", name="Stop and keep the map").click()
    expect(page.get_by_text("Stopped. The map")).to_be_visible()
    expect(page.get_by_text("python -m core.sweep waves --classifier")).to_be_visible()
    expect(page.locator(".st-key-frequency-lab .plot")).to_have_count(3)
    expect(page.locator(".st-key-sweep-maps .plot")).to_be_visible()
    expect(page.get_by_text("CIFAR-10 samples · computed here 1").first).to_be_attached()
