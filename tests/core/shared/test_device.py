"""Speed settings of a process, which must not change results."""

import torch

from core.shared.device import SAME, device_name, free_device, prepare_torch, products_by_onednn


def test_products_stay_exact_and_the_device_says_who_makes_them():
    prepare_torch()
    a, b = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) for shape in ((50, 768), (768, 2304)))
    exact = a.double() @ b.double()
    assert (a @ b - exact).norm() < SAME * exact.norm()
    assert ("products by oneDNN" in device_name("cpu")) == products_by_onednn()
    assert torch.backends.cudnn.allow_tf32 is False


def test_a_server_process_takes_the_gpu_with_the_most_free_memory(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert free_device() == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: ((10, 70, 40)[number] << 30, 80 << 30))
    assert free_device() == "cuda:1"
