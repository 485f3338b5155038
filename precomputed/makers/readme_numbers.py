"""Write the numbers of the README and the ten at the top of docs/results.md from the stored files.

    python -m precomputed.makers.readme_numbers

Everything between the two marks in each file is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.claims.statistics import stored_hybrids
from core.classifiers.registry import classifier_title, short_title
from core.data.sample_sets import HEATMAPS, PRECOMPUTED, imagenet
from core.fourier.contrasts import LOW, Band, in_band
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import crossover_of
from core.pgd.drawings import (
    JUDGE_SIZES,
    count,
    counted,
    drawn_sketches,
    judge_name,
    painter_name,
    recognised,
    sketches_by_seed,
    stored_kinds,
)
from core.pgd.methods import MethodName
from core.pgd.picture_outcomes import AFTER, BEFORE
from core.shared.files import write_atomically
from core.shared.numbers import decimal, percent
from precomputed.makers.plans import TRIED

ROOT = PRECOMPUTED.parent
FAST = Band(16, 21)  # of the published maps of CIFAR-10


@dataclass(frozen=True)
class Block:
    """Text that this script keeps up to date in a document.

    document: the Markdown file. name: in the marks around the text. lines: computes the text from stored files.
    """

    document: Path
    name: str
    lines: Callable[[], str]

    @property
    def marks(self) -> tuple[str, str]:
        """The lines before and after the text."""
        return f"<!-- {self.name} -->", f"<!-- end of the {self.name} -->"

    def write(self) -> None:
        """Replace the text in the document."""
        begin, end = self.marks
        before, _, rest = self.document.read_text("utf-8").partition(begin)
        text = f"{before}{begin}\n{self.lines()}\n{end}{rest.partition(end)[2]}"
        write_atomically(self.document, text.encode())


def main() -> None:
    """Write the numbers into both documents."""
    for block in BLOCKS:
        block.write()


# ---- the README's table --------------------------------------------------------------------------------------------


COLUMNS: dict[MethodName, str] = {
    "views": "many views",
    "strokes": "natural strokes alone",
    "views_only": "random views alone",
    "paper": "the paper's method",
}


def four_numbers() -> str:
    """Return the README's table of what a second network recognises by each method, and what to compare it with."""
    steps, notebook = (_settings(f"draw-paper{end}") for end in ("", "40"))
    rows = [
        ("what we painted", *COLUMNS.values()),
        ("---",) * (1 + len(COLUMNS)),
        (f"random words from plain grey, {steps}", *_of_methods("draw-{}")),
        (f"our sketches, painted over, {_settings('sketch-paper')}", *_of_methods("sketch-{}")),
        (f"holes in photos, each seen alone, {_settings('hole-paper')}", *_of_methods("hole-{}")),
        (f"the random words again, {notebook}", *_of_methods("draw-{}40")),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    *some, last = map(str, sketches_by_seed())
    original, unfilled = (count("hole-views", seen=seen) for seen in ("alone_original", "alone_start"))
    whole = [count(f"hole-{method}", seen=AFTER) for method in ("views", "paper")]
    return (
        f"{table}\n\nThe second network recognises {counted('photographs')} photos of the same words. Of the holes it "
        f"recognises {original} before we cut them out and {unfilled} while they are empty. In the whole photo it "
        f"recognises {whole[0]} filled by many views and {whole[1]} by the paper's method. The sketches' row is about "
        f"one random seed. With four, many views make it {', '.join(some)} and {last} of {_sketches_count()}."
    )


def _settings(group: str) -> str:
    config = stored_kinds()[group].config
    return f"{config['steps']} steps of {config['step_size']:g} in a ball of {config['epsilon']:g}"


def _of_methods(group: str) -> list[str]:
    """Return how many are recognised by each method; of sketches the first seed, which all methods have."""
    hits = [recognised(group.format(method)) for method in COLUMNS]
    n = min(map(len, hits))
    return [f"{int(one_seed[:n].sum())} of {n}" for one_seed in hits]


def _sketches_count() -> int:
    return len(recognised("sketch-paper"))


# ---- the ten of docs/results.md ------------------------------------------------------------------------------------


def ten_numbers() -> str:
    """Return the ten numbers as a Markdown list."""
    return "\n".join(f"{number}. {say()}" for number, say in enumerate(TEN, 1))


def _words() -> str:
    painter, judge = (short_title(classifier_title(name)) for name in (painter_name(), judge_name()))
    return (
        f"**{counted('draw-views')}** random words that {painter} draws by many views are recognised by a second "
        f"network, {judge}. With the paper's method it recognises {count('draw-paper')}."
    )


def _apart() -> str:
    strokes, views = (count(f"draw-{method}") for method in ("strokes", "views_only"))
    return f"**{strokes} and {views}** of these words are recognised with natural strokes or random views alone."


def _small_steps() -> str:
    paper, strokes, views = (count(f"draw-{method}40") for method in ("paper", "strokes", "views"))
    return (
        f"**{paper}** of them are recognised with the paper's method in 60 steps of 1 within its limit of 40. Natural "
        f"strokes make that {strokes}, many views {views}. The paper states no steps; these are those of the notebook "
        "that it names."
    )


def _tries() -> str:
    return f"**{counted('tries')}** words are recognised in at least one of four quick tries."


def _photos() -> str:
    return f"**{counted('photographs')}** photos of the same words are recognised by the same network."


def _holes() -> str:
    return (
        f"**{counted('hole-views')}** filled holes are recognised when the second network sees only the hole. With the "
        f"paper's method it recognises {count('hole-paper')}."
    )


def _sketches() -> str:
    first, *_ = sketches_by_seed()
    return (
        f"**{first} of {_sketches_count()}** of our sketches are recognised once painted over by many views, and "
        f"{counted('sketch-views')} paintings with four random seeds. With the paper's method and one seed it is "
        f"{count('sketch-paper')}, with random views alone {count('sketch-views_only')}, and of the bare sketches "
        f"{count('sketch-paper', seen=BEFORE)}."
    )


def _published(name: str) -> Heatmap:
    return Heatmap.load(HEATMAPS / f"{name}_cifar10_published.npz")


def _waves(band: Band, where: str) -> str:
    errors = [in_band(_published(name), band) for name in ("clip-vit-b-32", "resnet-56")]
    clip, resnet = (errors_of.measured.value for errors_of in errors if errors_of is not None)
    return (
        f"**{percent(clip)} and {percent(resnet)}**: how often CLIP and ResNet-56 are wrong under waves {where}, in "
        "the published maps."
    )


def _cutoffs() -> str:
    networks = ("mini-clip-robust", "mini-clip", "mini-resnet")
    crossings = [crossover_of(stored_hybrids()[name]) for name in networks]
    robust, clip, resnet = (decimal(crossing.radius.value, 2) for crossing in crossings if crossing is not None)
    return (
        f"**{robust}, {clip} and {resnet}** cycles per image: where the robust Mini CLIP, Mini CLIP and Mini ResNet "
        "switch from one picture of a mixture to the other."
    )


# ---- development words -------------------------------------------------------------------------------------------


def development_words() -> str:
    """Return how many sketches and holes are recognised, by whether the settings were tuned on their word."""
    tuned = sum(imagenet().names[word.label] in TRIED for word in drawn_sketches().values())
    (views, other_views), (paper, other_paper) = (_by_tuned(f"sketch-{method}") for method in ("views", "paper"))
    holes = [_by_tuned(f"hole-{method}") for method in ("views", "paper")]
    return (
        f"{tuned} of our {_sketches_count()} sketches are of words in `TRIED`, on which we tuned the settings of many "
        f"views. Of the paintings of these, {views} by many views and {paper} by the paper's method are recognised, "
        f"of the other sketches {other_views} and {other_paper}. Of the holes, those in photos of such words: "
        f"{holes[0][0]} and {holes[1][0]}, the others: {holes[0][1]} and {holes[1][1]}."
    )


def _by_tuned(group: str) -> list[str]:
    """Return how many pictures are recognised of the words that the settings were tuned on, and of the others."""
    targets = stored_kinds()[group].pictures["target"].astype(int)
    tuned = np.array([imagenet().names[target] in TRIED for target in targets])
    hits = recognised(group).astype(bool)
    return [f"{int(hits[part].sum())} of {int(part.sum())}" for part in (tuned, ~tuned)]


# ---- how recognition rests on detail -------------------------------------------------------------------------------


def judge_sizes() -> str:
    """Return what `precomputed.makers.judge_sizes` counted, as a table and a sentence."""
    known = json.loads(JUDGE_SIZES.read_text("utf-8"))
    rows = {"photographs": "photos of the words", "views": "many views", "paper": "the paper's method"}
    sizes = list(known["recognised"]["views"])
    head = f"| {known['n']} of each | " + " | ".join(f"{size} px" for size in sizes) + " |"
    lines = [head, "| --- " * (len(sizes) + 1) + "|"]
    for group, title in rows.items():
        counts = " | ".join(str(known["recognised"][group][size]) for size in sizes)
        lines.append(f"| {title} | {counts} |")
    small, sketches = known["other_family"], known["sketches"]
    counts = small["recognised"]
    said = [
        "",
        "",
        f"ResNet-56, of another family, knows ten classes at 32 pixels. Of {len(small['words'])} gallery words that",
        f"are kinds of these it recognises {counts['photographs']} photos, {counts['views']} paintings by many views,",
        f"{counts['strokes']} by natural strokes, {counts['views_only']} by random views alone, {counts['paper']}",
        f"by the paper's method, and {counts['start']} of the grey starts themselves. Of the {len(sketches['names'])}",
        f"bare sketches of such words ({', '.join(sketches['names'])}) it recognises {sketches['recognised']} before",
        "any painting: that EfficientNet-Lite2 recognises none of the bare sketches is a fact about this judge.",
    ]
    return "\n".join(lines) + "\n".join(said[:2]) + "\n" + " ".join(said[2:])


TEN: tuple[Callable[[], str], ...] = (
    _words,
    _apart,
    _small_steps,
    _tries,
    _photos,
    _holes,
    _sketches,
    lambda: _waves(LOW, "of up to 2 cycles per image"),
    lambda: _waves(FAST, "of 16 cycles per image or more"),
    _cutoffs,
)
BLOCKS = (
    Block(ROOT / "README.md", "four numbers", four_numbers),
    Block(ROOT / "docs" / "results.md", "ten numbers", ten_numbers),
    Block(ROOT / "docs" / "results.md", "development words", development_words),
    Block(ROOT / "docs" / "results.md", "judge sizes", judge_sizes),
)


if __name__ == "__main__":
    main()
