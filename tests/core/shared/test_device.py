"""Speed settings of a process, which must not change results."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from core.shared.device import (
    SAME,
    device_name,
    free_device,
    machine_facts,
    one_library,
    onednn_is_better,
    prepare_torch,
    prepared_torch,
)


def test_matrix_products_are_exact():
    prepare_torch()
    a, b = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) for shape in ((50, 768), (768, 2304)))
    exact = a.double() @ b.double()
    assert (a @ b - exact).norm() < SAME * exact.norm()
    assert ("products by oneDNN" in device_name("cpu")) == onednn_is_better()
    assert torch.backends.cudnn.allow_tf32 is False


def test_torch_settings_are_restored():
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    try:
        torch.set_float32_matmul_precision("high")
        torch.backends.cudnn.allow_tf32 = True
        with pytest.raises(ZeroDivisionError), prepared_torch():
            assert torch.backends.cudnn.allow_tf32 is False
            1 / 0  # noqa: B018
        assert (torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32) == ("high", True)
    finally:
        torch.set_float32_matmul_precision(before[0])
        torch.backends.cudnn.allow_tf32 = before[1]


def test_one_library_while_any_thread_needs_it():
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with one_library():
            assert torch.get_float32_matmul_precision() == "highest"
            with ThreadPoolExecutor() as threads, one_library():  # another run, which ends first
                assert threads.submit(torch.get_float32_matmul_precision).result() == "highest"
            assert torch.get_float32_matmul_precision() == "highest"
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)


def test_machine_is_named():
    facts = machine_facts("cpu")
    assert facts["torch"] == torch.__version__ and facts["processor"].endswith(torch.backends.cpu.get_cpu_capability())
    assert facts["library"] and len(facts["processor"]) > len(torch.backends.cpu.get_cpu_capability()) + 2


def test_gpu_with_most_free_memory_is_chosen(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert free_device() == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: ((10, 70, 40)[number] << 30, 80 << 30))
    assert free_device() == "cuda:1"
