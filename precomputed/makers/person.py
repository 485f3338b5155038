"""Ask a person which of five words a painting shows, and store the answers.

    python -m precomputed.makers.person --sheets FOLDER
    python -m precomputed.makers.person --answers FILE --who "a designer, who had not seen the gallery"

The first command writes sheets of ten pictures: each of the gallery's words by both methods, in an order drawn by a
seed, with the right word and four others of the gallery's, numbered 1 to 5. The person writes one line for each
picture: a number from 1 to 5, or 0 for "I cannot tell", which counts as wrong. The second command writes
precomputed/views/person.json, from which docs/results.md takes its counts. Nothing on a sheet names the method, but
both methods are easily told apart.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from core.pgd.drawings import PERSON_FILE, SIZE, GalleryWord, stored_gallery
from core.pgd.methods import COMPARED, MethodName
from core.pgd.rounds import five_words
from core.shared.files import make_folder, write_atomically

SEED = 0
ACROSS, DOWN = 5, 2  # pictures of a sheet
TEXT_HEIGHT, LINE = 96, 15  # pixels, below each picture


@dataclass(frozen=True)
class Asked:
    """One picture to judge, and the words to choose from."""

    word: GalleryWord
    method: MethodName
    options: tuple[str, ...]


def main() -> None:
    """Write the sheets, or store the answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--sheets", type=Path, metavar="FOLDER", help="write the sheets here")
    task.add_argument("--answers", type=Path, metavar="FILE", help="a number from 0 to 5 on each line")
    parser.add_argument("--who", default="", help="who answered, and what they knew; required with --answers")
    args = parser.parse_args()
    if args.sheets is not None:
        write_sheets(args.sheets)
        return
    if not args.who:
        parser.error("--answers needs --who: say who answered, and what they knew")
    content = judge(args.answers.read_text().split(), args.who)
    write_atomically(PERSON_FILE, json.dumps(content, indent=1, ensure_ascii=False).encode())
    for method in COMPARED:
        rows = [row for row in content["answers"] if row["method"] == method]
        print(f"{method}: {sum(row['chosen'] == row['word'] for row in rows)} of {len(rows)}")


def questions() -> list[Asked]:
    """Return each of the gallery's words by both methods, in an order drawn by the seed."""
    generator, gallery_words = np.random.default_rng(SEED), stored_gallery().words
    names = [word.word for word in gallery_words]
    pairs = [(word, method) for word in gallery_words for method in COMPARED]
    shuffled = [pairs[k] for k in generator.permutation(len(pairs)).tolist()]
    return [Asked(word, method, five_words(word.word, names, generator)) for word, method in shuffled]


def write_sheets(folder: Path) -> None:
    """Write the sheets as PNG files."""
    make_folder(folder)
    every, count = questions(), ACROSS * DOWN
    for first in range(0, len(every), count):
        sheet = Image.new("RGB", (ACROSS * SIZE, DOWN * (SIZE + TEXT_HEIGHT)), "white")
        draw = ImageDraw.Draw(sheet)
        for k, question in enumerate(every[first : first + count]):
            left, top = k % ACROSS * SIZE, k // ACROSS * (SIZE + TEXT_HEIGHT)
            sheet.paste(Image.fromarray(question.word.drawings[question.method].pixels()), (left, top))
            lines = [f"picture {first + k + 1}", *(f"{n}  {option}" for n, option in enumerate(question.options, 1))]
            for n, line in enumerate(lines):
                draw.text((left + 4, top + SIZE + 2 + LINE * n), line, fill="black")
        sheet.save(folder / f"sheet-{first // count + 1:02d}.png")


def judge(answers: Sequence[str], person: str) -> dict[str, Any]:
    """Return what is stored of a person's answers.

    Args:
        answers: a number for each of `questions`: of the chosen option, from 1, or 0 for none.
    Raises:
        ValueError: another number of answers, or one that is no option.
    """
    every = questions()
    if len(answers) != len(every) or not all(answer in "012345" and len(answer) == 1 for answer in answers):
        raise ValueError(f"expected {len(every)} numbers from 0 to 5; got {len(answers)} answers")
    rows = [
        {
            "word": question.word.word,
            "method": question.method,
            "options": question.options,
            "chosen": question.options[int(answer) - 1] if int(answer) else "",
        }
        for question, answer in zip(every, answers, strict=True)
    ]
    return {"who": person, "seed": SEED, "answers": rows}


if __name__ == "__main__":
    main()
