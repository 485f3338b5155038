"""Storage for a data set of images: in memory if it fits, else in a temporary file."""

import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np

ASSUMED_MEMORY = 4 * 2**30


def empty_images(count: int, image_size: int, *, memory_limit_bytes: int | None = None) -> np.ndarray:
    """Allocate the array for a decoded data set.

    Args:
        count: number of images N, >= 1.
        image_size: side H = W in pixels.
        memory_limit_bytes: largest array kept in memory; None means half of the free memory.
    Returns:
        Writable uint8 (N, 3, H, W). Above the limit it is a memory map of an unlinked temporary file, whose space is
        freed with the array, even if the process is killed.
    Raises:
        RuntimeError: it fits neither in memory nor in the temporary folder.
    """
    shape = (count, 3, image_size, image_size)
    size = count * 3 * image_size * image_size
    limit = available_memory() // 2 if memory_limit_bytes is None else memory_limit_bytes
    if size <= limit:
        return np.empty(shape, dtype=np.uint8)

    # A memory map on a full disk does not raise: a later write kills the process with a bus error.
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if size > free:
        raise RuntimeError(
            f"{count} images of {image_size} px need {size / 1e9:.2f} GB; up to {limit / 1e9:.2f} GB may be "
            f"kept in memory and the temporary folder {folder} has {free / 1e9:.2f} GB free: use fewer images "
            "(limit), or set TMPDIR to a folder with more room"
        )
    with tempfile.TemporaryFile(prefix="images-") as file:
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)


def available_memory() -> int:
    """Return the memory in bytes that this process may still take, according to the operating system.

    On Linux the free memory of the machine or container; on macOS half of the installed memory; else 4 GiB.
    """
    available = ASSUMED_MEMORY
    with suppress(AttributeError, OSError, ValueError):
        available = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    # /proc/meminfo counts the page cache as available, which sysconf's SC_AVPHYS_PAGES does not.
    with suppress(OSError, ValueError):
        fields = Path("/proc/meminfo").read_text().split()
        available = int(fields[fields.index("MemAvailable:") + 1]) * 1024
    with suppress(OSError, ValueError):  # without a limit the first file says "max"
        limit, used = (int(Path("/sys/fs/cgroup", name).read_text()) for name in ("memory.max", "memory.current"))
        available = min(available, max(limit - used, 0))
    return available
