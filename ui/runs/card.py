"""A result as one picture to keep or to post: pictures, word, confidence, judge, network, date and link."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

WIDTH, MARGIN, GAP = 1280, 48, 32  # pixels
HEADING, _ROLE, TEXT, _SMALL = 52, 25, 22, 18  # sizes of type
_PAPER, _INK, QUIET, GOOD = "#ffffff", "#1c2024", "#5a6470", "#1a7f37"
LEADING = 1.35  # of lines, relative to the size of type


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One picture of a card.

    picture: (3, H, W) uint8. title: its role. lines: below it. judged: what another network says; agrees: as the word.
    """

    picture: np.ndarray
    title: str
    lines: Sequence[str] = ()
    judged: str = ""
    agrees: bool = False


def result_card(heading: str, tiles: Sequence[Tile], notes: Sequence[str]) -> bytes:
    """Return a PNG of `WIDTH` pixels: the heading, the pictures side by side with their lines, the notes below."""
    tile_size = (WIDTH - 2 * MARGIN - GAP * (max(2, len(tiles)) - 1)) // max(2, len(tiles))
    texts = [_text_of(tile, tile_size) for tile in tiles]
    below = max(_height(lines) for lines in texts)
    foot = [(line, _SMALL, QUIET) for note in notes for line in _wrapped(note, _SMALL, WIDTH - 2 * MARGIN)]
    head = _wrapped(heading, HEADING, WIDTH - 2 * MARGIN)[:2]
    top = MARGIN + round(len(head) * HEADING * LEADING) + GAP // 2
    height = top + tile_size + GAP // 2 + below + GAP + _height(foot) + MARGIN
    sheet = Image.new("RGB", (WIDTH, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    _write(pen, MARGIN, MARGIN - 8, [(line, HEADING, _INK) for line in head])
    for k, (tile, lines) in enumerate(zip(tiles, texts, strict=True)):
        left = MARGIN + k * (tile_size + GAP)
        large = Image.fromarray(tile.picture.transpose(1, 2, 0)).resize(
            (tile_size, tile_size), Image.Resampling.LANCZOS
        )
        sheet.paste(large, (left, top))
        _write(pen, left, top + tile_size + GAP // 2, lines)
    _write(pen, MARGIN, top + tile_size + GAP // 2 + below + GAP, foot)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


_Line = tuple[str, int, str]  # text, size and colour


def _text_of(tile: Tile, width: int) -> list[_Line]:
    judged = f"✓ {tile.judged}" if tile.agrees else tile.judged
    parts = [(tile.title, _ROLE, _INK), *((text, TEXT, QUIET) for text in tile.lines)]
    parts.append((judged, TEXT, GOOD if tile.agrees else QUIET))
    return [(line, size, colour) for text, size, colour in parts for line in _wrapped(text, size, width) if line]


def _write(pen: ImageDraw.ImageDraw, left: int, top: int, lines: Sequence[_Line]) -> None:
    for text, size, colour in lines:
        pen.text((left, top), text, colour, _font(size))
        top += round(size * LEADING)


def _height(lines: Sequence[_Line]) -> int:
    return sum(round(size * LEADING) for _, size, _ in lines)


def _wrapped(text: str, size: int, width: int) -> list[str]:
    """Return the lines of a text; a word that is too long for one, such as a link, is broken."""
    lines, font = [""], _font(size)
    for word in text.replace(" %", "\N{NO-BREAK SPACE}%").split(" "):
        line = f"{lines[-1]} {word}".strip()
        if font.getlength(line) <= width:
            lines[-1] = line
            continue
        lines += [""] if lines[-1] else []
        for letter in word:
            if font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans, which matplotlib brings: it has Greek, Cyrillic, Arabic and signs."""
    return ImageFont.truetype(f"{matplotlib.get_data_path()}/fonts/ttf/DejaVuSans.ttf", size)
