"""Former obstacles for a first visitor, in Chromium and Firefox: menus, names, phones, links, uploads, runs."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from core.classifiers.registry import classifier_spec, short_title
from core.pgd.starts import STARTS
from tests.browser.live_runs import CANVAS, SLOW, expect_run, open_details, start, wait_for_end
from tests.browser.step_links import SEEN, STEP_LINKS
from tests.browser.waiting import choose_option, open_options, wait_until_drawn, wait_until_still
from tests.firefox import find_firefox
from ui.shared.url import PAGES
from ui.story.chapters import LINKS, SLUGS

IN_FIREFOX = pytest.param(
    "firefox",
    id="firefox",
    marks=[pytest.mark.slow, pytest.mark.skipif(find_firefox() is None, reason="there is no Firefox here")],
)
pytestmark = pytest.mark.parametrize("browser_name", [pytest.param("browser", id="chromium"), IN_FIREFOX])

SMALL = "inpainting-pictures=CIFAR-10"
DRAW_SMALL = "generation-set=CIFAR-10%2C+32+px"
STATUS = "[class*='st-key-'][class*='-status']"
MINIATURES = [short_title(classifier_spec(name).title) for name in ("mini-clip", "mini-clip-robust", "mini-resnet")]
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def visit(streamlit_app, open_page):
    """`visit("findings?subject=...", width=390)` -> the page, drawn to its footer; runs start only by a click."""

    def visited(path: str, *, width: int = 1440, height: int = 900) -> Page:
        app = streamlit_app("app.py")
        page = open_page(f"{app}/{path}", width=width, height=height)
        expect(page.locator(".st-key-footer")).to_be_visible()
        wait_until_drawn(page)
        return page

    return visited


def choose(page: Page, name: str) -> None:
    """Press one of several pills or segments."""
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).first.click()


def enter(field: Locator, text: str) -> None:
    """Replace a field's text by typing, in a way that works in both browsers."""
    field.press("Control+a")
    field.press_sequentially(text)
    field.press("Enter")


def click_cell(plot: Locator, frequency: tuple[int, int], side: int) -> None:
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    row, column = ((number + side // 2 + 0.5) / side for number in frequency)
    plot.click(position={"x": column * box["width"], "y": row * box["height"]})


def upload(page: Page, size: int = 64) -> None:
    """Choose a noise picture in the open library."""
    picture = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(picture, "PNG")
    field = page.get_by_role("dialog").get_by_test_id("stFileUploaderDropzoneInput")
    field.set_input_files({"name": "noise.png", "mimeType": "image/png", "buffer": picture.getvalue()})


def link_to_share(page: Page) -> str:
    """Path and parameters of the link that *Share* offers."""
    page.get_by_role("button", name="Share").click()
    link = page.get_by_test_id("stPopoverBody").locator("code").first.inner_text().strip()
    page.keyboard.press("Escape")
    return link.split("/", 3)[3]


def pixel(canvas: Locator, frequency: tuple[int, int], side: int) -> list[int]:
    """Red, green and blue of a map's cell."""
    read = """(canvas, [x, y]) => [...canvas.getContext("2d")
      .getImageData(x * canvas.width, y * canvas.height, 1, 1).data].slice(0, 3)"""
    return canvas.evaluate(read, [(number + side // 2 + 0.5) / side for number in reversed(frequency)])


def brightnesses(canvas: Locator) -> np.ndarray:
    """Sum of red and green of each map cell: largest for yellow."""
    read = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
    return np.array(canvas.evaluate(read)).reshape(-1, 4)[:, :2].sum(axis=1)


# 1. A menu opened once.


@pytest.mark.slow
def test_a_menu_that_was_opened_and_closed_does_not_take_back_what_the_page_sets_later(visit):
    page = visit("frequency?pictures=CIFAR-10&show=Difference")
    settings = page.locator(".st-key-frequency-settings")
    settings.locator("summary").click()
    expect(settings.get_by_role("radiogroup", name="Metric").or_(settings.get_by_text("Metric")).first).to_be_visible()
    settings.locator("summary").click()
    choose(page, "Figure 2")
    expect(page.locator(".plot")).to_have_count(2)
    wait_until_drawn(page)
    click_cell(page.locator(".plot").nth(1), (5, -9), 63)
    expect(page).to_have_url(re.compile("cell=5%2C-9"))
    wait_until_drawn(page)
    expect(page.locator(".plot")).to_have_count(2)
    for network in ("ResNet-50", "EfficientNet-Lite0"):
        expect(page.locator(".title").filter(has_text=network)).to_be_visible()
    figure = page.get_by_role("radio", name="Figure 2").or_(page.get_by_role("button", name="Figure 2")).first
    expect(figure).to_have_attribute("aria-checked", "true")


def test_a_setting_in_a_closed_part_follows_the_page(visit):
    page = visit(f"inpainting?{SMALL}")
    settings, steps = page.get_by_text("Expert settings"), page.get_by_role("spinbutton", name="Steps")
    settings.click()
    enter(steps, "30")
    expect(page).to_have_url(re.compile("inpainting-steps=30"))
    settings.click()
    expect(steps).to_be_hidden()
    page.get_by_role("button", name="Back to the example").click()
    expect(page).not_to_have_url(re.compile("inpainting-steps=30"))
    wait_until_drawn(page)
    settings.click()
    expect(steps).to_have_value("720")
    assert "inpainting-steps=30" not in page.url


# 2. One name for one network.


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        *(f"story?chapter={slug}" for slug in SLUGS),
        "findings",
        "findings?subject=Mini+CLIP+%C2%B7+CIFAR-10+%C2%B7+computed",
        "findings?section=Robust+features%3A+section+3.2",
        "findings?section=Robustness%3A+sections+1+and+4",
    ],
)
def test_no_verdict_on_clip_stands_over_a_miniatures_number_without_saying_so(visit, path):
    page = visit(path)
    quotations = page.locator("[data-claim]")
    for quotation in quotations.all():
        text, statement = quotation.inner_text(), quotation.locator("blockquote, td:nth-child(2)").first.inner_text()
        measured = [name for name in MINIATURES if name in text]
        if "CLIP" in statement.replace("Mini CLIP", "").split("\n")[0] and measured and "paper, §" in text:
            chip = quotation.locator(".chip").first
            expect(chip).to_have_class(re.compile("stand-in"))
            expect(chip).to_contain_text("in miniature")


# 3. A phone.


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        f"generation?{DRAW_SMALL}&generation-steps=20&generation-models-cifar10=Mini+ResNet&generation-classes-cifar10=dog",
        f"inpainting?{SMALL}&inpainting-steps=20&inpainting-models-cifar10=Mini+ResNet",
    ],
)
def test_on_a_phone_run_brings_progress_and_result_into_sight(visit, path):
    page = visit(path, **PHONE)
    start(page)
    wait_for_end(page)
    wait_until_still(page)
    for part in (page.locator(".st-key-run-stage .replay .bar").first, page.locator(CANVAS).first):
        box = part.bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"], box


@pytest.mark.slow
def test_on_a_phone_a_touched_cell_changes_the_picture_that_is_in_sight(visit):
    page = visit("frequency?pictures=CIFAR-10", **PHONE)
    picture = page.locator(".picture.perturbed canvas")
    before = picture.evaluate("canvas => canvas.toDataURL()")
    click_cell(page.locator(".plot").first, (0, 9), 31)
    page.wait_for_function("([one, before]) => one.toDataURL() !== before", arg=[picture.element_handle(), before])
    box = picture.bounding_box()
    assert box["y"] >= 0 and box["y"] + box["height"] <= PHONE["height"], box


# 4. The links of the story.


@pytest.mark.slow
@pytest.mark.parametrize("step", STEP_LINKS)
def test_each_link_of_the_story_leads_to_what_it_promises(visit, step):
    assert {name.lower() for name in LINKS} == set(STEP_LINKS)
    page = visit(f"story?chapter={step}")
    page.locator(".story .button-link").click()
    page.wait_for_url(re.compile("^(?!.*/story)"))
    expect(page.locator(".st-key-footer")).to_be_visible()
    wait_until_drawn(page)
    for selector, text in STEP_LINKS[step]:
        part = page.get_by_test_id("stMain").locator(selector).filter(has_text=text).first
        expect(part).to_be_visible(timeout=SLOW)
        page.wait_for_function("() => !document.querySelector('[data-stale=true]')")
        wait_until_still(page)
        box = part.bounding_box()
        assert box["y"] >= 50 and box["y"] + min(box["height"], SEEN) <= 900, (selector, text)


# 5. Everything else.


@pytest.mark.slow
def test_a_picture_of_ones_own_is_previewed_at_the_maps_size_and_no_other_stays_framed(visit):
    page = visit("frequency?pictures=CIFAR-10")
    page.get_by_role("button", name="+ Your photo").click()
    choose(page, "Yours")
    upload(page)
    dialog = page.get_by_role("dialog")
    preview = dialog.locator("img[src^='data:image/png']")
    expect(preview).to_be_visible()
    assert preview.evaluate("image => image.naturalWidth") == 32
    expect(dialog.get_by_role("radio", name="32 px, CIFAR-10 classes")).to_be_checked()
    dialog.get_by_role("button", name="Use this picture").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("group", name="Bundled pictures")).to_have_count(0)
    expect(page.get_by_role("img", name=re.compile("noise.png")).first).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "own"),
    [(f"inpainting?{SMALL}", "inpainting-steps=20"), (f"generation?{DRAW_SMALL}", "generation-steps=20")],
)
def test_a_shared_link_opens_what_was_shown_and_runs_nothing_by_itself(visit, path, own):
    page = visit(path)
    expect_run(page, "A stored example")
    again = visit(link_to_share(page))
    expect_run(again, "A stored example")
    expect(again.locator(STATUS)).not_to_contain_text("Settings changed")
    page = visit(f"{path}&{own}")
    expect(page.locator(STATUS)).to_contain_text("Settings changed")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["sketch", "picture"])
def test_a_start_of_ones_own_keeps_the_classes_and_what_is_computed_speaks_of_it(visit, kind):
    page = visit(f"generation?{DRAW_SMALL}")
    word = page.get_by_role("combobox", name="Word to draw")
    before = word.get_attribute("placeholder")
    page.get_by_text("Expert settings").click()
    start_list = page.get_by_role("combobox", name="Start from")
    choose_option(start_list, page.get_by_role("option", name=STARTS[kind].label, exact=True))
    expect(page).to_have_url(re.compile(f"start-from={STARTS[kind].label}"))
    wait_until_drawn(page)
    expect(word).to_have_attribute("placeholder", before)
    expect(open_details(page)).to_contain_text(STARTS[kind].source[1:])


@pytest.mark.slow
def test_beside_the_examples_no_other_picture_stands_with_a_hole(visit):
    page = visit(f"inpainting?{SMALL}")
    examples = open_details(page).get_by_role("button", name=re.compile(r"^Show \d+ stored holes$"))
    count = int(re.search(r"\d+", examples.inner_text())[0])
    examples.click()
    expect(page.get_by_text("The result shows other pictures.")).to_be_visible()
    expect(page.locator(".painter .stage")).to_have_count(0)
    expect(page.locator(".replay .model").first.locator("canvas")).to_have_count(count)


@pytest.mark.slow
def test_a_map_of_one_picture_has_one_meaning_to_its_end_which_is_in_sight(visit):
    page = visit("frequency?pictures=CIFAR-10&tab=Compute+a+map")
    choose_option(
        page.get_by_role("combobox", name="Images"), page.get_by_role("option", name="The picture chosen above")
    )
    wait_until_drawn(page)
    page.get_by_role("button", name="Compute a map").click()
    label = page.locator(".st-key-sweep-maps .bar .label")
    expect(label).to_be_visible(timeout=SLOW)
    while_it_runs = label.inner_text()
    expect(page.get_by_text("Done.")).to_be_visible(timeout=SLOW)
    wait_until_drawn(page)
    wait_until_still(page)
    assert while_it_runs == label.inner_text()
    own, beside = page.locator(".st-key-sweep-maps .plot"), page.locator(".st-key-frequency-lab .plot").last
    brightness, wrong = (brightnesses(plot.locator("canvas")) for plot in (own, beside))
    assert wrong.min() < wrong.mean() < wrong.max(), "the picture is classified correctly under some waves only"
    assert brightness[wrong > wrong.mean()].mean() > brightness[wrong < wrong.mean()].mean() + 30
    box = own.bounding_box()
    assert box["y"] >= 50 and box["y"] + box["height"] <= 900, box


@pytest.mark.slow
def test_every_row_on_robustness_is_another_and_names_its_networks(visit):
    page = visit("findings?section=Robustness%3A+sections+1+and+4")
    rows = page.locator(".findings tbody tr").all()
    assert len({row.inner_text() for row in rows}) == len(rows) > 2
    for row in rows:
        assert re.search("CLIP|ResNet|EfficientNet", row.locator("small").first.inner_text()), row.inner_text()


@pytest.mark.slow
def test_the_command_for_a_map_has_the_strength_that_the_page_shows(visit):
    page = visit("frequency?pictures=Photographs&tab=Compute+a+map")
    # Small runs, which are quick.
    choose_option(page.get_by_role("combobox", name="Images"), page.get_by_role("option").first)
    strength = page.get_by_role("spinbutton", name="Strength v")
    expect(strength).to_have_value("4.00")  # of 32-pixel pictures
    enter(strength, "15.69999999999999")
    wait_until_drawn(page)
    page.get_by_role("button", name="Compute a map").click()
    expect(page.locator(".st-key-sweep-maps .plot")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Stop and keep the map").click()
    expect(page.get_by_text("python -m core.sweep waves --classifier")).to_contain_text("--epsilon 15.7 ")


@pytest.mark.slow
def test_menus_name_maps_for_people(visit):
    page = visit("frequency")
    page.get_by_text("Expert settings").click()
    names = open_options(page.locator(".st-key-frequency-settings").get_by_role("combobox")).all_inner_texts()
    assert len(names) > 5 and not [name for name in names if re.search(r"mini-clip|\w-seed\d|vit8", name)]


@pytest.mark.slow
def test_a_judge_counts_the_pictures_that_are_shown(visit):
    page = visit(f"generation?{DRAW_SMALL}")
    table = open_details(page).get_by_role("region", name="Recognised by another network")
    expect(table).to_be_visible()
    pictures = page.locator(".replay .model").first.locator("canvas").count()
    assert pictures and {int(of) for of in re.findall(r"\d+ of (\d+)", table.inner_text())} == {pictures}


@pytest.mark.slow
@pytest.mark.parametrize("path", PAGES)
def test_no_page_asks_for_what_is_not_there(visit, path):
    # `open_page` fails on a status of 400 or more, on a JavaScript error, and on a request to any other server.
    assert visit(path).get_by_role("heading", level=1).count() == 1
