"""A result as one picture to keep or to post: large, its start in the corner, and one line of text below it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from ui.server.streamlit_internals import app_font
from ui.shared.page_pictures import to_picture

PROJECT = "What does CLIP see?"
ORIGIN = f"From “{PROJECT}”, an interactive lab"  # not who painted it
TILE = 1080  # pixels, of each picture
GAP = 8  # between pictures
CORNER, CORNER_GAP, CORNER_BORDER = 280, 24, 6  # of the start in the corner
_PAPER, _INK, _QUIET = "#ffffff", "#1c2024", "#5a6470"
_MARGIN, _LINE_SIZES, _SMALL, _LEADING = 36, range(34, 23, -1), 22, 1.3  # of a card that is one picture wide
_PNG_LEVEL = 3  # of compression; 6 takes three times as long for a file 10% smaller


@dataclass(frozen=True, eq=False, kw_only=True)
class Card:
    """Content of a card.

    pictures: (3, H, W) uint8 each, all large: a result, a photo and its painting, or up to four tries. line: the
    text. corner: (3, H, W) uint8, what the result was painted from, or None. facts: texts for the file's metadata, by
    name: PNG's own keywords where there is one.
    """

    pictures: Sequence[np.ndarray]
    line: str
    corner: np.ndarray | None = None
    facts: dict[str, str] = field(default_factory=dict)


def card_png(card: Card) -> bytes:
    """Return a PNG, `TILE` pixels wide, or twice that for several pictures, with the card's facts as its metadata."""
    columns = min(2, len(card.pictures))
    rows = -(-len(card.pictures) // columns)
    width, top = columns * TILE + (columns - 1) * GAP, rows * TILE + (rows - 1) * GAP
    lines, size = _fitting(card.line, width - 2 * columns * _MARGIN, columns)
    small, leading = columns * _SMALL, round(_LEADING * size)
    height = top + columns * _MARGIN // 2 + len(lines) * leading + round(_LEADING * small) + columns * _MARGIN // 2
    sheet = Image.new("RGB", (width, height), _PAPER)
    for k, picture in enumerate(card.pictures):
        sheet.paste(enlarged(picture, TILE), (k % 2 * (TILE + GAP), k // 2 * (TILE + GAP)))
    if card.corner is not None:
        _paste_corner(sheet, card.corner, TILE)
    pen, at = ImageDraw.Draw(sheet), top + columns * _MARGIN // 2
    for line in lines:
        pen.text((columns * _MARGIN, at), line, _INK, font(size, line))
        at += leading
    pen.text((columns * _MARGIN, at), ORIGIN, _QUIET, font(small))
    file, known = io.BytesIO(), PngInfo()
    for name, text in ({"Title": card.line} | card.facts).items():
        known.add_itxt(name, text)
    sheet.save(file, "PNG", compress_level=_PNG_LEVEL, pnginfo=known)
    return file.getvalue()


def enlarged(picture: np.ndarray, size: int) -> Image.Image:
    """Return a (3, H, W) uint8 picture as a square of `size` pixels, enlarged smoothly."""
    return Image.fromarray(to_picture(picture)).resize((size, size), Image.Resampling.LANCZOS)


def _paste_corner(sheet: Image.Image, picture: np.ndarray, bottom: int) -> None:
    """Paste what a result was painted from into its lower left corner; bottom: the picture's lower edge."""
    framed = Image.new("RGB", (CORNER + 2 * CORNER_BORDER,) * 2, _PAPER)
    framed.paste(enlarged(picture, CORNER), (CORNER_BORDER, CORNER_BORDER))
    sheet.paste(framed, (CORNER_GAP, bottom - CORNER_GAP - framed.height))


def _fitting(text: str, width: int, scale: int) -> tuple[list[str], int]:
    """Return a text in one line and its size of type, or in two or more of the smallest size."""
    for size in _LINE_SIZES:
        if font(scale * size, text).getlength(text) <= width:
            return [text], scale * size
    size = scale * _LINE_SIZES[-1]
    return _wrapped(text, font(size, text), width), size


def _wrapped(text: str, type_: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Return the lines of a text; a word longer than a line is broken."""
    lines = [""]
    for word in text.split(" "):
        line = f"{lines[-1]} {word}".strip()
        if type_.getlength(line) <= width:
            lines[-1] = line
            continue
        lines += [""] if lines[-1] else []
        for letter in word:
            if type_.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def font(size: int, text: str = "") -> ImageFont.FreeTypeFont:
    """Return the app's own type, or for a text in other scripts DejaVu Sans, which matplotlib brings."""
    return _font(size, all(letter < "\u0530" or "\u2000" <= letter < "\u2070" for letter in text))


@cache
def _font(size: int, own: bool) -> ImageFont.FreeTypeFont:
    if own and (path := app_font()) is not None:
        known = ImageFont.truetype(path, size)
        known.set_variation_by_name("Regular")
        return known
    return ImageFont.truetype(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf", size)
