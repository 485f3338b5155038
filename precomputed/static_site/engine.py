"""The page's engine: onnxruntime-web, installed by npm and checked, and the networks' graphs and weights."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import numpy as np

from core.classifiers.registry import classifier_spec, classifier_title, short_title, trained_for
from core.data.classes import CIFAR10
from core.data.provenance import VERSION
from core.data.sample_sets import SAMPLE_SETS
from core.data.statistics.natural_pixels import FAINT, PINK, natural_pixels
from core.images.masks import square_side, square_sides, usual_side
from core.images.sketch import PALETTE, SKETCHES, draw_sketch
from core.images.square import to_uint8
from core.pgd.config import PGDConfig
from core.pgd.penalties import PENALTIES
from core.pgd.settings import SEARCH_WORDS, SETTINGS, RunKind, paper_settings, quick_settings, usual_settings
from core.pgd.view_settings import SEARCHES, Search
from core.runs.examples import first_searches
from core.runs.file import SURE
from core.runs.starts import STARTS, StartKind, draw_starts
from core.shared import paper
from core.shared.roles import INSTEAD, networks_for
from precomputed.graph_weights import GRAPH_NAMES, GRAPHS, NETWORKS, graph_facts, packed_weights
from precomputed.static_site.bundle import RUNTIME, WORKER, bundled, install
from precomputed.static_site.packs import planes
from ui.maps.models import Predictor, model_colour
from ui.maps.predictions.prediction_table import COUNTED, FLIPS, WAITS
from ui.runs.run_sentences import PATTERNS, SSIM
from ui.runs.setup.settings import FILLS, SEARCH_TITLES, about_settings, max_steps, number_range
from ui.shared.pictures import samples

LICENSE = RUNTIME / "LICENSE.txt"
_DIST = RUNTIME / "node_modules" / "onnxruntime-web" / "dist"
# sha256 of the two shipped files, for the version in package.json: plain WebAssembly, one thread.
FILES = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
SETS = {32: "cifar10", 224: "photographs"}  # sample set by the networks' picture side in pixels
KINDS: tuple[RunKind, ...] = ("inpainting", "generation")
OFFERED = [name for name, penalty in PENALTIES.items() if penalty.offered]
STARTS_OFFERED: dict[int, tuple[StartKind, ...]] = {
    32: ("blur", "independent", "sketch", "picture"), 224: ("grey", "picture")
}  # fmt: skip
HALF = {"efficientnet-lite0"}  # networks with 16-bit weights (docs/browser.md)


def runtime_packs() -> dict[str, bytes]:
    """Return the worker's script, which includes onnxruntime-web, and its WebAssembly.

    Raises:
        RuntimeError: it cannot be installed, or differs from `FILES`.
    """
    install()
    _, wasm = (_checked(name) for name in FILES)
    return {"worker": bundled(WORKER), "wasm": wasm}


def _checked(name: str) -> bytes:
    data = (_DIST / name).read_bytes()
    if (digest := hashlib.sha256(data).hexdigest()) != FILES[name]:
        raise RuntimeError(f"{name} has sha256 {digest}, expected {FILES[name]}; delete {RUNTIME / 'node_modules'}")
    return data


def network_packs() -> dict[str, bytes]:
    """Return each classifier's graphs and weights. Equal graphs, such as those of twins, are included once."""
    packs = {}
    for name in NETWORKS:
        facts, weights = graph_facts()[name], np.frombuffer(packed_weights(name), "<f4")
        if name in HALF:
            weights = weights.astype("<f2")
        packs[f"{name}.weights"] = planes(weights)
        for graph in GRAPH_NAMES:
            packs[graph_pack(facts, graph)] = (GRAPHS / name / f"{graph}.onnx").read_bytes()
    return packs


def graph_pack(facts: dict[str, Any], graph: str) -> str:
    """Return the name of a graph's pack."""
    return f"{graph}.{facts['files'][graph][:12]}"


def engine_facts() -> dict[str, Any]:
    """Return the page's facts about networks, classes and settings."""
    return {
        "networks": {
            name: {
                "title": classifier_title(name),
                "about": trained_for(name),
                "colour": model_colour(name),
                "instead": _instead(name),
                "side": side,
                "bytes": 2 if name in HALF else 4,
                "facts": {**facts["classifier"], "template": paper.TEMPLATE if "clip" in name else None},
                "graphs": {graph: graph_pack(facts, graph) for graph in GRAPH_NAMES},
            }
            for name, side, facts in ((name, side, graph_facts()[name]) for name, side in NETWORKS.items())
        },
        "sets": {side: _set_facts(side, name) for side, name in SETS.items()},
        "penalties": {name: {"label": PENALTIES[name].label, "rule": PENALTIES[name].rule} for name in OFFERED},
        "fills": FILLS,
        "searches": {name: {"title": SEARCH_TITLES[name], "words": SEARCH_WORDS[name]} for name in SEARCHES},
        "weight": paper.PENALTY_WEIGHT,
        "natural": {
            "mean": natural_pixels().mean.tolist(), "colors": natural_pixels().covariance_power(0.5).tolist(),
            "spectrum": PINK, "deviation": FAINT,
        },
        "sure": SURE,
        "version": VERSION,
        "sentences": PATTERNS | {"ssim": SSIM},
        "flips": {"head": FLIPS, "count": COUNTED, "waits": WAITS, "total": len(samples(SETS[32]))},
    }  # fmt: skip


def _instead(name: str) -> dict[str, str]:
    """Return the note on a network that predicts beside another one's map, by the other's name."""
    spec = classifier_spec(name)
    return {
        other: Predictor(spec, short_title(classifier_title(other))).note
        for other, stand_in in INSTEAD.items()
        if stand_in == name
    }


def _set_facts(side: int, name: str) -> dict[str, Any]:
    """Return the facts for runs on pictures of a side: classes, holes, and settings by kind and search."""
    row = SAMPLE_SETS[name]
    return {
        "name": name,
        "title": row.drawn_title,
        "classes": list(row.classes.names),
        "drawn": row.drawn[0] if row.drawn else row.classes.names[0],
        "inpainted": row.first if side == 32 else row.inpainted,
        "holes": row.holes,
        "hole": usual_side(side),
        "papersHole": square_side(side),
        "squares": sorted(square_sides(side)),
        "searches": first_searches(side),
        "painters": _first(side, "contrast"),
        "predictors": _first(side, "comparison"),
        "starts": {kind: {"label": STARTS[kind].label, "source": STARTS[kind].source} for kind in STARTS_OFFERED[side]},
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
            "range": number_range(row, kind, usual["step_size"]),
            "scaled": row.scaled == "hole",
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
    about = f"{about_settings(kind, search == 'views')} A run may have {max_steps(kind):,} steps."
    return [
        {"label": label, "about": about, "weight": settings.get("weight", 0), "config": _config(settings)}
        for label, settings in offered.items()
    ]


def _config(settings: dict[str, Any]) -> dict[str, Any]:
    """Return settings as JSON, including the colours for steps by views."""
    config = PGDConfig(**{name: value for name, value in settings.items() if name != "weight"})
    colors = config.views and natural_pixels().covariance_power(config.views.colors).tolist()
    return config.to_json() | ({"colors": colors} if colors else {})


STARTS_DRAWN: tuple[StartKind, ...] = ("blur", "independent")
DRAWS = 4  # stored starts per kind and class


def start_facts() -> dict[str, Any]:
    """Return the starts of drawings: stored draws by kind and class, and the bundled sketches; pixels in base64."""
    drawn = {
        kind: {
            name: [_packed(to_uint8(start)) for start in draw_starts([name], DRAWS, "cifar10", 0, kind)]
            for name in CIFAR10.names
        }
        for kind in STARTS_DRAWN
    }
    sketches = {name: _packed(draw_sketch(name)) for name in SKETCHES}
    palette = [[name, "#{:02x}{:02x}{:02x}".format(*colour)] for name, colour in PALETTE.items()]
    return {"drawn": drawn, "sketches": sketches, "palette": palette}


def _packed(picture: np.ndarray) -> str:
    """Return the bytes of a uint8 (H, W, 3) picture."""
    return base64.b64encode(picture.tobytes()).decode()
