"""Room for a whole data set of decoded images: in memory where it fits, else in a temporary file on disk."""

import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

UNKNOWN_MEMORY = 4 * 2**30


def empty_images(count: int, image_size: int, *, memory_limit_bytes: int | None = None) -> np.ndarray:
    """Allocate the array that a data set is decoded into.

    Args:
        count: number of images N, >= 1.
        image_size: side H = W in pixels.
        memory_limit_bytes: largest array kept in memory; None means half of what the machine has left.
    Returns:
        Writable uint8 (N, 3, H, W). Above the limit it is a memory map of a temporary file, which has no name
        any more and whose space is given back when the array is gone, even if the process is killed.
    Raises:
        RuntimeError: it fits neither in memory nor in the temporary folder.
    """
    shape = (count, 3, image_size, image_size)
    size = count * 3 * image_size * image_size
    limit = available_memory() // 2 if memory_limit_bytes is None else memory_limit_bytes
    if size <= limit:
        return np.empty(shape, dtype=np.uint8)

    # A memory map over a full disk does not raise: the process dies of a bus error at some later write.
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if size > free:
        raise RuntimeError(
            f"{count} images of {image_size} px need {_gigabytes(size)}; up to {_gigabytes(limit)} may be "
            f"kept in memory and the temporary folder {folder} has {_gigabytes(free)} free: use fewer images "
            "(limit), or set TMPDIR to a folder with more room"
        )
    with tempfile.TemporaryFile(prefix="images-") as file:
        return np.memmap(file, dtype=np.uint8, mode="w+", shape=shape)


def available_memory() -> int:
    """Bytes of memory this process may still take, as far as the operating system tells.

    The smaller of what the machine has left and what a container's limit leaves; half of the installed
    memory where the former is not told (macOS), and 4 GiB where nothing is (Windows).
    """
    known = [size for size in (_machine_memory(), _container_memory()) if size is not None]
    return min(known, default=UNKNOWN_MEMORY)


def _machine_memory() -> int | None:
    # /proc/meminfo counts the page cache as available, which sysconf's SC_AVPHYS_PAGES does not.
    try:
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return None


def _container_memory() -> int | None:
    try:
        limit = int(Path("/sys/fs/cgroup/memory.max").read_text())
        used = int(Path("/sys/fs/cgroup/memory.current").read_text())
    except (OSError, ValueError):
        return None
    return max(limit - used, 0)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.2f} GB"
