"""Links, choices and Back between pages, in a real browser; what *Findings* and *Models* show there."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.checks import fits
from tests.browser.conftest import BOTH_BROWSERS
from tests.browser.waiting import choose_option, patient, wait_until_drawn, wait_until_still
from ui.shared.url import PAGES


def test_navigation_on_a_phone_keeps_parameters(app, open_page):
    page = open_page(f"{app}/inpainting/x?inpainting-steps=77", width=400, height=850)
    expect(page).to_have_title(re.compile("^Fill a hole"))
    expect(page).to_have_url(re.compile(rf"{app}/inpainting\?.*inpainting-steps=77"))
    tabs = page.locator(".st-key-page-tabs").get_by_role("link")
    expect(tabs).to_have_text([*PAGES.values()])
    wait_until_still(page)
    boxes = [tab.bounding_box() for tab in tabs.all()]
    assert len({box["y"] for box in boxes}) == 1 and max(box["x"] + box["width"] for box in boxes) <= 400
    tabs.filter(has_text="Models").click()
    expect(page).to_have_title(re.compile("^Models"))
    page.set_viewport_size({"width": 320, "height": 850})
    wait_until_drawn(page)
    wait_until_still(page)
    assert fits(page)
    page.set_viewport_size({"width": 400, "height": 850})
    tabs.filter(has_text="Findings").click()
    expect(page).to_have_title(re.compile("^Findings"))
    rows = page.locator(".findings tbody tr")
    expect(rows).not_to_have_count(0)
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.locator(".st-key-page-tabs")).to_be_hidden()
    expect(page.get_by_test_id("stTopNavLink")).to_have_count(len(PAGES))
    page.locator(".findings tr[data-claim=high]").get_by_role("link").click()
    expect(page).to_have_title(re.compile("^Frequencies"))
    expect(page.get_by_text("CLIP ViT-B/32 minus ResNet-56").first).to_be_visible()
    expect(page.locator(".readout").first).to_contain_text(re.compile(r"[+−]\d+\.\d points\(5, 15\)"))


def test_rows_of_findings_open_on_a_phone(app, open_page):
    page = open_page(f"{app}/findings", width=390)
    row = page.locator(".findings tbody > tr").nth(1)
    claim, found, bars, checked = (row.locator(part) for part in ("td > b", ".found", ".measured", ".rings"))
    expect(claim).to_be_visible()
    for part in (found, bars, checked):
        expect(part).to_be_hidden()
    claim.scroll_into_view_if_needed()
    box = claim.bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + box["height"] - 4)  # on the claim, not on the arrow
    for part in (found, bars, checked, row.get_by_role("link", name="See it")):
        expect(part).to_be_visible()
    row.get_by_text("How it is checked").click()
    expect(found).to_be_hidden()
    page.set_viewport_size({"width": 1440, "height": 900})
    for part in (found, bars):
        expect(part).to_be_visible()
    expect(checked).to_be_hidden()


@pytest.mark.parametrize("browser_name", BOTH_BROWSERS)
def test_back_returns_to_words_chapters_and_tools(app, open_page):
    page = open_page(f"{app}/story", width=1440)
    box, claim = page.get_by_role("combobox", name=re.compile("^Any of")), page.locator(".painting .claim").first
    card = page.get_by_role("radio", name=re.compile("^Two pictures in one"))

    def shown(word, path):
        expect(claim).to_have_text(f"The painter is 99% sure: {word}.")
        expect(box).to_have_value(word.split(" ", 1)[1])
        assert page.url == f"{app}/{path}"

    def step(action, url):
        action()
        expect(page).to_have_url(url)
        wait_until_drawn(page)

    starfish, judge, story = (re.compile(f"{end}$") for end in ("word=starfish", "chapter=judge", "/story"))
    step(page.get_by_role("radio", name="starfish", exact=True).click, starfish)
    shown("a starfish", "story?sketch=starfish&word=starfish")
    step(page.get_by_role("link", name="2: Judge").click, judge)
    step(page.go_back, starfish)
    shown("a starfish", "story?sketch=starfish&word=starfish")
    step(page.go_back, story)
    shown("a volcano", "story")
    step(page.go_forward, starfish)
    shown("a starfish", "story?sketch=starfish&word=starfish")
    step(page.get_by_role("link", name="Frequencies", exact=True).first.click, re.compile("/frequency"))
    before = page.url
    step(card.click, re.compile("tab=Two"))
    expect(page.get_by_role("radio", name="Photographs", exact=True)).to_be_checked()
    step(page.go_back, before)
    expect(card).not_to_be_checked()
    expect(page.locator("h1")).to_be_in_viewport()  # the tool was below the maps
    expect(page.get_by_role("radio", name="CLIP and a ResNet", exact=True)).to_be_checked()
    step(page.go_forward, re.compile("tab=Two"))
    expect(card).to_be_checked()
    expect(page.locator(".mixer canvas").first).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("browser_name", BOTH_BROWSERS)
def test_back_restores_each_page(app, open_page):
    page = open_page(f"{app}/story?chapter=wave", width=1440)

    def follow(name):
        page.get_by_role("link", name=name, exact=True).first.click()
        expect(page).to_have_title(re.compile(f"^{name}"))
        wait_until_drawn(page)

    def back(expected, url):
        page.go_back()
        expect(page).to_have_title(re.compile(f"^{expected}"))
        wait_until_drawn(page)
        assert page.url == url

    follow("Frequencies")
    plot = page.locator(".st-key-frequency-lab .plot").first
    for place in (40, 80, 120):  # each click changes the URL
        before = page.url
        plot.click(position={"x": place, "y": place})
        page.wait_for_url(lambda url, before=before: url != before)
        wait_until_drawn(page)
    cell = page.url
    follow("Findings")
    page.get_by_role("button", name="Other maps").click()
    subject = page.get_by_role("option", name="Mini CLIP · CIFAR-10 · computed", exact=True)
    choose_option(page.get_by_role("combobox", name="In CLIP’s place"), subject)
    heading = page.get_by_text("Mini CLIP against ResNet-56", exact=True)
    expect(heading).to_be_visible()
    wait_until_drawn(page)
    chosen = page.url
    assert "subject=" in chosen
    follow("Paint")
    back("Findings", chosen)
    expect(heading).to_be_visible()
    back("Frequencies", cell)
    back("Story", f"{app}/story?chapter=wave")


def test_running_script_has_no_stop_button(app, browser):
    page, held = patient(browser.new_context()).new_page(), []

    def relay(socket):
        socket.connect_to_server().on_message(lambda message: held or socket.send(message))

    page.route_web_socket("**/_stcore/stream", relay)
    page.goto(f"{app}/generation")
    wait_until_drawn(page)
    held.append(True)  # the browser waits for a script from now on
    page.keyboard.press("r")
    running = page.get_by_test_id("stStatusWidget")
    expect(running.get_by_role("img")).to_be_visible()
    expect(running.locator("button")).to_have_count(1)
    expect(running.locator("button")).to_be_hidden()
    page.context.close()
