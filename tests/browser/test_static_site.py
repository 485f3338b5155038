"""The static edition, opened from the file system: the app's components on stored data only."""

import gzip
import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect
from ui.story.steps import STEPS, named_step

from core.classifiers.registry import PAPERS_CLIP, classifier_spec, load_classifier
from core.data.classes import CIFAR10, HEATMAPS, PRECOMPUTED
from core.data.profiles import VARIABLE
from core.data.sample_sets import SAMPLE_SETS
from core.data.samples import load_samples
from core.fourier.hybrid import hybrid
from core.fourier.maps.export import heatmap_csv
from core.fourier.maps.heatmap import Heatmap
from core.images.square import png_data_uri, to_uint8
from core.reproduce.profile.predictions import StoredPredictions, chosen_pictures, stored_predictions
from core.runs.file import PGDRun
from core.runs.picture_outcomes import JudgedOutcomes
from core.runs.starts import STARTS, draw_starts
from core.shared import paper
from core.sweep.corruption.outcomes import CorruptionOutcomes
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.predictions import hybrid_cutoffs, top1_predictions, wave_on_image
from precomputed.static_site import engine
from precomputed.static_site.__main__ import main
from precomputed.static_site.check import served
from precomputed.static_site.runs import run_replays
from precomputed.static_site.story import KEYS
from tests.browser.accessibility import grave_faults
from tests.browser.waiting import new_page
from tests.chromium import find_chromium
from ui.pages.findings import FEATURES, MAPS, SHIFTS
from ui.pages.generation import offered_starts
from ui.pages.inpainting import explanations
from ui.tools.registry import OWN_WORDS, SOURCES, TOOLS

PIXELS = """canvas => [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data]"""


def expect_headline(story, step):
    """Expect a step's title as the headline; the explanation of a term may follow each word."""
    title = r".*?\s".join(map(re.escape, step.title.split()))
    expect(story.locator(".prose h2")).to_have_text(re.compile(f"^{title}$"))


@pytest.fixture
def open_site(browser, site):
    """`open_site(width)` -> page; the test fails at its end if the page threw an error or requested more than files."""
    pages, wrong = [], []

    def open_(width=1440, **context):
        page = new_page(browser, viewport={"width": width, "height": 900}, **context)
        pages.append(page)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda request: (
                wrong.append(request.url) if not request.url.startswith(("file:", "data:", "blob:")) else None
            ),
        )
        page.goto(f"{(site / 'index.html').as_uri()}#waves")
        expect(page.locator("#lab .plot").first).to_be_visible()
        return page

    yield open_
    for page in pages:
        page.close()
    assert not wrong


def test_site_is_small_holds_no_module_and_fetches_packs_alone(site):
    sizes = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    runtime = sum(size for path, size in sizes.items() if path.name.startswith(("wasm.", "worker.")))
    assert 3e6 < runtime < 4e6 and sum(sizes.values()) < 48e6
    assert "MIT License" in (site / "LICENSE.onnxruntime-web.txt").read_text()
    for path in (path for path in site.iterdir() if path.suffix in (".html", ".css", ".js")):
        text = path.read_text("utf-8")
        assert "export default" not in text and 'type="module"' not in text
        assert ("fetch(" in text) == (path.name in ("page.js", "charts.js"))  # Vega has a loader, which nothing calls


def test_runtime_that_is_not_the_pinned_one_is_refused(monkeypatch):
    name = "ort-wasm-simd-threaded.wasm"
    monkeypatch.setitem(engine.FILES, name, "0" * 64)
    with pytest.raises(RuntimeError, match=f"{name} has sha256 3398c10.* expected 0000"):
        engine.runtime_packs()


def test_clicked_cell_shows_its_error_and_its_wave_to_the_bit(open_site):
    page = open_site()
    expect(page.locator("#verdict .prose")).to_contain_text("Error under the wave (0, 1): CLIP", use_inner_text=True)
    expect(page.locator("#verdict .chip")).to_contain_text("holds")
    plot = page.locator("#lab .plot").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 20.5 / 31, "y": box["height"] * 3.5 / 31})
    frequency = 3 - 15, 20 - 15
    heatmap = Heatmap.load(HEATMAPS / "clip-vit-b-32_cifar10_published.npz")
    error = 100 * heatmap.error_rate[3, 20]
    expect(page.locator("#lab .readout").first).to_contain_text(f"(\N{MINUS SIGN}12, 5): top-1 error {error:.1f} %")
    expect(page.locator("#verdict .prose")).to_contain_text(
        f"Error under the wave (\N{MINUS SIGN}12, 5): CLIP ViT-B/32 {error:.1f} %", use_inner_text=True
    )
    pixels = np.array(page.locator("#lab .perturbed canvas").evaluate(PIXELS)).reshape(32, 32, 4)[..., :3]
    place = SAMPLE_SETS["cifar10"].first
    image = load_samples("cifar10-samples").images[place].astype(np.float32) / 255
    wave = wave_on_image(image, frequency, paper.EPSILON[32], seed=0, position=place)
    assert np.array_equal(pixels, to_uint8(wave.perturbed))


def choose_in_library(page, title, place):
    """Choose a bundled picture of a set in the dialog."""
    page.get_by_role("button", name="Library, upload").click()
    page.get_by_role("dialog").get_by_text(title, exact=True).click()
    page.get_by_role("dialog").get_by_role("radio").filter(has=page.locator("canvas")).nth(place).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def shares(page):
    """Read the prediction rows: {network: [clean, with the wave]} for the true class, in per cent."""
    rows = page.locator("#live tbody tr")
    texts = rows.evaluate_all(
        "rows => rows.map(row => [row.cells[0].childNodes[1], ...row.cells[2].children].map(one => one.textContent))"
    )
    return {name: [float(text.removesuffix(" %")) for text in percentages] for name, *percentages in texts}


def test_predictions_under_the_pointer_are_torchs_and_nothing_is_asked_of_any_server(open_site, tmp_path):
    page = open_site()
    page.get_by_role("button", name="Predict here: 9 MB, nothing leaves this browser").click()
    table = page.locator("#live table")
    expect(table).to_be_visible()
    plot, place = page.locator("#lab .plot").first, SAMPLE_SETS["cifar10"].first
    data, box = load_samples("cifar10-samples"), plot.bounding_box()
    label = int(data.labels[place])
    for row, column in ((15, 16), (12, 20), (4, 9)):
        plot.hover(position={"x": box["width"] * (column + 0.5) / 31, "y": box["height"] * (row + 0.5) / 31})
        expect(table).to_have_attribute("data-wave", f"{row - 15},{column - 15}")
        image = data.images[place].astype(np.float32) / 255
        wave = wave_on_image(image, (row - 15, column - 15), paper.EPSILON[32], seed=0, position=place)
        for title, name in (("Mini CLIP", "mini-clip"), ("Mini ResNet", "mini-resnet")):
            pictures = torch.from_numpy(np.stack([image, wave.perturbed]).astype(np.float32))
            expected = load_classifier(name, CIFAR10)(pictures).softmax(1)[:, label]
            np.testing.assert_allclose(shares(page)[title], 100 * expected.numpy(), atol=0.051)
    for title, name in (("Mini CLIP", "mini-clip"), ("Mini ResNet", "mini-resnet")):
        before, after = (
            top1_predictions(load_classifier(name, CIFAR10), data.images, wave, paper.EPSILON[32])
            for wave in (None, (-11, -6))
        )
        cell = table.locator("tbody tr", has_text=re.compile(f"^{title}")).locator("td").last
        expect(cell).to_have_text(re.compile(f"^{(before != after).sum()} of 100"))
        expect(cell.locator("[role=tooltip]")).to_contain_text("95 % interval")
    expect(table).to_contain_text("instead of CLIP ViT-B/32, in miniature")
    page.locator("#live summary").click()
    page.get_by_role("checkbox", name="Mini CLIP (robust)").check()
    expect(page.locator("#live tbody tr")).to_have_count(3)
    grey = tmp_path / "own.png"
    Image.new("RGB", (90, 60), (200, 40, 30)).save(grey)
    expect(page.locator("#lab .strip input:checked")).to_have_count(1)
    page.get_by_role("button", name="Library, upload").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("dialog").get_by_role("button", name="Your picture").click()
    chooser.value.set_files(grey)
    expect(page.locator("#lab .clean canvas")).to_have_attribute("aria-label", re.compile("Your picture"))
    expect(page.locator("#lab .strip input:checked")).to_have_count(0)
    expect(page.locator("#live thead")).to_contain_text("the clean prediction")
    clean = np.array(page.locator("#lab .clean canvas").evaluate(PIXELS)).reshape(32, 32, 4)
    assert (clean == (200, 40, 30, 255)).all()
    choose_in_library(page, "Photographs", 2)
    expect(page.locator("#lab .clean canvas")).to_have_attribute("width", "224")
    expect(page.locator("#live .prose").last).to_contain_text("Choose one of its pictures")


def test_tools_are_the_apps_and_what_is_elsewhere_says_so(open_site):
    page = open_site()
    tools = page.locator("#tools")
    assert [label.split("\n")[0] for label in tools.locator(".cards label").all_inner_texts()] == list(TOOLS)
    tools.get_by_role("radio", name=OWN_WORDS).check()
    expect(tools.locator(".tool:visible")).to_contain_text("no network that reads text")
    tools.get_by_role("radio", name=SOURCES).check()
    expect(tools.locator(".tool:visible")).to_contain_text("at commit")
    path = HEATMAPS / "clip-vit-b-32_cifar10_published.npz"
    for kind in ("NPZ", "CSV", "PNG"):
        with page.expect_download() as download:
            tools.get_by_role("button", name=kind).first.click()
        assert download.value.suggested_filename == f"clip-vit-b-32-cifar-10-published.{kind.lower()}"
        content = download.value.path().read_bytes()
        if kind == "NPZ":
            assert np.array_equal(
                Heatmap.from_bytes(content, name=path.name).top1_errors, Heatmap.load(path).top1_errors
            )
        else:
            assert content == heatmap_csv(Heatmap.load(path)).encode() if kind == "CSV" else content[1:4] == b"PNG"


@pytest.fixture
def served_page(browser, site):
    """The page on a plain file server, under a sub-path."""
    with served(site) as url:
        page = new_page(browser)
        page.base = url
        yield page
        page.close()


@pytest.mark.slow
def test_load_that_fails_says_so_and_goes_on_from_there(served_page):
    page, requests = served_page, []
    page.on("request", lambda request: requests.append(request.url.rpartition("/")[2].partition("?")[0]))
    page.route("**/mini-clip.weights.3.js*", lambda route: route.abort())
    page.goto(f"{page.base}#waves")
    button = page.get_by_role("button", name="Predict here")
    button.click()
    message = page.locator("#live .loader .prose").first
    expect(message).to_contain_text("Press again to resume; nothing downloaded is lost.")
    assert requests.count("mini-clip.weights.3.js") == 3, "three attempts"
    page.unroute("**/mini-clip.weights.3.js*")
    button.click()
    expect(page.locator("#live table")).to_be_visible()
    assert requests.count("wasm.0.js") == requests.count("mini-clip.weights.2.js") == 1
    page.reload()
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live table")).to_be_visible()
    assert requests.count("mini-clip.weights.2.js") == 1, "a second visit loads nothing"


@pytest.mark.slow
def test_part_that_does_not_arrive_is_named_and_comes_with_the_next_request(served_page):
    page = served_page
    page.goto(f"{page.base}#generation")
    section, failure = page.locator("#generation"), page.locator("#failure")
    expect(section.locator(".step")).to_have_text("step 120 of 120")
    page.route("**/packs/generation_cifar10__mini-clip.*", lambda route: route.fulfill(status=503))
    stored = section.get_by_label("Stored runs", exact=True)
    stored.select_option("generation_cifar10__mini-clip")
    missing = "packs/generation_cifar10__mini-clip.0.js: the server answered 503"
    expect(failure).to_contain_text(f"A part of this page did not arrive ({missing}).")
    expect(failure.get_by_role("button", name="Reload the page")).to_be_visible()
    page.unroute("**/packs/generation_cifar10__mini-clip.*")
    for run in ("generation_cifar10-noise__mini-clip", "generation_cifar10__mini-clip"):
        stored.select_option(run)
        expect(section.locator(".step")).to_have_text("step 60 of 60")
    expect(section.locator(".toolbar .group summary")).to_have_text("Mini CLIP, Mini CLIP (robust)")
    expect(failure).to_be_empty()


@pytest.mark.slow
def test_script_of_the_charts_that_does_not_arrive_is_named(served_page):
    served_page.route("**/charts.js", lambda route: route.abort())
    served_page.goto(f"{served_page.base}#waves")
    served_page.locator("#tools").get_by_role("radio", name="Classes").check()
    expect(served_page.locator("#tools")).to_contain_text("charts.js, did not arrive; choose another wave")
    served_page.unroute_all()
    plot = served_page.locator("#lab .plot").first
    plot.click(position={"x": 30, "y": 30})
    expect(served_page.locator("#tools .chart svg").first).to_be_visible()


@pytest.mark.slow
def test_server_that_forbids_workers_is_named_in_one_sentence(served_page):
    page = served_page

    def strict(route):
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": "script-src 'self'"})

    page.route("**/spaces/lab/", strict)
    page.goto(f"{page.base}#waves")
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live .loader .prose").first).to_contain_text("content security policy")


@pytest.mark.slow
def test_strict_policy_that_allows_what_the_docs_name_lets_the_networks_run(served_page):
    page = served_page
    policy = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src blob:; "
    policy += "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:"

    def strict(route):
        answer = route.fetch()
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": policy})

    page.route("**/spaces/lab/", strict)
    page.goto(f"{page.base}#waves")
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live table")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("WebAssembly.validate = () => false", "This browser has no WebAssembly with SIMD: use a current Chrome"),
        ("Object.defineProperty(navigator, 'deviceMemory', { value: 0.5 })", "This device has too little memory"),
    ],
)
def test_browser_that_cannot_is_told_so_and_loads_nothing(served_page, script, sentence):
    page, requests = served_page, []
    page.on("request", lambda request: requests.append(request.url.rpartition("/")[2]))
    page.add_init_script(script)
    page.goto(f"{page.base}#waves")
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live .loader .prose").first).to_contain_text(sentence)
    assert not [name for name in requests if name.startswith(("wasm.", "worker."))]


@pytest.mark.slow
def test_memory_that_does_not_suffice_is_told_in_one_sentence(browser, site):
    few = "--js-flags=--wasm-max-mem-pages=270"  # in units of 64 KiB; onnxruntime starts with 256
    small = browser.browser_type.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu", few])
    page = new_page(small)
    page.goto(f"{(site / 'index.html').as_uri()}#waves")
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live .prose").filter(has_text="This device has too little memory")).to_be_visible()
    small.close()


@pytest.mark.slow
def test_stored_pairs_are_mixed_as_the_engine_mixes_them_and_the_circle_follows(open_site):
    page = open_site()
    stored = chosen_pictures()["mixtures"]
    data, cutoffs = load_samples("cifar10-samples"), hybrid_cutoffs(32)
    images = data.images.astype(np.float32) / 255
    page.locator("#tools").get_by_role("radio", name="Two pictures in one").check()
    mixer = page.locator("#tools .mixer[data-cutoff]")
    for pair, start in ((0, stored["starts"][0]), (4, stored["starts"][4])):
        mixer.locator(".strip input").nth(pair).check()
        expect(mixer).to_have_attribute("data-cutoff", f"{start:g}")
        for place in (3, 20, 40):
            mixer.locator("input[type=range]").fill(str(place))
            low, high = stored["pairs"][pair]
            mixed = hybrid(images[low], images[high], cutoffs[place])
            pixels = np.array(mixer.locator(".mixed canvas").evaluate(PIXELS)).reshape(32, 32, 4)[..., :3]
            assert np.abs(pixels - to_uint8(mixed).astype(int)).max() <= 1
            for network, name in zip(mixer.locator(".network").all(), ("mini-clip", "mini-resnet"), strict=True):
                predicted = stored_predictions()[name].hybrids(pair).mixed[place][data.labels[[low, high]]]
                percentages = [float(text.removesuffix(" %")) for text in network.locator(".share").all_inner_texts()]
                np.testing.assert_allclose(percentages, 100 * predicted, atol=0.051)
            plot, circle = (page.locator(f"#lab {css}").first.bounding_box() for css in (".plot", ".plot .cutoff"))
            assert (circle["width"] - 2) / 2 * 31 / plot["width"] == pytest.approx(cutoffs[place], abs=0.1)
        expect(page.locator("#tools")).to_contain_text("This is a single pair.")


def test_figures_maps_pictures_and_signs_can_be_changed(open_site):
    page = open_site(400, color_scheme="dark")
    assert grave_faults(page) == []
    page.get_by_role("radio", name="Figure 2").check()
    expect(page.locator("#lab .perturbed canvas")).to_have_attribute("width", "224")
    before = page.locator("#lab .perturbed canvas").evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("button", name="Other signs").click()
    assert page.locator("#lab .perturbed canvas").evaluate("canvas => canvas.toDataURL()") != before
    page.get_by_text("Maps", exact=True).click()
    page.get_by_role("checkbox", name="EfficientNet-Lite0").uncheck()
    expect(page.locator("#lab figure.map")).to_have_count(1)
    expect(page.locator("#figures :checked[name=figures]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == 400


@pytest.mark.slow
@pytest.mark.parametrize(
    ("picture", "cell", "caption", "wave"),
    [
        ("4", "3,-2", "deer", "(3, \N{MINUS SIGN}2)"),
        ("5000", "3,99999", "automobile", "(0, 1)"),
        ("abc", "x", "automobile", "(0, 1)"),
    ],
)
def test_link_with_a_wrong_picture_wave_or_map_shows_what_it_can(open_site, picture, cell, caption, wave):
    page = open_site()
    url = page.url.partition("#")[0]
    page.goto("about:blank")
    maps = quote("ResNet-56 · CIFAR-10 · published")
    page.goto(f"{url}#waves?maps={maps}&maps={maps}&maps=toString&pictures=CIFAR-10&picture={picture}&cell={cell}")
    expect(page.locator("#lab .strip :checked")).to_have_attribute("aria-label", caption)
    expect(page.locator("#lab .readout")).to_contain_text(f"{wave}: top-1 error")  # in a single map


def test_story_opens_with_the_apps_scenes(open_site):
    page = open_site()
    page.get_by_role("link", name="Story").click()
    story = page.locator("#story")
    expect(story.locator(".prose h2")).to_have_text(STEPS[0].title)
    expect(story.locator("div.opening:not(.figure)")).to_have_attribute("data-part", "1")
    story.locator(".figure.opening").get_by_role("button", name="teapot").click()
    expect(story.locator(".opening .wish")).to_have_text("Ask for a teapot")
    expect(story.locator(".opening .judged").last).to_contain_text("says teapot, too")
    assert grave_faults(page) == []
    expect(story.get_by_role("link", name="You are the judge")).to_be_visible()
    text, figure = (story.locator(part).bounding_box() for part in (".text", ".figures"))
    assert figure["x"] >= text["x"] + text["width"] and abs(figure["y"] - text["y"]) < 5  # side by side, as in the app
    story.get_by_role("link", name="Next").click()
    expect(story.get_by_role("link", name="2: Twins")).to_have_attribute("aria-current", "step")
    for tooltip in story.locator(".prose [role=tooltip], .wall [role=tooltip]").locator("visible=true").all():
        raise AssertionError(tooltip.inner_text())
    story.get_by_role("link", name="3: Judge").click()
    for number in range(1, 11):
        expect(story.get_by_role("heading", name=f"Drawing {number} of 10")).to_be_visible()
        page.keyboard.press("1")
    expect(
        story.get_by_role("heading", name=re.compile("pixels: [0-5] of 5, views: [0-5] of 5, chance 1"))
    ).to_be_visible()
    expect(story.locator(".round img")).to_have_count(10)
    drawn = story.locator(".round img").evaluate_all("images => images.map((image) => image.src)")
    assert re.search(r"#story\?step=judge&round=\d+&chosen=0{10}$", page.url)
    page.reload()  # the link repeats the round
    expect(story.locator(".round img")).to_have_count(10)
    assert story.locator(".round img").evaluate_all("images => images.map((image) => image.src)") == drawn
    with page.expect_download() as card:
        story.get_by_role("button", name="Save as a card").click()
    assert Image.open(card.value.path()).size == (1200, 630)
    story.get_by_role("button", name="Ten new drawings").click()
    expect(story.get_by_role("heading", name="Drawing 1 of 10")).to_be_visible()
    for number in range(1, 11):
        expect(story.get_by_role("heading", name=f"Drawing {number} of 10")).to_be_visible()
        page.keyboard.press("1")
    expect(story.locator(".round img")).to_have_count(10)
    assert story.locator(".round img").evaluate_all("images => images.map((image) => image.src)") != drawn
    expect(story.locator(".stripes canvas").first).to_be_visible()
    maps = story.locator(".maps:visible")
    expect(maps.locator("p")).to_contain_text("Mini CLIP 48.7 %")
    box = maps.locator(".plot").first.bounding_box()
    maps.locator(".plot").first.click(position={"x": box["width"] * 18.5 / 31, "y": box["height"] * 15.5 / 31})
    expect(maps.locator(".readout").first).to_contain_text("(0, 3)")
    expect(maps.locator("p")).to_be_hidden()  # the stored text was about another wave
    expect(story.locator(".stripes input[type=range]")).to_have_value("3")
    figures = {
        "twins": (".wall img", 21),
        "mixture": (".mixed canvas", 1),
        "slow": (".plot", 2),
        "fast": (".plot, svg[aria-label^=Mean]", 2),
        "weather": ("img, svg[aria-label^=Accuracy]", 5),
        "patches": (".plot", 2),
        "hole": (".replay .step", 1),
        "why": (".plot", 2),
        "limits": (".plot", 3),
    }
    for link, (what, count) in figures.items():
        step = named_step(link)
        story.get_by_role("link", name=f": {step.name}").click()
        expect_headline(story, step)
        expect(story.locator(what).locator("visible=true")).to_have_count(count)


def test_findings_are_filtered_by_verdict_and_lead_to_what_they_are_about(browser, site):
    page = new_page(browser, viewport={"width": 1440, "height": 900})
    page.goto((site / "findings.html").as_uri())
    expect(page.locator("head link[rel=icon]")).to_have_count(1)  # else browsers request one
    rows = page.locator("section:not([hidden]) tr[data-claim]:visible")
    boxes = page.locator("section:not([hidden]) .pills label")
    for box in boxes.all():
        verdict, _, count = box.inner_text()[2:].partition(": ")
        box.click()
        expect(rows).to_have_count(int(count))
        assert all(row.inner_text().startswith(box.inner_text()[:1]) for row in rows.all()), verdict
        box.click()
    page.get_by_role("tab", name=SHIFTS).click()
    expect(rows.first).to_contain_text("robust")
    page.get_by_role("tab", name=MAPS).click()
    row = page.locator('tr[data-claim="high"]')
    difference = row.locator("td").nth(2).inner_text()
    row.get_by_role("link", name="See it").click()
    expect(page.locator("#lab")).to_contain_text("CLIP ViT-B/32 minus ResNet-56")
    expect(page.locator("#lab")).to_contain_text("With the wave (−14, −14)")
    expect(page.locator("#sentence")).to_contain_text("(−14, −14): ")
    assert difference.split()[-2] in page.locator("#claim").inner_text()
    page.goto(f"{(site / 'index.html').as_uri()}#story?step=weather")
    page.get_by_role("link", name="Try it").click()
    expect(page.get_by_role("radio", name="Corruptions")).to_be_checked()
    expect(page.locator("#lab figure.map .name, #lab figure.map figcaption").first).to_contain_text("Mini CLIP")
    page.goto(f"{(site / 'index.html').as_uri()}#story?step=slow")
    page.get_by_role("link", name="Try it").click()
    expect(page.get_by_role("radio", name="Figure 1")).to_be_checked()  # not the maps chosen before
    page.close()


@pytest.mark.slow
def test_story_names_no_keys_on_a_phone_and_no_download(open_site):
    page = open_site(390, has_touch=True, is_mobile=True)
    page.evaluate("location.hash = '#story?step=judge'")
    keys, question = page.get_by_text(KEYS, exact=True), page.locator("#story .figures")
    expect(page.locator("#story .options button")).to_have_count(5)
    expect(keys).to_have_count(1)
    expect(keys.or_(page.locator(".options kbd")).locator("visible=true")).to_have_count(0)
    assert page.locator("#story .text").bounding_box()["y"] < question.bounding_box()["y"]
    page.evaluate("location.hash = '#story?step=limits'")
    expect(page.locator("#story .lead")).to_contain_text("CLIP itself runs in the full app.")
    expect(page.locator("#story .lead")).not_to_contain_text("MB")


def test_links_of_the_story_lead_to_this_edition(site):
    links = re.findall(r'href=\\?"([^"\\]*)', json.dumps(unpacked(site, "story"), ensure_ascii=False))
    assert {link.partition("?")[0] for link in links} == {"#story", "#waves", "#inpainting", "#generation"}


@pytest.mark.slow
def test_any_word_is_drawn_in_the_opening_scene_and_stops_when_told(open_site):
    page = open_site()
    page.get_by_role("link", name="Story").click()
    opening = page.locator("#story .any-word form")
    opening.get_by_label("Any of 1,000 words").fill("castel")
    opening.get_by_role("button", name="Draw it here").click()
    expect(opening.locator(".prose")).to_contain_text("does not know “castel”")
    opening.get_by_label("Any of 1,000 words").fill("castle")
    expect(opening.locator(".prose")).to_be_empty()
    opening.get_by_role("button", name="Draw it here").click()
    expect(page.locator("#story .wish")).to_have_text("Ask for a castle", timeout=200_000)
    expect(page.locator("#story .judged").last).to_contain_text("of 120", timeout=200_000)
    expect(page.locator("#story figcaption .title")).to_have_text(["By pixels", "By views"])
    boxes = [opening.get_by_role("button", name=name).bounding_box() for name in ("Draw it here", "Stop")]
    assert boxes[0]["x"] + boxes[0]["width"] < boxes[1]["x"]
    page.locator("#story .figure.opening").get_by_role("button", name="teapot").click()  # ends the drawing
    expect(opening.get_by_role("button", name="Stop")).to_be_hidden()
    expect(opening.get_by_role("button", name="Draw it here")).to_be_enabled()
    expect(page.locator("#story .wish")).to_have_text("Ask for a teapot")
    expect(page.locator("#story .judged").last).to_contain_text("says teapot, too")
    opening.get_by_role("button", name="Draw it here").click()
    expect(page.locator("#story .wish")).to_have_text("Ask for a castle")
    expect(page.locator("#story .judged").last).to_contain_text("of 120", timeout=200_000)
    opening.get_by_role("button", name="Stop").click()
    expect(page.locator("#story .judged").last).to_contain_text("in your browser")
    expect(page.locator("#story .sure").last).to_contain_text("% sure")


@pytest.mark.slow
def test_heat_map_of_ones_picture_stands_beside_the_networks_maps(open_site):
    page = open_site()
    page.get_by_role("button", name="Predict here").click()
    page.get_by_role("button", name="Heat map of this picture").click()
    expect(page.locator("#lab figure.map")).to_have_count(4, timeout=200_000)
    expect(page.locator("#lab figure.map").last).to_contain_text("Mini ResNet, this picture")
    expect(page.locator("#lab figure.map").last.locator(".readout")).to_contain_text("probability of another class")
    page.locator("#lab .strip input").nth(7).check()
    expect(page.locator("#lab figure.map")).to_have_count(2)
    page.locator("#live summary").click()
    networks = page.locator("#live fieldset input").all()
    for box in networks:
        box.uncheck()
    page.locator("#live summary").click()  # the menu covers the button
    page.get_by_role("button", name="Heat map of this picture").click()
    expect(page.locator("#live .prose").get_by_text("No classifier is chosen; choose one or more.")).to_be_visible()
    page.locator("#live summary").click()
    for box in networks:
        box.check()
    page.locator("#live summary").click()
    expect(page.locator("#live tbody tr")).to_have_count(5)
    page.get_by_role("button", name="Heat map of this picture").click()
    expect(page.locator("#lab figure.map")).to_have_count(5, timeout=200_000)


@pytest.mark.slow
def test_networks_that_are_let_go_are_offered_again(open_site):
    page = open_site()
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Open the full app").click()
    page.get_by_role("link", name="Frequencies").click()
    expect(page.get_by_role("button", name="Heat map of this picture")).to_be_hidden()
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live tbody tr")).to_have_count(2)


@pytest.mark.slow
def test_heat_map_of_a_small_picture_stands_beside_maps_of_large_ones_in_the_view_of_errors(open_site):
    page = open_site()
    page.get_by_role("radio", name="Figure 2").check()
    choose_in_library(page, "CIFAR-10", 7)
    page.get_by_role("button", name="Predict here").click()
    page.get_by_role("button", name="Heat map of this picture").click()
    maps = page.locator("#lab figure.map")
    expect(maps).to_have_count(4, timeout=200_000)
    assert [maps.nth(k).locator(".ticks.right span").last.inner_text() for k in (1, 2)] == ["31", "15"]
    page.get_by_text("View", exact=True).click()
    page.get_by_role("radio", name="Minus neighbours").check()
    expect(maps).to_have_count(2)
    expect(page.locator("#live")).to_contain_text("choose Error in View")
    page.get_by_role("radio", name="Error", exact=True).check()
    expect(maps).to_have_count(4)
    expect(page.locator("#live")).not_to_contain_text("choose Error in View")


ONE_CORE = "Object.defineProperty(navigator, 'hardwareConcurrency', { value: 1 })"
# The second worker breaks once it has its share of the pictures.
BREAKS = """
(() => {
  const { postMessage } = Worker.prototype;
  let first = null;
  Worker.prototype.postMessage = function (message) {
    if (message.request === "predict") first ??= this;
    if (message.request === "predict" && this !== first) this.onerror(new Event("error"));
    else postMessage.call(this, message);
  };
})()
"""
PREDICT_ALL = """
async (pictures) => {
  const names = ["mini-clip", "mini-resnet"];
  const { engine } = laboratory;
  await engine.load(names);
  const logits = await engine.predictAll(names, pictures.length, (k) => Float32Array.from(pictures[k]), () => {});
  return names.map((name) => logits[name].map((row) => [...row]));
}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("script", "workers"), [("0", 2), (ONE_CORE, 1), (BREAKS, 2)])
def test_second_worker_helps_with_many_pictures_and_then_ends(open_site, script, workers):
    page, started = open_site(), []
    page.on("worker", lambda worker: started.append(worker))
    page.evaluate(script)
    images = load_samples("cifar10-samples").images.astype(np.float32) / 255
    logits = page.evaluate(PREDICT_ALL, images.reshape(len(images), -1).tolist())
    assert len(started) == workers
    page.wait_for_timeout(500)  # the browser reports the end of a worker later
    assert len(page.workers) == 1
    with torch.inference_mode():
        for name, rows in zip(("mini-clip", "mini-resnet"), logits, strict=True):
            expected = load_classifier(name, CIFAR10)(torch.from_numpy(images)).numpy()
            np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-4)


@pytest.mark.slow
def test_every_step_of_the_story_is_accessible(open_site):
    page = open_site()
    page.get_by_role("link", name="Story").click()
    story = page.locator("#story")
    for step in STEPS[2:]:
        story.get_by_role("link", name=f": {step.name}").click()
        expect_headline(story, step)
        assert grave_faults(page) == [], step.name


def test_stored_runs_are_replayed_and_the_full_app_is_named(open_site):
    page = open_site()
    page.get_by_role("link", name="Fill a hole").click()
    expect(page.locator("#inpainting .step")).to_have_text("step 120 of 120")
    page.get_by_role("tab", name="What is computed").click()
    expect(page.locator("#inpainting .computed math").first).to_be_visible()
    expect(page.locator("#inpainting .computed")).to_contain_text("the colours of its rim")
    expect(page.locator("#inpainting .computed summary")).to_have_text(list(explanations(("views",))))
    page.get_by_role("button", name="Pictures").click()
    expect(page.get_by_role("dialog").get_by_role("radio", name="hen", exact=False)).to_be_visible()
    assert grave_faults(page) == []
    page.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(page.locator("#generation .step")).to_have_text("step 120 of 120")
    page.get_by_role("button", name="First step").click()
    expect(page.locator("#generation .step")).to_have_text("step 0 of 120")
    expect(page.locator("#generation .outcome")).to_contain_text("after 120 steps")
    assert grave_faults(page) == []
    page.get_by_role("link", name="Findings").click()
    expect(page.get_by_role("link", name="Findings")).to_have_attribute("aria-current", "page")
    expect(page.locator(".findings tr[data-claim]").first).to_be_visible()
    tables = page.locator(".findings >> visible=true").all_inner_texts()
    assert not any("95 % interval" in text for text in tables)  # only in tooltips
    expect(page.get_by_role("tab")).to_have_text([MAPS, FEATURES, SHIFTS])
    assert grave_faults(page) == []
    page.get_by_role("link", name="Open the full app").click()
    expect(page.locator("#app")).to_contain_text("adds")
    expect(page.locator("#app code")).to_have_count(0)
    expect(page.get_by_role("link", name="https://app.example")).to_be_visible()


@pytest.mark.slow
def test_starts_of_small_drawings_are_the_apps_with_pictures_of_their_distribution(open_site):
    page, row = open_site(), SAMPLE_SETS["cifar10"]
    page.get_by_role("link", name="Draw").click()
    draw = page.locator("#generation")
    draw.get_by_role("radio", name="CIFAR-10, 32 px").check()
    menu = draw.get_by_label("Start from")
    kinds = offered_starts(row)
    expect(menu.locator("option")).to_have_text([STARTS[kind].label for kind in kinds])
    expect(draw.locator(".status .note")).to_contain_text("stored example")
    draw.get_by_role("tab", name="The start").click()
    groups = draw.locator(".run-groups > div").filter(visible=True)
    for kind in ("classless", "independent"):
        menu.select_option(kind)
        expect(groups).to_contain_text([f"{row.drawn[0]} Mean picture"], use_inner_text=True)
        expect(groups).to_contain_text(STARTS[kind].name)
        starts = draw_starts([row.drawn[0]], 1, row.name, 0, kind)
        expect(groups.locator("img[alt^='Start 1']")).to_have_attribute("src", png_data_uri(to_uint8(starts[0])))
    menu.select_option("grey")
    expect(draw.locator(".status .note")).to_contain_text("Not run yet")
    expect(groups).to_have_count(0)
    stored = next(run for run in run_replays() if run.listed["side"] == 32 and run.listed["variant"] == "blur")
    draw.get_by_label("Stored runs").select_option(stored.id)
    expect(groups).to_have_count(len(stored.listed["targets"]))


@pytest.mark.slow
def test_site_takes_a_profile(browser, tmp_path, monkeypatch):
    profile = small_profile(tmp_path / "profile")
    monkeypatch.setenv(VARIABLE, str(profile))
    assert main([str(tmp_path / "site")]) == 0
    size = sum(path.stat().st_size for path in (tmp_path / "site").rglob("*") if path.is_file())
    assert size < 48e6
    assert "CLIP ViT-B/32 · CIFAR-10 · computed" in unpacked(tmp_path / "site", "maps")["labels"]
    replay = unpacked(tmp_path / "site", f"generation_cifar10__{PAPERS_CLIP}")
    assert replay["models"][0]["title"].startswith("CLIP ViT-B/32")
    page, wrong = new_page(browser), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto((tmp_path / "site" / "findings.html").as_uri())
    page.get_by_role("tab", name=FEATURES).click()
    compared = "CLIP ViT-B/32 (OpenAI) against Mini ResNet (robust): "
    expect(page.locator("section:not([hidden]) legend")).to_contain_text(compared)
    for part in ("story?step=a-wave", "waves", "generation"):
        page.goto(f"{(tmp_path / 'site' / 'index.html').as_uri()}#{part}")
        expect(page.get_by_text("CLIP ViT-B/32").first).to_be_attached()
    section = page.locator("#generation")  # shows CLIP's drawing, which another network continues here
    expect(section.locator(".toolbar .menu summary").first).to_have_text("EfficientNet-Lite0 (ImageNet)")
    expect(section.locator(".hint")).to_contain_text("weights are not here: Run takes EfficientNet-Lite0")
    page.goto(f"{(tmp_path / 'site' / 'index.html').as_uri()}#story")
    expect(page.get_by_role("button", name="Draw it here by EfficientNet-Lite0")).to_be_visible()
    page.close()
    assert not wrong


def small_profile(folder):
    """The small CLIP's stored results under the name of the paper's CLIP."""
    kinds = {
        "heatmaps/mini-clip_cifar10-1000": Heatmap,
        "predictions/mini-clip": StoredPredictions,
        "hybrids/mini-clip": HybridOutcomes,
        "corruptions/mini-clip": CorruptionOutcomes,
        "judgements/mini-clip": JudgedOutcomes,
        "runs/generation_cifar10__mini-clip": PGDRun,
        "runs/generation_imagenet__efficientnet-lite0": PGDRun,
        "runs/generation_imagenet__efficientnet-lite0__views": PGDRun,
    }
    for name, kind in kinds.items():
        stored = kind.load(PRECOMPUTED / f"{name}.npz")
        facts = {
            **stored.metadata["classifier"],
            "name": PAPERS_CLIP,
            "weights_id": classifier_spec(PAPERS_CLIP).weights_id,
        }
        path = folder / f"{re.sub('mini-clip|efficientnet-lite0', PAPERS_CLIP, name)}.npz"
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(stored, metadata={**stored.metadata, "classifier": facts}).save(path)
    return folder


def unpacked(site, name):
    """The JSON value in a pack, decoded as the page decodes it."""
    script = b"".join(
        re.search(rb'","(.*)"\);\n', path.read_bytes(), re.S)[1] for path in sorted(site.glob(f"packs/{name}.*.js"))
    )
    plain = re.sub(rb"\\(.)", lambda match: {b"n": b"\n", b"r": b"\r"}.get(match[1], match[1]), script, flags=re.S)
    return json.loads(gzip.decompress(plain))


def checked(site, name):
    """Output of the check, in a separate process, since this one already runs a browser."""
    script = "import pathlib, sys; from precomputed.static_site.check import check_site; "
    script += "print(check_site(pathlib.Path(sys.argv[1]), sys.argv[2:]))"
    return subprocess.run([sys.executable, "-c", script, site, name], capture_output=True, text=True, timeout=200)


@pytest.mark.parametrize("name", ["chromium", "firefox"])
@pytest.mark.slow
def test_check_compares_the_served_site_with_torch_in_both_browsers(site, name):
    if not any(shutil.which(command) for command in (name, f"{name}-esr")):
        pytest.skip(f"there is no {name} here")
    done = checked(site, name)
    assert re.match(rf"{name}: largest differences from torch: logits \de-0\d, ", done.stdout), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("place", "page"), [("body", "story"), (".findings-page", "findings")])
def test_check_refuses_a_page_that_does_not_fit_a_phone(site, tmp_path, place, page):
    shutil.copytree(site, tmp_path / "wrong")
    with (tmp_path / "wrong" / "page.css").open("a") as style:
        style.write(f"{place} {{ min-width: 500px; }}")
    assert f"chromium, light, 390 px, {page}: the page is" in checked(tmp_path / "wrong", "chromium").stderr


def test_address_that_is_none_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main([str(tmp_path), "--app", "javascript:alert(1)"])
    assert "expected a URL" in capsys.readouterr().err
