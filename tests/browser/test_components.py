"""The heat maps and the image picker in a real browser, each alone on a page."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from core.data.datasets import load_samples
from core.fourier.heatmap import colormap_table
from core.shared.numbers import wave_name
from tests.browser.apps.demo_values import SIDES, demo_value
from tests.browser.canvases import pixels, rgba
from tests.browser.waiting import in_page, wait_until_drawn

APP = "tests/browser/apps/demos.py"


@pytest.fixture
def maps(streamlit_app, open_page) -> Page:
    """A page with two heat maps whose values are known, drawn."""
    page = open_page(f"{streamlit_app(APP)}/?demo=maps")
    expect(readout(page, 0)).to_contain_text("(3, −4)")
    return page


def plot(page: Page, number: int):
    return page.locator(".plot").nth(number)


def readout(page: Page, number: int):
    return page.locator(".readout").nth(number)


def where(page: Page, number: int, frequency: tuple[int, int]) -> dict[str, float]:
    """Middle of a cell, in pixels from the map's top left corner."""
    box, side = plot(page, number).bounding_box(), SIDES[number]
    i, j = frequency
    return {"x": (j + side // 2 + 0.5) / side * box["width"], "y": (i + side // 2 + 0.5) / side * box["height"]}


def expect_in_python(page: Page, chosen: str) -> int:
    """Wait until Python has the choice; return the number of the run that printed it."""
    line = page.get_by_text(re.compile(f"Python has {re.escape(chosen)}$")).last
    expect(line).to_be_visible()
    return int(line.inner_text().split()[1].rstrip(":"))


def spelled(number: int, frequency: tuple[int, int]) -> str:
    value = float(demo_value(number, *frequency))
    return f"error {value:.1f} %95 % interval ({value - 1:.1f} to {value + 1:.1f})"


def test_cells_have_their_colours_and_numbers_up_to_their_edges(maps):
    table = colormap_table("viridis")
    for number, side in enumerate(SIDES):
        cells = rgba(maps.locator("canvas").nth(number))
        i, j = np.mgrid[:side, :side] - side // 2
        absent = (i > 9) & (j > 9)
        assert np.array_equal(cells[..., 3], np.where(absent, 0, 255))
        shown = np.floor(255 * np.rint(10 * demo_value(number, i, j)) / 900 + 0.5).clip(0, 255).astype(int)
        assert np.array_equal(cells[~absent][:, :3], table[shown[~absent]])
    box, side = plot(maps, 0).bounding_box(), SIDES[0]
    for column in range(0, side, 3):
        for inset in (0.04, 0.96):
            maps.mouse.move(box["x"] + (column + inset) / side * box["width"], box["y"] + box["height"] / 2)
            expect(readout(maps, 0)).to_contain_text(f"{wave_name((0, column - side // 2))}:")
    plot(maps, 1).hover(position=where(maps, 1, (7, -13)))
    for number, side in enumerate(SIDES):
        expect(readout(maps, number)).to_have_text(f"(7, −13): {spelled(number, (7, -13))}")
        left = maps.locator(".lines").nth(number).evaluate("e => parseFloat(e.style.getPropertyValue('--x'))")
        assert left == pytest.approx(100 * (side // 2 - 13 + 0.5) / side)
    maps.mouse.move(0, 0)
    expect(readout(maps, 0)).to_contain_text("(3, −4)")  # back to the chosen cell
    assert expect_in_python(maps, "(3, −4)") == 1


def test_a_choice_is_one_rerun_and_the_newest_of_two_wins(maps):
    for click, (number, *cell) in enumerate([(0, 0, 0), (1, -15, -15), (0, 15, -15)], 1):
        plot(maps, number).click(position=where(maps, number, tuple(cell)))
        assert expect_in_python(maps, wave_name(cell)) == 1 + click
    for _ in range(2):  # twice the same
        maps.get_by_role("button", name="Preset").click()
        expect(readout(maps, 0)).to_contain_text("(0, 12)")
        plot(maps, 0).click(position=where(maps, 0, (5, 5)))
        expect_in_python(maps, "(5, 5)")
    for shown in (0, 2):  # hidden, and back
        maps.get_by_text("Show the maps").click()
        expect(maps.locator(".plot")).to_have_count(shown)
    expect(readout(maps, 1)).to_contain_text("(5, 5)")
    wait_until_drawn(maps)
    box, side = plot(maps, 0).bounding_box(), SIDES[0]
    for j in range(-2, 10):
        maps.mouse.click(box["x"] + (j + side // 2 + 0.5) / side * box["width"], box["y"] + box["height"] / 2)
        assert wave_name((0, j)) in readout(maps, 0).inner_text(), "never reverted"
    before = expect_in_python(maps, "(0, 9)")
    maps.mouse.move(0, 0)
    wait_until_drawn(maps)
    plot(maps, 0).focus()
    for number, (key, frequency) in enumerate({"ArrowDown": (1, 9), "Shift+ArrowUp": (-4, 9)}.items(), 1):
        maps.keyboard.press(key)
        assert expect_in_python(maps, wave_name(frequency)) == before + number
    a, b = (spelled(number, (-4, 9)).replace("%95", "%, 95") for number in (0, 1))
    expect(maps.locator(".visually-hidden")).to_have_text(f"(−4, 9). Classifier A: {a}. Classifier B: {b}.")
    expect(plot(maps, 0)).to_be_focused()
    interval = readout(maps, 0).get_by_role("tooltip")
    expect(interval).to_be_hidden()
    maps.keyboard.press("Tab")
    expect(interval).to_be_visible()
    before = expect_in_python(maps, "(−4, 9)")
    plot(maps, 1).evaluate(in_page("holdArrowRight"), 20)  # all at once, on a slow machine as well
    assert expect_in_python(maps, "(−4, 29)") == before + 1, "only the final cell is reported"


def test_tiles_show_pictures_and_a_press_or_enter_picks(streamlit_app, open_page):
    page = open_page(f"{streamlit_app(APP)}/?demo=pictures")
    tiles, pictures = page.get_by_role("radio"), load_samples("cifar10-samples").images.transpose(0, 2, 3, 1)
    expect(tiles.nth(7)).to_be_checked()
    assert page.locator(".tile[tabindex='0']").count() == 1, "the group is one tab stop"
    tops = tiles.evaluate_all("tiles => tiles.map(tile => tile.offsetTop)")
    across = tops.count(tops[0])
    tiles.nth(7).focus()
    moves = {"ArrowRight": 8, "ArrowDown": 8 + across, "ArrowLeft": 7 + across, "ArrowUp": 7}
    for key, index in [*moves.items(), ("ArrowDown", 7 + across)]:
        page.keyboard.press(key)
        expect(tiles.nth(index)).to_be_focused()
    assert expect_in_python(page, "picture 7") == 1, "moving the focus triggers no rerun"
    page.keyboard.press("Enter")
    assert expect_in_python(page, f"picture {7 + across}") == 2
    for run, index in enumerate([24, 24, 0], 3):  # choosing the same picture again counts: it closes a dialog
        tiles.nth(index).click()
        expect(page.get_by_text(f"Run {run}: Python has picture {index}", exact=True)).to_be_visible()
        expect(page.get_by_role("radio", checked=True)).to_have_count(1)
    for index in range(20, 32):
        tiles.nth(index).click()
    expect_in_python(page, "picture 31")
    wait_until_drawn(page)
    expect(tiles.nth(31)).to_be_checked()
    assert np.array_equal(pixels(page.locator(".tile canvas").last), pictures[-1])
