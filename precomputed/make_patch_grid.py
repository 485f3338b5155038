"""Put every shipped 31 x 31 map to the test of docs/patch_grid.md, and write the result into its table.

python -m precomputed.make_patch_grid
"""

from __future__ import annotations

import re
from pathlib import Path

from core.data.classes import PRECOMPUTED
from core.files import write_atomically
from core.fourier.heatmap import Heatmap
from core.fourier.lattice import Lattice, lattice

PAGE = PRECOMPUTED.parent / "docs" / "patch_grid.md"
PERIODS = (4, 7, 8)
SIDE, EPSILON = 31, 4.0


def row(path: Path) -> str | None:
    """A map's line of the table; None for maps of another size or another strength of the wave."""
    heatmap = Heatmap.load(path)
    facts = heatmap.metadata
    if heatmap.side != SIDE or facts["epsilon"] != EPSILON:
        return None
    grid, clean = facts["classifier"].get("patch_grid"), heatmap.clean_rate()
    cells = [
        f"`{path.stem}`",
        "none" if grid is None else f"{grid} × {grid}",
        f"{facts['dataset']['n']:,}",
        "not published" if clean is None else f"{100 * clean:.1f} %",
        *(_cell(lattice(heatmap, period), mine=period == grid) for period in PERIODS),
    ]
    return f"| {' | '.join(cells)} |"


def _cell(found: Lattice | None, *, mine: bool) -> str:
    if found is None:
        return "too few"
    text = f"{100 * found.mean:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f}), p = {found.p:.4f}"
    text = text.replace("-", "−")
    return f"**{text}**" if mine else text


def main() -> None:
    head = "| map | patches | images | clean error | " + " | ".join(f"multiples of {p}" for p in PERIODS) + " |"
    rows = [line for path in sorted((PRECOMPUTED / "heatmaps").glob("*.npz")) if (line := row(path))]
    table = "\n".join([head, "|---" * (4 + len(PERIODS)) + "|", *rows])
    text = re.sub(r"\| map \|.*\|\n", lambda _: f"{table}\n", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    write_atomically(PAGE, text.encode())


if __name__ == "__main__":
    main()
