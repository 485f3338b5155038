"""The work behind `python -m core.reproduce`: what can run is run, what cannot says why, and the report is written."""

from __future__ import annotations

import argparse
import math
import resource
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from core.classifiers.registry import classifier_spec
from core.device import choose_device, name_device, prepare_torch
from core.errors import one_line, quoted, sentence
from core.files import make_folder
from core.reproduce.claim_comparison import compare_claims
from core.reproduce.hybrids import HybridResult, run_hybrid_part
from core.reproduce.machine import Machine
from core.reproduce.maps import MapResult, run_map
from core.reproduce.plan import HYBRIDS, MAPS, TABLES, Amount, HybridPart, MapPart, Part, TablePart
from core.reproduce.report import Results, Skipped, Spent, write_report
from core.reproduce.tables import TableResult, run_table
from core.sweep.processes import Processes

AnyPart = TypeVar("AnyPart", MapPart, HybridPart, TablePart)
P = TypeVar("P", HybridPart, TablePart)
Result = TypeVar("Result", HybridResult, TableResult)
# What is wrong with one part alone: its weights are damaged, its folder holds another run.
TROUBLE = (ValueError, OSError, RuntimeError, MemoryError, ModuleNotFoundError)


def run(given: argparse.Namespace, processes: Processes) -> str:
    """Run every part that can run, write the report, and say where it is; every process of the group calls this."""
    start = time.perf_counter()
    if classifier_spec(given.clip).kind != "zero-shot":
        raise ValueError(f"--clip wants a zero-shot classifier; {quoted(given.clip)} knows fixed classes")
    prepare_torch()
    for folder in ("maps", "hybrids", "tables"):
        make_folder(given.output / folder)
    machine = Machine(
        device=choose_device(given.device, processes.local_rank),
        data_dir=given.data_dir,
        imagenet_dir=given.imagenet_dir or given.data_dir / "imagenet100",
        clip=given.clip,
        weights=dict(given.weights),
        download=given.download,
        seed=given.seed,
        processes=processes,
    )
    skipped: list[Skipped] = []
    maps = _maps(given, machine, skipped)
    batch = given.batch_size
    mix = partial(run_hybrid_part, machine=machine, folder=given.output / "hybrids", batch_size=batch)
    reconstruct = partial(run_table, machine=machine, folder=given.output / "tables", batch_size=batch)
    hybrids = _shared_out(HYBRIDS, mix, given.pairs, given, machine, skipped)
    tables = _shared_out(TABLES, reconstruct, given.runs, given, machine, skipped)
    if not processes.is_main:
        return ""
    claims = compare_claims({one.part.key: one for one in maps})
    device = name_device(machine.device)
    spent = _spent(start, machine.device)
    write_report(
        Results(given.command, device, given.seed, maps, claims, hybrids, tables, skipped, spent), given.output
    )
    count = f"{len(maps)} maps, {len(hybrids)} of hybrids, {len(tables)} tables, {len(skipped)} parts that did not run"
    return f"{given.output / 'report.html'}: {count}"


def _maps(given: argparse.Namespace, machine: Machine, skipped: list[Skipped]) -> list[MapResult]:
    """All maps, one after the other, each shared out over the processes."""
    results = []
    for part in _able([part for part in MAPS if part.key in given.parts], machine, skipped):
        amount = part.quick if given.quick else Amount()
        amount = Amount(given.cells or amount.waves, given.limit or amount.images)
        try:
            results.append(
                run_map(part, amount, machine, given.output / "maps", dtype=given.dtype, batch_size=given.batch_size)
            )
        except TROUBLE as error:
            _note_trouble(part, error, machine, skipped)
    return results


def _shared_out(
    parts: Sequence[P],
    work: Callable[[P, int], Result],
    asked: int | None,
    given: argparse.Namespace,
    machine: Machine,
    skipped: list[Skipped],
) -> list[Result]:
    """What `work` makes of each part and its count; each is the work of one process, which keeps it in a file.

    So nothing is gathered before the end. asked: the count that the command line asks for, if any.
    """
    able = _able([part for part in parts if part.key in given.parts], machine, skipped)

    def run_each(parts: Iterable[P]) -> Iterator[Result]:
        for part in parts:
            try:
                yield work(part, asked or (part.quick if given.quick else part.full))
            except TROUBLE as error:
                _note_trouble(part, error, machine, skipped)

    order = [part.key for part in able]
    results = machine.processes.results(able, run_each, seconds=math.inf)
    return sorted(results, key=lambda result: order.index(result.part.key))


def _able(parts: Sequence[AnyPart], machine: Machine, skipped: list[Skipped]) -> list[AnyPart]:
    """The parts that can run here, as the first process finds, which downloads; the others go into `skipped`."""
    reasons = machine.processes.share(
        {part.key: machine.lacks(part) for part in parts} if machine.processes.is_main else {}
    )
    skipped += [Skipped(part, reasons[part.key]) for part in parts if reasons[part.key]]
    return [part for part in parts if not reasons[part.key]]


def _note_trouble(part: Part, error: Exception, machine: Machine, skipped: list[Skipped]) -> None:
    """Go on without a part that failed; among several processes nobody else knows, so the run ends."""
    if machine.processes.count > 1:
        raise error
    print(f"{part.key}: {error}", file=sys.stderr)
    skipped.append(Skipped(part, (sentence(one_line(error, 300)),)))


def _spent(start: float, device: str) -> Spent:
    import torch

    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    gpu = torch.cuda.max_memory_allocated(device) if device.startswith("cuda") else None
    return Spent(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * scale, gpu)
