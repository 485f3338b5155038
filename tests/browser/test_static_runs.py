"""Live runs of the static edition, from the file system: same steps as torch's, and the app opens their files."""

import copy
import io
import itertools
import re

import numpy as np
import pytest
import torch
from PIL import Image
from playwright.sync_api import expect

from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10, imagenet
from core.data.sample_sets import SAMPLE_SETS
from core.data.samples import load_samples
from core.images.masks import hole_side, square_mask
from core.images.sketch import decode_sketch, draw_sketch, encode_sketch
from core.pgd.config import paper_generation, paper_inpainting
from core.pgd.objectives import Generation
from core.pgd.steps import pgd_steps
from core.runs.file import PGDRun
from core.runs.plan import RunPlan, inpainting_plan
from core.runs.run import Run
from core.runs.starts import draw_starts
from tests.browser.waiting import new_page
from ui.runs.run_sentences import likeness, losses

pytestmark = pytest.mark.slow


@pytest.fixture
def open_section(browser, site):
    """`open_section(name, after)` -> page at `#name` plus `after`; the test fails if the page throws an error."""
    pages, wrong = [], []

    def open_(name, after=""):
        page = new_page(browser, viewport={"width": 1440, "height": 900})
        pages.append(page)
        page.on("pageerror", lambda error: wrong.append(error.stack))
        page.goto(f"{(site / 'index.html').as_uri()}#{name}{after}")
        expect(page.locator(f"#{name} .toolbar .loader")).to_contain_text("nothing leaves this browser")
        return page

    yield open_
    for page in pages:
        page.close()
    assert not wrong


def choose_small(page, place=SAMPLE_SETS["cifar10"].first):
    """Choose 32-pixel pictures on the current page: its classes, or one of them."""
    if "#generation" in page.url:
        page.get_by_role("radio", name="CIFAR-10, 32 px").check()
    else:
        page.locator("#inpainting").get_by_role("button", name="Pictures").click()
        page.get_by_role("dialog").get_by_text("CIFAR-10").click()
        page.get_by_role("dialog").get_by_role("radio").filter(has=page.locator("canvas")).nth(place).click()
    expect(page.locator("section:visible .status .note")).to_contain_text(
        re.compile("Not run yet|32 px|stored example")
    )
    expect(page.locator("section:visible .toolbar")).to_contain_text("Mini CLIP")


def saved(page, title):
    """Load a network's run, as saved by its button."""
    menu = page.locator("section:visible .status .menu")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=f"Save {title}’s run").click()
    return PGDRun.from_bytes(download.value.path().read_bytes(), name="saved.npz")


def by_torch(plan, name):
    """Run the same plan with the app's engine."""
    run = Run(plan, lambda: [load_classifier(name, CIFAR10)])
    for _ in run.states():
        pass
    return run.so_far()[0]


def assert_same(result, expected):
    """Check that two runs have the same curves, frames and facts, up to rounding."""
    assert result.metadata["config"] == pytest.approx(expected.metadata["config"])
    for fact in ("kind", "objective", "targets", "class_names", "classifier"):
        assert result.metadata[fact] == expected.metadata[fact]
    np.testing.assert_allclose(result.start, expected.start, rtol=0, atol=1e-7)
    assert np.array_equal(result.frame_steps, expected.frame_steps)
    for curve, values in expected.curves.items():
        np.testing.assert_allclose(result.curves[curve], values, rtol=1e-3, atol=1e-3, err_msg=curve)
    np.testing.assert_allclose(result.logits, expected.logits, atol=0.05)
    for frames, reference in ((result.frames, expected.frames), (result.best, expected.best)):
        assert np.abs(frames.astype(int) - reference).max() <= 1
    for name in ("change", "sure"):
        ours, torchs = (run.metadata["images"][name] for run in (result, expected))
        assert ours == [pytest.approx(fact, abs=1e-4) for fact in torchs]


def test_painted_hole_is_filled_as_torch_fills_it_and_halts_when_told(open_section):
    page = open_section("inpainting")
    section = page.locator("#inpainting")
    choose_small(page)
    # The middle of a pixel; the 16-pixel square around it is the current hole.
    stage = section.locator(".canvas .stage")
    middle = stage.bounding_box()["width"] * 16.5 / 32
    stage.click(position={"x": middle, "y": middle})
    section.locator(".toolbar").get_by_label("Target").select_option("deer")
    section.get_by_role("button", name="Run", exact=True).click()
    step, outcome, note = section.locator(".step"), section.locator(".outcome"), section.locator(".status .note")
    expect(step).to_contain_text("ms per step")
    expect(outcome).to_contain_text(re.compile(r"Mini CLIP has changed .* after [1-9]\d? steps"))  # at the current step
    expect(section.get_by_label("Stored runs", exact=True)).to_have_value("")  # no stored run is shown
    expect(note).to_have_text("Running…")
    section.get_by_role("button", name="Pause the run").click()
    more = section.get_by_role("button", name="One more step")
    expect(more).to_be_visible()
    expect(section.get_by_role("button", name="Continue the run")).to_be_visible()  # the replay has stopped as well
    number = int(step.inner_text().split()[1])
    expect(outcome).to_contain_text(f"after {number} steps")
    more.click()
    expect(step).to_have_text(f"step {number + 1} of 720")
    section.get_by_role("button", name="Continue the run").click()
    expect(section.locator(".outcome")).to_contain_text("after 720 steps", timeout=200_000)
    expect(note).to_contain_text("Your run, 720 steps, ")
    result = saved(page, "Mini CLIP")
    expect(outcome).to_contain_text(likeness([result, saved(page, "Mini CLIP (robust)")]))
    data, place = load_samples("cifar10-samples"), SAMPLE_SETS["cifar10"].first
    mask = square_mask((16, 16), 16, height=32, width=32)
    config = paper_inpainting(32, hole_side(mask))
    expected = by_torch(inpainting_plan(data.images[place][None], mask, ["deer"], config), "mini-clip")
    shared = np.isin(result.frame_steps, expected.frame_steps)
    halts = set(result.frame_steps[~shared].tolist())
    assert halts == {number, number + 1} - set(expected.frame_steps.tolist())  # each halt adds a frame
    assert np.array_equal(result.mask[0], mask) and np.array_equal(result.original, expected.original)
    assert_same(
        PGDRun(**{**vars(result), "frames": result.frames[shared], "frame_steps": result.frame_steps[shared]}), expected
    )


def test_class_is_drawn_as_torch_draws_it_and_the_card_shows_it(open_section):
    page = open_section("generation")
    section = page.locator("#generation")
    choose_small(page)
    section.locator(".toolbar").get_by_label("Draw").select_option(label="horse")
    section.locator("summary", has_text="Settings").click()
    section.get_by_role("button", name="Another start").click()
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".outcome")).to_contain_text("after 60 steps", timeout=120_000)
    result = saved(page, "Mini CLIP (robust)")
    start = np.rint(255 * draw_starts(["horse"], 2, "cifar10", 0)[1:]).astype(np.float32) / np.float32(255)
    plan = RunPlan(targets=("horse",), start=start, config=paper_generation(32))
    assert_same(result, by_torch(plan, "mini-clip-robust"))
    with page.expect_download() as download:
        page.get_by_role("button", name="Card to share").click()
    card = np.array(Image.open(io.BytesIO(download.value.path().read_bytes())).convert("RGB"))
    left = 16 + 2 * (256 + 16)  # besides the start and Mini CLIP
    drawn = card[44:300:8, left + 4 : left + 256 : 8]  # the middle of each pixel, at eight times the size
    assert np.array_equal(drawn, result.frames[-1, 0].transpose(1, 2, 0))


def test_numbers_of_the_settings_are_those_of_the_run(open_section):
    page = open_section("inpainting")
    section = page.locator("#inpainting")
    choose_small(page)
    section.locator("summary", has_text="Settings").click()
    steps, budget = section.get_by_label("Steps", exact=True), section.get_by_label("L2 budget (epsilon)")
    expect(steps).to_have_value("720")
    for entry, value in (("99999", "2000"), ("0", "1"), ("", "720"), ("30", "30")):
        steps.fill(entry)
        steps.press("Enter")
        expect(steps).to_have_value(value)  # the nearest in range, or the default
    section.get_by_label("Step size (L2)").fill("0.05")
    section.get_by_label("Penalty weight (lambda)").fill("3")
    budget.fill("1000000")
    budget.press("Enter")
    expect(budget).to_have_value("14.286")
    budget.fill("1.5")
    budget.press("Enter")
    section.get_by_role("button", name="12 × 12").click()
    expect(budget).to_have_value("1.5")  # stays, as the visitor has chosen it
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".status .note")).to_contain_text("Your run, 30 steps", timeout=120_000)
    run = saved(page, "Mini CLIP")
    assert (run.config.steps, run.config.step_size, run.config.epsilon) == (30, 0.05, 1.5)
    assert run.metadata["objective"]["weight"] == 3 and np.abs(run.curves["perturbation_norm"]).max() <= 1.5001
    section.get_by_role("tab", name="Where this run comes from").click()
    expect(section.locator(".origins")).to_contain_text(losses(run, 0).partition(";")[2])


def test_stopped_run_is_kept_as_far_as_it_came_and_another_one_begins(open_section):
    page = open_section("inpainting")
    section = page.locator("#inpainting")
    choose_small(page)
    section.locator("summary", has_text="Mini CLIP").click()
    section.get_by_role("checkbox", name="Mini CLIP (robust)").uncheck()
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".step")).to_contain_text("ms per step")
    section.get_by_role("button", name="Stop the run").click()
    expect(section.locator(".status .note")).to_contain_text(" of 720 steps")
    result = saved(page, "Mini CLIP")
    done = len(result.curves["loss"]) - 1
    assert 0 < done < 720 and result.frame_steps[-1] == done
    expect(section.locator(".outcome")).to_contain_text(f"after {done} steps")
    section.get_by_label("Stored runs", exact=True).select_option("inpainting_photographs-6__efficientnet-lite0")
    expect(section.locator(".status .note")).to_contain_text("A stored example")
    expect(section.locator(".step")).to_have_text("step 120 of 120")
    choose_small(page)
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.get_by_role("button", name="Pause the run")).to_be_visible()
    expect(section.locator(".step")).to_contain_text("of 720")


def test_pixel_noise_has_its_note_and_a_picture_of_ones_own_is_a_start(open_section, tmp_path):
    page = open_section("generation")
    section = page.locator("#generation")
    choose_small(page)
    start, note = section.locator(".toolbar").get_by_label("Start from"), section.locator(".hint")
    start.select_option("independent")
    expect(note).to_contain_text("Two engines may end in different pixels from pixel noise")
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (64, 48), (200, 40, 30, 0)).save(clear)  # white, as in the app
    with page.expect_file_chooser() as chooser:
        start.select_option("picture")
    expect(note).to_be_empty()
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".status .note")).to_have_text("Not run yet: choose a picture to start from.")
    chooser.value.set_files(clear)
    expect(section.locator("canvas.start")).to_be_visible()
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".outcome")).to_contain_text("after 60 steps", timeout=120_000)
    result = saved(page, "Mini CLIP (robust)")
    assert result.metadata["images"]["start"] == "picture"
    assert (np.rint(255 * result.start[0]).reshape(3, -1).T == 255).all()


def test_link_carries_a_sketch_and_its_class(open_section):
    page = open_section("generation", f"?sketch={encode_sketch(draw_sketch('ship'))}&class=ship")
    section = page.locator("#generation")
    expect(section.locator(".toolbar").get_by_label("Start from")).to_have_value("sketch")
    expect(section.locator(".toolbar").get_by_label("Draw")).to_have_value(str(CIFAR10.names.index("ship")))
    section.get_by_label("Bundled sketch to begin with").select_option("frog")
    section.get_by_role("button", name="Link to this sketch").click()
    expect(section.locator(".hint")).to_contain_text("The link is in the address bar")
    text = page.url.partition("sketch=")[2].partition("&")[0]
    assert np.array_equal(decode_sketch(text, 32), draw_sketch("frog")) and page.url.endswith("class=frog")


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("class=unicorn", "These networks do not know the link’s class “unicorn”."),
        ("sketch=xyz&class=ship", "The link’s sketch cannot be read; copy the whole link."),
        ("class=castle", ""),
    ],
)
def test_link_that_names_what_is_unknown_says_so(open_section, link, sentence):
    section = open_section("generation", f"?{link}").locator("#generation")
    expect(section.locator(".status .note")).to_contain_text("Not run yet")
    expect(section.locator(".hint")).to_have_text(sentence)
    section.get_by_role("checkbox", name="pixels").uncheck()
    expect(section.locator(".hint")).to_be_empty()


def test_settings_that_cannot_run_are_named_until_they_can(open_section):
    page = open_section("generation")
    section = page.locator("#generation")
    note, refusal = section.locator(".status .note"), section.locator(".toolbar + .prose")
    run = section.get_by_role("button", name="Run", exact=True)
    for search in ("pixels", "views"):
        section.get_by_role("checkbox", name=search).uncheck()
    expect(note).to_contain_text("Settings changed")
    run.click()
    expect(refusal).to_have_text("No search is chosen; choose pixels, views or both.")
    word = section.locator(".toolbar").get_by_label("Draw")
    word.fill("unicorn")
    word.press("Enter")
    expect(refusal).to_be_empty()
    expect(note).to_contain_text("Not run yet: the network does not know “unicorn”")
    run.click()
    expect(run).to_be_enabled()
    expect(refusal).to_be_empty()  # the note says it
    section.get_by_role("checkbox", name="views").check()
    word.fill("castle")
    word.press("Enter")
    assert "unicorn" not in note.inner_text()
    expect(section.locator(".replay").first).to_be_visible()


def test_networks_are_let_go_and_come_again(open_section):
    page = open_section("generation")
    choose_small(page)
    loader = page.locator("#generation .toolbar .loader")
    button = loader.locator("button")
    button.click()
    expect(page.locator("#generation .note").first).to_contain_text("Your run, 60 steps", timeout=120_000)
    page.get_by_role("link", name="Open the full app").click()
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(loader).to_contain_text("A first run downloads 10 MB; nothing leaves this browser.")
    button.click()
    expect(loader).not_to_contain_text("downloads")


def halved(name):
    """The network with the page's 16-bit weights."""
    network = copy.deepcopy(load_classifier(name, imagenet()))
    with torch.no_grad():
        for values in network.parameters():
            values.copy_(values.half().float())
    return network


def test_word_is_drawn_at_224_pixels_by_both_searches_until_it_is_stopped(open_section):
    page = open_section("generation")
    section = page.locator("#generation")
    section.locator(".toolbar").get_by_label("Draw").fill("castle")
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".step")).to_have_text(re.compile(r"step ([3-9]|\d\d) of 120 · "), timeout=200_000)
    section.get_by_role("button", name="Stop the run").click()
    expect(section.locator(".status .note")).to_contain_text("stopped by you")
    network, target = halved("efficientnet-lite0"), imagenet().names.index("castle")
    for search in ("pixels", "views"):
        run = saved(page, f"EfficientNet-Lite0 (ImageNet) by {search}")
        assert run.config.search == search and run.metadata["targets"] == [target]
        start, steps = torch.from_numpy(run.start), len(run.curves["loss"]) - 1
        states = list(itertools.islice(pgd_steps(network, Generation(torch.tensor([target])), start, run.config), 4))
        norms = [float(state.perturbation_norm[0]) for state in states]
        np.testing.assert_allclose(run.curves["perturbation_norm"][:4, 0], norms, rtol=1e-2, atol=1e-3)
        assert float(states[0].loss[0]) == pytest.approx(run.curves["loss"][0, 0], abs=1e-3)
        assert run.frame_steps[-1] == steps
        if search == "pixels":  # by views, confidence is measured in one of ten steps
            last = torch.from_numpy(run.frames[-1].astype(np.float32) / 255)
            probability = float(network(last).softmax(1)[0, target])
            assert probability == pytest.approx(run.curves["target_probability"][-1, 0], abs=0.1)


def test_hole_in_a_photograph_of_ones_own_begins_with_its_rim(open_section, tmp_path):
    page = open_section("inpainting")
    section = page.locator("#inpainting")
    red = tmp_path / "red.png"
    Image.new("RGB", (300, 240), (200, 40, 30)).save(red)
    section.get_by_role("button", name="Pictures").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("dialog").get_by_role("button", name="Your picture").click()
    chooser.value.set_files(red)
    expect(section.locator(".canvas > p")).to_have_text("Your picture, red.png")
    expect(section.locator(".status .note")).to_contain_text(
        "Not run yet: your picture has no true class; choose a target."
    )
    expect(section.locator(".replay").first).to_be_hidden()  # a stored run of another picture
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".status .note")).to_contain_text("choose a target")
    target = section.locator(".toolbar").get_by_label("Target")
    target.fill("hen")
    target.press("Enter")
    expect(section.locator(".replay").first).to_be_visible()
    section.get_by_role("button", name="Run", exact=True).click()
    expect(section.locator(".step")).to_contain_text("ms per step", timeout=200_000)
    section.get_by_role("button", name="Stop the run").click()
    run = saved(page, "EfficientNet-Lite0 (ImageNet) by views")
    assert run.metadata["objective"]["penalty"] == "frozen" and run.metadata["images"]["fill"] == "rim"
    assert (np.rint(255 * run.start[0]).reshape(3, -1).T == (200, 40, 30)).all()
