"""Test every shipped 31 x 31 map as in docs/results.md, and write its table.

python -m precomputed.make_patch_grid
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from core.data.sample_sets import PRECOMPUTED
from core.fourier.derived import Lattice, lattice
from core.fourier.heatmap import Heatmap
from core.shared.files import write_atomically
from core.shared.numbers import decimal, p_value, percent

PAGE = PRECOMPUTED.parent / "docs" / "results.md"
PERIODS = (4, 7, 8)
SIDE, EPSILON = 31, 4.0


def row(name: str, heatmap: Heatmap) -> str:
    """Return a map's line of the table."""
    facts = heatmap.metadata
    grid, clean = facts["classifier"].get("patch_grid"), heatmap.clean_rate()
    cells = [
        name,
        "none" if grid is None else f"{grid} × {grid}",
        f"{facts['dataset']['n']:,}",
        "not published" if clean is None else percent(clean),
        *(_cell(lattice(heatmap, period), highlight=period == grid) for period in PERIODS),
    ]
    return f"| {' | '.join(cells)} |"


def pooled(maps: Sequence[Heatmap]) -> Heatmap:
    """Return the mean of several networks' maps on the same images, by adding errors."""
    counts, hits = (sum(getattr(heatmap, field) for heatmap in maps) for field in ("counts", "hits"))
    return replace(maps[0], counts=counts, hits=hits, bits=None, labels=None, numbers={})


def _cell(result: Lattice | None, *, highlight: bool) -> str:
    if result is None:
        return "too few"
    value, low, high = (decimal(100 * part, sign=True) for part in result.mean)
    text = f"{value} ({low} to {high}), p {p_value(result.p)}"
    return f"**{text}**" if highlight else text


def main() -> None:
    maps = {path.stem: Heatmap.load(path) for path in sorted((PRECOMPUTED / "heatmaps").glob("*.npz"))}
    maps = {
        name: heatmap
        for name, heatmap in maps.items()
        if heatmap.side == SIDE and heatmap.metadata["epsilon"] == EPSILON
    }
    rows = [row(f"`{name}`", heatmap) for name, heatmap in maps.items()]
    for grid in (4, 8):
        alike = [heatmap for heatmap in maps.values() if heatmap.metadata["classifier"].get("patch_grid") == grid]
        rows.append(row(f"mean of the {len(alike)} with {grid} × {grid} patches", pooled(alike)))
    head = "| map | patches | images | clean error | " + " | ".join(f"multiples of {p}" for p in PERIODS) + " |"
    table = "\n".join([head, "|---" * (4 + len(PERIODS)) + "|", *rows])
    text = re.sub(r"\| map \| patches(.+\n)+", lambda _: f"{table}\n", PAGE.read_text(encoding="utf-8"))
    write_atomically(PAGE, text.encode())


if __name__ == "__main__":
    main()
