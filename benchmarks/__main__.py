"""All benchmarks as one table, with machine and versions.

    python -m benchmarks
    python -m benchmarks --quick --json figures.json

Each runs in a process of its own, one after the other. Ratios hold on any machine, since both sides are timed in turns;
everything else is of this machine, at this hour. `--quick` leaves out what needs a browser and repeats the rest less.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.estimate import simulated
from benchmarks.machine import cores, installed_memory, versions
from core.data.classes import PRECOMPUTED
from core.fourier.maps.heatmap import Heatmap

ROOT = Path(__file__).resolve().parents[1]
MODEL = "mini-clip"


@dataclass(frozen=True)
class Row:
    """One figure. target: what it should be, "" where there is none. peer: what it is held against."""

    name: str
    value: float
    unit: str
    target: str = ""
    peer: str = ""


def report(*arguments: str) -> dict[str, Any]:
    """What a benchmark prints."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=3600
    )
    return json.loads(done.stdout)


def sweep_rows(*, quick: bool) -> list[Row]:
    few = ("--rounds", "3", "--images", "128", "--batch-size", "32") if quick else ()
    found = report("benchmarks.sweep", MODEL, *few)
    return [
        Row("sweep, images per second", found["images_per_second"]["sweep"], "1/s"),
        Row("sweep, throughput", found["sweep_to_bare"], "ratio", ">= 0.9", "bare forward pass"),
        Row("sweep, throughput", found["sweep_to_peer"], "ratio", ">= 1", "a loader for each wave"),
    ]


def pgd_rows(*, quick: bool) -> list[Row]:
    few = ("--rounds", "8", "--no-agreement") if quick else ()
    found = report("benchmarks.pgd", MODEL, "--batch", "1", *few)["batch 1"]
    return [
        Row("PGD step, inpainting", found["inpainting_ms"], "ms"),
        Row("PGD step, inpainting", found["inpainting_ratio"], "ratio", "<= 1.2", "bare forward and backward pass"),
        Row("PGD step, foolbox's", found["foolbox_ratio"], "ratio", "", "bare forward and backward pass"),
    ]


def estimate_rows(*, quick: bool) -> list[Row]:
    """Progressive maps against whole ones: 2 % of the passes of every 31 x 31 map on 10,000 images."""
    maps = [Heatmap.load(path) for path in sorted((PRECOMPUTED / "heatmaps").glob("*_cifar10*.npz"))]
    maps = [one for one in maps if one.side == 31 and one.metadata["dataset"]["n"] == 10_000]
    scores = [simulated(one, 200, seed) for one in (maps[:2] if quick else maps) for seed in range(1 if quick else 4)]
    what = f"whole maps, {len(scores)} draws"
    return [
        Row("map from 2 % of the passes, raw", float(np.mean([one.raw for one in scores])), "points RMS", "", what),
        Row(
            "map from 2 % of the passes, estimate",
            float(np.mean([one.estimated for one in scores])),
            "points RMS",
            "<= 1.35",
            what,
        ),
        Row(
            "its intervals that hold the map",
            100 * float(np.mean([one.covered for one in scores])),
            "%",
            "93 to 97",
            what,
        ),
        Row("its fit", float(np.median([one.seconds for one in scores])), "s"),
    ]


def page_rows() -> list[Row]:
    app, live = report("benchmarks.app"), report("benchmarks.live", MODEL)[MODEL]
    click, hover = (
        app[f"{what}, 32 px"]["median"] for what in ("click_to_predictions_ms", "pointing_to_redrawn_picture_ms")
    )
    first = app["first_paint_seconds"]
    return [
        Row("page, start to first map", first["app"], "s"),
        Row("page, start to first map", first["more"], "s more", "", "an empty Streamlit app"),
        Row("page, click to predictions", click, "ms"),
        Row("page, pointing to redrawn picture", hover, "ms"),
        Row("live run, step with the page open", live["ratio"], "ratio", "", "bare forward and backward pass"),
        Row("live run, redraws", live["frames_per_second"], "1/s"),
        Row("live run, stop", live["stop_ms"]["median"], "ms"),
    ]


def memory_rows() -> list[Row]:
    found = report("benchmarks.memory")
    return [Row(f"memory of the server, {who}", value, "MB") for who, value in found.items()]


def machine() -> dict[str, str]:
    """What the figures are of."""
    memory = installed_memory()
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": f"{platform.machine()}, {cores()} cores" + (f", {memory / 2**30:.0f} GiB" if memory else ""),
        **versions(),
    }


def table(rows: Sequence[Row]) -> str:
    """As Markdown."""
    lines = ["| name | value | unit | target | peer |", "|---|---|---|---|---|"]
    return "\n".join(lines + [f"| {r.name} | {r.value:,.4g} | {r.unit} | {r.target} | {r.peer} |" for r in rows])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    options = argparse.ArgumentParser(prog="python -m benchmarks")
    options.add_argument("--quick", action="store_true", help="no browser, fewer rounds: within four minutes")
    options.add_argument("--json", type=Path, help="also write the figures into this file")
    given = options.parse_args(arguments)
    start = time.monotonic()
    rows = [row for part in (sweep_rows, pgd_rows, estimate_rows) for row in part(quick=given.quick)]
    if not given.quick:
        rows += page_rows() + memory_rows()
    facts = machine() | {"seconds": f"{time.monotonic() - start:.0f}"}
    print(", ".join(f"{name} {value}" for name, value in facts.items()), table(rows), sep="\n\n")
    if given.json:
        given.json.write_text(json.dumps({"facts": facts, "rows": [asdict(row) for row in rows]}, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
