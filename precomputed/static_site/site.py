"""All files of the static edition, written into a folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from core.data.sample_sets import SAMPLE_SETS
from core.fourier.maps.metrics import TOP1
from core.reproduce import findings
from core.shared.files import make_folder, write_atomically
from core.shared.html import TERMS
from precomputed.static_site.bundle import COMPONENT_FILES, PAGE, bundled, chart_licenses, components_script
from precomputed.static_site.engine import LICENSE, engine_facts, network_packs, runtime_packs
from precomputed.static_site.findings import findings_page
from precomputed.static_site.maps import figure_facts, files_of_maps, hybrid_pairs, picture_set, stored_maps, verdicts
from precomputed.static_site.packs import FOLDER, json_bytes, pack_files
from precomputed.static_site.run_facts import start_facts, start_pictures
from precomputed.static_site.runs import page_texts, run_replays
from precomputed.static_site.story import story, story_pictures
from ui.maps.predictions import prediction_table
from ui.pages import frequency
from ui.shared.cite import PAPER
from ui.shared.sentences import sentence_html
from ui.tools.registry import (
    DETAILS,
    HYBRIDS,
    OWN_FILE,
    OWN_SWEEP,
    OWN_WORDS,
    SOURCES,
    TOOLS,
    card_pictures,
)

LIVE = "cifar10"  # the set with the classes of the engine's networks
STYLES = (
    COMPONENT_FILES / "tooltip.css",
    *(Path(str(module.__file__)).with_suffix(".css") for module in (prediction_table, findings)),
)
ONNX_LICENSE, CHART_LICENSES = "LICENSE.onnxruntime-web.txt", "LICENSES.charts.txt"


# The story step with a tool's figure, or a panel of the page; and what is only in the full app.
STEPS = {HYBRIDS: "mixture"}
PANELS = {DETAILS: "details", SOURCES: "sources"}
ELSEWHERE = {
    OWN_WORDS: "The full app’s CLIP predicts among any words that you type. This page has no network that reads text.",
    OWN_SWEEP: "The full app computes maps of many pictures. “Heat map of this picture” is the map of a single one.",
    OWN_FILE: "The full app shows a map from your own file beside these.",
}


def tools() -> list[dict[str, str]]:
    """Return the app's tools below the maps. picture: on its card, empty for a tool without a card."""
    pictures = card_pictures()
    return [
        {
            "name": name,
            "about": tool.about,
            "picture": pictures.get(name, ""),
            "step": STEPS.get(name, ""),
            "panel": PANELS.get(name, ""),
            "elsewhere": ELSEWHERE.get(name, ""),
        }
        for name, tool in TOOLS.items()
    ]


def write_site(folder: Path, app: str, *, stored: bool = False) -> int:
    """Write all files; return their size in bytes.

    Args:
        app: URL of the full app, may be empty.
        stored: omit everything that computes in the browser.
    Raises:
        RunFileError: a run is damaged.
        OSError, RuntimeError: writing or building failed; one sentence.
    """
    runs = run_replays()
    sets = {row.name: {"title": row.title, "side": row.side} for row in SAMPLE_SETS.values()}
    data = {
        "about": {
            "app": app,
            "code": PAPER.field("url"),
            "pages": page_texts(),
            "sets": sets,
            "live": LIVE,
            "frequency": {"title": frequency.TITLE, "about": sentence_html(frequency.about_maps(TOP1), *TERMS)},
            "tools": tools(),
            "first_tool": DETAILS,
        },
        "maps": stored_maps(),
        **files_of_maps(),
        "figures": figure_facts(),
        **verdicts(),
        "hybrids": hybrid_pairs(),
        "story": story(),
        **story_pictures(),
        "runs": [replay.listed for replay in runs],
        **start_pictures(),
        **{kind: picture_set(kind) for kind in SAMPLE_SETS},
        **{replay.id: replay.packed for replay in runs},
    }
    engine = {} if stored else {**runtime_packs(), **network_packs()}
    if engine:
        data |= {"engine": engine_facts(), "starts": start_facts()}
    make_folder(folder / FOLDER)
    files = {
        "findings.html": findings_page(),
        "components.js": components_script(),
        "page.js": bundled(PAGE / "page.js"),
        "findings.js": bundled(PAGE / "findings.js"),
        "charts.js": bundled(PAGE / "charts.js", "--minify"),
        CHART_LICENSES: chart_licenses(),
        **pack_files({**{name: json_bytes(value) for name, value in data.items()}, **engine}),
    }
    for name, content in files.items():
        write_atomically(folder / name, content)
    pages = {path.name: path for path in PAGE.iterdir() if path.suffix in (".html", ".css")}
    pages |= {path.name: path for path in STYLES} | {ONNX_LICENSE: LICENSE}
    for name, path in pages.items():
        shutil.copyfile(path, folder / name)
    return sum((folder / name).stat().st_size for name in (*files, *pages))
