"""The app's own components as one classic script: what Streamlit mounts as modules, the page mounts by itself."""

from __future__ import annotations

import json

import ui.components.heatmap
import ui.components.hybrid_mixer
import ui.components.replay  # noqa: F401  # all register their sources
from ui.components.mount import SOURCES

COMPONENTS = ("heatmap", "hybrid_mixer", "replay")
_EXPORT = "export default function ("


def components_script() -> bytes:
    """A script that defines `laboratory`: for each component its `mount` function and its `css`.

    Raises:
        ValueError: a component has another export than the one function that Streamlit calls.
    """
    parts = ["const laboratory = { components: {}, data: {} };"]
    for name in COMPONENTS:
        css, js = SOURCES[name]
        if js.count(_EXPORT) != 1 or js.count("export ") != 1 or "import " in js:
            raise ValueError(f"{name}.js must hold one 'export default function' and no other export or import")
        code = f"{js.replace(_EXPORT, 'function mount(')}\nreturn {{ mount, css: {json.dumps(css)} }};"
        parts.append(f"laboratory.components.{name} = (() => {{\n{code}\n}})();")
    return "\n".join(parts).encode()
