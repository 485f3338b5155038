"""Copies of a network compute the same, and do less."""

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from core.classifiers.networks import with_cast_weights, with_contiguous_attention
from core.shared.device import forward


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


def logits_and_gradient(network, images, dtype="float32"):
    variable = images.clone().requires_grad_()
    logits = forward(network, variable, dtype)
    return logits.detach(), torch.autograd.grad(logits[:, 1].sum(), variable)[0]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_weights_cast_once_give_the_same_bits_as_cast_at_every_call(dtype):
    network, images = Network(), torch.rand(2, 3, 8, 8)
    before = {name: model.clone() for name, model in network.named_parameters()}
    twin = with_cast_weights(network, dtype)
    results = [logits_and_gradient(model, images, dtype) for model in (network, twin)]
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


class LargestOutput(TorchDispatchMode):
    """Number of values in the largest tensor that an operation returns."""

    values = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        output = function(*args, **(kwargs or {}))
        self.values = max([self.values, *(part.numel() for part in tree_leaves(output) if torch.is_tensor(part))])
        return output


@pytest.mark.parametrize("count", [1, 3])
def test_contiguous_attention_gives_the_same_gradients_without_a_copy_of_the_weights_per_token(count):
    network, images = Network(), torch.rand(count, 3, 8, 8)
    twin = with_contiguous_attention(network)
    expected = logits_and_gradient(network, images)
    with LargestOutput() as largest:
        logits, gradient = logits_and_gradient(twin, images)
    assert torch.allclose(logits, expected[0], rtol=0, atol=1e-6) and gradient.any()
    assert torch.allclose(gradient, expected[1], rtol=0, atol=1e-6)
    tokens, width = 6 * 6, 16
    assert largest.values <= max(count * tokens * 3 * width, count * 2 * tokens**2, 3 * width**2)
    assert all(a is b for a, b in zip(twin.parameters(), network.parameters(), strict=True))
    assert network.attention.batch_first and type(network.attention) is nn.MultiheadAttention


def test_contiguous_attention_takes_tokens_without_a_batch_and_tokens_of_two_kinds():
    attention = nn.MultiheadAttention(8, 2, batch_first=True).eval()
    twin = with_contiguous_attention(attention)
    query, key, value = torch.rand(3, 2, 5, 8)
    for tokens in ((query, key, value), (query, key, key), (query[0], query[0], query[0])):
        for output, expected in zip(twin(*tokens), attention(*tokens), strict=True):
            assert torch.allclose(output, expected, atol=1e-6) and output.shape == expected.shape
    assert with_contiguous_attention(torch.sum) is torch.sum
