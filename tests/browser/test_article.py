"""The article in Chromium and Firefox: one walk of its chapters, what it computes, and what goes wrong."""

import functools
import io
import re
import threading
from contextlib import contextmanager
from dataclasses import replace
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from PIL import Image
from playwright.sync_api import expect

from core.claims.claim_table import CLAIMS
from core.data.datasets import load_samples
from core.data.holes import middle_square
from core.data.sample_sets import imagenet
from core.pgd.drawings import drawn_sketches
from core.pgd.live import Run
from core.pgd.plan import inpainting_plan
from core.pgd.rounds import draw_questions
from core.pgd.settings import defaults
from core.shared.device import class_probabilities
from tests.browser.checks import fits, grave_faults
from tests.browser.conftest import BOTH_BROWSERS
from tests.browser.waiting import in_page, wait_until_still
from tests.shared_server import session_folder
from ui.runs.opened import link_to
from ui.story.chapters import CHAPTER_TITLES, SLUGS
from ui.story.judge_chapter import candidates
from ui.story.sketch_chapter import OTHER_TITLES
from web.__main__ import main
from web.graphs import graph_classifier, named_tensors

SLOW = pytest.mark.slow
APP = "https://app.example"
FIGURES = ("sketch", "judge", "stripes", "maps", "mixer", "hole")  # that are not folded away


@pytest.fixture(scope="session")
def folder() -> Path:
    """The article, written once by the first test process that needs it."""
    folder = session_folder() / "article"
    with FileLock(folder.with_suffix(".lock")):
        if not (folder / "packs" / "index.js").exists():  # written last
            assert main([str(folder), "--app", APP]) == 0
    return folder


@contextmanager
def served(folder):
    """Serve the folder under a path, as static Spaces do."""

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path):
            return super().translate_path(path.partition("?")[0].partition("/spaces/lab")[2] or "/nothing/there")

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/spaces/lab/"
        server.shutdown()


@pytest.fixture
def open_article(open_page, folder):
    """`open_article(390, 844, color_scheme="dark")` -> page, from a server or the `url` of a file."""
    with served(folder) as home:
        yield lambda width=1440, height=900, url=home, **media: open_page(
            url, width=width, height=height, drawn=False, media=media
        )


def bring(page, figure):
    """Scroll to a figure, unfolded if need be, and wait until its component is there."""
    for fold in page.locator(f"details:not([open]):has(.row.{figure}) > summary").all():
        fold.click()
    place = page.locator(f".row.{figure} .figure > .stage")
    place.scroll_into_view_if_needed()
    expect(place.locator("canvas:visible, img:visible").first).to_be_visible()
    return place


def picture_file(pixels) -> dict:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return {"name": "mine.png", "mimeType": "image/png", "buffer": file.getvalue()}


def scroll_through(page):
    """Check in Chromium that nothing moves while one scrolls through all figures, and nothing is inaccessible."""
    for figure in FIGURES:
        bring(page, figure)
    wait_until_still(page)
    moved = page.evaluate(in_page("layoutShifts"))
    assert sum(value for value, _ in moved) < 0.05, moved
    assert fits(page) and grave_faults(page) == []


@pytest.mark.parametrize(("browser_name", "how"), [("browser", "file"), pytest.param("firefox", "served", marks=SLOW)])
def test_article_chapters_work(open_article, folder, browser_name, how):
    index = (folder / "index.html").as_uri()
    page = open_article(reduced_motion="reduce", **({"url": index} if how == "file" else {}))
    assert page.locator("main h2").all_inner_texts() == [f"{k} {title}" for k, title in enumerate(CHAPTER_TITLES, 1)]
    assert [part.get_attribute("id") for part in page.locator("main > section").all()] == list(SLUGS)
    chapters = page.get_by_role("navigation", name="Chapters").get_by_role("link")
    assert page.evaluate("document.fonts.load('16px \"Source Sans 3\"').then(faces => faces.length)") == 1
    if browser_name == "browser":
        scroll_through(page)
    for name in ("Judge", "Hole", "Sketch"):  # the bar follows
        chapters.filter(has_text=name).click()
        expect(chapters.and_(page.locator("[aria-current]"))).to_contain_text(name)
        expect(page.locator(f"#{name.lower()} > h2")).to_be_in_viewport()
        expect(chapters.first).to_be_in_viewport()
    sketch, lighthouse = bring(page, "sketch"), drawn_sketches()["lighthouse"]
    claim, judged = sketch.locator(".painting .claim"), sketch.locator(".painting .judged")
    expect(claim).to_contain_text("sure: a volcano.")
    expect(judged).to_contain_text("second network")
    sketch.get_by_role("radio", name="lighthouse").click()
    expect(claim).to_contain_text("sure: a lighthouse.")
    expect(sketch.get_by_role("combobox")).to_have_value("lighthouse")
    expect(page.locator(".bridge")).to_contain_text(re.compile(r" \d+% of what many views added"))
    lead = page.locator(".row.sketch > .prose")
    expect(lead).to_contain_text("Change the sketch")
    expect(lead).to_contain_text("sees a lighthouse")
    sketch.get_by_role("radio", name="A frying pan").click()
    expect(lead).to_contain_text("Move the frame")
    expect(lead).to_contain_text("sees a pizza")
    sketch.get_by_role("radio", name="lighthouse").click()
    expect(lead).to_contain_text("sees a lighthouse")
    expect(sketch.get_by_role("link", name="Open in Paint")).to_have_attribute("href", f"{APP}/{link_to(lighthouse)}")
    box = sketch.locator(".start .stage").bounding_box()
    sketch.locator(".start .stage").click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    expect(claim).to_have_text("Press Paint.")  # a stroke takes the old sentences away
    expect(judged).to_have_text("")
    expect(page.locator(".bridge")).not_to_contain_text("added")
    linked = sketch.get_by_role("link", name="Paint it in the full lab").get_attribute("href")
    assert linked.startswith(f"{APP}/generation?") and linked.endswith("=lighthouse")
    judge, moral = bring(page, "judge"), page.locator(".row.judge aside")
    expect(moral).to_be_hidden()
    for number in range(1, 11):
        expect(judge.get_by_role("heading")).to_contain_text(f"Picture {number} of 10")
        judge.locator(".options button").first.click()
        expect(judge.get_by_role("status")).to_have_text(re.compile(r"^(Right|No, it’s .*)\."))
        opens = judge.get_by_role("link", name="Open in Paint")
        expect(opens).to_have_attribute("href", re.compile(f"^{APP}/generation[?]generation-start-from=(Sketch|Grey)"))
        judge.locator("button.next").click()
    expect(moral).to_be_visible()
    expect(page.locator(".row.judge > .prose")).to_be_hidden()
    expect(judge.get_by_role("heading")).to_have_text(re.compile(r"You recognised \d+ of 10, the second network \d+\."))
    expect(judge.locator(".share")).to_have_text(re.compile(r"#judge-\d+$"))
    stripes = bring(page, "stripes")
    expect(stripes.locator(".answer strong")).to_have_text("shower curtain")
    stripes.get_by_role("slider").fill("0")
    stripes.get_by_role("radio").nth(3).click()
    expect(stripes.locator(".answer strong")).to_have_text("macaw")
    plot = bring(page, "maps").locator(".plot").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 20.5 / 31, "y": box["height"] * 3.5 / 31})
    reading = re.compile("wrong on [\\d.]+%\\(\N{MINUS SIGN}12, 5\\)")
    expect(page.locator(".row.maps .readout").first).to_contain_text(reading)
    expect(page.locator(".row.maps .small-picture")).to_have_attribute("data-wave", "-12,5")
    mixer = bring(page, "mixer")
    mixer.get_by_role("slider").first.fill("0")
    expect(mixer.locator("figure").first).to_be_visible()
    hole = bring(page, "hole")
    expect(hole.locator(".sure")).to_have_text([re.compile(r"\d% sure")] * 2)
    expect(hole.locator(".opinion")).to_have_text([re.compile(r"^Shown only the hole, .+ \(\d+%\)\.")] * 2)
    expect(page.locator(".tooltip-text:visible")).to_have_count(0)
    expect(page.locator(".door")).to_have_count(5)
    assert page.locator(".failure:visible").count() == 0
    page.get_by_role("link", name="Findings").first.click()
    expect(page.locator(".findings .chip").first).to_be_visible()
    page.wait_for_load_state()
    assert page.locator("[data-claim]").count() >= len(CLAIMS) and fits(page)
    if browser_name == "browser":
        assert grave_faults(page) == []
        page.goto(f"{index}#judge-3")  # a link to a round opens it
        expect(page.locator(".row.judge img")).to_be_in_viewport()
        question = draw_questions(*candidates(), 3)[0]
        expect(page.locator(".row.judge .options button")).to_have_text([*question.options])


@pytest.mark.parametrize("browser_name", BOTH_BROWSERS)
def test_article_paints_over_own_photos(open_article, browser_name, tmp_path):
    page = open_article(390, 844, color_scheme="dark", reduced_motion="reduce")
    if browser_name == "browser":
        scroll_through(page)
    hole = bring(page, "hole")
    upload, line = hole.locator("input[type=file]"), hole.locator(".say").first
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    for name, expected in (("huge.png", "20000 × 20000 pixels"), ("broken.png", "isn’t a picture this browser")):
        upload.set_input_files(tmp_path / name)
        expect(line).to_contain_text(expected)
    macaw = picture_file(load_samples("photographs").images[3].transpose(1, 2, 0))
    upload.set_input_files(macaw)
    upload.set_input_files(tmp_path / "broken.png")  # before the first one is named
    expect(hole.locator("input[type=search]")).to_have_value("macaw")
    expect(line).to_contain_text("“broken.png” isn’t a picture")
    upload.set_input_files(macaw)
    expect(line).to_contain_text("First guess")
    expect(line).to_contain_text(hole.locator("input[type=search]").input_value())
    expect(hole.locator(".sure")).to_have_text(["", ""])  # nothing has run
    before = hole.locator(".fillings canvas").first.evaluate("canvas => canvas.toDataURL()")
    sketch = bring(page, "sketch")
    field, claim = sketch.get_by_role("combobox"), sketch.locator(".painting .claim")
    field.fill("qwxyz")
    field.press("Enter")
    expect(sketch.locator(".say").first).to_contain_text("doesn’t know “qwxyz”")
    field.press("End")
    field.press("Backspace")
    expect(sketch.locator(".say").first).to_have_text("")  # another word is typed
    field.fill("dragon")
    field.press("Enter")
    sketch.get_by_role("button", name="Komodo dragon").click()  # a word near it
    expect(claim).to_contain_text("sure: a Komodo dragon.")
    field.fill("dog")
    field.press("Enter")
    expect(sketch.locator(".next")).to_have_text("Next: dog.")  # it waits
    expect(claim).to_contain_text("sure: a Komodo dragon.")
    sketch.get_by_role("button", name="Start it now").click()
    expect(claim).to_contain_text("sure: a dog.")
    expect(sketch.locator(".say").first).to_contain_text("dog · 118 kinds")
    hole.get_by_role("button", name="Fill").click()
    expect(line).to_contain_text(re.compile(r"\d+ s left"))
    expect(sketch.locator(".say").first).to_have_text("Stopped.")
    expect(sketch.locator(".painting .judged")).to_contain_text("you are the judge")
    assert hole.locator(".fillings canvas").first.evaluate("canvas => canvas.toDataURL()") != before
    hole.get_by_role("button", name="Stop").click()
    expect(line).to_have_text("Stopped.")
    sketch.locator("input[type=file]").set_input_files(
        picture_file(np.arange(90_000, dtype=np.uint8).reshape(100, 300, 3))
    )
    expect(claim).to_have_text("Press Paint.")
    expect(page.locator("#sketch-title")).to_contain_text(OTHER_TITLES["photo"])
    sketch.locator(".corner").click()  # on a phone the photo takes the painting's place
    start = "canvas => canvas.toDataURL()"
    middle = sketch.locator(".frame canvas").first.evaluate(start)
    sketch.get_by_role("slider", name="Frame").press("End")
    expect(sketch.get_by_role("slider", name="Frame")).to_have_attribute("aria-valuenow", "100")
    moved = sketch.locator(".frame canvas").first.evaluate(start)
    assert moved != middle
    filled = hole.locator(".fillings canvas").first.evaluate(start)
    page.get_by_role("link", name="Findings").first.click()
    expect(page.locator(".findings .chip").first).to_be_visible()
    page.go_back()  # to the article as it was
    sketch, hole = bring(page, "sketch"), bring(page, "hole")
    expect(page.locator("#sketch-title")).to_contain_text(OTHER_TITLES["photo"])
    expect(page.locator(".row.sketch > .prose")).to_contain_text("sees a dog")
    expect(sketch.locator(".painting .claim")).to_have_text("Press Paint.")
    expect(sketch.get_by_role("slider", name="Frame", include_hidden=True)).to_have_attribute("aria-valuenow", "100")
    assert sketch.locator(".frame canvas").first.evaluate(start) == moved
    expect(hole.locator("input[type=search]")).to_have_value("macaw")
    expect(hole.locator(".opinion").first).to_contain_text("What do you see")
    assert hole.locator(".fillings canvas").first.evaluate(start) == filled


RUN = """async ({ start, mask, target, painter, ...values }) => {
  const states = [];
  const bits = { mask: Uint8Array.from(mask), target: Uint8Array.from(target), start: Float32Array.from(start) };
  const run = { ...values, ...bits, interval: 1 };
  const keep = ({ frame, ...state }) => states.push({ ...state, frame: [...frame] });
  await article.engine.run([painter], run, keep, () => {});
  return states;
}"""


@pytest.mark.parametrize("browser_name", BOTH_BROWSERS)
def test_article_steps_equal_torch(open_article, browser_name):
    names = imagenet().names
    members = [names.index(name) for name in ("hen", "macaw")]
    mask = middle_square(224)
    plan = inpainting_plan(load_samples("photographs").images[4][None], mask, ["either"], defaults("inpainting", 224))
    config = replace(plan.config, steps=3)
    values = {"painter": {"config": config.to_json(), "penalty": "eq3"}, "weight": plan.weight}
    target = np.isin(np.arange(len(names)), members).astype(int).tolist()
    arrays = {"start": plan.start.ravel().tolist(), "mask": mask.ravel().astype(int).tolist(), "target": target}
    states = open_article().evaluate(RUN, values | arrays)
    classifier = graph_classifier()
    for tensor in named_tensors(classifier).values():
        tensor.copy_(tensor.half())  # as the article's numbers of 16 bits
    plan = replace(plan, config=config)
    expected = [states[0] for states in Run(plan, lambda: [classifier.merge({"either": members})]).states()]
    assert len(states) == len(expected) == 4
    for ours, theirs in zip(states, expected, strict=True):
        assert ours["entropy"] == pytest.approx(float(theirs.cross_entropy), abs=1e-3)
        picture = np.reshape(ours["frame"], (224, 224, 3)).transpose(2, 0, 1)
        assert np.abs(picture - 255 * theirs.images[0].numpy()).max() <= 1
    shares = class_probabilities(classifier, expected[-1].images.numpy())[0]
    assert states[-1]["best"] == max(members, key=lambda member: shares[member])


@SLOW
def test_article_part_that_fails_can_be_retried(open_article):
    page = open_article()
    page.route("**/packs/mixer*", lambda route: route.abort())
    row = page.locator(".row.mixer")
    row.scroll_into_view_if_needed()
    expect(row.locator(".failure")).to_contain_text("didn’t load")
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


def test_article_is_small_and_has_no_modules(folder):
    sizes = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    assert sum(sizes.values()) < 25e6
    assert "MIT License" in (folder / "LICENSE.onnxruntime-web.txt").read_text()
    assert "SIL OPEN FONT LICENSE" in (folder / "LICENSE.source-sans-3.txt").read_text()
    for path in (path for path in folder.iterdir() if path.suffix in (".html", ".css", ".js")):
        text = path.read_text("utf-8")
        assert "export default" not in text and 'type="module"' not in text
