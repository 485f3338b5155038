"""One resumable `grow` for every transform: missing rows, one writer, saving, progress."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from core.data.stored import computed_source
from core.fourier.table import Outcomes, Row
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset


SAVE_SECONDS = 1.0
Table = TypeVar("Table", bound=Outcomes)


class Transforms(Generic[Table]):
    """Base of the settings of a sweep: which rows its table has, and how they are measured."""

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> Table:
        """Return the table before any measurement; its metadata, except the source, determine every result.

        Raises:
            ValueError: the data set does not suffice.
        """
        raise NotImplementedError

    def requested(self, table: Table) -> Sequence[int]:
        """Return the rows to measure, by default all."""
        return range(len(table.counts))

    def images(self, row: int, dataset: ImageDataset) -> int:
        """Return the number of images measured for a row, as in `Outcomes.counts`."""
        raise NotImplementedError

    def measure(self, classifier: Classifier, dataset: ImageDataset, rows: Sequence[int]) -> Iterator[Row]:
        """Yield the results of some rows, in order.

        Raises:
            RuntimeError: while iterating, if logits are not finite.
        """
        raise NotImplementedError

    def finished(self, table: Table) -> Table:
        """Return the table with what follows from all rows, such as an estimate; by default itself."""
        return table


def missing_rows(table: Table, transforms: Transforms[Table]) -> list[int]:
    """Return the rows to measure that the table lacks."""
    return [row for row in transforms.requested(table) if not table.counts[row]]


def grow(
    classifier: Classifier,
    dataset: ImageDataset,
    transforms: Transforms[Table],
    start: Table | None = None,
    processes: Processes | None = None,
) -> Iterator[Table]:
    """Yield the tables of a sweep, each with one more row; the last is finished.

    Args:
        start: the table to resume, equal in every process; None for a new one. Its rows are not measured again, so
            nothing is yielded for a complete table.
        processes: share the rows; all processes of the group call this together. Rank 0 gets every table, the others
            the last.
    Raises:
        ValueError: at the call, if the data set does not suffice, or `start` has other settings.
        RuntimeError: while iterating, if logits are not finite.
    """
    empty = transforms.empty(classifier, dataset)
    if start is not None and (differences := start.differences(empty)):
        raise ValueError(f"the table to resume has other settings: {'; '.join(differences)}")
    return _grow(classifier, dataset, transforms, start or empty, processes or Processes())


def _grow(
    classifier: Classifier, dataset: ImageDataset, transforms: Transforms[Table], table: Table, processes: Processes
) -> Iterator[Table]:
    if rows := missing_rows(table, transforms):
        earlier, begun = table.metadata["source"].get("wall_seconds", 0.0), time.perf_counter()
        costs = [transforms.images(row, dataset) for row in rows]
        for row in processes.gather(rows, lambda own: transforms.measure(classifier, dataset, own), costs):
            seconds = earlier + time.perf_counter() - begun
            source = computed_source(
                device_name(classifier.device),
                wall_seconds=round(seconds, 1),
                images_per_second=round((int(table.counts.sum()) + row.count) / max(seconds, 1e-9), 1),
                processes=processes.count,
            )
            table = table.entered(row, source)
            yield table
        table = processes.broadcast(table)
        if not processes.is_main:
            yield table
    finished = processes.broadcast(transforms.finished(table) if processes.is_main else table)
    if finished.metadata != table.metadata:
        yield finished


def grow_file(
    classifier: Classifier,
    dataset: ImageDataset,
    transforms: Transforms[Table],
    output: Path,
    processes: Processes | None = None,
    description: str | None = None,
) -> Table:
    """Measure the missing rows of `output`; all processes of the group call this together.

    The file is written at most once a second and at the end, also after Ctrl-C or an error.

    Args:
        description: of the progress bar.
    Raises:
        ValueError: `output` holds a table of other settings, or the data set does not suffice.
        RuntimeError: another run is writing it, or logits are not finite.
        OSError: the folder is not writable.
    """
    processes = processes or Processes()
    with _only_writer(output) if processes.is_main else nullcontext():
        start = empty = transforms.empty(classifier, dataset)
        if processes.is_main and output.exists():
            start = type(empty).load(output)
            if differences := start.differences(empty):
                raise ValueError(
                    f"{output.name} holds {empty.TRANSFORM} of other settings ({'; '.join(differences)}); "
                    "choose another --output, or delete it"
                )
        table = start = processes.broadcast(start)
        total = sum(transforms.images(row, dataset) for row in missing_rows(start, transforms))
        saved, quiet = -SAVE_SECONDS, not processes.is_main or total == 0
        with progress_bar(desc=description, total=total, unit="img", unit_scale=True, disable=quiet) as bar:
            try:
                for table in grow(classifier, dataset, transforms, start, processes):
                    bar.update(int((table.counts - start.counts).sum()) - bar.n)
                    if processes.is_main and time.monotonic() - saved >= SAVE_SECONDS:
                        table.save(output)
                        saved = time.monotonic()
            finally:
                if processes.is_main and table is not start:
                    table.save(output)
        return table


@contextmanager
def _only_writer(output: Path) -> Iterator[None]:
    """Hold a lock on the output; raise RuntimeError if another run holds it."""
    from filelock import FileLock, Timeout

    lock = Path(f"{output}.lock")
    with ExitStack() as stack:
        try:
            stack.enter_context(FileLock(lock, timeout=0))  # released when the process ends, however it does
        except Timeout:
            raise RuntimeError(
                f"another run is writing {output.name}; wait for it, stop it, or choose another --output"
            ) from None
        except OSError as error:
            raise OSError(f"cannot write into {lock.absolute().parent}: {error.strerror}") from error
        stack.callback(lock.unlink, missing_ok=True)
        yield
