"""What benchmarks run on: versions, cores, memory. Does not import torch."""

from __future__ import annotations

import importlib.metadata
import os
import platform

PACKAGES = ("torch", "torchvision", "open_clip_torch", "timm", "streamlit", "numpy")


def versions() -> dict[str, str]:
    """Version of Python and of each package that decides what is computed, from what is installed."""
    found = {"Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def cores() -> int:
    """Processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def installed_memory() -> int | None:
    """Bytes of memory in this machine; None where the operating system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
