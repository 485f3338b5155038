"""The chapters of the story, from `chapters.toml`: texts as HTML, figures by name, claims with their verdicts."""

from __future__ import annotations

import html
import re
import threading
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.claims.finding import Finding
from core.claims.wave_claims import CLIP_GRID
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, classifier_state, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import FIRST_SKETCH, SKETCHES
from core.pgd.drawings import count, counted, drawn_sketches, judge_name, painter_name, sketches_by_seed
from core.pgd.methods import COMPARED, METHODS
from core.pgd.picture_outcomes import BEFORE
from core.shared.text import with_article
from core.sweep.mixture_pairs import MIXED_SET, mixed_pairs, mixing_network
from ui.maps.catalogue import CLIP, EFFICIENTNET, RESNET50, RESNET56, Entry, shipped_maps
from ui.maps.rings import ring_chart
from ui.runs.settings import models_in_url
from ui.server.cache import is_ready
from ui.shared.page import clip_paints
from ui.shared.url import format_size, link
from ui.shared.verdicts import judged_html
from ui.story import data, wave_chapter
from ui.story.data import far_from_clip, finding_on, labels
from ui.story.mixture_chapter import pairs_chart
from ui.tools.tool_table import CORRUPTIONS_TOOL, HYBRIDS_TOOL

_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["chapters"]
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


# The two maps that a claim of the story is about, and the number shown of it.
_CLAIMS: dict[str, tuple[Callable[[], Sequence[str]], str]] = {
    "low": (lambda: (CLIP, RESNET56), "difference"),
    "high": (lambda: (CLIP, RESNET56), "difference"),
    "relies": (lambda: (CLIP, RESNET56), "difference in the corners at equal strength"),
}


def slug_of(name: str) -> str:
    """Return a chapter's name in links."""
    return name.lower().replace(" ", "-")


@dataclass(frozen=True)
class Part:
    """Part of a chapter: its figure's name, and its text, the note next to the figure and its claims as HTML."""

    figure: str
    text: str
    note: str
    claims: str


@dataclass(frozen=True)
class Chapter:
    """Chapter. slug: in links. link: label and URL of the page that goes on from it; None if there is none."""

    name: str
    title: str
    parts: tuple[Part, ...]
    link: tuple[str, str] | None

    @property
    def slug(self) -> str:
        return slug_of(self.name)


CHAPTER_NAMES = tuple(row["name"] for row in _TABLE)
CHAPTER_TITLES = tuple(row["title"] for row in _TABLE)
SLUGS = tuple(map(slug_of, CHAPTER_NAMES))


def chapter(index: int, **known: str) -> Chapter:
    """Return the chapter at an index of `CHAPTER_NAMES`, with its facts; known: facts to use as given."""
    row, facts = _TABLE[index], Facts(known)

    def read(part: dict[str, str], field: str) -> str:
        return paragraphs(part.get(field, "").format_map(facts))

    parts = tuple(
        Part(
            part["figure"],
            read(part, "text"),
            read(part, "note"),
            _claims(part.get("claims", [])),
        )
        for part in row["parts"]
    )
    return Chapter(row["name"], row["title"], parts, (row["link"], _LINKS[row["name"]]()) if "link" in row else None)


def _claims(keys: Sequence[str]) -> str:
    """Return claims as HTML, and their chart: of their maps ring by ring, or of two pictures in one."""
    judged, bands, compared = "", list[str](), tuple[Entry, ...]()
    for key in keys:
        labels, figure = _CLAIMS[key][0](), _CLAIMS[key][1]
        finding = finding_on(key, *labels)
        if key == "relies":  # further doubts are in *Findings*
            judged += judged_html(finding, (figure,), said=in_words(finding), folded=" ".join(finding.doubts[:1]))
            judged += pairs_chart()
        else:
            judged += judged_html(finding, (figure,))
        if finding.claim.display.bands:
            bands += finding.claim.display.bands
            compared = tuple(shipped_maps()[label] for label in labels)
    return judged + (ring_chart(compared, tuple(bands)) if compared else "")


def in_words(finding: Finding) -> str:
    """Say in plain words what became of the last two parts of the claim "relies": of slow waves and of fast ones."""
    subject, reference = finding.names
    slow, fast = (part.truth for part in finding.parts[-2:])
    slow_said = {
        True: f"Slow waves fool {subject} more often than {reference}.",
        False: f"Slow waves don’t fool {subject} more often than {reference}.",
        None: f"Slow waves don’t tell {subject} from {reference}.",
    }
    fast_said = {
        True: "Fast waves of equal strength fool it less often.",
        False: "Fast waves of equal strength don’t fool it less often.",
        None: "With fast waves of equal strength, the difference is too small to tell.",
    }
    return f"{slow_said[slow]} {fast_said[fast]}"


def paragraphs(text: str) -> str:
    """Return paragraphs with **bold**, *emphasis* and [links](page) as HTML; numbers and their units stay together."""
    text = html.escape(re.sub(r"(?<=\d) (?=%|points|MB)", "\N{NO-BREAK SPACE}", text.strip()), quote=False)
    text = _LINK.sub(lambda match: f'<a href="{match[2]}">{match[1]}</a>', text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*(.+?)\*", r"<em>\1</em>", text)
    return "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n") if paragraph)


def wave_link() -> str:
    """Return the URL of *Frequencies* with the first stripes on the first photo."""
    picture = ("pictures", data.PHOTOGRAPHS.title), ("picture", wave_chapter.first_photo())
    return _frequency(("cell", f"0,{wave_chapter.FIRST_STRIPES}"), *picture, maps=(RESNET50, EFFICIENTNET))


def mixture_link() -> str:
    """Return the URL of *Frequencies* with the first pair of two photos in one."""
    pair = mixed_pairs()[0]
    photos = ("pictures", SAMPLE_SETS[MIXED_SET].title), ("picture", pair.low), ("second", pair.high)
    tool = ("cutoff", f"{pair.predictions.cutoffs[pair.start]:g}"), ("tab", HYBRIDS_TOOL)
    return _frequency(*photos, *tool, maps=(RESNET50, EFFICIENTNET))


def hole_link() -> str:
    """Return the URL of *Fill a hole* with the first photo."""
    row = data.PHOTOGRAPHS
    picture = ("inpainting-pictures", row.title), ("inpainting-picture", row.inpainted)
    return link("inpainting", *picture, *models_in_url("inpainting", row.class_set, data.hole_networks()))


# Where the link of a chapter leads, by its name: the state of the page that its figure shows.
_LINKS: dict[str, Callable[[], str]] = {
    "Wave": wave_link,
    "Mixture": mixture_link,
    "Hole": hole_link,
}


def _alone() -> str:
    """Say how many filled holes a second network recognises without what is around them."""
    many, few = (counted(f"hole-{method}") for method in reversed(COMPARED))
    return (
        f"Shown only the filled hole, a second network recognises {many} made with many views and {few} made with the "
        "paper’s method."
    )


def _stands_in() -> str:
    """Say which network predicts in CLIP's place, and how far its map is from CLIP's."""
    clip, resnet = data.titles(data.on_one_picture())
    if data.on_one_picture()[0] == PAPERS_CLIP:
        far = far_from_clip()
        map_here = f" Under a typical wave our map of it is {far} from the paper’s." if far else ""
        return f"{clip} itself answers here.{map_here}"
    return (
        f"{clip} stands in for CLIP, {resnet} for the ResNet. Both are small and were trained for this project. "
        f"{clip} is only a rough substitute: its error typically differs from CLIP’s by {far_from_clip()}."
    )


@cache
def read_ahead() -> None:
    """Compute once, in the background, what the chapter *Wave* says: with its libraries that takes a second."""
    threading.Thread(target=_stands_in, name="read-ahead", daemon=True).start()


def about_clip() -> str:
    """Say what CLIP adds, or that it is installed."""
    if paints := clip_paints():
        return f"CLIP is installed. {paints}"
    state = classifier_state(PAPERS_CLIP)
    return (
        f"One {format_size(state.download_bytes)} download, and you can paint any sentence instead of single words, "
        "and see CLIP’s own answers next to its map."
    )


# How the first chapter begins, by what one starts from.
LEADS: dict[str, str] = {
    "sketch": "Change the sketch, start from a photo or type another word. The network then paints whatever",
    "photo": "Move the frame or type another word. The network then paints whatever",
    "grey": "Type a word, or paint a few blobs. The network then paints whatever",
}


def question() -> str:
    """Return the title of the home page: what CLIP sees once it can paint here, else what a network sees."""
    return f"What does {'CLIP' if is_ready(PAPERS_CLIP) else 'a network'} see?"


def painter_is(*, in_article: bool = False) -> str:
    """Say which network paints and, unless in the article, how to get CLIP."""
    title = short_title(classifier_spec(painter_name()).title)
    if in_article:
        return f"The painter is {title}, a small image classifier, not CLIP."
    clip = "CLIP is also installed." if is_ready(PAPERS_CLIP) else "You can add CLIP under [Models](models)."
    return f"The painter is {title}, a small image classifier. {clip}"


def paintings_counted(start: str) -> str:
    """Say how many paintings the second network recognises by each method; start: a key of `LEADS`."""
    if start == "sketch":
        n, papers, before = len(drawn_sketches()), count("sketch-paper"), count("sketch-paper", seen=BEFORE)
        return (
            f"Of our {n} sketches, a second network recognises {sketches_by_seed()[0]} painted with many views, "
            f"{papers} painted with the paper’s method, and {before or 'none'} of the bare sketches."
        )
    group = "draw" if start == "grey" else start
    many, few = (f"{counted(f'{group}-{name}')} painted with {METHODS[name].caption}" for name in reversed(COMPARED))
    where = "on plain grey" if start == "grey" else "into our photos"
    return f"We also had the network paint random words {where}. The second network recognises {many} and {few}."


CHAPTER_FACTS: dict[str, Callable[[], str]] = {
    "asked": lambda: with_article(SKETCHES[FIRST_SKETCH].word),
    "lead": lambda: LEADS["sketch"],
    "counted": lambda: paintings_counted("sketch"),
    "judge": lambda: short_title(classifier_spec(judge_name()).title),
    "painter_is": painter_is,
    "doors_give": lambda: " What you make gets a link and a picture to save.",
    "photos_of_holes": lambda: "these photos, and the cup’s hole and word, because they make clear examples",
    "stands_in": _stands_in,
    "striped_network": lambda: wave_chapter.striped(wave_chapter.first_photo()).network,
    "striped_first": lambda: (
        f"the {wave_chapter.striped(wave_chapter.first_photo()).name} and {wave_chapter.FIRST_STRIPES} stripes"
    ),
    "mixing_network": lambda: short_title(classifier_spec(mixing_network()).title),
    "filler": lambda: data.titles(data.hole_networks())[0],
    "alone": _alone,
    "patches": lambda: _frequency(("cell", f"{CLIP_GRID},{CLIP_GRID}"), maps=(CLIP, RESNET56)),
    "weather": lambda: _frequency(("tab", CORRUPTIONS_TOOL), maps=labels(data.twins())),
}


def _frequency(*parameters: tuple[str, object], maps: Sequence[str]) -> str:
    return link("frequency", *(("maps", label) for label in maps), *parameters)


class Facts(dict[str, str]):
    """Facts by name, each computed once when a text names it; for `str.format_map`."""

    def __missing__(self, name: str) -> str:
        self[name] = CHAPTER_FACTS[name]()
        return self[name]
