"""Draw docs/pictures/methods.webp: a word by each method, and how many of all words three networks recognise.

    python -m precomputed.makers.methods_picture

Everything is read from stored files.
"""

from __future__ import annotations

import io
import json

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.classifiers.registry import classifier_title, short_title
from core.data.sample_sets import PRECOMPUTED
from core.pgd.drawings import JUDGE_SIZES, SIZE, four_squares, recognised, stored_kinds
from core.pgd.methods import METHODS, MethodName
from core.shared.files import write_atomically
from core.shared.text import capitalised

PICTURE = PRECOMPUTED.parent / "docs" / "pictures" / "methods.webp"
_GAP, _MARGIN, _TITLE, _BAR = 24, 24, 40, 44  # pixels
_INK, _FILLED, _EMPTY = (40, 40, 48), (15, 111, 176), (218, 222, 228)


def counts(method: MethodName) -> list[tuple[str, int, int]]:
    """Return for each of three networks its title, how many words by a method it recognises, and of how many."""
    judges = stored_kinds()[f"draw-{method}"].judges[:2]
    hits = [recognised(f"draw-{method}", judge) for judge in range(2)]
    rows = [(short_title(classifier_title(name)), int(r.sum()), len(r)) for name, r in zip(judges, hits, strict=True)]
    other = json.loads(JUDGE_SIZES.read_text("utf-8"))["other_family"]
    return [*rows, ("ResNet-56 (32 px)", other["recognised"][method], len(other["words"]))]


def main() -> None:
    """Draw the picture."""
    word, drawn = four_squares()
    height = 2 * _MARGIN + _TITLE + SIZE + 12 + 3 * _BAR
    sheet = Image.new("RGB", (2 * _MARGIN + len(METHODS) * SIZE + (len(METHODS) - 1) * _GAP, height), "white")
    pen, title, small = ImageDraw.Draw(sheet), ImageFont.load_default(18), ImageFont.load_default(14)
    for column, (name, row) in enumerate(METHODS.items()):
        left, top = _MARGIN + column * (SIZE + _GAP), _MARGIN
        pen.text((left, top), capitalised(row.caption), _INK, font=title)
        sheet.paste(Image.fromarray(np.asarray(drawn[name].pixels())).resize((SIZE, SIZE)), (left, top + _TITLE))
        for k, (judge, count, n) in enumerate(counts(name)):
            y = top + _TITLE + SIZE + 12 + k * _BAR
            pen.text((left, y), f"{judge}: {count} of {n}", _INK, font=small)
            pen.rectangle((left, y + 21, left + SIZE, y + 31), _EMPTY)
            if count:
                pen.rectangle((left, y + 21, left + SIZE * count // n, y + 31), _FILLED)
    file = io.BytesIO()
    sheet.save(file, "WEBP", quality=88, method=6)
    write_atomically(PICTURE, file.getvalue())
    print(f"{PICTURE.name}: {word}")


if __name__ == "__main__":
    main()
