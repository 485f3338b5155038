"""One resumable `grow` for every transform: its rows, missing ones, one writer, saving, progress."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

import numpy as np

from core.data.stored import computed_source
from core.fourier.table import Outcomes, Row
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.sweep.predict import batches, finite_top1, pixels
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


PICTURES_AT_ONCE = 64


class PictureTransforms(Transforms[Table]):
    """Base of transforms of whole pictures: row 0 is of the untransformed ones, and the true classes are asked for.

    number: name of the number about transformed pictures.
    """

    number: ClassVar[str]
    batch_size: int | None

    def positions(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, P) positions of the pictures that each transformed one is made from."""
        raise NotImplementedError

    def apply(self, row: int, pictures: list[np.ndarray], positions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the transformed pictures, and one or several numbers about them, mean over the batch.

        Args:
            row: at least 1.
            pictures: P of (B, 3, H, W) float32 in [0, 1].
            positions: (B, P) of the pictures in their data set.
        Returns:
            (B, 3, H, W) float32 in [0, 1], and the numbers.
        """
        raise NotImplementedError

    def images(self, row: int, dataset: ImageDataset) -> int:
        return len(self.positions(dataset))

    def measure(self, classifier: Classifier, dataset: ImageDataset, rows: Sequence[int]) -> Iterator[Row]:
        positions, size = self.positions(dataset), self.batch_size or PICTURES_AT_ONCE
        labels = dataset.labels[positions.T]
        for row in rows:
            numbers: dict[str, np.ndarray] = {}
            if row == 0:
                alone = [
                    np.concatenate([finite_top1(classifier, pixels(dataset, some)) for some in batches(column, size)])
                    for column in positions.T
                ]
                predictions = np.stack(alone)
            else:
                parts, value = [], np.zeros(())
                for some in batches(positions, size):
                    images, mean = self.apply(row, [pixels(dataset, column) for column in some.T], some)
                    parts.append(finite_top1(classifier, images))
                    value = value + mean * len(some) / len(positions)
                predictions, numbers = np.concatenate(parts), {self.number: value}
            hit = predictions == labels
            bits, unmixed = np.packbits(hit, axis=1), None if row else predictions
            yield Row(row, len(positions), hit.sum(axis=1), bits, unmixed, numbers)


def unmeasured(rows: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the counts and hits of rows that are not measured."""
    return np.zeros(rows, np.int64), np.full((rows, classes), -1)


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
    output: Path | None,
    processes: Processes | None = None,
    description: str | None = "",
) -> Table:
    """Measure the missing rows of `output`; all processes of the group call this together.

    The file is written at most once a second and at the end, also after Ctrl-C or an error.

    Args:
        output: None to keep the table in memory alone.
        description: text of the progress bar; None for no bar.
    Raises:
        ValueError: `output` holds a table of other settings, or the data set does not suffice.
        RuntimeError: another run is writing it, or logits are not finite.
        OSError: the folder is not writable.
    """
    processes = processes or Processes()
    path = output if processes.is_main else None
    with nullcontext() if path is None else _only_writer(path):
        start = empty = transforms.empty(classifier, dataset)
        if path is not None and path.exists():
            start = type(empty).load(path)
            if differences := start.differences(empty):
                raise ValueError(
                    f"{path.name} holds {empty.TRANSFORM} of other settings ({'; '.join(differences)}); "
                    f"choose another output, or delete it"
                )
        table = start = processes.broadcast(start)
        total = sum(transforms.images(row, dataset) for row in missing_rows(start, transforms))
        saved, hidden = -SAVE_SECONDS, description is None or not processes.is_main or total == 0
        with progress_bar(desc=description, total=total, unit="img", unit_scale=True, disable=hidden) as bar:
            try:
                for table in grow(classifier, dataset, transforms, start, processes):
                    bar.update(int((table.counts - start.counts).sum()) - bar.n)
                    if path is not None and time.monotonic() - saved >= SAVE_SECONDS:
                        table.save(path)
                        saved = time.monotonic()
            finally:
                if path is not None and table is not start:
                    table.save(path)
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
                f"another run is writing {output.name}; wait for it, stop it, or choose another output"
            ) from None
        except OSError as error:
            raise OSError(f"cannot write into {lock.absolute().parent}: {error.strerror}") from error
        stack.callback(lock.unlink, missing_ok=True)
        yield
