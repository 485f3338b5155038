"""All files of the static edition, written into a folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.data.sample_sets import SAMPLE_SETS
from core.files import make_folder, write_atomically
from precomputed.static_site.bundle import components_script
from precomputed.static_site.findings import findings_page
from precomputed.static_site.maps import hybrid_pairs, maps_and_stories, picture_set
from precomputed.static_site.runs import run_replays
from ui.shared.cite import PAPER

HERE = Path(__file__).parent
PAGE = ("index.html", "page.css", "page.js")


def data_script(name: str, value: Any) -> bytes:
    """A classic script that puts a JSON value at `laboratory.data[name]`."""
    return f"laboratory.data[{json.dumps(name)}] = {json.dumps(value, ensure_ascii=False)};\n".encode()


def write_site(folder: Path, app: str, more_runs: Sequence[Path] = ()) -> int:
    """Write all files; returns their bytes. app: URL of the full app, may be empty. more_runs: folders of runs.

    Raises:
        RunFileError: a run is damaged.
        OSError: one sentence, where that cannot be done.
    """
    make_folder(folder / "data")
    maps, stories = maps_and_stories()
    runs = run_replays(more_runs)
    files = {
        "findings.html": findings_page(),
        "components.js": components_script(),
        "data/maps.js": data_script("maps", maps),
        "data/stories.js": data_script("stories", stories),
        "data/about.js": data_script("about", {"app": app, "code": PAPER.field("url")}),
        "data/hybrids.js": data_script("hybrids", hybrid_pairs()),
        "data/runs.js": data_script("runs", [replay.listed for replay in runs]),
    }
    files |= {f"data/{kind}.js": data_script(kind, picture_set(kind)) for kind in SAMPLE_SETS}
    files |= {f"data/{replay.id}.js": data_script(replay.id, replay.packed) for replay in runs}
    for name, content in files.items():
        write_atomically(folder / name, content)
    for name in PAGE:
        shutil.copyfile(HERE / name, folder / name)
    return sum((folder / name).stat().st_size for name in (*files, *PAGE))
