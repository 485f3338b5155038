"""Measure a network's error under eight real disturbances, at three strengths each.

    python -m core.sweep.disturb --classifier mini-clip --dataset cifar10 --pictures 2000 --output mini-clip.npz

Resumable: each finished disturbance and strength is kept, and the same command resumes.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from core.images.disturbances import DISTURBANCES, STRENGTHS
from core.numbers import decimal, interval
from core.shared.cli import check_output, run_script
from core.sweep.disturb.measure import DisturbConfig
from core.sweep.disturb.outcomes import DisturbedOutcomes
from core.sweep.script import measured, parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; returns the exit status."""
    options = parser("core.sweep.disturb", __doc__, "pictures", 2**63 - 1, "drawn by the seed", "pictures and of noise")
    args = options.parse_args(arguments)
    check_output(options, args.output)
    return run_script(lambda: _run(args), "finished disturbances are saved, run the same command again to resume")


def _run(options: argparse.Namespace) -> str:
    outcomes = measured(options, lambda dataset: DisturbConfig(options.pictures, options.seed))
    return f"{options.output}: {error_table(outcomes)}"


def error_table(outcomes: DisturbedOutcomes) -> str:
    """The top-1 errors in a small table, per cent with 95 % intervals, a line for each disturbance."""
    clean = outcomes.clean_errors().measured
    lines = [
        f"{outcomes.pictures:,} pictures; top-1 error undisturbed {decimal(100 * clean.value)} ({interval(clean)})"
    ]
    for key in outcomes.keys:
        errors = [outcomes.errors(key, strength=strength).measured for strength in STRENGTHS]
        numbers = "; ".join(f"{decimal(100 * error.value)} ({interval(error)})" for error in errors)
        lines.append(f"  {DISTURBANCES[key].label:<14} {numbers}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
