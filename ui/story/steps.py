"""Steps of the story; their texts are in `steps.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from core.claims.checks import CLIP_GRID
from core.claims.features import DRAWN
from core.claims.finding import Verdict
from core.claims.hybrids import DIFFERENCE
from core.classifiers.registry import PAPERS_CLIP
from core.data.sample_sets import SAMPLE_SETS
from core.images.corruptions import CORRUPTIONS as CORRUPTION_ROWS
from core.runs.starts import STARTS
from ui.maps.presets import CLIP, RESNET56
from ui.maps.views import MINUS_NEIGHBOURS
from ui.runs.setup.own_start import FIRST
from ui.runs.setup.settings import models_in_url
from ui.shared.url import link
from ui.story import figures, judge, networks, opening, wall
from ui.story.step import ClaimEvidence, Link, Step
from ui.story.story_data import (
    STORED,
    WAVE,
    drawn_by_the_robust_twin,
    equally_strong,
    findings_by_claim,
    harmed_by_low_contrast,
    is_clear,
    limits,
    misled_by_one_stripe,
    other_networks,
    painted_by_the_robust_twin,
    the_test,
    training,
)
from ui.tools.mixtures import KIND as MIXED_KIND
from ui.tools.mixtures import STORED as MIXED
from ui.tools.registry import CORRUPTIONS, GRADIENT, HYBRIDS


def _cell(i: int, j: int) -> tuple[str, str]:
    return "cell", f"{i},{j}"


def _frequency(*parameters: tuple[str, object], show: Callable[[], Iterable[str]] = tuple) -> Callable[[], Link]:
    """Return a function that makes the link to *Frequencies*; show: returns the labels of its maps."""
    return lambda: Link("Try it →", link("frequency", *(("maps", label) for label in show()), *parameters))


def _labels(names: Callable[[], Sequence[str]]) -> Callable[[], list[str]]:
    return lambda: [networks.first_maps()[name].label for name in names()]


def _about(maps: Callable[[], Sequence[str]], key: str, *shows: str) -> ClaimEvidence:
    """Return a claim about two maps; maps: returns their labels."""
    return ClaimEvidence(lambda: findings_by_claim(*maps())[key], shows)


def _step(
    name: str,
    draw: Callable[[], object],
    opens: Callable[[], Link] | None,
    *claims: ClaimEvidence,
    names: Callable[[], Sequence[str]] = tuple,
    holds: Callable[[], bool] = lambda: True,
    **further: Any,
) -> Step:
    """Return a step; names: returns the names in its texts; holds: returns whether the data support its title."""

    def texts() -> tuple[str, str]:
        usual = WORDS[name]
        row = usual if holds() else {**usual, **usual.get("otherwise", {})}
        return row["title"].format(*names()), row["text"].format(*names())

    return Step(name, texts, claims, draw, opens, **further)


def named_step(slug: str) -> Step | None:
    """Return the step of a URL's slug; None if there is none."""
    return next((step for step in STEPS if step.slug == slug), None)


WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
CAR = ("pictures", "CIFAR-10"), ("picture", STORED["story"]["position"])
PAPERS = "CLIP ViT-B/32", "ResNet-56", "difference"


def _papers() -> tuple[str, str]:
    return CLIP, RESNET56


def _titles(names: Callable[[], Sequence[str]]) -> Callable[[], list[str]]:
    return lambda: networks.titles(names())


def _twins_and_clip() -> list[str]:
    return [*networks.corrupted_twins(), *networks.beside_the_twins()]


def _steep_and_other() -> tuple[str, str]:
    """Return the labels of the map compared with its network's gradient, and of another network's."""
    steep, maps = networks.gradient_map(), networks.first_maps()
    return steep.label, next(maps[name].label for name in networks.on_mixtures() if name != steep.classifier)


def _paint_your_own() -> Link:
    sketch = ("generation-start-from", STARTS["sketch"].label), ("generation-classes-cifar10", FIRST)
    chosen = models_in_url("generation", "cifar10", networks.drawing_twins())
    return Link("Paint your own →", link("generation", *sketch, *chosen))


def _fill_your_own() -> Link:
    row = networks.SMALL
    picture = ("inpainting-pictures", row.title), ("inpainting-picture", row.inpainted)
    chosen = models_in_url("inpainting", row.class_set, networks.hole_networks())
    return Link("Fill your own →", link("inpainting", *picture, *chosen))


STEPS = (
    _step(
        "Volcano",
        opening.ask_for_a_word,
        None,
        names=opening.painter_titles,
        holds=opening.is_stored_pool,
        beside=opening.any_word,
        below=opening.cards,
    ),
    _step(
        "Twins",
        wall.wall,
        _paint_your_own,
        ClaimEvidence(training, (DRAWN["classless"],)),
        names=_titles(networks.drawing_twins),
        holds=drawn_by_the_robust_twin,
    ),
    _step("Judge", judge.judge_drawings, None, names=judge.painter_titles),
    _step(
        "A wave",
        figures.stripes_and_maps,
        _frequency(_cell(*WAVE), *CAR, show=_labels(networks.on_one_picture)),
        names=_titles(networks.on_one_picture),
        holds=misled_by_one_stripe,
    ),
    _step(
        "Mixture",
        figures.two_pictures,
        _frequency(
            ("pictures", SAMPLE_SETS[MIXED_KIND].title),
            ("picture", MIXED["pairs"][0][0]),
            ("second", MIXED["pairs"][0][1]),
            ("cutoff", f"{MIXED['starts'][0]:g}"),
            ("tab", HYBRIDS),
            show=_labels(networks.on_mixtures),
        ),
        _about(_labels(networks.on_mixtures), "relies", DIFFERENCE),
        names=_titles(networks.on_mixtures),
        holds=lambda: is_clear(_labels(networks.on_mixtures)(), "relies", DIFFERENCE, -1),
    ),
    _step("Slow", figures.papers_maps, _frequency(("story", 1)), _about(_papers, "low", *PAPERS)),
    _step(
        "Fast",
        figures.weakened_waves,
        _frequency(("show", "Difference"), _cell(-14, -14), show=_papers),
        _about(_papers, "high", *PAPERS),
        more=equally_strong,
    ),
    _step(
        "Weather",
        figures.weather,
        _frequency(
            ("tab", CORRUPTIONS), ("corruption", CORRUPTION_ROWS["contrast"].label), *CAR, show=_labels(_twins_and_clip)
        ),
        _about(networks.twin_and_other, "contrast", "contrast changes", "high-frequency corruptions"),
        names=_titles(networks.corrupted_twins),
        holds=harmed_by_low_contrast,
    ),
    _step(
        "Patches",
        figures.dips,
        _frequency(("show", MINUS_NEIGHBOURS), _cell(CLIP_GRID, CLIP_GRID), show=_papers),
        _about(_papers, "lattice", f"CLIP ViT-B/32 at multiples of {CLIP_GRID}", "ResNet-56"),
        more=the_test,
    ),
    _step(
        "Hole",
        figures.filled_hole,
        _fill_your_own,
        names=_titles(networks.hole_networks),
        holds=painted_by_the_robust_twin,
        more=other_networks,
    ),
    _step(
        "Why",
        figures.gradient_and_errors,
        _frequency(("tab", GRADIENT), _cell(*WAVE), show=lambda: _steep_and_other()[:1]),
        _about(_steep_and_other, "gradient", "rank correlation over 481 waves"),
        names=lambda: [networks.gradient_map().name],
        holds=lambda: findings_by_claim(*_steep_and_other())["gradient"].verdict in (Verdict.HOLDS, Verdict.IN_PART),
    ),
    _step(
        "Limits",
        figures.three_maps,
        lambda: Link("Models and data →", "models"),
        names=lambda: networks.titles([PAPERS_CLIP]),
        holds=lambda: networks.computed_map(PAPERS_CLIP) is None,
        more=limits,
    ),
)
