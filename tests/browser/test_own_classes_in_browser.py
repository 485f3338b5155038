"""Asking CLIP in one's own words, in a real browser: typing, keys, the URL, other pages and hostile text."""

import re
import time

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import ClassSet
from core.shared.device import class_probabilities
from core.sweep.predict import wave_on_image
from tests.browser.waiting import wait_until_drawn
from ui.tools.own_words import DEFAULT_CLASSES

SLOW = 120_000  # milliseconds: enough to load torch and a classifier on a busy machine
PLACE = "frequency?pictures=CIFAR-10&cell=0,5&picture=33&tab=Your+own+words"


@pytest.fixture
def frequency_page(streamlit_app, open_page):
    """`frequency_page("&prompt=a%20{class}", width=390)` -> the page with a picture and a wave, drawn."""
    return lambda query="", **window: open_page(f"{streamlit_app('app.py')}/{PLACE}{query}", **window)


def fields(page: Page) -> tuple[Locator, Locator]:
    box = "textbox"
    return page.get_by_role(box, name="Classes, one per line"), page.get_by_role(box, name="Prompt, with")


def own_table(page: Page) -> Locator:
    return page.locator(".st-key-own-predictions .predictions").first  # mini-clip's table; its robust twin's follows


def numbers(table: Locator) -> dict[str, tuple[float, float]]:
    """Class -> probabilities in per cent, clean and with the wave."""
    shares = {}
    for row in table.locator("tr").all()[1:]:
        name, clean, wave = row.locator("td").all_inner_texts()
        shares[name.strip()] = float(clean.strip().rstrip("%")), float(wave.strip().rstrip("%"))
    return shares


def engine(names: tuple[str, ...], template: str) -> dict[str, tuple[float, float]]:
    image = load_samples("cifar10-samples").images[33].astype(np.float32) / 255
    wave = wave_on_image(image, (0, 5), 4.0, seed=0, position=33)
    classifier = load_classifier("mini-clip", ClassSet("custom", names), template=template)
    clean, perturbed = 100 * class_probabilities(classifier, np.stack([wave.clean, wave.perturbed]))
    return {name: (clean[column], perturbed[column]) for column, name in enumerate(names)}


def expect_predictions(page: Page, names: tuple[str, ...], template: str) -> None:
    """Wait until the table holds these classes and the engine's numbers."""
    expected = engine(names, template)
    for name in names:
        expect(own_table(page).get_by_role("cell", name=name, exact=True)).to_be_visible(timeout=SLOW)
    deadline = time.monotonic() + SLOW / 1000
    while (actual := numbers(own_table(page))) != {name: pytest.approx(expected[name], abs=0.051) for name in names}:
        assert time.monotonic() < deadline, f"{actual} is not {expected}"
        page.wait_for_timeout(200)


def test_typing_with_the_keyboard_alone_gets_the_engines_numbers_and_a_link_that_repeats_them(frequency_page):
    page = frequency_page()
    expect_predictions(page, tuple(DEFAULT_CLASSES.split(", ")), "a photo of a {class}")
    classes, prompt = fields(page)
    classes.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("brown horse\n  toad;a jet ")
    page.keyboard.press("Control+Enter")
    expect_predictions(page, ("brown horse", "toad", "a jet"), "a photo of a {class}")
    page.keyboard.press("Tab")
    expect(prompt).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("a dark picture of a {class}")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"classes=brown(\+|%20)horse%0A.*prompt=a(\+|%20)dark"))
    wait_until_drawn(page)
    expect_predictions(page, ("brown horse", "toad", "a jet"), "a dark picture of a {class}")
    again = frequency_page("&" + page.url.partition("?")[2])
    expect(fields(again)[0]).to_have_value("brown horse\n  toad;a jet ")
    expect_predictions(again, ("brown horse", "toad", "a jet"), "a dark picture of a {class}")


@pytest.mark.slow
def test_question_is_kept_on_another_page_and_a_long_one_stays_out_of_the_url(frequency_page):
    page = frequency_page("&classes=cat%0Adog")
    expect(own_table(page)).to_be_visible(timeout=SLOW)
    classes, _ = fields(page)
    typed = "\n".join(f"a nice cat number {k}" for k in range(100))
    classes.fill(typed)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(own_table(page).get_by_text("a nice cat number").first).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    expect(page.get_by_text("too long for the URL")).to_be_visible()
    expect(page).not_to_have_url(re.compile("classes="))
    page.get_by_role("link", name="Models").first.click()
    expect(page.get_by_role("heading", name="Models").first).to_be_visible()
    page.get_by_role("link", name="Frequencies").first.click()
    expect(classes).to_have_value(typed, timeout=SLOW)
    expect(own_table(page).get_by_text("a nice cat number").first).to_be_visible(timeout=SLOW)


@pytest.mark.slow
def test_typed_text_runs_nothing_and_fits_a_phone(frequency_page):
    page = frequency_page("&prompt={class}", width=390)
    urls: list[str] = []
    page.on("request", lambda request: urls.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail("typed text was run"))
    names = ("<img src=x onerror=alert(1)>", "**bold**", "🐈", "قطة")
    classes, _ = fields(page)
    classes.fill("\n".join(names))
    page.get_by_role("button", name="Ask", exact=True).click()
    expect_predictions(page, names, "{class}")
    assert own_table(page).locator("img").count() == 0
    # A right-to-left name stays in its cell, and its numbers keep their order.
    cell = own_table(page).get_by_role("cell", name="قطة", exact=True)
    assert cell.bounding_box()["x"] == own_table(page).get_by_role("cell", name="🐈", exact=True).bounding_box()["x"]
    picture = "![p](https://remote.invalid/p.png)"
    classes.fill(f"{picture}\n{picture}")
    page.get_by_role("button", name="Ask", exact=True).click()
    alert = page.get_by_test_id("stAlert")
    expect(alert).to_contain_text("comes twice")
    assert alert.locator("img, a").count() == 0
    assert not any("remote.invalid" in url and "127.0.0.1" not in url for url in urls)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
