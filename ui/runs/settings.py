"""Settings of a run: networks, methods, steps, lambda, shared by *Fill a hole* and *Paint*; and how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.classifiers.registry import ClassifierSpec, bundled_specs, classifier_title
from core.pgd.examples import first_methods
from core.pgd.links import FULL_PACE, QUICK_PACE, number_parameter
from core.pgd.methods import METHODS, MethodName, check_method, leading
from core.pgd.plan import RunPlan
from core.pgd.settings import FIELDS, PENALTIES, QUICK, Field, Penalty, PGDConfig, Task, defaults, has_quick
from core.shared import paper
from core.shared.roles import networks_for
from ui.server.cache import ready_classifiers
from ui.server.limits import limits
from ui.shared import url
from ui.shared.page import explain_on_page
from ui.shared.url import settable_in_url

MAX_CLASSIFIERS = 2
LAST_SEED = 999_999
RUN_STEPS = int(FIELDS["steps"].widget[1])  # at most
# Seconds per gradient and pixel of a bundled network, before any run on this server: about 2 ms for a picture of
# 32 x 32 on two cores.
FIRST_GUESS = 2e-6
# Likewise for full-size networks: 40 ms for a step of 224 x 224 on two idle cores.
FULL_SIZE = {"efficientnet-lite0": 8e-7}
OFFERED: dict[str, Penalty] = {row.label: penalty for penalty, row in PENALTIES.items() if row.offered}


def choose_networks(page: Task, class_set: str) -> tuple[ClassifierSpec, ...]:
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


def choose_methods(page: str, size: int) -> tuple[MethodName, ...]:
    """Draw the choice of methods and return them; by default the first methods of this image size."""

    def choose(name: str, value: tuple[MethodName, ...]) -> tuple[MethodName, ...]:
        chosen = st.pills(
            "Method",
            list(METHODS),
            selection_mode="multi",
            default=value,
            format_func=lambda method: METHODS[method].title,
            key=name,
            help=" ".join(f"*{row.title}*: {row.steps}." for row in METHODS.values())
            + " All methods have the same start, steps and budget.",
        )
        return tuple(method for method in METHODS if method in chosen)

    def read(text: str) -> tuple[MethodName, ...] | None:
        with suppress(ValueError):
            return tuple(check_method(name) for name in text.split(","))
        return None

    return settable_in_url(f"{page}-method-{size}", choose, first_methods(size), read, ",".join)


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
    page: Task,
    size: int,
    hole_size: float | None,
    methods: Sequence[MethodName],
    start: str = "",
) -> RunSettings:
    """Draw the settings and return them: the leading method's defaults, scaled, with any changes.

    Args:
        size: of the image in pixels. hole_size, start: as in `defaults`.
        methods: the chosen ones, to be compared with the same steps and budget.
    """
    method, unit = leading(methods), defaults(page, size, hole_size=hole_size).step_size
    with container:
        longest = f"A run takes at most {RUN_STEPS:,} steps and {limits().run_seconds / 60:,.0f} minutes."
        origin = "the paper’s" if method == "paper" else f"those of “{METHODS[method].title}”"
        loss = " The loss is Eq. 3." if page == "inpainting" else ""
        about = f"All methods use these settings: {origin}, scaled to the picture’s size.{loss} {longest}"
        st.html(f'<p class="prose">{explain_on_page(about, "settings", "Eq. 3")}</p>')
        with st.container(horizontal=True, gap="large"):
            penalty = choose_penalty(page) if page == "inpainting" else "eq3"
            quick = _choose_pace(page, size, method, start)
        usual = defaults(page, size, method, start=start, hole_size=hole_size, quick=quick)
        values = {**vars(usual), **({"weight": paper.PENALTY_WEIGHT} if page == "inpainting" else {})}
        offered = [field for field in FIELDS.values() if field.parameter and field.name in values]
        columns, chosen = st.columns(2), dict[str, Any]()
        for k, field in enumerate(offered):
            chosen[field.name] = _number_box(columns[k % 2], field, values[field.name], page, size, unit)
        about = "The same seed gives the same random start and the same views."
        number = partial(columns[1].number_input, "Random seed", 0, LAST_SEED, help=about)
        seed = number_in_url(f"{page}-seed", number, 0, 0, LAST_SEED)
    weight = chosen.pop("weight", paper.PENALTY_WEIGHT)
    return RunSettings(config=replace(usual, **chosen), seed=seed, weight=weight, penalty=penalty)


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


def _choose_pace(page: Task, size: int, method: MethodName, start: str) -> bool:
    """Draw the choice of fewer or all steps by default, if they differ; return True for fewer."""
    if not has_quick(size, method):
        return False
    few, all_steps = (defaults(page, size, method, start=start, quick=quick).steps for quick in (True, False))
    titles = {QUICK_PACE: f"Fewer, longer steps ({few:,})", FULL_PACE: f"All steps ({all_steps:,})"}
    return _radio("Quick or thorough", f"{page}-pace", titles, help=QUICK) == QUICK_PACE


def _number_box(container: DeltaGenerator, field: Field, usual: Any, page: Task, size: int, unit: float) -> Any:
    """Draw a field's number box; return its value. unit: the paper's step size, for scaled fields."""
    key = number_parameter(page, field, size)
    number_type, scale = int if field.whole else float, unit if field.scaled else 1
    low, high, step = (number_type(value * scale) for value in field.widget)
    number = partial(
        container.number_input, field.label, low, high, step=step, format=field.digits, help=field.help or None
    )
    return number_in_url(key, number, usual, low, high)


def number_in_url(key: str, number: Callable[..., Any], usual: float, low: float, high: float) -> Any:
    """Draw a number stored in the URL; return it. number: draws it, given `value` and `key`."""
    parse = url.real(low, high)

    def read(text: str) -> Any:
        value = parse(text)
        return None if value is None else type(usual)(value)

    return settable_in_url(key, lambda name, value: number(value=value, key=name), usual, read)


SLOWDOWN = 4  # at most: one run on a busy machine says little of the next


@cache
def _paces() -> dict[tuple[str, ...], tuple[float, float]]:
    """Return the seconds per gradient and pixel of the fastest run on this server, and of the last, by their networks'
    names.
    """
    return {}


def remember_pace(
    plan: RunPlan, names: Sequence[str], methods: Sequence[MethodName], seconds_per_step: float | None
) -> None:
    """Record the pace of an ended run for estimates of later runs of these networks."""
    if seconds_per_step:
        pace, paces = seconds_per_step / _pixels_per_step(plan, methods), _paces()
        best, _ = paces.get(tuple(names), (pace, pace))
        paces[tuple(names)] = min(pace, best), pace


def expected_seconds(plan: RunPlan, names: Sequence[str], methods: Sequence[MethodName]) -> float | None:
    """Return the expected seconds of a run, at the pace of the last one; None for networks of unknown pace."""
    guesses = {**dict.fromkeys(bundled_specs(), FIRST_GUESS), **FULL_SIZE}
    if not names or not set(names) <= guesses.keys():
        return None
    guess = sum(guesses[name] for name in names)
    best, last = _paces().get(tuple(names), (guess, guess))
    return min(last, SLOWDOWN * best) * _pixels_per_step(plan, methods) * plan.config.steps


def _pixels_per_step(plan: RunPlan, methods: Sequence[MethodName]) -> int:
    """Return the number of pixels at which a network's gradients are computed in each step: of all images and views."""
    images, _, height, width = plan.start.shape
    views = [plan.with_method(method).config.method.views for method in methods]
    gradients = sum(1 if row is None else row.count for row in views)
    return gradients * images * height * width
