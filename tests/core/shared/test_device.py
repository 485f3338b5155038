"""Rounding inside passes, and speed settings that must not change results."""

import pytest
import torch
from torch import nn

from core.shared.device import (
    SAME,
    forward,
    free_device,
    name_device,
    prepare_torch,
    products_by_onednn,
    usual_products,
    with_cast_weights,
)


class Network(nn.Module):
    """One layer of each kind whose weights autocast casts, and one that stays in float32."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 16, 3), nn.LayerNorm(16)
        self.attention, self.head = nn.MultiheadAttention(16, 2, batch_first=True), nn.Linear(16, 5)
        self.requires_grad_(False).eval()

    def forward(self, images):
        tokens = self.norm(self.conv(images).flatten(2).transpose(1, 2))
        return self.head(self.attention(tokens, tokens, tokens, need_weights=False)[0].mean(dim=1))


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_weights_cast_once_give_the_same_bits_as_cast_at_every_call(dtype):
    network, images = Network(), torch.rand(2, 3, 8, 8)
    before = {name: model.clone() for name, model in network.named_parameters()}
    twin = with_cast_weights(network, dtype)
    results = []
    for model in (network, twin):
        variable = images.clone().requires_grad_()
        logits = forward(model, variable, dtype)
        results.append((logits.detach(), *torch.autograd.grad(logits[:, 1].sum(), variable)))
    assert all(torch.equal(a, b) for a, b in zip(*results, strict=True))
    assert {name for name, model in twin.named_parameters() if model.dtype == torch.float32} == {
        "norm.weight",
        "norm.bias",
    }
    assert all(torch.equal(model, before[name]) for name, model in network.named_parameters())


def test_nothing_is_cast_in_float32_nor_where_there_is_no_network():
    network = Network()
    assert with_cast_weights(network, "float32") is network
    assert with_cast_weights(torch.sum, "bfloat16") is torch.sum


def test_products_stay_exact_and_the_device_says_who_makes_them():
    prepare_torch()
    a, b = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) for shape in ((50, 768), (768, 2304)))
    exact = a.double() @ b.double()
    assert (a @ b - exact).norm() < SAME * exact.norm()
    assert ("products by oneDNN" in name_device("cpu")) == products_by_onednn()
    assert torch.backends.cudnn.allow_tf32 is False


def test_a_server_process_takes_the_gpu_with_the_most_free_memory(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert free_device() == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: ((10, 70, 40)[number] << 30, 80 << 30))
    assert free_device() == "cuda:1"


def test_products_are_the_usual_within_a_block_and_as_before_after_it():
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("medium")
    try:
        with pytest.raises(RuntimeError, match="within"), usual_products():
            assert torch.get_float32_matmul_precision() == "highest"
            raise RuntimeError("within")
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
