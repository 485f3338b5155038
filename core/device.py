"""A setting of the C library's allocator that makes CPU inference faster."""

from __future__ import annotations

import ctypes
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory for the next layer instead of returning it to the system.

    By default large activations are mapped, zeroed page by page and unmapped again, in each layer of each pass:
    EfficientNet-Lite0 at 224 pixels ran 1.2 to 1.4 times as fast without that (one thread). The process keeps its
    peak memory until it ends.

    Returns:
        Whether the setting took effect; it does nothing outside Linux with glibc.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, 1 << 30) and mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1))
