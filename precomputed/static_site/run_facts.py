"""Facts for runs and drawings in the browser: classes, holes, networks, starts and settings."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from core.data.classes import CIFAR10
from core.data.sample_sets import SAMPLE_SETS
from core.data.statistics.natural_pixels import natural_pixels
from core.images.masks import square_side, usual_side
from core.images.sketch import PALETTE, SKETCHES, draw_sketch
from core.images.square import to_uint8
from core.pgd.config import PGDConfig
from core.pgd.settings import SETTINGS, RunKind, paper_settings, quick_settings, usual_settings
from core.pgd.view_settings import SEARCHES, Search
from core.runs.examples import first_searches
from core.runs.starts import STARTS, StartKind, draw_starts
from core.shared.roles import networks_for
from precomputed.graph_weights import NETWORKS
from ui.pages.generation import offered_starts
from ui.runs.setup.settings import about_settings, number_range
from ui.server.limits import limits

SETS = {32: "cifar10", 224: "photographs"}  # sample set by the networks' picture side in pixels
KINDS: tuple[RunKind, ...] = ("inpainting", "generation")
LARGE_STARTS: tuple[StartKind, ...] = ("grey", "picture")  # no start of this side is stored


def set_facts(side: int, name: str) -> dict[str, Any]:
    """Return the facts for runs on pictures of a side: classes, holes, and settings by kind and search."""
    row = SAMPLE_SETS[name]
    starts = [kind for kind in offered_starts(row) if side == 32 or kind in LARGE_STARTS]
    return {
        "name": name,
        "title": row.drawn_title,
        "classes": list(row.classes.names),
        "drawn": row.drawn[0] if row.drawn else row.classes.names[0],
        "inpainted": row.first if side == 32 else row.inpainted,
        "holes": row.holes,
        "hole": usual_side(side),
        "papersHole": square_side(side),
        "squares": sorted({square_side(side), usual_side(side)}),
        "searches": first_searches(side),
        "painters": _first(side, "contrast"),
        "predictors": _first(side, "comparison"),
        "starts": {kind: STARTS[kind].label for kind in starts},
        "settings": {kind: {search: _settings(kind, side, search) for search in SEARCHES} for kind in KINDS},
        "numbers": {kind: _numbers(kind, side) for kind in KINDS},
    }


def _first(side: int, role: str) -> list[str]:
    """Return the networks that a page opens with: a role's preferred ones here, else the preferred painter."""
    here = [name for name in NETWORKS if NETWORKS[name] == side]
    return list(networks_for(role, here) or networks_for("painter", here) or here[:1])


def _numbers(kind: RunKind, side: int) -> list[dict[str, Any]]:
    """Return the numbers that a visitor may change, with the ranges of the app's widgets."""
    usual = paper_settings(kind, side)
    return [
        {
            "name": name,
            "label": row.label,
            "help": row.help,
            "range": number_range(row, usual["step_size"]),
            "digits": int(row.digits[2]) if row.digits else None,
        }
        for name, row in SETTINGS.items()
        if name in usual and row.parameter and not row.choices
    ]


def _settings(kind: RunKind, side: int, search: Search) -> list[dict[str, Any]]:
    """Return the available settings of a run, the default first, each with its label, text and configuration."""
    usual = usual_settings(kind, side, search=search)
    quick = quick_settings(usual)
    offered = {f"Full ({usual['steps']:,})": usual}
    if quick is not None:
        offered = {f"Quick ({quick['steps']:,})": quick, **offered}
    about = f"{about_settings(kind, search == 'views')} A run takes at most {limits().run_steps:,} steps."
    return [
        {"label": label, "about": about, "weight": settings.get("weight", 0), "config": _config(settings)}
        for label, settings in offered.items()
    ]


def _config(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as JSON, including the colours for steps by views."""
    config = PGDConfig(**{name: value for name, value in settings.items() if name != "weight"})
    colors = config.views and natural_pixels().covariance_power(config.views.colors).tolist()
    return config.to_json() | ({"colors": colors} if colors else {})


STARTS_DRAWN: tuple[StartKind, ...] = ("blur", "classless", "independent")
DRAWS = 4  # stored starts per kind and class


def _draws(kind: StartKind, class_name: str) -> np.ndarray:
    """Return the stored starts, the app's with seed 0."""
    return draw_starts([class_name], DRAWS, SETS[32], 0, kind)


def start_facts() -> dict[str, Any]:
    """Return the starts of drawings: stored draws by kind and class, and the bundled sketches; pixels in base64."""
    drawn = {
        kind: {name: [_packed(to_uint8(start)) for start in _draws(kind, name)] for name in CIFAR10.names}
        for kind in STARTS_DRAWN
    }
    sketches = {name: _packed(draw_sketch(name)) for name in SKETCHES}
    palette = [[name, "#{:02x}{:02x}{:02x}".format(*colour)] for name, colour in PALETTE.items()]
    return {"drawn": drawn, "sketches": sketches, "palette": palette}


def start_pictures() -> dict[str, str]:
    """Return nothing: the app no longer shows distributions of starts."""
    return {}


def _packed(picture: np.ndarray) -> str:
    """Return the bytes of a uint8 (H, W, 3) picture."""
    return base64.b64encode(picture.tobytes()).decode()
