"""Measure a network's error under eight corruptions at three strengths each.

    python -m core.sweep.corruption --classifier mini-clip --dataset cifar10 --pictures 2000 --output mini-clip.npz

Results are saved after each corruption and strength; the same command resumes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.fourier.outcomes import CorruptionOutcomes
from core.shared.cli import check_output, run_script
from core.shared.numbers import decimal, interval
from core.shared.text import count_of
from core.sweep.script import build_parser, measured
from core.sweep.transforms import CorruptionConfig


def main(argv: Sequence[str] | None = None) -> int:
    """Run the script; return the exit status."""
    parser = build_parser(
        "core.sweep.corruption", __doc__, "pictures", 2**63 - 1, "drawn by the seed", "pictures and of noise"
    )
    args = parser.parse_args(argv)
    check_output(parser, args.output)
    return run_script(lambda: _run(args), "finished corruptions are saved, run the same command again to resume")


def _run(args: argparse.Namespace) -> str:
    outcomes = measured(args, lambda dataset: CorruptionConfig(args.pictures, args.seed))
    return f"{args.output}: {error_table(outcomes)}"


def error_table(outcomes: CorruptionOutcomes) -> str:
    """Return a table of top-1 errors in per cent with 95 % intervals, one line per corruption."""
    clean = outcomes.clean_errors().measured
    lines = [
        f"{count_of(outcomes.pictures, 'picture')}; clean top-1 error {decimal(100 * clean.value)} ({interval(clean)})"
    ]
    for key in outcomes.keys:
        errors = [outcomes.errors(key, strength=strength).measured for strength in STRENGTHS]
        numbers = "; ".join(f"{decimal(100 * error.value)} ({interval(error)})" for error in errors)
        lines.append(f"  {CORRUPTIONS[key].label:<14} {numbers}")
    return "\n".join(lines)


if __name__ == "__main__":
    raise SystemExit(main())
