"""Settings of a run: networks, searches, steps, lambda, shared by *Fill a hole* and *Draw*; and how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import ClassifierSpec, bundled_specs, classifier_title
from core.pgd.examples import first_searches
from core.pgd.plan import RunPlan
from core.pgd.search import PAPERS, QUICK, SEARCHES, Search, leading
from core.pgd.settings import (
    PENALTIES,
    SETTINGS,
    Penalty,
    PGDConfig,
    RunKind,
    Setting,
    quick_settings,
    usual_settings,
)
from core.shared.roles import networks_for
from ui.server.cache import ready_classifiers
from ui.server.limits import limits
from ui.shared import url
from ui.shared.page import explain_on_page
from ui.shared.url import settable_in_url

MAX_CLASSIFIERS = 2
LAST_SEED = 999_999
RUN_STEPS = 2000  # at most
# Seconds per gradient and pixel of a bundled network, before any run on this server: about 2 ms for a picture of
# 32 x 32 on two cores.
FIRST_GUESS = 2e-6
# Likewise for full-size networks: 40 ms for a step of 224 x 224 on two idle cores.
FULL_SIZE = {"efficientnet-lite0": 8e-7}
QUICK_PACE, FULL_PACE = "quick", "full"


@dataclass(frozen=True, kw_only=True)
class Widget:
    """Number input of a setting.

    parameter: in URLs, after the page's name. low, high, step: of the widget; of scaled settings in units of the
    paper's step. digits: the widget's format.
    """

    parameter: str
    low: float = 0
    high: float = 1000
    step: float = 1
    digits: str | None = None


# The settings that pages offer, in display order, by name.
WIDGETS = {
    "steps": Widget(parameter="steps", low=1, high=RUN_STEPS, step=20),
    "step_size": Widget(parameter="step", low=0.01, step=0.25, digits="%.4f"),
    "epsilon": Widget(parameter="epsilon", low=0.1, step=20, digits="%.3f"),
    "weight": Widget(parameter="lambda"),
}
OFFERED: dict[str, Penalty] = {row.label: penalty for penalty, row in PENALTIES.items() if row.offered}


def choose_networks(page: RunKind, class_set: str) -> tuple[ClassifierSpec, ...]:
    """Draw the choice of one or two classifiers, by default the paper's contrast if ready; return them in order."""
    if not (ready := ready_classifiers(class_set)):
        return ()
    by_title = {spec.title: spec for spec in ready}
    titles = st.multiselect(
        "Networks (one or two)",
        list(by_title),
        default=first_choice(ready),
        max_selections=MAX_CLASSIFIERS,
        key=f"{page}-models-{class_set}",
        bind="query-params",
    )
    return tuple(by_title[title] for title in titles)


@dataclass(frozen=True, kw_only=True)
class RunSettings:
    """Choices for a run. weight: lambda of Eq. 3. penalty: its factor."""

    config: PGDConfig
    seed: int
    weight: float
    penalty: Penalty


def choose_searches(page: str, size: int) -> tuple[Search, ...]:
    """Draw the choice of searches and return none, one or both; by default the first searches of this size."""
    chosen = st.pills(
        "Search",
        [search.title for search in SEARCHES.values()],
        selection_mode="multi",
        default=[SEARCHES[search].title for search in first_searches(size)],
        key=f"{page}-search-{size}",
        bind="query-params",
        help=" ".join(
            f"*{search.title}*: must convince {search.convinces}; {search.steps}." for search in SEARCHES.values()
        )
        + " All searches have the same start, steps and budget.",
    )
    return tuple(name for name, search in SEARCHES.items() if search.title in chosen)


def models_in_url(page: str, class_set: str, names: Sequence[str]) -> list[tuple[str, str]]:
    """Return the parameters of a link to a page with these classifiers chosen."""
    return [(f"{page}-models-{class_set}", classifier_title(name)) for name in names]


def first_choice(ready: Sequence[ClassifierSpec]) -> list[str]:
    """Return the titles of the first complete contrast, else of the first classifier."""
    titles = {spec.name: spec.title for spec in ready}
    return [titles[name] for name in networks_for("contrast", titles)] or list(titles.values())[:1]


def choose_penalty(page: str) -> Penalty:
    """Draw the choice of penalty on changes outside the hole and return it; by default Eq. 3, minimised."""
    parameter = f"{page}-penalty"
    rules = " ".join(f"*{label}*: {PENALTIES[penalty].rule}" for label, penalty in OFFERED.items())
    return OFFERED[_radio("Change outside the hole", parameter, {label: label for label in OFFERED}, help=rules)]


def run_settings(
    container: DeltaGenerator,
    page: RunKind,
    size: int,
    hole_size: float | None,
    searches: Sequence[Search],
) -> RunSettings:
    """Draw the settings and return them: the paper's, scaled, or those of the search by views, with any changes.

    Args:
        size: of the picture in pixels. hole_size: as `hole` in `usual_settings`.
        searches: the chosen ones, which share the defaults of the leading one, to be compared with the same steps and
            budget.
    """
    search, unit = leading(searches), usual_settings(page, size, hole_size)["step_size"]
    full = usual_settings(page, size, hole_size, search)
    with container:
        longest = f"A run takes at most {RUN_STEPS:,} steps and {limits().run_seconds / 60:,.0f} minutes."
        origin = "the paper’s" if search == PAPERS else f"those of {SEARCHES[search].title}, for all searches"
        loss = " The loss is Eq. 3." if "weight" in full else ""
        about = f"These settings are {origin}, scaled to the picture’s side.{loss} {longest}"
        st.html(f'<p class="prose">{explain_on_page(about, "settings", "Eq. 3")}</p>')
        with st.container(horizontal=True, gap="large"):
            penalty = choose_penalty(page) if "weight" in full else "eq3"
            usuals = _paced(page, full)
        columns, chosen = st.columns(2), dict(usuals)
        for k, row in enumerate(_offered(full)):
            chosen[row.name] = _widget(columns[k % 2], row, usuals, _key(row, page, size), unit)
        about = "The same seed gives the same random start and the same views."
        number = partial(columns[1].number_input, "Random seed", 0, LAST_SEED, help=about)
        seed = number_in_url(f"{page}-seed", number, 0, 0, LAST_SEED)
        if SEARCHES[search].by_views:
            with st.container(horizontal=True, gap="large"):
                chosen["views"] = full["views"].only(**_ingredients(page))
    weight = chosen.pop("weight", 0.0)
    return RunSettings(config=PGDConfig(**chosen), seed=seed, weight=weight, penalty=penalty)


# The ingredients of the search by views, each a switch: its name as an argument of `Views.only`, label and help.
_INGREDIENTS = {
    "views": ("Random views", "Off: each step follows the gradient at the picture itself."),
    "natural": ("Natural steps", "On: steps have the spectrum and the colours of natural pictures. Off: plain steps."),
}


def _ingredients(page: str) -> dict[str, bool]:
    """Draw the two switches of the search by views, which make it the paper's if both are off; return them."""
    return {name: _switch(f"{page}-{name}", label, about) for name, (label, about) in _INGREDIENTS.items()}


def _switch(key: str, label: str, about: str) -> bool:
    """Draw a switch that is on by default; return it."""
    return settable_in_url(
        key,
        lambda name, value: st.toggle(label, value, key=name, help=about),
        True,
        {"on": True, "off": False}.get,
        lambda value: "on" if value else "off",
    )


def _radio(label: str, key: str, titles: Mapping[str, str], help: str) -> str:
    """Draw a choice of options, by default the first, and return the chosen one. titles: of the options."""
    options = list(titles)
    return settable_in_url(
        key,
        lambda name, value: st.radio(
            label, options, options.index(value), titles.__getitem__, name, help, horizontal=True
        ),
        options[0],
        lambda text: text if text in titles else None,
    )


def _paced(page: str, full: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the default settings with the visitor's choice of all or fewer steps."""
    if (quick := quick_settings(full)) is None:
        return full
    titles = {QUICK_PACE: f"Fewer, longer steps ({quick['steps']:,})", FULL_PACE: f"All steps ({full['steps']:,})"}
    return full if _radio("Steps by default", f"{page}-views-pace", titles, help=QUICK) == FULL_PACE else quick


def _offered(paper: Mapping[str, Any]) -> list[Setting]:
    return [SETTINGS[name] for name in WIDGETS if name in paper]


def _key(row: Setting, page: str, size: int) -> str:
    """Return a setting's key in the session and in the URL."""
    return f"{page}-{WIDGETS[row.name].parameter}{f'-{size}' if row.scaled else ''}"


def _widget(container: DeltaGenerator, row: Setting, usuals: Mapping[str, Any], key: str, length: float) -> Any:
    """Draw a setting; return its value. length: the paper's step size, the unit of scaled settings' widgets."""
    widget, number_type, unit = WIDGETS[row.name], int if row.whole else float, length if row.scaled else 1
    low, high, step = number_type(widget.low * unit), number_type(widget.high * unit), number_type(widget.step * unit)
    usual = usuals[row.name]
    number = partial(
        container.number_input, row.label, low, high, step=step, format=widget.digits, help=row.help or None
    )
    return number_in_url(key, number, usual, low, high)


def number_in_url(key: str, number: Callable[..., Any], usual: float, low: float, high: float) -> Any:
    """Draw a number stored in the URL; return it. number: draws it, given `value` and `key`."""
    parse = url.real(low, high)

    def read(text: str) -> Any:
        value = parse(text)
        return None if value is None else type(usual)(value)

    return settable_in_url(key, lambda name, value: number(value=value, key=name), usual, read)


@cache
def _paces() -> dict[tuple[str, ...], float]:
    """Return the seconds per gradient and pixel of runs on this server, keyed by the names of their networks."""
    return {}


def remember_pace(
    plan: RunPlan, names: Sequence[str], searches: Sequence[Search], seconds_per_step: float | None
) -> None:
    """Record the pace of an ended run for estimates of later runs of these networks.

    Only the best pace is kept: a slow one reflects other load on the server.
    """
    if seconds_per_step:
        pace, paces = seconds_per_step / _pixels_per_step(plan, searches), _paces()
        paces[tuple(names)] = min(pace, paces.get(tuple(names), pace))


def expected_seconds(plan: RunPlan, names: Sequence[str], searches: Sequence[Search]) -> float | None:
    """Return the expected seconds of a run; None for networks of unknown pace."""
    guesses = {**dict.fromkeys(bundled_specs(), FIRST_GUESS), **FULL_SIZE}
    if not names or not set(names) <= guesses.keys():
        return None
    pace = _paces().get(tuple(names), sum(guesses[name] for name in names))
    return pace * _pixels_per_step(plan, searches) * plan.config.steps


def _pixels_per_step(plan: RunPlan, searches: Sequence[Search]) -> int:
    """Return the number of pixels at which a network's gradients are computed in each step: of all images and views."""
    images, _, height, width = plan.start.shape
    views = [plan.with_search(search).config.views for search in searches if SEARCHES[search].by_views]
    gradients = len(searches) - len(views) + sum(max(1, each.count) for each in views if each is not None)
    return gradients * images * height * width
