"""The card of a result: its size, its pictures where they belong, and texts of any length."""

import io

import numpy as np
import pytest
from PIL import Image

from ui.runs.card import GAP, MARGIN, WIDTH, Tile, result_card


def opened(card):
    image = Image.open(io.BytesIO(card))
    assert image.format == "PNG" and image.width == WIDTH >= 1200
    return np.asarray(image.convert("RGB"))


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("side", [32, 224])
def test_card_shows_pictures_side_by_side(count, side):
    colours = [(200, 30, 40), (30, 160, 60), (40, 60, 220)][:count]
    tiles = [Tile(picture=np.full((3, side, side), np.array(c)[:, None, None], np.uint8), title="a") for c in colours]
    pixels = opened(result_card("volcano", tiles, ["drawn"]))
    size = (WIDTH - 2 * MARGIN - GAP * (max(2, count) - 1)) // max(2, count)
    for place, colour in enumerate(colours):
        rows, columns = np.nonzero((pixels == colour).all(axis=2))
        assert len(rows) == size * size and columns.min() == MARGIN + place * (size + GAP)


@pytest.mark.parametrize(
    "text", ["", "x" * 400, "word " * 200, "سلام 🐈 <b>\x00", "https://example.org/?" + "a=b&" * 100]
)
def test_card_text_stays_inside(text):
    picture = np.zeros((3, 32, 32), np.uint8)
    tiles = [Tile(picture=picture, title=text, lines=[text], judged=text, agrees=True)] * 2
    pixels = opened(result_card(text or "a", tiles, [text]))
    assert (pixels[:, -MARGIN // 2 :] == 255).all() and (pixels[-MARGIN // 2 :] == 255).all()


def test_card_ticks_recognised_pictures():
    picture = np.zeros((3, 32, 32), np.uint8)
    cards = [
        opened(result_card("a", [Tile(picture=picture, title="a", judged="b", agrees=agrees)], []))
        for agrees in (False, True)
    ]
    cards = [card.astype(int) for card in cards]
    green = [((card[..., 1] > card[..., 0] + 60) & (card[..., 1] > card[..., 2] + 40)).sum() for card in cards]
    assert green[0] == 0 < green[1]
