"""The heat map component in a real browser, alone on a page."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.fourier.heatmap import colormap_table
from core.shared.numbers import wave_name
from tests.browser.demo_values import SIDES, demo_value
from tests.browser.waiting import wait_until_drawn

APP = "tests/browser/demos.py"


@pytest.fixture
def demo(streamlit_app, open_page):
    """`demo("&maps=3", width=390)` -> the demo page, maps drawn."""

    def open_demo(query: str = "", **window) -> Page:
        page = open_page(f"{streamlit_app(APP)}/?demo=maps{query}", **window)
        expect(readout(page, 0)).to_contain_text("(3, −4)")
        return page

    return open_demo


def plot(page: Page, number: int):
    return page.locator(".plot").nth(number)


def readout(page: Page, number: int):
    return page.locator(".readout").nth(number)


def where(page: Page, number: int, frequency: tuple[int, int]) -> dict[str, float]:
    """Middle of a cell, in pixels from the map's top left corner."""
    box, side = plot(page, number).bounding_box(), SIDES[number]
    i, j = frequency
    return {"x": (j + side // 2 + 0.5) / side * box["width"], "y": (i + side // 2 + 0.5) / side * box["height"]}


def expect_chosen(page: Page, frequency: tuple[int, int]) -> int:
    """Wait until Python has the frequency; return the number of the run that printed it."""
    line = page.get_by_text(f"Python has {wave_name(frequency)}")
    expect(line).to_be_visible()
    return int(line.inner_text().split()[1].rstrip(":"))


def spelled(number: int, frequency: tuple[int, int]) -> str:
    value = float(demo_value(number, *frequency))
    return f"error {value:.1f} %95 % interval ({value - 1:.1f} to {value + 1:.1f})"


def test_click_reports_the_cell_to_python(demo):
    page = demo()
    cells = [(0, 0, 0), (1, -15, -15), (0, 15, -15), (1, -15, 15), (0, -6, 11), (1, 9, 2)]
    for click, (number, *frequency) in enumerate(cells, 1):
        plot(page, number).click(position=where(page, number, tuple(frequency)))
        assert expect_chosen(page, tuple(frequency)) == 1 + click, "one click, one rerun"
        page.mouse.move(0, 0)
        for other in (0, 1):
            expect(readout(page, other)).to_have_text(f"{wave_name(frequency)}: {spelled(other, frequency)}")


def test_cells_have_the_colours_of_the_colour_map_and_are_hit_at_their_edges(demo):
    page = demo()
    table = colormap_table("viridis")
    for number, side in enumerate(SIDES[:2]):
        pixels = np.array(
            page.locator("canvas")
            .nth(number)
            .evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
        ).reshape(side, side, 4)
        i, j = np.mgrid[:side, :side] - side // 2
        absent = (i > 9) & (j > 9)
        assert np.array_equal(pixels[..., 3], np.where(absent, 0, 255))
        value = np.rint(10 * demo_value(number, i, j)) / 10
        place = np.floor(255 * value / 90 + 0.5).clip(0, 255).astype(int)
        assert np.array_equal(pixels[~absent][:, :3], table[place[~absent]])
    box, side = plot(page, 0).bounding_box(), SIDES[0]
    for column in range(side):
        for inset in (0.04, 0.96):
            x = box["x"] + (column + inset) / side * box["width"]
            page.mouse.move(x, box["y"] + box["height"] / 2)
            assert readout(page, 0).inner_text().startswith(wave_name((0, column - side // 2)))


def test_hover_shows_the_frequency_in_all_maps_without_a_rerun(demo):
    page = demo("&maps=4")
    plot(page, 2).hover(position=where(page, 2, (7, -13)))
    for number in range(4):
        expect(readout(page, number)).to_have_text(f"(7, −13): {spelled(number, (7, -13))}")
        lines = page.locator(".lines").nth(number)
        expect(lines).to_be_visible()
        assert lines.evaluate("e => parseFloat(e.style.getPropertyValue('--x'))") == pytest.approx(
            100 * (SIDES[number] // 2 - 13 + 0.5) / SIDES[number]
        )
    page.mouse.move(0, 0)
    expect(readout(page, 0)).to_contain_text("(3, −4)")  # back to the chosen cell
    assert expect_chosen(page, (3, -4)) == 1


@pytest.mark.slow
def test_cells_outside_a_smaller_map_and_not_computed_say_so(demo):
    page = demo()
    plot(page, 1).click(position=where(page, 1, (-20, 4)))
    expect_chosen(page, (-20, 4))
    page.mouse.move(0, 0)
    expect(readout(page, 0)).to_have_text("(−20, 4): outside this map")
    expect(page.locator(".ring").nth(0)).to_be_hidden()
    expect(page.locator(".lines").nth(0)).to_be_hidden()
    expect(page.locator(".ring").nth(1)).to_be_visible()
    plot(page, 0).hover(position=where(page, 0, (12, 13)))
    for number in (0, 1):
        expect(readout(page, number)).to_have_text("(12, 13): not computed")
    expect(page.locator(".key.absent")).to_have_text("not computed")


@pytest.mark.slow
def test_diverging_map_shows_signs_and_its_own_bar(demo):
    page = demo("&colormap=vik")
    value = float(demo_value(0, 3, -4)) - 40
    expect(readout(page, 0)).to_contain_text(f"difference +{value:.1f} points95 % interval (+{value - 1:.1f} to ")
    expect(page.locator(".bar .label")).to_have_text("difference (points)")
    assert page.locator(".tick").all_inner_texts() == ["−40", "−20", "0", "+20", "+40"]


@pytest.mark.slow
def test_numbers_of_any_unit_and_size_are_shown(demo):
    page = demo("&unit=logits")
    expect(readout(page, 0)).to_contain_text(f"margin {1000 * demo_value(0, 3, -4):.2f} logits")
    expect(page.locator(".bar .label")).to_have_text("margin (logits)")


def test_keys_move_the_frequency_and_speak_it(demo):
    page = demo()
    plot(page, 0).focus()
    steps = [
        ("ArrowRight", (3, -3)),
        ("ArrowDown", (4, -3)),
        ("Shift+ArrowUp", (-1, -3)),
        ("Shift+ArrowLeft", (-1, -8)),
        ("Home", (0, 0)),
    ]
    for number, (key, frequency) in enumerate(steps, 1):
        page.keyboard.press(key)
        assert expect_chosen(page, frequency) == 1 + number
        a, b = (spelled(number, frequency).replace("%95", "%, 95") for number in (0, 1))
        expect(page.locator(".visually-hidden")).to_have_text(
            f"{wave_name(frequency)}. Classifier A: {a}. Classifier B: {b}."
        )
        expect(plot(page, 0)).to_be_focused()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowUp")
    expect_chosen(page, (-15, 0))  # the edge of the focused map
    interval = readout(page, 0).get_by_role("tooltip")
    expect(interval).to_be_hidden()
    page.keyboard.press("Tab")
    expect(interval).to_be_visible()
    page.keyboard.press("Tab")
    expect(plot(page, 1)).to_be_focused()
    before = expect_chosen(page, (-15, 0))
    for _ in range(20):  # holding a key reports only the final cell
        page.keyboard.down("ArrowRight")
    page.keyboard.up("ArrowRight")
    assert expect_chosen(page, (-15, 20)) <= before + 3


def test_python_moves_the_selection_and_the_next_click_wins_again(demo):
    page = demo()
    plot(page, 0).click(position=where(page, 0, (5, 5)))
    expect_chosen(page, (5, 5))
    page.get_by_role("button", name="Preset").click()
    expect(readout(page, 0)).to_contain_text("(0, 12)")
    plot(page, 0).click(position=where(page, 0, (5, 5)))
    expect_chosen(page, (5, 5))
    page.get_by_role("button", name="Preset").click()  # the same as before
    expect(readout(page, 0)).to_contain_text("(0, 12)")
    page.get_by_text("Show the maps").click()
    expect(plot(page, 0)).to_have_count(0)
    page.get_by_text("Show the maps").click()
    expect(readout(page, 1)).to_contain_text("(0, 12)")


def test_quick_clicks_end_at_the_last_one(demo):
    page = demo()
    box, side = plot(page, 0).bounding_box(), SIDES[0]
    for j in range(-2, 10):
        page.mouse.click(box["x"] + (j + side // 2 + 0.5) / side * box["width"], box["y"] + box["height"] / 2)
        assert f"(0, {j})".replace("-", "−") in readout(page, 0).inner_text(), "never reverted"
    expect_chosen(page, (0, 9))
    page.mouse.move(0, 0)
    wait_until_drawn(page)
    expect(readout(page, 0)).to_contain_text("(0, 9)")


@pytest.mark.slow
def test_click_does_not_send_the_maps_again(streamlit_app, contexts):
    page = contexts().new_page()
    received: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))))
    page.goto(f"{streamlit_app(APP)}/?demo=maps&maps=3")
    expect(readout(page, 2)).to_contain_text("(3, −4)")
    wait_until_drawn(page)
    first = sum(received)
    received.clear()
    plot(page, 0).click(position=where(page, 0, (8, -2)))
    expect_chosen(page, (8, -2))
    wait_until_drawn(page)
    page.close()
    assert first > 150_000 and sum(received) < 15_000, (first, sum(received))


@pytest.mark.slow
def test_maps_line_up_in_a_wide_window_and_stack_in_a_narrow_one(demo):
    page = demo("&maps=3&colormap=vik")
    first, second = (plot(page, number).bounding_box() for number in (0, 1))
    assert first["y"] == second["y"] and first["width"] == second["width"] >= 300
    assert second["x"] > first["x"] + first["width"]
    assert first["width"] % SIDES[0] == 0, "whole pixels per cell"
    for width, columns in [(800, 2), (390, 1), (320, 1)]:
        page.set_viewport_size({"width": width, "height": 900})
        grid = page.locator(".grid")
        expect(grid).to_have_css("grid-template-columns", re.compile(rf"^\S+( \S+){{{columns - 1}}}$"))
        page.wait_for_function(
            "grid => parseFloat(getComputedStyle(grid).gridTemplateColumns) <= innerWidth - 20",
            arg=grid.element_handle(),
        )
        for scroller in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
            assert page.evaluate(f"{scroller}.scrollWidth <= {scroller}.clientWidth")
        for part in page.locator(".plot, .readout, .title, .name.right, .key:visible").all():
            box = part.bounding_box()
            assert box["x"] >= 0 and box["x"] + box["width"] <= width
    expect(page.locator(".heatmaps")).to_have_class("heatmaps narrow")


@pytest.mark.slow
def test_tap_on_a_dark_phone_chooses_a_cell(demo):
    page = demo(width=390, has_touch=True, is_mobile=True, device_scale_factor=3, color_scheme="dark")
    plot(page, 0).tap(position=where(page, 0, (-7, 6)))
    expect_chosen(page, (-7, 6))
    colour = readout(page, 0).evaluate("e => getComputedStyle(e).color.match(/\\d+/g).map(Number)")
    assert min(colour[:3]) > 200


@pytest.mark.slow
def test_growing_map_keeps_its_elements_and_focus(demo):
    page = demo()
    plot(page, 0).focus()
    page.evaluate("window.before = document.activeElement.shadowRoot.activeElement")
    page.get_by_role("button", name="Compute one more").dispatch_event("click")
    plot(page, 0).hover(position=where(page, 0, (10, 10)))
    expect(readout(page, 0)).to_contain_text("(10, 10): error")
    assert page.evaluate("document.activeElement.shadowRoot.activeElement === window.before")
