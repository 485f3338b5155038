"""Run of `python -m core.reproduce`: runs available parts, records why others cannot run, and writes the report."""

from __future__ import annotations

import argparse
import math
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, groupby
from typing import TypeVar

from core.classifiers.registry import classifier_spec
from core.reproduce.parts.claim_comparison import compare_claims
from core.reproduce.parts.hybrids import run_hybrid_part
from core.reproduce.parts.machine import Machine, PartResult
from core.reproduce.parts.maps import run_map
from core.reproduce.parts.plan import HYBRIDS, MAPS, TABLES, Amount, HybridPart, MapPart, Part, TablePart
from core.reproduce.parts.tables import run_table
from core.reproduce.report import Cost, Results, SkippedPart, write_report
from core.shared.cli import EXPECTED_ERRORS
from core.shared.device import choose_device, name_device, prepare_torch
from core.shared.errors import one_line, quoted, sentence
from core.shared.files import make_folder
from core.sweep.processes import Processes

P = TypeVar("P", bound=Part)
Result = TypeVar("Result", bound=PartResult)


def run(args: argparse.Namespace, processes: Processes) -> str:
    """Run all available parts, write the report, and return its location; all processes of the group call this."""
    start = time.perf_counter()
    if classifier_spec(args.clip).kind != "zero-shot":
        raise ValueError(f"--clip needs a zero-shot classifier; {quoted(args.clip)} has fixed classes")
    prepare_torch()
    make_folder(args.output)
    machine = Machine(
        output=args.output,
        device=choose_device(args.device, processes.local_rank),
        data_dir=args.data_dir,
        imagenet_dir=args.imagenet_dir or args.data_dir / "imagenet100",
        clip=args.clip,
        weights=dict(args.weights),
        download=args.download,
        seed=args.seed,
        dtype=args.dtype,
        batch_size=args.batch_size,
        processes=processes,
    )

    def amount(part: MapPart) -> Amount:
        usual = part.quick if args.quick else Amount()
        return Amount(args.cells or usual.waves, args.limit or usual.images)

    def count(part: HybridPart | TablePart, number: int | None) -> int:
        return number or (part.quick if args.quick else part.full)

    work = _Work(machine, args.parts)
    maps = list(work.run_all(work.runnable(MAPS), lambda part: run_map(part, amount(part), machine)))
    hybrids = work.shared_out(
        HYBRIDS,
        lambda part: run_hybrid_part(part, count(part, args.pairs), machine),
        group=lambda part: machine.name(part.classifier),  # parts of one network have one file
    )
    tables = work.shared_out(TABLES, lambda part: run_table(part, count(part, args.runs), machine))
    if not processes.is_main:
        return ""
    claims = compare_claims({result.part.key: result for result in maps})
    device = name_device(machine.device)
    spent = _spent(start, machine.device)
    write_report(
        Results(args.command, device, args.seed, maps, claims, hybrids, tables, work.skipped, spent), args.output
    )
    summary = f"{len(maps)} maps, {len(hybrids)} of hybrids, {len(tables)} tables"
    return f"{args.output / 'report.html'}: {summary}, {len(work.skipped)} parts that did not run"


@dataclass(eq=False)
class _Work:
    """The chosen parts on a machine. skipped: those known to be unable to run."""

    machine: Machine
    chosen: Sequence[str]
    skipped: list[SkippedPart] = field(default_factory=list)

    def runnable(self, parts: Sequence[P]) -> list[P]:
        """Parts that can run here, as determined by the first process, which downloads; add the others to `skipped`."""
        parts, processes = [part for part in parts if part.key in self.chosen], self.machine.processes
        reasons = processes.broadcast(
            {part.key: self.machine.missing_requirements(part) for part in parts} if processes.is_main else {}
        )
        self.skipped += [SkippedPart(part, reasons[part.key]) for part in parts if reasons[part.key]]
        return [part for part in parts if not reasons[part.key]]

    def run_all(self, parts: Iterable[P], run: Callable[[P], Result]) -> Iterator[Result]:
        """Yield the result of each part; a part that fails is skipped.

        With several processes the others would not notice, so the whole run ends.
        """
        for part in parts:
            try:
                yield run(part)
            except EXPECTED_ERRORS as error:
                if self.machine.processes.count > 1:
                    raise
                print(f"{part.key}: {error}", file=sys.stderr)
                self.skipped.append(SkippedPart(part, (sentence(one_line(error, 300)),)))

    def shared_out(
        self, parts: Sequence[P], run: Callable[[P], Result], group: Callable[[P], str] = lambda part: part.key
    ) -> list[Result]:
        """Return the results of the runnable parts, each computed and saved by one process; of a group by the same one.

        Results are gathered only at the end.
        """
        able = self.runnable(parts)
        order = [part.key for part in able]
        groups = [list(members) for _, members in groupby(sorted(able, key=group), group)]
        results = self.machine.processes.gather(
            groups, lambda share: self.run_all(chain(*share), run), seconds=math.inf
        )
        return sorted(results, key=lambda result: order.index(result.part.key))


def _spent(start: float, device: str) -> Cost:
    import torch

    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, kibibytes elsewhere
    gpu = torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else None
    return Cost(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * scale, gpu)
