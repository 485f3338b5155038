"""The app's story for a page without Python: its text as HTML, and the data of its figures' components."""

from __future__ import annotations

import re
from typing import Any

from core.pgd.view_settings import SEARCHES
from precomputed.static_site.links import url_here
from precomputed.static_site.maps import without_weights
from ui.components.heatmap import ShownMaps, pack_maps
from ui.components.opening import pack_opening
from ui.components.stripes import pack_stripes
from ui.pages.story import chapter_html
from ui.runs.replays import run_replay
from ui.story import figures, judge, opening
from ui.story.chapters import NAMES, chapter
from ui.story.facts import WAVE

_LINK = re.compile(r'<a (class="[\w-]+" )?href="([^"]*)"([^>]*)>(.*?)</a>')
Part = dict[str, Any]
ROUNDS = 40


def story() -> list[Part]:
    """Return the chapters: name, text, and the figure's parts, each of a kind that `page/story.js` shows."""
    chapters = []
    for place in range(len(NAMES)):
        here = chapter(place)
        html, first = _here(chapter_html(here)), here.parts[0].figure == "word"
        figure = [part for row in here.parts for part in (*_FIGURES[row.figure](), _html(_here(row.note)))]
        beside, below = (_any_word(), [_html(_here(opening.cards_html()))]) if first else ([], [])
        texts = {"name": here.name, "links": [here.slug], "html": html, "title": here.title, "text": here.title}
        chapters.append({**texts, "figure": figure, "beside": beside, "below": below})
    return chapters


def _here(html: str) -> str:
    """Return HTML with links into this edition; links without a counterpart are removed."""

    def replace_link(match: re.Match[str]) -> str:
        url = url_here(match[2])
        return f'<a {match[1] or ""}href="{url}">{match[4]}</a>' if url else ""

    return _LINK.sub(replace_link, html)


def story_pictures() -> dict[str, Any]:
    """Return what chapters load by name on opening: the scene of each word, and rounds to be judged."""
    scenes = {
        _scene(word): pack_opening(opening.words(), place, opening.drawings(place), opening.captions(place))
        for place, word in enumerate(opening.words())
    }
    return scenes | {f"judge-{seed}": judge.questions(seed) for seed in range(ROUNDS)}


def _scene(word: str) -> str:
    return f"opening-{word.replace(' ', '-')}"


def _any_word() -> list[Part]:
    captions = [{"title": f"By {search}", "about": opening.REQUIREMENTS[search]} for search in SEARCHES]
    field = {"label": opening.any_word_label(), "isPainter": opening.is_stored_pool(), "captions": captions}
    return [{"kind": "any-word", **field}]


def _maps(maps: ShownMaps, outline: float = 0) -> list[Part]:
    return [{"kind": "maps", "data": {"value": list(WAVE), "outline": outline, **pack_maps(without_weights(maps))}}]


def _html(text: str) -> Part:
    return {"kind": "html", "html": text}


_FIGURES: dict[str, Any] = {
    "word": lambda: [{"kind": "opening", "scenes": [_scene(word) for word in opening.words()]}],
    "judge": lambda: [{"kind": "judge", "rounds": ROUNDS, "searches": judge.SEARCHED}],
    "stripes": lambda: [
        {"kind": "stripes", "data": {"value": list(WAVE), **pack_stripes(figures.car_under_stripes())}}
    ],
    "maps": lambda: _maps(figures.maps_of(*figures.PAPERS), figures.LOW.edge),
    "mixer": lambda: [{"kind": "mixer"}],  # the page itself includes the pairs
    "hole": lambda: [
        {"kind": "replay", "data": run_replay(figures.hole().runs, id="story.hole", cards=False, classes=False)}
    ],
    "wall": lambda: [_html(figures.wall_html())],
    "limits": lambda: _maps(figures.maps_of(*figures.limits())),
    "clip": list,
}
