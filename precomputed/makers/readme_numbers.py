"""Write the numbers of the README and the ten at the top of docs/results.md from the stored files.

    python -m precomputed.makers.readme_numbers

Everything between the two marks in each file is replaced.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.claims.statistics import stored_hybrids
from core.classifiers.registry import classifier_title, short_title
from core.data.sample_sets import HEATMAPS, PRECOMPUTED
from core.fourier.contrasts import LOW, Band, in_band
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import crossover_of
from core.pgd.drawings import count, counted, judge_name, painter_name
from core.pgd.picture_outcomes import BEFORE
from core.shared.files import write_atomically
from core.shared.numbers import decimal, percent

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


def four_numbers() -> str:
    """Return the README's table of four rows, on what a second network recognises, and a sentence on photos."""
    rows = [
        ("what we painted", "many views", "the paper's method"),
        ("---",) * 3,
        ("random words, from plain grey", *_both("draw-{}")),
        ("our sketches, painted over (many views: four tries each)", *_both("sketch-{}")),
        ("holes in photos, each seen alone", *_both("hole-{}")),
        ("the same words in 60 steps of length 1", *_both("draw-{}40")),
    ]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return f"{table}\n\nOf photos of the same words it recognises {counted('photographs')}."


def _both(kind: str) -> tuple[str, str]:
    views, paper = (counted(kind.format(method)) for method in ("views", "paper"))
    return f"**{views}**", paper


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
    paper, strokes, both = (count(f"draw-{method}40") for method in ("paper", "strokes", "views"))
    return (
        f"**{paper}** of them are recognised with the paper's method in 60 steps of 1 within its limit of 40. Natural "
        f"strokes make that {strokes}, many views {both}. The paper states no steps; these are those of the notebook "
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
    return (
        f"**{counted('sketch-views')}** paintings of our sketches by many views are recognised. With the paper's "
        f"method it is {counted('sketch-paper')}, and of the sketches themselves {count('sketch-paper', seen=BEFORE)}."
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
)


if __name__ == "__main__":
    main()
