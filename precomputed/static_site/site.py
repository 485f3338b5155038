"""All files of the static edition, written into a folder."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from core.data.sample_sets import SAMPLE_SETS
from core.shared.files import make_folder, write_atomically
from precomputed.static_site.bundle import COMPONENT_FILES, PAGE, bundled, components_script
from precomputed.static_site.engine import LICENSE, engine_facts, network_packs, runtime_packs, start_facts
from precomputed.static_site.findings import findings_page
from precomputed.static_site.maps import hybrid_pairs, maps_and_stories, picture_set
from precomputed.static_site.packs import FOLDER, json_bytes, pack_files
from precomputed.static_site.runs import run_replays
from precomputed.static_site.story import story, story_pictures
from ui.pages import generation, inpainting
from ui.shared.cite import PAPER

LIVE = "cifar10"  # the set whose classes the networks of the engine know
INTROS = {page.PAGE: page.INTRO for page in (inpainting, generation)}  # what the app says first on these pages
TOOLTIPS = COMPONENT_FILES / "tooltip.css"  # of sentences, as the app's
ONNX_LICENSE = "LICENSE.onnxruntime-web.txt"


def write_site(folder: Path, app: str, more_runs: Sequence[Path] = (), *, stored: bool = False) -> int:
    """Write all files; returns their bytes.

    Args:
        app: URL of the full app, may be empty.
        more_runs: folders of runs.
        stored: leave out what computes in the browser.
    Raises:
        RunFileError: a run is damaged.
        OSError, RuntimeError: one sentence, where that cannot be done.
    """
    maps, stories = maps_and_stories()
    runs = run_replays(more_runs)
    sets = {row.name: {"title": row.title, "side": row.side} for row in SAMPLE_SETS.values()}
    data = {
        "about": {"app": app, "code": PAPER.field("url"), "intros": INTROS, "sets": sets, "live": LIVE},
        "maps": maps,
        "stories": stories,
        "hybrids": hybrid_pairs(),
        "story": story(),
        **story_pictures(),
        "runs": [replay.listed for replay in runs],
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
        **pack_files({**{name: json_bytes(value) for name, value in data.items()}, **engine}),
    }
    for name, content in files.items():
        write_atomically(folder / name, content)
    pages = {path.name: path for path in PAGE.iterdir() if path.suffix in (".html", ".css")}
    pages |= {TOOLTIPS.name: TOOLTIPS, ONNX_LICENSE: LICENSE}
    for name, path in pages.items():
        shutil.copyfile(path, folder / name)
    return sum((folder / name).stat().st_size for name in (*files, *pages))
