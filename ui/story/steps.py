"""The story, step by step; what it says stands in `steps.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.claims.checks import CLIP_GRID
from core.claims.finding import Finding
from core.classifiers.registry import classifier_spec, short_title
from core.data.sample_sets import SAMPLE_SETS
from core.images.corruptions import CORRUPTIONS as CORRUPTION_ROWS
from core.runs.starts import STARTS
from core.runs.stored import TWINS
from ui.maps.presets import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.maps.views import MINUS_NEIGHBOURS
from ui.runs.setup.own_start import FIRST
from ui.runs.setup.settings import models_in_url
from ui.shared.url import link
from ui.story import figures, judge, opening, wall
from ui.story.step import ClaimEvidence, Link, Step
from ui.story.story_data import (
    STORED,
    WAVE,
    equally_strong,
    findings_by_claim,
    limits,
    other_networks,
    the_test,
    training,
)
from ui.tools.mixtures import KIND as MIXED_KIND
from ui.tools.mixtures import STORED as MIXED
from ui.tools.registry import CORRUPTIONS, GRADIENT, HYBRIDS


def _cell(i: int, j: int) -> tuple[str, str]:
    return "cell", f"{i},{j}"


def _frequency(*parameters: tuple[str, object]) -> Link:
    return Link("Try it →", link("frequency", *parameters))


def _models(page: str) -> list[tuple[str, str]]:
    return models_in_url(page, "cifar10", TWINS)


def _about(subject: str, reference: str, key: str, *shows: str) -> ClaimEvidence:
    return ClaimEvidence(lambda: findings_by_claim(subject, reference)[key], shows)


def _of_the_papers(key: str, *shows: str) -> ClaimEvidence:
    """The paper's own two networks, once a profile of CLIP brings this evidence."""

    def find() -> Finding | None:
        finding = findings_by_claim(CLIP, RESNET56)[key]
        return finding if {evidence.what for evidence in finding.evidence} >= {*shows} else None

    return ClaimEvidence(find, shows)


def _step(name: str, draw: Callable[[], object], link: Link | None, *claims: ClaimEvidence, **further: Any) -> Step:
    return Step(name, WORDS[name]["title"], WORDS[name]["text"], claims, draw, link, **further)


def named_step(slug: str) -> Step | None:
    """The step that a URL names, also one of an earlier version by its number; None where it names none."""
    former = {str(k): name for k, name in enumerate(FORMER, 1)}
    return next((step for step in STEPS if step.slug == former.get(slug, slug)), None)


# The ten steps of earlier versions, whose links name them by their numbers, from 1.
FORMER = ("volcano", "a-wave", "mixture", "slow", "fast", "weather", "patches", "hole", "why", "limits")
WORDS = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
CAR = ("pictures", "CIFAR-10"), ("picture", STORED["story"]["position"])
MINIS = ("maps", MINI_CLIP), ("maps", MINI_RESNET)
ROBUST = f"{short_title(classifier_spec(TWINS[1]).title)} · CIFAR-10 · computed"  # the map's label
PAPERS = "CLIP ViT-B/32", "ResNet-56", "difference"

STEPS = (
    _step("Volcano", opening.ask_for_a_word, None, beside=opening.any_word, below=opening.cards),
    _step(
        "Twins",
        wall.wall,
        Link(
            "Paint your own →",
            link(
                "generation",
                ("generation-start-from", STARTS["sketch"].label),
                ("generation-classes-cifar10", FIRST),
                *_models("generation"),
            ),
        ),
        ClaimEvidence(training, ("from blurs of no class",)),
    ),
    _step("Judge", judge.judge_drawings, None),
    _step("A wave", figures.stripes_and_maps, _frequency(*MINIS, _cell(*WAVE), *CAR)),
    _step(
        "Mixture",
        figures.two_pictures,
        _frequency(
            *MINIS,
            ("pictures", SAMPLE_SETS[MIXED_KIND].title),
            ("picture", MIXED["pairs"][0][0]),
            ("second", MIXED["pairs"][0][1]),
            ("cutoff", f"{MIXED['starts'][0]:g}"),
            ("tab", HYBRIDS),
        ),
        _about(MINI_CLIP, MINI_RESNET, "relies", "paired difference"),
        _of_the_papers("relies", "paired difference"),
    ),
    _step("Slow", figures.papers_maps, _frequency(("story", 1)), _about(CLIP, RESNET56, "low", *PAPERS)),
    _step(
        "Fast",
        figures.weakened_waves,
        _frequency(("maps", CLIP), ("maps", RESNET56), ("show", "Difference"), _cell(-14, -14)),
        _about(CLIP, RESNET56, "high", *PAPERS),
        more=equally_strong,
    ),
    _step(
        "Weather",
        figures.weather,
        _frequency(
            ("maps", MINI_CLIP),
            ("maps", ROBUST),
            ("tab", CORRUPTIONS),
            ("corruption", CORRUPTION_ROWS["contrast"].label),
            *CAR,
        ),
        _about(MINI_CLIP, MINI_RESNET, "contrast", "contrast changes", "high-frequency corruptions"),
    ),
    _step(
        "Patches",
        figures.dips,
        _frequency(("maps", CLIP), ("maps", RESNET56), ("show", MINUS_NEIGHBOURS), _cell(CLIP_GRID, CLIP_GRID)),
        _about(CLIP, RESNET56, "lattice", f"CLIP ViT-B/32 at multiples of {CLIP_GRID}", "ResNet-56"),
        more=the_test,
    ),
    _step(
        "Hole",
        figures.filled_hole,
        Link(
            "Fill your own →",
            link(
                "inpainting",
                ("inpainting-pictures", SAMPLE_SETS["cifar10"].title),
                ("inpainting-picture", SAMPLE_SETS["cifar10"].inpainted),
                *_models("inpainting"),
            ),
        ),
        more=other_networks,
    ),
    _step(
        "Why",
        figures.gradient_and_errors,
        _frequency(("maps", MINI_RESNET), ("tab", GRADIENT), _cell(*WAVE)),
        _about(MINI_RESNET, MINI_CLIP, "gradient", "rank correlation over 481 waves"),
    ),
    _step("Limits", figures.three_maps, Link("Models and data →", "models"), more=limits),
)
