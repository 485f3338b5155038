"""Two pictures in one, drawn by the browser: the engine's pixels, with text and charts for the same cutoff."""

import base64
import random
import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.data.sample_sets import SAMPLE_SETS
from core.fourier.waves import hybrid
from core.shared.device import class_probabilities
from core.sweep.predict import hybrid_cutoffs
from tests.browser.accessibility import grave_faults
from tests.browser.waiting import wait_until_drawn
from ui.server.cache import classifier_for

SLOW = 90_000  # milliseconds: enough to load torch and a classifier on a busy machine
TAB = "tab=Two+pictures+in+one"
READ = """canvas => btoa(Array.from(
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, byte => String.fromCharCode(byte)
).join(""))"""

LINE = 2  # pixels of the circle's line, centred on the cutoff
# Milliseconds from each slider movement until the frame that shows it has been drawn.
MOVES = """async (slider, places) => {
  const frame = () => new Promise(requestAnimationFrame), seen = [];
  for (const place of places) {
    await frame();
    const start = performance.now();
    slider.value = place;
    slider.dispatchEvent(new Event("input"));
    await frame();
    await new Promise((done) => setTimeout(done)); // after the frame's layout and paint
    seen.push(performance.now() - start);
  }
  return seen;
}"""


def opened(streamlit_app, open_page, query: str, **window) -> Page:
    page = open_page(f"{streamlit_app('app.py')}/frequency?{TAB}&{query}", **({"width": 1440, "height": 900} | window))
    expect(page.locator(".mixer .network").first).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    return page


def pixels(page: Page, kind: str = "mixed") -> np.ndarray:
    data = np.frombuffer(base64.b64decode(page.locator(f".mixer .picture.{kind} canvas").evaluate(READ)), np.uint8)
    side = int(np.sqrt(len(data) // 4))
    return data.reshape(side, side, 4)[..., :3].astype(int)


def move(page: Page, place: int) -> None:
    """Move the slider like a dragging pointer."""
    page.locator(".mixer input[type=range]").evaluate(
        "(slider, place) => { slider.value = place; slider.dispatchEvent(new Event('input')); }", place
    )


def circles(page: Page) -> list[float]:
    """Radius in cells of the circle on each heat map, centred on zero frequency."""
    radii = []
    for figure in page.locator(".heatmaps figure.map").all():
        plot, circle = (figure.locator(name).bounding_box() for name in (".plot", ".plot .cutoff"))
        cell = plot["width"] / int(figure.locator("canvas").get_attribute("width"))
        for start, length in (("x", "width"), ("y", "height")):
            assert circle[start] + circle[length] / 2 == pytest.approx(plot[start] + plot[length] / 2, abs=0.6)
        radii.append((circle["width"] - LINE) / 2 / cell)
    return radii


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("cifar10", 1, 4), pytest.param("photographs", 6, 9, marks=pytest.mark.slow)]
)
def test_picture_circle_bars_and_sentence_are_the_engines_at_the_same_cutoff(streamlit_app, open_page, kind, low, high):
    row = SAMPLE_SETS[kind]
    title = row.title.replace(" ", "+")
    page = opened(streamlit_app, open_page, f"pictures={title}&picture={low}&second={high}&cutoff=3")
    data, cutoffs = load_samples(row.dataset), hybrid_cutoffs(row.side)
    images = data.images.astype(np.float32) / 255
    name = "mini-clip" if kind == "cifar10" else "efficientnet-lite0"
    classes = [data.labels[low], data.labels[high]]
    mixer, address = page.locator(".mixer"), page.url
    network = mixer.locator(".network").first
    first = cutoffs.index(1) if 1 in cutoffs else 0
    for place in (0, first, len(cutoffs) - 1, *random.Random(row.side).sample(range(1, len(cutoffs) - 1), 3)):
        move(page, place)
        mixed, cutoff = hybrid(images[low], images[high], cutoffs[place]), cutoffs[place]
        assert mixer.get_attribute("data-cutoff") == f"{cutoff:g}"
        assert np.abs(pixels(page) - to_uint8(mixed).astype(int)).max() <= 1, cutoff
        assert circles(page) == pytest.approx([cutoff] * 2, abs=0.1)
        cycles = "1 cycle" if cutoff == 1 else f"{cutoff:g} cycles"
        assert mixer.locator(".cutoff label").inner_text().startswith(f"Cutoff: {cycles} per image")
        (probabilities,) = class_probabilities(classifier_for(name, row.class_set), mixed[None])
        assert (
            network.locator(".name").inner_text().endswith(f"predicts “{data.classes.names[probabilities.argmax()]}”")
        )
        percent = [float(share.removesuffix(" %")) for share in network.locator(".share").all_inner_texts()]
        np.testing.assert_allclose(percent, 100 * probabilities[classes], atol=0.6)
        widths = network.locator(".fill").evaluate_all("all => all.map(one => parseFloat(one.style.width))")
        np.testing.assert_allclose(widths, 100 * probabilities[classes], atol=0.1)
    np.testing.assert_array_equal(pixels(page, "low"), to_uint8(images[low]))
    np.testing.assert_array_equal(pixels(page, "high"), to_uint8(images[high]))
    assert page.url == address, "dragging does not choose"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["cifar10", "photographs"])
def test_a_move_is_seen_within_a_quarter_of_a_second(streamlit_app, open_page, kind, record_property):
    row = SAMPLE_SETS[kind]
    page = opened(streamlit_app, open_page, f"pictures={row.title}&cutoff=3")
    places = random.Random(1).sample(range(len(hybrid_cutoffs(row.side))), 20)
    delays = page.locator(".mixer input[type=range]").evaluate(MOVES, places)
    milliseconds = {"median": float(np.median(delays)), "longest": max(delays)}
    record_property("milliseconds", milliseconds)
    print(kind, milliseconds)
    assert milliseconds["median"] <= 250


@pytest.mark.slow
def test_the_circle_leaves_with_the_tab(streamlit_app, open_page):
    page = opened(streamlit_app, open_page, "pictures=CIFAR-10&cutoff=4")
    circle, key = page.locator(".heatmaps .plot .cutoff").first, page.locator(".heatmaps .key.cutoff")
    expect(circle).to_be_visible()
    expect(key).to_have_text("cutoff")
    page.get_by_role("radio", name="Classes").click()
    expect(circle).to_be_hidden()
    expect(key).to_be_hidden()
    page.get_by_role("radio", name="Two pictures in one").click()
    expect(circle).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    assert circles(page) == pytest.approx([4, 4], abs=0.1)
    page.get_by_role("link", name="Findings").first.click()
    expect(page.locator(".mixer")).to_have_count(0)
    assert page.evaluate("document.documentElement.style.getPropertyValue('--cutoff-shown')") == ""


def test_keys_move_the_cutoff_and_the_url_follows_when_they_rest(streamlit_app, open_page):
    page = opened(streamlit_app, open_page, "pictures=CIFAR-10&cutoff=4")
    slider = page.get_by_role("slider", name="Cutoff")
    slider.focus()
    for _ in range(8):
        page.keyboard.press("ArrowRight")
    assert page.locator(".mixer").get_attribute("data-cutoff") == "8"
    expect(page).to_have_url(re.compile("cutoff=8"))
    wait_until_drawn(page)
    expect(slider).to_be_focused()
    assert slider.get_attribute("aria-valuetext").startswith("8 cycles per image. Mini CLIP predicts “")
    page.reload()
    expect(page.locator(".mixer")).to_have_attribute("data-cutoff", "8", timeout=SLOW)


@pytest.mark.slow
def test_another_second_picture_and_play(streamlit_app, open_page):
    page = opened(streamlit_app, open_page, "pictures=CIFAR-10&cutoff=16")
    images = load_samples("cifar10-samples").images
    page.locator(".mixer .strip input").nth(7).check()
    expect(page).to_have_url(re.compile("second=7"))
    expect(page.locator(".mixer .picture.high figcaption")).to_have_text("High frequencies of: horse")
    np.testing.assert_array_equal(pixels(page, "high"), images[7].transpose(1, 2, 0))
    mixed = hybrid(*(images[k].astype(np.float32) / 255 for k in (1, 7)), 16.0)
    assert np.abs(pixels(page) - to_uint8(mixed).astype(int)).max() <= 1
    wait_until_drawn(page)
    page.locator(".mixer").get_by_role("button", name="Play").click()
    expect(page.locator(".mixer")).to_have_attribute("data-cutoff", "32")
    expect(page).to_have_url(re.compile("cutoff=32"))
    expect(page.locator(".mixer").get_by_role("button", name="Play")).to_be_visible()


@pytest.mark.slow
def test_on_a_phone_picture_slider_and_bars_are_in_one_sight(streamlit_app, open_page):
    page = opened(streamlit_app, open_page, "pictures=CIFAR-10", width=390, height=850)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    top = page.locator(".mixer .picture.mixed canvas").bounding_box()
    bars = page.locator(".mixer .network").last.bounding_box()
    assert top["width"] == 320 and bars["y"] + bars["height"] - top["y"] < 850 - 60
    for kind in ("mixed", "low", "high"):
        box = page.locator(f".mixer .picture.{kind}").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390, kind
    assert not grave_faults(page)
