"""The chapter *Judge* in Chromium: a round, and what a picture of it leads to."""

import re

from playwright.sync_api import expect

from core.pgd.rounds import draw_questions
from core.shared.text import with_article
from tests.browser.checks import grave_faults
from tests.browser.waiting import wait_until_drawn
from ui.components.mount import lossy_data_uri
from ui.story.judge_chapter import candidates


def test_judge_round_is_scored_and_shared(app, open_page):
    page = open_page(f"{app}/story?chapter=judge&round=7", width=390, height=844)
    judge, bar = page.locator(".judge"), page.locator(".st-key-story-steps").bounding_box()
    questions = draw_questions(*candidates(), 7)
    for number, question in enumerate(questions, 1):
        expect(judge.get_by_role("heading")).to_have_text(f"Picture {number} of 10: what is it?")
        expect(judge.locator(".stage > img")).to_have_attribute("src", lossy_data_uri(question.drawing.picture))
        expect(judge.get_by_role("button", name="Next", exact=True)).to_have_count(0)
        last = judge.locator(".options button").last.bounding_box()
        assert judge.locator(".stage > img").bounding_box()["width"] == judge.bounding_box()["width"]
        assert number > 1 or last["y"] + last["height"] < bar["y"], "the options are in sight with the picture"
        if number > 1:  # the first view has the chapter's text above
            judge.locator(".stage").scroll_into_view_if_needed()
            assert last["height"] >= 40
        right = number > 2  # the first two are answered wrongly
        judge.locator(".options button").nth((question.right + (0 if right else 1)) % 5).click()
        said = "Right." if right else f"No, it’s {with_article(question.drawn.word)}."
        expect(judge.get_by_role("status")).to_contain_text(said)
        began = "as this sketch" if question.drawn.sketch else "as plain grey"
        expect(judge.get_by_role("status")).to_contain_text(f"It began {began}.")
        expect(judge.locator(".begun img")).to_have_count(int(bool(question.drawn.sketch)))
        expect(judge.locator("button.yes")).to_have_text(question.drawn.word)
        onward = judge.locator("button.next").bounding_box()
        assert onward["y"] + onward["height"] <= bar["y"], "in sight above the bar"
        judge.locator("button.next").click()
    wrong = {method: sum(question.method == method for question in questions[:2]) for method in ("views", "paper")}
    head = judge.get_by_role("heading")
    second = sum(question.drawing.recognised() for question in questions)
    expect(head).to_have_text(f"You recognised 8 of 10, the second network {second}.")
    for row, method in enumerate(("views", "paper")):
        theirs = sum(question.drawing.recognised() for question in questions if question.method == method)
        parts = [f"you {5 - wrong[method]} of 5", f"the second network {theirs} of 5"]
        expect(judge.locator(".round").nth(row).locator(".part")).to_have_text(parts)
    expect(page).to_have_url(re.compile(r"chosen=\d{10}"))
    expect(page.locator(".st-key-story-steps .next")).to_have_class(re.compile("primary"))
    expect(judge.locator(".share")).to_have_text(re.compile(r"chapter=judge&round=7$"))
    wait_until_drawn(page)
    assert grave_faults(page) == [] and bar["y"] > 0
    page.reload()
    expect(head).to_contain_text("You recognised 8 of 10")
    judge.get_by_role("button", name="Ten new pictures").click()
    expect(head).to_have_text("Picture 1 of 10: what is it?")
    expect(page).not_to_have_url(re.compile("chosen="))
    page.goto(f"{app}/story?chapter=judge&round=x&chosen=0123401234")
    expect(head).to_have_text("Picture 1 of 10: what is it?")


def test_judged_drawing_opens_in_draw(app, open_page):
    page, number = open_page(f"{app}/story?chapter=judge&round=7", width=1440, height=900), 0
    judge, questions = page.locator(".judge"), draw_questions(*candidates(), 7)
    opens = judge.get_by_role("button", name="Open in Paint")
    picture = judge.locator(".stage > img").bounding_box()
    last = judge.locator(".options button").last.bounding_box()
    assert last["y"] + last["height"] > picture["y"] + 0.75 * picture["height"], "the options fill its height"
    assert last["width"] > 500 and judge.locator(".side").bounding_box()["height"] == picture["height"]
    chapter_next = page.locator(".st-key-story-steps .next")
    expect(chapter_next).not_to_have_class(re.compile("primary"))  # the round's own button is the one to press
    while not questions[number].drawn.sketch:
        judge.locator(".options button").first.click()
        judge.locator("button.next").click()
        number += 1
    expect(judge.get_by_role("heading")).to_have_text(f"Picture {number + 1} of 10: what is it?")
    expect(opens).to_have_count(0)  # its word would tell the answer
    judge.locator(".options button").first.click()
    assert judge.locator(".options button").last.bounding_box() == last, "an answer moves nothing"
    note = page.locator(".st-key-story-below-judge p").first
    assert note.evaluate("p => getComputedStyle(p).fontSize") == "16px"
    opens.click()
    drawn = questions[number].drawn
    expect(page.get_by_role("combobox", name="Word to paint")).to_have_value(drawn.word)
    expect(page.get_by_role("radio", name="Sketch", exact=True)).to_be_checked()
    for k, title in enumerate(("The paper’s method", "Many views")):
        expect(page.locator(".replay canvas").nth(k)).to_have_attribute(
            "aria-label", re.compile(f"{title}: {drawn.word}")
        )
    expect(page.get_by_text("Settings changed")).to_have_count(0)
    wait_until_drawn(page)
