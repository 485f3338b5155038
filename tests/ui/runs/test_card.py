"""The card of a result: its size, its pictures where they belong, texts of any length, and the file's metadata."""

import io

import numpy as np
import pytest
from PIL import Image

from ui.runs.card import CORNER, CORNER_BORDER, CORNER_GAP, GAP, TILE, Card, card_png, font

COLOURS = ((200, 30, 40), (30, 160, 60), (40, 60, 220), (90, 90, 20))


def plain(colour, size=32):
    return np.full((3, size, size), np.array(colour)[:, None, None], np.uint8)


def opened(card: Card) -> np.ndarray:
    image = Image.open(io.BytesIO(card_png(card)))
    assert image.format == "PNG" and image.width >= TILE >= 1080
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("count", [1, 2, 4])
@pytest.mark.parametrize("size", [32, 224])
def test_pictures_are_large_and_fill_the_width(count, size):
    pixels = opened(Card(pictures=[plain(colour, size) for colour in COLOURS[:count]], line="Volcano"))
    assert pixels.shape[1] == (TILE if count == 1 else 2 * TILE + GAP)
    for k, colour in enumerate(COLOURS[:count]):
        left, top = k % 2 * (TILE + GAP), k // 2 * (TILE + GAP)
        assert (pixels[top : top + TILE, left : left + TILE] == colour).all()
    assert len(pixels) - top - TILE < 0.12 * pixels.shape[1], "the text takes a strip"


def test_start_is_small_in_the_corner():
    pixels = opened(Card(pictures=[plain(COLOURS[0])], line="Volcano", corner=plain(COLOURS[1])))
    rows, columns = np.nonzero((pixels == COLOURS[1]).all(axis=2))
    edge = CORNER_GAP + CORNER_BORDER
    assert (columns.min(), rows.max(), len(rows)) == (edge, TILE - edge - 1, CORNER**2)


@pytest.mark.parametrize(
    "text", ["", "x" * 400, "word " * 200, "سلام 🐈 <b>\x00", "https://example.org/?" + "a=b&" * 100]
)
def test_any_text_stays_inside(text):
    pixels = opened(Card(pictures=[plain(COLOURS[0])], line=text, facts={"URL": text}))
    strip = pixels[TILE:]
    assert (strip[:, -9:] == 255).all() and (strip[-9:] == 255).all() and (text == "" or strip.min() < 100)


def test_line_is_set_in_the_apps_type():
    assert {font(30, text).getname()[0] for text in ("Volcano", "größer – “Ж”")} == {"SourceSans3VF"}
    assert font(30, "馬").getname()[0] == "DejaVu Sans"
