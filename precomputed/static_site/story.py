"""The app's story for a page without Python: its text as HTML, and the data of its figures' components."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import Any

from core.data.classes import imagenet
from core.fourier.intervals import wilson
from core.pgd.view_settings import SEARCHES, Search
from core.reconstruct.view_pictures import judged_path
from core.reconstruct.visitor_judge import CHANCE, PER_SEARCH, Question, draw_questions, stored_pool
from precomputed.static_site.charts import chart_html
from precomputed.static_site.links import url_here
from precomputed.static_site.maps import without_weights
from ui.components.heatmap import pack_maps
from ui.components.opening import pack_opening
from ui.components.packing import webp_data_uri
from ui.components.stripes import pack_stripes
from ui.pages.story import step_html
from ui.runs.replays import run_replay
from ui.shared.look import style_sheet
from ui.shared.sentences import sentence_html
from ui.story import figures, judge, opening, wall
from ui.story.steps import STEPS
from ui.story.story_data import WAVE, far_from_clip, limits

_LINK = re.compile(r'<a (class="[\w-]+" )?href="([^"]*)"([^>]*)>(.*?)</a>')
Part = dict[str, Any]
KEYS = "Keys 1 to 5 choose."  # `page/story.js` hides it on devices without keys
JUDGED, ROUNDS = "judge-rounds", 100  # pack, and number of rounds in it


def story() -> list[Part]:
    """Return the steps: name, text, and the figure's parts, each of a kind that `page/story.js` shows."""
    return [
        {
            "name": step.name,
            "links": [step.slug],
            "html": _here(step_html(replace(step, more=_MORE.get(step.more, step.more)))),
            "title": step.title,
            "text": step.text,
            "figure": _FIGURES[step.draw](),
            "beside": _BESIDE.get(step.draw, list)(),
            "below": _BELOW.get(step.draw, list)(),
        }
        for step in STEPS
    ]


def _here(html: str) -> str:
    """Return HTML with links into this edition; links without a counterpart are removed."""

    def replace_link(match: re.Match[str]) -> str:
        url = url_here(match[2])
        return f'<a {match[1] or ""}href="{url}">{match[4]}</a>' if url else ""

    return _LINK.sub(replace_link, html).replace(KEYS, f'<span class="keys">{KEYS}</span>')


def story_pictures() -> dict[str, Any]:
    """Return what steps load by name on opening: the scene of each word, rounds to be judged, and their drawings."""
    scenes = {
        _scene(word): pack_opening(opening.words(), place, opening.drawings(place), opening.captions(place))
        for place, word in enumerate(opening.words())
    }
    pool = stored_pool()
    drawings = {
        _judged(label, search): webp_data_uri(judged_path(label, search))
        for label in (*pool.recognised, *pool.unrecognised)
        for search in SEARCHES
    }
    return scenes | drawings | {JUDGED: _rounds()}


def _scene(word: str) -> str:
    return f"opening-{word.replace(' ', '-')}"


def _judged(label: int, search: Search) -> str:
    return f"judged-{label}-{search}"


def _opening() -> list[Part]:
    return [{"kind": "opening", "scenes": [_scene(word) for word in opening.words()]}]


def _any_word() -> list[Part]:
    lesson = style_sheet(opening.__file__) + opening.lesson_html("beside")
    captions = [{"title": f"By {search}", "about": opening.TITLES[search][1]} for search in SEARCHES]
    field = {"label": opening.any_word_label(), "isPainter": opening.is_stored_pool(), "captions": captions}
    return [{"kind": "any-word", **field}, _html(lesson)]


def _cards() -> list[Part]:
    return [_html(opening.lesson_html("below") + _here(opening.cards_html()))]


def _rounds() -> Part:
    """Return the app's rounds with the first seeds, and the texts of the score."""
    names = imagenet().names
    rounds = [list(map(_question, draw_questions(stored_pool(), names, seed))) for seed in range(ROUNDS)]
    ends = [wilson(right / PER_SEARCH, PER_SEARCH) for right in range(PER_SEARCH + 1)]
    intervals = [f"{100 * share.low:.0f} to {100 * share.high:.0f} %" for share in ends]
    return {
        "rounds": rounds,
        "intervals": intervals,
        "chance": CHANCE,
        "searches": list(SEARCHES),
        "buttons": {"other": judge.NEW_ROUND, "again": judge.SAME_ROUND, "save": judge.SAVE},
        "card": {
            "title": judge.TITLE,
            "caption": judge.caption(),
            "width": judge.WIDTH,
            "height": judge.HEIGHT,
            "margin": judge.MARGIN,
            "tile": judge.TILE,
            "gap": judge.GAP,
            "ink": judge.INK,
            "paper": judge.PAPER,
            "right": judge.RIGHT,
            "wrong": judge.WRONG,
        },
        "lesson": opening.lesson_html("beside"),
    }


def _question(question: Question) -> Part:
    names = imagenet().names
    return {
        "search": question.search,
        "picture": _judged(question.label, question.search),
        "options": [names[label] for label in question.options],
        "right": question.options.index(question.label),
    }


def _judge() -> list[Part]:
    return [{"kind": "judge", "rounds": JUDGED}, _html(f"<p>{html.escape(judge.about_the_classes())}</p>")]


def _wave() -> list[Part]:
    return [
        {"kind": "stripes", "data": {"value": list(WAVE), **pack_stripes(figures.car_under_stripes())}},
        _html(f"<h3>{figures.EVERY_WAVE}</h3><p>{html.escape(figures.about_the_maps())}</p>"),
        _maps("wave") | {"verdict": sentence_html(figures.verdict_on(WAVE))},
    ]


def _maps(name: str) -> Part:
    maps = figures.MAPS[name]
    data = {"value": list(maps.first), "outline": maps.outline(), **pack_maps(without_weights(maps.make()))}
    return {"kind": "maps", "data": data}


def _html(text: str) -> Part:
    return {"kind": "html", "html": text}


def _fast() -> list[Part]:
    return [_maps("fast"), _html(chart_html(figures.rings(figures.MAPS["fast"].first)))]


def _weather() -> list[Part]:
    chosen, rest = figures.ACCURACY
    title = f"<p><strong>{chosen}</strong>{rest}</p>"
    return [_html(figures.corrupted_pictures()), _html(title + chart_html(figures.accuracy_by_corruption()))]


def _hole() -> list[Part]:
    return [{"kind": "replay", "data": run_replay(figures.hole().runs, id="story.hole", cards=False, classes=False)}]


_FIGURES = {
    opening.ask_for_a_word: _opening,
    wall.wall: lambda: [_html(wall.wall_html())],
    judge.judge_drawings: _judge,
    figures.stripes_and_maps: _wave,
    figures.two_pictures: lambda: [{"kind": "mixer"}],  # the page itself includes the pairs
    figures.papers_maps: lambda: [_maps("slow")],
    figures.weakened_waves: _fast,
    figures.weather: _weather,
    figures.dips: lambda: [_maps("patches")],
    figures.filled_hole: _hole,
    figures.gradient_and_errors: lambda: [_maps("why")],
    figures.three_maps: lambda: [_maps("limits")],
}
_MORE = {limits: lambda: f"{far_from_clip()} CLIP itself runs in the full app."}
_BESIDE = {opening.ask_for_a_word: _any_word}
_BELOW = {opening.ask_for_a_word: _cards}
