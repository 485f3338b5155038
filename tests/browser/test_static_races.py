"""The static edition when something arrives late: a newer choice stays, and text, picture and controls agree."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from precomputed.static_site.check import served
from tests.browser.waiting import PATIENCE, new_page

pytestmark = pytest.mark.slow

LATER = 400  # milliseconds in which the page would show what has arrived


@pytest.fixture
def open_section(browser, site) -> Iterator[Callable[..., Page]]:
    """`open_section(name, *late)` -> page at `#name`, served; it gets the packs `late` only after `release(page)`."""
    pages, wrong = [], []
    with served(site) as url:

        def open_(name, *late):
            page = new_page(browser, viewport={"width": 1440, "height": 900})
            pages.append(page)
            page.late, page.is_late = [], True
            page.on("pageerror", lambda error: wrong.append(error.stack))
            for pack in late:
                page.route(
                    f"**/packs/{pack}.*.js*",
                    lambda route: page.late.append(route) if page.is_late else route.continue_(),
                )
            page.goto(f"{url}#{name}")
            return page

        yield open_
        for page in pages:
            page.close()
    assert not wrong


def release(page):
    """Let the late responses arrive, and wait until the page would have shown them."""
    end = time.monotonic() + PATIENCE / 1000
    while not page.late:
        assert time.monotonic() < end, "nothing late was requested"
        page.wait_for_timeout(50)
    page.is_late = False
    for route in page.late:
        with page.expect_response(route.request.url):
            route.continue_()
    page.wait_for_timeout(LATER)


def ready(page, name):
    """Return the section once its controls are there."""
    section = page.locator(f"#{name}")
    expect(section.locator(".toolbar .loader")).to_contain_text("nothing leaves this browser")
    expect(section.locator(".status .note")).to_contain_text("A stored example")
    return section


def stored_runs(section):
    return section.get_by_label("Stored runs", exact=True)


def choose_search(section):
    section.get_by_role("checkbox", name="views").uncheck()


def choose_steps(section):
    section.locator("summary", has_text="Settings").click()
    section.get_by_label("Steps", exact=True).fill("30")
    section.get_by_label("Steps", exact=True).press("Enter")


def choose_class(section):
    field = section.locator(".toolbar").get_by_label(re.compile("^(Target|Draw)$"))
    field.fill("castle")
    field.press("Enter")


def choose_start(section):
    section.get_by_role("button", name="Random place").click()


def choose_network(section):
    section.locator(".toolbar .group summary").click()
    section.get_by_role("checkbox", name="Mini CLIP (robust)").uncheck()


@pytest.mark.parametrize(
    ("name", "run", "choose"),
    [
        ("inpainting", "inpainting_photographs-7__efficientnet-lite0", choose_search),
        ("inpainting", "inpainting_photographs-7__efficientnet-lite0", choose_steps),
        ("inpainting", "inpainting_photographs-7__efficientnet-lite0", choose_class),
        ("inpainting", "inpainting_photographs-7__efficientnet-lite0", choose_start),
        ("inpainting", "inpainting_cifar10-5__mini-clip", choose_network),
        ("generation", "generation_cifar10__mini-clip", choose_network),
    ],
)
def test_setting_chosen_while_a_stored_run_is_fetched_stays(open_section, name, run, choose):
    page = open_section(name, run)
    section = ready(page, name)
    stored_runs(section).select_option(run)
    titles = ["Mini CLIP", "Mini CLIP (robust)"] if "cifar10" in run else ["EfficientNet-Lite0 (ImageNet)"]
    expect(section.locator(".toolbar .group summary")).to_have_text(", ".join(titles))
    if name == "inpainting":  # the controls show the stored run's picture
        expect(section.locator(".canvas p")).to_have_text(f"True class: {'dog' if 'cifar10' in run else 'koala'}")
    choose(section)
    release(page)
    expect(stored_runs(section)).to_have_value("")
    expect(section.locator(".status .note")).to_contain_text("Not run yet. Back to the example")
    expect(section.locator(".outcome")).to_be_empty()
    expect(section.locator(".step")).to_contain_text("Not run yet")
    networks = section.locator(".toolbar .group summary").inner_text().split(", ")
    searches = section.locator(".pills :checked").count() or 1
    expect(section.locator(".replay .model:not(.reference)")).to_have_count(len(networks) * searches)


def test_stored_run_chosen_while_another_one_is_fetched_is_shown_with_its_controls(open_section):
    first, second = "inpainting_cifar10-5__mini-clip", "inpainting_photographs-7__efficientnet-lite0"
    page = open_section("inpainting", first, "cifar10")  # controls of its pictures, too, are late
    section = ready(page, "inpainting")
    for run in (first, second):
        stored_runs(section).select_option(run)
    expect(section.locator(".canvas p")).to_have_text("True class: koala")
    release(page)
    expect(stored_runs(section)).to_have_value(second)
    expect(section.get_by_role("button", name="Pictures")).to_have_count(1)
    expect(section.locator(".canvas p")).to_have_text("True class: koala")
    expect(section.locator(".toolbar .group summary")).to_have_text("EfficientNet-Lite0 (ImageNet)")
    expect(section.locator(".step")).to_have_text("step 120 of 120")


def test_class_chosen_while_the_controls_of_other_pictures_are_fetched_stays(open_section):
    page = open_section("generation", "starts")
    section = ready(page, "generation")
    small, large = (section.get_by_role("radio", name=name) for name in ("CIFAR-10, 32 px", "ImageNet"))
    small.check()
    choose_class(section)
    expect(section.locator(".step")).to_contain_text("Not run yet")
    release(page)
    expect(large).to_be_checked()
    expect(section.locator(".toolbar").get_by_label("Draw")).to_have_value("castle")
    small.check()
    expect(section.locator(".toolbar").get_by_label("Draw").locator("option")).to_have_count(10)


def test_stored_run_chosen_before_the_controls_are_there_sets_them(open_section):
    page = open_section("generation", "engine")
    section = page.locator("#generation")
    expect(section.locator(".status .note")).to_contain_text("A stored example")
    stored_runs(section).select_option("generation_cifar10-noise__mini-clip")
    expect(section.locator(".step")).to_have_text("step 60 of 60")
    release(page)
    expect(section.locator(".toolbar .group summary")).to_have_text("Mini CLIP, Mini CLIP (robust)")
    expect(section.get_by_label("Start from")).to_have_value("independent")
    expect(section.locator(".step")).to_have_text("step 60 of 60")


def test_run_whose_setting_changes_while_its_networks_load_does_not_begin(open_section):
    page = open_section("generation", "mini-clip.weights")
    section = ready(page, "generation")
    stored_runs(section).select_option("generation_cifar10__mini-clip")
    expect(section.get_by_label("Start from")).to_have_value("blur")
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.get_by_role("button", name="Run", exact=True)).to_be_disabled()
    section.locator(".toolbar").get_by_label("Draw").select_option(label="ship")
    expect(section.locator(".status .note")).to_contain_text("Not run yet")
    release(page)
    expect(section.get_by_role("button", name="Run", exact=True)).to_be_enabled()
    expect(section.locator(".status .note")).to_contain_text("Not run yet")
    expect(section.locator(".step")).to_contain_text("Not run yet")


def test_setting_changed_during_a_run_is_named_beside_its_result(open_section):
    page = open_section("generation")
    section = ready(page, "generation")
    stored_runs(section).select_option("generation_cifar10__mini-clip")
    expect(section.get_by_label("Start from")).to_have_value("blur")
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".step")).to_contain_text("ms per step")
    choose_network(section)
    expect(section.locator(".status .note")).to_contain_text("Your run, 60 steps", timeout=120_000)
    expect(section.locator(".status .note")).to_contain_text("Settings changed: Run applies them.")


def test_run_that_the_visitor_leaves_gives_way_to_the_settings(open_section):
    page = open_section("generation")
    section = ready(page, "generation")
    stored_runs(section).select_option("generation_cifar10__mini-clip")
    expect(section.get_by_label("Start from")).to_have_value("blur")
    section.locator(".toolbar").get_by_label("Draw").select_option(label="ship")
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".step")).to_contain_text("ms per step")
    page.get_by_role("link", name="Story", exact=True).click()
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(section.locator(".status .note")).to_contain_text("Not run yet")
    expect(section.locator(".step")).to_contain_text("Not run yet")
    expect(section.locator(".toolbar").get_by_label("Draw").locator(":checked")).to_have_text("ship")


def test_word_chosen_while_another_ones_scene_is_fetched_is_shown(open_section):
    page = open_section("story", "opening-teapot")
    words = page.locator("#story .figure.opening")
    expect(words.locator(".wish")).to_have_text("Ask for a volcano")
    for word in ("teapot", "lion"):
        words.get_by_role("button", name=word).click()
    expect(words.locator(".wish")).to_have_text("Ask for a lion")
    release(page)
    expect(words.locator(".wish")).to_have_text("Ask for a lion")
    expect(words.get_by_role("button", name="lion")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("choice", ["lion", "Draw"])
def test_drawing_whose_network_arrives_after_another_choice_does_not_begin(open_section, choice):
    page = open_section("story", "efficientnet-lite0.weights")
    words, form = page.locator("#story .figure.opening"), page.locator("#story .any-word form")
    form.get_by_label("Any of 1,000 words").fill("castle")
    form.get_by_role("button", name="Draw it here").click()
    if choice == "lion":
        words.get_by_role("button", name=choice).click()
    else:
        page.get_by_role("link", name=choice, exact=True).click()
    release(page)
    expect(form.locator("button.primary")).to_be_enabled()
    page.get_by_role("link", name="Story", exact=True).click()
    expect(form.get_by_role("button", name="Stop")).to_be_hidden()
    expect(words.locator(".wish")).to_have_text(f"Ask for a {'lion' if choice == 'lion' else 'volcano'}")


def test_figure_chosen_while_anothers_sentences_are_fetched_keeps_its_own(open_section):
    page = open_section("waves", "verdicts-figure-2")
    sentence = page.locator("#sentence")
    expect(sentence).to_contain_text("CLIP ViT-B/32")
    for figure in ("Figure 2", "Figure 1"):
        page.get_by_role("radio", name=figure).check()
    release(page)
    expect(page.get_by_role("radio", name="Figure 1")).to_be_checked()
    expect(sentence).to_contain_text("CLIP ViT-B/32")
    expect(page.locator("#lab figure.map").first).to_contain_text("CLIP ViT-B/32")


def test_heat_map_of_a_picture_is_dropped_once_another_one_is_chosen(open_section):
    page = open_section("waves", "photographs")
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Heat map of this picture").click()
    page.get_by_role("radio", name="Figure 2").check()  # its pictures are late
    expect(page.get_by_role("button", name="Heat map of this picture")).to_be_enabled(timeout=120_000)
    release(page)
    expect(page.locator("#lab .clean canvas")).to_have_attribute("width", "224")
    expect(page.locator("#lab figure.map")).to_have_count(2)
    page.get_by_role("radio", name="Figure 1").check()
    expect(page.locator("#lab .clean canvas")).to_have_attribute("width", "32")
    expect(page.locator("#lab figure.map")).to_have_count(2)


def test_heat_map_of_a_picture_is_shown_though_another_wave_is_chosen_meanwhile(open_section):
    page = open_section("waves")
    page.get_by_role("button", name="Predict here").click()
    expect(page.locator("#live tbody tr")).to_have_count(2)
    page.get_by_role("button", name="Heat map of this picture").click()
    plot = page.locator("#lab .plot").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] * 20.5 / 31, "y": box["height"] * 3.5 / 31})
    expect(page.locator("#sentence")).to_contain_text("(\N{MINUS SIGN}12, 5)")
    expect(page.locator("#lab figure.map")).to_have_count(4, timeout=120_000)


# Requests for predictions reach the worker late.
SLOWLY = """
(() => {
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message) {
    setTimeout(() => postMessage.call(this, message), message.request === "predict" ? 300 : 0);
  };
})()
"""


def test_networks_chosen_while_others_predict_are_in_the_table(open_section):
    page = open_section("waves")
    page.get_by_role("button", name="Predict here").click()
    rows = page.locator("#live tbody tr")
    expect(rows).to_have_count(2)
    page.locator("#live summary").click()
    page.evaluate(SLOWLY)
    page.locator("#lab input[type=range]").first.press("ArrowRight")  # predictions under another wave
    page.get_by_role("checkbox", name="Mini ResNet", exact=True).uncheck()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Mini CLIP")
    expect(page.locator("#live > .prose")).to_be_empty()
