"""The paper, run again as far as this machine allows: `python -m core.reproduce [--quick]`.

Computes the maps of Figures 1 and 2, judges the claims about them, measures inpainting and generation, and compares
each number with the published one. Bundled models stand in beside the paper's networks. Writes report.html, report.md
and report.json, with maps/ and tables/ from which the same command resumes. What cannot run is in the report, with what
to do about it.
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli import MAX_SEED, run_script, whole
from core.errors import one_line, quoted, sentence
from core.files import make_folder
from core.reproduce.plan import CLIP, KEYS, MAPS, TABLES, Amount, MapPart, TablePart
from core.sweep.cells import DTYPES
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.reproduce.machine import Machine
    from core.reproduce.maps import MapResult
    from core.reproduce.report import Skipped, Spent
    from core.reproduce.tables import TableResult

# What is wrong with one part alone: its weights are damaged, its folder holds another run.
TROUBLE = (ValueError, OSError, RuntimeError, MemoryError, ModuleNotFoundError)


def parse_weights(text: str) -> tuple[str, Path]:
    """'resnet-56=FILE' -> ('resnet-56', Path('FILE'))."""
    name, equals, file = text.partition("=")
    if not (name and equals and file):
        raise argparse.ArgumentTypeError(f'wanted a classifier and its file, like "resnet-56=FILE", got {quoted(text)}')
    return name, Path(file).expanduser()


def parse_parts(text: str) -> tuple[str, ...]:
    """'figure-1-clip,figure-4-clip' -> both keys; a beginning like 'figure-1' stands for all that begin with it."""
    wanted = [name.strip() for name in text.split(",")]
    if unknown := [name for name in wanted if not name or not any(key.startswith(name) for key in KEYS)]:
        raise argparse.ArgumentTypeError(f"there is no part {quoted(unknown[0])}; known: {', '.join(KEYS)}")
    return tuple(key for key in KEYS if key.startswith(tuple(wanted)))


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(
        prog="python -m core.reproduce",
        description="Run the paper again as far as this machine allows, and compare it with the published numbers. "
        "Run the same command again to resume; start it with torchrun to share the work over GPUs and nodes.",
    )
    options.add_argument("--quick", action="store_true", help="few waves and images: minutes on two cores")
    options.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder to write into, or to resume")
    options.add_argument("--parts", type=parse_parts, default=KEYS, help="names or beginnings, e.g. figure-1,stand-in")
    options.add_argument("--cells", type=whole(1), help="different waves of each map, drawn by the seed; default all")
    options.add_argument("--limit", type=whole(1), help="images of each map, drawn by the seed; default all")
    options.add_argument("--runs", type=whole(1), help="inpainting and generation runs of each part; default 100")
    options.add_argument("--data-dir", type=Path, default=Path("data"), help="where CIFAR-10 lies, default data")
    options.add_argument("--imagenet-dir", type=Path, help="ImageNet100, a folder of class folders by WordNet id")
    options.add_argument("--download", action="store_true", help="allow downloading weights and CIFAR-10")
    options.add_argument(
        "--weights",
        type=parse_weights,
        action="append",
        default=[],
        metavar="NAME=FILE",
        help="weights of a classifier",
    )
    options.add_argument("--clip", default=CLIP, metavar="NAME", help="another zero-shot classifier in CLIP's place")
    options.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    options.add_argument("--dtype", default="float32", choices=DTYPES, help="of the maps' forward passes")
    options.add_argument("--batch-size", type=whole(1), help="images worked on at once, default measured")
    options.add_argument("--seed", type=whole(0, MAX_SEED), default=0, help="of waves, signs, images, holes and noise")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the batch script; returns the exit status."""
    options = parser()
    given = options.parse_args(arguments)
    if given.output.exists() and not given.output.is_dir():
        options.error(f"--output wants a folder; {given.output} is a file")
    words = sys.argv[1:] if arguments is None else arguments
    given.command = shlex.join(["python", "-m", "core.reproduce", *words])
    processes = Processes.start()
    status = run_script(
        lambda: _run(given, processes), "what was finished is saved, run the same command again to resume"
    )
    if status == 2 and processes.count > 1:
        os._exit(status)  # the other processes wait for this one: torchrun ends them
    return status


def _run(given: argparse.Namespace, processes: Processes) -> str:
    from core.classifiers.registry import classifier_spec
    from core.device import choose_device, keep_freed_memory
    from core.reproduce.machine import Machine
    from core.reproduce.report import Results, write_report
    from core.reproduce.trials import trials

    start = time.perf_counter()
    if classifier_spec(given.clip).kind != "zero-shot":
        raise ValueError(f"--clip wants a zero-shot classifier; {quoted(given.clip)} knows fixed classes")
    keep_freed_memory()
    make_folder(given.output / "maps")
    make_folder(given.output / "tables")
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
    tables = _tables(given, machine, skipped)
    if not processes.is_main:
        return ""
    judged = trials({one.part.key: one for one in maps})
    device = _device_name(machine.device)
    spent = _spent(start)
    write_report(Results(given.command, device, given.seed, maps, judged, tables, skipped, spent), given.output)
    return (
        f"{given.output / 'report.html'}: {len(maps)} maps and {len(tables)} tables, {len(skipped)} parts did not run"
    )


def _maps(given: argparse.Namespace, machine: Machine, skipped: list[Skipped]) -> list[MapResult]:
    """All maps, one after the other, each shared out over the processes."""
    from core.reproduce.maps import run_map

    results = []
    for part in _able([part for part in MAPS if part.key in given.parts], machine, skipped):
        assert isinstance(part, MapPart)
        amount = part.quick if given.quick else Amount()
        amount = Amount(given.cells or amount.waves, given.limit or amount.images)
        try:
            results.append(
                run_map(part, amount, machine, given.output / "maps", dtype=given.dtype, batch_size=given.batch_size)
            )
        except TROUBLE as error:
            _note_trouble(part, error, machine, skipped)
    return results


def _tables(given: argparse.Namespace, machine: Machine, skipped: list[Skipped]) -> list[TableResult]:
    """All tables; each is the work of one process."""
    from core.reproduce.tables import run_table

    able = _able([part for part in TABLES if part.key in given.parts], machine, skipped)
    processes = machine.processes

    def mine():  # type: ignore[no-untyped-def]
        for part in able[processes.rank :: processes.count]:
            count = given.runs or (part.quick if given.quick else part.full)
            try:
                yield run_table(part, count, machine, given.output / "tables", batch_size=given.batch_size)
            except TROUBLE as error:
                _note_trouble(part, error, machine, skipped)

    order = [part.key for part in able]
    return sorted(processes.all_results(mine()), key=lambda result: order.index(result.part.key))


def _able(parts: Sequence[MapPart | TablePart], machine: Machine, skipped: list[Skipped]) -> list[MapPart | TablePart]:
    """The parts that can run here, as the first process finds, which downloads; the others go into `skipped`."""
    from core.reproduce.report import Skipped

    reasons = machine.processes.share(
        {part.key: machine.lacks(part) for part in parts} if machine.processes.is_main else {}
    )
    skipped += [Skipped(part, reasons[part.key]) for part in parts if reasons[part.key]]
    return [part for part in parts if not reasons[part.key]]


def _note_trouble(part: MapPart | TablePart, error: Exception, machine: Machine, skipped: list[Skipped]) -> None:
    """Go on without a part that failed; among several processes nobody else knows, so the run ends."""
    from core.reproduce.report import Skipped

    if machine.processes.count > 1:
        raise error
    print(f"{part.key}: {error}", file=sys.stderr)
    skipped.append(Skipped(part, (sentence(one_line(error, 300)),)))


def _device_name(device: str) -> str:
    import torch

    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    return f"{device}, {torch.get_num_threads()} threads"


def _spent(start: float) -> Spent:
    import torch

    from core.reproduce.report import Spent

    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1 if sys.platform == "darwin" else 1024  # bytes there, kibibytes elsewhere
    gpu = torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    return Spent(time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss * scale, gpu)


if __name__ == "__main__":
    raise SystemExit(main())
