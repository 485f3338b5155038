"""Saved runs in a real browser: downloaded, reopened, refused; and how untrusted text appears on the page."""

import re
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from core.numbers import confidence
from core.runs.file import PGDRun
from core.runs.stored import RUNS
from tests.browser.live_runs import download
from tests.browser.waiting import wait_until_drawn, wait_until_still
from tests.ui.replay_reader import verdict
from tests.ui.run_forge import arrays_of, hostile_arrays, packed
from ui.runs.run_sentences import target_of

SLOW = 240_000  # milliseconds: enough to load torch and a classifier on a busy machine
MIME = "application/octet-stream"
HOSTILE = (
    '<img src=x onerror="window.hit=1"> <b>[click](https://evil.example) ![](https://evil.example/p.png)</b> :smile: '
)


@pytest.fixture
def live_page(streamlit_app, open_page):
    return lambda query="", path="inpainting", **window: open_page(f"{streamlit_app('app.py')}/{path}{query}", **window)


def open_saved(page: Page, data: bytes, name: str = "run.npz") -> None:
    dropzone = page.get_by_test_id("stPopoverBody").get_by_test_id("stFileUploaderDropzoneInput")
    if not dropzone.count():
        page.get_by_role("button", name="Open a saved run").click()
    wait_until_drawn(page)  # a visitor does not choose a file within milliseconds of the last result
    dropzone.set_input_files({"name": name, "mimeType": MIME, "buffer": data})


def numbers(page: Page) -> tuple:
    """Everything that the view shows about a run, once it no longer changes."""
    expect(page.locator("[class*='-panel'] .replay canvas").first).to_be_visible()
    before, now = None, current_numbers(page)
    while now != before:  # pictures are decoded after the text is there
        wait_until_still(page)
        before, now = now, current_numbers(page)
    return now


def current_numbers(page: Page) -> tuple:
    """Sentences, pictures, predictions and curves."""
    return (
        page.locator("[class*='-panel'] .replay .verdict").all_inner_texts(),
        page.locator("[class*='-panel'] .replay canvas").evaluate_all("all => all.map(one => one.toDataURL())"),
        page.locator("[class*='-panel'] .replay table").all_inner_texts(),
        page.locator("[class*='-panel'] .replay .chart svg").evaluate_all("all => all.map(one => one.outerHTML)"),
    )


def test_downloaded_run_opens_again_with_the_same_numbers(live_page):
    page = live_page(
        "?generation-set=CIFAR-10%2C+32+px&generation-steps=12&generation-seeds=1"
        "&generation-models-cifar10=Mini+ResNet&generation-classes-cifar10=horse",
        path="generation",
    )
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text("Your run, 12 steps")).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    name, data = download(page, "Run file")
    assert re.fullmatch(r"generation-[a-z0-9-]+-horse\.npz", name)
    live = numbers(page)
    fresh = live_page(path="generation")
    open_saved(fresh, data, name)
    expect(fresh.get_by_text(f"Opened from “{name}”")).to_be_visible()
    wait_until_drawn(fresh)
    assert numbers(fresh) == live
    run = PGDRun.from_bytes(data, name=name)
    assert verdict(run, 0) in live[0]
    fresh.locator("[class*='-panel'] .replay .scrubber").focus()
    fresh.keyboard.press("Home")
    expect(fresh.locator("[class*='-panel'] .replay .verdict").first).to_have_text(verdict(run, 0, 0))
    again = download(fresh, "Run file")
    assert again == (name, data)
    fresh.get_by_role("button", name="Close the saved run").click()
    expect(fresh.get_by_text("A stored example")).to_be_visible()


@pytest.mark.slow
def test_run_of_the_other_size_brings_its_picture_hole_and_target_and_shows_its_best_step(live_page):
    path = RUNS / "inpainting_photographs-0__efficientnet-lite0.npz"
    run = PGDRun.load(path)
    loss = run.curves["loss"].copy()
    loss[run.frame_steps[5]], loss[-1] = 0.01, 0.02
    run = replace(run, curves={**run.curves, "loss": loss})
    page = live_page("?inpainting-pictures=CIFAR-10")
    open_saved(page, run.to_bytes(), path.name)
    expect(page.get_by_text(f"Opened from “{path.name}”")).to_be_visible()
    expect(page.locator("[class*='-panel'] .replay .verdict")).to_have_count(
        1
    )  # until then the page shows the stored pair
    expect(page.locator("[class*='-panel'] .replay .verdict")).to_have_text(verdict(run, 0))
    key = page.locator("[class*='-panel'] .replay .chart .key").first
    expect(key).to_have_text(confidence(float(run.curves["target_probability"][-1, 0])))
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    expect(page.locator(".painter .state")).to_contain_text("3,600 of 50,176")
    expect(page).to_have_url(re.compile("inpainting-pictures=Photographs"))
    expect(page.get_by_role("combobox", name=re.compile("Target"))).to_have_value(target_of(run, 0))
    wait_until_drawn(page)
    page.get_by_role("button", name="The last step is not the best").click()
    lowest = run.frame_steps[loss[run.frame_steps, 0].argmin()]
    expect(page.locator("[class*='-panel'] .replay .step")).to_have_text(f"step {lowest} of 720")


@pytest.mark.slow
def test_files_that_cannot_be_shown_get_a_sentence_and_the_view_stays(live_page, tmp_path):
    page = live_page()
    script = "all => all.map(one => one.toDataURL())"
    expect(page.locator("[class*='-panel'] .replay canvas")).to_have_count(4)
    before = page.locator("[class*='-panel'] .replay canvas").evaluate_all(script)
    alert = page.get_by_test_id("stPopoverBody").get_by_test_id("stAlert")
    for name, data, reason in (
        ("notes.npz", b"these are notes", "not a saved run, or a damaged one"),
        ("half.npz", packed(arrays_of("inpainting"))[:5000], "not a saved run, or a damaged one"),
        (
            "other.npz",
            packed(arrays_of("generation")),
            "a run of the page Draw; open it there, not on Fill a hole.",
        ),
        ("![](https://evil.example/p.png).npz", b"nothing", "“![](https:"),
    ):
        open_saved(page, data, name)
        expect(alert).to_contain_text(reason)
        assert "Traceback" not in alert.inner_text() and not alert.locator("a, img").count()
        assert page.locator("[class*='-panel'] .replay canvas").evaluate_all(script) == before
    large = tmp_path / "large.npz"
    with large.open("wb") as file:
        file.truncate(65 * 2**20)
    body = page.get_by_test_id("stPopoverBody")
    body.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(large)  # refused before the upload
    expect(body.get_by_text(re.compile("64.*MB"), exact=False).last).to_be_visible()
    open_saved(page, packed(arrays_of("inpainting")), "good.npz")
    expect(page.get_by_text("Opened from “good.npz”")).to_be_visible()


@pytest.mark.parametrize("kind", ["inpainting", pytest.param("generation", marks=pytest.mark.slow)])
def test_hostile_text_is_shown_as_letters_and_asks_no_other_server(live_page, kind):
    page = live_page(path=kind, width=390, height=800)
    urls = []
    page.on("request", lambda request: urls.append(request.url))
    open_saved(page, packed(hostile_arrays(kind, HOSTILE)), "odd.npz")
    expect(page.get_by_text("Opened from “odd.npz”")).to_be_visible()
    expect(page.locator("[class*='-panel'] .replay .verdict").first).to_have_text(
        re.compile("is now .* confident of “<img src=x")
    )
    heading = page.locator("[class*='-panel'] .replay .model:not(.reference) h2").first
    expect(heading).to_contain_text("<img src=x onerror=")
    assert not page.locator("[class*='-panel'] .replay :is(img, a, b)").count(), "text stays text"
    wait_until_drawn(page)
    page.get_by_text("Where this run comes from").click()
    expect(page.get_by_text(re.compile("seed 5. Weights <img src=x"))).to_be_visible()
    expect(page.locator("[class*='-panel'] .replay td").first).to_contain_text("<img src=x onerror=")
    wait_until_drawn(page)
    assert not [url for url in urls if "evil.example" in url or url.endswith("/x")]
    assert page.evaluate("window.hit") is None
    links = page.locator("a").evaluate_all("all => all.map(one => one.href)")
    assert not [link for link in links if "evil.example" in link], links
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    name, data = download(page, "Animation")
    assert re.fullmatch(rf"{kind}-[a-z0-9-]+\.webp", name) and data[8:12] == b"WEBP"
    _, again = download(page, "Run file")
    assert PGDRun.from_bytes(again, name="again").metadata["class_names"][0] == HOSTILE
