"""What the app runs on: versions, cores, memory, device. Imports torch only when `detect_device` is called."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from typing import Any

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


def known_device() -> str | None:
    """The device in words if torch has been imported already, else None. Never imports it, never waits for it."""
    torch = sys.modules.get("torch")
    # Another visitor's page may be importing it right now: then it is there, but half of it is missing.
    if torch is None or getattr(torch.__spec__, "_initializing", False):
        return None
    return describe_device(torch)


def detect_device() -> str:
    """The device in words. Imports torch, which takes some seconds the first time.

    Raises:
        ImportError: torch is not installed, or does not start.
    """
    import torch

    return describe_device(torch)


def describe_device(torch: Any) -> str:
    """Names of the GPUs that torch can use, or the processor."""
    if torch.cuda.is_available():
        gpus = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
        return ", ".join(f"{gpu.name} ({gpu.total_memory / 1e9:.0f} GB)" for gpu in gpus)
    threads = torch.get_num_threads()
    return f"CPU, {threads} thread{'s' if threads > 1 else ''}; torch finds no GPU that it can use"
