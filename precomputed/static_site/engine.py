"""The page's engine: onnxruntime-web, installed by npm and checked, and the networks' graphs and weights."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from core.classifiers.registry import classifier_spec, classifier_title, short_title, trained_for
from core.data.provenance import VERSION
from core.data.statistics.natural_pixels import FAINT, PINK, natural_pixels
from core.pgd.penalties import PENALTIES
from core.pgd.settings import SEARCH_WORDS
from core.pgd.view_settings import SEARCHES
from core.runs.file import SURE
from core.shared import paper
from core.shared.roles import INSTEAD
from precomputed.graph_weights import GRAPH_NAMES, GRAPHS, NETWORKS, graph_facts, packed_weights
from precomputed.static_site.bundle import RUNTIME, WORKER, bundled, install
from precomputed.static_site.packs import planes
from precomputed.static_site.run_facts import SETS, set_facts
from ui.maps.models import Predictor, model_colour
from ui.maps.predictions.prediction_table import COUNTED, FLIPS, WAITS
from ui.runs.run_sentences import PATTERNS
from ui.runs.setup.settings import FILLS, SEARCH_TITLES
from ui.shared.pictures import samples

LICENSE = RUNTIME / "LICENSE.txt"
_DIST = RUNTIME / "node_modules" / "onnxruntime-web" / "dist"
# sha256 of the two shipped files, for the version in package.json: plain WebAssembly, one thread.
FILES = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
OFFERED = [name for name, penalty in PENALTIES.items() if penalty.offered]
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
        "sets": {side: set_facts(side, name) for side, name in SETS.items()},
        "penalties": {name: {"label": PENALTIES[name].label, "rule": PENALTIES[name].rule} for name in OFFERED},
        "fills": FILLS,
        "searches": {name: {"title": SEARCH_TITLES[name], "words": SEARCH_WORDS[name]} for name in SEARCHES},
        "natural": {
            "mean": natural_pixels().mean.tolist(), "colors": natural_pixels().covariance_power(0.5).tolist(),
            "spectrum": PINK, "deviation": FAINT,
        },
        "sure": SURE,
        "version": VERSION,
        "sentences": PATTERNS,
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
