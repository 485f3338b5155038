"""The app's own components as one classic script: what Streamlit mounts as modules, the page mounts by itself."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path

from ui.components import mount

COMPONENTS = ("heatmap", "hybrid_mixer", "mask_painter", "opening", "replay", "sketch_painter", "stripes")
WAVE = Path(mount.__file__).with_name("wave.js")
_NAMED = re.compile(r"^export function (\w+)", re.MULTILINE)
_EXPORT = "export default function ("


def components_script() -> bytes:
    """A script that defines `laboratory`: of each component `mount` and `css`, and the functions of waves.

    Raises:
        ValueError: a component has another export than the one function that Streamlit calls.
    """
    parts = ["const laboratory = { components: {}, data: {}, wave: {} };"]
    for name in COMPONENTS:
        import_module(f"ui.components.{name}")  # which registers its sources
        css, js = mount.SOURCES[name]
        if js.count(_EXPORT) != 1 or js.count("export ") != 1 or "import " in js:
            raise ValueError(f"{name}.js must hold one 'export default function' and no other export or import")
        code = f"{js.replace(_EXPORT, 'function mount(')}\nreturn {{ mount, css: {json.dumps(css)} }};"
        parts.append(f"laboratory.components.{name} = (() => {{\n{code}\n}})();")
    waves = WAVE.read_text(encoding="utf-8")
    names = ", ".join(_NAMED.findall(waves))
    plain = _NAMED.sub(r"function \1", waves)
    parts.append(f"laboratory.wave = (() => {{\n{plain}\nreturn {{ {names} }};\n}})();")
    return "\n".join(parts).encode()
