"""Choice of the device, its name and precision, and settings that speed up a CPU."""

from __future__ import annotations

import ctypes
import functools
import platform
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.shared.text import count_of, one_line

if TYPE_CHECKING:
    import torch
    from torch import Tensor


DTYPES = ("float32", "bfloat16", "float16")
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_CLEARLY, SAME = 0.8, 1e-5  # relative time of a product, and relative error of its values


def keep_freed_memory() -> None:
    """Make glibc keep freed memory for the next layer instead of returning it to the system.

    By default large activations are mapped, zeroed and unmapped in each layer of each pass; without that,
    EfficientNet-Lite0 at 224 pixels ran 1.2 to 1.4 times as fast (one thread). The process keeps its peak memory until
    it ends. Does nothing outside Linux with glibc.
    """
    with suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, 1 << 30)
        mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1)


def return_freed_memory() -> None:
    """Release free memory to the system, such as after loading a network; does nothing outside Linux with glibc."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def prepare_torch() -> None:
    """Set up torch for this process, once and before any computation: memory and rounding of products.

    Disables TF32: by default torch rounds convolutions on a GPU to its 10 bits, but not matrix products.
    """
    import torch

    keep_freed_memory()
    torch.backends.cudnn.allow_tf32 = False
    if torch.cuda.is_available():
        torch.backends.cuda.matmul.allow_tf32 = False
    elif onednn_is_better():
        torch.set_float32_matmul_precision("medium")


@contextmanager
def prepared_torch() -> Iterator[None]:
    """Set up torch as `prepare_torch` does for a process, and put a caller's settings back at the end."""
    import torch

    precision, cudnn = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    try:
        prepare_torch()
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = cudnn
        torch.set_float32_matmul_precision(precision)


class _OneLibrary:
    """Counts the blocks of `one_library` that are open in all threads, since torch has one setting for the process."""

    def __init__(self) -> None:
        self._lock, self._open, self._before = threading.Lock(), 0, ""

    def __enter__(self) -> None:
        import torch

        with self._lock:
            if not self._open:
                self._before = torch.get_float32_matmul_precision()
                torch.set_float32_matmul_precision("highest")
            self._open += 1

    def __exit__(self, *error: object) -> None:
        import torch

        with self._lock:
            self._open -= 1
            if not self._open:
                torch.set_float32_matmul_precision(self._before)


_one_library = _OneLibrary()


def one_library() -> AbstractContextManager[None]:
    """Multiply matrices by the same library in every process, whatever `prepare_torch` chose for speed.

    MKL and oneDNN round differently from the first gradient on, and 160 steps make another picture of it. So every
    step of PGD is taken in such a block. With EfficientNet-Lite0 at 224 pixels it costs under 3% of a step on an Intel
    processor.
    """
    return _one_library


@functools.cache
def onednn_is_better() -> bool:
    """Return True if oneDNN multiplies float32 matrices on this CPU clearly faster than torch, and as exactly.

    torch uses MKL, which takes twice the time on AMD processors. The setting also permits oneDNN to round to bfloat16
    on processors that support it, so a product of a transformer's size is tried, once in a process.
    """
    import torch

    generator, before = torch.Generator().manual_seed(0), torch.get_float32_matmul_precision()
    a, b = (torch.randn(shape, generator=generator) for shape in ((128, 768), (768, 768)))
    products, seconds = dict[str, torch.Tensor](), {before: float("inf"), "medium": float("inf")}
    for _ in range(5):
        for precision in seconds:
            torch.set_float32_matmul_precision(precision)
            start = time.thread_time()
            products[precision] = a @ b
            seconds[precision] = min(seconds[precision], time.thread_time() - start)
    (usual, other), (slow, fast) = products.values(), seconds.values()
    torch.set_float32_matmul_precision(before)
    return fast < _CLEARLY * slow and bool((usual - other).norm() < SAME * usual.norm())


def check_torch() -> None:
    """Import torch, or raise a one-sentence RuntimeError: a system library or a temporary folder may be missing."""
    try:
        import torch  # noqa: F401
    except (ImportError, OSError) as error:
        raise RuntimeError(
            f"torch does not start on this machine ({one_line(error, 200)}): nothing can be predicted or run"
        ) from error


def choose_device(name: str, local_rank: int) -> str:
    """Return this process's device for `--device`.

    Raises:
        ValueError: there is no such device; one sentence that names the option.
    """
    import torch

    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    name = f"cuda:{local_rank}" if name == "cuda" else name
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError, ValueError) as error:
        reason = one_line(error, 120)
        raise ValueError(f"device {name} cannot be used here ({reason}); use auto, cpu, cuda, cuda:1 or mps") from error
    return name


def free_device() -> str:
    """Return the GPU with the most free memory, which spreads out a server's processes; the CPU if there is none."""
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    free = [torch.cuda.mem_get_info(number)[0] for number in range(torch.cuda.device_count())]
    return f"cuda:{free.index(max(free))}"


def device_name(device: str | torch.device) -> str:
    """Return a device's description: the GPU's name and rounding, or the CPU's number of threads and library."""
    import torch

    device = torch.device(device)
    if device.type == "cuda":
        rounding = "TF32" if torch.backends.cudnn.allow_tf32 or torch.backends.cuda.matmul.allow_tf32 else "no TF32"
        return f"{torch.cuda.get_device_name(device)}, {rounding}"
    by_onednn = device.type == "cpu" and torch.get_float32_matmul_precision() == "medium"
    threads = count_of(torch.get_num_threads(), "thread")
    return f"{device.type}, {threads}{', products by oneDNN' if by_onednn else ''}"


def machine_facts(device: str | torch.device) -> dict[str, str]:
    """Return what decides the bits of a run besides its settings: "library" of products, "torch", "processor"."""
    import torch

    if torch.device(device).type == "cuda":
        return {"library": "cuBLAS", "torch": torch.__version__, "processor": torch.cuda.get_device_name(device)}
    library = "MKL" if torch.backends.mkl.is_available() else "the BLAS of torch's build"
    processor = f"{_processor_model()}, {torch.backends.cpu.get_cpu_capability()}"
    return {"library": library, "torch": torch.__version__, "processor": processor}


@functools.cache
def _processor_model() -> str:
    """Return the CPU's model, such as "AMD EPYC 9R14"; on Linux `platform.processor` is empty."""
    with suppress(OSError):
        match = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text("utf-8"), re.MULTILINE)
        if match:
            return one_line(match[1])
    return platform.processor() or platform.machine()


def half_batch(size: int, device: object, error: Exception) -> int:
    """Return half of a batch's size after torch has run out of memory, and free what it keeps.

    Raises:
        RuntimeError: there was a single picture.
    """
    import torch

    if size == 1:
        advice = "take a smaller network, or the CPU"
        raise RuntimeError(f"one picture does not fit the memory of {device}; {advice}") from error
    torch.cuda.empty_cache()
    return -(-size // 2)


def forward(classifier: Callable[[Tensor], Tensor], images: Tensor, dtype: str) -> Tensor:
    """Return float32 logits (B, K) of images (B, 3, H, W) in [0, 1]; passes, including backward, use `dtype`."""
    import torch

    with torch.autocast(images.device.type, getattr(torch, dtype), enabled=dtype != "float32"):
        return classifier(images).float()


def predict_logits(classifier: Any, images: np.ndarray) -> Tensor:
    """Return float32 logits (B, K) of images (B, 3, H, W) float32 in [0, 1], without gradients."""
    import torch

    with torch.inference_mode():
        return forward(classifier, torch.from_numpy(np.ascontiguousarray(images)).to(classifier.device), "float32")


def class_probabilities(classifier: Any, images: np.ndarray) -> np.ndarray:
    """Return softmax probabilities.

    Args:
        classifier: a `core.classifiers.classifier.Classifier`.
        images: (B, 3, H, W) float32 in [0, 1].
    Returns:
        (B, K) float32.
    """
    return predict_logits(classifier, images).softmax(dim=1).cpu().numpy()
