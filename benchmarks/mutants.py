"""Mutation score of the tests on a sample of mutmut's mutants of the engine, as configured in `pyproject.toml`.

    python -m benchmarks.mutants --count 200 --seed 0
    mutmut show NAME    # the change of a survivor, for a reader to judge

Results are kept in `mutants/`; another call uses other mutants of the same sources.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST = "core.fourier.basis.x_check_side__mutmut_1"  # any one: with it all mutants are made


def results() -> dict[str, int | None]:
    """pytest's exit code of each mutant: None where it was not tried, 0 where it survives."""
    files = (ROOT / "mutants").rglob("*.py.meta")
    return {name: code for path in files for name, code in json.loads(path.read_text())["exit_code_by_key"].items()}


def run(*names: str) -> None:
    # Children are forked: with a second thread of torch's they hang.
    environment: Mapping[str, str] = os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    subprocess.run(["mutmut", "run", "--max-children", "1", *names], cwd=ROOT, env=environment, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    run(FIRST)
    sample = random.Random(args.seed).sample(sorted(results()), args.count)
    run(*sample)
    survivors = [name for name in sample if results()[name] in (0, 5, 33)]  # 5, 33: no test reaches it
    print(*survivors, f"{args.count - len(survivors)} of {args.count} killed", sep="\n")


if __name__ == "__main__":
    main()
