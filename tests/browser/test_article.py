"""The article in Chromium and Firefox: one walk of its chapters, what it computes, and what goes wrong."""

import io
import re
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from playwright.sync_api import expect

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.picture_files import square_image
from core.data.sample_sets import CIFAR10, imagenet
from core.pgd.drawings import draw_questions, stored_pool
from core.shared.device import class_probabilities
from core.sweep.predict import wave_on_image
from tests.browser.accessibility import grave_faults
from tests.browser.waiting import PATIENCE, wait_until_still
from tests.shared_server import session_folder
from ui.story.chapters import NAMES, SLUGS, TITLES
from ui.story.data import STORED
from web.__main__ import SHIPPED, _checked_runtime, main
from web.check import served

FIGURES = ("word", "judge", "stripes", "maps", "mixer", "hole", "wall", "limits")
SHIFTS = """() => {
  globalThis.shifts = [];
  new PerformanceObserver((list) => {
    for (const { value, sources } of list.getEntries()) shifts.push([value, sources.map((one) => one.node?.className)]);
  }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.fixture(scope="session")
def folder() -> Path:
    """The article, written once by the first test process that needs it."""
    folder = session_folder() / "article"
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "packs" / "index.js").exists():  # written last
            assert main([str(folder), "--app", "https://app.example"]) == 0
    return folder


@pytest.fixture
def open_article(contexts, folder, browser_name):
    """`open_article(width)` -> page; the test fails at its end if a script failed or another server was asked."""
    pages, wrong = [], []
    with served(folder) as home:

        def open_(width=1440, height=900, url=home, **context):
            page = contexts(browser_name, **context).new_page()
            pages.append(page)
            page.set_viewport_size({"width": width, "height": height})
            page.on("pageerror", lambda error: wrong.append(str(error)))
            own = (home, url.rpartition("/")[0], "data:", "blob:", "about:")
            page.on("request", lambda request: None if request.url.startswith(own) else wrong.append(request.url))
            page.goto(url)
            return page

        yield open_
        for page in pages:
            page.close()
    assert not wrong


def bring(page, figure):
    """Scroll to a figure and wait until its component is there."""
    place = page.locator(f".row.{figure} .figure > .stage")
    place.scroll_into_view_if_needed()
    expect(place.locator("canvas, img").first).to_be_visible()
    return place


def photograph(side=300) -> dict:
    pixels = load_samples("photographs").images[3].transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(pixels).resize((side, side)).save(file, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}


@pytest.mark.parametrize(
    ("browser_name", "how"), [("browser", "file"), pytest.param("firefox", "served", marks=pytest.mark.slow)]
)
def test_a_reader_walks_through_all_chapters(open_article, folder, browser_name, how):
    page = open_article(**({"url": (folder / "index.html").as_uri()} if how == "file" else {}))
    assert page.locator("main h2").all_inner_texts() == [f"{k} {title}" for k, title in enumerate(TITLES, 1)]
    assert [part.get_attribute("id") for part in page.locator("main > section").all()] == list(SLUGS)
    opening = bring(page, "word")
    expect(opening.locator(".judged").last).to_contain_text("says volcano, too")
    opening.get_by_role("button", name="teapot").click()
    expect(opening.locator(".wish")).to_have_text("Ask for a teapot")
    judge = bring(page, "judge")
    for number in range(1, 11):
        expect(judge.get_by_role("heading")).to_contain_text(f"Drawing {number} of 10")
        judge.locator(".options button").first.click()
        expect(judge.get_by_role("status")).to_have_text(re.compile(r"^(Right|No: .*)\.$"))
        judge.locator("button.next").click()
    expect(judge.get_by_role("heading")).to_have_text(re.compile(r"You recognised \d of 5 drawn .*, \d of 5 drawn .*"))
    expect(judge.locator(".line")).to_have_text(re.compile(r"#judge-\d+$"))
    stripes = bring(page, "stripes")
    expect(stripes.locator(".answer strong").first).to_have_text("ship")
    plot = bring(page, "maps").locator(".plot").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 20.5 / 31, "y": box["height"] * 3.5 / 31})
    expect(page.locator(".row.maps .readout").first).to_contain_text("(\N{MINUS SIGN}12, 5): top-1 error")
    expect(stripes.locator("label span")).to_have_text("Wave (\N{MINUS SIGN}12, 5)")  # the picture above follows
    mixer = bring(page, "mixer")
    mixer.get_by_role("slider").first.fill("0")
    expect(mixer.locator("figure").first).to_be_visible()
    hole = bring(page, "hole")
    expect(hole.locator(".sure")).to_have_text([re.compile(r"\d % sure")] * 2)
    wall = bring(page, "wall").locator("img")
    expect(wall).to_have_count(20)
    assert wall.first.bounding_box()["width"] > 60
    expect(page.locator(".tooltip-text:visible")).to_have_count(0)
    expect(bring(page, "limits").locator(".plot")).to_have_count(3)
    assert page.locator(".failure:visible").count() == 0
    page.get_by_role("link", name="Findings").first.click()
    expect(page.locator(".findings .chip").first).to_be_visible()
    assert page.locator("[data-claim]").count() > 20


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (390, "dark")])
def test_nothing_moves_while_one_scrolls_and_nothing_is_inaccessible(open_article, width, scheme):
    page = open_article(width, 844, color_scheme=scheme, reduced_motion="reduce")
    page.evaluate(SHIFTS)
    for figure in FIGURES:
        bring(page, figure)
    wait_until_still(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    moved = [shift for shift in page.evaluate("shifts") if shift[0] > 0.01]
    assert sum(value for value, _ in moved) < 0.05, moved
    assert grave_faults(page) == []
    page.get_by_role("link", name="Findings").first.click()
    expect(page.locator(".findings .chip").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert grave_faults(page) == []


@pytest.mark.parametrize("browser_name", ["browser", pytest.param("firefox", marks=pytest.mark.slow)])
def test_a_word_is_drawn_live_until_a_hole_in_ones_own_photograph_takes_its_place(open_article, browser_name):
    page = open_article(width=390, height=844)
    hole = bring(page, "hole")
    hole.locator("input[type=file]").set_input_files(photograph())
    expect(hole.locator(".say")).to_contain_text("its own first guess", timeout=PATIENCE)
    expect(hole.locator(".say")).to_contain_text(hole.locator("input[type=search]").input_value())
    before = hole.locator(".squares canvas").first.evaluate("canvas => canvas.toDataURL()")
    word = bring(page, "word")
    field = word.locator("input[type=search]")
    field.fill("pickle jar")
    field.press("Enter")
    expect(word.locator(".say")).to_contain_text("does not know “pickle jar”")
    field.fill("castle")
    field.press("Enter")
    expect(word.locator(".wish")).to_have_text("Ask for a castle", timeout=PATIENCE)
    expect(word.locator(".say")).to_contain_text(re.compile(r"\d+ s left"), timeout=PATIENCE)
    hole.get_by_role("button", name="Fill").click()
    expect(hole.locator(".say")).to_contain_text(re.compile(r"\d+ s left"), timeout=PATIENCE)
    expect(word.locator(".say")).to_have_text("Stopped.")
    assert hole.locator(".squares canvas").first.evaluate("canvas => canvas.toDataURL()") != before
    hole.get_by_role("button", name="Stop").click()
    expect(hole.locator(".say")).to_have_text("Stopped.", timeout=PATIENCE)
    word.get_by_role("button", name="macaw").click()
    expect(word.locator(".wish")).to_have_text("Ask for a macaw")


def test_a_link_to_a_round_opens_it(open_article, folder):
    page = open_article(url=f"{(folder / 'index.html').as_uri()}#judge-3")
    expect(page.locator(".row.judge img")).to_be_in_viewport()
    names, question = imagenet().names, draw_questions(stored_pool(), imagenet().names, 3)[0]
    expect(page.locator(".row.judge .options button")).to_have_text([names[label] for label in question.options])


def test_ones_own_picture_is_predicted_under_each_wave_as_torch_does(open_article):
    page = open_article()
    stripes = bring(page, "stripes")
    position = 7
    pixels = load_samples("cifar10-samples").images[position].transpose(1, 2, 0)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    upload = {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}
    stripes.locator("input[type=file]").set_input_files(upload)
    expect(stripes.locator(".say")).to_contain_text("of 481 waves lead away", timeout=PATIENCE)
    image = square_image(pixels, 32, resize_to=32).transpose(2, 0, 1).astype(np.float32) / 255
    for wave in ((0, 1), (0, 9)):
        stripes.get_by_role("slider").fill(str(wave[1]))
        perturbed = wave_on_image(image, wave, 4.0, seed=0, position=STORED["story"]["position"])
        for answer, name in zip(stripes.locator(".answer").all(), ("mini-clip", "mini-resnet"), strict=True):
            shares = class_probabilities(load_classifier(name, CIFAR10), perturbed[None])[0]
            expect(answer.locator("strong")).to_have_text(CIFAR10.names[shares.argmax()])
            expect(answer.locator(".share")).to_have_text(f"{100 * shares.max():.0f} %")


def test_a_hostile_upload_is_refused_in_one_sentence(open_article, tmp_path):
    page = open_article()
    hole = bring(page, "hole")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    for name, expected in (("huge.png", "20000 × 20000 pixels"), ("broken.png", "is no picture that this browser")):
        hole.locator("input[type=file]").set_input_files(tmp_path / name)
        expect(hole.locator(".say")).to_contain_text(expected)


@pytest.mark.slow
def test_a_part_that_does_not_arrive_is_said_in_its_figure_and_arrives_at_a_second_try(open_article):
    page = open_article()
    page.route("**/packs/mixer*", lambda route: route.abort())
    row = page.locator(".row.mixer")
    row.scroll_into_view_if_needed()
    expect(row.locator(".failure")).to_contain_text("did not arrive", timeout=PATIENCE)
    assert page.locator(".failure:visible").count() == 1
    page.unroute("**/packs/mixer*")
    row.get_by_role("button", name="Try again").click()
    expect(row.locator("canvas").first).to_be_visible()
    expect(row.locator(".failure")).to_be_hidden()
    page.context.set_offline(True)  # what is in view works without a network
    try:
        row.get_by_role("slider").first.fill("3")
        expect(row.locator("figure").first).to_be_visible()
    finally:
        page.context.set_offline(False)


def test_the_folder_is_small_and_holds_no_module(folder):
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 30e6
    assert "MIT License" in (folder / "LICENSE.onnxruntime-web.txt").read_text()
    for path in (path for path in folder.iterdir() if path.suffix in (".html", ".css", ".js")):
        text = path.read_text("utf-8")
        assert "export default" not in text and 'type="module"' not in text
    assert len(NAMES) == 6


def test_a_runtime_that_is_not_the_pinned_one_is_refused(monkeypatch):
    name = "ort-wasm-simd-threaded.wasm"
    monkeypatch.setitem(SHIPPED, name, "0" * 64)
    with pytest.raises(RuntimeError, match=f"{name} has sha256 3398c10.* expected 0000"):
        _checked_runtime()
