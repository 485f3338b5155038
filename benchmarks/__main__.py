"""All benchmarks as one table, with machine and versions.

    python -m benchmarks
    python -m benchmarks --quick --json > figures.json

Each benchmark runs in its own process, one after the other. Ratios hold on any machine, since both sides are timed in
turns; other figures depend on this machine and its load. `--quick` skips the browser and uses fewer rounds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from benchmarks.measure import Row, rows_of, run_script


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield the rows of each script."""
    few = args.quick
    yield from rows_of(
        "sweep", "mini-clip", *(("--rounds", "3", "--images", "128", "--batch-size", "32") if few else ())
    )
    yield from rows_of("pgd", "mini-clip", "--batch", "1", *(("--rounds", "8", "--no-agreement") if few else ()))
    if not few:
        yield from rows_of("serving")


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="no browser, fewer rounds")
    run_script(rows, parser, argv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
