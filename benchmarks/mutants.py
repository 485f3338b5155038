"""Mutation score of each package of the engine, on a sample of mutmut's mutants, as configured in `pyproject.toml`.

    python -m benchmarks.mutants --count 200 --seed 0    # 200 mutants a package
    mutmut show NAME    # the change of a survivor, for a reader to judge

Results are kept in `mutants/`; another call uses other mutants of the same sources.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import subprocess
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FIRST = "core.fourier.waves.x_check_side__mutmut_1"  # any one: with it all mutants are made


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
    parser.add_argument("--count", type=int, default=200, help="mutants of each package")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    run(FIRST)
    samples: dict[str, list[str]] = {}
    for package, names in itertools.groupby(sorted(results()), key=lambda name: name.split(".")[1]):
        mutants = list(names)
        samples[package] = random.Random(args.seed).sample(mutants, min(args.count, len(mutants)))
    run(*itertools.chain.from_iterable(samples.values()))
    codes = results()
    for package, sample in samples.items():
        survivors = [name for name in sample if codes[name] in (0, 5, 33)]  # 5, 33: no test reaches it
        print(*survivors, f"{package}: {len(sample) - len(survivors)} of {len(sample)} killed", sep="\n", flush=True)


if __name__ == "__main__":
    main()
