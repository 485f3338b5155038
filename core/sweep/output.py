"""Sweeps into a file, which a repeated call resumes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from core.fourier.maps.heatmap import Heatmap
from core.shared.cli import progress_bar
from core.sweep.loop.config import SweepConfig
from core.sweep.loop.sample import images_per_wave
from core.sweep.maps import empty_heatmap, growing_heatmaps, missing_waves, passes_taken, same_configuration
from core.sweep.processes import Processes

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.dataset import ImageDataset

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
