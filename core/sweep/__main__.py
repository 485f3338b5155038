"""The batch script behind `python -m core.sweep`: a full sweep, resumable, on one process or under torchrun."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core import paper
from core.fourier.basis import Frequency, largest_side
from core.fourier.heatmap import Heatmap, HeatmapError
from core.progress import progress_bar
from core.sweep.cells import DTYPES, CellResult, SweepConfig, sweep_cells
from core.sweep.journal import SweepJournal
from core.sweep.maps import HeatmapBuilder, configuration, source_facts
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.classifiers.base import Classifier
    from core.data.dataset import ImageDataset

# Sides of the paper's maps, by image size in pixels.


def fingerprint(metadata: Mapping[str, Any], side: int) -> str:
    """A digest that is equal for two runs exactly when their cells may stand in one map."""
    parts = {key: value for key, value in metadata.items() if key != "source"}
    return hashlib.sha256(json.dumps([parts, side], sort_keys=True).encode()).hexdigest()


def run_sweep(
    classifier: Classifier, dataset: ImageDataset, config: SweepConfig, output: Path, processes: Processes
) -> Heatmap | None:
    """Compute what `output` lacks, and write it; every process of the group calls this together.

    Returns:
        The map, at rank 0; None elsewhere.
    Raises:
        ValueError: `output` or its journal belongs to another configuration.
    """
    metadata = configuration(classifier, dataset, config)
    if not processes.is_main:
        _compute(classifier, dataset, config, processes, None)
        return None
    with SweepJournal(output, fingerprint(metadata, config.side)) as journal:
        _recall(output, journal)
        try:
            _compute(classifier, dataset, config, processes, journal)
        finally:
            # Also after Ctrl-C: what is known is worth looking at, and the same command goes on from here.
            if None in journal.finished:
                source = source_facts(
                    classifier,
                    seconds=journal.seconds,
                    images=sum(result.count for result in journal.finished.values()),
                    clean_probability=journal.finished[None].true_probability,
                )
                metadata["source"] = {**source, "processes": processes.count}
                heatmap = HeatmapBuilder(config.side, journal.finished.values()).heatmap(metadata)
                heatmap.save(output)
                journal.remove()
    return heatmap


def _recall(output: Path, journal: SweepJournal) -> None:
    """Take over the cells that stand in `output` already."""
    if not output.exists():
        return
    earlier = Heatmap.load(output)
    if earlier.true_probability is None or fingerprint(earlier.metadata, earlier.side) != journal.fingerprint:
        raise ValueError(f"{output.name} holds a map of another configuration; choose another --output")
    half, clean = earlier.side // 2, earlier.clean
    results = [
        CellResult(
            frequency=(int(row) - half, int(col) - half),
            top1_errors=int(earlier.top1_errors[row, col]),
            top5_errors=int(earlier.top5_errors[row, col]),
            count=int(earlier.count[row, col]),
            true_probability=float(earlier.true_probability[row, col]),
        )
        for row, col in np.argwhere(earlier.count > 0)
        if (col, row) >= (half, half)
    ]
    if clean[2] > 0:
        probability = earlier.metadata["source"]["clean_true_probability"]
        top1, top5, count = map(int, clean)
        results.append(CellResult(None, top1, top5, count, probability))
    fresh = [result for result in results if result.frequency not in journal.finished]
    if fresh:
        journal.append(fresh, float(earlier.metadata["source"].get("wall_seconds", 0)))


def _compute(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    processes: Processes,
    journal: SweepJournal | None,
) -> None:
    """Compute the cells that the journal lacks, shared out over the processes; rank 0 writes them down."""
    todo: list[Frequency | None] = []
    if journal is not None:
        todo = [wave for wave in (None, *config.waves) if wave not in journal.finished]
    todo = processes.share(todo)
    mine = todo[processes.rank :: processes.count]
    total = len(dataset) * len(todo)
    results = sweep_cells(classifier, dataset.images, dataset.labels, config, waves=mine)
    start = time.perf_counter()
    with progress_bar(total=total, unit="img", unit_scale=True, disable=journal is None) as bar:
        for _ in range(0, len(todo), processes.count):
            found = [result for result in processes.gather(next(results, None)) if result is not None]
            if journal is not None:
                now = time.perf_counter()
                journal.append(found, now - start)
                start = now
                bar.update(sum(result.count for result in found))


def parse_cells(text: str) -> tuple[Frequency, ...]:
    """'11,10;-3,4' -> ((11, 10), (-3, 4))."""
    try:
        cells = tuple((int(i), int(j)) for i, j in (part.split(",") for part in text.split(";")))
    except ValueError:
        raise argparse.ArgumentTypeError(f'wanted pairs of whole numbers like "11,10;-3,4", got {text!r}') from None
    return cells


def parse_batch_size(text: str) -> int | None:
    """'auto' -> None; a number -> itself."""
    if text == "auto":
        return None
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"wanted a whole number or auto, got {text!r}")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    options = argparse.ArgumentParser(
        prog="python -m core.sweep",
        description="Compute a Fourier heat map. Run the same command again to go on after an interruption; "
        "start it with torchrun to share the cells over GPUs and nodes.",
    )
    options.add_argument("--classifier", required=True, help="a name of the registry, e.g. resnet-56, clip-vit-b-32")
    options.add_argument("--weights", type=Path, help="weight file, for classifiers that take one")
    options.add_argument("--download", action="store_true", help="allow downloading the weights")
    options.add_argument("--template", help='prompt of a zero-shot classifier, default "a photo of a {class}"')
    options.add_argument("--dataset", required=True, help="cifar10, imagenet100, a folder of class folders, or an .npz")
    options.add_argument("--data-dir", type=Path, help="where cifar10 or imagenet100 lie")
    options.add_argument("--image-size", type=int, help="pixels, default 32 for cifar10 and 224 for photographs")
    options.add_argument("--limit", type=int, help="use this many images, chosen by the seed")
    options.add_argument("--epsilon", type=float, help="L2 size v per channel, default the paper's: 4.0 or 15.7")
    options.add_argument("--side", type=int, help="side of the map, odd, default the paper's: 31 or 63")
    options.add_argument("--cells", type=parse_cells, help='only these frequencies, e.g. --cells="11,10;-3,4"')
    options.add_argument("--seed", type=int, default=0, help="of the signs and of the choice of images")
    options.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")
    options.add_argument("--dtype", default="float32", choices=DTYPES)
    options.add_argument("--batch-size", type=parse_batch_size, default=None, help="auto or a number; halved on OOM")
    options.add_argument("--output", type=Path, required=True, help="the .npz to write, or to go on with")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the batch script; returns the exit status."""
    options = parser()
    given = options.parse_args(arguments)
    if given.output.suffix != ".npz":
        options.error(f"--output wants a name that ends in .npz; got {given.output.name}")
    if not given.output.parent.is_dir():
        options.error(f"--output: the folder {given.output.parent} does not exist; create it first")
    processes = Processes.start()
    try:
        heatmap = _run(given, processes)
    except KeyboardInterrupt:
        if processes.is_main:
            print("\nstopped; finished cells are saved, the same command goes on from here", file=sys.stderr)
        return 130
    except (ValueError, FileNotFoundError, RuntimeError, HeatmapError) as error:
        print(f"error: {error}", file=sys.stderr)
        if processes.count > 1:
            os._exit(2)  # the other processes wait for this one: torchrun ends them
        return 2
    processes.stop()
    if heatmap is not None:
        computed = int((heatmap.count > 0).sum())
        print(f"{given.output}: {computed} of {heatmap.side**2} cells, clean error {heatmap.clean_rate(1):.2%}")
    return 0


def _run(given: argparse.Namespace, processes: Processes) -> Heatmap | None:
    from core.classifiers.registry import load_classifier
    from core.data.datasets import load_dataset
    from core.device import choose_device, keep_freed_memory

    device = choose_device(given.device, processes.local_rank)
    keep_freed_memory()
    with progress_bar(desc="decoding", unit="img", disable=not processes.is_main, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        dataset = load_dataset(
            given.dataset,
            given.data_dir,
            image_size=given.image_size,
            limit=given.limit,
            seed=given.seed,
            progress=show,
        )
    size = dataset.image_size
    if given.epsilon is None and size not in paper.EPSILON:
        raise ValueError(f"the paper gives no size v for {size}-pixel images; choose one with --epsilon")
    config = SweepConfig(
        side=given.side or paper.MAP_SIDE.get(size, min(63, largest_side(size, size))),
        epsilon=paper.EPSILON[size] if given.epsilon is None else given.epsilon,
        seed=given.seed,
        cells=given.cells,
        batch_size=given.batch_size,
        dtype=given.dtype,
    )
    # Rank 0 downloads what is missing; the others then find it in the cache.
    for turn in ("first", "rest"):
        if processes.is_main == (turn == "first"):
            classifier = load_classifier(
                given.classifier,
                dataset.classes,
                device=device,
                weights=given.weights,
                download=given.download,
                template=given.template,
            )
        processes.share(None)
    return run_sweep(classifier, dataset, config, given.output, processes)


if __name__ == "__main__":
    raise SystemExit(main())
