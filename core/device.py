"""The device that work runs on: which one, its name, the precision there, and a setting that makes a CPU faster."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from core.errors import one_line

if TYPE_CHECKING:
    import torch
    from torch import Tensor

DTYPES = ("float32", "bfloat16", "float16")
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3


class Located(Protocol):
    """A classifier, as far as its device is concerned."""

    @property
    def device(self) -> torch.device: ...


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory for the next layer instead of returning it to the system.

    By default large activations are mapped, zeroed page by page and unmapped again, in each layer of each pass:
    EfficientNet-Lite0 at 224 pixels ran 1.2 to 1.4 times as fast without that (one thread). The process keeps its
    peak memory until it ends.

    Returns:
        Whether the setting took effect; it does nothing outside Linux with glibc.
    """
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        return bool(mallopt(M_MMAP_THRESHOLD, 1 << 30) and mallopt(M_TRIM_THRESHOLD, (1 << 31) - 1))
    return False


def check_torch() -> None:
    """Import torch, or raise RuntimeError, one sentence: a system library or a temporary folder may be missing."""
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        raise RuntimeError(
            f"torch does not start on this machine ({one_line(error, 200)}): nothing can be predicted or run"
        ) from error


def choose_device(name: str, local_rank: int) -> str:
    """The device that `--device` means for this process.

    Raises:
        ValueError: there is no such device; one sentence that names the option.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(
            f"--device {name} needs a CUDA GPU and a CUDA build of torch; none was found, use --device cpu"
        )
    name = f"cuda:{local_rank}" if name == "cuda" else name
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = one_line(error, 120)
        raise ValueError(
            f"--device {name} cannot be used here ({reason}); wanted auto, cpu, cuda, cuda:1 or mps"
        ) from error
    return name


def device_name(classifier: Located) -> str:
    """A classifier's device in words, as `name_device`, and what else computes on it."""
    backend = getattr(classifier, "backend", None)  # of `core.sweep.on_openvino`
    return name_device(classifier.device) + (f", {backend}" if backend else "")


def name_device(device: str | torch.device) -> str:
    """A device in words: the GPU's name, or the processor's number of threads."""
    import torch

    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"


def forward(classifier: Callable[[Tensor], Tensor], images: Tensor, dtype: str) -> Tensor:
    """Logits (B, K) in float32 of images (B, 3, H, W) in [0, 1], computed in a dtype; so will be their gradients."""
    import torch

    with torch.autocast(images.device.type, getattr(torch, dtype), enabled=dtype != "float32"):
        return classifier(images).float()
