"""The chapters of the story, from `chapters.toml`: texts as HTML, figures by name, claims with their verdicts."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from core.data.sample_sets import SAMPLE_SETS
from core.reproduce.report import judged_html
from ui.runs.setup.settings import models_in_url
from ui.shared.url import link
from ui.story import networks
from ui.story.facts import CLAIMS, STORED, WAVE, Facts, findings_by_claim, labels
from ui.tools.mixtures import KIND as MIXED_KIND
from ui.tools.mixtures import STORED as MIXED
from ui.tools.registry import HYBRIDS

_TABLE = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))["chapters"]
_LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


@dataclass(frozen=True)
class Part:
    """Part of a chapter: its figure's name, and its text, the note beside the figure and its claims as HTML."""

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
        return self.name.lower()


NAMES = tuple(row["name"] for row in _TABLE)
TITLES = tuple(row["title"] for row in _TABLE)
SLUGS = tuple(name.lower() for name in NAMES)


def chapter(place: int) -> Chapter:
    """Return the chapter at an index of `NAMES`, with its facts."""
    row, facts = _TABLE[place], Facts()

    def read(part: dict[str, str], field: str) -> str:
        return paragraphs(part.get(field, "").format_map(facts))

    parts = tuple(
        Part(part["figure"], read(part, "text"), read(part, "note"), "".join(map(_claim, part.get("claims", []))))
        for part in row["parts"]
    )
    return Chapter(row["name"], row["title"], parts, (row["link"], LINKS[row["name"]]()) if "link" in row else None)


def _claim(key: str) -> str:
    maps, figure = CLAIMS[key]
    return judged_html(findings_by_claim(*maps())[key], (figure,))


def paragraphs(text: str) -> str:
    """Return paragraphs with **bold**, *emphasis* and [links](page) as HTML; numbers and their units stay together."""
    text = html.escape(re.sub(r"(?<=\d) (?=%|points|MB)", "\N{NO-BREAK SPACE}", text.strip()), quote=False)
    text = _LINK.sub(lambda match: f'<a href="{match[2]}">{match[1]}</a>', text)
    text = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", text)
    text = re.sub(r"\*(.+?)\*", r"<em>\1</em>", text)
    return "".join(f"<p>{paragraph}</p>" for paragraph in text.split("\n\n") if paragraph)


def _wave_link() -> str:
    cell, picture = (
        ("cell", "{},{}".format(*WAVE)),
        (("pictures", "CIFAR-10"), ("picture", STORED["story"]["position"])),
    )
    return link("frequency", *(("maps", label) for label in labels(networks.on_one_picture())), cell, *picture)


def _mixture_link() -> str:
    pictures = [("picture", MIXED["pairs"][0][0]), ("second", MIXED["pairs"][0][1])]
    state = [
        ("pictures", SAMPLE_SETS[MIXED_KIND].title),
        *pictures,
        ("cutoff", f"{MIXED['starts'][0]:g}"),
        ("tab", HYBRIDS),
    ]
    return link("frequency", *(("maps", label) for label in labels(networks.on_mixtures())), *state)


def _hole_link() -> str:
    row = networks.LARGE
    picture = ("inpainting-pictures", row.title), ("inpainting-picture", row.inpainted)
    return link("inpainting", *picture, *models_in_url("inpainting", row.class_set, networks.hole_networks()))


# Where the link of a chapter leads, by its name: the state of the page that its figure shows.
LINKS: dict[str, Callable[[], str]] = {
    "Wave": _wave_link,
    "Mixture": _mixture_link,
    "Hole": _hole_link,
}
