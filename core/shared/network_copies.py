"""Copies of a network that share its weights and compute the same in less time. Imports torch."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

ModuleT = TypeVar("ModuleT")


def with_cast_weights(network: ModuleT, dtype: str) -> ModuleT:
    """Return a network for passes in a dtype, with weights cast once instead of by autocast at every call.

    Results are bit-identical; `network` is unchanged. Anything but a torch module, or for float32, is returned as is.
    """

    def cast(module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd | nn.MultiheadAttention):
            module._parameters = {
                name: None if weight is None else nn.Parameter(weight.to(getattr(torch, dtype)), requires_grad=False)
                for name, weight in module._parameters.items()
            }

    return network if dtype == "float32" else _with_changed_modules(network, cast)


def with_contiguous_attention(network: ModuleT) -> ModuleT:
    """Return a network for gradients of several pictures, whose attention reads tokens from contiguous memory.

    `nn.MultiheadAttention` transposes a batch without moving it; if torch needs its gradient, it then copies the
    weights once per token: by oneDNN, CLIP ViT-B/32 took 3 to 7 times as long (two to ten pictures, two cores). Results
    differ in the last bit at most, and `network` is unchanged. Without gradients `network` is faster, by torch's fused
    attention. Anything but a torch module is returned as is.
    """

    def change(module: nn.Module) -> None:
        if type(module) is nn.MultiheadAttention and module.batch_first:
            module.__class__, module.batch_first = _ContiguousAttention, False

    return _with_changed_modules(network, change)


class _ContiguousAttention(nn.MultiheadAttention):
    """Attention between tokens (B, L, D), computed on (L, B, D)."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *args: Any, **options: Any) -> Any:
        if query.dim() == 2:  # no batch
            return super().forward(query, key, value, *args, **options)
        # Equal tensors stay one tensor: torch then multiplies by all weights at once.
        moved = {id(tokens): tokens.transpose(0, 1).contiguous() for tokens in (query, key, value)}
        attended, weights = super().forward(moved[id(query)], moved[id(key)], moved[id(value)], *args, **options)
        return attended.transpose(0, 1), weights


def _with_changed_modules(network: ModuleT, change: Callable[[nn.Module], None]) -> ModuleT:
    """Return a copy of a torch module and its submodules, each changed in place; others as they are."""

    def copied(module: nn.Module) -> nn.Module:
        twin = copy.copy(module)
        twin._modules = {name: None if child is None else copied(child) for name, child in module._modules.items()}
        change(twin)
        return twin

    return copied(network) if isinstance(network, nn.Module) else network  # type: ignore[return-value]
