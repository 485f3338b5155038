"""Resumable sweeps: missing parts, one writer, saving, progress."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import numpy as np

from core.data.stored import classifier_facts, computed_source, dataset_facts
from core.fourier.estimate import with_estimate
from core.fourier.heatmap import MEANS, Heatmap, empty_outcomes, outcome_row
from core.fourier.outcomes import TransformOutcomes
from core.fourier.waves import frequency_to_cell, wave_cells
from core.shared.cli import progress_bar
from core.shared.device import device_name
from core.shared.numbers import Frequency
from core.sweep.predict import batches, finite_top1, pixels
from core.sweep.processes import Processes
from core.sweep.waves import CellResult, SweepConfig, Wave, images_per_wave, sweep_cells

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier
    from core.data.sample_sets import ImageDataset


SAVE_SECONDS = 1.0


def run_sweep(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    output: Path,
    processes: Processes,
    description: str | None = None,
) -> Heatmap:
    """Compute the missing cells of `output`; all processes of the group call this together.

    The file is written at most once a second and at the end, also after Ctrl-C or an error.

    Args:
        description: of the progress bar.
    Raises:
        ValueError: `output` holds a map of another configuration.
        RuntimeError: another run is writing it.
        OSError: the folder is not writable.
    """
    with only_writer(output) if processes.is_main else nullcontext():
        start = empty = empty_heatmap(classifier, dataset, config)
        if processes.is_main and output.exists():
            start = Heatmap.load(output)
            if not same_configuration(start, empty):
                raise ValueError(
                    f"{output.name} holds a map of another configuration; choose another --output, or delete it"
                )
        heatmap = start = processes.broadcast(start)
        images = images_per_wave(len(dataset), config.passes)
        total = sum(len(dataset) if wave is None else images for wave in missing_waves(start, config))
        saved, quiet = -SAVE_SECONDS, not processes.is_main or total == 0
        with progress_bar(desc=description, total=total, unit="img", unit_scale=True, disable=quiet) as bar:
            try:
                for heatmap in growing_heatmaps(classifier, dataset, config, start, processes):
                    bar.update(passes_taken(heatmap) - passes_taken(start) - bar.n)
                    if heatmap.estimate is not None:
                        bar.set_postfix_str(f"precise to {heatmap.metadata['estimate']['half_width']:.2f} points")
                    if processes.is_main and time.monotonic() - saved >= SAVE_SECONDS:
                        heatmap.save(output)
                        saved = time.monotonic()
            finally:
                if processes.is_main and heatmap is not start:
                    heatmap.save(output)
        return heatmap


@contextmanager
def only_writer(output: Path) -> Iterator[None]:
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


BATCH = 64


Growing = TypeVar("Growing", bound=TransformOutcomes, covariant=True)


class Transforms(Protocol[Growing]):
    """A table of transforms of pictures."""

    def places(self, dataset: ImageDataset) -> np.ndarray:
        """Return (n, P) positions of the pictures that each transformed one is made from."""

    def empty(self, classifier: Classifier, dataset: ImageDataset) -> Growing:
        """Return outcomes before any measurement."""

    def apply(
        self, place: tuple[int, ...], pictures: list[np.ndarray], positions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the transformed pictures, and one or several numbers about them, mean over the batch.

        Args:
            place: index of the part in `TransformOutcomes.measured`.
            pictures: P of (B, 3, H, W) float32 in [0, 1].
            positions: (B, P) of the pictures in their data set.
        Returns:
            (B, 3, H, W) float32 in [0, 1], and the numbers.
        """


def grow_outcomes(
    transforms: Transforms[Growing],
    classifier: Classifier,
    dataset: ImageDataset,
    start: Growing | None = None,
    *,
    batch_size: int = BATCH,
) -> Iterator[Growing]:
    """Yield the outcomes after each part missing in `start`, of the same settings; the last are complete.

    Raises:
        RuntimeError: the logits are not finite.
    """
    outcomes: Any = transforms.empty(classifier, dataset) if start is None else start
    begun, before = time.perf_counter(), outcomes.metadata["source"].get("wall_seconds", 0.0)
    places = transforms.places(dataset)
    labels = dataset.labels[places.T]
    for place in map(tuple, np.argwhere(~outcomes.measured).tolist()):
        if not outcomes.measured.any():
            alone = [
                np.concatenate([finite_top1(classifier, pixels(dataset, some)) for some in batches(side, batch_size)])
                for side in places.T
            ]
            outcomes = replace(outcomes, **outcomes.originals(np.stack(alone), labels))
        predictions, value = [], np.zeros(())
        for some in batches(places, batch_size):
            images, numbers = transforms.apply(place, [pixels(dataset, side) for side in some.T], some)
            predictions.append(finite_top1(classifier, images))
            value = value + numbers * len(some) / len(places)
        seconds = round(before + time.perf_counter() - begun, 2)
        facts = {**outcomes.metadata, "source": computed_source(device_name(classifier), wall_seconds=seconds)}
        arrays = outcomes.part(place, np.concatenate(predictions) == labels, value)
        outcomes = replace(outcomes, **arrays, metadata=facts)
        yield outcomes


def grow_in_file(
    transforms: Transforms[Growing],
    classifier: Classifier,
    dataset: ImageDataset,
    output: Path,
    *,
    batch_size: int = BATCH,
    description: str | None = None,
) -> Growing:
    """Measure the missing parts of `output`, saving after each, so that the same call resumes.

    Args:
        description: of the progress bar.
    Raises:
        ValueError: `output` holds outcomes of other settings.
        RuntimeError: another run is writing it, or the logits are not finite.
        OSError: the folder is not writable.
    """
    empty = transforms.empty(classifier, dataset)
    with only_writer(output):
        outcomes = start = type(empty).load(output) if output.exists() else empty
        if not empty.same_settings(start):
            raise ValueError(
                f"{output.name} holds {empty.what} of other settings; choose another --output, or delete it"
            )
        done = int(start.measured.sum())
        with progress_bar(desc=description, total=empty.measured.size, initial=done, unit=empty.unit) as bar:
            for outcomes in grow_outcomes(transforms, classifier, dataset, start, batch_size=batch_size):
                outcomes.save(output)
                bar.update()
    return outcomes


def empty_heatmap(classifier: Classifier, dataset: ImageDataset, config: SweepConfig) -> Heatmap:
    """Return a map without any cell; its metadata, except the source, determine every cell's result."""
    metadata: dict[str, Any] = {
        "classifier": classifier_facts(classifier),
        "dataset": dataset_facts(dataset),
        "image_size": dataset.image_size,
        "epsilon": float(config.epsilon),
        "norm": "l2 per channel",
        "sign_rule": "independent random sign per image and channel",
        "seed": config.seed,
        "dtype": config.dtype,
        "template": classifier.template,
        "class_names": list(classifier.classes.names),
        "source": {"type": "computed"},
    }
    if classifier.patch_grid is not None:
        metadata["classifier"]["patch_grid"] = classifier.patch_grid
    if config.weaken_as is not None:
        metadata["weakened_as"] = config.weaken_as
    sampled = images_per_wave(len(dataset), config.passes)
    if sampled < len(dataset):
        rule = "a class-balanced sample of its own for each wave, fixed by seed and wave"
        metadata["sample"] = {"images_per_wave": sampled, "rule": rule}
    unknown = np.full((config.side, config.side), -1, dtype=np.int64)
    clean, nan = np.full(3, -1, dtype=np.int64), np.full(unknown.shape, np.nan)
    outcomes = labels = None
    if config.outcomes and "sample" not in metadata:
        outcomes, labels = empty_outcomes(config.side, len(dataset)), dataset.labels.astype(np.uint16)
    return Heatmap(
        unknown,
        unknown,
        np.zeros_like(unknown),
        clean,
        metadata,
        outcomes=outcomes,
        labels=labels,
        sampling_variance=nan if "sample" in metadata else None,
        **dict.fromkeys(MEANS, nan),
    )


def same_configuration(first: Heatmap, second: Heatmap) -> bool:
    """Return whether cells of two computed maps may be combined: all metadata but source and estimate are equal.

    Arrays are not compared: a map keeps or lacks outcomes as it began.
    """
    begun, other = (
        (heatmap.side, {**heatmap.metadata, "source": None, "estimate": None}) for heatmap in (first, second)
    )
    return begun == other


def missing_waves(heatmap: Heatmap, config: SweepConfig) -> list[Wave]:
    """Return the waves of `config` that `heatmap` lacks. None means the clean images, which come first."""
    clean = [] if heatmap.clean[2] > 0 else [None]
    return [*clean, *(wave for wave in config.waves if not heatmap.count[frequency_to_cell(*wave, config.side)])]


def passes_taken(heatmap: Heatmap) -> int:
    """Return the number of forward passes of a map: clean images, and images under each distinct wave."""
    middle = frequency_to_cell(0, 0, heatmap.side)  # the only wave with one cell instead of two
    return int((heatmap.count.sum() + heatmap.count[middle]) // 2 + max(0, heatmap.clean[2]))


def growing_heatmaps(
    classifier: Classifier,
    dataset: ImageDataset,
    config: SweepConfig,
    start: Heatmap | None = None,
    processes: Processes | None = None,
) -> Iterator[Heatmap]:
    """Yield the maps of a sweep, each with one more wave; the first of a new map has only the clean error.

    The last map has an estimate if each wave has its own sample.

    Args:
        start: the map to resume, equal in every process; None for a new one. Its cells are not recomputed, so nothing
            is yielded for a complete map.
        processes: distributes the waves; all processes of the group call this together. Rank 0 gets every map, the
            others the last.
    Raises:
        ValueError: at the call, as for `sweep_cells`, or if `start` has another configuration.
    """
    empty = empty_heatmap(classifier, dataset, config)
    if start is not None and not same_configuration(start, empty):
        raise ValueError("the map to continue from has another configuration")
    return _growing(classifier, dataset, config, start or empty, processes or Processes())


def _growing(
    classifier: Classifier, dataset: ImageDataset, config: SweepConfig, heatmap: Heatmap, processes: Processes
) -> Iterator[Heatmap]:
    if todo := missing_waves(heatmap, config):
        images = images_per_wave(len(dataset), config.passes)
        costs = [len(dataset) if wave is None else images for wave in todo]
        results = processes.gather(todo, lambda waves: sweep_cells(classifier, dataset, config, waves=waves), costs)
        for grown in _grow(heatmap, results, device_name(classifier), processes.count):
            heatmap = grown
            yield heatmap
        heatmap = processes.broadcast(heatmap)
        if not processes.is_main:
            yield heatmap
    if "sample" in heatmap.metadata and heatmap.estimate is None:
        heatmap = processes.broadcast(with_estimate(heatmap) if processes.is_main else heatmap)
        if heatmap.estimate is not None:
            yield heatmap


def _grow(heatmap: Heatmap, results: Iterable[CellResult], device: str, processes: int) -> Iterator[Heatmap]:
    """Yield the map after each result; drop the estimate once it is outdated."""
    source = heatmap.metadata["source"]
    earlier, start = source.get("wall_seconds", 0.0), time.perf_counter()
    clean = {f"clean_{name}": source.get(f"clean_{name}") for name in MEANS}
    for result in results:
        means = {name: float(np.clip(getattr(result, name), *MEANS[name])) for name in MEANS}  # rounding of sums
        if result.frequency is None:
            arrays: dict[str, Any] = {"clean": np.array([result.top1_errors, result.top5_errors, result.count])}
            clean = {f"clean_{name}": mean for name, mean in means.items()}
        else:
            arrays = _entered(heatmap, result.frequency, result, means)
        if heatmap.outcomes is not None:
            arrays["outcomes"] = heatmap.outcomes.copy()
            arrays["outcomes"][outcome_row(result.frequency, heatmap.side)] = np.frombuffer(result.wrong, np.uint8)
        heatmap = replace(heatmap, **arrays, estimate=None)
        seconds = earlier + time.perf_counter() - start
        source = computed_source(
            device,
            **clean,
            wall_seconds=round(seconds, 1),
            images_per_second=round(passes_taken(heatmap) / max(seconds, 1e-9), 1),
            processes=processes,
        )
        facts = {name: value for name, value in heatmap.metadata.items() if name != "estimate"}
        heatmap = replace(heatmap, metadata={**facts, "source": source})
        yield heatmap


def _entered(heatmap: Heatmap, wave: Frequency, result: CellResult, means: dict[str, float]) -> dict[str, np.ndarray]:
    """Return the arrays changed by entering a result at (i, j) and (-i, -j)."""
    values = {name: getattr(result, name) for name in ("count", "top1_errors", "top5_errors")} | means
    if heatmap.sampling_variance is not None and result.variance is not None:
        values["sampling_variance"] = result.variance
    arrays = {name: getattr(heatmap, name).copy() for name in values}
    for name, value in values.items():
        for cell in wave_cells(*wave, heatmap.side):
            arrays[name][cell] = value
    return arrays
